"""What is settled before any weight is looked at: human judgements, and one number of one partner.

Here: which records are surely one person, which surely two, and the judgements that newer ones contradict.
Never here: a weight, a threshold, a guard.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

JUDGEMENTS = {
    "number": pl.Int64,
    "record_key_left": pl.String,
    "record_key_right": pl.String,
    "verdict": pl.String,
    "by": pl.String,
    "at": pl.String,
}
"""The log of human judgements: number ascends in time; verdict is same, different or unsure; by and at are for the reader only."""

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def no_judgements() -> pl.DataFrame:
    """The log before anyone judged."""
    return pl.DataFrame(schema=JUDGEMENTS)


@dataclass(frozen=True)
class Bonds:
    """roots: for every position the smallest position that is surely the same person. apart: pairs of roots that are surely two.

    contradicted: numbers of the judgements that were not applied, ascending.
    """

    roots: Positions
    apart: frozenset[tuple[int, int]]
    contradicted: tuple[int, ...]


@dataclass
class _Ties:
    """Sets of positions that are one person, and which of them are not."""

    parent: dict[int, int] = field(default_factory=dict)
    foes: dict[int, set[int]] = field(default_factory=dict)

    def root(self, node: int) -> int:
        while (above := self.parent.setdefault(node, node)) != node:
            node = above
        return node

    def join(self, one: int, two: int) -> bool:
        """Make them one person; False where that is forbidden."""
        low, high = sorted((self.root(one), self.root(two)))
        if low == high:
            return True
        if high in self.foes.get(low, ()):
            return False
        self.parent[high] = low
        for foe in self.foes.pop(high, set()):
            self.foes[foe].discard(high)
            self.part(low, foe)
        return True

    def part(self, one: int, two: int) -> bool:
        """Make them two persons; False where they are one already."""
        first, second = self.root(one), self.root(two)
        if first == second:
            return False
        self.foes.setdefault(first, set()).add(second)
        self.foes.setdefault(second, set()).add(first)
        return True


def bonds(features: pl.DataFrame, judgements: pl.DataFrame) -> Bonds:
    """What is settled among the records of `features` by `judgements` (a frame of `JUDGEMENTS`).

    Of each pair the newest verdict counts. They are applied from the newest to the oldest, and one that those applied before
    contradict, also through third records, is left out. Equal numbers of one partner come last. Judgements on absent records wait.
    """
    ties = _Ties()
    placed = _placed(features, judgements)
    contradicted = [number for number, one, two, verdict in placed if not (ties.join if verdict == "same" else ties.part)(one, two)]
    roots = np.arange(features.height, dtype=np.int64)
    _bind_numbers(features, ties, roots)
    for node in ties.parent:
        roots[node] = ties.root(node)
    apart = {(min(one, foe), max(one, foe)) for one, foes in ties.foes.items() for foe in foes}
    return Bonds(roots, frozenset(apart), tuple(sorted(contradicted)))


def _placed(features: pl.DataFrame, judgements: pl.DataFrame) -> list[tuple[int, int, int, str]]:
    """Number, both positions and verdict of the newest judgement on each pair of records present, newest first; none that is unsure."""
    if judgements.is_empty():
        return []
    places = features.select("record_key", "position")
    found = judgements.join(places.rename({"record_key": "record_key_left", "position": "one"}), on="record_key_left").join(
        places.rename({"record_key": "record_key_right", "position": "two"}), on="record_key_right"
    )
    newest = (
        found.select("number", pl.min_horizontal("one", "two").alias("one"), pl.max_horizontal("one", "two").alias("two"), "verdict")
        .filter(pl.col("one") != pl.col("two"))
        .sort("number", descending=True)
        .unique(["one", "two"], keep="first", maintain_order=True)
        .filter(pl.col("verdict").is_in(["same", "different"]))
    )
    return list(newest.iter_rows())


def numbered(features: pl.DataFrame) -> pl.DataFrame:
    """position, first: the records whose partner gave the same number to another record, and the smallest position with that number."""
    known = features.select("position", "partner_code", "source_person_id").drop_nulls()
    together = known.with_columns(
        pl.col("position").min().over("partner_code", "source_person_id").alias("first"),
        pl.len().over("partner_code", "source_person_id").alias("records"),
    )
    return together.filter(pl.col("records") > 1).select("position", "first").sort("first", "position")


def _bind_numbers(features: pl.DataFrame, ties: _Ties, roots: Positions) -> None:
    """Join what has one number: at once where nobody judged, else record by record to the first part that no judgement forbids."""
    shared = numbered(features)
    if not ties.parent:
        roots[shared["position"].to_numpy()] = shared["first"].to_numpy()
        return
    is_judged = pl.col("position").is_in(list(ties.parent)).any().over("first").alias("is_judged")
    shared = shared.with_columns(is_judged)
    plain = shared.filter(~pl.col("is_judged"))
    roots[plain["position"].to_numpy()] = plain["first"].to_numpy()
    for _, group in shared.filter("is_judged").group_by("first", maintain_order=True):
        _join_where_allowed(ties, group["position"])


def _join_where_allowed(ties: _Ties, members: Iterable[int]) -> None:
    parts: list[int] = []
    for member in members:
        if not any(ties.join(part, member) for part in parts):
            parts.append(member)
