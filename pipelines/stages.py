"""The walk of a batch, stage by stage: each function calls the rooms in order and returns counts.

Here: which room comes after which, and where each zone's frames are kept in between.
Never here: a rule; Dagster (its assets call these functions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from anonymize.deidentify import deidentify
from anonymize.sweep import identifiers_in_text
from ingest.landing import land
from ingest.reading.payloads import Payload
from ingest.reading.reader import best_partner
from ingest.refusals import refusal as refusal_of
from ingest.validation.batch import validate_batch
from ingest.vault import Purpose
from pipelines.corrections import apply_register, apply_withdrawals
from pipelines.inbox import arrivals, clear
from pipelines.instance import Instance
from pipelines.kept import keep, load_kept
from pipelines.nameless import assert_names_nobody
from pipelines.rounds import open_tags
from pipelines.token_lint import with_token_lint
from schemas.errors import BatchRefused, UserError
from schemas.ledger import RowLedger
from schemas.messages import say
from schemas.partner import Partner
from warehouse.store import Delivery, Store, Taken, open_store

CLEARLY_ANOTHER, CLEARLY_NOT_THIS = 0.8, 0.5
"""Shares of known headers from which a refused file is called another partner's."""


@dataclass(frozen=True)
class BatchCounts:
    """What a stage says of a batch: counts only."""

    ledger: RowLedger
    problems_by_code: Mapping[str, int]
    withdrawn: int = 0
    """Records that the batch took out of those that stood."""


def land_batch(instance: Instance, partner_code: str, batch_id: str) -> bool:
    """Bring the batch from the inbox into the vault; whether it was new there. A batch already in the vault stays as it is."""
    vault = instance.vault
    found = [arrival for arrival in arrivals(instance.inbox, partner_code) if arrival.batch_id == batch_id]
    if found:
        return land(found[0].payloads(), partner_code, vault, found[0].purpose).is_new
    if batch_id in vault.batch_ids():
        return False
    raise refusal_of(
        "file_missing",
        where=say("partner {partner}, batch {batch}", partner=partner_code, batch=batch_id),
        allowed=say("a batch that lies in the inbox folder or in the vault"),
    )


def validate_landed(instance: Instance, partner_code: str, batch_id: str) -> BatchCounts:
    """Read, map, validate and sweep a landed batch; its accepted reports are kept beside it in the vault.

    A refused batch is erased from the vault when it still lies in the inbox, where the partner can mend it. One that was
    taken in before (its partner file changed since) stays in the vault. Of one whose raw files were erased stands what was
    kept when it was read.
    """
    vault, partner = instance.vault, instance.partners[partner_code]
    if vault.has_batch(batch_id) and not vault.has_raw(batch_id) and (kept := load_kept(vault, batch_id)):
        return BatchCounts(kept.ledger, counts_by_code(kept.problems))
    payloads = vault.batch_files(batch_id)
    try:
        purpose = vault.manifest(batch_id).purpose
        assert_names_nobody(payloads, read_as(partner, purpose), purpose)
        known_as, withdraws = read_as(partner, purpose), purpose == "withdraw"
        validated = validate_batch(payloads, known_as, batch_id, sweep=identifiers_in_text, withdraws=withdraws)
        result = with_token_lint(validated, open_tags(instance))
    except BatchRefused as refusal:
        if any(arrival.batch_id == batch_id for arrival in arrivals(instance.inbox, partner_code)):
            vault.erase(batch_id)  # only then: a batch that left the inbox stands in the vault alone
        raise named_refusal(instance, partner, payloads, refusal) from None
    keep(vault, result, instance.pseudonym_secret)
    return BatchCounts(result.ledger, counts_by_code(result.problems))


def read_as(partner: Partner, purpose: Purpose) -> Partner:
    """How a batch of the partner is read, by what it is sent for."""
    return partner.for_withdrawing() if purpose == "withdraw" else partner


def named_refusal(instance: Instance, partner: Partner, payloads: Sequence[Payload], refusal: BatchRefused) -> BatchRefused:
    """The refusal, or the better one when the file fits another partner clearly better than its own."""
    if refusal.code not in {"header_not_found", "column_required_missing"}:
        return refusal
    try:
        fits = dict(best_partner(payloads[0], instance.partners))
    except BatchRefused:
        return refusal
    own = fits.pop(partner.name, 0.0)
    best = max(fits, key=lambda name: fits[name], default=None)
    if best is None or fits[best] < CLEARLY_ANOTHER or own >= CLEARLY_NOT_THIS:
        return refusal
    return refusal_of(
        "file_of_another_partner",
        where=say("a batch sent as {partner}", partner=partner.name),
        allowed=say("the columns of {partner}; these fit {other}", partner=f"partners/{partner.name}.yml", other=f"partners/{best}.yml"),
    )


def store_batch(instance: Instance, partner_code: str, batch_id: str) -> BatchCounts:
    """De-identify a validated batch and put it into the warehouse in one transaction; then the inbox forgets it.

    What it withdraws leaves the vault first. The counts are those of the store, which alone knows earlier batches.
    """
    if load_kept(instance.vault, batch_id) is None:
        raise not_validated(partner_code, batch_id)
    with open_store(instance.warehouse_file) as store:
        taken = store_kept(instance, store, partner_code, batch_id)
    clear(instance.inbox, partner_code, batch_id)
    return BatchCounts(taken.ledger, counts_by_code(taken.problems), taken.withdrawn)


def store_kept(instance: Instance, store: Store, partner_code: str, batch_id: str) -> Taken:
    """The same with a store that is open, and without clearing the inbox."""
    vault = instance.vault
    apply_withdrawals(instance, partner_code, batch_id)
    kept = load_kept(vault, batch_id)  # only now: a withdrawal may have taken reports out
    if kept is None:
        raise not_validated(partner_code, batch_id)
    records = {unit: deidentify(reports, unit) for unit, reports in kept.reports.items()}
    apply_register(instance, store, but=batch_id)
    sequence = vault.manifest(batch_id).sequence
    return store.replace_batch(Delivery(batch_id, partner_code, sequence, kept.ledger, records, kept.events, kept.problems))


def not_validated(partner_code: str, batch_id: str) -> UserError:
    """The error of storing a batch that was landed and never validated: its rows would be lost in silence."""
    return UserError(
        "the batch was not validated yet, so nothing of it can be stored",
        where=f"partner {partner_code}, batch {batch_id}",
        allowed="landed, then validated, then stored",
        next_step="materialize the partner's validated asset for this batch first, or run casehouse run",
    )


def counts_by_code(problems: pl.DataFrame) -> dict[str, int]:
    """How often each problem occurs, by code."""
    counted = problems.group_by("code").len().sort("code")
    return dict(zip(counted["code"].to_list(), counted["len"].to_list(), strict=True))
