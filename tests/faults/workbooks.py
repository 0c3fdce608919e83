"""Lines as the bytes of a workbook: .xlsx, .xls and .ods.

Here: typed cells, several sheets, hidden rows, merged cells, the epoch of 1904. Never here: which faults there are.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import xlwt
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from faults.files import Line
from faults.layouts import Layout
from faults.people import Victim

Kind = Literal["xlsx", "xls", "ods"]
KINDS: tuple[Kind, ...] = ("xlsx", "xls", "ods")
Rows = Sequence[Sequence[object]]


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook; the row numbers of hidden rows count from 1."""

    name: str
    rows: Rows
    hidden: frozenset[int] = frozenset()
    merged: tuple[str, ...] = ()
    is_hidden: bool = False


def typed(layout: Layout, lines: Sequence[Line], people: Sequence[Victim]) -> list[list[object]]:
    """The lines with dates as date cells and ages as numbers, as a spreadsheet holds them."""
    rows: list[list[object]] = []
    victims = iter(people)
    for line in lines:
        cells = list(line.cells)
        if line.record is not None:
            victim = next(victims)
            for at, column in enumerate(layout.columns):
                if column.typed is not None and cells[at] == column.cell(victim):
                    cells[at] = column.typed(victim)
        rows.append(cells)
    return rows


def workbook(kind: Kind, sheets: Sequence[Sheet], *, since_1904: bool = False) -> bytes:
    """The workbook's bytes."""
    if kind == "xlsx":
        return _xlsx(sheets, since_1904)
    return _xls(sheets, since_1904) if kind == "xls" else _ods(sheets)


def _xlsx(sheets: Sequence[Sheet], since_1904: bool) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    if since_1904:
        book.epoch = CALENDAR_MAC_1904
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        for cells in sheet.rows:
            page.append([None if cell == "" else cell for cell in cells])
        for number in sheet.hidden:
            page.row_dimensions[number].hidden = True
        for area in sheet.merged:
            page.merge_cells(area)
        page.sheet_state = "hidden" if sheet.is_hidden else "visible"
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def _xls(sheets: Sequence[Sheet], since_1904: bool) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = since_1904
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for sheet in sheets:
        page = book.add_sheet(sheet.name)
        for at, cells in enumerate(sheet.rows):
            for place, cell in enumerate(cells):
                if isinstance(cell, date):
                    page.write(at, place, cell, day)
                elif cell not in ("", None):
                    page.write(at, place, cell)
        for number in sheet.hidden:
            page.row(number - 1).hidden = True
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


_SPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)
_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_TYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def _ods(sheets: Sequence[Sheet]) -> bytes:
    tables = "".join(
        f"<table:table table:name={quoteattr(sheet.name)}>"
        + "".join(_ods_row(cells, number in sheet.hidden) for number, cells in enumerate(sheet.rows, start=1))
        + "</table:table>"
        for sheet in sheets
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES} office:version="1.2">'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), _TYPE, zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
    return sink.getvalue()


def _ods_row(cells: Sequence[object], is_hidden: bool) -> str:
    hidden = ' table:visibility="collapse"' if is_hidden else ""
    return f"<table:table-row{hidden}>" + "".join(_ods_cell(cell) for cell in cells) + "</table:table-row>"


def _ods_cell(cell: object) -> str:
    if cell in ("", None):
        return "<table:table-cell/>"
    if isinstance(cell, date):
        kind = f'office:value-type="date" office:date-value="{cell.isoformat()}"'
    elif isinstance(cell, int | float):
        kind = f'office:value-type="float" office:value="{cell}"'
    else:
        kind = 'office:value-type="string"'
    paragraphs = "".join(f"<text:p>{escape(part)}</text:p>" for part in str(cell).split("\n"))
    return f"<table:table-cell {kind}>{paragraphs}</table:table-cell>"
