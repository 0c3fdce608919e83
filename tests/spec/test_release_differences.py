"""What subtracting releases gives away: nobody or k persons, in every combination of labels and every cell of one to three columns."""

from __future__ import annotations

import polars as pl
import pytest

from anonymize.hierarchy import Hierarchy
from anonymize.releases.differences import ReleaseCounts, TableCounts, broken_differences

K = 3
TOP = "suppressed"
PLACE = Hierarchy("place", {"aa": ("aa", "a", TOP), "ab": ("ab", "a", TOP), "ba": ("ba", "b", TOP), "unknown": ("unknown", "unknown", TOP)})
YEAR = Hierarchy("year", {"1": ("1", TOP), "2": ("2", TOP)})
HIERARCHIES = {"place": PLACE, "year": YEAR}


def classes(*rows: tuple[int, str, str, int], name: str = "all") -> TableCounts:
    schema = {"cohort": pl.Int64, "place": pl.String, "year": pl.String, "persons": pl.Int64}
    return TableCounts(name, pl.DataFrame(rows, schema=schema, orient="row"))


def figures(*rows: tuple[str, int]) -> TableCounts:
    return TableCounts("errata", pl.DataFrame(rows, schema={"cohort": pl.String, "persons": pl.Int64}, orient="row"), "figures")


def release(*tables: TableCounts) -> ReleaseCounts:
    return ReleaseCounts("now", tables)


def broken(now: ReleaseCounts, *earlier: ReleaseCounts) -> tuple[str, ...]:
    return broken_differences(now, earlier, K, HIERARCHIES)


FIRST = classes((1, "aa", "1", 6), (1, "ba", "2", 7))


def test_a_first_release_of_classes_of_k_differs_from_nothing_by_k() -> None:
    assert broken(release(FIRST)) == ()


def test_a_class_under_k_is_found_against_nothing_at_all() -> None:
    reasons = broken(release(classes((1, "aa", "1", 2), (1, "ba", "2", 7))))
    assert reasons[0].startswith("table all: 1 combination(s) of labels")


@pytest.mark.parametrize("stay", [0, 3, 6])
def test_whole_groups_may_leave_a_class(stay: int) -> None:
    assert broken(release(classes((1, "aa", "1", stay), (1, "ba", "2", 7))), release(FIRST)) == ()


@pytest.mark.parametrize("stay", [4, 5, 7, 8])
def test_fewer_than_k_may_neither_leave_nor_join(stay: int) -> None:
    reasons = broken(release(classes((1, "aa", "1", stay), (1, "ba", "2", 7))), release(FIRST))
    assert any("combination(s) of labels" in reason for reason in reasons)
    assert any("cell(s) of place, year (at least" in reason for reason in reasons)
    assert not any("aa" in reason for reason in reasons)


def test_every_earlier_release_counts_not_the_last_alone() -> None:
    """6 -> 3 -> 0 would be well; 8 -> 5 -> 6 is one more than the last and two fewer than the first."""
    steps = [release(classes((1, "aa", "1", persons))) for persons in (8, 5, 8)]
    assert broken(steps[2], *steps[:2]) == ()
    assert broken(release(classes((1, "aa", "1", 8))), *steps[:2], release(classes((1, "aa", "1", 7)))) != ()


def test_newcomers_in_a_cohort_of_their_own_hide_no_retired_person() -> None:
    """Over all cohorts 3 left and 4 came, a difference of 1; but each cohort is shown apart."""
    now = classes((1, "aa", "1", 3), (1, "ba", "2", 7), (2, "aa", "1", 4))
    assert broken(release(now), release(FIRST)) == ()
    assert broken(release(classes((1, "aa", "1", 4), (1, "ba", "2", 7), (2, "aa", "1", 4))), release(FIRST)) != ()


