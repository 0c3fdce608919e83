"""Dates: a format that the partner's file names, one that a column's own dates leave, or a question to the partner."""

from __future__ import annotations

import datetime
import io
from collections.abc import Sequence

import openpyxl
import polars as pl
import pytest

from ingest.mapping.date_formats import FAMILIES
from ingest.mapping.dates import iso_date
from ingest.validation.batch import NOT_STORED, BatchResult, validate_batch
from schemas.partner import Partner
from schemas.units import Unit


def read(days: Sequence[str], date_format: str | None, **changes: object) -> BatchResult:
    """Records whose registration dates are these, one a row."""
    column = {"field": "registration_date"} | ({} if date_format is None else {"date_format": date_format})
    file = {"name": "main", "columns": {"id": {"field": "source_record_id"}, "day": column}, **changes}
    said = {"name": "one", "title": "One", "language": "en", "agreement": "none", "assertions": {"accepted_share_min": 0}}
    text = "id;day\n" + "".join(f"{number};{day}\n" for number, day in enumerate(days))
    formats = {"format": {"separator": ";"}}
    return validate_batch([text.encode()], Partner.model_validate(said | {"files": [file | formats]}), NOT_STORED)


def dates(result: BatchResult) -> list[str]:
    return result.accepted[Unit.VICTIM].frame["registration_date"].to_list()


def codes(result: BatchResult) -> list[tuple[int | None, str]]:
    assert set(result.problems["column"]) <= {"day"}
    return result.problems.select("row_number", "code").rows()


@pytest.mark.parametrize(
    ("date_format", "days", "expected"),
    [
        ("excel", ["43831", "43831.75", "60000", "36526"], ["2020-01-01", "2020-01-01", "2064-04-08", "2000-01-01"]),
        ("excel-1904", ["42369", "34698,5"], ["2020-01-01", "1998-12-31"]),
    ],
)
def test_day_numbers_of_both_epochs(date_format: str, days: list[str], expected: list[str]) -> None:
    """The oracle is the public pair of each epoch: 43831 and 42369 are the first of January 2020."""
    result = read(days, date_format)
    assert dates(result) == [day for day in expected if day < "2050"]
    assert {code for _, code in codes(result)} <= {"date_out_of_range"}


def test_a_day_number_among_texts_is_said() -> None:
    result = read(["31/01/2020", "43831", "9999", "70000", "43831,5"], "%d/%m/%Y")
    assert dates(result) == ["2020-01-31"]
    assert codes(result) == [(3, "date_is_serial"), (4, "date_invalid"), (5, "date_invalid"), (6, "date_is_serial")]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (["2020-01-02", "2020-01-31"], ["2020-01-02", "2020-01-31"]),
        (["01/02/2020", "31/01/2020"], ["2020-02-01", "2020-01-31"]),
        (["01/02/2020", "01/31/2020"], ["2020-01-02", "2020-01-31"]),
        (["1.2.2020", "13.2.2020"], ["2020-02-01", "2020-02-13"]),
        (["2020/01/02"], ["2020-01-02"]),
        (["٣١/٠١/٢٠٢٠", "01/02/2020"], ["2020-01-31", "2020-02-01"]),
        (["05/2020", "2019", "31/12/2020"], ["2020-05", "2019", "2020-12-31"]),
        (["02/02/2020", "03/03/2020"], ["2020-02-02", "2020-03-03"]),  # both orders say the same
        (["31/12/95"], ["1995-12-31"]),
        (["20200131"], ["2020-01-31"]),
    ],
)
def test_a_format_is_found_where_only_one_is_possible(days: list[str], expected: list[str]) -> None:
    result = read(days, None)
    assert dates(result) == expected
    assert codes(result) == [(None, "date_format_found")]


def test_what_is_no_date_at_all_decides_nothing() -> None:
    result = read(["31/01/2020", "soon", "01/02/2020", "#REF!", "99/99/9999"], None)
    assert dates(result) == ["2020-01-31", "2020-02-01"]
    assert codes(result) == [(None, "date_format_found"), (3, "date_invalid"), (5, "cell_error"), (6, "date_invalid")]


def test_an_order_that_nothing_tells_is_asked() -> None:
    result = read(["01/02/2020", "03/04/2020", "03/03/2020", "soon", ""], None)
    assert dates(result) == []
    asked = [(row, "date_order_ambiguous") for row in (2, 3, 4)]
    assert codes(result) == [*asked, (5, "date_invalid"), (6, "required_missing")]


def test_a_column_in_both_orders_is_asked() -> None:
    result = read(["13/02/2020", "02/13/2020", "01/02/2020"], None)
    assert dates(result) == []
    assert codes(result) == [(row, "date_order_ambiguous") for row in (2, 3, 4)]


