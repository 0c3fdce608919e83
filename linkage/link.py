"""Link identified records to persons: the one way into this room.

Here: the order of the steps and what a run reports. Never here: a step's own work; anything printed or logged.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from linkage.clusters import clusters
from linkage.features import features
from linkage.model import LinkageModel, load_model
from linkage.registry import Registry, assign
from linkage.scoring import score
from schemas.zones import Identified


@dataclass(frozen=True)
class Linked:
    """What a run found.

    registry: the persons after the run. records, persons: distinct ones present.
    candidate_pairs: pairs compared. pairs_by_weight: (whole bits, pairs), rounded down, ascending.
    dropped_blocks: blocks too large to compare, and dropped_by_rule: the same by rule; pairs only in such a block were not compared.
    review: record_key_left, record_key_right, weight (bits) of pairs near the threshold that ended as two persons, best first.
    """

    registry: Registry
    records: int
    persons: int
    candidate_pairs: int
    pairs_by_weight: tuple[tuple[int, int], ...]
    dropped_blocks: int
    dropped_by_rule: tuple[tuple[str, int], ...]
    review: pl.DataFrame


def link(records: Identified, previous: Registry, *, token_key: bytes, model: LinkageModel | None = None) -> Linked:
    """Find who is who among all records, and give every person a key that stays.

    `records` has the columns of `linkage.features.INPUT`, all text, one row a report. Equal `source_person_id` of one partner
    are surely one person; everything else, tokens included, is scored by `model` (the frozen one by default) and grouped under guards.
    A record with nothing to compare is a person of its own. The same records in any order, and the registry of the last run, give
    the same registry. Raises `LeakStopped` for a wrong table, `UserError` for a short key, `LinkageFailed` when scoring fails.
    """
    chosen = model or load_model()
    known = features(records, token_key)
    pairs, blocked = score(known, chosen)
    grouped = clusters(known, _certain(known), pairs, chosen.thresholds)
    registry = assign(grouped, previous)
    weights = pairs.group_by((pl.col("weight") // 1000).alias("bits")).len().sort("bits")
    return Linked(
        registry=registry,
        records=known.height,
        persons=registry.members["person_key"].n_unique(),
        candidate_pairs=pairs.height,
        pairs_by_weight=tuple(weights.iter_rows()),
        dropped_blocks=sum(count for _, count in blocked.dropped),
        dropped_by_rule=blocked.dropped,
        review=_review(grouped, pairs, chosen.thresholds.review),
    )


def _certain(known: pl.DataFrame) -> pl.DataFrame:
    """position, link: records with an equal link are surely one person, since one partner gave them one number."""
    return known.select("position", pl.concat_str("partner_code", "source_person_id", separator="|").alias("link")).drop_nulls("link")


def _review(grouped: pl.DataFrame, pairs: pl.DataFrame, lowest: float) -> pl.DataFrame:
    left, right = (grouped.select(pl.all().gather(pairs[side])) for side in ("left", "right"))
    beside = pl.DataFrame(
        {
            "record_key_left": left["record_key"],
            "record_key_right": right["record_key"],
            "weight": pairs["weight"] / 1000,
            "is_apart": left["cluster"] != right["cluster"],
        }
    )
    near = beside.filter(pl.col("is_apart") & (pl.col("weight") >= lowest)).drop("is_apart")
    return near.sort("weight", "record_key_left", "record_key_right", descending=[True, False, False])
