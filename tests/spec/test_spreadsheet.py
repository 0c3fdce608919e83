"""A workbook is read as a person sees it: its cells, its sheets, and what is told of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import openpyxl
import pytest
import xlwt
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from workbooks import (
    MAIN,
    Rows,
    most_cells,
    ods_cell,
    ods_from,
    ods_row,
    ods_table,
    rows_in,
    rows_of,
    saved,
    two_sheets,
    xlsx_from,
    xlsx_of,
)

from ingest.reading.kinds import kind_of
from ingest.reading.spreadsheet import sheet_as_csv

# What a file is, by its bytes


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"PK\x03\x04", "spreadsheet"),
        (b"PK\x05\x06", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0", "spreadsheet"),
        (b"PAR1", "parquet"),
        (b"id,d", "csv"),
        (b"PK,x", "csv"),
        (b"", "csv"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind


# What the cells show


def test_an_xlsx_reads_as_its_cells_show() -> None:
    rows: list[list[object]] = [
        ["id", "day", "moment", "clock", "span", "flag", "whole", "part", "share", "text"],
        ["007", date(2020, 1, 31), datetime(2020, 1, 31, 5, 6, 7), time(5, 6), timedelta(hours=30), True, 27.0, 2.5, 0.1 + 0.2, 'a,"b"'],
        ["é\u0639", date(1930, 12, 1), datetime(2020, 1, 31), time(23, 59, 59), timedelta(minutes=1), False, -3, -0.125, 1e-7, "one\ntwo"],
    ]
    assert rows_of(xlsx_of(rows)) == [
        [*map(str, rows[0])],
        ["007", "2020-01-31", "2020-01-31 05:06:07", "05:06:00", "30:00:00", "1", "27", "2.5", "0.3", 'a,"b"'],
        ["é\u0639", "1930-12-01", "2020-01-31", "23:59:59", "00:01:00", "0", "-3", "-0.125", "1E-07", "one\ntwo"],
    ]


def test_an_xls_reads_as_its_cells_show() -> None:
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet("Données")
    day, moment = xlwt.easyxf(num_format_str="yyyy-mm-dd"), xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
    page.write(0, 0, "id")
    page.write(1, 0, "007\nb")
    page.write(1, 1, date(2020, 1, 31), day)
    page.write(1, 2, datetime(2020, 1, 31, 5, 6, 7), moment)
    page.write(1, 3, True)
    page.write(1, 4, 27)
    page.write(1, 5, 2.5)
    assert rows_of(saved(book)) == [["id", "", "", "", "", ""], ["007\nb", "2020-01-31", "2020-01-31 05:06:07", "1", "27", "2.5"]]


def test_an_ods_reads_as_its_cells_show() -> None:
    cells = [
        ods_cell("31/01/20", 'office:value-type="date" office:date-value="2020-01-31"'),
        ods_cell("x", 'office:value-type="date" office:date-value="2020-01-31T05:06:07.000000000"'),
        ods_cell("05:06", 'office:value-type="time" office:time-value="PT05H06M00S"'),
        ods_cell("VRAI", 'office:value-type="boolean" office:boolean-value="true"'),
        ods_cell("27,00", 'office:value-type="float" office:value="27"'),
        ods_cell("25%", 'office:value-type="percentage" office:value="0.25"'),
        ods_cell("2,50 €", 'office:value-type="currency" office:value="2.5"'),
        ods_cell("###", 'office:value-type="float" office:value="123456"'),
        ods_cell("a<text:s text:c='2'/>b<text:tab/>c<text:line-break/>d</text:p><text:p><text:span>e</text:span> &amp; f"),
        "<table:table-cell office:value-type='string'><office:annotation><text:p>note</text:p></office:annotation>"
        "<text:p>seen</text:p></table:table-cell>",
        "<table:table-cell office:value-type='string' office:string-value='kept'/>",
    ]
    shown = ["2020-01-31", "2020-01-31 05:06:07", "05:06:00", "1", "27", "0.25", "2.5", "123456", "a  b\tc\nd\ne & f", "seen", "kept"]
    assert rows_of(ods_from(ods_table(ods_row(*cells)))) == [shown]


def test_a_number_that_lost_digits_keeps_its_exponent() -> None:
    assert rows_of(xlsx_of([[999_999_999_999_999, 1_234_567_890_123_456, 1e20]])) == [["999999999999999", "1.23456789012346E+15", "1E+20"]]


@pytest.mark.parametrize("is_mac", [False, True])
@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_days_are_right_in_workbooks_that_count_from_1904(kind: str, is_mac: bool) -> None:
    day = date(2020, 1, 31)
    if kind == "xlsx":
        book = openpyxl.Workbook()
        book.epoch = CALENDAR_MAC_1904 if is_mac else book.epoch
        book.worksheets[0].append([day])
    else:
        book = xlwt.Workbook()
        book.dates_1904 = is_mac
        book.add_sheet("S").write(0, 0, day, xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    assert rows_of(saved(book)) == [["2020-01-31"]]


def test_rows_keep_their_numbers_and_one_width() -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page["C5"], page["D7"] = "x", "y"
    assert rows_of(saved(book)) == [["", "", "", ""]] * 4 + [["", "", "x", ""], ["", "", "", ""], ["", "", "", "y"]]


def test_repeated_and_blank_rows_of_an_ods_keep_their_numbers() -> None:
    blank = "<table:table-cell table:number-columns-repeated='16384'/>"
    table = ods_table(
        ods_row(blank, about="table:number-rows-repeated='2'"),
        ods_row("<table:table-cell table:number-columns-repeated='2'/>", ods_cell("x", "table:number-columns-repeated='2'")),
        ods_row(ods_cell("y"), about="table:number-rows-repeated='2'"),
        ods_row(blank, about="table:number-rows-repeated='1048571'"),
    )
    assert rows_of(ods_from(table)) == [["", "", "", ""]] * 2 + [["", "", "x", "x"]] + [["y", "", "", ""]] * 2


def test_a_merged_header_stands_in_its_first_cell() -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page["A1"], page["C1"], page["A2"] = "person", "id", 1
    page.merge_cells("A1:B1")
    assert rows_of(saved(book)) == [["person", "", "id"], ["1", "", ""]]


# What the library leaves out


def test_an_error_shows_its_sign_in_each_kind() -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(["a", "b", "c"])
    page["B2"], page["D3"] = "#REF!", "#N/A"
    old = xlwt.Workbook()
    for row, code in ((0, 0x17), (1, 0x2A)):
        old.add_sheet("S", cell_overwrite_ok=True).row(row).set_cell_error(1, code) if row == 0 else old.get_sheet(0).row(
            row
        ).set_cell_error(1, code)
    open_table = ods_table(
        ods_row(
            ods_cell("#DIV/0!", 'table:formula="of:=1/0" office:value-type="float" office:value="0"'),
            ods_cell("#REF!", 'calcext:value-type="error" office:value-type="string"'),
            ods_cell("Err:502", 'office:value-type="string"'),
        )
    )
    assert rows_of(saved(book)) == [["a", "b", "c", ""], ["", "#REF!", "", ""], ["", "", "", "#N/A"]]
    assert rows_of(saved(old)) == [["", "#REF!"], ["", "#N/A"]]
    assert rows_of(ods_from(open_table)) == [["#DIV/0!", "#REF!", "#N/A"]]


def test_a_formula_that_was_never_calculated_is_not_taken_for_a_blank() -> None:
    sheet = (
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>1+1</f></c><c r="C1"><f>1+1</f><v></v></c><c r="D1"><f>1+1</f><v/></c>'
        '<c r="E1" t="str"><f>""</f><v></v></c><c r="F1"><v>7</v></c></row>'
    )
    assert rows_of(xlsx_from(sheet)) == [["2", "#N/A", "#N/A", "#N/A", "", "7"]]


@pytest.mark.parametrize(
    "sheet",
    [
        '<row><c><v>1</v></c><c t="e"><v>#REF!</v></c></row><row r="3"><c/><c t="inlineStr"><is><t>x</t></is></c></row>',
        "<row r='1'><c r='A1'><v>1</v></c><c t='e' r='B1'><v>#REF!</v></c></row><row r='3'><c r='B3' t='str'><v>x</v></c></row>",
        '<row r="1"><c\nr="A1"><v>1</v></c><c r="B1" t="e"><v>#REF!</v></c></row><row r="3"><c r="B3" t="str"><v>x</v></c></row>',
    ],
)
def test_places_that_a_program_leaves_out_or_writes_otherwise(sheet: str) -> None:
    assert rows_of(xlsx_from(sheet)) == [["1", "#REF!"], ["", ""], ["", "x"]]


def test_a_sheet_whose_elements_have_a_prefix() -> None:
    row = '<x:row r="2" hidden="1"><x:c r="B2" t="e"><x:v>#N/A</x:v></x:c></x:row>'
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{row}</x:sheetData></x:worksheet>'
    with sheet_as_csv(xlsx_from(sheet.encode()), None, most_cells, "cases") as found:
        assert (rows_in(found), found.hidden_rows) == ([["", ""], ["", "#N/A"]], 1)


def test_signs_are_found_wherever_the_xml_is_cut() -> None:
    rows = 9_000
    sheet = "".join(f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="B{row}" t="e"><v>#N/A</v></c></row>' for row in range(1, rows + 1))
    assert rows_of(xlsx_from(sheet)) == [[str(row), "#N/A"] for row in range(1, rows + 1)]


# Which sheet


def test_the_sheet_that_scores_highest_is_read_and_the_others_counted() -> None:
    book = two_sheets()
    book.create_sheet("Empty")
    book.create_chartsheet("Chart")
    with sheet_as_csv(saved(book), None, most_cells, "cases") as found:
        assert (found.name, found.unread_sheets, rows_in(found)) == ("Cases", 1, [["id", "name"], ["1", "x"]])


def test_of_equals_the_first() -> None:
    with sheet_as_csv(saved(two_sheets()), None, lambda _: 0.0, "cases") as found:
        assert found.name == "Cover"


def test_the_named_sheet_wins_even_when_it_is_hidden() -> None:
    book = two_sheets()
    book["Cover"].sheet_state = "veryHidden"
    assert rows_of(saved(book), "Cover") == [["read me"]]


def test_a_name_that_is_not_there_leaves_the_choice_to_the_score() -> None:
    assert rows_of(saved(two_sheets()), "Data") == [["id", "name"], ["1", "x"]]


def test_a_hidden_sheet_is_no_candidate() -> None:
    book = two_sheets()
    book["Cases"].sheet_state = "hidden"
    assert rows_of(saved(book)) == [["read me"]]


def test_a_hidden_table_of_an_ods_is_no_candidate() -> None:
    styles = '<style:style style:name="ta2"><style:table-properties table:display="false"/></style:style>'
    hidden = ods_table(ods_row(ods_cell("a"), ods_cell("b")), name="H", about='table:style-name="ta2"')
    payload = ods_from(hidden + ods_table(ods_row(ods_cell("c"))), styles=styles)
    with sheet_as_csv(payload, None, most_cells, "cases") as found:
        assert (found.name, found.unread_sheets, rows_in(found)) == ("S", 1, [["c"]])


def test_the_score_sees_sixty_rows() -> None:
    seen: list[int] = []

    def score(head: Rows) -> float:
        seen.append(len(head))
        return 0.0

    with sheet_as_csv(xlsx_of([[number] for number in range(100)]), None, score, "cases") as found:
        assert (seen, len(rows_in(found))) == ([60], 100)


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_hidden_rows_are_read_and_counted(kind: str) -> None:
    if kind == "ods":
        payload = ods_from(
            ods_table(
                ods_row(ods_cell("a")),
                ods_row(ods_cell("b"), about='table:visibility="filter"'),
                ods_row(ods_cell("c"), about='table:visibility="collapse" table:number-rows-repeated="2"'),
            )
        )
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        for number, text in enumerate("abcc", start=1):
            book.worksheets[0].append([text])
            book.worksheets[0].row_dimensions[number].hidden = number > 1
        payload = saved(book)
    else:
        old = xlwt.Workbook()
        page = old.add_sheet("S")
        for number, text in enumerate("abcc"):
            page.write(number, 0, text)
            page.row(number).hidden = number > 0
        payload = saved(old)
    with sheet_as_csv(payload, None, most_cells, "cases") as found:
        assert (rows_in(found), found.hidden_rows) == ([["a"], ["b"], ["c"], ["c"]], 3)
