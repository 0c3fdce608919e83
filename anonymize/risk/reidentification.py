"""The chance to pick the right person for a published row, under what three kinds of attacker know.

Here: prosecutor, journalist and marketer risk. Never here: what a class tells without picking anybody (`classes`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from anonymize.hierarchy import Hierarchy
from anonymize.risk.tables import plain
from schemas.errors import SpecificationError
from schemas.missing import SUPPRESSED


@dataclass(frozen=True)
class Reidentification:
    """Probabilities from 0 to 1; 0 for a table without persons.

    With f persons of a class in the table and F persons in the population whom its labels fit: the prosecutor knows that the
    target is in the table and picks one of f (`prosecutor_highest`, the largest 1/f; `prosecutor_mean`, over persons: classes /
    persons). The journalist knows only the population and picks one of F (`journalist_highest`, the largest 1/F). The marketer
    matches the whole table to the population and asks what share of the persons is right (`marketer`, the mean of 1/F).
    """

    prosecutor_highest: float
    prosecutor_mean: float
    journalist_highest: float
    marketer: float


def reidentification(
    published: pl.DataFrame, *, quasi: Sequence[str], population: pl.DataFrame | None = None, hierarchies: Sequence[Hierarchy] = ()
) -> Reidentification:
    """Re-identification risks (Dankar and El Emam 2010; El Emam 2013, chapter 16: pRb, pRc, jRb, mR2).

    `population` holds those among whom an attacker looks, the published persons included, in original values; without
    it the table itself is the population, which is the most an attacker can know. `hierarchies` say which values a label fits
    (`suppressed` fits all); a column without one is compared as it stands. A person of the population whose value no
    hierarchy holds, or is suppressed, is taken to fit no label but `suppressed`, which makes the risk higher, never lower.
    Raises `SpecificationError` where the population has fewer persons of a class than the table.
    """
    labels = plain(published, quasi, prefix="q")
    classes = labels.group_by(labels.columns).agg(pl.len().alias("f")) if quasi else labels.select(f=pl.lit(published.height))
    fits = classes["f"] if population is None else _persons_that_fit(classes, population, quasi, hierarchies)
    short = int((fits < classes["f"]).sum())
    if short:
        raise SpecificationError(
            [f"{short} class(es) have fewer persons in the population than in the table"],
            where="the published table and its population",
            allowed="a population that the published persons are part of",
            next_step="add the published persons to the population, then measure again",
        )
    persons = published.height
    by_size = pl.DataFrame({"f": classes["f"], "F": fits}).group_by("f", "F").len().sort("f", "F")
    return Reidentification(
        prosecutor_highest=1 / min(classes["f"]) if persons else 0.0,
        prosecutor_mean=classes.height / persons if persons else 0.0,
        journalist_highest=1 / min(fits) if persons else 0.0,
        marketer=sum(f / of * number for f, of, number in by_size.iter_rows()) / persons if persons else 0.0,
    )


def _persons_that_fit(classes: pl.DataFrame, population: pl.DataFrame, quasi: Sequence[str], hierarchies: Sequence[Hierarchy]) -> pl.Series:
    """For each class, the persons of the population whose every value its labels cover."""
    values = plain(population, quasi, prefix="q")
    if not quasi:
        return pl.Series([population.height] * classes.height, dtype=pl.Int64)
    people = values.group_by(values.columns).len("F")
    paths = {hierarchy.column: hierarchy.paths for hierarchy in hierarchies}
    ladders = [_Ladder.of(people[name], paths.get(column)) for name, column in zip(values.columns, quasi, strict=True)]
    levels = [ladder.level_of(classes[name]).alias(f"level {name}") for ladder, name in zip(ladders, values.columns, strict=True)]
    fits = np.zeros(classes.height, dtype=np.int64)
    # A class may mix levels: classes of one pattern of levels are looked up together, in the population raised to that pattern.
    by = [level.name for level in levels]
    for pattern, alike in classes.with_columns(levels).with_row_index("class").partition_by(by, as_dict=True).items():
        raised = [ladder.rungs[level].alias(name) for ladder, level, name in zip(ladders, pattern, values.columns, strict=True)]
        persons = pl.DataFrame([people["F"], *raised]).group_by(values.columns).agg(pl.col("F").sum())
        found = alike.join(persons, on=values.columns)
        fits[found["class"].to_numpy()] = found["F"].to_numpy()
    return pl.Series(fits)


@dataclass(frozen=True)
class _Ladder:
    """A column of the population at every level of its hierarchy, null where the value is not known to be under a label."""

    rungs: tuple[pl.Series, ...]
    levels: Mapping[str, int]

    @classmethod
    def of(cls, values: pl.Series, paths: Mapping[str, tuple[str, ...]] | None) -> _Ladder:
        if paths is None:
            paths = {value: (value, SUPPRESSED) for value in values.unique().to_list() if value != SUPPRESSED}
        depth = max(map(len, paths.values()), default=1)
        rungs = [
            values.replace_strict({value: path[level] for value, path in paths.items()}, default=None, return_dtype=pl.String)
            for level in range(depth - 1)
        ]
        levels = {path[level]: level for level in range(depth) for path in paths.values()}
        return cls((*rungs, values.clear().extend_constant(SUPPRESSED, len(values))), {**levels, SUPPRESSED: depth - 1})

    def level_of(self, labels: pl.Series) -> pl.Series:
        """A level at which each label stands; a label that stands at none is looked for among the values, where nobody fits it."""
        return labels.replace_strict(self.levels, default=0, return_dtype=pl.Int64)
