"""Cut the persons into classes, from one class of all down to classes that no cut can improve.

Here: the search for the next cut and what becomes of groups too small to stand alone. Never here: tables or labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from anonymize.conditions import Conditions
from anonymize.donation import donate
from anonymize.encoding import Flags, Floats, Forest, Ints, People

# How strongly a cut into many pieces is held against it. Measured: .3 loses least on Adult at k = 5, .8 to 1 on
# case-like tables at k = 11; .8 is near the best of both.
ENTROPY_EXPONENT = 0.8


@dataclass(frozen=True)
class Part:
    """Some of the persons: tuple numbers, ascending, and how many persons of each tuple are in this part."""

    rows: Ints
    persons: Ints


@dataclass(frozen=True)
class Cuts:
    """For each column the children one level down: `child` holds a node number for every row and column."""

    child: Ints
    score: Floats


def partition(people: People, forest: Forest, conditions: Conditions) -> Iterator[Part]:
    """The final classes, in an order that depends on the content alone.

    Top-down local recoding. A class is cut along the column whose cut removes most loss; its parts, the rest
    included, are cut again. The caller has seen to it that all persons together keep the conditions.
    """
    waiting = [Part(np.arange(len(people.persons)), people.persons)]
    while waiting:
        part = waiting.pop()
        pieces = _cut(part, people, forest, conditions)
        if pieces:
            waiting.extend(reversed(pieces))
        else:
            yield part


def _cut(part: Part, people: People, forest: Forest, conditions: Conditions) -> list[Part]:
    """The pieces of the best cut that is allowed; none when the part is final."""
    if part.persons.sum() < 2 * conditions.k:
        return []
    cuts = _weigh(part, people, forest, conditions)
    for column in np.argsort(-cuts.score, kind="stable"):
        if cuts.score[column] <= 0:
            break
        pieces = _pieces(part, cuts.child[:, column], people, forest, conditions)
        if pieces:
            return pieces
    return []


def _weigh(part: Part, people: People, forest: Forest, conditions: Conditions) -> Cuts:
    """Score the cut along each column: loss removed / H^a.

    Loss removed counts the persons in children that may stand alone, from the label of the part to that of the
    child. H = sum of c log2(n / c) over the sizes c of all children: a cut into many small pieces leaves little
    to cut in the other columns.
    """
    leaf = people.leaf[part.rows]
    low, high = leaf.min(axis=0), leaf.max(axis=0)
    level = forest.common_level(low, high)
    child = forest.node_at[np.minimum(level + 1, forest.deepest), leaf]
    count, fit = conditions.judge(part.rows, part.persons, child, len(forest.penalty))
    removed = forest.penalty[forest.node_at[level, low]][forest.column_of] - forest.penalty
    entropy = count * np.log2(part.persons.sum() / np.maximum(count, 1))
    gain = np.bincount(forest.column_of, weights=np.where(fit, count * removed, 0.0))
    spread = np.bincount(forest.column_of, weights=entropy)
    # A column with one value left has no entropy and nothing to gain.
    score = np.divide(gain, spread**ENTROPY_EXPONENT, out=np.zeros_like(gain), where=spread > 0)
    return Cuts(child, score)


def _pieces(part: Part, child: Ints, people: People, forest: Forest, conditions: Conditions) -> list[Part]:
    """The children that may stand alone, and the rest, made fit by donation or else by the smallest of the children."""
    nodes, group = np.unique(child, return_inverse=True)
    count, fit = conditions.judge(part.rows, part.persons, group[:, np.newaxis], len(nodes))
    in_rest = ~fit[group]
    given = np.zeros_like(part.persons)
    if in_rest.any() and not _may_stand(part, in_rest, conditions):
        donated = donate(part.rows, part.persons, group, fit, people.leaf, forest, conditions)
        if donated is None:
            fit[np.argmin(np.where(fit, count, np.inf))] = False
            in_rest = ~fit[group]
        else:
            given = donated
    if not fit.any():
        return []
    staying = part.persons - given
    pieces = [_select(part.rows, np.where(group == kept, staying, 0)) for kept in np.flatnonzero(fit)]
    rest = _select(part.rows, np.where(in_rest, part.persons, given))
    return [*pieces, rest] if len(rest.rows) else pieces


def _may_stand(part: Part, members: Flags, conditions: Conditions) -> bool:
    chosen = part.rows[members]
    _, fit = conditions.judge(chosen, part.persons[members], np.zeros((len(chosen), 1), dtype=np.int64), 1)
    return bool(fit[0])


def _select(rows: Ints, persons: Ints) -> Part:
    present = persons > 0
    return Part(rows[present], persons[present])
