"""One connection to the warehouse file: reads as frames, changes as whole transactions.

Here: running a query, putting a frame into a table, all or nothing. Never here: what a table means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import duckdb
import polars as pl

from schemas.zones import Pseudonymised
from warehouse.seam import guarded

Parameters = Sequence[str | int] | Mapping[str, str | int | list[str]]
"""What fills the question marks or the $names of a query."""


class Session:
    """What every part of the store does with its connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, place: str) -> None:
        self._connection, self._place = connection, place

    def _query(self, query: str, parameters: Parameters = ()) -> pl.DataFrame:
        with guarded("reading the warehouse", where=self._place):
            return pl.DataFrame(self._connection.sql(query, params=parameters or None).to_arrow_table())

    def _records(self, query: str, parameters: Parameters = ()) -> Pseudonymised:
        """The same of rows about persons: what is read from this zone is of this zone."""
        return Pseudonymised(self._query(query, parameters))

    def _count(self, query: str, parameters: Parameters = ()) -> int:
        return int(self._query(query, parameters).item())

    def _insert(self, table: str, frame: pl.DataFrame) -> None:
        with self._registered(frame):
            self._connection.execute(f"insert into {table} by name select * from incoming")  # noqa: S608 - a constant of this room

    @contextmanager
    def _registered(self, frame: pl.DataFrame, name: str = "incoming") -> Iterator[None]:
        self._connection.register(name, frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
        try:
            yield
        finally:
            with suppress(duckdb.Error):
                self._connection.unregister(name)

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """All of the block or nothing of it."""
        is_done = False
        with guarded(doing, where=self._place):
            self._connection.begin()
            try:
                yield self._connection
                self._connection.commit()
                is_done = True
            finally:
                if not is_done:
                    with suppress(duckdb.Error):
                        self._connection.rollback()
