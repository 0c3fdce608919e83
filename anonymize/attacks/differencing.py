"""Differencing: subtract the counts of two published tables, of this release or of an earlier one, and see who is between them.

Here: the differences of label tuples and of every derivable cell, recomputed from the published tables alone. Never here: the
ledger of releases, with which the gate proves the same in another way.

Where both tables show the cohort (a quasi-identifier without a hierarchy), the attacker subtracts within each cohort: rows
that came in one and left another cohort would hide each other in the sum.

Source: Fung et al., EDBT 2008 (releases over time); trackers, Denning, Denning and Schwartz, TODS 1979.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.attacks.cells import derived_cells
from anonymize.attacks.controls import CONTROL_PERSONS, suppressing_the_rare
from anonymize.attacks.holdings import Earlier, Hierarchies, Shown
from anonymize.attacks.outcome import Limits, Outcome

ATTACK = "differencing"


def subtract_tables(
    shown: Sequence[Shown], earlier: Sequence[Earlier], original: pl.DataFrame, hierarchies: Hierarchies, limits: Limits
) -> Iterator[Outcome]:
    """Differences of 1 to k - 1 persons between any two tables of this release, and a table and each of its earlier states; certain when 1.

    Counts may differ by 0 or by at least k: what differs by less tells of fewer than k persons who came or left. Of two
    products in two releases the attacker knows both steps, from one product to the other and from then to now: their sum, in
    which a coarser label and a retired class may cancel all but a few, adds nothing.
    """
    control = _control(original.gather_every(max(original.height // CONTROL_PERSONS, 1)), hierarchies, limits.k)
    pairs = [(one, other, one.name, other.name) for one, other in combinations(shown, 2)]
    pairs += [
        (now, then, now.name, f"{then.name} of {release.name}")
        for release in earlier
        for then in release.shown
        for now in shown
        if now.name == then.name
    ]
    for now, then, name, before in pairs:
        common = [column for column in now.quasi if column in then.quasi]
        if common:
            tried, small, single = _subtracted(now.table, then.table, common, hierarchies, limits.k)
            yield Outcome(ATTACK, f"{name} and {before}", "both tables", "cells", tried, small, single, control, limit=0.0)


def _control(original: pl.DataFrame, hierarchies: Hierarchies, k: int) -> int:
    """A naive anonymization made afresh when one person has come: what is found between the two."""
    quasi = original.columns
    now, then = (suppressing_the_rare(table, quasi, k) for table in (original, original.slice(1)))
    return _subtracted(now, then, quasi, hierarchies, k)[1]


def _subtracted(now: pl.DataFrame, then: pl.DataFrame, columns: Sequence[str], hierarchies: Hierarchies, k: int) -> tuple[int, int, int]:
    """Cells compared, those that differ by 1 to k - 1, and those that differ by 1."""
    labels = [column for column in columns if column in hierarchies]
    fixed = [column for column in columns if column not in hierarchies]
    signed = pl.concat([now.select(columns).with_columns(persons=pl.lit(1)), then.select(columns).with_columns(persons=pl.lit(-1))])
    tuples = signed.group_by(columns).agg(pl.col("persons").cast(pl.Int64).sum()).sort(columns)
    found = _judged(tuples["persons"].to_numpy(), k)
    changed = tuples.filter(pl.col("persons") != 0)
    for part in changed.partition_by(fixed, maintain_order=True) if fixed else [changed]:
        for counts in derived_cells(part, labels, hierarchies) if labels and part.height else ():
            found += _judged(counts, k)
    tried, small, single = found.tolist()
    return tried, small, single


def _judged(differences: npt.NDArray[np.float64], k: int) -> npt.NDArray[np.int64]:
    size = np.abs(differences)
    return np.array([size.size, ((size > 0) & (size < k)).sum(), (size == 1).sum()])
