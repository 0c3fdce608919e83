"""Exact counts of flags in all and by one quasi-identifier, published only where nobody can subtract down to few persons.

Here: which counts are told, judged together with the core and the shuffled flags. Never here: noise, files, or a count by two columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from anonymize.conditions import Contributors
from anonymize.flags.combining import Ints
from anonymize.flags.nesting import NestedFlags
from anonymize.flags.regions import Marks, Shown, derivable, look_at, touching, within
from anonymize.flags.spec import FlagSpec
from anonymize.hierarchy import Hierarchy
from schemas.missing import SUPPRESSED

ALL = "all"
TOTALS_SCHEMA = pl.Schema({"flag": pl.String, "value": pl.String, "column": pl.String, "label": pl.String, "persons": pl.Int64})
"""One count: how many persons have the value of the flag, among all (`column` and `label` are `all`), those with a value of a column, or
those with any of its values that are not told apart (`label` is `suppressed`). A count that is not there is 0 or withheld."""


def count_totals(
    original: pl.DataFrame,
    core: pl.DataFrame,
    flags: pl.DataFrame,
    nested: NestedFlags,
    hierarchies: Sequence[Hierarchy],
    spec: FlagSpec,
    *,
    contributors: Contributors | None = None,
) -> pl.DataFrame:
    """The counts of every flag, a missing one included, in all and by the column of each hierarchy, in the form of `TOTALS_SCHEMA`.

    `original` has the columns of `hierarchies` as they are, and who sent in each person where `contributors` ask for it, `core` the
    columns as they are published, `flags` what was nested; the same persons in the same order.

    The attacker has the core, the shuffled flags and these counts, and adds and subtracts them. For each flag, the values of a
    column are told one by one or, if withheld, in one sum of at least two. So what follows from the counts alone is a sum of
    cells, each 0 or at least k, and so is what a margin leaves. Beside the core: of every set of values whose size can be worked
    out (`regions.derivable`), those who stand under a coarser label are 0 or at least k, and so are those under such a label who
    are not of the set. Beside the flags: of those of the set with one value of the flag, the ones who are not shown in a group
    that lies wholly in the set are 0 or at least k, and so are the ones shown or hidden in a group that touches the set who are
    not among them. What fails is withheld, and the smallest values with it until the sum of the withheld holds too.
    Beside its own records: whoever takes these out of a count is left with nobody, or as many as `contributors` ask for.
    Not covered: bounds drawn from two tables at once, by year and by country (Fréchet), and sets of values that are no label.
    """
    sent = _Sent.by(original, contributors)
    totals = {column: _in_all(flags[column], nested.shown[column], spec.k, sent) for column in spec.columns}
    tables = [table for table in totals.values() if table is not None]
    for hierarchy in hierarchies:
        shown = look_at(original[hierarchy.column], core[hierarchy.column], nested.group, hierarchy)
        barred = _withhold(shown, np.zeros(len(shown.values), dtype=np.bool_), partial(_core_fails, shown, spec.k))
        for column in (column for column, table in totals.items() if table is not None):
            counted = _count(shown, flags[column], nested, sent)
            withheld = _withhold(shown, barred, partial(_flag_fails, shown, counted, spec.k))
            tables.append(_table(hierarchy.column, shown, counted, withheld))
    return pl.concat([pl.DataFrame(schema=TOTALS_SCHEMA), *tables]).sort(*TOTALS_SCHEMA)


@dataclass(frozen=True)
class _Sent:
    """Who sent in which rows (contributors x rows), and how many persons of others must be left in a count."""

    rows: Marks
    least: int

    @staticmethod
    def by(original: pl.DataFrame, contributors: Contributors | None) -> _Sent:
        if contributors is None:
            return _Sent(np.zeros((0, original.height), dtype=np.bool_), 0)
        column, separator = original[contributors.column], contributors.separator
        names = column.str.split(separator) if separator else pl.select(pl.concat_list(column)).to_series()
        marks = [names.list.contains(name).to_numpy() for name in names.explode().unique().sort()]
        return _Sent(np.array(marks, dtype=np.bool_), contributors.least)


@dataclass(frozen=True)
class _Counted:
    """One flag: how many persons have each of its values, by value of the column, and how many rows show or hide it, by group."""

    flag: str
    codes: tuple[str, ...]
    persons: Ints  # (values of the column, codes)
    showing: Ints  # (groups, codes)
    hiding: Ints  # (groups,)
    of_others: Ints  # (contributors, values of the column, codes): persons but those whom the contributor sent in
    least: int


def _count(shown: Shown, flag: pl.Series, nested: NestedFlags, sent: _Sent) -> _Counted:
    codes = sorted(flag.unique())
    number = flag.replace_strict(codes, range(len(codes)), return_dtype=pl.Int64).to_numpy()
    persons = np.zeros((len(shown.values), len(codes)), dtype=np.int64)
    np.add.at(persons, (shown.value_of, number), 1)
    of_others = np.zeros((len(sent.rows), *persons.shape), dtype=np.int64)
    for left, own in zip(of_others, sent.rows, strict=True):
        np.add.at(left, (shown.value_of[~own], number[~own]), 1)
    group, hidden = nested.group.to_numpy() - 1, (nested.shown[flag.name] == SUPPRESSED).to_numpy()
    showing = np.zeros((len(shown.labelled), len(codes)), dtype=np.int64)
    np.add.at(showing, (group[~hidden], number[~hidden]), 1)
    hiding = np.bincount(group[hidden], minlength=len(showing))
    return _Counted(flag.name, tuple(codes), persons, showing, hiding, of_others, sent.least)


def _withhold(shown: Shown, withheld: Marks, fails: Callable[[Marks], Marks]) -> Marks:
    """Withhold values until no set that can be worked out fails; all of them if it must be."""
    while not withheld.all():
        regions = derivable(shown, withheld)
        failing = regions[fails(regions)]
        alone = failing[failing.sum(axis=1) == 1]
        if not len(failing):
            break
        more: Marks = alone.any(axis=0) & ~withheld
        if not more.any():
            # The smallest value of the first set that fails, or of all where the set holds none that is told.
            open_ones = failing[0] & ~withheld if (failing[0] & ~withheld).any() else ~withheld
            more = np.arange(len(withheld)) == np.where(open_ones, shown.persons, np.inf).argmin()
        withheld = withheld | more
    return withheld


def _core_fails(shown: Shown, k: int, regions: Marks) -> Marks:
    """Whether the size of a set, with the core, tells of 1 to k - 1 persons."""
    rows, inside = shown.labelled.sum(axis=0), within(shown, regions)
    coarser = regions @ shown.persons - rows @ inside
    others = rows @ (touching(shown, regions) & ~inside) - coarser
    return _few(coarser, k) | _few(others, k)


def _flag_fails(shown: Shown, counted: _Counted, k: int, regions: Marks) -> Marks:
    """Whether a count of the flag in a set, by itself or with the shuffled rows, tells of 1 to k - 1 persons."""
    labels = (shown.labelled > 0).astype(np.float64)
    lies_in = labels @ ~within(shown, regions) == 0
    touches = labels @ touching(shown, regions) > 0
    persons = regions.astype(np.int64) @ counted.persons
    elsewhere = persons - lies_in.T.astype(np.int64) @ counted.showing
    others = touches.T.astype(np.int64) @ (counted.showing + counted.hiding[:, np.newaxis]) - persons
    exposed = _few(regions.astype(np.int64) @ counted.of_others, counted.least).any(axis=0)
    return np.array((_few(persons, k) | _few(elsewhere, k) | _few(others, k) | exposed).any(axis=1))


def _few(persons: Ints, k: int) -> Marks:
    few: Marks = (persons > 0) & (persons < k)
    return few


def _in_all(flag: pl.Series, shown: pl.Series, k: int, sent: _Sent) -> pl.DataFrame | None:
    """The counts of a flag among all persons; None where one of them, with shuffled rows or those sent in, tells of too few persons."""
    codes = sorted(flag.unique())
    hidden = shown == SUPPRESSED
    persons = np.array([int((flag == code).sum()) for code in codes])
    elsewhere = np.array([int(((flag == code) & hidden).sum()) for code in codes])
    of_others = np.array([(~sent.rows & (flag == code).to_numpy()).sum(axis=1) for code in codes])
    if _few(of_others, sent.least).any() or any(_few(counts, k).any() for counts in (persons, elsewhere, int(hidden.sum()) - elsewhere)):
        return None
    return _long(flag.name, codes, ALL, [ALL] * len(codes), persons)


def _table(column: str, shown: Shown, counted: _Counted, withheld: Marks) -> pl.DataFrame:
    """The counts by the values that are told, and the sum of the others; nothing where none is told."""
    if withheld.all():
        return pl.DataFrame(schema=TOTALS_SCHEMA)
    told = np.flatnonzero(~withheld)
    labels = [*(shown.values[value] for value in told), *([SUPPRESSED] if withheld.any() else [])]
    rows = [*counted.persons[told], *([counted.persons[withheld].sum(axis=0)] if withheld.any() else [])]
    tables = [_long(counted.flag, counted.codes, column, [label] * len(row), row) for label, row in zip(labels, rows, strict=True)]
    return pl.concat(tables)


def _long(flag: str, codes: Sequence[str], column: str, labels: Sequence[str], persons: Ints) -> pl.DataFrame:
    """Counts in the form of `TOTALS_SCHEMA`, without those that are 0."""
    rows = {"flag": [flag] * len(codes), "value": codes, "column": [column] * len(codes), "label": labels, "persons": persons}
    return pl.DataFrame(rows, schema=TOTALS_SCHEMA).filter(pl.col("persons") > 0)
