"""Suppress cells of one group of flag rows until no combination of few flags points at few persons.

Here: which cells; numbers alone. Never here: tables, how groups are made, or the measure that a release is judged by.
`anonymize.compiling` makes machine code of `suppress`; with NUMBA_DISABLE_JIT=1 it runs as it stands.
"""

from __future__ import annotations

import numpy as np

from anonymize.flags.combining import HIDDEN, MISSING, Floats, Ints, Numbering, Tally, count_cell, shown_by, tally
from anonymize.flags.covering import Rows, choose_cover, rows_of, stands_against

# A cell of a combination of exactly k rows draws up to k - 1 others after it, but they may be hidden for another reason as well.
FORESIGHT = 0.1
# A value that few show by itself (its set of one column is among the first) goes before all else: no other cell can be hidden for it.
ALONE = 1_000_000


def suppress(cells: Ints, prices: Floats, k: int, numbering: Numbering) -> None:
    """Hide cells of `cells` (rows x columns), in place, until every combination is seen and possible in 0 or at least k rows.

    `prices` (columns x values) says what hiding a known value costs. There are at least k rows.
    """
    counts, rows = tally(cells, numbering), rows_of(cells)
    changed = True
    while changed:
        changed = hide_seen(cells, prices, k, numbering, counts)
        if hide_beside(rows, prices, k, numbering, counts):
            changed = True


def hide_seen(cells: Ints, prices: Floats, k: int, numbering: Numbering, counts: Tally) -> bool:
    """Hide cells of every combination that is seen in 1 to k - 1 rows, those first that end most of them for their price.

    Returns whether there was any.
    """
    worth, column = np.zeros(len(cells)), np.zeros(len(cells), dtype=np.int64)
    for row in range(len(cells)):
        worth[row], column[row] = best_of_row(cells[row], prices, k, numbering, counts)
    changed = False
    while worth.max() > 0:
        row = int(worth.argmax())
        changed = True
        for stale in hide(cells, row, column[row], k, numbering, counts):
            worth[stale], column[stale] = best_of_row(cells[stale], prices, k, numbering, counts)
    return changed


def hide(cells: Ints, row: int, column: int, k: int, numbering: Numbering, counts: Tally) -> Ints:
    """Hide a cell; the rows in which another cell is worth more or less for it."""
    stale = np.zeros(len(cells), dtype=np.bool_)
    stale[row] = True
    for number in numbering.holding[column]:
        shown = shown_by(cells[row], number, numbering)
        if shown >= 0 and k <= counts.seen[shown] <= k + 1:
            for other in range(len(cells)):
                if shown_by(cells[other], number, numbering) == shown:
                    stale[other] = True
    count_cell(cells[row], column, -1, numbering, counts)
    cells[row, column] = HIDDEN
    count_cell(cells[row], column, 1, numbering, counts)
    return np.flatnonzero(stale)


def best_of_row(row: Ints, prices: Floats, k: int, numbering: Numbering, counts: Tally) -> tuple[float, int]:
    """The cell of a row that is most worth hiding, and how much: combinations under k that end, for each unit of price; 0 for none."""
    best, best_column = 0.0, 0
    for column in range(len(row)):
        if row[column] < 0:
            continue
        ends, price = 0, prices[column, row[column]]
        for number in numbering.holding[column]:
            shown = shown_by(row, number, numbering)
            if shown >= 0 and counts.seen[shown] < k:
                ends += ALONE if number < len(row) else 1
            elif shown >= 0 and counts.seen[shown] == k:
                price += FORESIGHT * (k - 1) * cheapest(row, number, prices, numbering)
        if ends > best * price:
            best, best_column = ends / price, column
    return best, best_column


def cheapest(row: Ints, number: int, prices: Floats, numbering: Numbering) -> float:
    """The price of the cheapest cell of a combination that a row shows."""
    price = np.inf
    for column in numbering.columns[number]:
        if column >= 0:
            price = min(price, prices[column, row[column]])
    return price


def hide_beside(rows: Rows, prices: Floats, k: int, numbering: Numbering, counts: Tally) -> bool:
    """Hide further cells until every combination is possible in 0 or at least k rows; whether that took any known value away."""
    took_known = False
    rising = True
    while rising:
        rising = False
        for number in range(len(numbering.columns)):
            for wanted in range(numbering.first[number], numbering.first[number + 1]):
                while 0 < counts.possible[wanted] < k:
                    rising = True
                    if make_possible(rows, number, wanted, prices, k, numbering, counts):
                        took_known = True
    return took_known


def make_possible(rows: Rows, number: int, wanted: int, prices: Floats, k: int, numbering: Numbering, counts: Tally) -> bool:
    """Make a combination possible in one more row; whether a known value was taken away for it."""
    row = choose_cover(rows, number, wanted, counts.possible[wanted], prices, numbering)
    took_known = False
    for place in range(numbering.columns.shape[1]):
        if stands_against(rows.cells[row], number, place, wanted, numbering):
            column = numbering.columns[number, place]
            took_known = took_known or rows.cells[row, column] != MISSING
            hide(rows.cells, row, column, k, numbering, counts)
    return took_known
