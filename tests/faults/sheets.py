"""Faults of workbooks: the wrong sheet, hidden rows, epochs, error cells, and workbooks where text was agreed.

Here: .xlsx, .xls and .ods files. Never here: text files; bombs have tests of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from faults.files import FaultFile, Line, agreed, changed, clean, data_at, fault, header_at, row, text_bytes
from faults.layouts import Layout, arabic, english, french, sheet, spanish
from faults.people import Victim, victims
from faults.real_layouts import caseworks, harbour
from faults.rows import NO_RECORD
from faults.workbooks import KINDS, Kind, Sheet, typed, workbook

OTHERWISE = {"format_differs"}
NOT_READ = {"file_unreadable", "header_not_found", "file_empty", "file_unsafe"}


def _sheet_name(layout: Layout) -> str:
    return layout.partner.files[0].format.sheet or "Data"


def _book(layout: Layout, lines: Sequence[Line], kind: Kind, people: Sequence[Victim] | None = None) -> bytes:
    found = victims(layout.words) if people is None else people
    return workbook(kind, [Sheet(_sheet_name(layout), typed(layout, lines, found))])


def workbooks() -> Iterator[FaultFile]:
    """The clean table as each kind of workbook, with date cells and numbers."""
    for layout in (sheet(), caseworks()):
        for kind in KINDS:
            yield fault("workbook", layout, clean(layout), _book(layout, clean(layout), kind), variant=kind)


def text_cells_only() -> Iterator[FaultFile]:
    """Every cell a text, the dates too."""
    for layout in (sheet(), caseworks()):
        lines = clean(layout)
        payload = workbook("xlsx", [Sheet(_sheet_name(layout), [line.cells for line in lines])])
        yield fault("workbook-of-texts", layout, lines, payload)


def workbook_for_text() -> Iterator[FaultFile]:
    """A workbook where a text file was agreed."""
    for layout in (english(), french(), spanish(), arabic(), harbour()):
        for kind in KINDS if layout is english() else ("xlsx",):
            yield fault("workbook-for-text", layout, clean(layout), _book(layout, clean(layout), kind), says=OTHERWISE, variant=kind)


def text_for_workbook() -> Iterator[FaultFile]:
    """A text file where a workbook was agreed."""
    for layout in (sheet(), caseworks()):
        for separator in (",", ";"):
            payload = text_bytes(clean(layout), agreed(layout, separator=separator))
            variant = "commas" if separator == "," else "semicolons"
            yield fault("text-for-workbook", layout, clean(layout), payload, says=OTHERWISE, variant=variant)


def sheet_not_first() -> Iterator[FaultFile]:
    """A cover and a list of codes before the sheet of cases."""
    layout = sheet()
    cover = Sheet("Cover", [["Annual return"], ["Prepared by", "the office"]])
    codes = Sheet("Codes", [["Gender", "Meaning"], ["Woman", "a woman"], ["Man", "a man"]])
    for kind in KINDS:
        cases = Sheet("Cases", typed(layout, clean(layout), victims("en")))
        payload = workbook(kind, [cover, codes, cases])
        yield fault("sheet-not-first", layout, clean(layout), payload, says={"sheets_unread"}, variant=kind)


def empty_sheets_around() -> Iterator[FaultFile]:
    """Empty sheets before and after, as a new workbook has them: nothing to say."""
    layout = sheet()
    cases = Sheet("Sheet2", typed(layout, clean(layout), victims("en")))
    yield fault("empty-sheets", layout, clean(layout), workbook("xlsx", [Sheet("Sheet1", []), cases, Sheet("Sheet3", [])]))


def sheet_renamed() -> Iterator[FaultFile]:
    """The agreed sheet goes by another name: read if it is plain which, or refused."""
    layout = caseworks()
    payload = workbook("xlsx", [Sheet("Cases 2023", typed(layout, clean(layout), victims("en")))])
    yield fault("sheet-renamed", layout, clean(layout), payload, outcome="either", refusals=NOT_READ)


def hidden_rows() -> Iterator[FaultFile]:
    """Rows that a filter hides are rows; it is said that they were read."""
    layout = sheet()
    for kind in ("xlsx", "ods"):
        cases = Sheet("Data", typed(layout, clean(layout), victims("en")), hidden=frozenset({3, 4, 9}))
        yield fault("hidden-rows", layout, clean(layout), workbook(kind, [cases]), says={"rows_hidden"}, variant=kind)


def banner_above() -> Iterator[FaultFile]:
    """A merged title and a blank row above the header."""
    layout = sheet()
    blank = Line((), codes=frozenset({"row_blank", "preamble"}))
    for kind in KINDS:
        lines = [Line(("Cases of the year",), codes=frozenset({"preamble"})), blank, *clean(layout)]
        page = Sheet("Data", typed(layout, lines, victims("en")), merged=("A1:M1",) if kind == "xlsx" else ())
        yield fault("banner-above", layout, lines, workbook(kind, [page]), variant=kind)


def table_in_the_middle() -> Iterator[FaultFile]:
    """The table begins in the third column and the fifth row."""
    layout = sheet()
    blank = Line(("",), codes=frozenset({"row_blank", "preamble"}))
    lines = [*[blank] * 4, *clean(layout)]
    rows = [["", "", *cells] for cells in typed(layout, lines, victims("en"))]
    yield fault("table-in-the-middle", layout, lines, workbook("xlsx", [Sheet("Data", rows)]))


def blank_and_repeated_rows() -> Iterator[FaultFile]:
    """A blank row, the header again, a total."""
    layout = sheet().declared(totals_marker="Total")
    lines = clean(layout)
    middle = data_at(lines, 6)
    blank, again = Line((), codes=frozenset({"row_blank"})), Line(layout.headers, codes=frozenset({"header_repeated"}))
    total = Line(("Total", 12), codes=frozenset({"totals_row"}))
    lines = [*lines[:middle], blank, again, *lines[middle:], total]
    for kind in KINDS:
        yield fault("sheet-rows", layout, lines, _book(layout, lines, kind), variant=kind)
    undeclared = [*lines[:-1], Line(("Total", 12), codes=frozenset({*NO_RECORD, "date_is_serial", "date_out_of_range"}))]
    yield fault("sheet-rows", sheet(), undeclared, _book(sheet(), undeclared, "xlsx"), variant="total-not-agreed")


def epoch_of_1904() -> Iterator[FaultFile]:
    """A workbook of an old Macintosh: its days count from 1904."""
    layout = sheet()
    for kind in ("xlsx", "xls"):
        payload = workbook(kind, [Sheet("Data", typed(layout, clean(layout), victims("en")))], since_1904=True)
        yield fault("epoch-1904", layout, clean(layout), payload, variant=kind)


def day_numbers() -> Iterator[FaultFile]:
    """Days that lost their format: numbers in the column of dates."""
    layout = sheet()
    for kind in KINDS:
        lines, people = clean(layout), victims("en")
        serial = (people[4].registered - date(1899, 12, 30)).days
        lines = changed(lines, 4, row(lines, 4).with_cell(layout.place("day"), serial).right_or("date_is_serial", "date_invalid"))
        yield fault("day-numbers", layout, lines, _book(layout, lines, kind), variant=kind)


def sheet_error_cells() -> Iterator[FaultFile]:
    """Cells that show #REF! and #N/A."""
    layout = sheet()
    for kind, sign in (("day", "#REF!"), ("name", "#N/A"), ("country", "#NAME?")):
        lines = clean(layout)
        lines = changed(lines, 4, row(lines, 4).with_cell(layout.place(kind), sign).held("cell_error"))
        yield fault("sheet-error-cell", layout, lines, _book(layout, lines, "xlsx"), variant=kind)


