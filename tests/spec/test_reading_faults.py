"""The ways in which partners' files are broken, one at a time: what was meant is read, and what cannot be read is said."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from ingest.reading.reader import TextTable, identify, read
from schemas.errors import BatchRefused
from schemas.partner import Partner, PartnerFile

HEADER = ["id", "date", "name", "sex", "amount", "country", "age", "note"]
ROWS = [
    [f"{number:04d}", f"2020-03-{number % 28 + 1:02d}", "Zoë" if number % 3 else "فاطمة", "femme", "12,5", "FR", str(number % 80), "été"]
    for number in range(100)
]
LATIN_ROWS = [[cell.replace("فاطمة", "Añá") for cell in row] for row in ROWS]
FIELDS = {
    "id": "source_record_id",
    "date": "registration_date",
    "name": "given_name",
    "sex": "gender_code",
    "country": "citizenship_code",
    "age": "age_years",
}
ARABIC = {
    "id": "رقم الملف",
    "date": "التاريخ",
    "name": "الاسم",
    "sex": "الجنس",
    "amount": "المبلغ",
    "country": "البلد",
    "age": "العمر",
    "note": "ملاحظة",
}


def file_of(**file_format: object) -> PartnerFile:
    columns = {name: {"field": field, "also": [ARABIC[name]]} for name, field in FIELDS.items()}
    columns["sex"]["lookup"] = {"femme": "woman", "Zoë": "woman"}  # type: ignore[assignment]
    return PartnerFile.model_validate(
        {"name": "main", "columns": columns, "ignored": {"amount": "no", "note": "no"}, "format": file_format}
    )


def text_of(rows: list[list[str]], separator: str = ";", line_end: str = "\n", header: list[str] | None = None) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in (separator, '"', "\n")) else text

    return "".join(separator.join(map(cell, row)) + line_end for row in [header or HEADER, *rows])


def read_rows(table: TextTable) -> list[list[str]]:
    return [list(row) for row in table.frame.drop("row_number").iter_rows()]


def said(table: TextTable) -> list[tuple[int | None, str]]:
    return table.problems.select("row_number", "code").sort(pl.all(), nulls_last=True).rows()


SOUND = text_of(ROWS)
LINES = SOUND.splitlines(keepends=True)


def with_line(number: int, change: Callable[[str], str]) -> str:
    """The sound file with its line of that number (the header's is 1) changed."""
    return "".join(change(line) if position == number else line for position, line in enumerate(LINES, start=1))


@pytest.mark.parametrize(
    ("payload", "agreed"),
    [
        (SOUND.encode(), {"separator": ";"}),
        (SOUND.encode("utf-8-sig"), {"separator": ";"}),
        (text_of(ROWS, "\t").encode("utf-16"), {"separator": "\t", "encoding": "utf-16"}),
        (text_of(ROWS, "|").encode(), {"separator": "|"}),
        (text_of(ROWS, line_end="\r").encode(), {"separator": ";"}),
        (text_of(ROWS, line_end="\r\n").encode(), {"separator": ";"}),
        (text_of(ROWS, header=[name.upper() for name in HEADER]).encode(), {"separator": ";"}),
    ],
)
def test_what_is_no_fault_is_read_without_a_word(payload: bytes, agreed: dict[str, object]) -> None:
    table = read(payload, file_of(**agreed))
    assert (read_rows(table), said(table)) == (ROWS, [])


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_another_separator_and_encoding_than_agreed(separator: str, encoding: str) -> None:
    file = file_of(separator="," if separator != "," else ";")
    table = read(text_of(ROWS, separator).encode(encoding), file)
    assert (read_rows(table), said(table)) == (ROWS, [(None, "format_differs")])


def test_cp1252_in_place_of_utf_8_is_taken_on_evidence() -> None:
    table = read(text_of(LATIN_ROWS).encode("cp1252"), file_of(separator=";"))
    assert (read_rows(table), said(table)) == (LATIN_ROWS, [(None, "format_differs")])


def test_excels_separator_line() -> None:
    table = read(("sep=;\n" + SOUND).encode(), file_of(separator=","))
    assert (read_rows(table), said(table)) == (ROWS, [(1, "preamble"), (None, "format_differs")])


def test_a_preamble_a_repeated_header_blank_tails_and_totals() -> None:
    page = "Centre d'aide\n\nExporté le 3 mars;par;moi\n"
    tail = ";;;;;;;\n\n   ;\nTotal;;;;1 250,50;;4950;\n"
    table = read((page + "".join(LINES[:51]) + LINES[0] + "".join(LINES[51:]) + tail).encode(), file_of(separator=";"))
    assert read_rows(table) == ROWS
    assert said(table) == [
        (1, "preamble"),
        (2, "row_blank"),
        (3, "preamble"),
        (55, "header_repeated"),
        (106, "row_blank"),
        (107, "row_blank"),
        (108, "row_blank"),
        (109, "totals_row"),
    ]


@pytest.mark.parametrize("word", ["TOTAL", "Totaux :", "Total général", "Suma", "المجموع", "الإجمالي", "Subtotal"])
def test_a_totals_row_is_known_by_its_word_and_its_numbers(word: str) -> None:
    assert said(read((SOUND + f";{word};;;12;;100;\n").encode(), file_of(separator=";"))) == [(102, "totals_row")]
    person = [word, "2020-01-01", "Ana", "femme", "1", "FR", "2", "x"]
    assert read_rows(read((SOUND + ";".join(person) + "\n").encode(), file_of(separator=";")))[-1] == person


def test_a_line_end_in_a_cell() -> None:
    rows = [[*row[:-1], "one\n\ntwo; three\r\nfour"] if number == 50 else row for number, row in enumerate(ROWS)]
    table = read(text_of(rows).encode(), file_of(separator=";"))
    assert (read_rows(table), said(table)) == (rows, [])
    assert table.frame["row_number"].to_list() == list(range(2, 102))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda line: line.replace(";Zoë;", ';"Zoë;'), "quote_unclosed"),
        (lambda line: '"' + line, "quote_unclosed"),
        (lambda line: line.replace("été", '"été'), "quote_unclosed"),
        (lambda line: line.replace("Zoë", 'O"Brien'), "quote_unclosed"),
        (lambda line: line.replace("Zoë", 'Zoë "Z"'), "quote_unclosed"),
        (lambda line: line.replace("Zoë", '"Zoë" Z'), "quote_unclosed"),
        (lambda line: line.replace("Zoë", '5"'), "quote_unclosed"),
        (lambda line: line.replace(";femme", ""), "row_ragged"),
        (lambda line: line.replace("femme", "fem;me"), "row_ragged"),
        (lambda line: line.replace("femme", "fem\0me"), "text_undecodable"),
        (lambda line: line.replace("femme", "fe\ufffdme"), "text_undecodable"),
    ],
)
@pytest.mark.parametrize("number", [3, 52])
def test_a_row_that_cannot_be_read_is_said_and_nothing_else_is_lost(change: Callable[[str], str], code: str, number: int) -> None:
    table = read(with_line(number, change).encode(), file_of(separator=";"))
    assert said(table) == [(number, code)]
    assert read_rows(table) == [row for position, row in enumerate(ROWS, start=2) if position != number]


