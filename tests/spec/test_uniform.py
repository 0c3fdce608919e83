"""One level a column: what is published of a small table, and who is suppressed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest

from anonymize.conditions import Conditions, Contributors
from anonymize.hierarchy import Hierarchy
from anonymize.search import lattice
from anonymize.search.lattice import Look, find_cheapest
from anonymize.uniform import generalize_uniformly
from schemas.errors import SpecificationError

TOP = "suppressed"
CITY = Hierarchy(
    "city", {"Aba": ("Aba", "north", TOP), "Bor": ("Bor", "north", TOP), "Cuc": ("Cuc", "south", TOP), "Dar": ("Dar", "south", TOP)}
)
SEX = Hierarchy("sex", {"f": ("f", TOP), "m": ("m", TOP)})


def persons(said: str) -> pl.DataFrame:
    """ "3 Aba f, 1 Bor m" as a table of persons."""
    rows = [words[1:] for words in map(str.split, said.split(",")) for _ in range(int(words[0]))]
    return pl.DataFrame(rows, schema=["city", "sex", "form"][: len(rows[0])], orient="row")


def shown(table: pl.DataFrame) -> dict[tuple[str, ...], int]:
    return dict(Counter(table.rows()))


def test_a_column_has_one_level_even_where_some_classes_would_not_need_it() -> None:
    found = generalize_uniformly(persons("5 Aba f, 5 Cuc f, 1 Bor f, 4 Dar m"), [CITY, SEX], Conditions(3))
    assert found.levels == (("city", 1), ("sex", 0))
    assert shown(found.table) == {("north", "f"): 6, ("south", "f"): 5, ("south", "m"): 4}
    assert found.suppressed == 0


def test_a_few_persons_are_suppressed_where_that_loses_less() -> None:
    table = persons("9 Aba f, 8 Cuc f, 3 Bor m")
    assert generalize_uniformly(table, [CITY, SEX], Conditions(4)).levels == (("city", 1), ("sex", 1))
    found = generalize_uniformly(table, [CITY, SEX], Conditions(4), suppression_limit=0.6)
    assert found.levels == (("city", 0), ("sex", 0))
    # Three persons would be a class too small, so the smaller of the other two joins them.
    assert shown(found.table) == {("Aba", "f"): 9, (TOP, TOP): 11}
    assert found.suppressed == 11


def test_nobody_is_suppressed_beyond_the_limit() -> None:
    table = persons("9 Aba f, 8 Cuc f, 3 Bor m")
    found = generalize_uniformly(table, [CITY, SEX], Conditions(3), suppression_limit=0.15)
    assert shown(found.table) == {("Aba", "f"): 9, ("Cuc", "f"): 8, ("Bor", "m"): 3}
    found = generalize_uniformly(table, [CITY, SEX], Conditions(4), suppression_limit=0.15)
    assert found.suppressed == 0


def test_a_limit_of_29_percent_allows_29_of_100_persons() -> None:
    """Though .29 x 100 is under 29 in binary."""
    found = generalize_uniformly(persons("71 Aba f, 15 Bor m, 14 Cuc m"), [CITY, SEX], Conditions(16), suppression_limit=0.29)
    assert shown(found.table) == {("Aba", "f"): 71, (TOP, TOP): 29}


def test_a_class_that_is_too_much_alike_is_suppressed_like_one_that_is_too_small() -> None:
    table = persons("6 Aba f work, 6 Aba f sex, 3 Bor f work, 1 Bor f sex, 4 Cuc m work")
    found = generalize_uniformly(table, [CITY, SEX], Conditions.with_distinct_values(4, 2, ["form"]), suppression_limit=0.5)
    assert shown(found.table) == {("Aba", "f", "work"): 6, ("Aba", "f", "sex"): 6, (TOP, TOP, "work"): 7, (TOP, TOP, "sex"): 1}


def test_a_contributor_that_subtracts_its_own_leaves_nobody_or_enough() -> None:
    table = persons("6 Aba f, 6 Bor f").with_columns(sender=pl.Series(["x"] * 5 + ["y"] + ["x"] * 3 + ["y"] * 3))
    found = generalize_uniformly(table, [CITY, SEX], Conditions(3, contributors=Contributors("sender", least=2)))
    assert found.levels == (("city", 1), ("sex", 0))


def test_a_weight_keeps_the_column_that_matters_more() -> None:
    table = persons("3 Aba f, 3 Aba m, 3 Cuc f, 3 Cuc m")
    assert generalize_uniformly(table, [CITY, SEX], Conditions(6), weights={"city": 2.0}).levels == (("city", 0), ("sex", 1))
    assert generalize_uniformly(table, [CITY, SEX], Conditions(6), weights={"sex": 2.0}).levels == (("city", 2), ("sex", 0))


def test_levels_that_join_nothing_count_as_the_finest_of_them() -> None:
    """Of the north only Aba occurs, of the south only Cuc: the region says as much as the city, so the city is shown."""
    found = generalize_uniformly(persons("3 Aba f, 3 Cuc m"), [CITY, SEX], Conditions(3))
    assert found.levels == (("city", 0), ("sex", 0))
    alone = generalize_uniformly(persons("3 Aba f, 1 Aba m"), [CITY, SEX], Conditions(3), suppression_limit=0.0)
    assert shown(alone.table) == {("Aba", TOP): 4}


def test_the_loss_is_the_mean_over_cells_and_the_bound_proves_it_least() -> None:
    found = generalize_uniformly(persons("3 Aba f, 3 Bor f, 2 Cuc f, 1 Dar f, 2 Dar m"), [CITY, SEX], Conditions(3))
    assert shown(found.table) == {("north", TOP): 6, ("south", TOP): 5}
    assert found.loss == pytest.approx((1 / 3 + 1) / 2)
    assert found.bound == found.loss


def test_tables_of_many_columns_and_values_are_grouped_rightly() -> None:
    """Ten columns of 128 values have more combinations than a number of 62 bits."""
    columns = [f"c{number}" for number in range(10)]
    values = [str(value) for value in range(128)]
    paths = {value: (value, TOP) for value in values}
    table = pl.DataFrame({column: values * 2 for column in columns})
    found = generalize_uniformly(table, [Hierarchy(column, paths) for column in columns], Conditions(2))
    assert found.table.equals(table)


def test_progress_rises_to_the_end_of_the_search() -> None:
    told: list[float] = []
    table = persons("3 Aba f, 3 Bor f, 2 Cuc f, 1 Dar f, 2 Dar m, 1 Cuc m, 1 Bor m")
    generalize_uniformly(table, [CITY, SEX], Conditions(4), progress=told.append)
    assert told
    assert told == sorted(told)
    assert all(0 < share <= 1 for share in told)


def test_a_search_that_is_ended_early_says_how_much_might_be_won() -> None:
    """Two columns of three heights; what is allowed costs 1 a height."""
    prices = np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]])

    def look(choice: tuple[int, ...]) -> Look:
        return Look(float(sum(choice)), sum(choice) >= 2, 0.0 if sum(choice) >= 2 else np.inf, prices)

    ended = find_cheapest(prices, [2, 2], look, most_looks=1)
    assert (ended.choice, ended.loss, ended.bound, ended.looks) == ((0, 2), 2.0, 0.0, 4)
    finished = find_cheapest(prices, [2, 2], look, most_looks=100)
    assert (finished.loss, finished.bound) == (2.0, 2.0)
    assert finished.looks < 9


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(SpecificationError) as caught:
        generalize_uniformly(persons("3 Aba f"), [CITY, SEX], Conditions(3), suppression_limit=share)
    assert caught.value.faults == (f"the share of persons who may be suppressed is {share:g}",)


def test_the_faults_of_a_request_are_those_of_local_recoding() -> None:
    with pytest.raises(SpecificationError) as caught:
        generalize_uniformly(persons("3 Aba f"), [CITY], Conditions(4), weights={"sex": 1.0})
    assert caught.value.faults == (
        "a weight is given for sex, which is no quasi-identifier",
        "k is 4, more than the 3 person(s) of the table",
    )


def test_a_search_over_too_many_choices_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lattice, "MOST_VISITS", 0)
    table = persons("3 Aba f, 3 Bor f, 2 Cuc f, 1 Dar f, 2 Dar m, 1 Cuc m, 1 Bor m")
    found = generalize_uniformly(table, [CITY, SEX], Conditions(4))
    assert found.bound < found.loss
    assert min(shown(found.table).values()) >= 4
