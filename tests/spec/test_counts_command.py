"""`casehouse counts`: one table of figures that say what they count, the checks between them, and that it is not for publication."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from test_counting import Row, court, send
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.counted import broken_counts, counted, tables_of_counts
from pipelines.instance import Instance
from schemas.errors import UserError
from schemas.release import PersonInterval
from schemas.units import Unit
from warehouse.counting import By
from warehouse.store import open_store


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The warehouse of an instance with two victims, three accused, and an interval."""
    monkeypatch.setenv("CASEHOUSE_HOME", str(tmp_path))
    with open_store(tmp_path / "warehouse.duckdb") as store:
        court(store)
        store.replace_membership(store.members(), PersonInterval(fewest=1, persons=2, most=4))
    return tmp_path / "warehouse.duckdb"


def asked(*words: str) -> Result:
    return CliRunner().invoke(app, ["counts", *words], env={"COLUMNS": "400"})


def rows_of(output: str, unit: str = "") -> dict[str, list[str]]:
    """First cell -> the other cells of a table as it is printed; with a unit, of the table of that unit."""
    if unit:
        output = output.split(f"┃ {unit}, by ")[1].split("┏", maxsplit=1)[0]
    cells = [[cell.strip() for cell in line.strip("│┃").split("│")] for line in output.splitlines() if "│" in line]
    return {row[0]: row[1:] for row in cells}


def test_every_unit_stands_on_a_row_of_its_own_and_persons_have_their_interval(file: Path) -> None:
    result = asked()
    assert result.exit_code == 0
    assert result.output.startswith("For the operator of this instance alone, not for publication")
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in result.output.splitlines() if line.startswith("│")]
    assert cells == [
        ["Reports about victims", "each once", "5"],
        ["Cases", "each once", "4"],
        ["Victims", "each once", "2 (1 to 4)"],
        ["Victims", "each once, of whom no form is known", "1"],
        ["Victims", "person x known form of exploitation", "2"],
        ["Reports about accused persons", "each once", "6"],
        ["Reports about accused persons", "that name no person", "1"],
        ["Accused persons, at any stage", "each once", "3"],
        ["Accused persons, at any stage", "each once, of whom no form is known", "1"],
        ["Accused persons, at any stage", "person x known form of exploitation", "3"],
        ["Convicted persons", "each once", "2"],
        ["Convicted persons", "person x known form of exploitation", "3"],
        ["Convictions", "each once", "3"],
        ["Incidents", "each once", "3"],
        ["Offences", "each once", "3"],
    ]
    assert "1 report about an accused person names no person and is not in the count of persons" in result.output
    assert "holds Victims: max(form) <= persons <= sum(form): 1 <= 2 <= 3" in result.output


def test_forms_that_are_not_known_come_last_and_the_whole_counts_each_once(file: Path) -> None:
    rows = rows_of(asked("--by", "form").output, "Victims")
    assert list(rows) == ["Forced labour", "Servitude", "Asked, not known", "all, each once"]
    assert [rows[name] for name in rows] == [["1"], ["1"], ["1"], ["2 (1 to 4)"]]


@pytest.mark.parametrize(("by", "parts"), [("partner", ["court", "all, each once"]), ("year", ["2020", "2021", "all, each once"])])
def test_a_breakdown_has_a_row_a_part(file: Path, by: str, parts: list[str]) -> None:
    result = asked("--by", by)
    assert list(rows_of(result.output, "Reports about accused persons" if by == "partner" else "Victims")) == parts
    assert f"holds Victims: max({by}) <= persons <= sum({by})" in result.output


@pytest.mark.parametrize("by", By)
def test_a_breakdown_can_be_read_on_a_terminal_of_80_columns(file: Path, by: By) -> None:
    sink = io.StringIO()
    Console(file=sink, width=80).print(*tables_of_counts(counted(Instance(), by)))
    assert "…" not in sink.getvalue()
    words = {word.strip("┃│,") for word in sink.getvalue().split()}
    assert {"Reports", "Convicted", "persons"} <= words, "no word is broken"
    assert rows_of(sink.getvalue(), "Victims")["all, each once"][0] == "2 (1 to 4)"


