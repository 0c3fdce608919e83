"""The person registry: which person key every record carries, kept stable from run to run.

Here: giving out person keys, keeping them, remembering them. Never here: a name, a number of a document, a score;
a registry holds keys of records and of persons, and nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl

from schemas.errors import StorageError

SCHEMA = {"record_key": pl.String, "person_key": pl.String}


@dataclass(frozen=True)
class Registry:
    """The persons known so far.

    members: record_key, person_key of the records present, one row a record, sorted by record_key.
    retired: the same of records that are no longer present; they claim their person again when they return.
    next_ordinal: the number of the next new person. It only grows, so that a key is never given twice.
    """

    members: pl.DataFrame
    retired: pl.DataFrame
    next_ordinal: int

    def equals(self, other: Registry) -> bool:
        """Whether the two are the same, row for row."""
        return self.next_ordinal == other.next_ordinal and self.members.equals(other.members) and self.retired.equals(other.retired)


def empty_registry() -> Registry:
    """The registry before the first run."""
    return Registry(pl.DataFrame(schema=SCHEMA), pl.DataFrame(schema=SCHEMA), 1)


def assign(clusters: pl.DataFrame, previous: Registry) -> Registry:
    """The registry after a run that found `clusters` (record_key, cluster: any labels; one row a record present).

    A cluster with records that were known keeps the oldest person key (lowest number) among them. Where a person was split, the
    part with most of its records keeps the key, then the part with the smallest record_key. New persons are numbered in
    the order of their smallest record_key. What the labels are, and the order of rows, does not matter.
    """
    known = pl.concat([previous.members, previous.retired])
    labelled = clusters.select(
        pl.col("record_key").cast(pl.String), pl.col("record_key").cast(pl.String).min().over("cluster").alias("first")
    )
    key_of = _kept(labelled, known)
    ordinal = previous.next_ordinal
    for first in labelled["first"].unique().sort():
        if first not in key_of:
            key_of[first] = f"p{ordinal:07d}"
            ordinal += 1
    names = pl.DataFrame({"first": list(key_of), "person_key": list(key_of.values())}, schema={"first": pl.String, "person_key": pl.String})
    members = labelled.join(names, on="first", how="left").select("record_key", "person_key").sort("record_key")
    retired = known.join(members, on="record_key", how="anti").sort("record_key")
    return Registry(members, retired, ordinal)


def _kept(labelled: pl.DataFrame, known: pl.DataFrame) -> dict[str, str]:
    """From a cluster (its smallest record_key) to the person key that it keeps."""
    claims = (
        labelled.join(known, on="record_key")
        .group_by("first", "person_key")
        .agg(pl.len().alias("records"))
        .with_columns(pl.col("person_key").str.slice(1).cast(pl.Int64).alias("ordinal"))
        .sort("ordinal", "records", "first", descending=[False, True, False])
    )
    kept: dict[str, str] = {}
    taken: set[str] = set()
    for first, person_key in claims.select("first", "person_key").iter_rows():
        if first not in kept and person_key not in taken:
            kept[first] = person_key
            taken.add(person_key)
    return kept


def forget(registry: Registry, record_keys: pl.Series) -> Registry:
    """The registry without any trace of these records, as an erasure asks; the numbers of their persons are still never reused."""
    gone = record_keys.cast(pl.String).implode()
    return Registry(
        registry.members.filter(~pl.col("record_key").is_in(gone)),
        registry.retired.filter(~pl.col("record_key").is_in(gone)),
        registry.next_ordinal,
    )


def to_bytes(registry: Registry) -> bytes:
    """The registry as JSON for the vault; equal registries give equal bytes."""
    parts = {name: frame.rows() for name, frame in (("members", registry.members), ("retired", registry.retired))}
    return json.dumps({**parts, "next_ordinal": registry.next_ordinal}, ensure_ascii=False, separators=(",", ":")).encode()


def from_bytes(payload: bytes) -> Registry:
    """The registry that `to_bytes` wrote; raises `StorageError` when it is not one."""
    try:
        parts = json.loads(payload)
        frames = [pl.DataFrame(parts[name], schema=SCHEMA, orient="row") for name in ("members", "retired")]
        return Registry(frames[0], frames[1], int(parts["next_ordinal"]))
    except (ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        raise StorageError(
            "the person registry cannot be read",
            where="the vault",
            allowed="a registry that this version of Casehouse wrote",
            next_step="restore the vault from a backup; do not start an empty registry, which would number every person anew",
        ) from None
