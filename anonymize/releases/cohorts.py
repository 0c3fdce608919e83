"""Who enters with the next release, who waits, and for how long: newcomers as a cohort of their own.

Here: the pool of newcomers, its classes, and which of these wait. Never here: a person that was published before, or a
memory of who waits; that is the warehouse's.

A class waits whole or not at all, so that what is left of the cohort keeps every condition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from anonymize.conditions import Conditions, Contributors
from anonymize.generalize import Generalized, generalize
from anonymize.hierarchy import Hierarchy

SINCE = "waiting_since"
"""The column of the day from which a newcomer waits; null for one who is seen for the first time."""

Search = Callable[[pl.DataFrame, Sequence[Hierarchy], Conditions], Generalized]


@dataclass(frozen=True)
class Patience:
    """When newcomers wait: as a pool of fewer persons than `smallest_pool`, as a class whose mean penalty is over
    `largest_penalty`; and how many months at most (`longest_wait`)."""

    smallest_pool: int
    largest_penalty: float
    longest_wait: int


@dataclass(frozen=True)
class Entry:
    """What becomes of a pool: who enters, under labels; who waits, with the day since when; what could not be asked of it.

    `entering` and `waiting` have the columns of the newcomers, `waiting` with no null in `SINCE`; each newcomer is in one of them.
    `pool` and `labelled` are the rows that the search read and its answer, also for those who wait since.
    """

    entering: pl.DataFrame
    waiting: pl.DataFrame
    pool: pl.DataFrame
    labelled: pl.DataFrame
    waived: tuple[str, ...] = ()


def entry_of(
    newcomers: pl.DataFrame,
    hierarchies: Sequence[Hierarchy],
    conditions: Conditions,
    patience: Patience,
    *,
    day: date,
    is_first: bool = False,
    search: Search = generalize,
) -> Entry:
    """Anonymize newcomers among themselves and decide who of them enters on this day.

    `newcomers` has one row a person: the columns that `generalize` asks for, others that are kept as they are, and `SINCE`.
    The first cohort enters whole: it is what was collected before, and without its rare persons every figure of it would be
    biased. Later, a pool that is too small waits, unless somebody's time is up: then all of it enters. Of a larger pool
    a class with a mean penalty over the quasi-identifiers (normalised certainty penalty, Xu et al., KDD 2006, over the values that
    occur in the pool) above the limit waits, unless the time of one of its persons is up. The few persons whom one contributor
    could tell from all of its own wait for others, and so does a pool under k, whoever's time is up.
    Raises `SpecificationError` as `generalize` does.
    """
    dated = newcomers.with_columns(pl.col(SINCE).fill_null(pl.lit(day, pl.Date)))
    is_alone = _few_strangers(dated, conditions.contributors)
    pool = dated.filter(~is_alone)
    is_due = pool.select(is_up(pl.col(SINCE), day, patience.longest_wait)).to_series()
    is_small = pool.height < patience.smallest_pool and not is_first
    if (is_small and not is_due.any()) or (pool.height < conditions.k and not is_first):
        return Entry(dated.clear(), dated, dated.clear(), dated.clear())
    found = search(pool, hierarchies, conditions)
    waits = pl.repeat(False, pool.height, eager=True)
    if not is_first and not is_small:
        classes = [hierarchy.column for hierarchy in hierarchies]
        penalty = mean_penalty(pool, found.table, hierarchies)
        marked = found.table.select(classes).with_columns(is_due=is_due, is_coarse=penalty > patience.largest_penalty)
        waits = marked.select(pl.col("is_coarse") & ~pl.col("is_due").any().over(classes)).to_series()
    waiting = pl.concat([pool.filter(waits), dated.filter(is_alone)])
    return Entry(found.table.filter(~waits), waiting, pool, found.table, found.waived)


def _few_strangers(pool: pl.DataFrame, asked: Contributors | None) -> pl.Series:
    """Row by row: is the person one of so few whom a contributor of nearly the whole pool did not report?

    No class could hold them: whoever reported all others would be left with them alone.
    """
    is_alone = pl.repeat(False, pool.height, eager=True)
    if asked is None:
        return is_alone
    cell = pl.col(asked.column)
    named = pool.select(cell.str.split(asked.separator) if asked.separator else pl.concat_list(cell)).to_series()
    contributors = sorted(named.explode().drop_nulls().unique().to_list())
    has_changed = True
    while has_changed:
        before = int(is_alone.sum())
        for contributor in contributors:
            strangers = ~named.list.contains(contributor).fill_null(value=False) & ~is_alone
            if 0 < strangers.sum() < asked.least:
                is_alone |= strangers
        has_changed = int(is_alone.sum()) > before
    return is_alone


def mean_penalty(original: pl.DataFrame, labelled: pl.DataFrame, hierarchies: Sequence[Hierarchy]) -> pl.Series:
    """For each row the mean over the columns of (values under the label - 1) / (values of the column - 1)."""
    columns = []
    for hierarchy in hierarchies:
        values = set(original[hierarchy.column].to_list())
        under: dict[str, int] = {}
        for value in values:
            for label in dict.fromkeys(hierarchy.paths[value]):
                under[label] = under.get(label, 0) + 1
        penalty = {label: (count - 1) / max(len(values) - 1, 1) for label, count in under.items()}
        columns.append(labelled[hierarchy.column].replace_strict(penalty, return_dtype=pl.Float64))
    # One decimal of a limit must not depend on the order in which floats were added.
    return pl.DataFrame(columns).select(pl.mean_horizontal(pl.all()).round(9)).to_series()


def is_up(since: pl.Expr, day: date, months: int) -> pl.Expr:
    """Whether so many months have passed since a day, on `day`."""
    return since.dt.offset_by(f"{months}mo") <= pl.lit(day, pl.Date)


def weighed(weights: Mapping[str, float]) -> Search:
    """The search with these weights of columns, with the effort that loses least: a cohort is published once."""
    return lambda table, hierarchies, conditions: generalize(table, hierarchies, conditions, weights=weights, effort="quality")
