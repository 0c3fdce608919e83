"""The registry as the vault keeps it: all tables in one object, so that no crash can leave one without the other.

Here: bytes and back, and taking over the registry of an earlier version. Never here: encryption, or where the object lies.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Final

import polars as pl

from engine.bundle import NotABundle, bundled, unbundled
from linkage.registry.replaying import replay
from linkage.registry.tables import EVENT, JUDGEMENT, MEMBERSHIP, PERSON, Kind, Registry, appended, empty_registry, ordinals, person_keys
from schemas.errors import StorageError

KIND: Final = "casehouse registry 2"
_SCHEMAS: Final = {"person": PERSON, "membership": MEMBERSHIP, "judgement": JUDGEMENT, "event": EVENT}


def to_bytes(registry: Registry) -> bytes:
    """The registry for the vault; equal registries give equal bytes."""
    return bundled(KIND, {each.name: getattr(registry, each.name) for each in fields(registry)})


def next_number_in(payload: bytes) -> int:
    """The number of the next event, without reading all tables; `StorageError` as `from_bytes`."""
    if payload[:1] == b"{":
        return from_bytes(payload).next_number
    try:
        return unbundled(KIND, payload, ["event"])["event"].height + 1
    except NotABundle:
        raise _unreadable() from None


def from_bytes(payload: bytes) -> Registry:
    """The registry that `to_bytes` wrote, or that the version before it did; raises `StorageError` when it is neither."""
    try:
        if payload[:1] == b"{":
            return _taken_over(payload)
        tables = unbundled(KIND, payload)
        if {name: table.schema for name, table in tables.items()} != _SCHEMAS:
            raise NotABundle("other tables")
        return Registry(**tables)
    except (NotABundle, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        raise _unreadable() from None


def _taken_over(payload: bytes) -> Registry:
    """The registry of the version that kept keys alone, as JSON: every key stays with its records, and no key is given again."""
    known = json.loads(payload)
    schema = {"record_key": pl.String, "person_key": pl.String}
    members, retired = (pl.DataFrame(known[name], schema=schema, orient="row") for name in ("members", "retired"))
    numbers = pl.int_range(1, int(known["next_ordinal"]), dtype=pl.Int64, eager=True).alias("ordinal").to_frame()
    made = numbers.select(pl.lit(Kind.MADE.value).alias("kind"), person_keys(pl.col("ordinal")).alias("person_key"))
    joined = (
        pl.concat([members, retired]).sort(ordinals("person_key"), "record_key").select(pl.lit(Kind.JOINED.value).alias("kind"), pl.all())
    )
    left = retired.sort("record_key").select(pl.lit(Kind.LEFT.value).alias("kind"), "record_key")
    empty = empty_registry()
    events = appended(empty, pl.concat([made, joined, left], how="diagonal"))
    return Registry(*replay(events), empty.judgement, events)


def _unreadable() -> StorageError:
    return StorageError(
        "the person registry cannot be read",
        where="the vault",
        allowed="a registry that this version of Casehouse wrote, or the one before it",
        next_step="restore the vault from a backup; do not start an empty registry, which would number every person anew",
    )
