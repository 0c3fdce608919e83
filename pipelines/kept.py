"""What is kept beside a batch in the vault once it is validated: its account, problems, events and accepted reports.

Here: writing it, reading it, and taking withdrawn records out of it. Never here: the raw files, or the warehouse.

Withdrawn records are in none of the reports that are kept: not of a batch that is validated later, nor of one that was
validated before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from anonymize.contents import contents_of
from anonymize.keys import with_keys
from engine.parquet import decode, encode
from ingest.validation.batch import BatchResult
from ingest.vault import Vault
from pipelines.round_register import kept_out
from schemas.ledger import RowLedger
from schemas.units import Unit
from schemas.zones import Identified
from warehouse.events import EVENT_SCHEMA, Action

REGISTRY_KEY = b"the person registry, inside the vault"
"""Records are numbered anew for linkage, by a key that is no secret: then two instances that hold the same reports find the
same persons, since ties fall by these numbers. They stay in the vault; the warehouse knows records by the secret keys only."""
REGISTER = "withdrawn"
REGISTER_SCHEMA = pl.Schema({"record_key": pl.String, "registered_key": pl.String, "batch_id": pl.String, "sequence": pl.Int64})
PLACE = ["file", "row_number"]


@dataclass(frozen=True, repr=False)
class Kept:
    """A validated batch: what it says of which record, and the reports of those that are not withdrawn, by unit."""

    ledger: RowLedger
    problems: pl.DataFrame
    events: pl.DataFrame
    reports: Mapping[Unit, Identified]

    def __repr__(self) -> str:
        return f"<Kept {self.ledger}>"


def keep(vault: Vault, result: BatchResult, secret: bytes) -> None:
    """Keep a validated batch beside its files; the records it withdraws enter the register when it is stored."""
    keyed = {unit: with_keys(reports, secret) for unit, reports in result.accepted.items()}
    withdrawals = _withdrawals(result, secret)
    said = [_events(reports, unit, result.replacements, secret) for unit, reports in keyed.items()]
    withdrawing = withdrawals.select("record_key", *PLACE, pl.lit(str(Action.WITHDRAW)).alias("action"), pl.lit(None).alias("content"))
    gone = pl.concat([register(vault)["record_key"], withdrawals["record_key"]])
    batch_id = result.batch_id
    standing = {unit.value: _without(reports.frame, gone) for unit, reports in keyed.items()}
    for name, frame in kept_out(vault, batch_id, standing).items():
        vault.store_beside(batch_id, name, encode(frame))
    events = _without_contents(pl.concat([frame.cast(EVENT_SCHEMA) for frame in (*said, withdrawing)]), gone)
    vault.store_beside(batch_id, "events", encode(events))
    vault.store_beside(batch_id, "withdrawals", encode(withdrawals.select("record_key", "registered_key")))
    vault.store_beside(batch_id, "problems", encode(result.problems))
    vault.store_beside(batch_id, "ledger", result.ledger.model_dump_json().encode())  # last: without it nothing counts as kept


def load_kept(vault: Vault, batch_id: str) -> Kept | None:
    """What was kept of a batch; None when it was not validated yet."""
    ledger = vault.load_beside(batch_id, "ledger")
    problems, events = (vault.load_beside(batch_id, name) for name in ("problems", "events"))
    if ledger is None or problems is None or events is None:
        return None
    return Kept(RowLedger.model_validate_json(ledger), decode(problems), decode(events), reports_of(vault, batch_id))


def reports_of(vault: Vault, batch_id: str, units: tuple[Unit, ...] = tuple(Unit)) -> dict[Unit, Identified]:
    """The accepted reports of a batch as the vault keeps them, by unit."""
    payloads = {unit: vault.load_beside(batch_id, unit.value) for unit in units}
    return {unit: Identified(decode(payload)) for unit, payload in payloads.items() if payload is not None}


def register(vault: Vault) -> pl.DataFrame:
    """The register of withdrawn records: their keys, and which batch withdrew each when. It is never shortened.

    A withdrawal is final, also when the batch that said so is itself withdrawn: nothing is left to bring back.
    """
    payload = vault.load(REGISTER)
    return decode(payload) if payload else pl.DataFrame(schema=REGISTER_SCHEMA)


def enter_withdrawals(vault: Vault, batch_id: str) -> pl.DataFrame:
    """Put what a validated batch withdraws into the register; those entries."""
    payload = vault.load_beside(batch_id, "withdrawals")
    found = decode(payload) if payload else pl.DataFrame(schema={"record_key": pl.String, "registered_key": pl.String})
    sequence = vault.manifest(batch_id).sequence
    entries = found.unique().with_columns(batch_id=pl.lit(batch_id), sequence=pl.lit(sequence, pl.Int64)).cast(REGISTER_SCHEMA)
    known = register(vault)
    new = entries.join(known, on=["record_key", "batch_id"], how="anti")
    if new.height:
        vault.store(REGISTER, encode(pl.concat([known, new]).sort("sequence", "record_key")))
    return entries.sort("record_key")


def take_out(vault: Vault, partner_code: str, record_keys: pl.Series) -> None:
    """Rewrite what is kept beside the partner's batches so that nothing of these records is in it but that they were there."""
    for batch_id in vault.batch_ids():
        if vault.manifest(batch_id).partner_code != partner_code:
            continue
        for unit, reports in reports_of(vault, batch_id).items():
            left = _without(reports.frame, record_keys)
            if left.height < reports.frame.height:
                vault.store_beside(batch_id, unit.value, encode(left))
        payload = vault.load_beside(batch_id, "events")
        if payload is not None and not (left := _without_contents(events := decode(payload), record_keys)).equals(events):
            vault.store_beside(batch_id, "events", encode(left))


def _events(reports: Identified, unit: Unit, replacements: pl.DataFrame, secret: bytes) -> pl.DataFrame:
    replacing = replacements.select(*PLACE, pl.lit(str(Action.REPLACE)).alias("action"))
    said = reports.frame.select("record_key", *PLACE).with_columns(contents_of(reports, unit, secret))
    marked = said.join(replacing, on=PLACE, how="left", maintain_order="left").with_columns(pl.col("action").fill_null(str(Action.ADD)))
    return marked.select(EVENT_SCHEMA.names())


def _withdrawals(result: BatchResult, secret: bytes) -> pl.DataFrame:
    """record_key, registered_key, file and row_number of the rows that withdraw."""
    named = Identified(result.withdrawals.frame.with_columns(partner_code=pl.lit(result.partner_code)))
    registered = with_keys(named, REGISTRY_KEY).frame["record_key"].alias("registered_key")
    return with_keys(named, secret).frame.with_columns(registered).select("record_key", "registered_key", *PLACE)


def _without(frame: pl.DataFrame, record_keys: pl.Series) -> pl.DataFrame:
    return frame.filter(~pl.col("record_key").is_in(record_keys.implode()))


def _without_contents(events: pl.DataFrame, record_keys: pl.Series) -> pl.DataFrame:
    is_gone = pl.col("record_key").is_in(record_keys.implode())
    return events.with_columns(pl.when(~is_gone).then(pl.col("content")).alias("content"))
