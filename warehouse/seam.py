"""Turn what a database or a disk says into our own errors, without the values it says it with.

Here: the one place of the room where a library's error is caught. Never here: a retry, or a text that quotes the library.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import polars as pl

from schemas.errors import CasehouseError, StorageError


@contextmanager
def guarded(doing: str, *, where: str) -> Iterator[None]:
    """Run a block; `StorageError` when the disk or the memory refused, `CasehouseError` when the database did.

    DuckDB and polars quote cells in their messages, so neither message nor cause is handed on.
    """
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException, duckdb.TransactionException, OSError):
        # One connection writes at a time, so a transaction that cannot be committed is one that cannot be written down.
        raise disk_refused(doing, where=where) from None
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        raise CasehouseError(f"{doing}: the database refused with {type(error).__name__}; nothing of it was stored") from None


def disk_refused(doing: str, *, where: str) -> StorageError:
    """The error of a disk that is full, read-only or broken."""
    return StorageError(
        f"{doing}: the disk refused",
        where=where,
        allowed="a writable disk with free space, and memory enough for the tables",
        next_step="free space or mend the rights, then run again: nothing half-written was kept",
    )
