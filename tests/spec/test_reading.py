"""Reading: bytes in, a table of text out, and every row that is no record named with its reason."""

from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from ingest.reading.reader import TextTable, best_partner, identify, open_reading, read
from schemas.errors import BatchRefused
from schemas.partner import Partner, PartnerFile

COLUMNS = {
    "id": {"field": "source_record_id"},
    "date": {"field": "registration_date", "date_format": "%Y-%m-%d"},
    "name": {"field": "given_name"},
}


def file_of(**changes: object) -> PartnerFile:
    return PartnerFile.model_validate({"name": "main", "columns": COLUMNS, **changes})


def partner_of(name: str, *files: PartnerFile) -> Partner:
    return Partner.model_validate({"name": name, "title": name, "language": "en", "agreement": "none", "files": list(files)})


def cells(table: TextTable) -> list[tuple[object, ...]]:
    return table.frame.rows()


def codes(table: TextTable) -> list[str]:
    return table.problems["code"].to_list()


def reasons(table: TextTable) -> list[tuple[int, str]]:
    return table.problems.filter(pl.col("row_number").is_not_null()).sort("row_number").select("row_number", "code").rows()


def test_a_plain_file() -> None:
    table = read(b"id,date,name\n007,2020-01-01,Ana\n", file_of())
    assert table.frame.columns == ["row_number", "id", "date", "name"]
    assert cells(table) == [(2, "007", "2020-01-01", "Ana")]
    assert (table.received, table.problems.height) == (1, 0)


def test_every_row_that_is_no_record_has_its_reason() -> None:
    text = (
        "sep=;\n"  # 1 preamble
        "Export of March;;\n"  # 2 preamble
        ";;\n"  # 3 blank
        "ID; Date ;name\n"  # 4 the header, in other letters
        "number;day;first name\n"  # 5 titles
        "1;2020-01-01;Ana\n"  # 6
        "\n"  # 7 blank
        "2;2020-01-01\n"  # 8 ragged
        "id;date;name\n"  # 9 the header again
        '3;2020-01-01;"two\nlines"\n'  # 10, one row of a spreadsheet
        "4;2020-01-01;Eva;\n"  # 11 ragged
        "Total;2;\n"  # 12 totals
    )
    table = read(text.encode(), file_of(format={"separator": ";", "label_rows": 1, "totals_marker": "total"}))
    assert cells(table) == [(6, "1", "2020-01-01", "Ana"), (10, "3", "2020-01-01", "two\nlines")]
    assert reasons(table) == [
        (1, "preamble"),
        (2, "preamble"),
        (3, "row_blank"),
        (5, "header_repeated"),
        (7, "row_blank"),
        (8, "row_ragged"),
        (9, "header_repeated"),
        (11, "row_ragged"),
        (12, "totals_row"),
    ]
    assert table.received == table.frame.height + table.problems.height


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-8-sig", "cp1252"),
        ("utf-16", "utf-8"),
        ("cp1252", "cp1252"),
        ("utf-16-le", "utf-16-le"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, declared: str, line_end: str) -> None:
    text = line_end.join(["id,date,name", "1,2020-01-01,Zoë", "2,2020-01-01,Añá"])
    table = read(text.encode(encoding), file_of(format={"encoding": declared}))
    assert cells(table) == [(2, "1", "2020-01-01", "Zoë"), (3, "2", "2020-01-01", "Añá")]


@pytest.mark.parametrize(
    ("written", "declared", "name"),
    [
        ("cp1252", "cp1252", "Zoë Añá"),
        ("utf-8", "cp1252", "Zoë Añá"),
        ("cp1256", "cp1256", "فاطمة"),
        ("utf-8", "cp1256", "فاطمة"),
        ("utf-8", "iso-8859-1", "Müller, née Brontë"),
        ("gbk", "gbk", "联通"),  # its bytes are UTF-8 too, by chance
    ],
)
def test_utf_8_under_the_declaration_of_a_one_byte_encoding_is_read_as_utf_8(written: str, declared: str, name: str) -> None:
    table = read(f"id;date;name\n1;2020-01-01;{name}\n".encode(written), file_of(format={"encoding": declared, "separator": ";"}))
    assert cells(table) == [(2, "1", "2020-01-01", name)]
    assert codes(table) == (["format_differs"] if written != declared else [])


