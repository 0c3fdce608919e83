"""Limits and ties of the search: where a part counts as small or huge, what progress says, which of two equals is taken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from anonymize.conditions import Conditions
from anonymize.generalize import Effort, generalize
from anonymize.hierarchy import Hierarchy
from anonymize.search import cutting, encoding, improving
from anonymize.search.cutting import Part, join_smallest
from anonymize.search.encoding import Numbers, number_distinct
from anonymize.search.weighing import Problem

TOP = "suppressed"
CITY = Hierarchy("city", {f"{region}{city}": (f"{region}{city}", region, TOP) for region in "abcd" for city in "xyz"})
SEX = Hierarchy("sex", {sex: (sex, TOP) for sex in ("f", "m")})
PERSONS = pl.DataFrame([(city, sex) for city in CITY.paths for sex in "fm" for _ in range(3)], schema=["city", "sex"], orient="row")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits are constants of compiled steps: the plain ones are looked at."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


@pytest.mark.parametrize("effort", ["fast", "quality"])
def test_progress_is_the_share_of_persons_in_final_classes(effort: Effort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "HUGE_PART", 6)
    monkeypatch.setattr(improving, "HUGE_PART", 6)
    told: list[float] = []
    generalize(PERSONS, [CITY, SEX], Conditions(3), effort=effort, progress=told.append)
    # Two sexes in four regions each are cut alone.
    assert told == [part / 8 for part in range(1, 9)]


def test_a_table_that_is_not_huge_is_done_in_one_step() -> None:
    told: list[float] = []
    generalize(PERSONS, [CITY, SEX], Conditions(3), progress=told.append)
    assert told == [1]


@pytest.mark.parametrize(("limit", "is_final"), [(24, True), (23, False)])
def test_a_part_of_as_many_tuples_as_the_limit_is_not_huge(limit: int, is_final: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    for module in (cutting, improving):
        monkeypatch.setattr(module, "HUGE_PART", limit)
    for effort in ("fast", "quality"):
        told.clear()
        generalize(PERSONS, [CITY, SEX], Conditions(3), effort=effort, progress=told.append)
        assert (told == [1]) == is_final


@pytest.mark.parametrize(("limit", "ways"), [(24, 2), (23, 0)])
def test_a_part_of_as_many_tuples_as_the_limit_is_cut_both_ways(limit: int, ways: int, monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[int] = []
    to_the_end = cutting.cut_to_the_end

    def listen(rows: Numbers, persons: Numbers, exponent: float, problem: Problem) -> tuple[list[Part], float]:
        followed.append(len(rows))
        return to_the_end(rows, persons, exponent, problem)

    monkeypatch.setattr(cutting, "cut_to_the_end", listen)
    monkeypatch.setattr(cutting, "SMALL_PART", limit)
    generalize(PERSONS, [CITY, SEX], Conditions(3))
    assert followed.count(24) == ways


@pytest.mark.parametrize(
    ("fit", "size", "left"),
    [
        pytest.param([1, 1, 1], [5, 3, 4], [1, 0, 1], id="the smallest"),
        pytest.param([1, 1, 1], [3, 5, 3], [0, 1, 1], id="the first of two"),
        pytest.param([0, 1, 1], [1, 5, 4], [0, 1, 0], id="of those that stand alone"),
        pytest.param([1, 0, 0], [9, 1, 1], [0, 0, 0], id="the only one"),
    ],
)
def test_the_smallest_child_that_stands_alone_joins_the_rest(fit: Sequence[int], size: Sequence[int], left: Sequence[int]) -> None:
    found = np.array(fit, dtype=np.bool_)
    join_smallest(found, np.array([*size, 7], dtype=np.int64))
    assert found.tolist() == [bool(each) for each in left]


@pytest.mark.parametrize("widest", [1, 4, 5, 6, 10**9])
def test_combinations_are_numbered_in_their_order_however_wide_a_number_may_be(widest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "WIDEST", widest)
    columns = [np.array(column, dtype=np.int32) for column in ([1, 0, 1, 0, 1], [2, 0, 0, 2, 2], [0, 1, 1, 0, 1])]
    number, rows = number_distinct(columns)
    assert number.tolist() == [3, 0, 2, 1, 4]
    assert rows.tolist() == [1, 3, 2, 0, 4]
    number, rows = number_distinct([column[:0] for column in columns])
    assert (number.tolist(), rows.tolist()) == ([], [])
