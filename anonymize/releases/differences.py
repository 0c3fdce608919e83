"""What a reader of several releases gets by subtracting one from another: every difference is of nobody, or of at least k persons.

Here: the differences of class counts, counted out. Never here: how classes were chosen, or what is done with a release that
fails. Shares no code with the choice of classes, cohorts or retired rows.

A cell is a combination of values or coarser labels in one to three columns of a cohort. From labels of mixed fineness a
reader derives two counts of it: at least those whose labels lie within the cell, at most those whose labels could. A suppressed
label could be any value; a missing value is a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.hierarchy import Hierarchy

Counts = npt.NDArray[np.int64]

PERSONS, COHORT = "persons", "cohort"
WIDTH = 3
"""Columns of the widest cell that is looked at."""
_EXACT = 2**24
"""Up to here whole numbers add up exactly in single precision."""


@dataclass(frozen=True)
class TableCounts:
    """How many persons each row of counts stands for in one table of one release.

    `classes`: for every combination of labels that the table shows, how many persons share it; `figures`: a table that is
    published as counts itself, cell by cell. `counts` has a text column for each label, `persons`, and in classes the `cohort`
    as a whole number, also where the published table does not show it; without it a difference is over all cohorts at once.
    """

    name: str
    counts: pl.DataFrame
    kind: Literal["classes", "figures"] = "classes"

    @property
    def labels(self) -> tuple[str, ...]:
        """The label columns, in order."""
        return tuple(name for name in self.counts.columns if name != PERSONS and (self.kind == "figures" or name != COHORT))


@dataclass(frozen=True)
class ReleaseCounts:
    """The tables of one release, in counts."""

    version: str
    tables: tuple[TableCounts, ...]


def broken_differences(
    now: ReleaseCounts, earlier: Sequence[ReleaseCounts], k: int, hierarchies: Mapping[str, Hierarchy] | None = None, *, width: int = WIDTH
) -> tuple[str, ...]:
    """Why `now` must not stand beside the earlier releases: each reason in names of tables and columns and in counts; none when it may.

    Every combination of labels and every cell of one to `width` columns, in each cohort, at each level of `hierarchies`, by its
    lower and its upper bound, must count 0 or at least `k` persons more or less than in each earlier release, and than in
    none at all. Tables of the same name are subtracted over the columns they share; within `now` also tables of different
    names, by their lower bounds, where one of them shows everybody. Columns without a hierarchy are compared as they are.
    """
    known = hierarchies or {}
    reasons: list[str] = []
    for table in now.tables:
        former = [found for release in earlier for found in release.tables if (found.name, found.kind) == (table.name, table.kind)]
        if table.kind == "figures":
            reasons += _broken_figures(table, former, k)
        else:
            reasons += _broken_classes(table, former, k, known, width)
    reasons += _broken_between_tables([table for table in now.tables if table.kind == "classes"], k, known, width)
    return tuple(reasons)


def _broken_figures(table: TableCounts, former: Sequence[TableCounts], k: int) -> Iterator[str]:
    few = _under(table.counts[PERSONS].to_numpy(), k)
    if few:
        yield f"table {table.name}: {few} figure(s) are under k = {k}"
    broken = 0
    for before in former:
        shared = [name for name in table.labels if name in before.labels]
        sides = [each.counts.group_by(shared).agg(pl.col(PERSONS).sum()) for each in (table, before)] if shared else []
        if shared:
            beside = sides[0].join(sides[1], on=shared, how="full", coalesce=True, suffix=" before").fill_null(0)
            broken = max(broken, _under((beside[PERSONS] - beside[f"{PERSONS} before"]).to_numpy(), k))
    if broken:
        yield f"table {table.name}: {broken} figure(s) differ from an earlier release by fewer than k = {k}"


def _broken_classes(
    table: TableCounts, former: Sequence[TableCounts], k: int, hierarchies: Mapping[str, Hierarchy], width: int
) -> Iterator[str]:
    groups: dict[tuple[str, ...], list[TableCounts]] = {table.labels: []}
    for before in former:
        groups.setdefault(tuple(name for name in table.labels if name in before.labels), []).append(before)
    for shared, versions in groups.items():
        if shared:
            is_split = all(COHORT in each.counts.columns for each in (table, *versions))
            beside = _side_by_side(table, versions, [COHORT, *shared] if is_split else list(shared))
            differences = list(_distinct_differences(beside, is_split=is_split, versions=len(versions)))
            yield from _reasons(table.name, differences, shared, k, hierarchies, width, bounds=("at least", "at most"))


def _broken_between_tables(tables: Sequence[TableCounts], k: int, hierarchies: Mapping[str, Hierarchy], width: int) -> Iterator[str]:
    everybody = max((int(table.counts[PERSONS].sum()) for table in tables), default=0)
    for one, other in combinations(tables, 2):
        shared = tuple(name for name in one.labels if name in other.labels)
        is_whole = everybody in (int(one.counts[PERSONS].sum()), int(other.counts[PERSONS].sum()))
        if shared and is_whole and all(COHORT in each.counts.columns for each in (one, other)):
            beside = _side_by_side(one, [other], [COHORT, *shared])
            differences = list(_distinct_differences(beside, is_split=True, versions=1, with_nothing=False))
            # Labels of two tables differ in fineness, so only what lies within a cell can be subtracted, not the labels themselves.
            yield from _reasons(
                f"{one.name} and {other.name}", differences, shared, k, hierarchies, width, bounds=("at least",), tuples=False
            )


def _side_by_side(table: TableCounts, versions: Sequence[TableCounts], keys: list[str]) -> pl.DataFrame:
    """One row a combination: how many persons it has now (`now`) and in each version (`v0`, `v1`, ...)."""
    beside = table.counts.group_by(keys).agg(pl.col(PERSONS).sum().alias("now"))
    for place, version in enumerate(versions):
        before = version.counts.group_by(keys).agg(pl.col(PERSONS).sum().alias(f"v{place}"))
        beside = beside.join(before, on=keys, how="full", coalesce=True)
    return beside.fill_null(0)


def _distinct_differences(
    beside: pl.DataFrame, *, is_split: bool, versions: int, with_nothing: bool = True
) -> Iterator[tuple[pl.DataFrame, Counts]]:
    """The combinations of each cohort that differ from a version, and by how much; versions that differ alike are one."""
    parts = beside.partition_by(COHORT) if is_split else [beside]
    for part in parts:
        now = part["now"].to_numpy().astype(np.int64)
        earlier = [part[f"v{place}"].to_numpy().astype(np.int64) for place in range(versions)]
        found: set[bytes] = set()
        for before in [*earlier, *([np.zeros_like(now)] if with_nothing else [])]:
            difference = now - before
            if difference.any() and difference.tobytes() not in found:
                found.add(difference.tobytes())
                changed = np.flatnonzero(difference)
                yield part[changed], difference[changed]


def _reasons(
    name: str,
    differences: Sequence[tuple[pl.DataFrame, Counts]],
    columns: Sequence[str],
    k: int,
    hierarchies: Mapping[str, Hierarchy],
    width: int,
    *,
    bounds: Sequence[str],
    tuples: bool = True,
) -> Iterator[str]:
    broken = sum(_under(difference, k) for _, difference in differences) if tuples else 0
    if broken:
        yield f"table {name}: {broken} combination(s) of labels differ from an earlier release, or from none, by fewer than k = {k}"
    nodes = {column: _Nodes(column, hierarchies.get(column)) for column in columns}
    for size in range(1, min(width, len(columns)) + 1):
        for chosen in combinations(columns, size):
            for bound in bounds:
                cells = sum(_broken_cells(part, difference, chosen, nodes, bound, k) for part, difference in differences)
                if cells:
                    yield (
                        f"table {name}: {cells} cell(s) of {', '.join(chosen)} ({bound} so many persons) differ from an earlier "
                        f"release, or from none, by fewer than k = {k}"
                    )


def _broken_cells(part: pl.DataFrame, difference: Counts, columns: Sequence[str], nodes: Mapping[str, _Nodes], bound: str, k: int) -> int:
    """How many distinct cells of the columns change by too few persons; cells that hold the same combinations are one."""
    collapsed = part.select(columns).with_columns(pl.Series(PERSONS, difference)).group_by(columns).agg(pl.col(PERSONS).sum())
    weight = collapsed[PERSONS].to_numpy()
    kind: npt.DTypeLike = np.float32 if int(np.abs(weight).sum()) < _EXACT else np.float64
    within = sorted((nodes[column].within(collapsed[column], bound).astype(kind) for column in columns), key=lambda each: each.shape[1])
    weighed = within[0] * weight.astype(kind)[:, np.newaxis]
    if len(within) == 1:
        return _under(weighed.sum(axis=0), k)
    if len(within) == 2:
        return _under(weighed.T @ within[1], k)
    return sum(_under((within[1] * outer[:, np.newaxis]).T @ within[2], k) for outer in weighed.T)


def _under(differences: npt.NDArray[Any], k: int) -> int:
    size = np.abs(differences)
    return int(((size > 0) & (size < k)).sum())


class _Nodes:
    """Which labels of a column lie within each value or coarser label, and which could."""

    def __init__(self, column: str, hierarchy: Hierarchy | None) -> None:
        self.column = column
        self.above: dict[str, frozenset[str]] = {}
        for path in hierarchy.paths.values() if hierarchy else ():
            for level, label in enumerate(path):
                self.above[label] = frozenset(path[level:])
        self._tables: dict[tuple[str, tuple[str, ...]], npt.NDArray[np.bool_]] = {}

    def within(self, labels: pl.Series, bound: str) -> npt.NDArray[np.bool_]:
        """(labels, cells): whether the label lies within the cell (`at least`) or could (`at most`); equal cells are one."""
        present = tuple(labels.unique().sort().to_list())
        if (bound, present) not in self._tables:
            self._tables[bound, present] = self._table(present, bound)
        place = {label: position for position, label in enumerate(present)}
        rows: Counts = labels.replace_strict(place, return_dtype=pl.Int64).to_numpy()
        return self._tables[bound, present][rows]

    def _table(self, present: tuple[str, ...], bound: str) -> npt.NDArray[np.bool_]:
        cells = sorted({*self.above, *present})
        above = [self.above.get(label, frozenset((label,))) for label in present]
        table = np.array([[cell in mine for cell in cells] for mine in above], dtype=np.bool_)
        if bound == "at most":
            table |= np.array([[label in self.above.get(cell, ()) for cell in cells] for label in present], dtype=np.bool_)
        distinct: npt.NDArray[np.bool_] = np.unique(table[:, table.any(axis=0)], axis=1)
        return distinct
