"""The pseudonymous store of all records, and the public releases made of it.

Here: the DuckDB store, publication and verification of releases. Never here: an identifier, or a decision about what
may be published; that is the release gate's.
"""
