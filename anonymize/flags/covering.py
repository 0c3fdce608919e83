"""Choose the row in which a combination that few persons have is made possible, so that the row does not tell that it was chosen.

Here: which row; numbers alone. Never here: that a cell is hidden, or which combinations need it.

Whoever knows the method compares what a row shows and how many of its cells are hidden. If the rows that hide others look otherwise
than those that hide themselves, a hidden cell is deciphered (minimality attack: Wong et al., VLDB 2007). So each row is taken for one
of the rows that truly have the combination, the one most like it, and among equals by a number drawn from the content of the group.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from anonymize.flags.combining import HIDDEN, MISSING, Floats, Ints, Numbering, shown_by

PRIME = 2**31 - 1
"""Products of two numbers under it fit 64 bits, so that plain and compiled functions draw the same."""


class Rows(NamedTuple):
    """The rows of a group: as they are published so far, as they were, and a number that all their cells together decide."""

    cells: Ints
    truth: Ints
    seed: int


def rows_of(cells: Ints) -> Rows:
    """The rows of a group before anything is hidden."""
    seed = 1
    for row in cells:
        for cell in row:
            seed = (seed * 48_271 + cell - HIDDEN + 1) % PRIME
    return Rows(cells, cells.copy(), seed)


def choose_cover(rows: Rows, number: int, wanted: int, turn: int, prices: Floats, numbering: Numbering) -> int:
    """The row in which a combination is not possible yet and can be made so: for the least loss, then most like a row that has it.

    `turn` says which of those that have it, round and round. There is a row in which the combination is not possible.
    """
    model = rows.cells[model_of(rows, number, wanted, turn, numbering)]
    shown, hidden = worth(model, prices), count_hidden(model)
    best, best_row = (np.inf, np.inf, PRIME), -1
    for row in range(len(rows.cells)):
        cells = rows.cells[row]
        taken = count_taken(cells, number, wanted, numbering)
        price = price_of_taking(cells, number, wanted, prices, numbering)
        if taken == 0 or price > best[0]:
            continue
        unlike = abs(worth(cells, prices) - price - shown) + abs(count_hidden(cells) + taken - hidden)
        offer = (price, unlike, draw(rows.seed, wanted, row))
        if offer < best:
            best, best_row = offer, row
    return best_row


def model_of(rows: Rows, number: int, wanted: int, turn: int, numbering: Numbering) -> int:
    """A row that truly has a combination; where none has, one in which it is possible."""
    having = [row for row in range(len(rows.cells)) if shown_by(rows.truth[row], number, numbering) == wanted]
    if len(having) == 0:
        having = [row for row in range(len(rows.cells)) if count_taken(rows.cells[row], number, wanted, numbering) == 0]
    return having[turn % len(having)]


def worth(row: Ints, prices: Floats) -> float:
    """The price of all that a row shows."""
    found = 0.0
    for column in range(len(row)):
        if row[column] >= 0:
            found += prices[column, row[column]]
    return found


def count_hidden(row: Ints) -> int:
    """How many cells of a row are hidden."""
    return int((row == HIDDEN).sum())


def count_taken(row: Ints, number: int, wanted: int, numbering: Numbering) -> int:
    """How many cells of a row have to be hidden for a combination to be possible in it."""
    taken = 0
    for place in range(numbering.columns.shape[1]):
        taken += stands_against(row, number, place, wanted, numbering)
    return taken


def price_of_taking(row: Ints, number: int, wanted: int, prices: Floats, numbering: Numbering) -> float:
    """The price of these cells; a missing one costs nothing."""
    price = 0.0
    for place in range(numbering.columns.shape[1]):
        if stands_against(row, number, place, wanted, numbering):
            column = numbering.columns[number, place]
            if row[column] != MISSING:
                price += prices[column, row[column]]
    return price


def stands_against(row: Ints, number: int, place: int, wanted: int, numbering: Numbering) -> bool:
    """Whether the cell at a place of a set is missing or another value than the combination has there."""
    column = numbering.columns[number, place]
    if column < 0 or row[column] == HIDDEN:
        return False
    value = (wanted - numbering.first[number]) // numbering.strides[number, place] % numbering.values[column]
    return bool(row[column] != value)


def draw(seed: int, wanted: int, row: int) -> int:
    """A number that looks drawn, the same for the same group, combination and row."""
    drawn = (seed + wanted * 69_621 + row * 16_807) % PRIME
    for _ in range(3):
        drawn = (drawn * 48_271 + 11) % PRIME
        drawn = drawn * drawn % PRIME
    return drawn