def test_an_unclosed_mark_that_another_one_closes_swallows_no_rows() -> None:
    text = with_line(21, lambda line: line.replace(";Zoë;", ';"Zoë;'))
    text = text.replace("\n0060;2020-03-05;فاطمة;", '\n0060;2020-03-05;فاطمة";')
    table = read(text.encode(), file_of(separator=";"))
    assert said(table) == [(21, "quote_unclosed"), (62, "quote_unclosed")]
    assert table.frame.height == 98


def test_marks_in_every_cell_with_one_missing() -> None:
    def quoted(row: list[str]) -> str:
        return ";".join(f'"{cell}"' for cell in row) + "\n"

    lines = [quoted(row) for row in [HEADER, *ROWS]]
    lines[40] = lines[40].replace('Zoë"', "Zoë").replace('فاطمة"', "فاطمة")
    table = read("".join(lines).encode(), file_of(separator=";"))
    assert (said(table), table.frame.height) == ([(41, "quote_unclosed")], 99)


def test_one_row_of_another_encoding() -> None:
    lines = [line.encode("cp1252" if number == 51 else "utf-8") for number, line in enumerate(LINES)]
    table = read(b"".join(lines), file_of(separator=";"))
    assert (said(table), table.frame.height) == ([(52, "text_undecodable")], 99)


@pytest.mark.parametrize("text", ["été", "à", "d’ici", "نعم", "Œuvre", "да"])
@pytest.mark.parametrize("taken_for", ["cp1252", "latin-1"])
def test_a_row_that_was_encoded_twice(text: str, taken_for: str) -> None:
    spoilt = text.encode().decode(taken_for, "replace")
    table = read(with_line(9, lambda line: line.replace("femme", spoilt)).encode(), file_of(separator=";"))
    assert (said(table), table.frame.height) == ([(9, "text_undecodable")], 99)
    assert said(read(SOUND.replace("femme", text).encode(), file_of(separator=";"))) == []


def test_arabic_headers() -> None:
    table = read(text_of(ROWS, header=[ARABIC[name] for name in HEADER]).encode(), file_of(separator=";"))
    assert table.frame.columns == ["row_number", *(ARABIC[name] if name in ("amount", "note") else name for name in HEADER)]
    assert (read_rows(table), said(table)) == (ROWS, [])


def test_a_header_alone_has_no_rows() -> None:
    for text in (LINES[0], LINES[0].strip()):
        table = read(text.encode(), file_of(separator=";"))
        assert (table.received, table.frame.columns, said(table)) == (0, ["row_number", *HEADER], [])


def test_an_empty_file() -> None:
    partner = Partner.model_validate({"name": "one", "title": "one", "language": "en", "agreement": "none", "files": [file_of()]})
    for payload in (b"", b" \r\n\n", b"\xef\xbb\xbf", b"\xff\xfe"):
        with pytest.raises(BatchRefused) as refused:
            identify([payload], partner)
        assert refused.value.code == "file_empty"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_that_was_cut_in_its_last_row(encoding: str) -> None:
    file = file_of(separator=";", encoding=encoding)
    in_a_cell = read(SOUND[:-3].encode(encoding), file)
    assert (said(in_a_cell), in_a_cell.frame.height) == ([(None, "last_line_open")], 100)
    in_the_middle = read(SOUND[:-20].encode(encoding), file)
    assert (said(in_the_middle), in_the_middle.frame.height) == ([(101, "row_ragged"), (None, "last_line_open")], 99)
    in_a_character = read(SOUND.encode(encoding)[:-3] if encoding == "utf-16" else SOUND.encode()[:-2], file)
    assert said(in_a_character) == [(101, "text_undecodable"), (None, "last_line_open")]


def test_a_banner_over_an_empty_column() -> None:
    rows = [[*row[:3], "", *row[3:]] for row in ROWS]
    for banner in ("DONNÉES DU DOSSIER", ""):
        table = read(text_of(rows, header=[*HEADER[:3], banner, *HEADER[3:]]).encode(), file_of(separator=";"))
        assert table.frame.columns[4] == (banner or "column 4")
        assert (read_rows(table), said(table)) == (rows, [])
