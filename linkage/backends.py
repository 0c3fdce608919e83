"""Where Splink runs: DuckDB on this machine, or what a larger place has.

Here: the few things that the scoring asks of a database. Never here: what is asked; a record; a message that quotes one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import polars as pl

from engine.duck import connect

if TYPE_CHECKING:
    from splink.internals.database_api import DatabaseAPISubClass


class Backend(Protocol):
    """A database that Splink drives: what the scoring asks of it."""

    def splink_api(self) -> DatabaseAPISubClass:
        """Splink's interface to it, a new one for each prediction."""

    def translated(self, condition: str) -> str:
        """A condition of the model, which is in DuckDB's SQL, in this database's."""

    def load(self, name: str, frame: pl.DataFrame) -> None:
        """Make a table of the frame, in place of one of this name."""

    def run(self, name: str, query: str) -> None:
        """Make a table of a query, in place of one of this name."""

    def fetch(self, query: str) -> pl.DataFrame:
        """The rows of a query."""

    def close(self) -> None:
        """Let go of everything."""


class DuckBackend:
    """DuckDB in memory, locked; the default."""

    def __init__(self) -> None:
        self._connection = connect()

    def splink_api(self) -> DatabaseAPISubClass:
        """Splink on this connection."""
        from splink import DuckDBAPI

        return DuckDBAPI(self._connection)

    def translated(self, condition: str) -> str:
        """The condition as it is."""
        return condition

    def load(self, name: str, frame: pl.DataFrame) -> None:
        """Make a table of the frame."""
        self._connection.register("incoming", frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
        self.run(name, "select * from incoming")
        self._connection.unregister("incoming")

    def run(self, name: str, query: str) -> None:
        """Make a table of a query."""
        self._connection.execute(f"create or replace table {name} as {query}")

    def fetch(self, query: str) -> pl.DataFrame:
        """The rows of a query."""
        return pl.DataFrame(self._connection.sql(query).to_arrow_table())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
