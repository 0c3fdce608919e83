"""Faults of dialect: separators, quotes and line ends that nobody agreed on.

Here: how cells and rows are kept apart. Never here: encodings, or what rows say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from faults.files import FaultFile, Line, agreed, changed, clean, data_at, encoded, fault, row, text_file, text_of
from faults.layouts import csv_layouts, english, french, spanish
from faults.real_layouts import harbour, hotline, real_csv_layouts

BROKEN_QUOTES = ("quote_unclosed", "row_ragged")
OTHERWISE = {"format_differs"}


def other_separators() -> Iterator[FaultFile]:
    """Semicolons, tabs, pipes and commas in place of what was agreed."""
    names = {";": "semicolons", "\t": "tabs", "|": "pipes", ",": "commas"}
    for layout in (*csv_layouts(), *real_csv_layouts()):
        for separator, name in names.items():
            if separator != layout.separator:
                yield fault("other-separator", layout, clean(layout), agreed(layout, separator=separator), says=OTHERWISE, variant=name)


def separator_line() -> Iterator[FaultFile]:
    """Excel's own first line that names the separator."""
    for layout in (*csv_layouts(), *real_csv_layouts()):
        for separator in dict.fromkeys((layout.separator, ";")):
            lines = [Line((f"sep={separator}",), codes=frozenset({"preamble"})), *clean(layout)]
            dialect = agreed(layout, separator=separator, before=f"sep={separator}\r\n")
            payload = encoded(text_file(lines[1:], dialect), dialect)
            variant = "agreed" if separator == layout.separator else "semicolons"
            yield fault("separator-line", layout, lines, payload, variant=variant)


def quotes_everywhere() -> Iterator[FaultFile]:
    """Every cell in quotes."""
    for layout in (*csv_layouts(), *real_csv_layouts()):
        yield fault("quotes-everywhere", layout, clean(layout), agreed(layout, quotes_all=True))


def line_ends() -> Iterator[FaultFile]:
    """LF alone, and CR alone as an old Macintosh wrote it."""
    for layout in (*csv_layouts(), *real_csv_layouts()):
        yield fault("line-ends", layout, clean(layout), agreed(layout, line_end="\n"), variant="lf")
        yield fault("line-ends", layout, clean(layout), agreed(layout, line_end="\r"), variant="cr")


def mixed_line_ends() -> Iterator[FaultFile]:
    """CRLF and LF in turn, as two systems append to one file."""
    for layout in (english(), french(), spanish(), harbour()):
        lines = clean(layout)
        dialect = agreed(layout)
        text = "".join(text_of(line, dialect) + ("\r\n", "\n")[at % 2] for at, line in enumerate(lines))
        yield fault("mixed-line-ends", layout, lines, encoded(text, dialect))


def line_end_in_a_cell() -> Iterator[FaultFile]:
    """A note of two lines, in quotes."""
    for layout in csv_layouts():
        for name, line_end in (("lf", "\n"), ("crlf", "\r\n")):
            lines = clean(layout)
            for which in (1, 5):
                note = f"first{line_end}second, third"
                lines = changed(lines, which, row(lines, which).with_cell(layout.place("note"), note).holding("narrative", note))
            yield fault("line-end-in-a-cell", layout, lines, agreed(layout, line_end=line_end), variant=name)


def line_end_in_the_header() -> Iterator[FaultFile]:
    """A header typed on two lines of its cell."""
    layout = english()
    lines = clean(layout)
    header = lines[0].with_cell(layout.place("day"), "Date\nregistered")
    yield fault(
        "line-end-in-header", layout, [header, *lines[1:]], outcome="either", refusals={"column_required_missing", "header_not_found"}
    )


def doubled_quotes() -> Iterator[FaultFile]:
    """Quotes within a cell, doubled as they should be."""
    for layout in csv_layouts():
        lines = clean(layout)
        note = 'said "come", then "go"'
        lines = changed(lines, 3, row(lines, 3).with_cell(layout.place("note"), note).holding("narrative", note))
        yield fault("doubled-quotes", layout, lines)


def bare_quote() -> Iterator[FaultFile]:
    """Quotes within a cell that stands in none: either what it says, or held; the rows below it stay whole."""
    for layout in (*csv_layouts(), harbour(), hotline()):
        lines = clean(layout)
        name = 'Anna "Nan" B'
        lines = changed(lines, 3, row(lines, 3).with_cell(layout.place("name"), name).holding("given_name", name).right_or(*BROKEN_QUOTES))
        dialect = agreed(layout)
        text = text_file(lines, dialect).replace('"Anna ""Nan"" B"', name)
        yield fault("bare-quote", layout, lines, encoded(text, dialect))


def undoubled_quote() -> Iterator[FaultFile]:
    """Quotes within a quoted cell, not doubled."""
    for layout in (*csv_layouts(), harbour()):
        lines = clean(layout)
        note = f'said "come", then{layout.separator} go'
        lines = changed(lines, 3, row(lines, 3).with_cell(layout.place("note"), note).holding("narrative", note).right_or(*BROKEN_QUOTES))
        dialect = agreed(layout)
        text = text_file(lines, dialect).replace('""', '"')
        yield fault("undoubled-quote", layout, lines, encoded(text, dialect), outcome="either", refusals={"file_unreadable"})


def unclosed_quote() -> Iterator[FaultFile]:
    """A quote that opens a cell and never closes: that row is held, the rows below it stay whole."""
    for layout in (*csv_layouts(), *real_csv_layouts()):
        for variant, which in (("middle", 5), ("first", 0), ("last", -1)):
            at = data_at(clean(layout), which)
            lines = changed(clean(layout), which, row(clean(layout), which).held(*BROKEN_QUOTES))
            dialect = agreed(layout)
            parts = [text_of(line, dialect) for line in lines]
            name = str(lines[at].cells[layout.place("name")])
            parts[at] = parts[at].replace(name, f'"{name}', 1)
            payload = encoded("\r\n".join(parts) + "\r\n", dialect)
            yield fault("unclosed-quote", layout, lines, payload, variant=variant)


def spaces_around_separators() -> Iterator[FaultFile]:
    """Cells padded with spaces."""
    for layout in csv_layouts():
        lines = clean(layout)
        padded = [replace(line, cells=tuple(f" {cell}  " for cell in line.cells)) for line in lines]
        yield fault("padded-cells", layout, padded)


def no_last_line_end() -> Iterator[FaultFile]:
    """The last line does not end, but is whole."""
    for layout in (*csv_layouts(), *real_csv_layouts()):
        yield fault("no-last-line-end", layout, clean(layout), agreed(layout, ends=False))


FAMILIES = (
    other_separators,
    separator_line,
    quotes_everywhere,
    line_ends,
    mixed_line_ends,
    line_end_in_a_cell,
    line_end_in_the_header,
    doubled_quotes,
    bare_quote,
    undoubled_quote,
    unclosed_quote,
    spaces_around_separators,
    no_last_line_end,
)
