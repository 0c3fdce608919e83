"""The 24 files by which readers are compared: a hundred rows of eight columns, one fault each.

Here: the files of the benchmark. Never here: what a reader makes of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from faults.files import FaultFile, Line, agreed, changed, clean, data_at, encoded, fault, row, text_bytes, text_file, text_of
from faults.layouts import Layout, arabic, english, french
from faults.people import Victim, victims

ROWS = 100
KINDS = ("number", "day", "name", "gender", "age", "country", "document", "note")
NOT_RECORDS = frozenset({"preamble", "row_blank", "header_repeated", "totals_row"})
"""Rows that are no record: a reader may leave them out or keep them."""
DAMAGED = frozenset({"row_ragged", "quote_unclosed", "text_undecodable"})
"""Rows that are not whole: a reader must name them, or have them right."""


def one_fault_files() -> list[FaultFile]:
    """The files, in the order in which the faults are usually listed."""
    return [*_encodings(), *_dialects(), *_rows(), *_ends(), *_cells()]


def _english() -> Layout:
    return english().only(*KINDS)


def _people(words: str = "en") -> list[Victim]:
    """The clean table without leading zeros, which are a fault of their own."""
    return [replace(v, number=str(1001 + n), document=f"P{n + 71_234}") for n, v in enumerate(victims(words, ROWS))]


def _clean(layout: Layout) -> list[Line]:
    return clean(layout, people=_people(layout.words))


def _encodings() -> list[FaultFile]:
    en, fr, ar = _english(), french().only(*KINDS), arabic().only(*KINDS)
    lines = _clean(en)
    pasted = changed(lines, 60, row(lines, 60).held("text_undecodable"))
    at = data_at(lines, 60)
    parts = [text_of(line, agreed(en)) + "\r\n" for line in lines]
    one_row = b"".join(part.encode("cp1252" if place == at else "utf-8") for place, part in enumerate(parts))
    return [
        fault("mark, semicolons, decimal comma", fr, _clean(fr), replace(agreed(fr), encoding="utf-8", mark=b"\xef\xbb\xbf")),
        fault("cp1252", fr, _clean(fr), agreed(fr, encoding="cp1252")),
        fault("UTF-16 with tabs", en, lines, agreed(en, encoding="utf-16-le", mark=b"\xff\xfe", separator="\t")),
        fault("one row of cp1252 in UTF-8", en, pasted, one_row),
        fault("Arabic header", ar, _clean(ar)),
    ]


def _dialects() -> list[FaultFile]:
    en = _english()
    lines = _clean(en)
    dialect = agreed(en)
    unclosed = changed(lines, 50, row(lines, 50).held("quote_unclosed", "row_ragged"))
    parts = [text_of(line, dialect) for line in unclosed]
    at = data_at(lines, 50)
    name = str(lines[at].cells[en.place("name")])
    parts[at] = parts[at].replace(name, f'"{name}', 1)
    noted = changed(lines, 50, row(lines, 50).with_cell(en.place("note"), "first\nsecond, third"))
    named = [Line(("sep=;",), codes=frozenset({"preamble"})), *lines]
    excel = agreed(en, separator=";", before="sep=;\r\n")
    return [
        fault("pipes", en, lines, agreed(en, separator="|")),
        fault("unclosed quote", en, unclosed, encoded("\r\n".join(parts) + "\r\n", dialect)),
        fault("line ends in a cell", en, noted),
        fault("CR alone ends lines", en, lines, agreed(en, line_end="\r")),
        fault("Excel's sep=;", en, named, encoded(text_file(lines, excel), excel)),
    ]


def _rows() -> list[FaultFile]:
    en = _english()
    lines = _clean(en)
    header = Line(en.headers, codes=frozenset({"header_repeated"}))
    ragged = changed(lines, 70, Line((*row(lines, 70).cells, "x")).held("row_ragged"))
    ragged = changed(ragged, 30, Line(row(lines, 30).cells[:-2]).held("row_ragged"))
    above = [Line((title,), codes=frozenset({"preamble"})) for title in ("Export of March", "Restricted")]
    blank = Line(("",) * len(KINDS), codes=frozenset({"row_blank"}))
    total = Line(("Total", "100", *[""] * (len(KINDS) - 2)), codes=frozenset({"totals_row"}))
    return [
        fault("ragged rows", en, ragged),
        fault("preamble above the header", en, [*above, *lines]),
        fault("header twice", en, [lines[0], header, *lines[1:]]),
        fault("blank rows at the end", en, [*lines, *[blank] * 20]),
        fault("totals row", en.declared(totals_marker="Total"), [*lines, total]),
    ]


def _ends() -> list[FaultFile]:
    en = _english()
    lines = _clean(en)
    cells = row(lines, -1).cells
    cut = changed(lines, -1, Line((*cells[:4], str(cells[4])[:1])).held("row_ragged"))
    broken = changed(lines, 40, row(lines, 40).with_cell(en.place("name"), "Zo\0e").held("text_undecodable"))
    return [
        fault("NUL in a cell", en, broken),
        fault("header only", en, lines[:1]),
        fault("empty", en, [], b"", outcome="refused", refusals={"file_empty"}),
        fault("cut in the last row", en, cut, text_bytes(cut, agreed(en, ends=False))),
    ]


def _cells() -> list[FaultFile]:
    en = _english()
    people = _people()
    lines = _clean(en)
    late = changed(lines, 97, row(lines, 97).with_cell(en.place("age"), "about 30"))
    zeros = clean(en, people=[replace(v, number=f"{n:08d}", document=f"{n:012d}") for n, v in enumerate(people)])
    serials = lines
    for which in range(5, ROWS, 10):
        serial = (people[which].registered - date(1899, 12, 30)).days
        serials = changed(serials, which, row(serials, which).with_cell(en.place("day"), str(serial)))
    both = [replace(v, registered=date(2023, 1 + n % 12, 1 + n % 11)) for n, v in enumerate(people)]
    return [
        fault("d/m/Y dates", en, _days(en, _clean(en), people)),
        fault("text late in a number column", en, late),
        fault("leading zeros", en, zeros),
        fault("Excel day numbers among dates", en, serials),
        fault("dates that are all ambiguous", en, _days(en, clean(en, people=both), both)),
    ]


def _days(layout: Layout, lines: list[Line], people: list[Victim]) -> list[Line]:
    """The lines with their days before their months."""
    at = layout.place("day")
    return [lines[0], *(line.with_cell(at, v.registered.strftime("%d/%m/%Y")) for line, v in zip(lines[1:], people, strict=True))]


__all__ = ["DAMAGED", "NOT_RECORDS", "one_fault_files"]