def numbers_typed_as_numbers() -> Iterator[FaultFile]:
    """Record numbers in number cells, long ones too: every digit that the cell holds."""
    layout = sheet()
    at = layout.place("number")
    for kind in KINDS:
        lines = clean(layout)
        for which in range(12):
            value = 120_000_000_000 + which
            lines = changed(lines, which, row(lines, which).with_cell(at, value).holding("source_record_id", str(value)))
        yield fault("numbers-as-numbers", layout, lines, _book(layout, lines, kind), variant=kind)


def line_ends_in_cells() -> Iterator[FaultFile]:
    """A note of two lines."""
    layout = sheet()
    lines = clean(layout)
    lines = changed(lines, 2, row(lines, 2).with_cell(layout.place("note"), "one\ntwo").holding("narrative", "one\ntwo"))
    for kind in KINDS:
        yield fault("sheet-line-ends", layout, lines, _book(layout, lines, kind), variant=kind)


def nothing_in_the_workbook() -> Iterator[FaultFile]:
    """A workbook without a cell, one with a header alone, and bytes that are no workbook."""
    layout = sheet()
    for kind in KINDS:
        empty = workbook(kind, [Sheet("Data", [])])
        yield fault("empty-workbook", layout, [], empty, outcome="refused", refusals={"file_empty", "header_not_found"}, variant=kind)
    lines = clean(layout, rows=0)
    yield fault("workbook-header-only", layout, lines, _book(layout, lines, "xlsx", []), outcome="either", refusals={"file_empty"})
    for variant, payload in (("zip", b"PK\x03\x04 no archive"), ("old", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))):
        yield fault("no-workbook", layout, [], payload, outcome="refused", refusals=NOT_READ, variant=variant)


def cut_workbook() -> Iterator[FaultFile]:
    """A workbook of which the second half is missing."""
    layout = sheet()
    for kind in KINDS:
        payload = _book(layout, clean(layout), kind)
        yield fault("cut-workbook", layout, clean(layout), payload[: len(payload) // 2], outcome="refused", refusals=NOT_READ, variant=kind)


def misaligned_standard_headers() -> Iterator[FaultFile]:
    """The standard's sheet without its row of field names: the labels alone do not tell the columns."""
    layout = caseworks()
    lines = [line.held("preamble") for at, line in enumerate(clean(layout)) if at != header_at(clean(layout))]
    payload = workbook("xlsx", [Sheet("Cases", [line.cells for line in lines])])
    yield fault("standard-labels-only", layout, lines, payload, outcome="refused", refusals=NOT_READ)


FAMILIES = (
    workbooks,
    text_cells_only,
    workbook_for_text,
    text_for_workbook,
    sheet_not_first,
    empty_sheets_around,
    sheet_renamed,
    hidden_rows,
    banner_above,
    table_in_the_middle,
    blank_and_repeated_rows,
    epoch_of_1904,
    day_numbers,
    sheet_error_cells,
    numbers_typed_as_numbers,
    line_ends_in_cells,
    nothing_in_the_workbook,
    cut_workbook,
    misaligned_standard_headers,
)
