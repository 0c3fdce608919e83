"""Faults of rows: what stands above, between and below the records, and rows that are not whole.

Here: rows. Never here: what one cell says, or how cells are kept apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from faults.files import FaultFile, Line, agreed, changed, clean, data_at, encoded, fault, header_at, row, text_bytes, text_file, text_of
from faults.layouts import Layout, csv_layouts, english, french, spanish
from faults.people import victims
from faults.real_layouts import harbour, police, real_csv_layouts

NO_RECORD = ("totals_row", "row_ragged", "required_missing", "date_invalid", "record_id_missing", "category_unknown", "number_invalid")
"""How a row that is no record may be held, where nobody said what it would look like."""


def _all() -> tuple[Layout, ...]:
    return (*csv_layouts(), *real_csv_layouts())


def _other(*cells: str, width: int = 0, codes: tuple[str, ...]) -> Line:
    return Line((*cells, *[""] * (width - len(cells))), codes=frozenset(codes))


def ragged_rows() -> Iterator[FaultFile]:
    """A row that lacks its last cells, and one that has some too many."""
    for layout in _all():
        lines = clean(layout)
        short, long = row(lines, 2), row(lines, 7)
        lines = changed(lines, 2, Line(short.cells[:-3]).held("row_ragged"))
        at = data_at(lines, 6)  # the short row is data no more
        lines[at] = Line((*long.cells[:3], "x", *long.cells[3:])).held("row_ragged")
        yield fault("ragged-rows", layout, lines)


def an_unquoted_separator() -> Iterator[FaultFile]:
    """A note with the separator in it, not quoted, so that the row is one cell too long."""
    for layout in csv_layouts():
        lines = clean(layout)
        note = f"one{layout.separator} two"
        lines = changed(lines, 4, row(lines, 4).with_cell(layout.place("note"), note).held("row_ragged"))
        dialect = agreed(layout)
        yield fault("unquoted-separator", layout, lines, encoded(text_file(lines, dialect).replace(f'"{note}"', note), dialect))


def empty_columns_at_the_end() -> Iterator[FaultFile]:
    """Separators after the last cell of every line, the header's too."""
    for layout in _all():
        lines = [Line((*line.cells, "", ""), line.record, line.codes) for line in clean(layout)]
        yield fault("empty-columns", layout, lines)


def separators_after_the_rows() -> Iterator[FaultFile]:
    """Separators after the last cell of every row but the header: nothing is in them, so either way is right."""
    for layout in (english(), french(), harbour()):
        lines = [line if line.record is None else Line((*line.cells, ""), line.record).right_or("row_ragged") for line in clean(layout)]
        yield fault("separators-after-rows", layout, lines)


def preamble() -> Iterator[FaultFile]:
    """Titles and a blank line above the header."""
    titles = {
        "en": "Export of March",
        "fr": "Export de mars",
        "es": "Exportación de marzo",
        "ar": "تصدير شهر مارس",
        "uk": "Експорт за березень",
    }
    for layout in _all():
        width = len(layout.headers)
        above = [
            _other(titles[layout.words], width=width, codes=("preamble",)),
            _other("2023", width=width, codes=("preamble",)),
            _other(width=width, codes=("row_blank", "preamble")),
        ]
        yield fault("preamble", layout, [*above, *clean(layout)], variant="padded")
        bare = [Line((titles[layout.words],), codes=frozenset({"preamble"})), Line((), codes=frozenset({"row_blank", "preamble"}))]
        yield fault("preamble", layout, [*bare, *clean(layout)], variant="bare")


def long_preamble() -> Iterator[FaultFile]:
    """Twelve lines of explanations above the header."""
    for layout in (english(), french(), spanish()):
        above = [Line((f"{number}. How to read this export",), codes=frozenset({"preamble"})) for number in range(12)]
        yield fault("long-preamble", layout, [*above, *clean(layout)])


def header_twice() -> Iterator[FaultFile]:
    """The header twice at the top, as when two exports were pasted under one title."""
    for layout in _all():
        lines = clean(layout)
        at = header_at(lines)
        again = Line(layout.headers, codes=frozenset({"header_repeated", "preamble"}))
        yield fault("header-twice", layout, [*lines[: at + 1], again, *lines[at + 1 :]])


