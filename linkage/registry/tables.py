"""The tables of the registry and what their columns mean.

Here: schemas, the kinds of event, the frames in one frozen object. Never here: a change of a table.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

import polars as pl


class Kind(StrEnum):
    """What an event of the log is. In brackets: the columns that it fills besides `number`, `run` and `kind`."""

    RELINKED = "relinked"
    """All records were scored anew (model_version)."""
    MADE = "person made"
    """A person of records that nobody knew (person_key)."""
    SPLIT = "person split"
    """A person made of records of another, other_key (person_key, other_key)."""
    MERGED = "person merged"
    """The person other_key ended: its records are person_key's (person_key, other_key)."""
    RESTORED = "person restored"
    """A person that had ended stands again, taken out of other_key if that is known (person_key, other_key)."""
    JOINED = "record joined"
    """The record is of this person from now on, of no other; other_key is its `former_key` (record_key, person_key, other_key)."""
    LEFT = "record left"
    """The record is no longer present (record_key)."""
    JUDGED = "judged"
    """A human judgement was given; the judgement bears this event's number."""
    REVIEWED = "reviewed"
    """Somebody was shown records (by, at, amount: pairs shown)."""
    FORGOTTEN = "forgotten"
    """Records were erased: nothing in the log names them any more (amount: records)."""


PERSON: Final = pl.Schema(
    {"person_key": pl.String, "made_by": pl.Int64, "split_from": pl.String, "merged_into": pl.String, "is_alive": pl.Boolean}
)
MEMBERSHIP: Final = pl.Schema(
    {"record_key": pl.String, "person_key": pl.String, "former_key": pl.String, "valid_from": pl.Int64, "valid_to": pl.Int64}
)
JUDGEMENT: Final = pl.Schema(
    {
        "number": pl.Int64,
        "record_key_left": pl.String,
        "record_key_right": pl.String,
        "verdict": pl.String,
        "by": pl.String,
        "at": pl.String,
        "standing": pl.String,
    }
)
EVENT: Final = pl.Schema(
    {
        "number": pl.Int64,
        "run": pl.Int64,
        "kind": pl.String,
        "record_key": pl.String,
        "person_key": pl.String,
        "other_key": pl.String,
        "model_version": pl.String,
        "by": pl.String,
        "at": pl.String,
        "amount": pl.Int64,
    }
)


@dataclass(frozen=True)
class Registry:
    """The persons known so far.

    person: by number of the key. made_by: the event; split_from: whose records it was made of; merged_into: who holds its records
    since it ended; is_alive: it has a record that is present. A person that ended is never removed, so a key is never given twice.

    membership: in the order of the events. A record is of person_key from event valid_from until event valid_to (null: now).
    former_key: the person that the record was of before that one ended in person_key; it gets its key back if its records
    are taken apart again. Null where there is none.

    judgement: by number, that of the event; record_key_left < record_key_right; by and at are the account and the time that the
    review gave; standing: one of `judging.Standing`.

    event: the log, by number from 1 without a gap. Nothing is ever taken out of it but the keys of erased records. The only clock
    in it is that of human acts.
    """

    person: pl.DataFrame
    membership: pl.DataFrame
    judgement: pl.DataFrame
    event: pl.DataFrame

    @property
    def members(self) -> pl.DataFrame:
        """record_key, person_key of the records present, by record_key."""
        return self.membership.filter(pl.col("valid_to").is_null()).select("record_key", "person_key").sort("record_key")

    @property
    def model_version(self) -> str | None:
        """The model of the last linkage; None before the first, and after one of a version that did not say."""
        versions = self.event["model_version"].drop_nulls()
        return versions[-1] if len(versions) else None

    @property
    def next_number(self) -> int:
        """The number of the next event."""
        return self.event.height + 1

    @property
    def next_run(self) -> int:
        """The number of the next run, one a linkage, judgement, review or erasure that changed something."""
        return int(self.event["run"][-1]) + 1 if self.event.height else 1

    def equals(self, other: Registry) -> bool:
        """Whether all tables are the same, row for row."""
        return all(getattr(self, each.name).equals(getattr(other, each.name)) for each in fields(self))


def empty_registry() -> Registry:
    """The registry before the first run."""
    return Registry(*(pl.DataFrame(schema=schema) for schema in (PERSON, MEMBERSHIP, JUDGEMENT, EVENT)))


def person_keys(ordinals: pl.Expr) -> pl.Expr:
    """The keys of the persons of these numbers: p0000001 for 1."""
    return pl.lit("p") + ordinals.cast(pl.String).str.zfill(7)


def ordinals(keys: str) -> pl.Expr:
    """The number in each key of this column; the lower, the older the person."""
    return pl.col(keys).str.slice(1).cast(pl.Int64)


def appended(registry: Registry, events: pl.DataFrame) -> pl.DataFrame:
    """These events (columns of EVENT but number and run, others null) numbered on, all of the next run, at the end of the log."""
    absent = [pl.lit(None, kind).alias(name) for name, kind in EVENT.items() if name not in events.columns]
    whole = events.with_columns(*absent).with_columns(
        number=registry.next_number + pl.int_range(pl.len(), dtype=pl.Int64), run=pl.lit(registry.next_run, pl.Int64)
    )
    return pl.concat([registry.event, whole.select(EVENT.names()).cast(EVENT)])
