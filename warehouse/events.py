"""What a batch says of its records, and which of all that was said stands: the rules of correction, as queries.

Here: the events of a batch, and the queries over the events of all. Never here: a connection, or the records themselves.

A batch says at most one thing of a record: `add` or `replace` it with a content, or `withdraw` it. Batches follow each
other in the order of first landing (`sequence`). Of one record, in that order: what was said before, again, changes
nothing; a new content becomes current; a withdrawal ends the record for good. So a file sent again, in parts, or in
another order of rows changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from schemas.ledger import RowLedger
from schemas.units import Unit
from schemas.zones import Pseudonymised


class Action(StrEnum):
    """What a row asks of its record."""

    ADD = "add"
    REPLACE = "replace"
    WITHDRAW = "withdraw"


EVENT_SCHEMA = pl.Schema({"record_key": pl.String, "file": pl.String, "row_number": pl.Int64, "action": pl.String, "content": pl.String})
"""An event of a batch. `content` is a keyed digest of what the report says without where it stands; null for a withdrawal
and for every event of a record that was withdrawn."""

WITHDRAWAL_SCHEMA = pl.Schema({"record_key": pl.String, "batch_id": pl.String, "sequence": pl.Int64})
"""A withdrawn record: which batch withdrew it, and that batch's place in the order of landing."""


@dataclass(frozen=True, repr=False)
class Delivery:
    """A batch on its way into the store: its place in the order of landing, its account, records, events and problems.

    `records` are the reports of its `add` and `replace` events; those of withdrawn records are absent.
    """

    batch_id: str
    partner_code: str
    sequence: int
    ledger: RowLedger
    records: Mapping[Unit, Pseudonymised]
    events: pl.DataFrame
    problems: pl.DataFrame

    def __repr__(self) -> str:
        return f"<Delivery {self.batch_id} {self.ledger}>"


@dataclass(frozen=True, repr=False)
class Taken:
    """What became of a delivery in the store: its account and problems with what only the store can know.

    `withdrawn` counts the records that the delivery itself withdrew from those that stood.
    """

    ledger: RowLedger
    problems: pl.DataFrame
    withdrawn: int


@dataclass(frozen=True)
class Effect:
    """What taking records out would do, in counts.

    Records that vanish; others that fall back to what another batch says; persons whom either touches; published persons
    that no record is left of, and the rows of their classes, which the next release retires at most, unless linkage changes;
    `published_rows` are all there are now.
    """

    vanished: int
    fallen_back: int
    persons: int
    published_persons: int
    retired_rows: int
    published_rows: int = 0


def standing_query(only: str) -> str:
    """record_key, content, batch_id, file, row_number of what stands, over the events for which the SQL condition holds.

    An event counts when nobody said its content before, or when it replaces and nobody replaced with that content before.
    The last one that counts stands.
    """
    return f"""
        select record_key, content, batch_id, file, row_number from (
            select *, min(sequence) over said as first_said,
                min(sequence) filter (where action = '{Action.REPLACE}') over said as first_replaced
            from event where content is not null and {only} window said as (partition by record_key, content)
        )
        where sequence = first_said or (action = '{Action.REPLACE}' and sequence = first_replaced)
        qualify sequence = max(sequence) over (partition by record_key)
    """  # noqa: S608 - constants of this room


HELD = f"""
    select e.file, e.row_number from event e
    where e.batch_id = $batch and e.action <> '{Action.WITHDRAW}'
    and exists (from event w where w.record_key = e.record_key and w.action = '{Action.WITHDRAW}' and w.sequence <= $sequence)
"""  # noqa: S608 - constants of this room
"""Rows of a batch whose record was withdrawn before, or by the batch itself."""

OUTDATED = f"""
    select e.file, e.row_number from event e join ({standing_query("sequence <= $sequence and record_key in (from touched)")}) s
    using (record_key) where e.batch_id = $batch and e.content <> s.content
"""  # noqa: S608 - constants of this room
"""Rows of a batch that repeat a version which another had replaced when the batch came."""

UNKNOWN = f"""
    select e.file, e.row_number from event e where e.batch_id = $batch and e.action = '{Action.WITHDRAW}'
    and not exists (from event o where o.record_key = e.record_key and o.sequence < $sequence)
"""  # noqa: S608 - constants of this room
"""Rows of a batch that withdraw a record of which nothing was said before."""
