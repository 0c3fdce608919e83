"""Intake: bytes of a partner in, records and problems out.

Here: landing, reading, mapping, validating, the report to the partner. Never here: who a person is across partners.
"""
