"""Cut the persons into classes, from one class of all down to classes that no cut can improve.

Here: which cut is made, and what becomes of groups too small to stand alone. Never here: tables or labels.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from anonymize.search.donation import donate, take_stock
from anonymize.search.encoding import Flags, Ints, Numbers
from anonymize.search.judging import may_stand
from anonymize.search.weighing import Outline, Problem, children_of, groups_of, loss_of, outline_of, score_cuts, stand_alone

# Some of the persons: tuple numbers, ascending, and how many persons of each tuple are in this part.
Part: TypeAlias = tuple[Numbers, Numbers]

# How strongly a cut into many pieces is held against it, and up to how many tuples both ways are tried. Measured: of parts cut
# by .8 alone, Adult at k = 5 loses .0651 and 200,000 case-like persons at k = 11 .0851; with both .0638 and .0841.
FINE, LARGE = 0.3, 0.8
SMALL_PART = 300
# Above so many tuples a part is cut once a call, so that a long search can say how far it is.
HUGE_PART = 20_000


def advance(rows: Numbers, persons: Numbers, problem: Problem) -> tuple[list[Part], bool]:
    """A huge part cut once (False), any other one cut into its final classes (True)."""
    if len(rows) > HUGE_PART:
        pieces = best_cut(rows, persons, LARGE, problem)
        if len(pieces) > 0:
            return pieces, False
    return cut_into_classes(rows, persons, problem), True


def cut_into_classes(rows: Numbers, persons: Numbers, problem: Problem) -> list[Part]:
    """The final classes of a part, in an order that depends on the content alone.

    Top-down local recoding: a part is cut along the column with the best score; its pieces, the rest included, are cut again.
    A small part is cut to the end in two ways, and the one that loses less stays. The caller has seen to it that the part
    keeps the conditions.
    """
    waiting = [(rows, persons)]
    classes = no_pieces(rows, persons)
    while len(waiting) > 0:
        rows, persons = waiting.pop()
        if len(rows) > SMALL_PART:
            pieces = best_cut(rows, persons, LARGE, problem)
            if len(pieces) > 0:
                waiting.extend(pieces[::-1])
            else:
                classes.append((rows, persons))
        else:
            fine, fine_loss = cut_to_the_end(rows, persons, FINE, problem)
            large, large_loss = cut_to_the_end(rows, persons, LARGE, problem)
            classes.extend(fine if fine_loss < large_loss else large)
    return classes


def cut_to_the_end(rows: Numbers, persons: Numbers, exponent: float, problem: Problem) -> tuple[list[Part], float]:
    """The classes to which the best cuts by one exponent lead, and what is lost in them."""
    waiting = [(rows, persons)]
    classes = no_pieces(rows, persons)
    loss = 0.0
    while len(waiting) > 0:
        rows, persons = waiting.pop()
        pieces = best_cut(rows, persons, exponent, problem)
        if len(pieces) > 0:
            waiting.extend(pieces[::-1])
        else:
            classes.append((rows, persons))
            loss += loss_of(rows, persons, problem)
    return classes, loss


def best_cut(rows: Numbers, persons: Numbers, exponent: float, problem: Problem) -> list[Part]:
    """The pieces of the cut with the best score that is allowed; none when the part is final."""
    if persons.sum() >= 2 * problem.asked.k:
        outline = outline_of(rows, persons, problem)
        scores = score_cuts(rows, persons, outline, exponent, problem)
        while scores.max() > 0:
            column = int(scores.argmax())
            pieces = cut(rows, persons, column, outline, problem)
            if len(pieces) > 0:
                return pieces
            scores[column] = 0.0
    return no_pieces(rows, persons)


def cut(rows: Numbers, persons: Numbers, column: int, outline: Outline, problem: Problem) -> list[Part]:
    """The children of a part along a column and the rest, all of which may stand; none where no child stays by itself."""
    children = children_of(outline, column, problem)
    kept = stand_alone(rows, persons, column, outline, children, problem)
    group = groups_of(rows, column, outline.span, children, problem)
    fit = kept > 0
    given = np.zeros_like(persons)
    staying = count_fit(fit)
    while staying > 0 and not rest_may_stand(rows, persons, group, fit, children.persons, problem):
        given = donate(rows, persons, group, fit, problem)
        if given.any():
            break
        join_smallest(fit, children.persons)
        staying -= 1
    return pieces_of(rows, persons, group, fit, given) if staying > 0 else no_pieces(rows, persons)


def count_fit(fit: Flags) -> int:
    """How many groups are fit."""
    staying = 0
    for each in fit:
        staying += each
    return staying


def join_smallest(fit: Flags, size: Ints) -> None:
    """Let the smallest of the children that stand alone join the rest; the first of several."""
    smallest = -1
    for group in range(len(fit)):
        if fit[group] and (smallest < 0 or size[group] < size[smallest]):
            smallest = group
    fit[smallest] = False


def rest_may_stand(rows: Numbers, persons: Numbers, group: Numbers, fit: Flags, size: Ints, problem: Problem) -> bool:
    """Whether the groups that are not fit may be one class together, or hold nobody."""
    asked = problem.asked
    rest = 0
    for each in range(len(fit)):
        if not fit[each]:
            rest += size[each]
    if rest < asked.k or len(asked.whole) == 0:
        return rest == 0 or rest >= asked.k
    return may_stand(rest, take_stock(rows, persons, group, fit, asked).held[len(fit)], asked)


def pieces_of(rows: Numbers, persons: Numbers, group: Numbers, fit: Flags, given: Numbers) -> list[Part]:
    """The children that stay and, last, the rest with what it was given."""
    rest = len(fit)
    length = np.zeros(rest + 1, dtype=np.int64)
    for position in range(len(rows)):
        here = group[position] if fit[group[position]] else rest
        length[here] += here == rest or given[position] < persons[position]
        length[rest] += here < rest and given[position] > 0
    slots = [(np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)) for size in length]
    filled = np.zeros(rest + 1, dtype=np.int64)
    for position in range(len(rows)):
        here = group[position] if fit[group[position]] else rest
        gone = given[position] if here < rest else 0
        if gone > 0:
            put(rows[position], gone, slots[rest], filled, rest)
        if gone < persons[position]:
            put(rows[position], persons[position] - gone, slots[here], filled, here)
    pieces = no_pieces(rows, persons)
    for each in range(rest + 1):
        if length[each] > 0:
            pieces.append(slots[each])
    return pieces


def put(row: int, persons: int, piece: Part, filled: Ints, place: int) -> None:
    """Write the next row of a piece; `filled` counts the rows of each."""
    piece[0][filled[place]] = row
    piece[1][filled[place]] = persons
    filled[place] += 1


def no_pieces(rows: Numbers, persons: Numbers) -> list[Part]:
    """An empty list of parts."""
    pieces = [(rows, persons)]
    pieces.clear()
    return pieces
