"""A partner's file while it is being invented: its rows, planted defects among them, and at last its bytes.

Here: what rows and defects are, and how they become CSV or Excel bytes, the same each time. Never here: a partner's columns.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from xml.sax.saxutils import escape

from sample_data.reports import Report

Cells = dict[str, str]
BARE_MARK = "“"
"""In a row of quote_unclosed, a quotation mark that is written as it is: nothing doubles it, and nothing closes it."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip archive can hold; every entry carries it, so that bytes do not depend on the day."""


@dataclass(frozen=True)
class Defect:
    """A row to plant: the problem it must raise, and the cells by which it differs from a sound row.

    `place` is the share of the file above it, from 0 to 1; without it, it stands at a random place.
    """

    code: str
    changes: Cells = field(default_factory=dict)
    place: float | None = None


@dataclass(frozen=True)
class Layout:
    """How one partner writes its file. `share` is its part of 20,000 reports."""

    partner: str
    share: int
    headers: tuple[str, ...]
    record_header: str | None
    write: Callable[[Report, str, Random], Cells]
    defects: tuple[Defect, ...]
    separator: str = ","
    encoding: str = "utf-8"
    preamble: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    totals_marker: str | None = None
    languages: tuple[str, ...] = ()
    native_script: float = 0.0
    """Share of names written in their own script."""


@dataclass(frozen=True)
class Line:
    """One row of the file below the header, the problem planted in it, and whom it is about."""

    cells: tuple[str, ...]
    code: str | None = None
    record: str | None = None
    person: int | None = None


@dataclass(frozen=True)
class Placed:
    """A planted problem and the row of the file it stands on, counted by physical lines from 1."""

    row_number: int | None
    code: str


@dataclass(frozen=True)
class WrittenFile:
    """The bytes of a file and what was planted in it."""

    payload: bytes
    placed: tuple[Placed, ...]


def sound_line(layout: Layout, report: Report, record: str, rng: Random) -> Line:
    """The row of a report, with nothing wrong in it."""
    cells = layout.write(report, record, rng)
    return Line(tuple(cells.get(header, "") for header in layout.headers), record=record, person=report.person.number)


def with_defects(layout: Layout, lines: Sequence[Line], rng: Random) -> list[Line]:
    """The rows with one more for each defect; the sound rows stay as they are.

    A defect with a place of its own draws no number, so that planting it changes nothing else of the sample.
    """
    planted = list(lines)
    for number, defect in enumerate(layout.defects, start=1):
        at = rng.randrange(len(planted) // 10, len(planted)) if defect.place is None else int(defect.place * len(planted))
        while planted[at].code is not None:
            at -= 1
        record = f"{planted[at].record}-{number}" if planted[at].record else None
        planted.insert(at + 1, _defective(layout, planted[at], defect, record))
    if layout.totals_marker is not None:
        cells = (layout.totals_marker, str(len(lines)), *[""] * (len(layout.headers) - 2))
        planted.append(Line(cells, code="totals_row"))
    return planted


def csv_file(layout: Layout, lines: Sequence[Line], *, headers: Sequence[str] | None = None) -> WrittenFile:
    """The file as comma-separated values, by the layout's separator and encoding."""
    out = bytearray("\ufeff".encode() if layout.encoding == "utf-8-sig" else b"")
    encoding = layout.encoding.removesuffix("-sig")
    placed: list[Placed] = []
    above = [Line(layout.preamble, code="preamble")] if layout.preamble else []
    row_number = 1
    for line in (*above, Line(tuple(headers or layout.headers)), *lines):
        if line.code is not None:
            placed.append(Placed(row_number, line.code))
        text = _csv_row(line.cells, layout.separator)
        if line.code == "quote_unclosed":
            text = text.replace(BARE_MARK, '"')
        out += text.encode("latin-1" if line.code == "text_undecodable" else encoding)
        row_number += text.count("\n")
    return WrittenFile(bytes(out), tuple(placed))


def xlsx_file(layout: Layout, lines: Sequence[Line], *, sheet: str, date_headers: frozenset[str]) -> WrittenFile:
    """The file as a workbook of one sheet: a hidden row of field names, a row of labels, then the rows; dates are date cells."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = datetime(*LONG_AGO)
    page = book.create_sheet(sheet)
    page.row_dimensions[1].hidden = True
    placed: list[Placed] = []
    above = [Line(layout.headers), *([Line(layout.labels, code="header_repeated")] if layout.labels else [])]
    is_date = [header in date_headers for header in layout.headers]
    for row_number, line in enumerate((*above, *lines), start=1):
        if line.code is not None:
            placed.append(Placed(row_number, line.code))
        page.append([_excel_cell(cell, as_date=as_date) for cell, as_date in zip(line.cells, is_date, strict=True)])
    written = io.BytesIO()
    book.save(written)
    return WrittenFile(_timeless(written.getvalue()), tuple(placed))


def _defective(layout: Layout, sound: Line, defect: Defect, record: str | None) -> Line:
    cells = dict(zip(layout.headers, sound.cells, strict=True))
    match defect.code:
        case "row_blank":
            return Line(("",) * len(layout.headers), code=defect.code)
        case "header_repeated":
            return Line(layout.headers, code=defect.code)
        case "row_repeated":
            return Line(sound.cells, code=defect.code)
        case "row_ragged":
            return Line((*sound.cells, "x") if defect.changes else sound.cells[:-2], code=defect.code)
        case "record_id_repeated":
            pass
        case _ if layout.record_header is not None:
            cells[layout.record_header] = record or ""
    cells |= defect.changes
    is_known = defect.code not in ("record_id_repeated", "record_id_missing")
    return Line(
        tuple(cells[header] for header in layout.headers),
        code=defect.code,
        record=record if is_known else None,
        person=sound.person if is_known else None,
    )


def _csv_row(cells: Sequence[str], separator: str) -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=separator, lineterminator="\r\n").writerow(cells)
    return written.getvalue()


def _excel_cell(text: str, *, as_date: bool) -> str | date | None:
    if as_date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text or None
    return text or None


def _timeless(workbook: bytes) -> bytes:
    """The same archive with every entry dated alike; openpyxl stamps the time of saving on the entries and in the properties."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = _core_properties() if entry.filename == "docProps/core.xml" else source.read(entry.filename)
            target.writestr(zipfile.ZipInfo(entry.filename, LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _core_properties() -> str:
    moment = datetime(*LONG_AGO).isoformat() + "Z"
    terms = "".join(f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{escape(moment)}</dcterms:{name}>' for name in ("created", "modified"))
    return (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{terms}</cp:coreProperties>"
    )
