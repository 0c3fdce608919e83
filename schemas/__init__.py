"""What a case is: record models, vocabularies, problems, errors and zones, declared once.

Here: facts about the data that every room shares. Never here: reading files, running queries, or anything
that does something to a record.
"""
