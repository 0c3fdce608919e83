"""Who enters with the next release and who waits: small pools and coarse classes, whole, and six months at most."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from anonymize.conditions import Conditions, Contributors
from anonymize.generalize import Generalized
from anonymize.hierarchy import Hierarchy
from anonymize.releases.cohorts import SINCE, Entry, Patience, entry_of, mean_penalty, weighed

TOP = "suppressed"
TODAY = date(2026, 7, 31)
PLACE = Hierarchy("place", {"aa": ("aa", "a", TOP), "ab": ("ab", "a", TOP), "ba": ("ba", "b", TOP), "bb": ("bb", "b", TOP)})
PATIENCE = Patience(smallest_pool=10, largest_penalty=0.2, longest_wait=6)


def pool(*groups: tuple[str, int], since: date | None = None, by: str = "p") -> pl.DataFrame:
    rows = [(f"{place}{number:02d}", place, since, by) for place, persons in groups for number in range(persons)]
    return pl.DataFrame(rows, schema={"person_key": pl.String, "place": pl.String, SINCE: pl.Date, "by": pl.String}, orient="row")


def entry(newcomers: pl.DataFrame, day: date = TODAY, *, least: int | None = None, is_first: bool = False) -> Entry:
    conditions = Conditions(5, (), Contributors("by", least, "+") if least else None)
    found = entry_of(newcomers, [PLACE], conditions, PATIENCE, day=day, is_first=is_first)
    assert found.entering.columns == found.waiting.columns == newcomers.columns
    assert sorted([*found.entering["person_key"], *found.waiting["person_key"]]) == sorted(newcomers["person_key"])
    assert found.waiting[SINCE].null_count() == 0
    return found


def counts(found: Entry) -> tuple[int, int]:
    return found.entering.height, found.waiting.height


COARSE = pool(("aa", 10), ("ba", 3), ("bb", 4))
"""aa can be told as it is; ba and bb only together, as region b: a penalty of 1/2 in three places that occur."""


def test_a_small_pool_waits_from_the_day_on_which_it_is_first_seen() -> None:
    found = entry(pool(("aa", 9)))
    assert counts(found) == (0, 9)
    assert set(found.waiting[SINCE]) == {TODAY}


def test_who_waited_before_keeps_the_day() -> None:
    old = date(2026, 3, 1)
    found = entry(pl.concat([pool(("aa", 3), since=old), pool(("ba", 3))]))
    assert sorted(found.waiting[SINCE]) == [old] * 3 + [TODAY] * 3


def test_a_class_that_is_too_coarse_waits_whole_and_the_others_enter() -> None:
    found = entry(COARSE)
    assert counts(found) == (10, 7)
    assert set(found.entering["place"]) == {"aa"}
    assert set(found.waiting["place"]) == {"ba", "bb"}


def test_who_waits_keeps_the_values_and_gets_no_label() -> None:
    assert entry(COARSE).waiting.drop(SINCE).equals(COARSE.filter(pl.col("place").str.starts_with("b")).drop(SINCE))


def test_the_first_cohort_enters_whole() -> None:
    assert counts(entry(COARSE, is_first=True)) == (17, 0)
    assert counts(entry(pool(("aa", 9)), is_first=True)) == (9, 0)


@pytest.mark.parametrize(
    ("since", "day", "waiting"),
    [
        (date(2026, 1, 31), date(2026, 7, 30), 7),
        (date(2026, 1, 31), date(2026, 7, 31), 0),
        (date(2025, 8, 31), date(2026, 2, 27), 7),
        (date(2025, 8, 31), date(2026, 2, 28), 0),
    ],
)
def test_a_class_with_a_person_whose_time_is_up_enters_however_coarse(since: date, day: date, waiting: int) -> None:
    one = pl.col("person_key") == "ba00"
    dated = COARSE.with_columns(pl.when(one).then(pl.lit(since)).otherwise(pl.col(SINCE)).alias(SINCE))
    assert entry(dated, day).waiting.height == waiting


def test_a_small_pool_enters_whole_when_the_time_of_one_is_up() -> None:
    old = pl.concat([pool(("aa", 1), since=date(2025, 1, 1)), pool(("ba", 3), ("bb", 3))])
    assert counts(entry(old)) == (7, 0)


def test_under_k_nobody_enters_whoever_waits() -> None:
    assert counts(entry(pool(("aa", 4), since=date(2020, 1, 1)))) == (0, 4)


def test_the_few_whom_one_contributor_could_tell_from_its_own_wait() -> None:
    """p reported twelve; two others would stand alone for p. With three they enter."""
    mostly = pool(("aa", 12))
    assert counts(entry(pl.concat([mostly, pool(("ba", 2), by="q")]), least=3)) == (12, 2)
    assert counts(entry(pl.concat([mostly, pool(("ab", 3), by="p+q")]), least=3, is_first=True)) == (15, 0)
    assert counts(entry(pl.concat([mostly, pool(("ab", 3), by="q")]), least=3, is_first=True)) == (15, 0)
    assert counts(entry(pl.concat([mostly, pool(("ba", 2), by="q")]), least=3, is_first=True)) == (12, 2)


def test_without_a_separator_a_cell_names_one_contributor() -> None:
    both = pl.concat([pool(("aa", 12), by="p+q"), pool(("ba", 2), by="p")])
    conditions = Conditions(5, (), Contributors("by", 3))
    assert entry_of(both, [PLACE], conditions, PATIENCE, day=TODAY).waiting.height == 2


def test_the_penalty_is_over_the_values_that_occur_and_a_mean_over_the_columns() -> None:
    sex = Hierarchy("sex", {"f": ("f", TOP), "m": ("m", TOP)})
    original = pl.DataFrame({"place": ["aa", "ab", "ba"], "sex": ["f", "f", "f"]})
    labelled = pl.DataFrame({"place": ["a", "ab", TOP], "sex": [TOP, "f", "f"]})
    assert mean_penalty(original, labelled, [PLACE, sex]).to_list() == [0.25, 0.0, 0.5]


def test_a_search_may_be_given() -> None:
    def nothing_left(table: pl.DataFrame, hierarchies: object, conditions: Conditions) -> Generalized:
        return Generalized(table.with_columns(place=pl.lit(TOP)), 1, ("form",))

    found = entry_of(pool(("aa", 12), ("ba", 1)), [PLACE], Conditions(5), PATIENCE, day=TODAY, search=nothing_left)
    assert (counts(found), found.waived) == ((0, 13), ("form",))


def test_the_weights_of_columns_go_into_the_search() -> None:
    """Three of each place and sex under k = 5: either column must go; what weighs more stays."""
    sex = Hierarchy("sex", {"f": ("f", TOP), "m": ("m", TOP)})
    table = pool(("aa", 6), ("ba", 6)).with_columns(sex=pl.Series(["f", "f", "f", "m", "m", "m"] * 2))
    for kept, lost in (("sex", "place"), ("place", "sex")):
        found = weighed({kept: 9.0})(table, [PLACE, sex], Conditions(5)).table
        assert TOP not in found[kept].to_list()
        assert set(found[lost]) == {TOP}
