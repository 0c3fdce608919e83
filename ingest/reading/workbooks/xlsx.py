"""Sheets of an .xlsx workbook: values by calamine, laid over with what its XML says besides.

Here: the guards between the archive and the reader. Never here: patterns of the XML, or the text of a cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from python_calamine import CalamineSheet, CalamineWorkbook, SheetMetadata, SheetTypeEnum, SheetVisibleEnum

from ingest.reading.workbooks.limits import allow_memory
from ingest.reading.workbooks.shared_strings import SharedStrings
from ingest.reading.workbooks.sheet_xml import content_facts_of, facts_of, sheet_parts
from ingest.reading.workbooks.sheets import LARGEST_GRID, Sheet, text_of
from ingest.reading.workbooks.unpacking import MEGABYTE, Archive

_BYTES_A_CELL, _BYTES_A_PLACE = 160, 32
_SPARE = 48 * MEGABYTE


class XlsxSheet:
    """One worksheet of an open workbook."""

    def __init__(self, book: CalamineWorkbook, archive: Archive, strings: SharedStrings, about: SheetMetadata, part: str) -> None:
        self.name, self.is_hidden = about.name, about.visible != SheetVisibleEnum.Visible
        self._book, self._archive, self._strings, self._part = book, archive, strings, part
        self._facts = facts_of(archive.pieces(part))
        self._sheet: CalamineSheet | None = None

    @property
    def has_content(self) -> bool:
        return self._facts.has_values

    @property
    def hidden_rows(self) -> int | None:
        return self._facts.hidden_rows

    def rows(self) -> Iterator[list[str]]:
        if self._sheet is None:
            if self._facts.rows * self._facts.columns > LARGEST_GRID:
                self._facts = content_facts_of(self._archive.pieces(self._part), self._facts, LARGEST_GRID)
            grid = self._facts.rows * self._facts.columns
            texts = self._facts.size + self._strings.bytes_named_by(self._archive.pieces(self._part), self._facts.cells)
            allow_memory(_SPARE + texts + self._facts.cells * _BYTES_A_CELL + grid * _BYTES_A_PLACE)
            self._sheet = self._book.get_sheet_by_name(self.name)
        return laid_over(self._sheet, self._facts.signs)


def open_xlsx(archive: Archive, data: bytes) -> list[Sheet]:
    """The worksheets in the workbook's order; sheets of other kinds, such as charts, hold no rows."""
    parts = sheet_parts(archive)
    strings = SharedStrings(archive)
    allow_memory(_SPARE + 4 * len(data) + 4 * strings.size)
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    return [
        XlsxSheet(book, archive, strings, sheet, parts[sheet.name])
        for sheet in book.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.name in parts
    ]


def laid_over(sheet: CalamineSheet, signs: dict[int, list[tuple[int, str]]]) -> Iterator[list[str]]:
    """The rows as text from the sheet's first cell on, with the signs that the reader leaves out."""
    first_column = (sheet.start or (0, 0))[1]
    last_column = max([(sheet.end or (0, -1))[1], *(column for row in signs.values() for column, _ in row)])
    last_row = max([(sheet.end or (-1, 0))[0], *signs])
    width, left = last_column + 1, [""] * first_column
    right = [""] * (width - len(left) - sheet.width)
    read = iter(sheet.iter_rows()) if sheet.start else iter(())
    for number in range(last_row + 1):
        cells = [*left, *map(text_of, next(read, [""] * sheet.width)), *right]
        for column, sign in signs.get(number, ()):
            cells[column] = sign
        yield cells[:width]
