"""Which few flags, known of someone in a group, point at too few of its rows.

Here: k^m violations of a table of flags in groups. Never here: how they are suppressed, or how the groups are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations as subsets
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.risk.tables import plain
from schemas.missing import SUPPRESSED

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Combinations:
    """Combinations of values of `width` flags, in each group, that point at fewer than k persons.

    A suppressed cell may hide any value. `shown`: at least one and fewer than k rows of the group show the combination.
    `hidden`: no row shows it, but at least one and fewer than k may hold it, each of its cells being that value or
    suppressed: whoever knows it of a person in the group has that person among them.
    """

    width: int
    shown: int
    hidden: int

    @property
    def violations(self) -> int:
        """Both together: 0 where the table keeps k^m at this width."""
        return self.shown + self.hidden


def combinations(
    table: pl.DataFrame, *, group: str, flags: Sequence[str], width: int, k: int, known: Sequence[str] = ("1", "0")
) -> tuple[Combinations, ...]:
    """k^m-anonymity inside groups (Terrovitis et al. 2008), for each width from 1 to `width`, at most the number of flags.

    `known` are the values of a flag that someone may know of a person; any other, but null and `suppressed`, is a
    missing value: nobody knows it, and it hides nothing.
    """
    groups = plain(table, [group], prefix="g")["g0"].rank("dense").to_numpy()
    order = np.argsort(groups)
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    cells = plain(table, flags, prefix="f")
    hidden = [(cells[column] == SUPPRESSED).to_numpy()[order] for column in cells.columns]
    shown = [[(cells[column] == value).to_numpy()[order] for value in known] for column in cells.columns]
    found = []
    for size in range(1, min(width, len(flags)) + 1):
        few_show = few_may = 0
        for of_flags in subsets(range(len(flags)), size):
            for values in product(range(len(known)), repeat=size):
                picked = list(zip(of_flags, values, strict=True))
                show = _rows_of_groups([shown[flag][value] for flag, value in picked], starts)
                may = _rows_of_groups([shown[flag][value] | hidden[flag] for flag, value in picked], starts)
                few_show += int(((show > 0) & (show < k)).sum())
                few_may += int(((show == 0) & (may > 0) & (may < k)).sum())
        found.append(Combinations(size, few_show, few_may))
    return tuple(found)


def _rows_of_groups(marks: Sequence[Marks], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each group, the rows that all the marks hold for."""
    return np.add.reduceat(np.logical_and.reduce(marks), starts)
