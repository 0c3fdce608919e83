"""What one choice of a level for each column makes of the persons: their classes, and which of them keep the conditions.

Here: the heights of the columns, the grouping, the judgement of every class. Never here: which choices are tried
(`search.lattice`), or what becomes of the classes that fail (`search.uniform`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anonymize.compiling import compiled
from anonymize.search.encoding import Flags, Forest, Ints, Numbers
from anonymize.search.judging import Asked, may_stand, tally

DENSE = 1 << 22
"""Up to so many possible classes are counted in one table; more are sorted."""
LARGEST_KEY = 1 << 62


@dataclass(frozen=True)
class Column:
    """One quasi-identifier at each of its heights, from the values themselves (0) to one label for all that occur (`top`).

    Levels at which the same values share a label are one height, named after the finest of them.
    """

    leaf: Numbers  # (tuples,): leaves of this column, from 0
    node: Numbers  # (heights, leaves): the node of the forest that a leaf shows
    group: Ints  # (heights, leaves): the same nodes, numbered from 0 at each height
    depth: tuple[int, ...]  # (heights,): the level of the ladder, 0 for the root

    @property
    def top(self) -> int:
        """The height at which the column has one label."""
        return len(self.depth) - 1


@dataclass(frozen=True)
class Classes:
    """The classes of one choice; a class that `sinks` cannot be mended by a finer choice, whatever its persons join there."""

    group: Ints  # (tuples,): the number of the class
    persons: Ints  # (classes,)
    held: Ints  # (classes, traits): persons by trait
    fails: Flags  # (classes,)
    sinks: Flags  # (classes,)


def heights_of(forest: Forest, leaf: Numbers) -> Column:
    """The heights of the column whose leaf numbers these are, one a tuple; each of its leaves occurs."""
    first, last = int(leaf.min()), int(leaf.max())
    ladder = forest.ladder[first : last + 1].T[::-1]
    nodes: list[Numbers] = []
    groups: list[Ints] = []
    depths: list[int] = []
    for height, node in enumerate(ladder):
        distinct, group = np.unique(node, return_inverse=True)
        if not groups or len(distinct) <= groups[-1].max():
            nodes.append(node)
            groups.append(group)
            depths.append(len(ladder) - 1 - height)
    return Column(leaf - first, np.stack(nodes), np.stack(groups), tuple(depths))


class Judge:
    """Counts what classes hold and says which keep the conditions, in machine code where more is asked than k persons."""

    def __init__(self, persons: Numbers, asked: Asked) -> None:
        self._persons = persons
        self._tuples = np.arange(len(persons), dtype=np.int32)
        self._asked = asked
        self._is_k_all = not len(asked.whole)
        self._tally = tally if self._is_k_all else compiled(tally)
        self._stand = stand if self._is_k_all else compiled(stand)

    def classes_of(self, columns: Sequence[Column], choice: Sequence[int]) -> Classes:
        """Group the tuples by what they show at the chosen heights, and judge each class whole."""
        group, classes = _grouped(columns, choice)
        persons = np.bincount(group, weights=self._persons, minlength=classes).astype(np.int64)
        held = self._tally(self._tuples, self._persons, group.astype(np.int32), classes, self._asked)
        return Classes(group, persons, held, ~self.keep(persons, held), _too_few(persons, held, self._asked))

    def keep(self, persons: Ints, held: Ints) -> Flags:
        """Which of the groups keep the conditions: persons (groups,), and persons by trait (groups, traits)."""
        return persons >= self._asked.k if self._is_k_all else self._stand(persons, held, self._asked)


def stand(persons: Ints, held: Ints, asked: Asked) -> Flags:
    """Which groups may be a class."""
    keeps = np.zeros(len(persons), dtype=np.bool_)
    for group in range(len(persons)):
        keeps[group] = may_stand(persons[group], held[group], asked)
    return keeps


def _too_few(persons: Ints, held: Ints, asked: Asked) -> Flags:
    """Fewer than k persons, or fewer distinct values than asked: then every part of the class has too few as well."""
    few = persons < asked.k
    for field, distinct in enumerate(asked.distinct):
        values = held[:, asked.first[field] : asked.first[field + 1]]
        few |= (values > 0).sum(axis=1) < distinct
    return few


def _grouped(columns: Sequence[Column], choice: Sequence[int]) -> tuple[Ints, int]:
    """The class of each tuple, numbered from 0 in the order of the columns' groups, and how many there are."""
    key, size = np.zeros(len(columns[0].leaf), dtype=np.int64), 1
    for column, height in zip(columns, choice, strict=True):
        group = column.group[height]
        labels = int(group[-1]) + 1  # leaves of one node are neighbours, so the last leaf has the last number
        if labels == 1:
            continue
        if size * labels > LARGEST_KEY:
            key, size = _numbered(key, size)
        key *= labels
        key += group[column.leaf]
        size *= labels
    return _numbered(key, size)


def _numbered(key: Ints, size: int) -> tuple[Ints, int]:
    """The keys that occur, numbered from 0 in their order."""
    if size > DENSE:
        distinct, number = np.unique(key, return_inverse=True)
        return number, len(distinct)
    occurs = np.zeros(size, dtype=np.int64)
    occurs[key] = 1
    return np.cumsum(occurs)[key] - 1, int(occurs.sum())
