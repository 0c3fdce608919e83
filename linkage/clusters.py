"""Group records into persons from scored pairs: one dendrogram of guarded average linkage, cut at three thresholds.

Here: from edges and judgements to groups and questions. Never here: a score's making, a name, the order of rows.
Plain connected components chain: A like B, B like C makes A and C one person however unlike they are. Here two groups join only
where the mean weight over all their pairs reaches the threshold and no guard forbids it.
"""

from __future__ import annotations

import gc
import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import polars as pl

from linkage.bonds import Bonds, Flags, Positions, bonds
from linkage.components import components, settled
from linkage.guards import READ_BY_GUARDS, known_of
from linkage.merging import Group, Merge, Merging, Tie
from linkage.model import Thresholds

MERGES = {
    "one": pl.Int64,
    "two": pl.Int64,
    "height": pl.Float64,
    "left": pl.Int64,
    "right": pl.Int64,
    "size_left": pl.Int64,
    "size_right": pl.Int64,
}
QUESTIONS = {
    "record_key_left": pl.String,
    "record_key_right": pl.String,
    "weight": pl.Int64,
    "size_left": pl.Int64,
    "size_right": pl.Int64,
    "is_joined": pl.Boolean,
}


@dataclass(frozen=True)
class Clustered:
    """Who is who, as far as weights, guards and judgements say.

    clusters: record_key, automatic, cluster, widest, one row a record, sorted by record_key. Each of the three is the smallest record_key
    of the record's group at that threshold; groups of `automatic` lie within those of `cluster`, and those within `widest`.
    questions: record_key_left < record_key_right (the strongest pair between two groups), weight (their mean, thousandths of a bit),
    size_left, size_right (records in the group of either), is_joined (whether `cluster` joins them): the merges that are neither
    sure nor out of the question, strongest first.
    contradicted: numbers of the judgements that newer ones contradict, ascending; they were not applied.
    merges: the dendrogram itself, by positions (`linkage.merging.Merge`), sorted.
    """

    clusters: pl.DataFrame
    questions: pl.DataFrame
    contradicted: tuple[int, ...]
    merges: pl.DataFrame


def clusters(features: pl.DataFrame, edges: pl.DataFrame, judgements: pl.DataFrame, thresholds: Thresholds) -> Clustered:
    """The groups of the records of `features`.

    `edges`: left < right (positions), weight in thousandths of a bit, of the pairs that were compared; a pair that is absent counts as
    `thresholds.lowest`, unless one of its records is known by its tokens alone: then it says nothing. `judgements` as `linkage.bonds` has
    them. Equal numbers of one partner, and a human `same`, are one person whatever the guards say; see `linkage.bonds` for what wins.
    The order of rows never matters.
    """
    settled_before = bonds(features, judgements)
    found = dendrogram(features, edges, settled_before, thresholds)
    return cut(features["record_key"], found, settled_before, thresholds)


def cut(record_keys: pl.Series, found: pl.DataFrame, settled_before: Bonds, thresholds: Thresholds) -> Clustered:
    """The dendrogram `found` cut at the three thresholds for so many records; `record_keys` by position."""
    chosen = thresholds.among(len(record_keys))
    cuts = (chosen.milli("automatic"), chosen.milli("link"), chosen.milli("review"))
    labels = [record_keys.gather(_labels(settled_before.roots, found, at)) for at in cuts]
    return Clustered(
        pl.DataFrame([record_keys.rename("record_key"), *(label.rename(name) for label, name in zip(labels, COLUMNS, strict=True))]),
        _questions(record_keys, found, chosen),
        settled_before.contradicted,
        found,
    )


COLUMNS = ("automatic", "cluster", "widest")


def _labels(roots: Positions, found: pl.DataFrame, least: int) -> Positions:
    joined = found.filter(pl.col("height") >= least)
    above = roots.copy()
    above[joined["two"].to_numpy()] = joined["one"].to_numpy()
    return settled(above)


FEWEST_ASKED = 10
"""So many questions may be asked however small the table is."""


