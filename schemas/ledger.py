"""Where every received row went: the account that must balance on every batch.

Here: the four outcomes and their sum. Never here: why a row went there; that is a problem's code.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, NonNegativeInt

from schemas.errors import CasehouseError


class Outcome(StrEnum):
    """What became of one received row."""

    ACCEPTED = "accepted"  # became a record
    QUARANTINED = "quarantined"  # held until the partner mends or confirms it
    REJECTED = "rejected"  # can never become a record as it is
    NON_DATA = "non_data"  # no record at all: a blank line, a repeated header, a totals row


class LedgerBroken(CasehouseError):
    """Rows appeared or vanished between receipt and outcome: a bug, and the batch must not be stored."""


class RowLedger(BaseModel):
    """Counts of one batch: received = accepted + quarantined + rejected + non_data."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    received: NonNegativeInt
    accepted: NonNegativeInt
    quarantined: NonNegativeInt
    rejected: NonNegativeInt
    non_data: NonNegativeInt

    def check(self) -> RowLedger:
        """Itself when the account balances; `LedgerBroken` with the counts when not."""
        accounted = self.accepted + self.quarantined + self.rejected + self.non_data
        if accounted != self.received:
            raise LedgerBroken(f"received {self.received} rows, accounted for {accounted}")
        return self

    def held_back(self, count: int) -> RowLedger:
        """The account after so many accepted rows were quarantined."""
        return self.model_copy(update={"accepted": self.accepted - count, "quarantined": self.quarantined + count}).check()

    def __add__(self, other: RowLedger) -> RowLedger:
        """The account of two batches together."""
        return RowLedger(
            received=self.received + other.received,
            accepted=self.accepted + other.accepted,
            quarantined=self.quarantined + other.quarantined,
            rejected=self.rejected + other.rejected,
            non_data=self.non_data + other.non_data,
        )


EMPTY_LEDGER = RowLedger(received=0, accepted=0, quarantined=0, rejected=0, non_data=0)
