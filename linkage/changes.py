"""What a change of records does to features, blocks and edges: only what it can touch is made anew.

Here: from what stood, and who comes and goes, to what stands now. Never here: groups; a rule of blocking; the making of a score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from linkage.blocking import Blocks, block_keys, block_sizes, kept_blocks, limits
from linkage.bonds import Positions
from linkage.model import LinkageModel
from linkage.scoring import Watch, score, score_pairs


@dataclass(frozen=True)
class Change:
    """Who comes and goes. features: of all records that stand now. now_at: for each old position the new one, -1 where it left.

    arrived: the new positions of those that came.
    """

    features: pl.DataFrame
    now_at: Positions
    arrived: Positions

    def kept(self, frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
        """The rows of a frame of old positions whose records all stay, with their new positions; order is kept, since theirs is."""
        stays = np.logical_and.reduce([self.now_at[frame[name].to_numpy()] >= 0 for name in columns])
        standing = frame.filter(pl.Series(stays))
        return standing.with_columns(pl.Series(name, self.now_at[standing[name].to_numpy()], dtype=frame.schema[name]) for name in columns)


def change_of(old: pl.DataFrame, arriving: pl.DataFrame, leaving: pl.Series) -> Change:
    """The change from the features `old`: records of `leaving` (record keys) go, those of the features `arriving` come or change."""
    gone = pl.concat([leaving.cast(pl.String), arriving["record_key"]]).unique()
    stays = old.with_columns(pl.col("position").alias("was"), pl.lit(value=False).alias("is_new")).join(
        gone.to_frame("record_key"), on="record_key", how="anti", maintain_order="left"
    )
    comes = arriving.with_columns(pl.lit(None, pl.Int64).alias("was"), pl.lit(value=True).alias("is_new"))
    now = pl.concat([stays, comes.select(stays.columns)]).sort("record_key").with_columns(pl.int_range(pl.len()).alias("position"))
    now_at = np.full(old.height, -1, dtype=np.int64)
    standing = now.filter(~pl.col("is_new"))
    now_at[standing["was"].to_numpy()] = standing["position"].to_numpy()
    return Change(now.drop("was", "is_new"), now_at, now.filter("is_new")["position"].to_numpy())


@dataclass(frozen=True)
class Reblocked:
    """keys: of all records that stand now; blocks: those that are compared.

    touched: keys of every block that someone joined or left. opened, closed: keys of blocks that are compared now and were not, and the
    other way round. All sorted.
    """

    keys: pl.DataFrame
    blocks: pl.DataFrame
    touched: pl.Series
    opened: pl.Series
    closed: pl.Series


def reblocked(old: pl.DataFrame, change: Change, cap: int) -> Reblocked:
    """The blocks after the change; `old`: the block keys before it."""
    is_new = np.zeros(change.features.height, dtype=np.bool_)
    is_new[change.arrived] = True
    fresh = block_keys(change.features.filter(pl.Series(is_new)))
    left = old.filter(pl.Series(change.now_at[old["position"].to_numpy()] < 0))
    touched = pl.concat([fresh["key"], left["key"]]).unique().sort()
    before = _compared(old.filter(_is_in(old["key"], touched))["key"], cap)
    keys = _merged(change.kept(old, "position"), fresh, touched)
    blocks = kept_blocks(keys, cap).frame
    after = blocks.filter(_is_in(blocks["key"], touched))["key"].unique(maintain_order=True)
    return Reblocked(keys, blocks, touched, after.filter(~_is_in(after, before)), before.filter(~_is_in(before, after)))


def _is_in(values: pl.Series, wanted: pl.Series) -> pl.Series:
    """Whether each value is among `wanted`, which is sorted."""
    if wanted.is_empty():
        return pl.repeat(value=False, n=len(values), dtype=pl.Boolean, eager=True)
    sought, found = values.to_numpy(), wanted.to_numpy()
    place = np.minimum(np.searchsorted(found, sought), found.size - 1)
    return pl.Series(found[place] == sought)


def _compared(keys: pl.Series, cap: int) -> pl.Series:
    """Those of the sorted keys whose blocks are compared, each once, sorted."""
    size = pl.Series(block_sizes(keys))
    return keys.filter((size > 1) & (size <= limits(keys, cap))).unique(maintain_order=True)


def _merged(stays: pl.DataFrame, fresh: pl.DataFrame, touched: pl.Series) -> pl.DataFrame:
    """Both tables of keys in one, sorted by key and position; each is sorted already."""
    both = pl.concat([stays, fresh])
    # A stable sort of two sorted runs is one pass; only blocks that someone joined need their positions put in order.
    order = np.argsort(both["key"].to_numpy(), kind="stable")
    merged = both[order]
    rows = np.flatnonzero(_is_in(merged["key"], touched).to_numpy())
    position = merged["position"].to_numpy().copy()
    position[rows] = merged[rows].sort("key", "position")["position"].to_numpy()
    return merged.with_columns(pl.Series("position", position))


def rescored(old: pl.DataFrame, change: Change, blocked: Reblocked, model: LinkageModel, watch: Watch) -> tuple[pl.DataFrame, Positions]:
    """The edges after the change (`old`: before it), and the positions at whose edges something changed."""
    if not change.now_at.size:
        edges = score(change.features, Blocks(blocked.blocks, ()), model, watch=watch)
        return edges, np.arange(change.features.height, dtype=np.int64)
    stays = change.kept(old, "left", "right")
    lost = _lost(stays, change, blocked)
    still = stays.join(lost, on=["left", "right"], how="anti", maintain_order="left")
    fresh = score_pairs(change.features, _to_compare(change, blocked), model, watch=watch)
    added = fresh.join(still, on=["left", "right"], how="anti", maintain_order="left")
    changed = [_bereft(old, change), *(frame[side].to_numpy() for frame in (lost, added) for side in ("left", "right")), change.arrived]
    return pl.concat([still, added]).sort("left", "right"), np.unique(np.concatenate(changed))


def _bereft(old: pl.DataFrame, change: Change) -> Positions:
    """The neighbours of who left, where they stay themselves."""
    left, right = (change.now_at[old[side].to_numpy()] for side in ("left", "right"))
    beside: Positions = np.maximum(left, right)[(left < 0) != (right < 0)]
    return beside


def _lost(edges: pl.DataFrame, change: Change, blocked: Reblocked) -> pl.DataFrame:
    """left, right of the edges whose records met in a block that closed, and meet in none that is compared."""
    arrived = pl.Series(change.arrived).sort()
    rows = blocked.keys.filter(_is_in(blocked.keys["key"], blocked.closed))
    rows = rows.filter(~_is_in(rows["position"].cast(pl.Int64), arrived))
    suspect = _pairs(rows, rows).join(edges, on=["left", "right"], how="semi")
    ends = pl.concat([suspect["left"], suspect["right"]]).unique().sort()
    places = blocked.blocks.filter(_is_in(blocked.blocks["position"].cast(pl.Int64), ends)).select("key", pl.col("position").cast(pl.Int64))
    meeting = suspect.join(places, left_on="left", right_on="position").join(places, left_on=["right", "key"], right_on=["position", "key"])
    return suspect.join(meeting, on=["left", "right"], how="anti").sort("left", "right")


def _to_compare(change: Change, blocked: Reblocked) -> pl.DataFrame:
    """left, right: pairs with a record that arrived, and pairs of blocks that opened; sorted."""
    rows = blocked.blocks.filter(_is_in(blocked.blocks["key"], blocked.touched))
    is_fresh = _is_in(rows["position"].cast(pl.Int64), pl.Series(change.arrived).sort()) | _is_in(rows["key"], blocked.opened)
    return _pairs(rows.filter(is_fresh), rows).sort("left", "right")


def _pairs(some: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """left < right, each once: the pairs of one of `some` and one of `others` (key, position) with the same key."""
    met = some.join(others, on="key", suffix="_2").filter(pl.col("position") != pl.col("position_2"))
    return met.select(
        pl.min_horizontal("position", "position_2").cast(pl.Int64).alias("left"),
        pl.max_horizontal("position", "position_2").cast(pl.Int64).alias("right"),
    ).unique()
