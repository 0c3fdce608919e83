"""Checking: cells that a spreadsheet spoilt, what a row asks for, and the same findings whether or not rows are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from ingest.mapping.spoilt import ERROR_SIGNS
from ingest.validation.batch import NOT_STORED, validate_batch
from ingest.validation.checking import check_batch
from ingest.validation.file_pass import Corrections
from ingest.validation.findings import ROWS_KEPT, findings_of
from schemas.partner import Assertions, Partner
from schemas.units import Unit
from schemas.zones import Identified

SAID = {"name": "one", "title": "One", "language": "en", "agreement": "none", "assertions": {"accepted_share_min": 0}}
BASE = {"id": {"field": "source_record_id"}, "day": {"field": "registration_date", "date_format": "%Y-%m-%d"}}


def partner_of(columns: Mapping[str, object] | None = None, **changes: object) -> Partner:
    """A partner of one file; records are numbered by columns where `record_id` is among the changes."""
    base = {name: column for name, column in BASE.items() if name != "id" or "record_id" not in changes}
    return Partner.model_validate(SAID | {"files": [{"name": "main", "columns": {**base, **(columns or {})}, **changes}]})


def told(text: str, partner: Partner) -> list[tuple[int | None, str, str | None]]:
    """Row, code and column of every problem."""
    return validate_batch([text.encode()], partner, NOT_STORED).problems.select("row_number", "code", "column").rows()


@pytest.mark.parametrize("sign", [*ERROR_SIGNS, "####"])
def test_an_error_sign_is_never_a_value(sign: str) -> None:
    columns = {
        "name": {"field": "given_name"},
        "sex": {"field": "gender_code"},
        "age": {"field": "age_years"},
        "note": {"field": "narrative"},
    }
    found = told("id,day,name,sex,age,note\n" + ",".join([sign] * 6) + "\n", partner_of(columns))
    assert sorted(found) == [(2, "cell_error", column) for column in sorted({*BASE, *columns})]


def test_a_partner_may_list_an_error_sign_as_missing() -> None:
    partner = partner_of({"sex": {"field": "gender_code"}, "name": {"field": "given_name"}}, missing={"": "unknown", "#N/A": "unknown"})
    assert told("id,day,sex,name\n1,2020-01-01,#N/A,#n/a\n", partner) == []


@pytest.mark.parametrize(
    ("cell", "is_shortened"), [("1.23E+11", True), ("1,23e+15", True), ("5E+10", True), ("12E3", False), ("E+11", False)]
)
def test_a_number_that_a_spreadsheet_shortened_is_held(cell: str, is_shortened: bool) -> None:
    partner = partner_of({"phone": {"field": "phone"}})
    assert told(f'id,day,phone\n1,2020-01-01,"{cell}"\n', partner) == ([(2, "number_shortened", "phone")] if is_shortened else [])
    of_columns = partner_of(record_id=["id"])
    assert told(f'id,day\n"{cell}",2020-01-01\n', of_columns) == ([(2, "number_shortened", "id")] if is_shortened else [])


@pytest.mark.parametrize("separator", [";", ",", "|", " "])
def test_several_values_by_the_sign_of_the_specification(separator: str) -> None:
    partner = partner_of({"forms": {"field": "exploitation_codes", "separator": separator}})
    text = f'id,day,forms\n1,2020-01-01,"servitude{separator}surrogacy{separator}"\n'
    found = validate_batch([text.encode()], partner, NOT_STORED).accepted[Unit.VICTIM].frame
    assert found["exploitation_codes"].to_list() == [["servitude", "surrogacy"]]


def test_numbers_keep_their_leading_zeros() -> None:
    partner = partner_of({"phone": {"field": "phone"}})
    frame = validate_batch([b"id,day,phone\n007,2020-01-01,0049 1\n"], partner, NOT_STORED).accepted[Unit.VICTIM].frame
    assert frame.select("source_record_id", "phone").row(0) == ("007", "0049 1")


ASKING = {"action": {"column": "what", "values": {"Remove": "withdraw", "Correct": "replace", "New": "add"}}}


def test_what_a_row_asks_for() -> None:
    partner = partner_of({"sex": {"field": "gender_code"}}, **ASKING)
    text = (
        "id,day,sex,what\n1,2020-01-01,woman,\n2,2020-01-01,man,correct\n3,,nonsense,Remove\n,,,Remove\n5,2020-01-01,man,perhaps\n"
        "6,2020-01-01,man,new\n7,2020-01-01,man,Correct\n7,2020-01-01,man,Correct\n8,2020-01-01,man,\n8,,,Remove\n3,,,Remove\n"
    )
    result = validate_batch([text.encode()], partner, NOT_STORED)
    assert result.problems.select("row_number", "code", "column").rows() == [
        (5, "record_id_missing", "id"),
        (6, "category_unknown", "what"),
        (9, "row_repeated", None),
        (10, "record_id_repeated", "id"),  # the same number is withdrawn
    ]
    assert result.accepted[Unit.VICTIM].frame["source_record_id"].to_list() == ["1", "2", "6", "7"]
    assert result.withdrawals.frame.rows() == [("main", 4, "3"), ("main", 11, "8"), ("main", 12, "3")]
    assert result.replacements.rows() == [("main", 3), ("main", 8)]
    assert result.ledger.model_dump() == {"received": 11, "accepted": 7, "quarantined": 3, "rejected": 1, "non_data": 0}
    assert check_batch([text.encode()], partner).corrections == Corrections(withdrawals=3, replacements=2)


def test_a_sweep_looks_through_what_replaces_and_never_through_what_withdraws() -> None:
    partner = partner_of({"place": {"field": "exploitation_region"}}, **ASKING)
    text = "id,day,place,what\n1,2020-01-01,Ana Diaz,Correct\n2,2020-01-01,North,Correct\n3,2020-01-01,Ana Diaz,Remove\n"
    result = validate_batch([text.encode()], partner, NOT_STORED, sweep=found_in_regions)
    assert result.problems.select("row_number", "code", "column").rows() == [(2, "identifier_in_text", "place")]
    assert result.replacements.rows() == [("main", 3)]
    assert result.withdrawals.frame.rows() == [("main", 4, "3")]
    assert check_batch([text.encode()], partner, sweep=found_in_regions).corrections == Corrections(1, 1)


def test_a_whole_file_may_withdraw() -> None:
    partner = partner_of({"sex": {"field": "gender_code"}})
    result = validate_batch([b"id,sex\n1,nonsense\n,man\n"], partner, NOT_STORED, withdraws=True)
    assert result.withdrawals.frame.rows() == [("main", 2, "1")]
    assert result.accepted[Unit.VICTIM].frame.is_empty()
    assert (result.ledger.accepted, result.ledger.rejected) == (1, 1)
    assert check_batch([b"id,sex\n1,nonsense\n,man\n"], partner, withdraws=True).ledger == result.ledger


def test_equal_rows_count_where_the_specification_says_so() -> None:
    partner = partner_of(record_id=["place"], ignored={"place": "in the number"}, repeats="counted")
    result = validate_batch([b"place,day\nA,2020-01-01\nA,2020-01-01\nA,2020-01-01\nB,2020-01-01\n"], partner, NOT_STORED)
    assert sorted(result.accepted[Unit.VICTIM].frame["source_record_id"]) == ["A", "A#2", "A#3", "B"]
    assert result.problems.is_empty()


def found_in_regions(reports: Identified, unit: Unit) -> pl.DataFrame:
    """A sweep that takes every region of two words for a person's name."""
    hits = reports.frame.filter(pl.col("exploitation_region").str.contains(" "))
    return hits.select("file", "row_number", pl.lit("exploitation_region").alias("field"))