def header_again() -> Iterator[FaultFile]:
    """The header again in the middle and at the end, where two exports meet."""
    for layout in _all():
        lines = clean(layout)
        middle = data_at(lines, 6)
        again = Line(layout.headers, codes=frozenset({"header_repeated"}))
        yield fault("header-again", layout, [*lines[:middle], again, *lines[middle:], again])


def two_header_lines() -> Iterator[FaultFile]:
    """A second line of titles under the header, declared, and not declared: then it is held like any row that is no record."""
    for layout in csv_layouts():
        lines = clean(layout)
        titles = tuple(f"({at})" for at in range(1, len(layout.headers) + 1))
        declared = layout.declared(label_rows=1)
        yield fault(
            "two-header-lines", declared, [lines[0], Line(titles, codes=frozenset({"header_repeated"})), *lines[1:]], variant="declared"
        )
        held = frozenset({*NO_RECORD, "header_repeated"})
        yield fault("two-header-lines", layout, [lines[0], Line(titles, codes=held), *lines[1:]], variant="undeclared")


def blank_rows() -> Iterator[FaultFile]:
    """Blank lines in the middle, and a tail of them."""
    for layout in _all():
        blank = Line((), codes=frozenset({"row_blank"}))
        lines = clean(layout)
        middle = data_at(lines, 5)
        yield fault("blank-rows", layout, [*lines[:middle], blank, *lines[middle:], *[blank] * 20])


def rows_of_separators() -> Iterator[FaultFile]:
    """Rows of separators and of spaces, as a spreadsheet saves what was once formatted."""
    for layout in _all():
        empty = _other(width=len(layout.headers), codes=("row_blank",))
        spaces = Line((" ",) * len(layout.headers), codes=frozenset({"row_blank"}))
        yield fault("rows-of-separators", layout, [*clean(layout), empty, spaces, *[empty] * 10])


def totals_row() -> Iterator[FaultFile]:
    """A total below the records, with the word agreed, in five languages."""
    for layout in [layout.declared(totals_marker=layout.total) for layout in csv_layouts()]:
        total = _other(layout.total, "12", width=len(layout.headers), codes=("totals_row",))
        yield fault("totals-row", layout, [*clean(layout), total], variant="agreed")
    total = _other(police().total, "12", width=len(police().headers), codes=("totals_row",))
    yield fault("totals-row", police(), [*clean(police()), total], variant="agreed")


def totals_row_not_agreed() -> Iterator[FaultFile]:
    """A total that nobody spoke of: no record, however it is held."""
    for layout in _all():
        if layout.name == "fr-police":
            continue
        total = _other(layout.total, "12", width=len(layout.headers), codes=NO_RECORD)
        yield fault("totals-row", layout, [*clean(layout), total], variant="not-agreed")
        short = Line((layout.total, "12"), codes=frozenset(NO_RECORD))
        yield fault("totals-row", layout, [*clean(layout), short], variant="not-agreed-short")


def footnotes() -> Iterator[FaultFile]:
    """A source and a date below the records."""
    for layout in (english(), french(), spanish(), harbour()):
        notes = [_other("Source: the register", codes=NO_RECORD), _other("Printed on 3 May", width=len(layout.headers), codes=NO_RECORD)]
        yield fault("footnotes", layout, [*clean(layout), *notes])


def banner_row() -> Iterator[FaultFile]:
    """A month's name in a cell of its own between the records."""
    for layout in _all():
        lines = clean(layout)
        at = data_at(lines, 6)
        banner = _other("— 2023 —", width=len(layout.headers), codes=NO_RECORD)
        yield fault("banner-row", layout, [*lines[:at], banner, *lines[at:]])


def header_only() -> Iterator[FaultFile]:
    """A header and nothing else: no rows, or refused as empty."""
    for layout in _all():
        lines = clean(layout, rows=0)
        yield fault("header-only", layout, lines, outcome="either", refusals={"file_empty"})


def nothing_at_all() -> Iterator[FaultFile]:
    """No byte; blanks alone; a mark alone."""
    for layout in (english(), french(), arabic_or_shelter()):
        for variant, payload in (
            ("empty", b""),
            ("blanks", b" \r\n \n\t\n"),
            ("mark", b"\xef\xbb\xbf"),
            ("separators", b",,,\r\n,,,\r\n;;\r\n"),
        ):
            refusals = {"file_empty", "header_not_found"} if variant == "separators" else {"file_empty"}
            yield fault("nothing", layout, [], payload, outcome="refused", refusals=refusals, variant=variant)


