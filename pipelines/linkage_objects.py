"""The objects of the vault in which linkage remembers: its state, the person registry, and what people did since.

Here: reading and writing them, so that a crash between two of them is mended by the next run. Never here: what is linked.

    linkage        the state of the last linkage, and which batch each of its records came from; made anew when it is gone or its
                   bytes were changed: nothing in it is of its own
    registry       persons, memberships, judgements and the log, all in one object: it cannot be half written
    registry-new   judgements and reviews since, a small object that each key press replaces; the next write of the registry takes
                   them in, and what it took in is known by its number
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from engine.parquet import decode, encode
from ingest.vault import Vault
from linkage.incremental import LinkageState
from linkage.registry import (
    Kind,
    NewJudgement,
    Registry,
    accessed,
    empty_registry,
    forget,
    from_bytes,
    judged,
    next_number_in,
    pair_of,
    to_bytes,
)
from linkage.stored import maker_in, questions_in, state_from_bytes, state_to_bytes
from pipelines.kept import register
from schemas.errors import VaultError

STATE: Final = "linkage"
REGISTRY: Final = "registry"
NEW: Final = "registry-new"
SOURCE: Final = pl.Schema({"registered_key": pl.String, "record_key": pl.String, "batch_id": pl.String})
"""Which report a record of the state is: its key in the registry and in the warehouse, and the batch because of which it stands."""
_NEW: Final = pl.Schema(
    {
        "number": pl.Int64,
        "kind": pl.String,
        "record_key_left": pl.String,
        "record_key_right": pl.String,
        "verdict": pl.String,
        "by": pl.String,
        "at": pl.String,
        "amount": pl.Int64,
    }
)


@dataclass(frozen=True, repr=False)
class Kept:
    """The state of the last linkage, and `source` (columns of `SOURCE`): the report of every record in it."""

    state: LinkageState
    source: pl.DataFrame

    def __repr__(self) -> str:
        return f"<Kept {self.state!r}>"


@dataclass(frozen=True)
class Loaded:
    """The registry as it stands now, and whether the vault holds it just so."""

    registry: Registry
    is_as_stored: bool


def load_state(vault: Vault) -> Kept | None:
    """What the last linkage left; None before the first, and when another version left it or it cannot be opened."""
    payload = _state(vault)
    found = state_from_bytes(payload) if payload else None
    if found is None or "source" not in found[1]:
        return None
    return Kept(found[0], found[1]["source"])


def store_state(vault: Vault, kept: Kept) -> None:
    """Replace it."""
    vault.store(STATE, state_to_bytes(kept.state, {"source": kept.source}))


def drop_state(vault: Vault) -> None:
    """Leave nothing of it: the next linkage reads all reports."""
    try:
        is_something = bool(vault.load(STATE))
    except VaultError:
        is_something = True
    if is_something:
        vault.store(STATE, b"")


def load_questions(vault: Vault) -> pl.DataFrame | None:
    """The questions of the last linkage; None as above."""
    payload = _state(vault)
    return questions_in(payload) if payload else None


def load_maker(vault: Vault) -> str | None:
    """What made the state of the last linkage; None as above."""
    payload = _state(vault)
    return maker_in(payload) if payload else None


def load_registry(vault: Vault) -> Loaded:
    """The person registry with all that people did since it was written, without any trace of withdrawn records."""
    payload = vault.load(REGISTRY)
    stored = from_bytes(payload) if payload else empty_registry()
    new = _new(vault)
    registry = stored
    for row in new.filter(pl.col("number") >= stored.next_number).iter_rows(named=True):
        if row["kind"] == Kind.JUDGED:
            pair = row["record_key_left"], row["record_key_right"]
            registry, _ = judged(registry, NewJudgement(*pair, verdict=row["verdict"], by=row["by"], at=row["at"]))
        else:
            registry = accessed(registry, by=row["by"], at=row["at"], shown=row["amount"])
    left = forget(registry, register(vault)["registered_key"])
    return Loaded(left, is_as_stored=left is stored and new.is_empty())


def store_registry(vault: Vault, registry: Registry, loaded: Loaded) -> None:
    """Put the registry in the place of what was loaded, where it is another; what people did since is in it."""
    if registry is loaded.registry and loaded.is_as_stored:
        return
    vault.store(REGISTRY, to_bytes(registry))
    vault.store(NEW, encode(pl.DataFrame(schema=_NEW)))


def add_judgement(vault: Vault, judgement: NewJudgement) -> int:
    """Keep one more judgement at once; its number. Raises `CasehouseError` for a pair of one record."""
    left, right = pair_of(judgement)
    return _add(vault, (Kind.JUDGED.value, left, right, judgement.verdict, judgement.by, judgement.at, None))


def add_access(vault: Vault, *, by: str, at: str, shown: int) -> int:
    """Keep at once that somebody was shown so many pairs; the number of the entry."""
    return _add(vault, (Kind.REVIEWED.value, None, None, None, by, at, shown))


def _add(vault: Vault, entry: tuple[str | int | None, ...]) -> int:
    payload = vault.load(REGISTRY)
    following = next_number_in(payload) if payload else 1
    known = _new(vault).filter(pl.col("number") >= following)
    number = following + known.height
    vault.store(NEW, encode(pl.concat([known, pl.DataFrame([(number, *entry)], schema=_NEW, orient="row")])))
    return number


def _state(vault: Vault) -> bytes | None:
    """The object as it lies; None when there is none, and when its bytes were changed: it holds nothing that cannot be made anew."""
    try:
        return vault.load(STATE)
    except VaultError:
        return None


def _new(vault: Vault) -> pl.DataFrame:
    payload = vault.load(NEW)
    return decode(payload) if payload else pl.DataFrame(schema=_NEW)
