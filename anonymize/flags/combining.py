"""Number the combinations of a few columns, and count in how many rows of a group each is seen or possible.

Here: the numbering and the counts, kept up to date while cells are suppressed. Never here: which cells are.

A cell is the number of a known value, from 0, or `MISSING` or `HIDDEN` (suppressed). A combination is one known value in each
of a set of columns. A row shows it when all those cells have the values; the combination is possible in a row when each of those
cells has the value or is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MISSING = -1
HIDDEN = -2


class Numbering(NamedTuple):
    """All sets of columns, and the numbers of their combinations.

    A set has as many places as the widest; `columns` is -1 at the empty ones. The number of a combination is `first` of its set
    plus, for each column, the value times the `strides` of the place. The last entry of `first` is how many there are in all.
    """

    columns: Ints  # (sets, width)
    strides: Ints  # (sets, width)
    first: Ints  # (sets + 1,)
    holding: Ints  # (columns, sets that hold the column)
    values: Ints  # (columns,): how many known values each has


class Tally(NamedTuple):
    """In how many rows each combination is seen, and in how many it is possible; `room` is where the combinations of one row are listed."""

    seen: Ints
    possible: Ints
    room: Ints


def number_combinations(values: Sequence[int], width: int) -> Numbering:
    """The combinations of 1 to `width` of the columns, which have so many known values each."""
    sets = [chosen for size in range(1, width + 1) for chosen in combinations(range(len(values)), size)]
    columns, strides = np.full((len(sets), width), -1, dtype=np.int64), np.zeros((len(sets), width), dtype=np.int64)
    for number, chosen in enumerate(sets):
        columns[number, : len(chosen)] = chosen
        strides[number, : len(chosen)] = [prod(values[column] for column in chosen[:place]) for place in range(len(chosen))]
    sizes = [prod(values[column] for column in chosen) for chosen in sets]
    holding = [[number for number, chosen in enumerate(sets) if column in chosen] for column in range(len(values))]
    return Numbering(
        columns,
        strides,
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.array(holding, dtype=np.int64),
        np.array(values, dtype=np.int64),
    )


def tally(cells: Ints, numbering: Numbering) -> Tally:
    """The counts of the rows `cells` (rows x columns)."""
    total = numbering.first[-1]
    counts = Tally(np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int64))
    for row in cells:
        for number in range(len(numbering.columns)):
            _count_set(row, number, 1, numbering, counts)
    return counts


def count_cell(row: Ints, column: int, by: int, numbering: Numbering, counts: Tally) -> None:
    """Count what a row shows, and what is possible in it, in every set that holds the column, `by` times."""
    for number in numbering.holding[column]:
        _count_set(row, number, by, numbering, counts)


def _count_set(row: Ints, number: int, by: int, numbering: Numbering, counts: Tally) -> None:
    shown = shown_by(row, number, numbering)
    if shown >= 0:
        counts.seen[shown] += by
    for position in range(list_possible(row, number, numbering, counts.room)):
        counts.possible[counts.room[position]] += by


def shown_by(row: Ints, number: int, numbering: Numbering) -> int:
    """The combination that a row shows in a set of columns; -1 where a cell is missing or hidden."""
    shown = int(numbering.first[number])
    for place in range(numbering.columns.shape[1]):
        column = numbering.columns[number, place]
        if column >= 0:
            if row[column] < 0:
                return -1
            shown += row[column] * numbering.strides[number, place]
    return shown


def list_possible(row: Ints, number: int, numbering: Numbering, room: Ints) -> int:
    """Write the combinations of a set that are possible in a row into `room`; how many they are, none where a cell is missing."""
    room[0] = numbering.first[number]
    listed = 1
    for place in range(numbering.columns.shape[1]):
        column, stride = numbering.columns[number, place], numbering.strides[number, place]
        if column < 0:
            continue
        if row[column] == MISSING:
            return 0
        if row[column] >= 0:
            room[:listed] += row[column] * stride
        else:
            for value in range(1, numbering.values[column]):
                room[value * listed : (value + 1) * listed] = room[:listed] + value * stride
            listed *= int(numbering.values[column])
    return listed
