"""What is known by now to be wrong in published rows, told in counts that are safe beside them and beside every earlier count.

Here: which labels no longer fit, and the figures that may be told of them. Never here: an edited row, or the file of the table.

A wrong label is told once, in one figure, and stays told: so a figure only ever grows, by 0 or by at least k persons,
and whatever errata tables are subtracted, the difference is a sum of such steps. What is too few yet is told together
with others of a coarser label, then of all cohorts together, or waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from anonymize.hierarchy import Hierarchy
from schemas.vocabulary import SUPPRESSED

ALL_COHORTS = SUPPRESSED
FIGURES = pl.Schema({"cohort": pl.String, "column": pl.String, "label": pl.String, "persons": pl.Int64})
"""How many persons of a cohort (`suppressed`: of any) were published in a column under the label or a finer one that no
longer fits them, and are counted in no other row."""
_PLACE = ["cohort", "column", "label"]


@dataclass(frozen=True)
class Told:
    """Figures to add to those of earlier errata, and which labels of which persons they count (key and `column`)."""

    figures: pl.DataFrame
    persons: pl.DataFrame


def misfits(
    published: pl.DataFrame,
    current: pl.DataFrame,
    hierarchies: Mapping[str, Hierarchy],
    sensitive: Sequence[str],
    *,
    key: str = "person_key",
) -> pl.DataFrame:
    """Published labels that do not cover what is known of their person now: the key, `cohort`, `column`, `label`.

    `published` has the key, the cohort and labels, `current` the key and values. A person who is not in `current` fits.
    """
    beside = published.join(current, on=key, suffix=" now")
    found = []
    for column in (*hierarchies, *sensitive):
        pair = [pl.col(key), pl.col("cohort").cast(pl.String), pl.lit(column).alias("column"), pl.col(column).alias("label")]
        values = beside.select(*pair, value=f"{column} now")
        if column in hierarchies:
            covers = [(value, label) for value, path in hierarchies[column].paths.items() for label in dict.fromkeys(path)]
            fitting = pl.DataFrame(covers, schema={"value": pl.String, "label": pl.String}, orient="row")
            found.append(values.join(fitting, on=["value", "label"], how="anti").drop("value"))
        else:
            found.append(values.filter(pl.col("value") != pl.col("label")).drop("value"))
    return pl.concat(found).sort("column", key)


def tell(
    wrong: pl.DataFrame,
    published: pl.DataFrame,
    earlier: pl.DataFrame,
    hierarchies: Mapping[str, Hierarchy],
    k: int,
    *,
    key: str = "person_key",
) -> Told:
    """The figures that the wrong labels make, which no earlier figure counts: each at least `k`, none next to all of its persons.

    `wrong` is what `misfits` found and no errata told; `earlier` holds the figures that stand (`FIGURES`). Of the persons
    published in a column under a figure's label or a finer one, those not counted in it or below it are none or at least `k`.
    """
    figures, persons = [], []
    for (column,), mine in wrong.sort("column", key).partition_by("column", as_dict=True, maintain_order=True).items():
        name = str(column)
        shown = published.select(pl.col("cohort").cast(pl.String), pl.col(name).alias("label")).group_by("cohort", "label").len("persons")
        ladder = _Ladder(name, hierarchies.get(name), shown, earlier.filter(pl.col("column") == name))
        told, counted = _tell_column(mine, ladder, k)
        figures.append(told)
        persons.append(counted.select(key, "column"))
    nobody = wrong.select(key, "column").clear()
    return Told(pl.concat([pl.DataFrame(schema=FIGURES), *figures]).sort(_PLACE), pl.concat([nobody, *persons]).sort("column", key))


def standing_figures(figures: pl.DataFrame) -> pl.DataFrame:
    """The table of all that was told so far, one row a place."""
    return figures.group_by(_PLACE).agg(pl.col("persons").sum()).sort(_PLACE).select(FIGURES.names()).cast(FIGURES)


class _Ladder:
    """Where a label of one column stands, how many persons show it or a finer one, and how many of them errata count already."""

    def __init__(self, column: str, hierarchy: Hierarchy | None, shown: pl.DataFrame, earlier: pl.DataFrame) -> None:
        self.column = column
        self.above: dict[str, tuple[str, ...]] = {}
        for path in hierarchy.paths.values() if hierarchy else ():
            for level, label in enumerate(path):
                self.above.setdefault(label, tuple(dict.fromkeys(path[level:])))
        self.shown = self._summed(shown)
        self.told = self._summed(earlier)

    def steps(self, cohort: str, label: str) -> tuple[tuple[str, str], ...]:
        """The places where a wrong label may be counted, finest first; the last is the whole column in all cohorts."""
        path = self.above.get(label, (label, SUPPRESSED) if label != SUPPRESSED else (SUPPRESSED,))
        return (*((cohort, each) for each in path), (ALL_COHORTS, SUPPRESSED))

    def count(self, place: tuple[str, str], persons: int) -> None:
        """Take persons at a place into the account of what is told."""
        for step in dict.fromkeys(self.steps(*place)):
            self.told[step] = self.told.get(step, 0) + persons

    def leaves_enough(self, place: tuple[str, str], persons: int, k: int) -> bool:
        """Whether, so many persons told at a place, nobody or at least `k` are left uncounted there and everywhere above."""
        left = [self.shown.get(step, 0) - self.told.get(step, 0) - persons for step in dict.fromkeys(self.steps(*place))]
        return all(uncounted == 0 or uncounted >= k for uncounted in left)

    def _summed(self, rows: pl.DataFrame) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for cohort, label, persons in rows.select("cohort", "label", "persons").iter_rows():
            for step in dict.fromkeys(self.steps(cohort, label)):
                found[step] = found.get(step, 0) + persons
        return found


def _tell_column(wrong: pl.DataFrame, ladder: _Ladder, k: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Climb from the finest labels: those at one place who are enough are told there, the others climb on."""
    paths = [ladder.steps(cohort, label) for cohort, label in wrong.select("cohort", "label").iter_rows()]
    waiting = set(range(wrong.height))
    told: list[tuple[str, str, str, int]] = []
    counted: list[int] = []
    for steps_left in range(max((len(path) for path in paths), default=0), 0, -1):
        places: dict[tuple[str, str], list[int]] = {}
        for person in sorted(waiting):
            if len(paths[person]) >= steps_left:
                places.setdefault(paths[person][-steps_left], []).append(person)
        for place, persons in sorted(places.items()):
            if len(persons) >= k and ladder.leaves_enough(place, len(persons), k):
                ladder.count(place, len(persons))
                told.append((place[0], ladder.column, place[1], len(persons)))
                counted += persons
                waiting -= set(persons)
    return pl.DataFrame(told, schema=FIGURES, orient="row"), wrong[sorted(counted)]
