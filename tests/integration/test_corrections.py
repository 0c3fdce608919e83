"""Corrections through files and real runs: rows that replace and withdraw, files that withdraw, batches taken out, refusals said once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import corrections
from pipelines.extracts import table_of_refused
from pipelines.instance import Instance
from pipelines.intake import take_in
from pipelines.settings import Settings
from pipelines.submission import checked_before, effect_before, put_batch
from schemas.errors import BatchRefused, UserError
from schemas.units import Unit
from tests.conftest import ROOT
from warehouse.store import open_store

PARTNER = "some-ngo"
SPECIFICATION = """
name: some-ngo
title: Some NGO
language: en
agreement: none, everyone is invented
simulated: true
files:
  - name: cases
    columns:
      Number: {field: source_record_id}
      Registered: {field: registration_date, date_format: "%Y-%m-%d"}
      Sex: {field: gender_code}
    action: {column: Wanted, values: {add: add, replace: replace, withdraw: withdraw}}
"""
HEADER = "Number,Registered,Sex,Wanted\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Instance]:
    (tmp_path / "partners").mkdir()
    (tmp_path / "partners" / f"{PARTNER}.yml").write_text(SPECIFICATION, encoding="utf-8")
    found = Instance(Settings(home=tmp_path / "home", partners=tmp_path / "partners", products=ROOT / "products"))
    with found.hold():
        yield found


def written(house: Instance, name: str, *rows: str) -> Path:
    path = house.home.parent / name
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def run(house: Instance) -> tuple[int, str]:
    """A whole run: how many alarms, and what it said."""
    said = io.StringIO()
    alarms = take_in(house, Console(file=said, width=200))
    return alarms, said.getvalue()


def send(house: Instance, path: Path, *, withdraws: bool = False) -> str:
    put_batch(house, PARTNER, [path], "withdraw" if withdraws else "report")
    alarms, said = run(house)
    assert alarms == 0, said
    return said


def standing(house: Instance) -> list[str]:
    """The gender of every record that stands."""
    with open_store(house.warehouse_file, read_only=True) as store:
        frames = [store.records_of(batch, Unit.VICTIM).frame for batch in store.ledgers()]
    return sorted(code for frame in frames for code in frame["gender_code"].to_list())


def problems(house: Instance) -> list[str]:
    with open_store(house.warehouse_file, read_only=True) as store:
        return store.problems(list(store.ledgers())[-1])["code"].to_list()


@pytest.mark.slow
def test_rows_replace_and_withdraw_and_old_files_change_nothing(house: Instance) -> None:
    first = ("1,2020-01-01,woman,", "2,2020-01-02,woman,", "3,2020-01-03,man,")
    send(house, written(house, "first.csv", *first))
    assert standing(house) == ["man", "woman", "woman"]
    said = send(house, written(house, "second.csv", "1,2020-01-01,man,replace", "2,,,withdraw"))
    assert standing(house) == ["man", "man"]
    assert "1 record(s) withdrawn" in said
    assert all(batch in said for batch in corrections.raw_holders(house).batch_ids)
    send(house, written(house, "again.csv", *reversed(first)))
    assert standing(house) == ["man", "man"]
    assert problems(house) == ["record_withdrawn", "record_outdated"]
    for batch_id in corrections.raw_holders(house).batch_ids:
        corrections.erase_raw(house, batch_id)
    house.warehouse_file.unlink()
    assert run(house)[0] == 0
    assert standing(house) == ["man", "man"]


@pytest.mark.slow
def test_a_file_and_a_batch_are_withdrawn_and_a_refusal_alarms_once(house: Instance) -> None:
    first = written(house, "first.csv", "1,2020-01-01,woman,", "2,2020-01-02,woman,", "3,2020-01-03,man,")
    send(house, first)
    asked = written(house, "leave.csv", "2,no date,nothing,", "9,,,")
    assert effect_before(house, house.partners[PARTNER], [asked]).vanished == 1
    send(house, asked, withdraws=True)
    assert standing(house) == ["man", "woman"]
    assert problems(house) == ["record_to_withdraw_unknown"]
    batch_id = house.vault.batch_ids()[0]
    assert corrections.effect_of_batch(house, batch_id).vanished == 2
    corrections.withdraw_batch(house, PARTNER, batch_id)
    assert standing(house) == []
    with pytest.raises(BatchRefused, match="withdrawn earlier"):
        checked_before(house, house.partners[PARTNER], [first], Console(file=io.StringIO()), purpose="report", is_forced=True)
    put_batch(house, PARTNER, [first], "report")
    alarms, said = run(house)
    assert (alarms, "withdrawn earlier" in said, "entry 1 of 1" in said) == (1, True, True)
    alarms, said = run(house)
    assert (alarms, "still refused" in said, "first.csv" in said) == (0, True, False)
    assert table_of_refused(house) is not None
    next((house.inbox / PARTNER).glob("batch-*")).rename(house.home.parent / "taken-away")
    assert table_of_refused(house) is None


def test_what_would_not_be_accepted_is_not_sent_unless_forced(house: Instance) -> None:
    house.prepare()
    bad, said = written(house, "bad.csv", "1,no date,woman,"), io.StringIO()
    console, partner = Console(file=said, width=200), house.partners[PARTNER]
    with pytest.raises(UserError, match="no row of the batch"):
        checked_before(house, partner, [bad], console, purpose="report", is_forced=False)
    assert "date_invalid in column Registered: 1 row(s): 2" in said.getvalue()
    checked_before(house, partner, [bad], console, purpose="report", is_forced=True)
    (bad.parent / "empty.csv").write_bytes(b"")
    with pytest.raises(BatchRefused):
        checked_before(house, partner, [bad.parent / "empty.csv"], console, purpose="report", is_forced=False)