def test_a_cell_of_coarser_labels_adds_up_what_lies_within() -> None:
    """No combination of labels changes by 1 or 2; the region does: 4 leave aa, 3 join ab, so that 1 is gone of region a."""
    before, after = classes((1, "aa", "1", 8), (1, "ab", "1", 8)), classes((1, "aa", "1", 4), (1, "ab", "1", 11))
    reasons = broken(release(after), release(before))
    assert not any("combination" in reason for reason in reasons)
    assert any("cell(s) of place (at least" in reason for reason in reasons)


def test_the_upper_bound_of_a_cell_counts_labels_that_could_lie_within() -> None:
    """At most so many are in aa: those of aa, of region a, and the suppressed. 4 leave aa, 3 join region a: at most 1 fewer in aa."""
    before, after = classes((1, "aa", "1", 8), (1, "a", "1", 8)), classes((1, "aa", "1", 4), (1, "a", "1", 11))
    reasons = broken(release(after), release(before))
    assert any("cell(s) of place (at most" in reason for reason in reasons)


def test_without_cohorts_differences_are_net() -> None:
    def whole(persons: int) -> ReleaseCounts:
        return release(TableCounts("all", pl.DataFrame({"place": ["aa"], "persons": [persons]})))

    assert broken(whole(9), whole(6)) == ()
    assert any("of place" in reason for reason in broken(whole(8), whole(6)))


def test_an_earlier_table_of_other_columns_is_subtracted_over_those_both_have() -> None:
    before = TableCounts("all", pl.DataFrame({"cohort": [1], "place": ["aa"], "persons": [6]}))
    assert broken(release(FIRST), release(before)) == ()
    assert broken(release(classes((1, "aa", "1", 7), (1, "ba", "2", 7))), release(before)) != ()
    other = TableCounts("all", pl.DataFrame({"cohort": [1], "sex": ["f"], "persons": [1]}))
    assert broken(release(FIRST), release(other)) == ()


def test_two_tables_of_one_release_are_subtracted_too() -> None:
    coarser = classes((1, "a", "1", 6), (1, "b", "2", 7), name="regions")
    assert broken(release(FIRST, coarser)) == ()
    some = classes((1, "aa", "1", 6), (1, "ba", "2", 5), name="some")
    (reason, *_) = broken(release(FIRST, some))
    assert reason.startswith("table all and some: ")
    no_cohort = TableCounts("some", some.counts.drop("cohort"))
    assert broken(release(FIRST, no_cohort)) == ()


def test_two_tables_that_both_leave_persons_out_are_not_subtracted() -> None:
    """Neither lies within the other, so their difference is of no persons."""
    ones, twos = classes((1, "aa", "1", 6), name="ones"), classes((1, "aa", "1", 7), name="twos")
    assert broken(release(classes((1, "aa", "1", 13)), ones, twos)) == ()


def test_figures_grow_by_nothing_or_by_k_and_are_never_few() -> None:
    assert broken(release(figures(("1", 8), ("2", 3))), release(figures(("1", 5)))) == ()
    assert "1 figure(s) differ" in broken(release(figures(("1", 6))), release(figures(("1", 5))))[0]
    assert "1 figure(s) are under k" in broken(release(figures(("1", 2))))[0]
    assert broken(release(figures()), release(figures())) == ()
    other = TableCounts("errata", pl.DataFrame({"other": ["1"], "persons": [4]}), "figures")
    assert broken(release(figures(("1", 6))), release(other)) == ()


def test_very_many_persons_are_counted_exactly() -> None:
    many = 2**24
    assert broken(release(classes((1, "aa", "1", many))), release(classes((1, "aa", "1", many + 1)))) != ()


def test_a_cell_of_three_columns_is_looked_at_too() -> None:
    """One of each pair of places changes with another; in all three columns together 2 left one cell and joined another."""

    def of_three(first: int, second: int) -> ReleaseCounts:
        rows = {"cohort": [1, 1], "place": ["aa", "aa"], "year": ["1", "1"], "sex": ["f", "m"], "persons": [first, second]}
        return release(TableCounts("all", pl.DataFrame(rows)))

    assert broken(of_three(6, 9), of_three(6, 6)) == ()
    assert any("of place, year, sex (at least" in reason for reason in broken(of_three(6, 8), of_three(8, 6)))
