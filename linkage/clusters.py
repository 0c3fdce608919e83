"""Group records into persons from scored pairs: average linkage that never joins what cannot be one person.

Here: certain links, guards, the merging. Never here: a name, a score's making, the order of rows.
Plain connected components chain: A like B, B like C makes A and C one person however unlike they are. Here two groups join only
where the mean weight over all their pairs reaches the threshold (Sokal and Michener's average linkage, 1958) and no guard forbids it.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import polars as pl

from linkage.model import Thresholds

# A stated day of birth may be off by this many years and still be one person's.
BIRTH_YEAR_SPAN = 3


@dataclass
class _Group:
    """Records taken as one person so far, and what the guards need to know of them."""

    members: list[int]
    documents: set[str] = field(default_factory=set)
    years: set[int] = field(default_factory=set)
    numbers: dict[str, set[str]] = field(default_factory=dict)
    # Towards a neighbour: the sum of the scored weights and how many there are.
    ties: dict[int, tuple[int, int]] = field(default_factory=dict)

    def cannot_join(self, other: _Group) -> bool:
        """Different documents, full birth dates too far apart, or two numbers of one partner."""
        if self.documents and other.documents and not self.documents & other.documents:
            return True
        years = self.years | other.years
        if self.years and other.years and max(years) - min(years) > BIRTH_YEAR_SPAN:
            return True
        return any(self.numbers[partner] != other.numbers[partner] for partner in self.numbers.keys() & other.numbers.keys())

    def take(self, other: _Group) -> None:
        self.members += other.members
        self.documents |= other.documents
        self.years |= other.years
        for partner, numbers in other.numbers.items():
            self.numbers.setdefault(partner, set()).update(numbers)


def clusters(records: pl.DataFrame, certain: pl.DataFrame, pairs: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """record_key, cluster (the smallest record_key in it), sorted by record_key: one row a record.

    `records` as `features` makes them; `certain`: position, link, equal `link` being surely one person, whatever the guards say;
    `pairs`: left, right, weight in thousandths of a bit. A pair of two groups that was not compared counts as `absent_pair`.
    """
    root = _certain_roots(records.height, certain)
    weights = _relevant(root, pairs, thresholds)
    groups = _groups(records, root, weights)
    _merge(groups, round(thresholds.link * 1000), round(thresholds.absent_pair * 1000))
    keys = records["record_key"].to_list()
    cluster_of: list[str] = list(keys)
    for group in groups.values():
        first = keys[min(group.members)]
        for member in group.members:
            cluster_of[member] = first
    return pl.DataFrame({"record_key": keys, "cluster": cluster_of}, schema={"record_key": pl.String, "cluster": pl.String})


def _find(parent: list[int], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


def _certain_roots(height: int, certain: pl.DataFrame) -> list[int]:
    """For every position the smallest position that is surely the same person."""
    parent = list(range(height))
    chained = certain.sort("link", "position").with_columns(pl.col("position").shift(1).over("link").alias("before")).drop_nulls("before")
    for left, right in chained.select("before", "position").iter_rows():
        low, high = sorted((_find(parent, left), _find(parent, right)))
        parent[high] = low
    return [_find(parent, node) for node in range(height)]


def _relevant(root: list[int], pairs: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """The pairs between groups that a chain of strong pairs connects, weights clamped, summed by pair of groups."""
    low, high = round(thresholds.lowest * 1000), round(thresholds.highest * 1000)
    roots = pl.Series("root", root, dtype=pl.Int64)
    between = pairs.select(
        roots.gather(pairs["left"]).alias("one"),
        roots.gather(pairs["right"]).alias("two"),
        pl.col("weight").clip(low, high),
    ).filter(pl.col("one") != pl.col("two"))
    component = list(range(len(root)))
    for one, two in between.filter(pl.col("weight") >= round(thresholds.link * 1000)).select("one", "two").iter_rows():
        first, second = sorted((_find(component, one), _find(component, two)))
        component[second] = first
    of = pl.Series("component", [_find(component, node) for node in range(len(root))], dtype=pl.Int64)
    same = between.filter(of.gather(between["one"]) == of.gather(between["two"]))
    ordered = same.select(pl.min_horizontal("one", "two").alias("one"), pl.max_horizontal("one", "two").alias("two"), "weight")
    return ordered.group_by("one", "two").agg(pl.col("weight").sum().alias("sum"), pl.len().alias("count")).sort("one", "two")


def _groups(records: pl.DataFrame, root: list[int], weights: pl.DataFrame) -> dict[int, _Group]:
    is_full = pl.col("birth_day").is_not_null()
    known = records.sort("position").select(
        "partner_code", "source_person_id", "document", pl.when(is_full).then(pl.col("birth_year")).alias("year")
    )
    groups: dict[int, _Group] = {}
    for position, (partner, number, document, year) in enumerate(known.iter_rows()):
        group = groups.setdefault(root[position], _Group([]))
        group.members.append(position)
        if document is not None:
            group.documents.add(document)
        if year is not None:
            group.years.add(year)
        if partner is not None and number is not None:
            group.numbers.setdefault(partner, set()).add(number)
    for one, two, total, count in weights.iter_rows():
        groups[one].ties[two] = groups[two].ties[one] = (total, count)
    return groups


def _merge(groups: dict[int, _Group], link: int, absent: int) -> None:
    """Join the two groups of the highest mean weight, again and again, while it reaches `link`; ties go to the smaller positions.

    A group is named by its smallest position, so nothing here depends on the order in which records or pairs arrived.
    """

    def mean(one: int, two: int) -> float:
        total, count = groups[one].ties[two]
        possible = len(groups[one].members) * len(groups[two].members)
        return (total + (possible - count) * absent) / possible

    def offer(one: int, two: int) -> None:
        value = mean(one, two)
        if value >= link and not groups[one].cannot_join(groups[two]):
            heapq.heappush(queue, (-value, min(one, two), max(one, two), len(groups[one].members) + len(groups[two].members)))

    queue: list[tuple[float, int, int, int]] = []
    for one, group in groups.items():
        for two in group.ties:
            if one < two:
                offer(one, two)
    while queue:
        _, one, two, size = heapq.heappop(queue)
        # An entry is stale when either group is gone or has grown since.
        if one not in groups or two not in groups or len(groups[one].members) + len(groups[two].members) != size:
            continue
        absorbed = groups.pop(two)
        groups[one].take(absorbed)
        del groups[one].ties[two]
        _retie(groups, one, two, absorbed.ties)
        for neighbour in groups[one].ties:
            offer(one, neighbour)


def _retie(groups: dict[int, _Group], kept: int, gone: int, ties: dict[int, tuple[int, int]]) -> None:
    for neighbour, (total, count) in ties.items():
        if neighbour == kept:
            continue
        before = groups[kept].ties.get(neighbour, (0, 0))
        joined = (before[0] + total, before[1] + count)
        groups[kept].ties[neighbour] = groups[neighbour].ties[kept] = joined
        del groups[neighbour].ties[gone]
