"""Which cut of a part is worth most, and what a part loses when it is not cut any more.

Here: the label of a part, its children along a column, the score of a cut. Never here: what becomes of children that are too small.
"""

from __future__ import annotations

from math import log2
from typing import NamedTuple

import numpy as np

from anonymize.search.encoding import Floats, Ints, Numbers
from anonymize.search.judging import Asked, add_traits, may_stand


class Problem(NamedTuple):
    """What the search works on: the collapsed table, the forest and the conditions, as arrays (see `search.encoding`)."""

    leaf: Numbers  # (tuples, quasi-identifiers)
    ladder: Numbers  # (leaves, levels)
    penalty: Floats  # (nodes,)
    asked: Asked


class Span(NamedTuple):
    """The lowest common label of a part in each column: the ancestor of leaf `low` at `level`."""

    low: Numbers
    high: Numbers
    level: Numbers


class Outline(NamedTuple):
    """What all cuts of a part have in common."""

    span: Span
    by_leaf: Ints  # (leaves,): persons of the part with each leaf, of all columns


class Children(NamedTuple):
    """The groups into which a part falls one level below its label in one column."""

    group_of: Numbers  # (leaves of the span,): the group of leaf low + position; -1 for a leaf that does not occur
    node: Numbers  # (groups,)
    persons: Ints  # (groups,)


def span_of(rows: Numbers, problem: Problem) -> Span:
    """The label of these tuples in each column."""
    leaf, ladder = problem.leaf, problem.ladder
    low, high = leaf[rows[0]].copy(), leaf[rows[0]].copy()
    columns = len(low)
    for row in rows:
        for column in range(columns):
            value = leaf[row, column]
            low[column] = min(low[column], value)
            high[column] = max(high[column], value)
    level = np.zeros(columns, dtype=np.int32)
    deepest = ladder.shape[1] - 1
    for column in range(columns):
        below = 1
        while below <= deepest and ladder[low[column], below] == ladder[high[column], below]:
            below += 1
        level[column] = below - 1
    return Span(low, high, level)


def loss_of(rows: Numbers, persons: Numbers, problem: Problem) -> float:
    """The penalty of a part that is published as one class, summed over its persons and columns."""
    span = span_of(rows, problem)
    total = 0.0
    for column in range(len(span.low)):
        total += problem.penalty[problem.ladder[span.low[column], span.level[column]]]
    return float(total * persons.sum())


def count_leaves(rows: Numbers, persons: Numbers, problem: Problem) -> Ints:
    """Persons of the part with each leaf, of all columns."""
    leaf = problem.leaf
    count = np.zeros(len(problem.ladder), dtype=np.int64)
    for position in range(len(rows)):
        for column in range(leaf.shape[1]):
            count[leaf[rows[position], column]] += persons[position]
    return count


def children_of(outline: Outline, column: int, problem: Problem) -> Children:
    """The children of a part along a column in which it has at least two values, ordered by node."""
    span, by_leaf = outline.span, outline.by_leaf
    low, high, below = span.low[column], span.high[column], span.level[column] + 1
    width = high - low + 1
    group_of = np.full(width, -1, dtype=np.int32)
    node = np.empty(width, dtype=np.int32)
    persons = np.zeros(width, dtype=np.int64)
    groups = 0
    for position in range(width):
        if by_leaf[low + position] > 0:
            here = problem.ladder[low + position, below]
            if groups == 0 or node[groups - 1] != here:
                node[groups] = here
                groups += 1
            group_of[position] = groups - 1
            persons[groups - 1] += by_leaf[low + position]
    return Children(group_of, node[:groups], persons[:groups])


def groups_of(rows: Numbers, column: int, span: Span, children: Children, problem: Problem) -> Numbers:
    """The group of each row."""
    group = np.empty(len(rows), dtype=np.int32)
    for position in range(len(rows)):
        group[position] = children.group_of[problem.leaf[rows[position], column] - span.low[column]]
    return group


def outline_of(rows: Numbers, persons: Numbers, problem: Problem) -> Outline:
    """What all cuts of a part have in common."""
    return Outline(span_of(rows, problem), count_leaves(rows, persons, problem))


def score_cuts(rows: Numbers, persons: Numbers, outline: Outline, exponent: float, problem: Problem) -> Floats:
    """For each column, what the cut along it removes / H^exponent; 0 where no child may stand alone.

    Loss removed counts the persons in children that may stand alone, from the label of the part to that of the child.
    H = sum of c log2(n / c) over the sizes c of all children: a cut into many small pieces leaves little to cut in the
    other columns.
    """
    span, asked = outline.span, problem.asked
    scores = np.zeros(len(span.low))
    kept = np.zeros(0, dtype=np.int64)
    for column in range(len(scores)):
        if span.low[column] < span.high[column]:
            if len(asked.whole) > 0:
                kept = stand_alone(rows, persons, column, outline, children_of(outline, column, problem), problem)
            scores[column] = score_of(outline, column, asked.k, kept, exponent, problem.ladder, problem.penalty)
    return scores


def label(span: Span, column: int, problem: Problem) -> int:
    """The node that a part shows in a column."""
    node: int = problem.ladder[span.low[column], span.level[column]]
    return node


def score_of(outline: Outline, column: int, k: int, kept: Ints, exponent: float, ladder: Numbers, penalty: Floats) -> float:
    """The score of one cut; `kept` has 0 for each child that may not stand alone, or is empty where size alone decides."""
    span, by_leaf = outline.span, outline.by_leaf
    low, high, level = span.low[column], span.high[column], span.level[column]
    above, total = penalty[ladder[low, level]], by_leaf[low : high + 1].sum()
    removed, spread = 0.0, 0.0
    child, here = 0, 0
    for leaf in range(low, high + 1):
        here += by_leaf[leaf]
        # The leaves of one child stand side by side.
        if here > 0 and (leaf == high or ladder[leaf, level + 1] != ladder[leaf + 1, level + 1]):
            if here >= k and (len(kept) == 0 or kept[child] > 0):
                removed += here * (above - penalty[ladder[leaf, level + 1]])
            spread += here * log2(total / here)
            child, here = child + 1, 0
    return float(removed / spread**exponent) if removed > 0.0 else 0.0


def stand_alone(rows: Numbers, persons: Numbers, column: int, outline: Outline, children: Children, problem: Problem) -> Ints:
    """The persons of each child that may be a class by itself, 0 for the others."""
    asked = problem.asked
    kept = children.persons.copy()
    largest = 0
    for group in range(len(kept)):
        largest = max(largest, kept[group])
        if kept[group] < asked.k:
            kept[group] = 0
    if len(asked.whole) > 0 and largest >= asked.k:
        held = np.zeros((len(kept), len(asked.whole)), dtype=np.int64)
        for position in range(len(rows)):
            group = children.group_of[problem.leaf[rows[position], column] - outline.span.low[column]]
            # Most children near the end are too small anyway: their values are not looked at.
            if kept[group] > 0:
                add_traits(held[group], asked.profile[rows[position]], persons[position], asked)
        for group in range(len(kept)):
            if not may_stand(kept[group], held[group], asked):
                kept[group] = 0
    return kept
