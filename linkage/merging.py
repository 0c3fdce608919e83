"""Merge groups of records by average linkage under guards, and keep every merge with its height: one dendrogram.

Here: the merging. Never here: what a threshold means, a name, the order in which records or pairs arrived.
Average linkage: Sokal and Michener (1958). The two groups with the highest mean weight join first, then the means are taken anew.
Guards are cannot-links (Wagstaff and Cardie, 2000): groups that contain one never join.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from linkage.guards import Known


class Tie(NamedTuple):
    """What is known between two groups: the sum of the compared pairs' weights, how many of them have names on both sides, how many not,
    and the strongest pair: minus its weight, left, right (so that the smallest is the strongest), and the group that left began in."""

    total: int
    named: int
    silent: int
    strongest: tuple[int, int, int, int]


class Merge(NamedTuple):
    """Two groups (named by their smallest positions, one < two) that joined.

    height: their mean weight, or less where a part of either joined at less, so that the cut at a threshold never takes a merge without
    its parts. left < right: the strongest pair between the two; size_left, size_right: how many records the group of either had.
    """

    one: int
    two: int
    height: float
    left: int
    right: int
    size_left: int
    size_right: int


@dataclass(slots=True)
class Group:
    """Records that are one person so far: how many, how many with names, what the guards need, and what ties them to other groups."""

    size: int
    named: int
    known: Known
    foes: set[int] = field(default_factory=set)
    ties: dict[int, Tie] = field(default_factory=dict)
    height: float = float("inf")


Queue = list[tuple[float, int, int, int]]


class Merging:
    """Groups (by their smallest positions) that are joined until no two of them reach `least` with their mean weight.

    A pair of named records that was not compared counts as `absent`; a pair with a record known by its tokens alone that was
    not compared says nothing. Both numbers in thousandths of a bit.
    """

    def __init__(self, groups: dict[int, Group], least: int, absent: int) -> None:
        self.groups, self.least, self.absent = groups, least, absent
        self.queue: Queue = []
        self.gone_into: dict[int, int] = {}

    def run(self) -> list[Merge]:
        """The merges in their order: the highest mean first, of equal ones that of the smaller positions. The groups are used up."""
        groups, queue = self.groups, self.queue
        for one, group in groups.items():
            self._offer(one, ((two, tie) for two, tie in group.ties.items() if one < two))
        done: list[Merge] = []
        while queue:
            minus_mean, one, two, size = heapq.heappop(queue)
            # An entry is stale when either group is gone or has grown since.
            if one not in groups or two not in groups or groups[one].size + groups[two].size != size:
                continue
            done.append(self._join(one, two, -minus_mean))
            self._offer(one, groups[one].ties.items())
        return done

    def _offer(self, one: int, ties: Iterable[tuple[int, Tie]]) -> None:
        """Queue a group with those neighbours with which its mean weight and the guards let it join."""
        group, groups = self.groups[one], self.groups
        absent, least, named = self.absent, self.least, group.named
        for two, (total, compared, silent, _) in ties:
            # Of the pairs that were not compared those of two named records count, and no others.
            beside = groups[two]
            pairs = named * beside.named
            mean = (total + (pairs - compared) * absent) / (pairs + silent)
            if mean >= least and two not in group.foes and not group.known.is_apart_from(beside.known):
                heapq.heappush(self.queue, (-mean, min(one, two), max(one, two), group.size + beside.size))

    def _join(self, one: int, two: int, mean: float) -> Merge:
        kept, gone = self.groups[one], self.groups[two]
        _, left, right, began_in = kept.ties[two].strongest
        sizes = (kept.size, gone.size) if self._now(began_in) == one else (gone.size, kept.size)
        height = min(mean, kept.height, gone.height)
        kept.size += gone.size
        kept.named += gone.named
        kept.known = kept.known.and_also(gone.known)
        kept.height = height
        self._hand_over(one, two)
        return Merge(one, two, height, left, right, *sizes)

    def _now(self, group: int) -> int:
        while (into := self.gone_into.get(group)) is not None:
            group = into
        return group

    def _hand_over(self, one: int, two: int) -> None:
        """Give the ties and foes of `two` to `one`."""
        groups = self.groups
        kept, gone = groups[one], groups.pop(two)
        self.gone_into[two] = one
        for foe in gone.foes:
            kept.foes.add(foe)
            groups[foe].foes.discard(two)
            groups[foe].foes.add(one)
        del kept.ties[two], gone.ties[one]
        for neighbour, tie in gone.ties.items():
            beside = groups[neighbour].ties
            before = kept.ties.get(neighbour)
            kept.ties[neighbour] = beside[one] = tie if before is None else _both(tie, before)
            del beside[two]


def _both(one: Tie, two: Tie) -> Tie:
    return Tie(one.total + two.total, one.named + two.named, one.silent + two.silent, min(one.strongest, two.strongest))
