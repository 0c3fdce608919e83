"""docs/anonymization.md says what the code does: its example is run, its numbers are the policy's."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from anonymize.conditions import Conditions
from anonymize.generalize import generalize
from anonymize.hierarchy import read_hierarchies
from anonymize.policy import load_policy
from pipelines.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "anonymization.md"
EXAMPLES = ROOT / "docs" / "examples"
QUASI = ["year", "age", "origin"]


def rows_under(header: str) -> list[list[str]]:
    """The cells of the table on the page whose header begins so."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(header)) + 2
    table = [line for line in lines[start:] if line][: next(n for n, line in enumerate([*lines[start:], ""]) if not line.startswith("|"))]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table]


@pytest.mark.parametrize(
    ("column", "conditions"),
    [(5, Conditions(3)), (6, Conditions.with_distinct_values(3, 2, ["form"]))],
    ids=["k = 3", "k = 3 and l = 2"],
)
def test_the_example_of_the_page_is_what_the_code_publishes(column: int, conditions: Conditions) -> None:
    rows = rows_under("| | year | age | origin | form |")
    persons = pl.read_csv(EXAMPLES / "persons.csv", infer_schema=False)
    assert persons.rows() == [tuple(row[1:5]) for row in rows]
    hierarchies = read_hierarchies(f"{EXAMPLES}/hierarchy_", QUASI)
    published = generalize(persons, hierarchies, conditions).table.select(pl.concat_str(QUASI, separator=", "))
    assert published.to_series().to_list() == [row[column] for row in rows]


def test_the_numbers_of_the_page_are_those_of_the_policy() -> None:
    policy = load_policy()
    said = {row[0]: float(row[2]) for row in rows_under("| | asks | value |")}
    assert said == {name: float(getattr(policy, name).value) for name in said}
    assert len(said) == 7


@pytest.mark.parametrize(("number", "column"), [(0, 5), (1, 6)], ids=["k = 3", "k = 3 and l = 2"])
def test_the_commands_of_the_page_publish_the_same(number: int, column: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(".venv/bin/casehouse anonymize ")]
    words = lines[number].split()[1:]
    out = tmp_path / "persons.parquet"
    words[words.index("--out") + 1] = str(out)
    monkeypatch.chdir(ROOT)
    assert CliRunner().invoke(app, words).exit_code == 0
    published = pl.read_parquet(out).select(pl.concat_str(pl.col(QUASI).fill_null("suppressed"), separator=", "))
    assert published.to_series().to_list() == [row[column] for row in rows_under("| | year | age | origin | form |")]


@pytest.mark.parametrize("number", range(2, 6))
def test_the_further_commands_of_the_page_publish_all_persons(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(".venv/bin/casehouse anonymize ")]
    words = [word.replace("var/", f"{tmp_path}/") for word in lines[number].split()[1:]]
    monkeypatch.chdir(ROOT)
    assert CliRunner().invoke(app, words).exit_code == 0
    published = pl.read_parquet(words[words.index("--out") + 1])
    assert published.group_by(QUASI).len()["len"].min() >= 3
    assert published.height == 12
