"""Workbooks of the three kinds, saved by their libraries or written by hand, and the rows that are read from them."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlwt

from ingest.reading.spreadsheet import FoundSheet, sheet_as_csv
from schemas.errors import BatchRefused

Rows = list[list[str]]


def most_cells(head: Rows) -> float:
    return sum(cell != "" for row in head for cell in row)


def rows_of(payload: bytes | Path, sheet: str | None = None) -> Rows:
    with sheet_as_csv(payload, sheet, most_cells, "cases") as found:
        return rows_in(found)


def rows_in(found: FoundSheet) -> Rows:
    return list(csv.reader(io.TextIOWrapper(found.stream, encoding="utf-8", newline="")))


def refused(payload: bytes) -> str:
    with pytest.raises(BatchRefused) as error:
        rows_of(payload)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None
    return error.value.code


def saved(book: openpyxl.Workbook | xlwt.Workbook) -> bytes:
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def xlsx_of(rows: list[list[object]], *, title: str = "Data") -> bytes:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.title = title
    for row in rows:
        page.append(row)
    return saved(book)


def zip_of(parts: dict[str, bytes | str]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return sink.getvalue()


RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx_from(sheet: str | bytes, strings: str = "") -> bytes:
    """A workbook of one sheet whose XML is written by hand."""
    return zip_of(
        {
            "_rels/.rels": f'<Relationships xmlns="{RELATIONS}">'
            f'<Relationship Id="a" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>",
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}">'
            f'<Relationship Id="a" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="b" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
            "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
            "xl/worksheets/sheet1.xml": sheet
            if isinstance(sheet, bytes)
            else f'<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>',
        }
    )


ODF = "urn:oasis:names:tc:opendocument:xmlns"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = " ".join(f'xmlns:{name}="{ODF}:{name}:1.0"' for name in ("office", "table", "text", "style", "manifest"))
NAMES += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def ods_from(tables: str, *, styles: str = "", manifest: str = "") -> bytes:
    body = f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
    body += f"<office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    return zip_of(
        {
            "mimetype": ODS_TYPE,
            "META-INF/manifest.xml": f"<manifest:manifest {NAMES}>{manifest}</manifest:manifest>",
            "content.xml": f"<office:document-content {NAMES}>{body}</office:document-content>",
        }
    )


def ods_table(*rows: str, name: str = "S", about: str = "") -> str:
    return f'<table:table table:name="{name}" {about}>{"".join(rows)}</table:table>'


def ods_row(*cells: str, about: str = "") -> str:
    return f"<table:table-row {about}>{''.join(cells)}</table:table-row>"


def ods_cell(shown: str = "", about: str = 'office:value-type="string"') -> str:
    return f"<table:table-cell {about}><text:p>{shown}</text:p></table:table-cell>"


def two_sheets() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Cover"
    book["Cover"].append(["read me"])
    page = book.create_sheet("Cases")
    page.append(["id", "name"])
    page.append([1, "x"])
    return book
