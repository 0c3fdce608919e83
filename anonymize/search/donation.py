"""Fill a group that is too small with persons from its neighbours, so that the neighbours need not be joined to it.

Here: who is given, and the proof that no giver falls below the conditions. Never here: which groups exist.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from anonymize.search.encoding import Flags, Floats, Ints, Numbers
from anonymize.search.judging import Asked, add_traits, lack, may_stand, tally
from anonymize.search.weighing import Problem, span_of


class Holdings(NamedTuple):
    """What the groups of a part hold while persons move between them; the rest is the last group."""

    group: Numbers  # (rows,)
    left: Numbers  # (rows,): persons that the row has not given away
    size: Ints  # (groups,)
    held: Ints  # (groups, traits)


def donate(rows: Numbers, persons: Numbers, group: Numbers, fit: Flags, problem: Problem) -> Numbers:
    """How many persons each row gives to the rest (the groups that are not `fit`); nobody where that cannot be done.

    The rest gets the persons it needs for the other conditions first, then those it needs for k. They come from the rows
    that are cheapest to publish under a label that covers the rest too; of equally cheap ones from those that stand first
    in the order of the tuples (see `arrange`). No giver falls under the conditions.
    Which class a person is in therefore depends on other persons too: a known price of local recoding
    (minimality attack: Wong et al., VLDB 2007).
    """
    asked, rest = problem.asked, len(fit)
    holdings = take_stock(rows, persons, group, fit, asked)
    size, held = holdings.size, holdings.held
    if surplus_of(size[:rest], asked.k) < asked.k - size[rest]:
        return np.zeros_like(persons)
    price = prices(rows, holdings.group == rest, problem)
    while not may_stand(size[rest], held[rest], asked):
        giver = cheapest_giver(rows, price, holdings, asked)
        if giver < 0:
            return np.zeros_like(persons)
        give(giver, asked.profile[rows[giver]], holdings, asked)
    return persons - holdings.left


def take_stock(rows: Numbers, persons: Numbers, group: Numbers, fit: Flags, asked: Asked) -> Holdings:
    """The holdings before anybody gives."""
    rest = len(fit)
    place = np.empty_like(group)
    size = np.zeros(rest + 1, dtype=np.int64)
    for position in range(len(rows)):
        place[position] = group[position] if fit[group[position]] else rest
        size[place[position]] += persons[position]
    return Holdings(place, persons.copy(), size, tally(rows, persons, place, rest + 1, asked))


def surplus_of(size: Ints, k: int) -> int:
    """How many persons groups of these sizes can give and keep k each; a group that is not fit is empty here."""
    surplus = 0
    for persons in size:
        surplus += max(0, persons - k)
    return surplus


def prices(rows: Numbers, in_rest: Flags, problem: Problem) -> Floats:
    """Penalty of the label that covers the rest and one row, summed over the columns, for each row."""
    span = span_of(rows[in_rest], problem)
    price = np.zeros(len(rows))
    for position in range(len(rows)):
        if not in_rest[position]:
            for column in range(len(span.low)):
                trail, own = problem.ladder[span.low[column]], problem.ladder[problem.leaf[rows[position], column]]
                level = span.level[column]
                while trail[level] != own[level]:
                    level -= 1
                price[position] += problem.penalty[trail[level]]
    return price


def cheapest_giver(rows: Numbers, price: Floats, holdings: Holdings, asked: Asked) -> int:
    """The row that can give a person at the least price, the first of several; -1 where there is none."""
    rest = len(holdings.size) - 1
    lacking = lack(holdings.size[rest], holdings.held[rest], asked)
    best = -1
    for position in range(len(rows)):
        group = holdings.group[position]
        if group < rest and holdings.left[position] > 0 and holdings.size[group] > asked.k:
            cheaper = best < 0 or price[position] < price[best]
            if cheaper and (len(asked.whole) == 0 or is_welcome(group, asked.profile[rows[position]], lacking, holdings, asked)):
                best = position
    return best


def is_welcome(group: int, profile: int, lacking: float, holdings: Holdings, asked: Asked) -> bool:
    """Whether a person of this profile mends what lacks in the rest, or spoils nothing, and the giver may stand without."""
    rest = len(holdings.size) - 1
    after = lack_after(holdings.size[rest], holdings.held[rest], profile, 1, asked)
    return (after < lacking or after == 0.0) and lack_after(holdings.size[group], holdings.held[group], profile, -1, asked) == 0.0


def lack_after(size: int, held: Ints, profile: int, persons: int, asked: Asked) -> float:
    """What lacks in a group when some persons of a profile come, or go (a negative number)."""
    changed = held.copy()
    add_traits(changed, profile, persons, asked)
    return lack(size + persons, changed, asked)


def give(giver: int, profile: int, holdings: Holdings, asked: Asked) -> None:
    """Move one person of a row to the rest, or as many as the rest needs for k if the conditions allow it."""
    rest, group = len(holdings.size) - 1, holdings.group[giver]
    size, held = holdings.size, holdings.held
    amount = max(1, min(asked.k - size[rest], holdings.left[giver], size[group] - asked.k))
    if len(asked.whole) > 0:
        mends = lack(size[rest], held[rest], asked) > 0.0
        if mends or lack_after(size[group], held[group], profile, -amount, asked) > 0.0:
            amount = 1
    add_traits(held[group], profile, -amount, asked)
    add_traits(held[rest], profile, amount, asked)
    size[group] -= amount
    size[rest] += amount
    holdings.left[giver] -= amount
