"""Find the choice of one level a column that loses least, without looking at most of the choices there are.

Here: the branch and bound over the lattice of levels, on prices alone. Never here: persons, classes, conditions.

A choice gives each column a height: 0 is the value itself, the last height one label for the whole column. Choices above
another are coarser in some columns and finer in none.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from anonymize.search.encoding import Floats, Ints

Choice = tuple[int, ...]
MOST_VISITS = 200_000
"""How many choices are taken up before the search stops with the best it has: seconds, beside the looks themselves."""


@dataclass(frozen=True)
class Look:
    """What one choice costs, and the least that any choice below it can cost: `base` + the sum of `floor` at its heights.

    `floor` is (columns, heights), rising with the height; `base` is infinite where no choice below may be taken either.
    """

    loss: float
    is_allowed: bool
    base: float
    floor: Floats


@dataclass(frozen=True)
class Cheapest:
    """The allowed choice that loses least of those looked at, and what no other allowed choice can go below."""

    choice: Choice
    loss: float
    bound: float  # equal to the loss where the search was finished
    looks: int


class _Floors:
    """What all looks so far tell of the choices below them."""

    def __init__(self, columns: int) -> None:
        self._columns = np.arange(columns)
        self._choices: list[Choice] = []
        self._looks: list[Look] = []
        self._table: tuple[Ints, Floats, Floats] | None = None

    def add(self, choice: Choice, look: Look) -> None:
        self._choices.append(choice)
        self._looks.append(look)
        self._table = None

    def over(self, choice: Choice) -> tuple[Ints, Floats]:
        """The choices looked at that are above this one or the same, and the bound that each sets to it."""
        if self._table is None:
            looks = self._looks
            self._table = (np.array(self._choices), np.array([each.base for each in looks]), np.stack([each.floor for each in looks]))
        above, base, floor = self._table
        covering = np.flatnonzero((above >= choice).all(axis=1))
        bounds: Floats = base[covering] + floor[covering[:, np.newaxis], self._columns, choice].sum(axis=1)
        return above[covering], bounds


class _Search:
    def __init__(self, prices: Floats, tops: Choice, look: Callable[[Choice], Look]) -> None:
        self._prices = prices
        self._tops = tops
        self._look = look
        self._floors = _Floors(len(tops))
        self._known: set[Choice] = set()  # choices that were looked at
        self._met: set[Choice] = set()  # choices that were put into the queue
        self.queue: list[tuple[float, Choice]] = []
        self.best, self.choice = np.inf, tops

    @property
    def looks(self) -> int:
        return len(self._known)

    @property
    def bound(self) -> float:
        """What no choice can go below: the best loss, when nothing is queued that might lose less."""
        return min(self.queue[0][0], self.best) if self.queue else self.best

    def meet(self, choice: Choice) -> None:
        """Queue a choice once, by its price: the least that it and all choices above it can cost."""
        if choice not in self._met:
            self._met.add(choice)
            at_least = float(self._prices[np.arange(len(choice)), choice].sum())
            heapq.heappush(self.queue, (at_least, choice))

    def look_at(self, choice: Choice) -> bool:
        """Look at a choice; whether it is the best so far."""
        look = self._look(choice)
        self._known.add(choice)
        self._floors.add(choice, look)
        is_better = look.is_allowed and look.loss < self.best
        if is_better:
            self.best, self.choice = look.loss, choice
        return is_better

    def dive(self) -> None:
        """A first mark to beat: from the coarsest choice down, always the step that saves most of those that may be taken."""
        self.look_at(self._tops)
        open_columns = {column for column, top in enumerate(self._tops) if top}
        while open_columns:
            here = self.choice
            column = min(open_columns, key=lambda each: (self._prices[each, here[each] - 1] - self._prices[each, here[each]], each))
            is_better = self.look_at((*here[:column], here[column] - 1, *here[column + 1 :]))
            if not is_better or here[column] == 1:
                open_columns.remove(column)

    def take_up(self, bound: float, choice: Choice) -> None:
        """Rule out the choice with all below a coarser one, or raise its bound, or look at a choice above it or at itself."""
        above, bounds = self._floors.over(choice)
        fatal = bounds >= self.best
        if fatal.any():
            coarsest = above[fatal][np.argmax(above[fatal].sum(axis=1))]
            self._meet_beyond(choice, coarsest)
        elif choice in self._known:
            self._meet_beyond(choice, np.array(choice))
        elif bounds.max() > bound:
            # The bound is that of the choices below the coarser one: those that are not are queued beside, by their own prices.
            heapq.heappush(self.queue, (float(bounds.max()), choice))
            self._meet_beyond(choice, above[np.argmax(bounds)])
        else:
            self.look_at(self._probe(choice))
            heapq.heappush(self.queue, (bound, choice))

    def _meet_beyond(self, choice: Choice, coarser: Ints) -> None:
        """Every choice above `choice` that is not below `coarser` too is above one of these."""
        for column, height in enumerate(coarser.tolist()):
            if height < self._tops[column]:
                self.meet((*choice[:column], height + 1, *choice[column + 1 :]))

    def _probe(self, choice: Choice) -> Choice:
        """Half way up from a choice to the nearest one looked at, along the cheapest steps (as Flash does, Kohlmayer et al. 2012).

        If that loses too much, all choices below it are ruled out at once; if it may be taken, it is a mark to beat.
        """
        path = [choice]
        while path[-1] not in self._known:
            here = path[-1]
            steps = [column for column, top in enumerate(self._tops) if here[column] < top]
            cheapest = min(steps, key=lambda column: (self._prices[column, here[column] + 1] - self._prices[column, here[column]], column))
            path.append((*here[:cheapest], here[cheapest] + 1, *here[cheapest + 1 :]))
        return path[(len(path) - 1) // 2]


def find_cheapest(
    prices: Floats,
    tops: Sequence[int],
    look: Callable[[Choice], Look],
    *,
    most_looks: int,
    progress: Callable[[float], None] | None = None,
) -> Cheapest:
    """The allowed choice with the least loss; the coarsest must be allowed.

    `prices` is (columns, heights), infinite where a column has fewer: what no choice with that height goes below. A best-first
    branch and bound: a choice is looked at only while it may still be the best, coarser ones first, since what one
    loses in rows bounds what all finer ones lose. Ends early after `most_looks` looks; then `bound` is under the loss and the gap is
    how much might be won at most. `progress` gets a share from 0 to 1, never falling.
    Sources: the lattice of levels, Samarati 2001; k-anonymity kept upwards, LeFevre et al., SIGMOD 2005 (Incognito).
    """
    search = _Search(prices, tuple(tops), look)
    search.dive()
    search.meet((0,) * len(tops))
    shown, visits = 0.0, 0
    while search.bound < search.best and search.looks < most_looks and visits < MOST_VISITS:
        visits += 1
        search.take_up(*heapq.heappop(search.queue))
        share = search.bound / search.best if search.best else 1.0
        if progress and share > shown:
            shown = share
            progress(share)
    return Cheapest(search.choice, search.best, search.bound, search.looks)
