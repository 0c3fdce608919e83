"""Where exactly the limits of waiting lie, and whom a contributor of several names leaves too few."""

from __future__ import annotations

from datetime import date

import polars as pl

from anonymize.conditions import Conditions, Contributors
from anonymize.hierarchy import Hierarchy
from anonymize.releases.cohorts import SINCE, Entry, Patience, entry_of

TOP = "suppressed"
DAY = date(2026, 7, 31)
PLACE = Hierarchy("place", {"aa": ("aa", "a", TOP), "ba": ("ba", "b", TOP), "bb": ("bb", "b", TOP)})


def entry(patience: Patience, *groups: tuple[str, int, str], separator: str | None = "+") -> Entry:
    """Groups of persons: place, how many, contributors."""
    rows = [(place, by, None) for place, persons, by in groups for _ in range(persons)]
    newcomers = pl.DataFrame(rows, schema={"place": pl.String, "by": pl.String, SINCE: pl.Date}, orient="row")
    return entry_of(newcomers, [PLACE], Conditions(3, (), Contributors("by", 3, separator)), patience, day=DAY)


def counts(found: Entry) -> tuple[int, int]:
    return found.entering.height, found.waiting.height


def test_a_pool_as_large_as_asked_enters() -> None:
    patience = Patience(smallest_pool=10, largest_penalty=1, longest_wait=6)
    assert counts(entry(patience, ("aa", 5, "p"), ("aa", 5, "q"))) == (10, 0)
    assert counts(entry(patience, ("aa", 5, "p"), ("aa", 4, "q"))) == (0, 9)


def test_a_class_whose_penalty_is_the_limit_enters() -> None:
    """b stands for two of the three places: a penalty of 1/2."""
    groups = (("aa", 5, "p"), ("aa", 5, "q"), ("ba", 2, "p"), ("bb", 2, "p"))
    assert counts(entry(Patience(2, 0.5, 6), *groups)) == (14, 0)
    assert counts(entry(Patience(2, 0.49, 6), *groups)) == (10, 4)


def test_a_person_of_several_contributors_is_a_stranger_to_none_of_them() -> None:
    groups = (("aa", 5, "p+q"), ("aa", 5, "p"), ("aa", 2, "q"))
    assert counts(entry(Patience(2, 1, 6), *groups)) == (10, 2)
    assert counts(entry(Patience(2, 1, 6), *groups, separator=None)) == (12, 0)


def test_who_waits_may_leave_others_alone() -> None:
    """z leaves two strangers, who wait; without them a leaves two as well."""
    found = entry(Patience(2, 1, 6), ("aa", 10, "a+z"), ("aa", 2, "z"), ("aa", 2, "b"))
    assert counts(found) == (10, 4)
    assert set(found.waiting["by"]) == {"z", "b"}