def test_a_column_in_formats_that_do_not_go_together_is_invalid() -> None:
    result = read(["2020-01-31", "31.01.2020"], None)
    assert codes(result) == [(2, "date_invalid"), (3, "date_invalid")]


def test_a_file_in_the_other_order_is_never_half_accepted() -> None:
    """Seven days out of twelve can be read in the agreed order too: an American file under a European format."""
    days = [f"01/{day:02}/2020" for day in range(1, 32)]
    result = read(days, "%d/%m/%Y")
    assert dates(result) == ["2020-01-01"]  # the same in both orders
    assert codes(result) == [(day + 1, "date_order_ambiguous" if day <= 12 else "date_invalid") for day in range(2, 32)]
    assert result.ledger.quarantined == 30


@pytest.mark.parametrize(("slips", "is_in_doubt"), [(5, False), (6, True)])
def test_one_slip_in_twenty_does_not_put_a_column_in_doubt(slips: int, is_in_doubt: bool) -> None:
    days = ["31/01/2020"] * (100 - slips) + ["01/31/2020"] * slips + ["01/02/2020"]
    result = read(days, "%d/%m/%Y")
    assert len(dates(result)) == 100 - slips + (not is_in_doubt)
    assert ((102, "date_order_ambiguous") in codes(result)) == is_in_doubt


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family[0])
def test_within_a_family_no_text_has_two_meanings(family: tuple[str, ...]) -> None:
    parts = [(a, b, c) for a in ("01", "12", "20", "2020") for b in ("02", "20", "") for c in ("2020", "1999", "20", "")]
    texts = pl.DataFrame({"text": sorted({mark.join(filter(None, part)) for mark in "/.-" for part in parts})})
    read_alone = texts.select(iso_date(pl.col("text"), (each,), is_spreadsheet=False).alias(each) for each in family)
    meanings = read_alone.select(pl.concat_list(pl.all()).list.drop_nulls().list.n_unique()).to_series()
    names_its_days = any(name in family[0] for name in ("%B", "%b", "%a"))
    assert meanings.max() == 1 or names_its_days or family == ("%Y%m%d",)


@pytest.mark.parametrize(
    ("birth", "day", "age", "is_contradiction"),
    [
        ("1990-06-15", "2020-06-15", 30, False),
        ("1990-06-15", "2020-06-14", 28, False),  # 29, give or take one
        ("1990-06-15", "2020-06-14", 31, True),
        ("1990-06-15", "2020-06-15", 28, True),
        ("1990", "2020-06-14", 28, False),
        ("1990", "2020-06-14", 31, False),
        ("1990", "2020-06-14", 32, True),
        ("1990", "2020-06-14", 27, True),
        ("", "2020-06-14", 3, False),
    ],
)
def test_an_age_goes_with_the_birth_give_or_take_a_year(birth: str, day: str, age: int, is_contradiction: bool) -> None:
    columns = {
        "id": {"field": "source_record_id"},
        "day": {"field": "registration_date", "date_format": "%Y-%m-%d"},
        "born": {"field": "birth_date", "date_format": "%Y-%m-%d" if "-" in birth else "%Y"},
        "age": {"field": "age_years"},
    }
    said = {"name": "one", "title": "One", "language": "en", "agreement": "none", "assertions": {"accepted_share_min": 0}}
    partner = Partner.model_validate(said | {"files": [{"name": "main", "columns": columns}]})
    result = validate_batch([f"id,day,born,age\n1,{day},{birth},{age}\n".encode()], partner, NOT_STORED)
    told = result.problems.select("code", "field", "column").rows()
    assert told == ([("age_contradicts_birth", "age_years", "age")] if is_contradiction else [])


def test_a_date_cell_of_a_spreadsheet_needs_no_format() -> None:
    book = openpyxl.Workbook()
    for cells in (
        ["id", "day", "born"],
        ["1", datetime.date(2020, 1, 31), "31/12/1990"],
        ["2", datetime.date(2020, 2, 1), datetime.datetime(1990, 1, 2, 3, 4)],
    ):
        book.active.append(cells)
    sink = io.BytesIO()
    book.save(sink)
    born = {"field": "birth_date", "date_format": "%d/%m/%Y"}
    columns = {"id": {"field": "source_record_id"}, "day": {"field": "registration_date"}, "born": born}
    said = {"name": "one", "title": "One", "language": "en", "agreement": "none"}
    partner = Partner.model_validate(said | {"files": [{"name": "main", "columns": columns, "format": {"kind": "spreadsheet"}}]})
    frame = validate_batch([sink.getvalue()], partner, NOT_STORED).accepted[Unit.VICTIM].frame
    assert frame.select("registration_date", "birth_date").rows() == [("2020-01-31", "1990-12-31"), ("2020-02-01", "1990-01-02")]
