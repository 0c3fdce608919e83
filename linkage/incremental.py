"""Link batch by batch with exactly the result of linking everything at once.

Here: the state that is kept in between, and which groups a change can touch. Never here: a rule of blocking, the making of a score,
a merge. It holds because everything is local: keys and features depend on one record, a weight on two, whether a block is
compared on its size, a group on its component.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.metadata import version

import numpy as np
import polars as pl

from linkage.blocking import block_keys
from linkage.bonds import Bonds, Flags, Positions, bonds, no_judgements
from linkage.changes import Change, change_of, reblocked, rescored
from linkage.clusters import MERGES, Clustered, cut, dendrogram
from linkage.components import components
from linkage.features import NO_KEYS, features
from linkage.model import LinkageModel
from linkage.private.rounds import round_tag
from linkage.scoring import EDGES, Watch, unwatched
from linkage.table import REQUIRED
from schemas.errors import CasehouseError
from schemas.zones import Identified

STATE_VERSION = 2
"""Raise it when features, block keys or merges change their meaning while the model stays."""

_MAKERS = ("polars", "phonenumbers", "anyascii", "rapidfuzz", "duckdb", "splink")
"""The libraries by whose tables and functions features, keys and weights are made: another version may make others."""


@dataclass(frozen=True, repr=False)
class LinkageState:
    """All that linkage knows between two runs. It holds identifying text, so it lives in the vault alone.

    features: as `linkage.features` makes them, by position. keys: key, position of every block, sorted.
    edges: left, right, weight, sorted. clustered: the groups. judgements: the log that they were grouped with.
    made_by: the model and the versions that all this came from.
    """

    features: pl.DataFrame
    keys: pl.DataFrame
    edges: pl.DataFrame
    clustered: Clustered
    judgements: pl.DataFrame
    made_by: str

    def __repr__(self) -> str:
        return f"<LinkageState of {self.features.height} records, {self.edges.height} edges>"

    def is_current(self, model: LinkageModel, round_keys: Mapping[str, bytes] = NO_KEYS) -> bool:
        """Whether the state came from this model, these open rounds and this version of the program; if not, link all records anew."""
        return self.made_by == maker(model, round_keys)


def empty_state(model: LinkageModel, round_keys: Mapping[str, bytes] = NO_KEYS) -> LinkageState:
    """The state before any record."""
    known = features(Identified(pl.DataFrame(schema=dict.fromkeys(REQUIRED, pl.String))), model, round_keys)
    judgements, merges = no_judgements(), pl.DataFrame(schema=MERGES)
    clustered = cut(known["record_key"], merges, bonds(known, judgements), model.thresholds)
    return LinkageState(known, block_keys(known), pl.DataFrame(schema=EDGES), clustered, judgements, maker(model, round_keys))


def updated(
    state: LinkageState,
    arriving: Identified | None,
    leaving: Collection[str],
    judgements: pl.DataFrame,
    model: LinkageModel,
    round_keys: Mapping[str, bytes] = NO_KEYS,
    watch: Watch = unwatched,
) -> LinkageState:
    """The state with the records of `arriving` in and those of `leaving` (record keys) out, under `judgements` (the whole log).

    An arriving record that the state knows replaces it; a leaving one that it does not know is none. The result is the same, row for
    row, as linking all records that remain at once, whatever way led here. Only pairs of arriving records and of blocks that came under
    the cap are scored, and only groups that these, leaving records or judgements can touch are formed anew.
    Raises `CasehouseError` for a state that is not current, `LeakStopped` for a wrong table, `LinkageFailed` when scoring fails.
    """
    if not state.is_current(model, round_keys):
        raise CasehouseError("the linkage state was made with another model, other rounds or another version; link all records anew")
    comes = state.features.clear() if arriving is None else features(arriving, model, round_keys)
    change = change_of(state.features, comes, pl.Series(list(leaving), dtype=pl.String))
    blocked = reblocked(state.keys, change, model.block_cap)
    edges, touched = rescored(state.edges, change, blocked, model, watch)
    log = judgements.select(no_judgements().columns)
    touched = np.union1d(touched, _bound(state, change, log))
    settled = bonds(change.features, log)
    merges = _merges(state, change, edges, settled, touched, model)
    clustered = cut(change.features["record_key"], merges, settled, model.thresholds)
    return LinkageState(change.features, blocked.keys, edges, clustered, log, state.made_by)


def maker(model: LinkageModel, round_keys: Mapping[str, bytes] = NO_KEYS) -> str:
    """What a state depends on besides its records: the model, the rounds, and the versions that make its numbers."""
    model_hash = blake2b(model.model_dump_json().encode(), digest_size=16).hexdigest()
    rounds = [f"round {name} {round_tag(key)}" for name, key in sorted(round_keys.items())]
    return "; ".join([f"state {STATE_VERSION}", f"model {model.version} {model_hash}", *_libraries(), *rounds])


@cache
def _libraries() -> tuple[str, ...]:
    return tuple(f"{name} {version(name)}" for name in _MAKERS)


def _merges(
    state: LinkageState, change: Change, edges: pl.DataFrame, settled: Bonds, touched: Positions, model: LinkageModel
) -> pl.DataFrame:
    """The dendrogram after the change: old merges of components that nothing touched, and those of all others made anew."""
    strong = edges.filter(pl.col("weight") >= model.thresholds.milli("review"))
    one, two = (settled.roots[strong[side].to_numpy()] for side in ("left", "right"))
    component = components(change.features.height, one, two)[settled.roots]
    is_touched = np.zeros(change.features.height, dtype=np.bool_)
    is_touched[component[touched]] = True
    is_anew = is_touched[component]
    kept = change.kept(state.clustered.merges, "one", "two", "left", "right")
    kept = kept.filter(pl.Series(~is_anew[kept["one"].to_numpy()]))
    return pl.concat([kept, _made_anew(change.features, edges, settled, is_anew, model)]).sort("one", "two")


def _made_anew(features: pl.DataFrame, edges: pl.DataFrame, settled: Bonds, is_anew: Flags, model: LinkageModel) -> pl.DataFrame:
    """The merges among the flagged records, which are whole components."""
    if is_anew.all():
        return dendrogram(features, edges, settled, model.thresholds)
    place = np.cumsum(is_anew) - 1
    of_part = np.flatnonzero(is_anew)
    part = features.filter(pl.Series(is_anew)).with_columns(pl.int_range(pl.len()).alias("position"))
    inside = edges.filter(pl.Series(is_anew[edges["left"].to_numpy()] & is_anew[edges["right"].to_numpy()]))
    inside = inside.with_columns(pl.Series(side, place[inside[side].to_numpy()]) for side in ("left", "right"))
    apart = frozenset((int(place[one]), int(place[two])) for one, two in settled.apart if is_anew[one] and is_anew[two])
    bound = Bonds(place[settled.roots[of_part]], apart, ())
    found = dendrogram(part, inside, bound, model.thresholds)
    return found.with_columns(pl.Series(name, of_part[found[name].to_numpy()]) for name in ("one", "two", "left", "right"))


def _bound(state: LinkageState, change: Change, log: pl.DataFrame) -> Positions:
    """The positions now of all whom judgements or numbers of partners bind to someone who came, went or was judged.

    Where any of these changes, all that is judged is looked at again: what one judgement does may hang on others far away.
    """
    was = state.features.filter(pl.Series(change.now_at < 0))
    came = change.features[change.arrived]
    moved = pl.concat([frame.select(_BINDING) for frame in (was, came)])
    moved = pl.concat([moved, _mates(change.features, moved)])
    judged = pl.concat([frame[side] for frame in (state.judgements, log) for side in ("record_key_left", "record_key_right")]).unique()
    if not log.equals(state.judgements) or moved["record_key"].is_in(judged.implode()).any():
        asked = change.features.filter(pl.col("record_key").is_in(judged.implode())).select(_BINDING)
        moved = pl.concat([moved, asked, _mates(change.features, asked)])
    standing = change.features.select("record_key", "position").join(moved.select("record_key").unique(), on="record_key", how="semi")
    return standing["position"].to_numpy()


_BINDING = ("record_key", "partner_code", "source_person_id")


def _mates(features: pl.DataFrame, some: pl.DataFrame) -> pl.DataFrame:
    """The records to which a partner gave the same number as to one of `some`."""
    numbers = some.drop_nulls().select("partner_code", "source_person_id").unique()
    return features.select(_BINDING).join(numbers, on=["partner_code", "source_person_id"], how="semi")
