"""Playing the method through: the attacker runs the very method on guesses, and drops every guess that leads to another release.

Here: two attackers who know the method and everyone's quasi-identifiers. One knows every sensitive value besides, but not
which of two persons of a class has which; the other knows none, and deals the published values of a class to its persons at
random. Never here: conclusions from the rule alone (`minimality`), or the method, which comes as a function.

Source: minimality attacks, Wong et al., VLDB 2007; attackers who simulate the publisher, Cormode et al., PVLDB 2010
(minimizing minimality).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.attacks.controls import naive_minimal
from anonymize.attacks.holdings import NEWEST, Reenactment
from anonymize.attacks.minimality import BEYOND_CHANCE
from anonymize.attacks.outcome import Limits, Outcome

PAIRS, WORLDS, UNANSWERED = "reenactment of two persons", "reenactment", "reenactment without an answer"
MOST_RUNS, FEWEST_RUNS = 16, 4
PERSONS_PLAYED = 100_000
"""The method is run 16 times for each attacker, on larger cohorts less often, so that about so many persons pass through it."""
APART = 8
"""One class in so many is guessed at in one run, so that guesses at neighbours seldom meet."""
SEED = 20_261_122

Ints = npt.NDArray[np.int64]


def play_through(played: Reenactment, limits: Limits) -> Iterator[Outcome]:
    """What the two attackers reach in a bounded number of runs.

    Pairs of persons of a class who are told apart, since the method publishes something else when their values are exchanged.
    Persons who have their true values in a dealt world that the method publishes so, beside how many have them in any dealt
    world. And, as information, persons of classes of which no dealt world was published so: more runs might tell of them.
    """
    naive = naive_minimal(limits.k)[0]
    tried, told = _tell_apart(played)
    knowledge = "the method and everything but who of two persons has which values"
    yield Outcome(PAIRS, NEWEST, knowledge, "pairs", tried, told, told, _tell_apart(naive)[1])
    dealt, of_naive = _deal(played), _deal(naive)
    knowledge = "the method and everyone's quasi-identifiers"
    yield Outcome(
        *(WORLDS, NEWEST, knowledge, "persons", dealt.persons, dealt.right, 0, of_naive.unanswered),
        limit=limits.minimality_gain,
        expected=dealt.expected,
        slack=BEYOND_CHANCE * sqrt(dealt.variance),
    )
    persons = dealt.persons + dealt.unanswered
    yield Outcome(UNANSWERED, NEWEST, knowledge, "persons", persons, dealt.unanswered, 0, of_naive.unanswered)


@dataclass
class Dealt:
    """Persons of the classes that stayed, those who got their true values, and how many would by chance, with the variance; persons of the
    classes that never stayed."""

    persons: int = 0
    right: int = 0
    unanswered: int = 0
    expected: float = 0.0
    variance: float = 0.0

    def add(self, true: Ints, guessed: Ints) -> None:
        """A class that stayed as it was under guessed values."""
        chance = float(((np.bincount(true) / len(true)) ** 2).sum())
        self.persons += len(true)
        self.right += int((true == guessed).sum())
        self.expected += len(true) * chance
        self.variance += len(true) * chance * (1 - chance)


class _Game:
    """The cohort in numbers: the class of each person, the classes, and which values each person has."""

    def __init__(self, played: Reenactment) -> None:
        self.played = played
        self.class_of = _number(played.labels, played.quasi)
        self.values = _number(played.original, played.sensitive)
        self.person = _number(played.original, played.quasi)
        self.runs = min(max(PERSONS_PLAYED // len(self.class_of), FEWEST_RUNS), MOST_RUNS)
        order = np.argsort(self.class_of, kind="stable")
        self.classes = np.split(order, np.cumsum(np.bincount(self.class_of))[:-1])

    def kept(self, guess: Ints) -> npt.NDArray[np.bool_]:
        """Which classes the method publishes with the same rows when each person has the values of the person `guess` names."""
        played = self.played
        dealt = played.original.select(played.sensitive)[guess]
        labels = played.method(played.original.with_columns(dealt.get_columns())).select(played.quasi)
        now, then = (
            table.select(played.quasi).with_columns(values=values).group_by([*played.quasi, "values"]).len("rows")
            for table, values in ((labels, self.values[guess]), (played.labels, self.values))
        )
        columns = [*played.quasi, "values", "rows"]
        other = pl.concat([now.join(then, on=columns, how="anti"), then.join(now, on=columns, how="anti")])
        named = played.labels.select(played.quasi).with_columns(number=self.class_of).unique()
        broken = named.join(other, on=played.quasi, how="semi")["number"].to_numpy()
        kept = np.ones(len(self.classes), dtype=np.bool_)
        kept[broken] = False
        return kept


def _tell_apart(played: Reenactment) -> tuple[int, int]:
    """Pairs of one class that differ in quasi-identifiers and values, and those that cannot be exchanged."""
    game, rng, tried, told = _Game(played), np.random.default_rng(SEED), 0, 0
    for turn in range(game.runs):
        guess, asked = np.arange(len(game.class_of)), []
        for number in range(turn % APART, len(game.classes), APART):
            members = game.classes[number]
            one = int(rng.choice(members))
            others = members[(game.person[members] != game.person[one]) & (game.values[members] != game.values[one])]
            if len(others):
                other = int(rng.choice(others))
                guess[one], guess[other] = other, one
                asked.append(number)
        tried += len(asked)
        told += int((~game.kept(guess)[asked]).sum())
    return tried, told


def _deal(played: Reenactment) -> Dealt:
    """Deal the values of classes anew, those again that did not stay as they were published, until the turns are over."""
    game, rng, dealt = _Game(played), np.random.default_rng(SEED), Dealt()
    waiting = deque(range(len(game.classes)))
    for _ in range(game.runs):
        guess = np.arange(len(game.class_of))
        asked = [waiting.popleft() for _ in range(min(len(waiting), -(-len(game.classes) // APART)))]
        for number in asked:
            guess[game.classes[number]] = rng.permutation(game.classes[number])
        kept = game.kept(guess)
        for number in asked:
            if kept[number]:
                members = game.classes[number]
                dealt.add(game.values[members], game.values[guess[members]])
            else:
                waiting.append(number)
    dealt.unanswered = sum(len(game.classes[number]) for number in waiting)
    return dealt


def _number(table: pl.DataFrame, columns: tuple[str, ...]) -> Ints:
    numbers: Ints = (table.select(pl.struct(columns).rank("dense"))[:, 0] - 1).to_numpy().astype(np.int64)
    return numbers
