"""What sort of file stands behind a name: by its first bytes, never by its ending.

Here: spreadsheets, Parquet, and everything else, which is read as text. Never here: opening what was recognised.

A Parquet file is recognised only to be refused unopened: partners send text and spreadsheets, and its footer can say one
megabyte where three hundred million rows unfold.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["spreadsheet", "parquet", "csv"]
GLANCE_BYTES = 4
"""So many first bytes are enough for `kind_of`."""

_ZIP_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE2_FILE = b"\xd0\xcf\x11\xe0"
_PARQUET = (b"PAR1", b"PARE")


def kind_of(head: bytes) -> Kind:
    """The sort of file that begins with these bytes.

    Every ZIP archive (.xlsx, .ods) and every OLE2 file (.xls, and any workbook behind a password) counts as a spreadsheet:
    whether it really is one, only the process that may unpack it finds out.
    """
    if head.startswith(_ZIP_ARCHIVES) or head.startswith(_OLE2_FILE):
        return "spreadsheet"
    return "parquet" if head.startswith(_PARQUET) else "csv"
