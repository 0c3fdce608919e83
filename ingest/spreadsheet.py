"""The rows of an Excel sheet as text, as a person sees them in the sheet's cells.

Here: opening the workbook and the text of each type of cell. Never here: headers, or what a cell means.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook

from ingest.refusals import refusal
from schemas.errors import BatchRefused

_UNPACKED_LIMIT = 1_000_000_000
_GRID_LIMIT = 30_000_000
_PIECE, _LONGEST_NAME = 1 << 20, 40
_CELL_NAME = re.compile(rb"""r\s?=\s?["']([A-Z]{1,3})([0-9]{1,7})["']""")
Cell = int | float | str | bool | time | date | datetime | timedelta


def sheet_rows(payload: bytes, sheet: str | None, where: str, *, at_most: int | None = None) -> list[list[str]]:
    """Every row of the sheet (the first sheet when unnamed), or the first so many, all of one width, blank ones too.

    Raises `BatchRefused` file_unreadable when the bytes are no workbook, are protected, unpack to more than a gigabyte,
    spread over too large a grid, or lack the sheet.
    """
    _check_extent(payload, where)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(payload))
        found = book.get_sheet_by_index(0) if sheet is None else book.get_sheet_by_name(sheet)
        return [[_text(cell) for cell in row] for row in found.to_python(skip_empty_area=False, nrows=at_most)]
    except (CalamineError, OSError, ValueError, IndexError):
        raise _unreadable(where, "an unprotected Excel workbook" + (f" with a sheet {sheet}" if sheet else "")) from None


def _check_extent(payload: bytes, where: str) -> None:
    """Refuse what would take the process down when it is unpacked or laid out.

    The library lays a sheet out as a full grid up to its farthest cell: one stray cell in the last corner takes half a
    terabyte and cannot be caught. So the archive is looked through in small pieces first.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            parts = [entry for entry in archive.infolist() if entry.filename.endswith(".xml")]
            is_small = unpacked <= _UNPACKED_LIMIT and all(_grid_cells(archive, part) <= _GRID_LIMIT for part in parts)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
        raise _unreadable(where, "an unprotected Excel workbook (.xlsx)") from None
    if not is_small:
        allowed = f"at most {_UNPACKED_LIMIT:,} bytes unpacked and {_GRID_LIMIT:,} cells between the first and the farthest of a sheet"
        raise _unreadable(where, allowed)


def _grid_cells(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """Rows times columns up to the farthest cell that a part of the archive names."""
    last_row = last_column = 0
    rest = b""
    with archive.open(part) as stream:
        while piece := stream.read(_PIECE):
            names = _CELL_NAME.findall(rest + piece)
            last_row = max([last_row, *map(int, {digits for _, digits in names})])
            last_column = max([last_column, *map(_column_number, {letters for letters, _ in names})])
            rest = piece[-_LONGEST_NAME:]
    return last_row * last_column


def _column_number(letters: bytes) -> int:
    """The column that a spreadsheet calls by letters: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _text(cell: Cell) -> str:
    match cell:
        case str():
            return cell
        case bool():
            return "1" if cell else "0"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            is_day = cell.time() == time(0)
            return cell.date().isoformat() if is_day else cell.isoformat(sep=" ", timespec="seconds")
        case date() | time():
            return cell.isoformat()
        case _:
            return str(cell)


def _unreadable(where: str, allowed: str) -> BatchRefused:
    return refusal("file_unreadable", where=where, allowed=allowed)
