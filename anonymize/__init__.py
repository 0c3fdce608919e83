"""From identified records to tables that may be published: de-identify, generalize, measure, attack, gate.

Here: everything that lowers what a table tells of one person, and the gate that judges it. Never here: storing or
publishing a table, or knowing whose record a key stands for.
"""
