"""Publish many flags beside few quasi-identifiers: the flags in a table of their own, shuffled inside groups of the core's classes.

Here: the one step from the core's labels and the flags to both published forms. Never here: files, numbers of a policy,
or the measures a release is judged by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from anonymize.compiling import compiled
from anonymize.flags.combining import HIDDEN, MISSING, Ints, number_combinations
from anonymize.flags.grouping import form_groups
from anonymize.flags.spec import GROUP, FlagSpec, assert_sound
from anonymize.flags.suppression import suppress
from anonymize.hierarchy import Hierarchy
from schemas.missing import SUPPRESSED

# What it costs to lose a value that says no, where one that says yes costs 1. Measured on the case-like table: at 1 a sixth of the
# ones are lost, at .1 an eighth.
PRICE_OF_ABSENT = 0.1


@dataclass(frozen=True)
class FlagLoss:
    """Of one flag: how many cells hold a known value, and how many of those are suppressed; the same of those that say yes."""

    column: str
    known: int
    suppressed: int
    present: int
    present_suppressed: int


@dataclass(frozen=True)
class NestedFlags:
    """The group of each row of the core, in its order; the table of the flags, sorted; what was lost, flag by flag.

    `shown` are the flags of each row as they are published, in the order of the core: private, never to be written beside it.
    """

    group: pl.Series
    table: pl.DataFrame
    lost: tuple[FlagLoss, ...]
    shown: pl.DataFrame

    @property
    def share_of_present_lost(self) -> float:
        """The share of the cells that say yes which are suppressed, over all flags."""
        return sum(each.present_suppressed for each in self.lost) / max(sum(each.present for each in self.lost), 1)


def nest_flags(core: pl.DataFrame, flags: pl.DataFrame, spec: FlagSpec, hierarchies: Sequence[Hierarchy] = ()) -> NestedFlags:
    """Group the classes of the core, and suppress flags until few of them point at no fewer than k persons of a group.

    `core` has one row a person with the published labels of the quasi-identifiers, nothing else; `flags` the same persons in
    the same order.

    The attacker knows that a person is in the data, all its quasi-identifiers and at most `width` of its flags, each by a
    value that is not `unknown`; it knows the method, and reads a suppressed cell as any value. The core leads it to a class of
    at least k persons and so to the group. There the rows that show what it knows are none or at least k, and so are those
    that show or hide it. Proof: `suppress` ends only when both hold of every combination; and it ends, since each step hides
    one more cell and with all hidden every combination is possible in the whole group, which has at least k rows. A row of flags
    has no link to a row of the core but the group, which is a function of the core's labels alone, and the order inside a
    group is that of the content. So who links a row of the core to one of the flags guesses among the persons of the group,
    and who knows `width` flags besides, among at least k.
    Not covered: more than `width` known flags; what nearly all rows of a group share (its flags are then as good as told).

    The same rows in any order give the same tables. Raises `SpecificationError` with every fault; no value is shown.
    """
    assert_sound(core, flags, spec)
    group = form_groups(core, hierarchies, spec.group)
    values = [spec.values_of(flags[column]) for column in spec.columns]
    cells = _encode(flags, spec.columns, values)
    # Sorted by content inside a group, so that the order of the rows of the input decides nothing.
    order = np.lexsort([*cells.T[::-1], group.to_numpy()])
    sizes = np.bincount(group.to_numpy())[1:]
    hidden = np.empty_like(cells)
    hidden[order] = _suppress_groups(cells[order], sizes, values, spec)
    shown = flags.select(
        pl.when(pl.Series(hidden[:, place] == HIDDEN)).then(pl.lit(SUPPRESSED)).otherwise(pl.col(column)).alias(column)
        for place, column in enumerate(spec.columns)
    )
    table = shown.select(group, pl.all()).sort(GROUP, *spec.columns)
    lost = tuple(_loss_of(flags[column], shown[column], spec) for column in spec.columns)
    return NestedFlags(group, table, lost, shown)


def _encode(flags: pl.DataFrame, columns: Sequence[str], values: Sequence[Sequence[str]]) -> Ints:
    numbers = [
        flags[column].replace_strict(known, range(len(known)), default=MISSING, return_dtype=pl.Int64).to_numpy()
        for column, known in zip(columns, values, strict=True)
    ]
    return np.column_stack(numbers)


def _suppress_groups(cells: Ints, sizes: Ints, values: Sequence[Sequence[str]], spec: FlagSpec) -> Ints:
    """The cells of all groups, one group after the other, with those hidden that have to be."""
    numbering = number_combinations([max(len(known), 1) for known in values], spec.width)
    prices = np.array([[PRICE_OF_ABSENT if code in spec.absent else 1.0 for code in _filled(known, values)] for known in values])
    step = compiled(suppress)
    pieces = [np.ascontiguousarray(piece) for piece in np.split(cells, np.cumsum(sizes)[:-1])]
    for piece in pieces:
        step(piece, prices, spec.k, numbering)
    return np.concatenate(pieces)


def _filled(known: Sequence[str], values: Sequence[Sequence[str]]) -> list[str]:
    """The values of one column, made as many as the column with most has, and one at least."""
    return [*known, *[""] * (max(1, *map(len, values)) - len(known))]


def _loss_of(before: pl.Series, after: pl.Series, spec: FlagSpec) -> FlagLoss:
    known, gone = ~before.is_in(list(spec.unknown)), after == SUPPRESSED
    present = known & ~before.is_in(list(spec.absent))
    counts = (known, known & gone, present, present & gone)
    return FlagLoss(before.name, *(int(each.sum()) for each in counts))
