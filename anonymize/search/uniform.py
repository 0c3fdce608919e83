"""One level for each column, so that users may compare any two cells: the levels that lose least, some persons suppressed.

Here: the loss of a choice of levels, who is suppressed, and the assignment of the best choice. Never here: the search over
the choices (`search.lattice`), or a class that is cut finer than its neighbours.

This is full-domain generalization with suppression (Samarati 2001). A class that does not keep the conditions is suppressed:
its persons are shown under labels that cover the whole table. All who are suppressed make one class, which must keep the
conditions like any other; where it does not, the one class that mends it at the least loss is suppressed as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anonymize.conditions import Conditions
from anonymize.search.asking import ask
from anonymize.search.encoding import Assignment, Flags, Floats, Forest, People
from anonymize.search.judging import Asked
from anonymize.search.lattice import Cheapest, Choice, Look, find_cheapest
from anonymize.search.leveling import Classes, Judge, heights_of

MOST_TUPLES_SEEN = 200_000_000
"""How many tuples all looks together may see: about half a minute."""
FEWEST_LOOKS = 200


@dataclass(frozen=True)
class Uniform:
    """Who is published with whom when every column has one level.

    `depth` is the level of each column as `Forest.ladder` counts them, 0 for the root. `loss` is the sum over persons and
    columns of the penalties of the forest; no other choice of levels within the limit has a loss under `bound`.
    """

    assignment: Assignment
    depth: tuple[int, ...]
    suppressed: int  # persons shown under labels that cover the whole table, while others show the levels
    loss: float
    bound: float


def find_levels(
    people: People,
    forest: Forest,
    conditions: Conditions,
    *,
    suppression_limit: float = 0.0,
    progress: Callable[[float], None] | None = None,
) -> Uniform:
    """The levels that lose least among all whose classes keep the conditions when at most so large a share of persons is suppressed.

    The whole table must keep the conditions. Where the lattice is too large to be searched to its end, `bound` is under `loss`.
    The same tuples give the same levels: of choices that lose the same, the first in an order that the content fixes.
    """
    asked, waived = ask(people, conditions)
    table = _Table(people, forest, asked, suppression_limit)
    most_looks = max(FEWEST_LOOKS, MOST_TUPLES_SEEN // len(people.persons))
    found = find_cheapest(table.prices, table.tops, table.look, most_looks=most_looks, progress=progress)
    return table.result(found, waived)


class _Table:
    """The persons, what is asked of their classes, and what they lose under a choice of levels."""

    def __init__(self, people: People, forest: Forest, asked: Asked, limit: float) -> None:
        self._persons = people.persons
        self._penalty = forest.penalty
        self._judge = Judge(people.persons, asked)
        self._most = int(limit * people.persons.sum() + 1e-9)  # a share such as .05 is not exact in binary
        self._columns = [heights_of(forest, people.leaf[:, number]) for number in range(people.leaf.shape[1])]
        self._cover = [column.node[-1, 0] for column in self._columns]
        self._price_of_suppression = float(forest.penalty[self._cover].sum())
        self.tops = [column.top for column in self._columns]
        self.prices = self._prices(np.ones(len(people.persons), dtype=np.bool_), beyond=np.inf)

    def look(self, choice: Choice) -> Look:
        """What a choice loses, and what it tells of finer ones: whoever has too few companions here has too few there."""
        classes = self._judge.classes_of(self._columns, choice)
        # With nobody suppressed, a finer choice whose classes all keep the conditions joins to classes that keep them too.
        sunk = classes.sinks[classes.group] if self._most else classes.fails[classes.group]
        if self._persons[sunk].sum() > self._most:
            return Look(np.inf, False, np.inf, self.prices)
        base, floor = self._loss_with(sunk)
        suppressed = self._suppressed(choice, classes)
        if suppressed is None:
            return Look(np.inf, False, base, floor)
        hidden, shown = self._loss_with(suppressed[classes.group])
        return Look(hidden + float(shown[np.arange(len(choice)), choice].sum()), True, base, floor)

    def result(self, found: Cheapest, waived: tuple[str, ...]) -> Uniform:
        """The assignment of the choice that was found."""
        choice = found.choice
        classes = self._judge.classes_of(self._columns, choice)
        suppressed = self._suppressed(choice, classes)
        assert suppressed is not None
        hidden = suppressed[classes.group]
        node = np.stack([column.node[height][column.leaf] for column, height in zip(self._columns, choice, strict=True)], axis=1)
        node[hidden] = self._cover
        _, first, number = np.unique(np.where(hidden, len(suppressed), classes.group), return_index=True, return_inverse=True)
        loss = float((self._penalty[node].sum(axis=1) * self._persons).sum())
        return Uniform(
            assignment=Assignment(np.arange(len(hidden), dtype=np.int32), number.astype(np.int32), self._persons, node[first], waived),
            depth=tuple(column.depth[height] for column, height in zip(self._columns, choice, strict=True)),
            suppressed=int(self._persons[hidden].sum()),
            loss=loss,
            bound=found.bound if found.bound < found.loss else loss,
        )

    def _prices(self, of: Flags, beyond: float) -> Floats:
        """The loss of some tuples in each column at each of its heights, as (columns, heights)."""
        prices = np.full((len(self._columns), max(self.tops) + 1), beyond)
        for number, column in enumerate(self._columns):
            by_leaf = np.bincount(column.leaf[of], weights=self._persons[of], minlength=column.node.shape[1])
            prices[number, : column.top + 1] = self._penalty[column.node] @ by_leaf
        return prices

    def _loss_with(self, hidden: Flags) -> tuple[float, Floats]:
        """What is lost when some tuples are suppressed: by themselves, and by the others in each column at each height."""
        return self._price_of_suppression * int(self._persons[hidden].sum()), self.prices - self._prices(hidden, beyond=0.0)

    def _suppressed(self, choice: Choice, classes: Classes) -> Flags | None:
        """The classes to suppress, all that fail and perhaps one more; None where the limit or the conditions forbid it."""
        fails = classes.fails
        persons, held = int(classes.persons[fails].sum()), classes.held[fails].sum(axis=0)
        if persons > self._most:
            return None
        if not persons or self._judge.keep(np.array([persons]), held[np.newaxis])[0]:
            return fails
        mends = ~fails & (classes.persons + persons <= self._most) & self._judge.keep(classes.persons + persons, classes.held + held)
        if not mends.any():
            return None
        more = fails.copy()
        more[np.argmin(np.where(mends, self._price_of_hiding(choice, classes), np.inf))] = True
        return more

    def _price_of_hiding(self, choice: Choice, classes: Classes) -> Floats:
        """How much more is lost, for each class, when its persons are suppressed."""
        shown = sum(self._penalty[column.node[height][column.leaf]] for column, height in zip(self._columns, choice, strict=True))
        return np.bincount(classes.group, weights=(self._price_of_suppression - shown) * self._persons).astype(np.float64)
