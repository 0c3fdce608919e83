"""Open DuckDB so that no text of a partner can make it reach a file, a network or a setting.

Here: the only place where a connection is opened. Never here: a query about cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from schemas.errors import StorageError


def connect(database: Path | None = None, *, readable: Sequence[Path] = (), read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database file, or one in memory, with external access off and the configuration locked.

    `readable` names the folders whose files the connection may still read (a release that is being verified). DuckDB lets
    it write there too, so only queries of our own may run on such a connection, never a person's.
    Raises `StorageError` when the file is held by another process or is not a database.
    """
    place = ":memory:" if database is None else str(database)
    try:
        connection = duckdb.connect(place, read_only=read_only)
    except duckdb.Error as error:
        raise (_held(place) if "lock" in str(error).lower() else _damaged(place)) from None
    if readable:
        connection.execute(f"set allowed_directories = [{', '.join(map(_text, readable))}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def connect_spilling(
    folder: Path, *, megabytes: int, readable: Sequence[Path] = (), threads: int | None = None, keeps_order: bool = False
) -> duckdb.DuckDBPyConnection:
    """A database in memory that takes at most so much of it and puts the rest into files of `folder`, as locked as any.

    DuckDB's own files in `folder` go when the connection is closed. `readable` are the only other files it reaches; it
    may write them too, see `connect`. With `keeps_order` the rows of a file come in its order, whatever the `threads`.
    The files are not encrypted: DuckDB 2.0 encrypts what it spills only with a module that it would have to download. So `folder`
    must be private, and gone when the work is done.
    """
    connection = duckdb.connect(":memory:")
    connection.execute(f"set temp_directory = {_text(folder)}")
    connection.execute(f"set memory_limit = '{megabytes}MB'")
    connection.execute(f"set preserve_insertion_order = {'true' if keeps_order else 'false'}")
    if threads is not None:
        connection.execute(f"set threads = {threads}")
    if readable:
        connection.execute(f"set allowed_paths = [{', '.join(map(_text, readable))}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def _text(path: Path) -> str:
    """A path as SQL writes it."""
    return "'" + str(path.resolve()).replace("'", "''") + "'"


def _held(place: str) -> StorageError:
    return StorageError(
        "the warehouse file is held by another process",
        where=place,
        allowed="one writer at a time",
        next_step="wait for the other process to end, close any DuckDB shell on this file, then run again",
    )


def _damaged(place: str) -> StorageError:
    return StorageError(
        "the warehouse file cannot be read: it is absent, damaged, or no DuckDB file",
        where=place,
        allowed="a readable DuckDB file of this version",
        next_step="restore it from your backup; the releases that stand are not touched",
    )