def test_headers_are_the_same_with_straight_and_curly_apostrophes_in_any_composition() -> None:
    file = file_of(columns={**COLUMNS, "numéro d'ordre": {"field": "source_case_id"}})
    table = read("id,date,name,NUME\u0301RO D\u2019ORDRE\n1,2020-01-01,Ana,7\n".encode(), file)
    assert table.frame.columns == ["row_number", "id", "date", "name", "numéro d'ordre"]


def test_a_row_of_another_encoding_is_held_alone() -> None:
    payload = "id,date,name\n1,2020-01-01,Zoë\n".encode() + "2,2020-01-01,Zoë\n".encode("cp1252") + b"3,2020-01-01,Ana\n"
    table = read(payload, file_of())
    assert [row[1] for row in cells(table)] == ["1", "3"]
    assert reasons(table) == [(3, "text_undecodable")]


def test_a_sign_of_lost_characters_is_another_encoding_too() -> None:
    assert reasons(read("id,date,name\n1,2020-01-01,Zo\ufffd\n".encode(), file_of())) == [(2, "text_undecodable")]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "file_empty"),
        (b" \n\n", "file_empty"),
        (b"a,b,c\n1,2020-01-01,CANARY\n", "header_not_found"),
        (b"1,2020-01-01,CANARY\n", "header_not_found"),
        (b"id,date,Date \n1,2020-01-01,CANARY\n", "column_repeated"),
        (b"id,date,name,Record number\n1,2020-01-01,CANARY,2\n", "column_repeated"),
        (b"PK\x03\x04CANARY", "file_unreadable"),
        (b"PAR1CANARY", "file_unreadable"),
        (b"%PDF-1.7\n\x01\x02CANARY", "file_unreadable"),
        (b"id,date,name\n" + b"CANARY" * (11 << 20), "file_unreadable"),
    ],
)
def test_what_cannot_be_read_is_refused_whole_and_without_a_value(payload: bytes, code: str) -> None:
    with pytest.raises(BatchRefused) as refused:
        read(payload, file_of(columns={**COLUMNS, "id": {"field": "source_record_id", "also": ["record number"]}}))
    assert refused.value.code == code
    assert "CANARY" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_unnamed_repeated_and_reserved_columns_keep_their_place() -> None:
    table = read(b"id,date,name,,x,x,row_number\n1,2020-01-01,Ana,,5,6,7\n", file_of())
    assert table.frame.columns == ["row_number", "id", "date", "name", "column 4", "x", "column 6", "row_number "]
    assert cells(table) == [(2, "1", "2020-01-01", "Ana", "", "5", "6", "7")]


def workbook(rows: list[list[object]], sheet: str = "Data") -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(row)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def test_a_spreadsheet_reads_as_its_cells_show() -> None:
    rows: list[list[object]] = [
        ["Report", None, None, None],
        [None, None, None, None],
        ["id", "date", "name", "flag"],
        ["007", date(2020, 1, 31), 23.0, True],
        [7, datetime(2020, 1, 31, 20, 27), 2.5, False],
    ]
    table = read(workbook(rows), file_of(format={"kind": "spreadsheet", "sheet": "Data"}))
    assert cells(table) == [(4, "007", "2020-01-31", "23", "1"), (5, "7", "2020-01-31 20:27:00", "2.5", "0")]
    assert reasons(table) == [(1, "preamble"), (2, "row_blank")]


def test_text_that_was_agreed_as_a_spreadsheet_is_read_and_the_other_way_round() -> None:
    text, sheet = b"id,date,name\n1,2020-01-01,Ana\n", workbook([["id", "date", "name"], ["1", "2020-01-01", "Ana"]])
    for payload, agreed in [(text, "spreadsheet"), (sheet, "csv")]:
        table = read(payload, file_of(format={"kind": agreed, "separator": ";", "encoding": "cp1252"}))
        assert cells(table) == [(2, "1", "2020-01-01", "Ana")]
        assert codes(table) == ["format_differs"]
    assert codes(read(sheet, file_of(format={"kind": "spreadsheet", "encoding": "cp1252"}))) == []


