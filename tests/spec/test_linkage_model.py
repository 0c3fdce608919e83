"""The model file: whole, in order, readable, and what ships with Casehouse."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import log2
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from linkage.comparisons import LIMITS, unweighted
from linkage.model import load_model
from schemas.errors import SpecificationError

Raw = dict[str, Any]


def raw() -> Raw:
    found: Raw = load_model().model_dump(mode="json", exclude_none=True)
    return found


def refused(tmp_path: Path, spoil: Callable[[Raw], object]) -> SpecificationError:
    """What loading says of the model after `spoil` changed it."""
    changed = raw()
    spoil(changed)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(SpecificationError) as refusal:
        load_model(path)
    return refusal.value


def test_a_model_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(load_model().model_dump_json(exclude_none=True), encoding="utf-8")
    assert load_model(path) == load_model()


@pytest.mark.parametrize(
    ("why", "spoil"),
    [
        ("is the missing one", lambda model: model["comparisons"][0]["levels"].pop(0)),
        ("both m and u", lambda model: model["comparisons"][0]["levels"][1].pop("u")),
        ("last level takes everything else", lambda model: model["comparisons"][0]["levels"].pop()),
        ("thresholds must rise", lambda model: model["thresholds"].update(link=-20)),
        ("thresholds must rise", lambda model: model["thresholds"].update(asked=model["thresholds"]["automatic"] + 1)),
        ("thresholds must rise", lambda model: model["thresholds"].update(lowest=model["thresholds"]["review"])),
        ("Extra inputs", lambda model: model.update(remark="new")),
    ],
)
def test_a_model_must_be_whole_and_in_order(tmp_path: Path, why: str, spoil: Callable[[Raw], object]) -> None:
    assert why in str(refused(tmp_path, spoil))


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    found = refused(tmp_path, lambda model: (model.pop("prior"), model.pop("frequencies"), model.update(block_cap=1)))
    assert {fault.split(":")[0] for fault in found.faults} == {"prior", "frequencies", "block_cap"}


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError, match="cannot be read"):
        load_model(tmp_path / "absent.json")


def test_the_shipped_model_has_the_comparisons_of_the_code_and_keeps_their_limits() -> None:
    model = load_model()
    shipped = [(one.name, [(level.label, level.condition) for level in one.levels]) for one in model.comparisons]
    assert shipped == [(one.name, [(level.label, level.condition) for level in one.levels]) for one in unweighted()]
    weights = {(one.name, level.label): log2(level.m / level.u) for one in model.comparisons for level in one.levels if level.m and level.u}
    for key, (low, high) in LIMITS.items():
        assert low - 0.01 <= weights[key] <= high + 0.01, key


def test_more_agreement_is_never_worth_less() -> None:
    weights = {
        (one.name, level.label): log2(level.m / level.u) for one in load_model().comparisons for level in one.levels if level.m and level.u
    }
    for name, labels in (
        ("birth_date", ("same day", "day and month exchanged", "same month, a digit of the day differs", "same month", "same year")),
        ("given_name", ("same words, rare", "same words, uncommon", "same words, common", "same words, very common", "different")),
        ("person_token", ("strong token agrees", "fair token agrees", "different")),
        ("postal_code", ("same", "nearly the same", "same area", "different")),
    ):
        values = [weights[name, label] for label in labels]
        assert values == sorted(values, reverse=True), name


def test_conditions_are_sql_that_other_databases_can_be_given() -> None:
    for one in load_model().comparisons:
        for level in one.levels:
            if level.condition != "ELSE":
                assert sqlglot.transpile(f"SELECT {level.condition}", read="duckdb", write="spark"), level.label


def test_frequencies_are_skeletons_of_single_words() -> None:
    frequencies = load_model().frequencies
    assert all(name.isalpha() and name == name.lower() for name in frequencies.names)
    assert frequencies.reason


@pytest.mark.parametrize(("records", "more"), [(1, 0), (40_000, 0), (79_999, 0), (80_000, 1), (200_000, 2), (1_000_000, 4)])
def test_every_doubling_of_the_reports_asks_one_bit_more(records: int, more: int) -> None:
    """The model's cuts hold for 40,000 reports."""
    cuts = load_model().thresholds
    asked = cuts.among(records)
    assert [asked.milli(name) - cuts.milli(name) for name in ("automatic", "asked", "link", "review")] == [more * 1000] * 4
    assert (asked.lowest, asked.highest) == (cuts.lowest, cuts.highest)
