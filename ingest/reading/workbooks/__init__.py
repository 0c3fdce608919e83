"""What runs in the child process that opens a partner's workbook; `ingest.reading.spreadsheet` is the only way in.

Here: counting while unpacking, and the cells of a sheet as text. Never here: a header, what a cell means, or an import of
another room: the child starts with as little as can be.
"""