def arabic_or_shelter() -> Layout:
    """The Arabic partner."""
    return csv_layouts()[3]


def cut_in_the_last_row() -> Iterator[FaultFile]:
    """The file ends in the middle of the last row."""
    for layout in _all():
        lines = clean(layout)
        cells = row(lines, -1).cells
        kept = len(cells) // 2
        lines = changed(lines, -1, Line((*cells[:kept], str(cells[kept])[:1])).held("row_ragged"))
        yield fault("cut-in-last-row", layout, lines, agreed(layout, ends=False))


def cut_in_the_last_cell() -> Iterator[FaultFile]:
    """The file ends in the last cell: no program can know what is lost, so it must be said that the line does not end."""
    for layout in csv_layouts():
        lines = clean(layout)
        note = "cut in the mid"
        lines = changed(lines, -1, row(lines, -1).with_cell(layout.place("note"), note).holding("narrative", note).right_or("row_ragged"))
        yield fault("cut-in-last-cell", layout, lines, agreed(layout, ends=False), says={"last_line_open"})


def cut_in_a_quoted_cell() -> Iterator[FaultFile]:
    """The file ends within quotes."""
    for layout in csv_layouts():
        lines = clean(layout)
        note = f"cut{layout.separator} in the mid"
        lines = changed(lines, -1, row(lines, -1).with_cell(layout.place("note"), note).held("quote_unclosed", "row_ragged"))
        payload = text_bytes(lines, agreed(layout, ends=False))[:-1]
        yield fault("cut-in-a-quoted-cell", layout, lines, payload, outcome="either", refusals={"file_unreadable"})


def repeated_rows() -> Iterator[FaultFile]:
    """A row twice: one of the two is held."""
    for layout in _all():
        lines = clean(layout)
        again = row(lines, 3).held("row_repeated")
        yield fault("repeated-rows", layout, [*lines, again])


def conflicting_numbers() -> Iterator[FaultFile]:
    """Two different rows under one number: at most one of them is taken."""
    for layout in _all():
        people = victims(layout.words)
        lines = clean(layout)
        twin = layout.cells(people[3])
        other = Line(twin, layout.record(people[3])).with_cell(layout.place("name"), "Another").holding("given_name", "Another")
        lines = changed(lines, 3, row(lines, 3).right_or("record_id_repeated"))
        yield fault("conflicting-numbers", layout, [*lines, other.right_or("record_id_repeated")])


def numbers_missing() -> Iterator[FaultFile]:
    """Rows without their number."""
    for layout in _all():
        lines = clean(layout)
        lines = changed(lines, 2, row(lines, 2).with_cell(layout.place("number"), " ").held("record_id_missing"))
        yield fault("number-missing", layout, lines)


def swapped_rows_in_one_line() -> Iterator[FaultFile]:
    """Two rows on one line, where a line end was lost."""
    for layout in (english(), french(), harbour()):
        lines = clean(layout)
        first, second = row(lines, 4), row(lines, 5)
        at = data_at(lines, 4)
        joined = Line((*first.cells, *second.cells)).held("row_ragged")
        lines = [*lines[:at], joined, *lines[at + 2 :]]
        dialect = agreed(layout)
        yield fault("lost-line-end", layout, lines, encoded("\r\n".join(text_of(line, dialect) for line in lines) + "\r\n", dialect))


FAMILIES = (
    ragged_rows,
    an_unquoted_separator,
    empty_columns_at_the_end,
    separators_after_the_rows,
    preamble,
    long_preamble,
    header_twice,
    header_again,
    two_header_lines,
    blank_rows,
    rows_of_separators,
    totals_row,
    totals_row_not_agreed,
    footnotes,
    banner_row,
    header_only,
    nothing_at_all,
    cut_in_the_last_row,
    cut_in_the_last_cell,
    cut_in_a_quoted_cell,
    repeated_rows,
    conflicting_numbers,
    numbers_missing,
    swapped_rows_in_one_line,
)
