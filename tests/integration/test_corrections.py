"""Corrections through files and real runs: rows that replace and withdraw, files that withdraw, batches taken out, refusals said once."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipelines import corrections
from pipelines.cli import app
from pipelines.commands.corrections import say_effect
from pipelines.condition import condition_of
from pipelines.extracts import state_json, table_of_refused
from pipelines.inbox import arrivals
from pipelines.instance import Instance
from pipelines.intake import take_in
from pipelines.settings import Settings
from pipelines.submission import checked_before, effect_before, put_batch
from schemas.errors import BatchRefused, UserError
from schemas.units import Unit
from tests.conftest import ROOT
from warehouse.events import Effect
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
    assert effect_before(house, house.partners[PARTNER], [asked], "withdraw").vanished == 1
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
    assert table_of_refused(house, condition_of(house)) is not None
    next((house.inbox / PARTNER).glob("batch-*")).rename(house.home.parent / "taken-away")
    assert table_of_refused(house, condition_of(house)) is None


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


class TestRowsThatWithdrawAreAskedAbout:
    """A column of the file may withdraw for good as --withdraw does: nothing is sent before a person agrees."""

    @pytest.fixture
    def submit(self, house: Instance, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, bool]]:
        """Submit rows with options and an answer: exit code, what was said, whether the batch was sent."""
        monkeypatch.setenv("CASEHOUSE_HOME", str(house.home))
        monkeypatch.setenv("CASEHOUSE_PARTNERS", str(house.home.parent / "partners"))

        def submitted(*rows: str, options: Sequence[str] = (), answer: str = "") -> tuple[int, str, bool]:
            path = written(house, "sent.csv", *rows)
            result = CliRunner().invoke(app, ["submit", PARTNER, str(path), *options], input=answer)
            return result.exit_code, " ".join(result.output.split()), any((house.inbox / PARTNER).glob("*"))

        return submitted

    def test_without_an_answer_nothing_is_sent(self, submit: Callable[..., tuple[int, str, bool]]) -> None:
        code, said, is_sent = submit("1,,,withdraw", "2,,,withdraw", "3,2020-01-01,man,replace", answer="n\n")
        assert (code, is_sent) == (1, False)
        assert "1 row(s) replace a record that was sent before" in said
        assert "Withdrawing, for good, the records that 2 row(s) name: 0 record(s) leave the warehouse" in said
        assert "This cannot be undone" in said

    @pytest.mark.parametrize(("options", "answer"), [(["--yes"], ""), ([], "y\n")])
    def test_with_one_it_is(self, submit: Callable[..., tuple[int, str, bool]], options: list[str], answer: str) -> None:
        code, said, is_sent = submit("1,,,withdraw", options=options, answer=answer)
        assert (code, is_sent, "1 row(s) name" in said) == (0, True, True)

    def test_rows_that_withdraw_nothing_ask_nothing(self, submit: Callable[..., tuple[int, str, bool]]) -> None:
        code, said, is_sent = submit("1,2020-01-01,man,add", "2,2020-01-01,man,replace")
        assert (code, is_sent, "undone" in said) == (0, True, False)

    @pytest.mark.parametrize(("answer", "is_sent"), [("n\n", False), ("y\n", True)])
    def test_a_refused_file_that_may_withdraw_asks_as_well(
        self, submit: Callable[..., tuple[int, str, bool]], house: Instance, answer: str, is_sent: bool
    ) -> None:
        """It would be read once its partner's file is mended, and nobody would be asked then."""
        specification = house.home.parent / "partners" / f"{PARTNER}.yml"
        specification.write_text(SPECIFICATION.replace("Number:", "Nummer:"), encoding="utf-8")
        code, said, was_sent = submit("1,,,withdraw", options=["--force"], answer=answer)
        assert (code, was_sent) == (0 if is_sent else 1, is_sent)
        assert "not known as long as it would be refused" in said


