"""The error of the counts that a researcher takes from a published table.

Here: tables of counts over one, two and three columns, published against true. Never here: an estimate that spreads
coarse labels over the values under them; a researcher who needs one has to make it, and that is part of the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, prod

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.risk.tables import plain
from schemas.missing import SUPPRESSED

Codes = npt.NDArray[np.int64]
FEW_CELLS = 4_000_000
"""Above so many possible cells, only those that occur are numbered: an array of all would not fit into memory."""


@dataclass(frozen=True)
class CountError:
    """The mean error of all tables of counts over so many `columns`, and the worst of them.

    `tables` of the `possible` ones were counted. 0: every count is the true one; 1: as far off as a table without any count.
    """

    columns: int
    tables: int
    possible: int
    mean: float
    worst: float


def count_error(
    original: pl.DataFrame, published: pl.DataFrame, columns: Sequence[str], *, ways: int = 3, most: int = 100
) -> tuple[CountError, ...]:
    """The relative error of every table of counts over 1 to `ways` columns: the sum over its cells of |published - true| / sum of true.

    A cell is a combination of values that occur in the original's columns (a missing code is a value, null and
    `suppressed` are none). A published row counts in the cell whose values it shows; a row that shows a coarser label or
    `suppressed` in any of the columns counts in no cell, since nobody can tell which. The two tables may differ in their
    rows. Where more than `most` tables are possible, `most` are counted: evenly spaced in the order of the columns.
    This is the workload error of marginals (Barak et al. 2007; the total variation distance, but for a factor of 2, where all rows
    show values) on the true table's own scale. A table of no true count has error 0.
    """
    true, shown = plain(original, columns, prefix="c"), plain(published, columns, prefix="c")
    coded = [_coded(true[name], shown[name]) for name in true.columns]
    found = []
    for way in range(1, min(ways, len(columns)) + 1):
        possible = comb(len(columns), way)
        counted = min(possible, most)
        chosen = {at * possible // counted for at in range(counted)}
        errors = [
            _error([coded[at] for at in subset]) for number, subset in enumerate(combinations(range(len(columns)), way)) if number in chosen
        ]
        found.append(CountError(way, counted, possible, sum(errors) / counted, max(errors)))
    return tuple(found)


@dataclass(frozen=True)
class _Coded:
    """One column in both tables as numbers below `size`, one a value of the original; -1 for a label that is none."""

    true: Codes
    shown: Codes
    size: int


def _coded(true: pl.Series, shown: pl.Series) -> _Coded:
    values = true.unique().sort()
    values = values.filter(values != SUPPRESSED)
    number = dict(zip(values, range(len(values)), strict=True))
    codes = [labels.replace_strict(number, default=-1, return_dtype=pl.Int64).to_numpy() for labels in (true, shown)]
    return _Coded(codes[0], codes[1], len(values))


def _error(columns: Sequence[_Coded]) -> float:
    sizes = [column.size for column in columns]
    true, shown = _cells([column.true for column in columns], sizes), _cells([column.shown for column in columns], sizes)
    number = prod(sizes)
    if number > FEW_CELLS:
        _, cell = np.unique(np.concatenate([true, shown]), return_inverse=True)
        true, shown, number = cell[: len(true)], cell[len(true) :], len(cell)
    difference = np.bincount(true, minlength=number) - np.bincount(shown, minlength=number)
    return int(np.abs(difference).sum()) / len(true) if len(true) else 0.0


def _cells(columns: Sequence[Codes], sizes: Sequence[int]) -> Codes:
    """The cell of each row that is in one, as one number."""
    inside = np.logical_and.reduce([codes >= 0 for codes in columns])
    cell = np.zeros(int(inside.sum()), dtype=np.int64)
    for codes, size in zip(columns, sizes, strict=True):
        cell = cell * size + codes[inside]
    return cell