def test_a_check_finds_what_a_run_finds_rows_counts_and_assertions(tmp_path: Path) -> None:
    """Of three equal rows each is swept before two are held as repeats; with the sweep less than half of all is accepted."""
    partner = partner_of({"place": {"field": "exploitation_region"}}).model_copy(update={"assertions": Assertions()})
    places = ["Ana Diaz", "Ana Diaz", "Ana Diaz", *["Eva Paz" if number % 2 else "North" for number in range(57)]]
    text = "id,day,place\n" + "".join(f"{max(number, 2)},2020-01-01,{place}\n" for number, place in enumerate(places))
    file = tmp_path / "file.csv"
    file.write_text(text)
    run = validate_batch([file], partner, NOT_STORED, sweep=found_in_regions)
    steps: list[tuple[int, int]] = []
    checked = check_batch(
        [file], partner, sweep=found_in_regions, chunk_bytes=100, progress=lambda done, total: steps.append((done, total))
    )
    assert checked.findings == findings_of(run.problems, run.ledgers)
    assert [(one.code, one.column, one.field, one.count) for one in checked.findings] == [
        ("identifier_in_text", "place", "exploitation_region", 31),
        ("row_repeated", None, None, 2),
        ("assertion_failed", None, "accepted_share", 1),
    ]
    assert (checked.ledger, checked.ledgers) == (run.ledger, run.ledgers)
    assert (run.ledger.accepted, run.ledger.quarantined) == (29, 31)
    assert {"Ana Diaz", "Eva Paz"}.isdisjoint(run.accepted[Unit.VICTIM].frame["exploitation_region"])
    assert "assertion_failed" not in {one.code for one in check_batch([file], partner).findings}, "without the sweep enough is accepted"
    assert steps == sorted(steps)
    assert steps[-1] == (len(text), len(text))
    assert len(steps) > 5


def test_a_text_of_a_companion_is_told_under_its_header_there() -> None:
    join = {"file": "events", "on": "event", "take": {"place": {"field": "exploitation_region"}}}
    people = {"name": "people", "columns": {**BASE, "event": {"field": "source_case_id"}}, "join": join}
    events = {"name": "events", "unit": "incident", "columns": {"event": {"field": "source_record_id"}, "on": BASE["day"]}}
    partner = Partner.model_validate(SAID | {"files": [people, events]})
    payloads = [b"id,day,event\n1,2020-01-01,A\n2,2020-01-01,B\n", b"event,on,place\nA,2020-01-01,Ana Diaz\nB,2020-01-01,North\n"]
    held = validate_batch(payloads, partner, NOT_STORED, sweep=found_in_victims).problems
    assert held.filter(pl.col("file") == "people").select("row_number", "code", "column").rows() == [(2, "identifier_in_text", "place")]


def found_in_victims(reports: Identified, unit: Unit) -> pl.DataFrame:
    return found_in_regions(reports, unit).filter(unit is Unit.VICTIM)


def test_findings_tell_share_and_the_first_rows() -> None:
    many = ROWS_KEPT + 10
    text = "id,day\n" + "".join(f"{number},never\n" for number in range(many)) + "x,2020-01-01\n\n"
    result = validate_batch([text.encode()], partner_of(), NOT_STORED)
    found = findings_of(result.problems, result.ledgers)
    assert [(one.severity, one.code, one.column, one.field, one.count) for one in found] == [
        ("quarantine", "date_invalid", "day", "registration_date", many),
        ("non_data", "row_blank", None, None, 1),
    ]
    assert found[0].share == pytest.approx(many / (many + 1))
    assert found[0].rows == tuple(range(2, ROWS_KEPT + 2))
    assert check_batch([text.encode()], partner_of(), chunk_bytes=500).findings == found
