"""The release ledger: what every release told, in class counts, each entry sealed with the hash of the one before.

Here: reading, verifying and appending entries. Never here: what differs too little (`differences`), or a published file.

An entry is two private files: `0003-<version>.parquet` with the counts, and `0003-<version>.json`, the seal, which names the
hash of the counts and of the seal before it. The seal is put in place last and in one step: what has no seal is no entry,
and is written anew. Nothing that is sealed is ever written again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from anonymize.releases.differences import PERSONS, ReleaseCounts, TableCounts
from engine.parquet import decode, encode
from schemas.errors import ReleaseRefused, StorageError

_SEAL = re.compile(r"([0-9]{4})-([0-9A-Za-z][0-9A-Za-z.+_-]{0,80})\.json")
_NO_SEAL = "0" * 64
_TABLE = "table"
"""The column of the counts that names the table; label columns are numbered, so that none can be called so."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Sealed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SealedTable(_Sealed):
    """A published table: its name, how its counts are meant, their columns, and the hash of the published file."""

    name: str
    kind: Literal["classes", "figures"]
    columns: tuple[str, ...]
    file_sha256: Digest


class Seal(_Sealed):
    """One entry's place in the chain."""

    number: Annotated[int, Field(ge=1)]
    version: str
    previous: Digest
    counts: Digest
    tables: tuple[SealedTable, ...]

    def files(self) -> dict[str, str]:
        """Table name -> hash of its published file."""
        return {table.name: table.file_sha256 for table in self.tables}


def read_ledger(folder: Path) -> tuple[Seal, ...]:
    """The seals of every entry, oldest first; none before the first release.

    Raises `ReleaseRefused` when an entry is missing, changed or out of place, with the number of the entry.
    """
    seals: list[Seal] = []
    previous = _NO_SEAL
    for place, path in enumerate(_seal_paths(folder), 1):
        payload = path.read_bytes()
        try:
            seal = Seal.model_validate_json(payload)
        except ValidationError:
            raise _broken(folder, place, "cannot be read") from None
        if seal.number != place or path != _seal_path(folder, seal):
            raise _broken(folder, place, "is missing or out of place")
        if seal.previous != previous:
            raise _broken(folder, place, "does not name the seal before it: one of the two was changed")
        counts = _counts_path(folder, seal)
        if not counts.is_file() or sha256(counts.read_bytes()).hexdigest() != seal.counts:
            raise _broken(folder, place, "is not sealed over these counts: they were changed or are missing")
        previous = sha256(payload).hexdigest()
        seals.append(seal)
    return tuple(seals)


def counts_of(folder: Path, seal: Seal) -> ReleaseCounts:
    """The counts that an entry holds; the entry was verified by `read_ledger`."""
    whole = decode(_counts_path(folder, seal).read_bytes())
    tables = []
    for place, table in enumerate(seal.tables):
        named = {f"{number}": column for number, column in enumerate(table.columns)}
        mine = whole.filter(pl.col(_TABLE) == place)
        counts = mine.select(pl.col(PERSONS) if column == PERSONS else pl.col(number).alias(column) for number, column in named.items())
        texts = [column for column in counts.columns if column != PERSONS and not (table.kind == "classes" and column == "cohort")]
        counts = counts.with_columns(pl.exclude(PERSONS, *texts).cast(pl.Int64))
        tables.append(TableCounts(table.name, counts, table.kind))
    return ReleaseCounts(seal.version, tuple(tables))


def digest_of(folder: Path, seal: Seal) -> str:
    """SHA-256 of a seal as it was written: what the entry after it names, and what whoever counts the entries remembers."""
    return sha256(_seal_path(folder, seal).read_bytes()).hexdigest()


def append(folder: Path, release: ReleaseCounts, files: Mapping[str, str]) -> Seal:
    """Seal the counts of a release as the next entry; `files` gives the hash of each table's published file.

    Called before the release becomes visible. When its version is in the ledger with the same counts and files, nothing is
    written and the seal that stands is given back; with others it is an entry more, since that one may never have become visible.
    Raises `ReleaseRefused` when the chain is broken, and `StorageError` when the disk refuses.
    """
    known = read_ledger(folder)
    payload = _payload(release.tables)
    previous = digest_of(folder, known[-1]) if known else _NO_SEAL
    tables = tuple(
        SealedTable(name=table.name, kind=table.kind, columns=tuple(table.counts.columns), file_sha256=files[table.name])
        for table in release.tables
    )
    seal = Seal(number=len(known) + 1, version=release.version, previous=previous, counts=sha256(payload).hexdigest(), tables=tables)
    for standing in known:
        if (standing.version, standing.counts, standing.tables) == (seal.version, seal.counts, seal.tables):
            return standing
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _put(_counts_path(folder, seal), payload)
        _put(_seal_path(folder, seal), seal.model_dump_json(indent=1).encode() + b"\n")
    except OSError:
        raise StorageError(
            "the disk refused to take an entry of the release ledger",
            where=str(folder),
            allowed="a folder that can be written, with room left",
            next_step="free some space, then release again: nothing was published",
        ) from None
    return seal


def _payload(tables: Sequence[TableCounts]) -> bytes:
    """All counts in one file: rows in total order, so that the same counts give the same bytes."""
    return encode(pl.concat(_numbered(tables), how="diagonal")) if tables else encode(pl.DataFrame({_TABLE: [], PERSONS: []}))


def _numbered(tables: Sequence[TableCounts]) -> Iterator[pl.DataFrame]:
    for place, table in enumerate(tables):
        ordered = table.counts.sort(table.counts.columns)
        columns = [pl.col(PERSONS).cast(pl.Int64)]
        columns += [pl.col(name).cast(pl.String).alias(f"{number}") for number, name in enumerate(ordered.columns) if name != PERSONS]
        yield ordered.select(pl.lit(place, pl.Int64).alias(_TABLE), *columns)


def _seal_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if _SEAL.fullmatch(path.name)) if folder.is_dir() else []


def _seal_path(folder: Path, seal: Seal) -> Path:
    return folder / f"{seal.number:04d}-{seal.version}.json"


def _counts_path(folder: Path, seal: Seal) -> Path:
    return _seal_path(folder, seal).with_suffix(".parquet")


def _put(path: Path, payload: bytes) -> None:
    """Write a file that its owner alone may read, whole or not at all, and its name with it."""
    staged = path.with_name(f".{path.name}.staging")
    staged.unlink(missing_ok=True)
    with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
    names = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)


def _broken(folder: Path, number: int, what: str) -> ReleaseRefused:
    return ReleaseRefused(
        f"the release ledger is broken: entry {number} {what}",
        where=str(folder),
        allowed="every entry as it was written, each naming the hash of the one before",
        next_step="restore the folder from your backup. Without one, move it away: it is made anew from the release folders that stand, "
        "as far as they go",
    )
