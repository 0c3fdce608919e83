"""Singling out: a question about a published table that one person alone answers with yes.

Here: the attack on the quasi-identifiers, over every derivable cell, and the one that also asks for a sensitive value.
Never here: whether the person is then known by name (`linkage`).

Source: Article 29 Working Party, Opinion 05/2014 (WP 216); predicates as in Giomi et al., PETS 2023 (Anonymeter).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import polars as pl

from anonymize.attacks.cells import MOST_COLUMNS, derived_cells
from anonymize.attacks.controls import with_one_alone
from anonymize.attacks.holdings import Hierarchies, Shown, Truth
from anonymize.attacks.outcome import Limits, Outcome

ATTACK = "singling out"


def single_out(shown: Shown, truth: Truth, hierarchies: Hierarchies, limits: Limits) -> Iterator[Outcome]:
    """Cells of fewer than k persons among all cells of one to three quasi-identifiers, at any level, and of all of them together.

    A cell is singled out with certainty when it holds one person. With a sensitive field among the columns (labels as they are
    published) the outcome is information: a value that is known narrows the class.
    """
    people = truth.original.select(shown.quasi).hstack(truth.labels.select(shown.sensitive))
    raw = with_one_alone(people, shown.quasi)
    tried, small, single = _of_labels(shown.table, shown.quasi, hierarchies, limits.k)
    control = _of_labels(raw, shown.quasi, hierarchies, limits.k)[2]
    yield Outcome(ATTACK, shown.name, "quasi-identifiers", "cells", tried, small, single, control, limit=0.0)
    if shown.sensitive:
        tried, small, single = _with_sensitive(shown.table, shown.quasi, shown.sensitive, limits.k)
        control = _with_sensitive(raw, shown.quasi, shown.sensitive, limits.k)[2]
        yield Outcome(ATTACK, shown.name, "quasi-identifiers and sensitive fields", "cells", tried, small, single, control)


def _of_labels(table: pl.DataFrame, quasi: Sequence[str], hierarchies: Hierarchies, k: int) -> tuple[int, int, int]:
    """Cells that hold somebody, those of fewer than k persons, and those of one.

    Where columns have no hierarchy (the cohort), the cells of each of their values are looked at, and those of all together.
    """
    labels, fixed = ([column for column in quasi if (column in hierarchies) == has] for has in (True, False))
    tuples = table.group_by(quasi).len("persons")
    parts = tuples.partition_by(fixed) if fixed else []
    found = np.array([0, 0, 0])
    for part in [tuples, *(parts if len(parts) > 1 else [])]:
        for counts in (part["persons"].to_numpy(), *derived_cells(part, labels, hierarchies)):
            found += ((counts > 0).sum(), ((counts > 0) & (counts < k)).sum(), (counts == 1).sum())
    tried, small, single = found.tolist()
    return tried, small, single


def _with_sensitive(table: pl.DataFrame, quasi: Sequence[str], sensitive: Sequence[str], k: int) -> tuple[int, int, int]:
    """The same for combinations of published cells with a sensitive field among them: up to three columns, and all columns."""
    columns = list(dict.fromkeys([*quasi, *sensitive]))
    tuples = table.group_by(columns).len("persons")
    chosen = [each for size in range(1, MOST_COLUMNS + 1) for each in combinations(columns, size) if set(each) & set(sensitive)]
    found = np.array([0, 0, 0])
    for each in [*chosen, tuple(columns)]:
        counts = tuples.group_by(each).agg(pl.col("persons").sum())["persons"].to_numpy()
        found += (len(counts), (counts < k).sum(), (counts == 1).sum())
    tried, small, single = found.tolist()
    return tried, small, single
