"""Reading: bytes in, a table of text out, and every row that is no record named with its reason."""

from __future__ import annotations

import io
from datetime import date, datetime

import openpyxl
import pytest

from ingest.reading import TextTable, best_partner, identify, read
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


def reasons(table: TextTable) -> list[tuple[int, str]]:
    return table.problems.sort("row_number").select("row_number", "code").rows()


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
        '3;2020-01-01;"two\nlines"\n'  # 10 and 11
        "4;2020-01-01;Eva;\n"  # 12 ragged
        "Total;2;\n"  # 13 totals
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
        (12, "row_ragged"),
        (13, "totals_row"),
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
    assert table.problems.is_empty()


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
        (b"id,date,name\n1,2020-01-01,CANARY\0\n", "file_unreadable"),
        (b'id,date,name\n1,2020-01-01,"CANARY\n', "file_unreadable"),
        (b"a,b,c\n1,2020-01-01,CANARY\n", "header_not_found"),
        (b"1,2020-01-01,CANARY\n", "header_not_found"),
        (b"id,date,Date \n1,2020-01-01,CANARY\n", "column_repeated"),
        (b"PK\x03\x04CANARY", "header_not_found"),
        ("id,date,name\nCANARY".encode("utf-16") + b"\0", "file_unreadable"),
    ],
)
def test_what_cannot_be_read_is_refused_whole_and_without_a_value(payload: bytes, code: str) -> None:
    with pytest.raises(BatchRefused) as refused:
        read(payload, file_of())
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


@pytest.mark.parametrize("payload", [b"id,date,name\n", b"PK\x03\x04 no archive", workbook([["id", "date"]], "Other")])
def test_no_workbook_or_no_such_sheet(payload: bytes) -> None:
    with pytest.raises(BatchRefused) as refused:
        read(payload, file_of(format={"kind": "spreadsheet", "sheet": "Data"}))
    assert refused.value.code == "file_unreadable"


def test_a_stray_cell_in_the_last_corner_is_refused_before_it_fills_the_memory() -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "id", "x"
    sink = io.BytesIO()
    book.save(sink)
    with pytest.raises(BatchRefused) as refused:
        read(sink.getvalue(), file_of(format={"kind": "spreadsheet"}))
    assert refused.value.code == "file_unreadable"


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
        ([PEOPLE_BYTES, b"id,date\n\0"], "file_unreadable"),
    ],
)
def test_a_batch_has_each_file_once(payloads: list[bytes], code: str) -> None:
    with pytest.raises(BatchRefused) as refused:
        identify(payloads, partner_of("both", PEOPLE, EVENTS))
    assert refused.value.code == code


FULL = "id,date,name\n1,2020-01-01,CANARY\n"
ACCENTED = {"número": {"field": "source_record_id"}, "día": {"field": "registration_date", "date_format": "%Y"}}


@pytest.mark.parametrize(
    ("payload", "changes", "hint"),
    [
        (FULL.replace(",", ";").encode(), {}, "separated by semicolons, not commas"),
        (b"sep=;\nExport;;\n;;\n" + FULL.replace(",", ";").encode(), {}, "separated by semicolons, not commas"),
        (b'"id";"date";"name"\n"1";"2020-01-01";"CANARY, Ana"\n', {}, "separated by semicolons, not commas"),
        (FULL.encode(), {"format": {"separator": ";"}}, "separated by commas, not semicolons"),
        (FULL.replace(",", "\t").encode("utf-16"), {}, "separated by tabs, not commas"),
        (FULL.encode(), {"format": {"separator": "~"}}, "separated by commas, not as agreed"),
        ("número,día\nCANARY,2020\n".encode("cp1252"), {"columns": ACCENTED}, "in the encoding cp1252, not utf-8"),
        (
            "número;día\nCANARY;2020\n".encode("cp1252"),
            {"columns": ACCENTED},
            "separated by semicolons, not commas and in the encoding cp1252, not utf-8",
        ),
        (FULL.replace(",", ";").encode() + b"2;2020-01-01;CANARY\n" * 80_000, {}, "separated by semicolons, not commas"),
        (b"a;b;c\n1;2020-01-01;CANARY\n", {}, None),
        (b"id;CANARY;phone;place\n", {}, None),
        (b"a;b\n" + bytes(range(1, 256)) * 20, {}, None),
        (b"\xff\xfeCANARY\xd8", {}, None),
    ],
)
def test_a_file_without_a_fitting_header_is_told_which_columns_are_sought_and_what_it_seems_to_be(
    payload: bytes, changes: dict[str, object], hint: str | None
) -> None:
    file = file_of(**changes)
    with pytest.raises(BatchRefused) as refused:
        identify([payload], partner_of("one", file))
    allowed = refused.value.allowed
    assert (hint is not None) == ("seems to be" in allowed)
    if hint is not None:
        assert refused.value.code == "header_not_found"
        assert allowed == f"a header row with at least half of the columns {', '.join(sorted(file.columns))}. The file seems to be {hint}"
    assert "CANARY" not in str(refused.value)


def test_a_fault_far_below_a_fitting_header_is_not_taken_for_another_format() -> None:
    with pytest.raises(BatchRefused) as refused:
        identify([FULL.encode() * 50_000 + b"\0"], partner_of("one", file_of()))
    assert (refused.value.code, refused.value.allowed) == ("file_unreadable", "text; a zero byte is in none")


def test_spreadsheets_have_no_separator_to_guess() -> None:
    sheets = file_of(format={"kind": "spreadsheet"})
    for payload, code in [(workbook([["a", "b"]]), "header_not_found"), (FULL.encode(), "file_unreadable")]:
        with pytest.raises(BatchRefused) as refused:
            identify([payload], partner_of("one", sheets))
        assert (refused.value.code, "seems to be" in refused.value.allowed) == (code, False)


@pytest.mark.parametrize("declared", ["utf-8", "cp1252", "utf-16-le"])
def test_a_workbook_under_csv_is_called_a_workbook(declared: str) -> None:
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600  # the container of .xls and of protected workbooks
    for payload in (workbook([["id", "date", "name"], ["1", "2020-01-01", "CANARY"]]), old):
        with pytest.raises(BatchRefused) as refused:
            identify([payload], partner_of("one", file_of(format={"encoding": declared})))
        assert (refused.value.code, refused.value.allowed) == ("file_unreadable", "text; this is an Excel workbook: save it as CSV")


def test_whose_file_it_is() -> None:
    other = file_of(name="main", columns={**COLUMNS, "phone": {"field": "phone"}})
    partners = {"b": partner_of("b", PEOPLE), "a": partner_of("a", other), "c": partner_of("c", file_of(format={"kind": "spreadsheet"}))}
    assert best_partner(PEOPLE_BYTES, partners) == [("b", 1.0), ("a", 0.75), ("c", 0.0)]
