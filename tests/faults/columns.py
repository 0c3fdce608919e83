"""Faults of columns: absent, doubled, unknown, in another order or under other names.

Here: the header and whole columns. Never here: single rows or cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from faults.files import FaultFile, Line, clean, fault, header_at
from faults.layouts import Layout, arabic, csv_layouts, english, french, spanish
from faults.real_layouts import harbour, police, real_csv_layouts


def _all() -> tuple[Layout, ...]:
    return (*csv_layouts(), *real_csv_layouts())


def _each(lines: Sequence[Line], change: Callable[[tuple[object, ...]], tuple[object, ...]]) -> list[Line]:
    return [replace(line, cells=change(line.cells)) for line in lines]


def _renamed(lines: list[Line], rename: Callable[[str], str]) -> list[Line]:
    at = header_at(lines)
    header = replace(lines[at], cells=tuple(rename(str(cell)) for cell in lines[at].cells))
    return [*lines[:at], header, *lines[at + 1 :]]


def mapped_column_twice() -> Iterator[FaultFile]:
    """A column that fills a field stands twice: which one counts cannot be known."""
    for layout in _all():
        at = layout.place("gender")
        lines = _each(clean(layout), lambda cells, at=at: (*cells, cells[at]))  # type: ignore[misc]
        yield fault("mapped-column-twice", layout, lines, outcome="refused", refusals={"column_repeated"})


def required_column_absent() -> Iterator[FaultFile]:
    """The column of numbers, or of dates, is not there."""
    for layout in _all():
        for kind in ("number", "day"):
            at = layout.place(kind)
            lines = _each(clean(layout), lambda cells, at=at: (*cells[:at], *cells[at + 1 :]))  # type: ignore[misc]
            yield fault("required-column-absent", layout, lines, outcome="refused", refusals={"column_required_missing"}, variant=kind)


def optional_column_absent() -> Iterator[FaultFile]:
    """A column that records can do without is not there: not collected, and said so."""
    for layout in _all():
        for kind, field, absent in (("gender", "gender_code", "not_collected"), ("name", "given_name", None)):
            at = layout.place(kind)
            lines = _each(clean(layout), lambda cells, at=at: (*cells[:at], *cells[at + 1 :]))  # type: ignore[misc]
            lines = [line if line.record is None else line.holding(field, absent) for line in lines]
            yield fault("optional-column-absent", layout, lines, says={"column_missing"}, variant=kind)


def unknown_column() -> Iterator[FaultFile]:
    """A column that nobody agreed on, in the middle."""
    for layout in _all():
        lines = _each(clean(layout), lambda cells: (*cells[:4], "new", *cells[4:]))
        at = header_at(lines)
        lines[at] = lines[at].with_cell(4, "Remark of the new system")
        yield fault("unknown-column", layout, lines, says={"column_unknown"})


def reordered_columns() -> Iterator[FaultFile]:
    """The columns from last to first."""
    for layout in _all():
        yield fault("reordered-columns", layout, _each(clean(layout), lambda cells: tuple(reversed(cells))))


def headers_in_other_letters() -> Iterator[FaultFile]:
    """Headers in capitals, padded, and with a curly apostrophe."""
    for layout in _all():
        if layout.words != "ar":
            yield fault("header-letters", layout, _renamed(clean(layout), str.upper), variant="capitals")
        yield fault("header-letters", layout, _renamed(clean(layout), lambda name: f"  {name} "), variant="padded")
    for layout in (french(), police()):
        yield fault("header-letters", layout, _renamed(clean(layout), lambda name: name.replace("'", "’")), variant="curly")


def synonyms() -> Iterator[FaultFile]:
    """One partner, its headers in four languages: the same records from each."""
    base = english()
    others = {"fr": french(), "es": spanish(), "ar": arabic()}

    def declare(file: dict) -> None:
        for at, header in enumerate(base.headers):
            if header in file["columns"]:
                file["columns"][header]["also"] = [other.headers[at] for other in others.values()]

    known = base.with_partner(declare)
    for words, other in others.items():
        lines = clean(base)
        header = Line((*other.headers[:11], base.headers[11], other.headers[12]))
        yield fault("header-synonyms", known, [header, *lines[1:]], variant=words)
    mixed = Line(tuple((base, *others.values())[at % 4].headers[at] if at != 11 else base.headers[at] for at in range(len(base.headers))))
    yield fault("header-synonyms", known, [mixed, *clean(base)[1:]], variant="mixed")


def shifted_header() -> Iterator[FaultFile]:
    """The header shifted by one against the rows: every value would land in its neighbour's column."""
    codes = (
        "row_ragged",
        "date_invalid",
        "category_unknown",
        "number_invalid",
        "required_missing",
        "record_id_missing",
        "date_is_serial",
        "cell_error",
        "record_id_repeated",
    )
    for layout in _all():
        lines = clean(layout)
        at = header_at(lines)
        header = Line(("", *layout.headers[:-1]))
        held = [line if line.record is None else line.held(*codes) for line in lines]
        refusals = {"column_required_missing", "header_not_found", "column_repeated"}
        shifted = [*held[:at], header, *held[at + 1 :]]
        yield fault("shifted-header", layout, shifted, outcome="either", refusals=refusals)


def no_header() -> Iterator[FaultFile]:
    """Rows without their header."""
    for layout in _all():
        lines = [line.held("preamble") for line in clean(layout) if line.record is not None]
        yield fault("no-header", layout, lines, outcome="refused", refusals={"header_not_found"})


def header_of_another_partner() -> Iterator[FaultFile]:
    """The file of someone else."""
    for layout, other in (
        (english(), police()),
        (french(), harbour()),
        (spanish(), arabic()),
        (harbour(), french()),
        (police(), english()),
    ):
        refusals = {"header_not_found", "file_of_another_partner", "column_required_missing"}
        lines = clean(other)
        made = fault("another-partner", other, lines)
        yield replace(made, layout=layout, outcome="refused", refusals=frozenset(refusals))


def nameless_columns() -> Iterator[FaultFile]:
    """A column without a header, blank in every row."""
    for layout in (english(), french(), harbour()):
        yield fault("nameless-column", layout, _each(clean(layout), lambda cells: (*cells[:3], "", *cells[3:])))


FAMILIES = (
    mapped_column_twice,
    required_column_absent,
    optional_column_absent,
    unknown_column,
    reordered_columns,
    headers_in_other_letters,
    synonyms,
    shifted_header,
    no_header,
    header_of_another_partner,
    nameless_columns,
)
