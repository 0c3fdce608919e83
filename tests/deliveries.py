"""Deliveries to the store made of records: what a batch says, with the digest of each record's content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import polars as pl

from schemas.ledger import RowLedger
from schemas.problems import problem_frame
from schemas.units import Unit
from schemas.zones import Pseudonymised
from warehouse.admission import PROVENANCE
from warehouse.events import EVENT_SCHEMA, Delivery

PLACES: dict[str, int] = {}
"""Batch id -> its place in the order of landing: that in which tests first name it."""


def place_of(batch_id: str) -> int:
    return PLACES.setdefault(batch_id, len(PLACES) + 1)


def events_of(records: Mapping[Unit, Pseudonymised], *, replacing: bool = False) -> pl.DataFrame:
    """One event a record; equal records have equal contents, wherever they stand."""
    rows = []
    for unit, zoned in records.items():
        content = zoned.frame.drop(PROVENANCE.names())
        for row, told in zip(zoned.frame.iter_rows(named=True), content.iter_rows(), strict=True):
            digest = hashlib.sha256(repr((unit.value, told)).encode()).hexdigest()[:20]
            rows.append((row["record_key"], row["file"], row["row_number"], "replace" if replacing else "add", digest))
    return pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")


def withdrawing(keys: Sequence[str]) -> pl.DataFrame:
    """Events that withdraw these records, a row each."""
    rows = [(key, "file-1", number, "withdraw", None) for number, key in enumerate(keys, 2)]
    return pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")


def delivery(
    batch_id: str,
    partner_code: str,
    ledger: RowLedger,
    records: Mapping[Unit, Pseudonymised],
    problems: pl.DataFrame | None = None,
    *,
    events: pl.DataFrame | None = None,
) -> Delivery:
    """A batch whose every record is added, unless its events are given."""
    said = events_of(records) if events is None else events
    listed = problem_frame() if problems is None else problems
    return Delivery(batch_id, partner_code, place_of(batch_id), ledger, records, said, listed)
