"""Sheets of an .xls workbook (BIFF5 and BIFF8): values by calamine, laid over with the errors that it leaves out.

Here: the guards between the file and the reader. Never here: the text of a cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from ingest.reading.workbooks.biff import sheet_facts
from ingest.reading.workbooks.limits import allow_memory
from ingest.reading.workbooks.sheet_xml import SheetFacts
from ingest.reading.workbooks.sheets import LARGEST_GRID, Sheet
from ingest.reading.workbooks.unpacking import MEGABYTE, Stop
from ingest.reading.workbooks.xlsx import laid_over

_SPARE = 64 * MEGABYTE
_BYTES_A_CELL, _BYTES_A_PLACE = 160, 32


class XlsSheet:
    """One worksheet; the library reads all of them when it opens the file."""

    def __init__(self, sheet: CalamineSheet, facts: SheetFacts, *, is_hidden: bool) -> None:
        self.name, self.is_hidden = sheet.name, is_hidden
        self.has_content, self.hidden_rows = facts.has_values, facts.hidden_rows
        self._sheet, self._facts = sheet, facts

    def rows(self) -> Iterator[list[str]]:
        return laid_over(self._sheet, self._facts.signs)


def open_xls(data: bytes) -> list[Sheet]:
    """The worksheets in the workbook's order. Raises `Stop`: no_workbook, protected or too_large."""
    every = sheet_facts(data)
    grid = sum(facts.rows * facts.columns for facts in every)
    if grid > LARGEST_GRID:
        raise Stop("too_large")
    allow_memory(_SPARE + 8 * len(data) + sum(facts.cells for facts in every) * _BYTES_A_CELL + grid * _BYTES_A_PLACE)
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    if len(book.sheets_metadata) != len(every):
        raise Stop("no_workbook")
    return [
        XlsSheet(book.get_sheet_by_index(number), facts, is_hidden=about.visible != SheetVisibleEnum.Visible)
        for number, (about, facts) in enumerate(zip(book.sheets_metadata, every, strict=True))
        if about.typ == SheetTypeEnum.WorkSheet
    ]