@pytest.mark.slow
def test_of_versions_that_wait_together_the_last_one_sent_stands(house: Instance) -> None:
    sexes = ("woman", "man", "woman", "man", "woman")
    versions = [written(house, f"version-{n}.csv", f"1,2020-01-0{n},{sex},replace") for n, sex in enumerate(sexes, start=1)]
    for version in versions:
        put_batch(house, PARTNER, [version], "report")
    waiting = arrivals(house.inbox, PARTNER)
    assert [each.payloads() for each in waiting] == [[version.read_bytes()] for version in versions]
    assert [each.path.name for each in waiting] != sorted(each.path.name for each in waiting)
    alarms, said = run(house)
    assert alarms == 0, said
    with open_store(house.warehouse_file, read_only=True) as store:
        assert [batch.records for batch in store.batches()] == [0, 0, 0, 0, 1]


def test_a_batch_enters_after_those_that_wait_also_when_the_clock_went_back(house: Instance) -> None:
    folder = house.inbox / PARTNER
    folder.mkdir(parents=True)
    ahead = folder / "z.csv"
    ahead.write_bytes(b"a batch of tomorrow")
    os.utime(ahead, ns=(2**61, 2**61))
    put_batch(house, PARTNER, [written(house, "now.csv", "1,2020-01-01,woman,")], "report")
    assert next(each.path.name for each in arrivals(house.inbox, PARTNER)) == "z.csv"


@pytest.mark.slow
def test_to_withdraw_a_record_its_number_is_all_that_is_sent(house: Instance) -> None:
    send(house, written(house, "first.csv", "1,2020-01-01,woman,", "2,2020-01-02,man,"))
    asked = house.home.parent / "numbers.csv"
    asked.write_text("Number\n1\n", encoding="utf-8")
    partner, console = house.partners[PARTNER], Console(file=io.StringIO())
    checked = checked_before(house, partner, [asked], console, purpose="withdraw", is_forced=False)
    assert checked is not None
    assert checked.corrections.withdrawals == 1
    assert effect_before(house, partner, [asked], "withdraw").vanished == 1
    send(house, asked, withdraws=True)
    assert standing(house) == ["man"]


@pytest.mark.slow
def test_a_refusal_that_is_read_again_in_vain_alarms_again(house: Instance) -> None:
    put_batch(house, PARTNER, [written(house, "other.csv")], "report")
    (next((house.inbox / PARTNER).glob("batch-*")) / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert run(house)[0] == 1
    alarms, said = run(house)
    assert (alarms, "0 batch(es) to take in, 1 still refused" in said, "Starting Dagster" in said) == (0, True, False)
    assert take_in(house, Console(file=io.StringIO()), again=True) == 1
    state = json.loads(state_json(house, condition_of(house)))
    assert (state["batches_waiting"], state["refused"]) == (0, 1)


@pytest.mark.slow
def test_a_withdrawal_that_was_cut_off_is_said_and_ended_by_repeating_it(house: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEHOUSE_HOME", str(house.home))
    monkeypatch.setenv("CASEHOUSE_PARTNERS", str(house.home.parent / "partners"))
    send(house, written(house, "first.csv", "1,2020-01-01,woman,"))
    send(house, written(house, "second.csv", "2,2020-01-02,man,"))
    batch_id = house.vault.batch_ids()[0]
    corrections.withdraw_batch(house, PARTNER, batch_id)  # and then the process dies before linking
    with open_store(house.warehouse_file) as store:
        store.replace_membership(store.members().clear())
    assert condition_of(house).is_linking_pending
    again = CliRunner().invoke(app, ["withdraw", PARTNER, batch_id, "--yes"])
    assert (again.exit_code, "is withdrawn already" in again.output) == (0, True), again.output
    assert not condition_of(house).is_linking_pending


def test_who_withdraws_is_told_what_is_for_good(capsys: pytest.CaptureFixture[str]) -> None:
    say_effect(Effect(vanished=3, fallen_back=0, persons=3, published_persons=2, retired_rows=25, published_rows=1_000), "Withdrawing")
    said = capsys.readouterr().out
    assert "with others of their classes, about 25 rows at most, 2.5% of all that is published" in said
    assert "also when a mended batch is sent after that release" in said