def test_a_stray_cell_in_the_last_corner_is_refused_before_it_fills_the_memory() -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "id", "x"
    sink = io.BytesIO()
    book.save(sink)
    with pytest.raises(BatchRefused) as refused:
        read(sink.getvalue(), file_of(format={"kind": "spreadsheet"}))
    assert refused.value.code == "file_unsafe"


PEOPLE = file_of(name="people")
EVENTS = PartnerFile.model_validate(
    {
        "name": "events",
        "unit": "incident",
        "columns": {"id": {"field": "source_record_id"}, "date": {"field": "registration_date", "date_format": "%Y"}},
        "ignored": {"place": "not needed"},
    }
)
PEOPLE_BYTES, EVENTS_BYTES = b"id,date,name\n1,2020-01-01,Ana\n", b"id,date,place\n1,2020,here\n"


@pytest.mark.parametrize("payloads", [[PEOPLE_BYTES, EVENTS_BYTES], [EVENTS_BYTES, PEOPLE_BYTES]])
def test_files_are_told_apart_by_their_columns(payloads: list[bytes]) -> None:
    assert identify(payloads, partner_of("both", PEOPLE, EVENTS)) == {"people": PEOPLE_BYTES, "events": EVENTS_BYTES}


@pytest.mark.parametrize(
    ("payloads", "code"),
    [
        ([PEOPLE_BYTES], "file_missing"),
        ([PEOPLE_BYTES, PEOPLE_BYTES], "file_missing"),
        ([PEOPLE_BYTES, b"a,b\n1,2\n"], "header_not_found"),
        ([PEOPLE_BYTES, b""], "file_empty"),
    ],
)
def test_a_batch_has_each_file_once(payloads: list[bytes], code: str) -> None:
    with pytest.raises(BatchRefused) as refused:
        identify(payloads, partner_of("both", PEOPLE, EVENTS))
    assert refused.value.code == code


FULL = "id,date,name\n1,2020-01-01,Ana\n"
ACCENTED = {"número": {"field": "source_record_id"}, "día": {"field": "registration_date", "date_format": "%Y"}}


@pytest.mark.parametrize(
    ("payload", "changes"),
    [
        (FULL.replace(",", ";").encode(), {}),
        (b"sep=;\nExport;;\n;;\n" + FULL.replace(",", ";").encode(), {}),
        (b"sep=:\n" + FULL.replace(",", ":").encode(), {}),
        (b'"id";"date";"name"\n"1";"2020-01-01";"Ana"\n', {}),
        (FULL.encode(), {"format": {"separator": ";"}}),
        (FULL.replace(",", "\t").encode("utf-16"), {}),
        (FULL.replace(",", "|").encode("utf-16-le"), {}),
        (FULL.encode("utf-16-be"), {}),
        (FULL.encode(), {"format": {"encoding": "utf-16"}}),
        (FULL.encode(), {"format": {"separator": "~"}}),
    ],
)
def test_a_file_saved_otherwise_than_agreed_is_read_when_its_columns_leave_no_doubt(payload: bytes, changes: dict[str, object]) -> None:
    file = file_of(**changes)
    assert identify([payload], partner_of("one", file)) == {"main": payload}
    table = read(payload, file)
    assert [row[1:] for row in cells(table)] == [("1", "2020-01-01", "Ana")]
    assert codes(table)[0] == "format_differs"


@pytest.mark.parametrize(
    "payload",
    [
        b"a;b;c\n1;2020-01-01;CANARY\n",
        b"id;CANARY;phone;place\n",  # half of the columns, but under another separator
        b"a;b\n" + bytes(range(32, 256)) * 20,
        b"\xff\xfeCANARY\xd8",
    ],
)
def test_a_file_without_a_fitting_header_is_told_which_columns_are_sought(payload: bytes) -> None:
    with pytest.raises(BatchRefused) as refused:
        identify([payload], partner_of("one", file_of()))
    assert (refused.value.code, refused.value.allowed) == (
        "header_not_found",
        "a header row with at least half of the columns date, id, name",
    )
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize("encoding", ["cp1252", "cp1256", "cp1251"])
def test_a_one_byte_encoding_is_taken_when_known_texts_become_readable_by_it_alone(encoding: str) -> None:
    texts = {"cp1252": "español", "cp1256": "مجهول", "cp1251": "неизвестно"}
    file = file_of(columns={**COLUMNS, "sex": {"field": "gender_code", "lookup": dict.fromkeys(texts.values(), "unknown")}})
    table = read(f"id,date,name,sex\n1,2020-01-01,Ana,{texts[encoding]}\n".encode(encoding), file)
    assert cells(table) == [(2, "1", "2020-01-01", "Ana", texts[encoding])]
    assert codes(table) == ["format_differs"]


