"""A file with a fault while it is made: its lines and what must become of each, then its bytes.

Here: lines, their truth, and how they become bytes of text. Never here: which faults there are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from faults.layouts import Layout, Record
from faults.people import ROWS, Victim, victims
from schemas.partner import Partner

Outcome = Literal["right", "either", "refused"]
"""What must become of a file: read, read or refused, refused."""


@dataclass(frozen=True)
class Line:
    """One row of the file. With a record it may be accepted as that record and nothing else; with codes it may be held by
    these and no others; with neither it is the header."""

    cells: tuple[object, ...]
    record: Record | None = None
    codes: frozenset[str] = frozenset()

    @property
    def is_header(self) -> bool:
        """Whether this is the header row, which nobody counts."""
        return self.record is None and not self.codes

    def with_cell(self, at: int, cell: object) -> Line:
        """The same line with another cell."""
        return replace(self, cells=(*self.cells[:at], cell, *self.cells[at + 1 :]))

    def holding(self, field_name: str, value: object) -> Line:
        """The same line with another value in its record."""
        return replace(self, record={**(self.record or {}), field_name: value})

    def held(self, *codes: str) -> Line:
        """The same line, which must be held by one of the codes."""
        return replace(self, record=None, codes=frozenset(codes))

    def right_or(self, *codes: str) -> Line:
        """The same line, accepted as it should be or held by one of the codes."""
        return replace(self, codes=frozenset(codes))


@dataclass(frozen=True)
class FaultFile:
    """A file of a partner with one fault, and the truth about it.

    `refusals`: the codes by which it may be refused. `says`: codes that must be said of the file, whatever its rows.
    """

    family: str
    layout: Layout
    payload: bytes
    lines: tuple[Line, ...]
    outcome: Outcome = "right"
    refusals: frozenset[str] = frozenset()
    says: frozenset[str] = frozenset()
    variant: str = ""

    @property
    def name(self) -> str:
        """What the file is called in a test."""
        return "-".join(part for part in (self.family, self.layout.name, self.variant) if part)

    @property
    def partner(self) -> Partner:
        """Who sends it."""
        return self.layout.partner

    @property
    def received(self) -> int:
        """Every row but the header."""
        return sum(not line.is_header for line in self.lines)

    def truth(self) -> dict[int, Line]:
        """Row number as a spreadsheet counts -> the row; the header left out."""
        return {number: line for number, line in enumerate(self.lines, start=1) if not line.is_header}


def clean(layout: Layout, rows: int = ROWS, people: Sequence[Victim] | None = None) -> list[Line]:
    """The clean table as the partner writes it: what stands above the header, the header, its rows."""
    width = len(layout.headers)
    above = [Line((*cells, *[""] * (width - len(cells))), codes=frozenset({"preamble"})) for cells in layout.above]
    labels = [Line(tuple(f"Label {at}" for at in range(width)), codes=frozenset({"header_repeated"}))] * layout.label_rows
    found = victims(layout.words, rows) if people is None else people
    return [*above, Line(layout.headers), *labels, *(Line(layout.cells(v), layout.record(v)) for v in found)]


def header_at(lines: Sequence[Line]) -> int:
    """Where the header stands among the lines."""
    return next(at for at, line in enumerate(lines) if line.is_header)


def data_at(lines: Sequence[Line], row: int) -> int:
    """Where a row of data stands among the lines; negative ones count from the end."""
    return [at for at, line in enumerate(lines) if line.record is not None][row]


def changed(lines: Sequence[Line], row: int, change: Line) -> list[Line]:
    """The lines with one row of data replaced."""
    at = data_at(lines, row)
    return [*lines[:at], change, *lines[at + 1 :]]


def row(lines: Sequence[Line], which: int) -> Line:
    """One row of data."""
    return lines[data_at(lines, which)]


@dataclass(frozen=True)
class Dialect:
    """How lines become text and text becomes bytes."""

    separator: str
    encoding: str
    line_end: str = "\r\n"
    mark: bytes = b""
    quotes_all: bool = False
    ends: bool = True
    """Whether the last line ends."""
    before: str = field(default="")
    """Text above everything, such as sep=;"""


def agreed(layout: Layout, **changes: object) -> Dialect:
    """The dialect that the partner's file specification names, with changes."""
    return replace(Dialect(layout.separator, layout.encoding), **changes)  # type: ignore[arg-type]


def text_of(line: Line, dialect: Dialect) -> str:
    """One line as text, without its end."""
    sink = io.StringIO()
    quoting: Literal[0, 1] = csv.QUOTE_ALL if dialect.quotes_all else csv.QUOTE_MINIMAL
    csv.writer(sink, delimiter=dialect.separator, lineterminator="\r\n", quoting=quoting).writerow(line.cells)  # quotes line ends too
    return sink.getvalue().removesuffix("\r\n")


def text_file(lines: Iterable[Line], dialect: Dialect) -> str:
    """All lines as one text."""
    joined = dialect.line_end.join(text_of(line, dialect) for line in lines)
    return dialect.before + joined + (dialect.line_end if dialect.ends else "")


def encoded(text: str, dialect: Dialect) -> bytes:
    """The bytes of a text; fails where the encoding lacks a letter, which a test table must not."""
    return dialect.mark + text.encode(dialect.encoding)


def text_bytes(lines: Iterable[Line], dialect: Dialect) -> bytes:
    """The lines as the bytes of a text file."""
    return encoded(text_file(lines, dialect), dialect)


def fault(
    family: str,
    layout: Layout,
    lines: Sequence[Line],
    payload: bytes | Dialect | None = None,
    *,
    outcome: Outcome = "right",
    refusals: Iterable[str] = (),
    says: Iterable[str] = (),
    variant: str = "",
) -> FaultFile:
    """A file of the lines, in the agreed dialect, in another, or with the bytes given."""
    if not isinstance(payload, bytes):
        payload = text_bytes(lines, payload or agreed(layout))
    assert outcome == "right" or refusals, "a file that may be refused says by which codes"
    return FaultFile(family, layout, payload, tuple(lines), outcome, frozenset(refusals), frozenset(says), variant)
