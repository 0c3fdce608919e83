"""Measure tables in SQL: the second, independent way to every figure of `anonymize.risk`.

Here: one query a measure, over a relation that an open connection names, in and out of memory alike. Never here: code of
the anonymizer or the gate, whose faults must not be able to hide here; a judgement of a figure; a library of frames at import.

A relation has one row a person, or as many as its `persons` column says. A null is read as suppressed. The definitions
stand in `anonymize.risk`; the figures are the same, by other formulas where there are any (`tests/property` compares them).
"""
