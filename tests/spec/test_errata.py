"""Errata: which published labels are wrong by now, told in counts of at least k that only ever grow by at least k."""

from __future__ import annotations

import polars as pl

from anonymize.hierarchy import Hierarchy
from anonymize.releases.errata import FIGURES, misfits, standing_figures, tell

K = 3
TOP = "suppressed"
PLACE = Hierarchy("place", {"aa": ("aa", "a", TOP), "ab": ("ab", "a", TOP), "ba": ("ba", "b", TOP), "unknown": ("unknown", "unknown", TOP)})
HIERARCHIES = {"place": PLACE}


def published(*groups: tuple[int, str, int]) -> pl.DataFrame:
    """So many persons of a cohort under a label; each is known to have suffered it ("yes")."""
    rows = [(f"{cohort}{label}{number:02d}", cohort, label, "yes") for cohort, label, persons in groups for number in range(persons)]
    return pl.DataFrame(rows, schema={"person_key": pl.String, "cohort": pl.Int64, "place": pl.String, "form": pl.String}, orient="row")


def wrong(table: pl.DataFrame, *groups: tuple[int, str, int], column: str = "place") -> pl.DataFrame:
    """The first so many persons of a cohort under a label are wrong."""
    first = [table.filter((pl.col("cohort") == cohort) & (pl.col(column) == label)).head(persons) for cohort, label, persons in groups]
    return pl.concat(first).select("person_key", pl.col("cohort").cast(pl.String), column=pl.lit(column), label=pl.col(column))


def told(table: pl.DataFrame, found: pl.DataFrame, earlier: pl.DataFrame | None = None) -> list[tuple[str, str, int]]:
    known = pl.DataFrame(schema=FIGURES) if earlier is None else earlier
    figures = tell(found, table, known, HIERARCHIES, K).figures
    return [(cohort, label, persons) for cohort, _, label, persons in figures.iter_rows()]


def test_a_label_is_wrong_when_it_no_longer_covers_the_value() -> None:
    shown = pl.DataFrame(
        {"person_key": ["1", "2", "3", "4", "5"], "cohort": [1, 1, 1, 2, 2], "place": ["aa", "a", TOP, "b", "aa"], "form": ["yes"] * 5}
    )
    now = pl.DataFrame({"person_key": ["1", "2", "3", "4"], "place": ["ab", "ab", "ba", "unknown"], "form": ["yes", "no", "yes", "yes"]})
    found = misfits(shown, now, HIERARCHIES, ["form"])
    assert found.rows() == [("2", "1", "form", "yes"), ("1", "1", "place", "aa"), ("4", "2", "place", "b")]


def test_enough_of_one_label_are_told_under_it() -> None:
    table = published((1, "aa", 9), (1, "ba", 9))
    found = tell(wrong(table, (1, "aa", 4)), table, pl.DataFrame(schema=FIGURES), HIERARCHIES, K)
    assert found.figures.rows() == [("1", "place", "aa", 4)]
    assert found.persons.rows() == [(f"1aa{number:02d}", "place") for number in range(4)]


def test_too_few_are_told_with_others_of_a_coarser_label() -> None:
    table = published((1, "aa", 9), (1, "ab", 9), (1, "a", 9), (1, "ba", 9))
    assert told(table, wrong(table, (1, "aa", 2), (1, "ab", 1))) == [("1", "a", 3)]
    assert told(table, wrong(table, (1, "aa", 2), (1, "a", 1))) == [("1", "a", 3)]
    assert told(table, wrong(table, (1, "aa", 2), (1, "ba", 1))) == [("1", TOP, 3)]


def test_too_few_of_each_cohort_are_told_of_all_together() -> None:
    table = published((1, "aa", 9), (2, "aa", 9))
    assert told(table, wrong(table, (1, "aa", 2), (2, "aa", 2))) == [(TOP, TOP, 4)]


def test_too_few_at_all_wait() -> None:
    table = published((1, "aa", 9))
    found = tell(wrong(table, (1, "aa", 2)), table, pl.DataFrame(schema=FIGURES), HIERARCHIES, K)
    assert (found.figures.height, found.persons.height) == (0, 0)


def test_all_but_few_of_a_label_are_not_told_under_it() -> None:
    """7 of 9 wrong: the other two would be known to be right. 9 of 9: nobody else is left."""
    table = published((1, "aa", 9), (1, "ab", 9))
    assert told(table, wrong(table, (1, "aa", 7))) == [("1", "a", 7)]
    assert told(table, wrong(table, (1, "aa", 9))) == [("1", "aa", 9)]
    assert told(table, wrong(table, (1, "aa", 9), (1, "ab", 8))) == [("1", "aa", 9)]


def test_what_was_told_before_counts_to_what_is_left() -> None:
    table = published((1, "aa", 9))
    earlier = pl.DataFrame([("1", "place", "aa", 4)], schema=FIGURES, orient="row")
    assert told(table, wrong(table, (1, "aa", 4)), earlier) == []
    assert told(table, wrong(table, (1, "aa", 5)), earlier) == [("1", "aa", 5)]


def test_a_sensitive_field_has_no_coarser_labels() -> None:
    table = published((1, "aa", 9), (1, "ba", 9))
    assert tell(wrong(table, (1, "yes", 3), column="form"), table, pl.DataFrame(schema=FIGURES), HIERARCHIES, K).figures.rows() == [
        ("1", "form", "yes", 3)
    ]
    assert ("1", TOP, 3) in told(
        table.with_columns(form=pl.lit(TOP)), wrong(table.with_columns(form=pl.lit(TOP)), (1, TOP, 3), column="form")
    )


def test_figures_of_one_place_are_one_row_of_the_table() -> None:
    figures = pl.DataFrame([("1", "place", "aa", 4), ("1", "place", "aa", 3), ("1", "form", "yes", 3)], schema=FIGURES, orient="row")
    assert standing_figures(figures).rows() == [("1", "form", "yes", 3), ("1", "place", "aa", 7)]


def test_nothing_wrong_nothing_told() -> None:
    table = published((1, "aa", 9))
    assert told(table, wrong(table, (1, "aa", 0))) == []