def test_headers_speak_for_an_encoding_too() -> None:
    table = read("número,día\n1,2020\n".encode("cp1252"), file_of(columns=ACCENTED))
    assert (cells(table), codes(table)) == ([(2, "1", "2020")], ["format_differs"])


def test_without_a_known_text_no_other_encoding_is_guessed() -> None:
    payload = "id,date,name\n1,2020-01-01,Zoë\n2,2020-01-01,Ana\n".encode("cp1252")
    assert reasons(read(payload, file_of())) == [(2, "text_undecodable")]


def test_a_row_of_utf_8_in_a_one_byte_file_is_held_alone() -> None:
    payload = "".join(f"{number},2020-01-01,Zoë\n" for number in range(5)).encode("cp1252") + "9,2020-01-01,Zoë\n".encode()
    table = read(b"id,date,name\n" + payload, file_of(format={"encoding": "cp1252"}))
    assert [row[3] for row in cells(table)] == ["Zoë"] * 5
    assert reasons(table) == [(7, "text_undecodable")]


def test_a_byte_that_the_agreed_encoding_has_no_character_for_holds_its_row() -> None:
    payload = b"id,date,name\n1,2020-01-01,Zo\xeb\n2,2020-01-01,Zo\x81\n"
    assert reasons(read(payload, file_of(format={"encoding": "cp1252"}))) == [(3, "text_undecodable")]


def test_the_other_headers_of_a_column_stand_for_it() -> None:
    file = file_of(columns={**COLUMNS, "name": {"field": "given_name", "also": ["Prénom", "الاسم"]}})
    for header in ("prénom", "الاسم", "NAME"):
        assert read(f"id,date,{header}\n1,2020-01-01,Ana\n".encode(), file).frame.columns == ["row_number", "id", "date", "name"]


def test_a_header_over_two_rows_is_one() -> None:
    table = read(b"id,date,Person,\n,,name,nick\n1,2020-01-01,Ana,A\n", file_of(ignored={"nick": "no"}))
    assert table.frame.columns == ["row_number", "id", "date", "name", "nick"]
    assert (cells(table), reasons(table)) == ([(3, "1", "2020-01-01", "Ana", "A")], [(1, "preamble")])


def test_the_layout_says_how_the_file_really_is() -> None:
    payload = "Export\n\nDATE;Name;id;x\n2020-01-01;Ana;1;\n".encode("utf-16")
    with open_reading(payload, file_of()) as reading:
        layout = reading.layout
        assert (layout.format.kind, layout.format.encoding, layout.format.separator) == ("csv", "utf-16-le", ";")
        assert (layout.header_row, layout.headers) == (3, ("date", "name", "id", "x"))
        assert layout.problems.select("row_number", "code").rows() == [(None, "format_differs")]
        (table,) = reading.chunks()
    assert (table.received, reasons(table)) == (3, [(1, "preamble"), (2, "row_blank")])


def test_a_file_on_the_disk_is_read_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "any name"
    path.write_bytes(FULL.encode())
    assert cells(read(path, file_of())) == cells(read(FULL.encode(), file_of()))
    assert identify([path], partner_of("one", file_of())) == {"main": path}


def test_whose_file_it_is() -> None:
    other = file_of(name="main", columns={**COLUMNS, "phone": {"field": "phone"}})
    partners = {"b": partner_of("b", PEOPLE), "a": partner_of("a", other), "c": partner_of("c", EVENTS)}
    assert best_partner(PEOPLE_BYTES, partners) == [("b", 1.0), ("c", 1.0), ("a", 0.75)]
    assert best_partner(b"x,y\n1,2\n", partners) == [("a", 0.0), ("b", 0.0), ("c", 0.0)]
    with pytest.raises(BatchRefused) as refused:
        best_partner(b"PAR1", partners)
    assert refused.value.code == "file_unreadable"
