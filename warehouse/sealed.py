"""What the warehouse remembers of the release ledger: which entries it has, so that none of them can be lost in silence.

Here: one row an entry, its version and the hash of its seal. Never here: the ledger, or what follows when the two disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from warehouse.session import Session


@dataclass(frozen=True)
class SealedRelease:
    """An entry of the release ledger: the version of its release and the SHA-256 of its seal."""

    version: str
    seal: str


class Sealed(Session):
    """The table of the entries that the release ledger had when it was last looked at."""

    def sealed_releases(self) -> tuple[SealedRelease, ...]:
        """The entries that are remembered, oldest first."""
        rows = self._query("select version, seal from sealed_release order by number")
        return tuple(SealedRelease(*row) for row in rows.iter_rows())

    def remember_sealed(self, entries: Sequence[SealedRelease]) -> None:
        """Put these entries, oldest first, in the place of those that were remembered; the same again writes nothing."""
        if tuple(entries) == self.sealed_releases():
            return
        rows = [(number, each.version, each.seal) for number, each in enumerate(entries, 1)]
        with self._transaction("remembering the release ledger") as connection:
            connection.execute("delete from sealed_release")
            schema = {"number": pl.Int64, "version": pl.String, "seal": pl.String}
            self._insert("sealed_release", pl.DataFrame(rows, schema=schema, orient="row"))
