"""Minimality: a class was published coarser than its persons' numbers asked for; so a finer one must have lacked diversity.

Here: the attacker who knows the rule of the method (split unless a part breaks a condition), the published classes, and the
quasi-identifiers of everyone in them, and who draws conclusions on sensitive values. Never here: an attacker who plays the
method through (`reenactment`), or the method itself.

Source: Wong, Fu, Wang and Pei, VLDB 2007 (minimality attack); probabilities are those of random worlds, in which the sensitive
values of a class are dealt to its persons in every order alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, sqrt

import polars as pl

from anonymize.attacks.controls import naive_minimal
from anonymize.attacks.holdings import NEWEST, NOT_KNOWN, Hierarchies, Reenactment
from anonymize.attacks.outcome import Limits, Outcome
from anonymize.hierarchy import Hierarchy

ATTACK = "minimality"
CONFIDENT = 0.9
"""How probable a value must be, after the attacker's reasoning, for a conclusion."""
SURE = 0.999
BEYOND_CHANCE = 3.0
"""Standard deviations of right guesses that are left to chance."""


@dataclass(frozen=True)
class Part:
    """Persons of a class who share a finer label: how many, and of each field how many hold which known value in truth."""

    persons: int
    values: tuple[Counter[str], ...]


@dataclass
class Tally:
    """Conclusions drawn, how many were right, how many of these were thought sure, and how many the base rate has right."""

    drawn: int = 0
    right: int = 0
    sure: int = 0
    expected: float = 0.0
    variance: float = 0.0

    def add(self, part: Counter[str], value: str, base: float, posterior: float) -> None:
        """Conclude that every person of a part who has a known value has this one."""
        known, right = part.total(), part[value]
        self.drawn += known
        self.right += right
        self.sure += right if posterior > SURE else 0
        self.expected += known * base
        self.variance += known * base * (1 - base)


def conclude(played: Reenactment, hierarchies: Hierarchies, limits: Limits) -> Outcome:
    """Conclusions on sensitive values from classes that could have been split by one column into parts of at least k persons each.

    Right conclusions are compared with the share of the concluded value in the class, which every reader knows. The control is
    the release of a naive method that merges only where diversity fails.
    """
    found = _conclusions(played, hierarchies, limits.k)
    naive, of_naive = naive_minimal(limits.k)
    control = _conclusions(naive, of_naive, limits.k)
    beyond = int(control.right - control.expected)
    slack = BEYOND_CHANCE * sqrt(found.variance)
    return Outcome(
        *(ATTACK, NEWEST, "the rule of the method and everyone's quasi-identifiers", "persons"),
        *(found.drawn, found.right, found.sure, beyond),
        limit=limits.minimality_gain,
        expected=found.expected,
        slack=slack,
    )


def _conclusions(played: Reenactment, hierarchies: Hierarchies, k: int) -> Tally:
    tally = Tally()
    table = played.labels.select(played.quasi).hstack(played.labels.select(f"{field}" for field in played.sensitive))
    finer = [
        _finer(played.original[column], played.labels[column], hierarchies[column]) for column in played.quasi if column in hierarchies
    ]
    for _, members in table.with_columns(finer).group_by(played.quasi, maintain_order=True):
        if members.height >= 2 * k:
            _conclude_on_class(members, [each.name for each in finer], played.sensitive, k, tally)
    return tally


def _finer(values: pl.Series, labels: pl.Series, hierarchy: Hierarchy) -> pl.Series:
    """The label one level beneath the published one on the path of each person's value; the value itself where there is none."""
    pairs = pl.DataFrame({"value": values, "label": labels})
    found = pairs.unique()
    beneath = [_beneath(hierarchy.paths[value], label) for value, label in found.iter_rows()]
    return pairs.join(found.with_columns(finer=pl.Series(beneath)), on=["value", "label"], how="left", maintain_order="left")[
        "finer"
    ].alias(f"finer {values.name}")


def _beneath(path: Sequence[str], label: str) -> str:
    place = path.index(label)
    return path[max(place - 1, 0)]


def _conclude_on_class(members: pl.DataFrame, finer: Sequence[str], sensitive: Sequence[str], k: int, tally: Tally) -> None:
    """Take the split that is hardest to explain by chance, and conclude on each of its parts."""
    whole = _part(members, sensitive)
    best: tuple[float, list[Part], Mapping[tuple[int, int, str], float]] | None = None
    for column in finer:
        parts = _parts(members, column, sensitive, k)
        weights = _explanations(whole, parts)
        total = sum(weights.values())
        if weights and (best is None or total < best[0]):
            best = (total, parts, weights)
    if best:
        _conclude_on_parts(whole, *best, tally)


def _parts(members: pl.DataFrame, column: str, sensitive: Sequence[str], k: int) -> list[Part]:
    """The parts by a finer label, those of fewer than k persons taken together; none when one of them is still too small."""
    size = pl.len().over(column)
    grouped = members.with_columns(_part=pl.when(size >= k).then(pl.col(column)).otherwise(None)).partition_by("_part")
    parts = [_part(each, sensitive) for each in grouped]
    return parts if len(parts) > 1 and all(part.persons >= k for part in parts) else []


def _part(members: pl.DataFrame, sensitive: Sequence[str]) -> Part:
    return Part(members.height, tuple(Counter(value for value in members[field] if value not in NOT_KNOWN) for field in sensitive))


def _explanations(whole: Part, parts: Sequence[Part]) -> dict[tuple[int, int, str], float]:
    """How probable it is that a part has no other known value of a field than this one: by part, field and value.

    All who hold another value must then be outside of the part: hypergeometric.
    """
    weights = {}
    for number, part in enumerate(parts):
        outside = whole.persons - part.persons
        for field, values in enumerate(whole.values):
            for value, count in values.items():
                others = values.total() - count
                if others <= outside:
                    weights[number, field, value] = comb(outside, others) / comb(whole.persons, others)
    return weights


def _conclude_on_parts(
    whole: Part, total: float, parts: Sequence[Part], weights: Mapping[tuple[int, int, str], float], tally: Tally
) -> None:
    """The value that the explanations together make probable enough, for each part and field; of the many explanations one is true."""
    for number, part in enumerate(parts):
        for field, values in enumerate(whole.values):
            here = {value: weights.get((number, field, value), 0.0) / total for value in values}
            elsewhere = 1 - sum(here.values())
            for value, count in values.items():
                base = count / values.total()
                posterior = here[value] + elsewhere * base
                if posterior > CONFIDENT > base:
                    tally.add(part.values[field], value, base, posterior)
