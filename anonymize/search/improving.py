"""Spend more time to lose less: look where each cut leads, then cut near classes again together.

Here: the search of the quality effort, made of the cuts of the fast one. Never here: how a cut is made, or a condition: a cut
keeps them, and classes that keep them do so together as well.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from anonymize.search.cutting import FINE, HUGE_PART, Part, best_cut, cut, no_pieces
from anonymize.search.encoding import Flags, Floats, Ints, Numbers
from anonymize.search.weighing import Problem, label, loss_of, outline_of, score_cuts, span_of

# Up to so many tuples all cuts of a part are followed to the end. Measured: 300 loses 1 % more, 3,000 no less.
FORESEEN = 1_000
# With how many neighbours each class is cut again, in one round after the other, and how many tuples times neighbours may be
# looked at in all: some seconds for a small table; a large one gets fewer rounds.
REACHES = (1, 2, 4)
WORK = 400_000
# What two sums of the same losses may differ by when they are added in another order.
SLACK = 1e-9


class Labels(NamedTuple):
    """What classes show and lose."""

    low: Numbers  # (classes, columns): a leaf under the label
    penalty: Floats  # (classes, columns): of the label
    persons: Ints  # (classes,)
    loss: Floats  # (classes,)


def advance_with_foresight(rows: Numbers, persons: Numbers, problem: Problem) -> tuple[list[Part], bool]:
    """A huge part cut once (False), any other one cut into its final classes (True); see `cutting.advance`."""
    if len(rows) > HUGE_PART:
        pieces = best_cut(rows, persons, FINE, problem)
        if len(pieces) > 0:
            return pieces, False
    return improve(rows, persons, rounds(len(problem.leaf)), problem), True


def rounds(tuples: int) -> int:
    """How many of the reaches a table of so many tuples gets."""
    count, work = 0, 0
    for reach in REACHES:
        work += reach * tuples
        count += work <= WORK
    return count


def improve(rows: Numbers, persons: Numbers, rounds: int, problem: Problem) -> list[Part]:
    """The final classes of a part; each of them is then cut again with its nearest neighbour, its nearest two and so on."""
    classes = cut_with_foresight(rows, persons, problem)
    for each in range(rounds):
        classes = recut_neighbours(classes, REACHES[each], problem)
    return classes


def cut_with_foresight(rows: Numbers, persons: Numbers, problem: Problem) -> list[Part]:
    """The final classes of a part, in an order that depends on the content alone (see `foreseen_cut`)."""
    waiting = [(rows, persons)]
    classes = no_pieces(rows, persons)
    while len(waiting) > 0:
        rows, persons = waiting.pop()
        pieces = best_cut(rows, persons, FINE, problem) if len(rows) > FORESEEN else foreseen_cut(rows, persons, problem)
        if len(pieces) > 0:
            waiting.extend(pieces[::-1])
        else:
            classes.append((rows, persons))
    return classes


def foreseen_cut(rows: Numbers, persons: Numbers, problem: Problem) -> list[Part]:
    """The cut that loses least when its pieces are cut to the end by score; none where no cut loses less than the part.

    A rollout of the greedy search (Bertsekas et al. 1997), one cut deep.
    """
    best = no_pieces(rows, persons)
    least = loss_of(rows, persons, problem)
    if least > 0.0 and persons.sum() >= 2 * problem.asked.k:
        outline = outline_of(rows, persons, problem)
        scores = score_cuts(rows, persons, outline, FINE, problem)
        for column in range(len(scores)):
            if scores[column] > 0.0:
                pieces = cut(rows, persons, column, outline, problem)
                if len(pieces) > 0:
                    loss = loss_at_the_end(pieces, least, problem)
                    if loss < least - SLACK:
                        best, least = pieces, loss
    return best


def loss_at_the_end(pieces: list[Part], limit: float, problem: Problem) -> float:
    """What is lost when the pieces are cut to the end by score, or more than the limit as soon as that is known."""
    waiting = pieces[::-1]
    loss = 0.0
    while len(waiting) > 0 and loss < limit:
        rows, persons = waiting.pop()
        finer = best_cut(rows, persons, FINE, problem)
        if len(finer) > 0:
            waiting.extend(finer[::-1])
        else:
            loss += loss_of(rows, persons, problem)
    return loss


def recut_neighbours(classes: list[Part], reach: int, problem: Problem) -> list[Part]:
    """The classes, where each that loses something was put together with its neighbours and cut again if that loses less.

    Large neighbourhood search (Shaw 1998) in one sweep: a class is cut anew at most once.
    """
    labels = labels_of(classes, problem)
    is_open = np.ones(len(classes), dtype=np.bool_)
    recut = no_pieces(*classes[0])
    for each in range(len(classes)):
        if is_open[each] and labels.loss[each] > 0.0:
            near = neighbours(each, reach, labels, is_open, problem)
            rows, persons = join([classes[one] for one in near])
            pieces = cut_with_foresight(rows, persons, problem)
            if total_loss(pieces, problem) < labels.loss[near].sum() - SLACK:
                recut.extend(pieces)
                is_open[near] = False
    for each in range(len(classes)):
        if is_open[each]:
            recut.append(classes[each])
    return recut


def labels_of(classes: list[Part], problem: Problem) -> Labels:
    """What each class shows and loses."""
    columns = problem.leaf.shape[1]
    low = np.empty((len(classes), columns), dtype=np.int32)
    penalty = np.empty((len(classes), columns))
    size = np.empty(len(classes), dtype=np.int64)
    for each in range(len(classes)):
        rows, persons = classes[each]
        span = span_of(rows, problem)
        size[each] = persons.sum()
        for column in range(columns):
            low[each, column] = span.low[column]
            penalty[each, column] = problem.penalty[label(span, column, problem)]
    return Labels(low, penalty, size, penalty.sum(axis=1) * size)


def neighbours(one: int, reach: int, labels: Labels, is_open: Flags, problem: Problem) -> Ints:
    """A class and the `reach` open classes that lose least more when each is put into one class with it; the first of several."""
    found = np.full(reach + 1, one, dtype=np.int64)
    more = np.full(reach + 1, np.inf)
    more[0] = -np.inf
    held = 1
    extra = extra_losses(one, labels, is_open, problem)
    for other in range(len(extra)):
        if extra[other] < more[reach]:
            place = min(held, reach)
            while more[place - 1] > extra[other]:
                found[place], more[place] = found[place - 1], more[place - 1]
                place -= 1
            found[place], more[place] = other, extra[other]
            held = min(held + 1, reach + 1)
    return found[:held]


def extra_losses(one: int, labels: Labels, is_open: Flags, problem: Problem) -> Floats:
    """What each open class and this one would lose more as one class; infinite for the others and itself.

    A label above two labels is the highest of both and of the lowest that is above a leaf of each: the one with the greatest
    penalty.
    """
    low, penalty = labels.low, labels.penalty
    above = penalties_above(low[one], problem)
    extra = np.full(len(is_open), np.inf)
    for other in range(len(is_open)):
        if is_open[other] and other != one:
            together = 0.0
            for column in range(low.shape[1]):
                together += max(penalty[one, column], penalty[other, column], above[low[other, column]])
            extra[other] = (labels.persons[one] + labels.persons[other]) * together - labels.loss[one] - labels.loss[other]
    return extra


def penalties_above(leaves: Numbers, problem: Problem) -> Floats:
    """For each leaf the penalty of the lowest label that is also above the one of these leaves that belongs to its column."""
    ladder = problem.ladder
    above = np.zeros(len(ladder))
    for other in leaves:
        for leaf in range(len(ladder)):
            if ladder[leaf, 0] == ladder[other, 0]:
                level = ladder.shape[1] - 1
                while ladder[leaf, level] != ladder[other, level]:
                    level -= 1
                above[leaf] = problem.penalty[ladder[leaf, level]]
    return above


def join(parts: list[Part]) -> Part:
    """All persons of some parts as one, tuples ascending, each once."""
    size = 0
    for rows, _ in parts:
        size += len(rows)
    all_rows, all_persons = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)
    filled = 0
    for rows, persons in parts:
        all_rows[filled : filled + len(rows)] = rows
        all_persons[filled : filled + len(rows)] = persons
        filled += len(rows)
    order = np.argsort(all_rows)
    last = -1
    joined, together = np.empty_like(all_rows), np.zeros_like(all_persons)
    for position in order:
        if last < 0 or joined[last] != all_rows[position]:
            last += 1
            joined[last] = all_rows[position]
        together[last] += all_persons[position]
    return joined[: last + 1], together[: last + 1]


def total_loss(classes: list[Part], problem: Problem) -> float:
    """What is lost in some classes."""
    loss = 0.0
    for rows, persons in classes:
        loss += loss_of(rows, persons, problem)
    return loss