def _questions(record_keys: pl.Series, found: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """The merges to be asked about; where they are more than people can answer, those nearest to `link`."""
    link = thresholds.milli("link")
    most = max(FEWEST_ASKED, math.floor(thresholds.most_asked * len(record_keys) / 2))
    between = found.filter(pl.col("height") >= thresholds.milli("review"), pl.col("height") < thresholds.milli("asked"))
    between = between.sort((pl.col("height") - link).abs(), "one", "two").head(most)
    return between.select(
        record_keys.gather(between["left"]).alias("record_key_left"),
        record_keys.gather(between["right"]).alias("record_key_right"),
        pl.col("height").round().cast(pl.Int64).alias("weight"),
        "size_left",
        "size_right",
        (pl.col("height") >= link).alias("is_joined"),
    ).sort("weight", "record_key_left", "record_key_right", descending=[True, False, False])


def dendrogram(features: pl.DataFrame, edges: pl.DataFrame, settled_before: Bonds, thresholds: Thresholds) -> pl.DataFrame:
    """Every merge down to `thresholds.review`: a frame of `MERGES`, sorted by its groups. Arguments as for `clusters`."""
    roots = settled_before.roots
    # Groups join only where some pair of theirs reaches the threshold itself, since no mean is above its greatest part.
    strong = edges.filter(pl.col("weight") >= thresholds.milli("review"))
    component = components(len(roots), roots[strong["left"].to_numpy()], roots[strong["right"].to_numpy()])
    is_inside = component[roots[edges["left"].to_numpy()]] == component[roots[edges["right"].to_numpy()]]
    between = _between(features, edges.filter(pl.Series(is_inside)), roots, thresholds)
    is_couple = _are_couples(component, roots, between)
    found = pl.concat(
        [
            _couples(features, between.filter(is_couple), settled_before, thresholds),
            _others(features, between.filter(~is_couple), settled_before, thresholds),
        ]
    )
    return found.sort("one", "two")


def _between(features: pl.DataFrame, edges: pl.DataFrame, roots: Positions, thresholds: Thresholds) -> pl.DataFrame:
    """Of every two groups with a compared pair: one < two, total, named, silent, and the strongest pair (see `Tie`)."""
    silent = features["is_token_only"].to_numpy()
    left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
    weight = edges["weight"].clip(thresholds.milli("lowest"), thresholds.milli("highest"))
    ends = pl.DataFrame(
        {
            "one": np.minimum(roots[left], roots[right]),
            "two": np.maximum(roots[left], roots[right]),
            "total": weight,
            "named": (~(silent[left] | silent[right])).astype(np.int64),
            "silent": (silent[left] | silent[right]).astype(np.int64),
            "minus_weight": -weight,
            "left": left,
            "right": right,
            "began_in": roots[left],
        }
    ).filter(pl.col("one") != pl.col("two"))
    if (roots == np.arange(len(roots))).all():
        return ends
    strongest = pl.col("minus_weight", "left", "right", "began_in").first()
    ordered = ends.sort("minus_weight", "left", "right")
    return ordered.group_by("one", "two", maintain_order=True).agg(pl.col("total", "named", "silent").sum(), strongest)


def _are_couples(component: Positions, roots: Positions, between: pl.DataFrame) -> pl.Series:
    """Which rows are whole components: two records and nothing else."""
    records = np.bincount(component[roots], minlength=len(roots))
    return pl.Series(records[component[between["one"].to_numpy()]] == 2, dtype=pl.Boolean)


def _couples(features: pl.DataFrame, between: pl.DataFrame, settled_before: Bonds, thresholds: Thresholds) -> pl.DataFrame:
    """The merges of components of two records, which are most of all, at once."""
    one, two = (features.select(READ_BY_GUARDS)[between[end]] for end in ("one", "two"))
    is_apart = _are_apart(one, two)
    foes = settled_before.apart
    if foes:
        is_apart |= pl.Series([pair in foes for pair in between.select("one", "two").iter_rows()], dtype=pl.Boolean)
    single = pl.lit(1, pl.Int64)
    return (
        between.filter(~is_apart)
        .select(
            "one",
            "two",
            pl.col("total").cast(pl.Float64).alias("height"),
            "left",
            "right",
            single.alias("size_left"),
            single.alias("size_right"),
        )
        .filter(pl.col("height") >= thresholds.milli("review"))
    )


def _are_apart(one: pl.DataFrame, two: pl.DataFrame) -> pl.Series:
    """For each row of two frames of `READ_BY_GUARDS` whether a guard keeps the two records apart."""
    both = pl.concat([one, two.rename({name: f"{name}_2" for name in READ_BY_GUARDS})], how="horizontal")
    # Most pairs differ in nothing that a guard looks at; the few others are looked at one by one.
    may_be = (
        (pl.col("document") != pl.col("document_2"))
        | (pl.col("birth_text").str.head(4) != pl.col("birth_text_2").str.head(4))
        | (
            (pl.col("partner_code") == pl.col("partner_code_2"))
            & pl.col("source_person_id").is_not_null()
            & pl.col("source_person_id_2").is_not_null()
        )
    )
    rows = both.select(pl.arg_where(may_be.fill_null(value=False)))["document"]
    apart = [
        known_of(first).is_apart_from(known_of(second)) for first, second in zip(one[rows].iter_rows(), two[rows].iter_rows(), strict=True)
    ]
    return pl.repeat(value=False, n=one.height, dtype=pl.Boolean, eager=True).scatter(rows, apart)


TIES_AT_ONCE = 200_000
"""Components with about so many ties are merged together: whole ones, a batch at a time, so that memory stays flat."""


def _others(features: pl.DataFrame, between: pl.DataFrame, settled_before: Bonds, thresholds: Thresholds) -> pl.DataFrame:
    """The merges of the components that are no couples."""
    roots = settled_before.roots
    component = components(len(roots), between["one"].to_numpy(), between["two"].to_numpy())
    ties = between.with_columns(pl.Series("component", component[between["one"].to_numpy()])).sort("component", "one", "two")
    is_concerned: Flags = np.zeros(len(roots), dtype=np.bool_)
    is_concerned[between["one"].to_numpy()] = is_concerned[between["two"].to_numpy()] = True
    members = features.select("is_token_only", *READ_BY_GUARDS).with_columns(
        pl.Series("root", roots), pl.Series("component", component[roots])
    )
    members = members.filter(pl.Series(is_concerned[roots])).sort("component", maintain_order=True)
    least, absent = thresholds.milli("review"), thresholds.milli("lowest")
    found: list[Merge] = []
    for batch in _batches(ties["component"].to_numpy()):
        batch_ties = ties[batch]
        first, last = batch_ties["component"][0], batch_ties["component"][-1]
        low, high = np.searchsorted(members["component"].to_numpy(), [first, last + 1])
        with _uncollected():
            groups = _groups(members[int(low) : int(high)])
            _tie(groups, batch_ties, settled_before.apart)
            found += Merging(groups, least, absent).run()
    return pl.DataFrame(found, schema=MERGES, orient="row")


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's cycle collector, which would walk millions of ties again and again to find none that is in a cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _batches(component: Positions) -> list[slice]:
    """Consecutive rows, about `TIES_AT_ONCE` each, that part no component; `component` is sorted."""
    starts = np.flatnonzero(component[1:] != component[:-1]) + 1
    wanted = np.arange(TIES_AT_ONCE, component.size, TIES_AT_ONCE)
    place = np.searchsorted(starts, wanted)
    bounds = np.unique([0, *starts[place[place < starts.size]], component.size])
    return [slice(int(low), int(high)) for low, high in itertools.pairwise(bounds)]


def _groups(members: pl.DataFrame) -> dict[int, Group]:
    """The groups of these records before any merge, by their roots."""
    groups: dict[int, Group] = {}
    for root, is_token_only, *stated in members.select("root", "is_token_only", *READ_BY_GUARDS).iter_rows():
        known = known_of(stated)
        if (group := groups.get(root)) is None:
            groups[root] = Group(1, 1 - is_token_only, known)
        else:
            group.size += 1
            group.named += 1 - is_token_only
            group.known = group.known.and_also(known)
    return groups


def _tie(groups: dict[int, Group], ties: pl.DataFrame, apart: frozenset[tuple[int, int]]) -> None:
    """Enter the ties, and who is surely apart, on both groups."""
    ends = zip(ties["one"].to_list(), ties["two"].to_list(), strict=True)
    counted = zip(*(ties[name].to_list() for name in ("total", "named", "silent")), strict=True)
    strongest = zip(*(ties[name].to_list() for name in ("minus_weight", "left", "right", "began_in")), strict=True)
    for (one, two), (total, named, silent), pair in zip(ends, counted, strongest, strict=True):
        groups[one].ties[two] = groups[two].ties[one] = Tie(total, named, silent, pair)
    for one, two in apart:
        if one in groups and two in groups:
            groups[one].foes.add(two)
            groups[two].foes.add(one)
