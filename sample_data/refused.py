"""Batches that must be refused whole: one for each blocking problem that a batch has by itself.

Here: small files, each wrong in one way, with canary persons in them. Never here: wrong rows in a batch that is otherwise sound, or
a problem that needs more than the batch: `layout_unknown` that nobody names the partner, `batch_withdrawn` an earlier withdrawal.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from sample_data.canaries import UNKNOWN_COLUMN_CELL, canary_persons
from sample_data.layouts import caseworks, court, hotline, shelter, tokens
from sample_data.reports import write_down
from sample_data.sheets import Cells, Layout, Line, csv_file, xlsx_file

LAST_CORNER = (1_048_576, "XFD1048576")
"""The last row of a sheet and its last cell: a sheet that reaches there unfolds to seventeen thousand million cells."""
OTHER_HEADERS = ("kolumna 1", "kolumna 2", "kolumna 3")


@dataclass(frozen=True)
class RefusedBatch:
    """A batch, the partner it is sent as, and the problem for which it must be refused; `files` belong together."""

    code: str
    partner: str
    files: tuple[Path, ...]


def refused_batches(folder: Path) -> tuple[RefusedBatch, ...]:
    """Write `folder/<code>/<partner>/...` and return what stands there, one batch a blocking problem that a batch has by itself."""
    repeated = (*shelter.HEADERS[:-1], shelter.HEADERS[2])
    without_date = tuple(header for header in tokens.HEADERS if header != "data_segnalazione")
    cases = replace(court.LAYOUT, headers=court.CASE_HEADERS)
    contents = (
        ("file_empty", "en-harbour-ngo", "empty.csv", b""),
        ("file_unreadable", "htcds-caseworks", "cases.xlsx", b"PK\x03\x04 no workbook"),
        ("header_not_found", "es-linea-ayuda", "calls.csv", _text(hotline.LAYOUT, OTHER_HEADERS)),
        ("file_of_another_partner", "fr-police", "register.csv", _text(tokens.LAYOUT, tokens.HEADERS)),
        ("file_missing", "be-court", "2025/cases.csv", _text(cases, court.CASE_HEADERS)),
        ("column_required_missing", "it-tokens", "reports.csv", _text(tokens.LAYOUT, without_date)),
        ("column_repeated", "ar-shelter", "residents.csv", _text(shelter.LAYOUT, repeated)),
        ("action_not_agreed", "it-tokens", "reports.csv", _text(tokens.LAYOUT, (*tokens.HEADERS, "Acción"))),
        ("names_not_agreed", "it-tokens", "reports.csv", _text(tokens.LAYOUT, (*tokens.HEADERS, "Cognome"))),
        ("file_unsafe", "htcds-caseworks", "cases.xlsx", _stray_cell(caseworks.LAYOUT)),
    )
    return tuple(_write(folder, *content) for content in contents)


def _text(layout: Layout, headers: tuple[str, ...]) -> bytes:
    """A file of the canary persons under these headers."""
    return csv_file(layout, _lines(layout, headers), headers=headers).payload


def _stray_cell(layout: Layout) -> bytes:
    """A workbook of the canary persons with one cell more, in the last corner of its sheet."""
    workbook = xlsx_file(layout, _lines(layout, layout.headers), sheet=caseworks.SHEET, date_headers=caseworks.DATE_HEADERS).payload
    row, cell = LAST_CORNER
    stray = f'<row r="{row}"><c r="{cell}" t="inlineStr"><is><t>{UNKNOWN_COLUMN_CELL}</t></is></c></row></sheetData>'
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry.filename)
            is_sheet = entry.filename == "xl/worksheets/sheet1.xml"
            target.writestr(entry.filename, content.replace(b"</sheetData>", stray.encode()) if is_sheet else content)
    return packed.getvalue()


def _lines(layout: Layout, headers: Sequence[str]) -> list[Line]:
    """The rows of the canary persons under these headers; a header the layout does not know repeats the family name."""
    rng = Random(0)
    lines: list[Line] = []
    for index, person in enumerate(canary_persons(first_number=1), start=1):
        report = write_down(person, rng, native_script=layout.native_script > 0)
        cells: Cells = layout.write(report, f"R-{index:06d}", rng)
        lines.append(Line(tuple(cells.get(header, report.family or "") for header in headers)))
    return lines


def _write(folder: Path, code: str, partner: str, name: str, payload: bytes) -> RefusedBatch:
    place = folder / code / partner / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(payload)
    return RefusedBatch(code, partner, (place,))