def test_years_do_not_add_up_and_the_page_says_so(file: Path) -> None:
    assert "a person stands in each year of a report, so years do not add up to all" in asked("--by", "year").output


def test_where_no_report_names_an_accused_person_there_is_no_figure_of_them(file: Path) -> None:
    """No person is named, which is not that there were none."""
    with open_store(file) as store:
        members = store.members()
        nameless: list[Row] = [{"record_key": f"f{at}", "proceeding_stage_code": "suspected"} for at in range(20)]
        send(store, "police", {Unit.PERPETRATOR: nameless})
        store.replace_membership(members)
    output = asked("--by", "partner").output
    assert rows_of(output, "Reports about accused persons")["police"] == ["20", "20"]
    assert "police" not in rows_of(output, "Accused persons, at any stage")
    assert "21 reports about accused persons name no person and are not in the count of persons" in output
    found = list(csv.DictReader(io.StringIO(asked("--by", "partner", "--csv").output)))
    assert {row["unit"] for row in found if row["part"] == "police"} == {"accused_report"}


def test_one_partner_is_counted_alone_and_the_interval_is_of_all(file: Path) -> None:
    assert rows_of(asked("--partner", "be-court").output) == {}
    with pytest.raises(UserError, match="no partner of that name"):
        CliRunner().invoke(app, ["counts", "--partner", "nobody"], catch_exceptions=False)


def test_machines_get_every_figure_once(file: Path) -> None:
    found = list(csv.DictReader(io.StringIO(asked("--by", "year", "--csv").output)))
    assert {"part": "2020", "unit": "convicted", "rule": "person_by_form", "count": "3"} in found
    assert len({(row["part"], row["unit"], row["rule"]) for row in found}) == len(found)
    content = json.loads(asked("--json").output)
    assert (content["for_publication"], content["persons_found"]) == (False, {"fewest": 1, "persons": 2, "most": 4})
    assert {"part": "all", "unit": "offence", "rule": "distinct", "count": 3} in content["counts"]
    assert all(check["holds"] for check in content["checks"])
    with pytest.raises(UserError, match="exclude each other"):
        CliRunner().invoke(app, ["counts", "--csv", "--json"], catch_exceptions=False)


def test_figures_of_other_offices_stand_in_a_table_of_their_own(file: Path) -> None:
    with open_store(file) as store:
        members = store.members()
        send(store, "unodc", {Unit.OBSERVATION: [{"record_key": "o1", "indicator_code": "convicted", "published_figure": "82"}]})
        store.replace_membership(members)
    output = asked().output
    assert "figures that other offices published, by what they count; never added" in output
    assert rows_of(output)["Persons convicted"] == ["1"]


def test_a_form_that_got_lost_is_told_loudly(file: Path) -> None:
    """Persons are counted by their records: when p2 stands under no form, the forms cannot add up to the persons."""
    with open_store(file) as store:
        with store._transaction("losing two forms") as connection:
            connection.execute("create table every_form as from victim_form")
            connection.execute("create or replace view victim_form as from every_form where form = 'forced_labour'")
        broken = broken_counts(store, {})
    assert broken[0] == "Victims: max(form) <= persons <= sum(form): 1 <= 2 <= 1 does not hold"
    assert "Victims of 2021: max(form) <= persons <= sum(form): 0 <= 2 <= 0 does not hold" in broken
    result = asked()
    assert (result.exit_code, "does not hold Victims: max(form)" in result.output) == (1, True)


def test_nothing_is_counted_before_there_are_records_or_before_they_are_linked(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(file) as store:
        store.replace_membership(pl.DataFrame(schema={"record_key": pl.String, "person_key": pl.String}))
    with pytest.raises(UserError, match="linking persons is pending"):
        CliRunner().invoke(app, ["counts"], catch_exceptions=False)
    monkeypatch.setenv("CASEHOUSE_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="nothing to count yet"):
        CliRunner().invoke(app, ["counts"], catch_exceptions=False)
