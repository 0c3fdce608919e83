"""The walk of a batch, stage by stage: each function calls the rooms in order and returns counts.

Here: which room comes after which, and where each zone's frames are kept in between.
Never here: a rule; Dagster (its assets call these functions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from anonymize.deidentify import deidentify
from anonymize.keys import with_keys
from anonymize.sweep import identifiers_in_text
from engine.parquet import decode, encode
from ingest.landing import land
from ingest.reading import best_partner
from ingest.refusals import refusal as refusal_of
from ingest.validation import BatchResult, quarantine, validate_batch
from ingest.vault import Vault
from linkage import registry as registries
from linkage.link import link
from linkage.registry import Registry
from pipelines.inbox import arrivals, clear
from pipelines.instance import Instance
from schemas.errors import BatchRefused, UserError
from schemas.ledger import RowLedger
from schemas.partner import Partner
from schemas.units import Unit
from schemas.zones import Identified
from warehouse.store import open_store

CLEARLY_ANOTHER, CLEARLY_NOT_THIS = 0.8, 0.5
"""Shares of known headers from which a refused file is called another partner's."""

REGISTRY_KEY = b"the person registry, inside the vault"
"""Records are numbered anew for linkage, by a key that is no secret: then two instances that hold the same reports find the
same persons, since ties fall by these numbers. They stay in the vault; the warehouse knows records by the secret keys only."""


@dataclass(frozen=True)
class BatchCounts:
    """What a stage says of a batch: counts only."""

    ledger: RowLedger
    problems_by_code: Mapping[str, int]


@dataclass(frozen=True)
class LinkCounts:
    """What linkage says of itself: counts only."""

    records: int
    persons: int


def land_batch(instance: Instance, partner_code: str, batch_id: str) -> bool:
    """Bring the batch from the inbox into the vault; whether it was new there. A batch already in the vault stays as it is."""
    vault = instance.vault
    found = [arrival for arrival in arrivals(instance.inbox, partner_code) if arrival.batch_id == batch_id]
    if found:
        return land(found[0].payloads(), partner_code, vault).is_new
    if batch_id in vault.batch_ids():
        return False
    raise refusal_of(
        "file_missing", where=f"partner {partner_code}, batch {batch_id}", allowed="a batch that lies in the inbox folder or in the vault"
    )


def validate_landed(instance: Instance, partner_code: str, batch_id: str) -> BatchCounts:
    """Read, map, validate and sweep a landed batch; its accepted reports are kept beside it in the vault.

    A refused batch is erased from the vault when it still lies in the inbox, where the partner can mend it. One that was
    taken in before (its partner file changed since) stays in the vault.
    """
    vault, partner = instance.vault, instance.partners[partner_code]
    payloads = vault.batch_files(batch_id)
    try:
        result = validate_batch(payloads, partner, batch_id)
    except BatchRefused as refusal:
        if any(arrival.batch_id == batch_id for arrival in arrivals(instance.inbox, partner_code)):
            vault.erase(batch_id)  # only then: a batch that left the inbox stands in the vault alone
        raise named_refusal(instance, partner, payloads, refusal) from None
    result = swept(result)
    for unit in Unit:
        reports = result.accepted.get(unit)
        if reports is not None:
            vault.store_beside(batch_id, unit.value, encode(with_keys(reports, instance.pseudonym_secret).frame))
    vault.store_beside(batch_id, "problems", encode(result.problems))
    vault.store_beside(batch_id, "ledger", result.ledger.model_dump_json().encode())
    return BatchCounts(result.ledger, counts_by_code(result.problems))


def swept(result: BatchResult) -> BatchResult:
    """The result without the rows whose passing texts hold an identifier; those are quarantined."""
    hits = [identifiers_in_text(reports, unit) for unit, reports in result.accepted.items()]
    rows = pl.concat(hits) if hits else pl.DataFrame()
    return quarantine(result, rows) if rows.height else result


def named_refusal(instance: Instance, partner: Partner, payloads: tuple[bytes, ...] | list[bytes], refusal: BatchRefused) -> BatchRefused:
    """The refusal, or the better one when the file fits another partner clearly better than its own."""
    if refusal.code not in {"header_not_found", "column_required_missing"}:
        return refusal
    fits = dict(best_partner(payloads[0], instance.partners))
    own = fits.pop(partner.name, 0.0)
    best = max(fits, key=lambda name: fits[name], default=None)
    if best is None or fits[best] < CLEARLY_ANOTHER or own >= CLEARLY_NOT_THIS:
        return refusal
    return refusal_of(
        "file_of_another_partner",
        where=f"a batch sent as {partner.name}",
        allowed=f"the columns of partners/{partner.name}.yml; these fit partners/{best}.yml",
    )


def store_batch(instance: Instance, partner_code: str, batch_id: str) -> BatchCounts:
    """De-identify a validated batch and put it into the warehouse in one transaction; then the inbox forgets it."""
    vault = instance.vault
    kept_ledger, kept_problems = vault.load_beside(batch_id, "ledger"), vault.load_beside(batch_id, "problems")
    if kept_ledger is None or kept_problems is None:
        raise not_validated(partner_code, batch_id)
    ledger, problems = RowLedger.model_validate_json(kept_ledger), decode(kept_problems)
    records = {unit: deidentify(reports, unit) for unit, reports in reports_of(vault, batch_id).items()}
    with open_store(instance.warehouse_file) as store:
        store.replace_batch(batch_id, partner_code, ledger.check(), records, problems)
    clear(instance.inbox, partner_code, batch_id)
    return BatchCounts(ledger, counts_by_code(problems))


def not_validated(partner_code: str, batch_id: str) -> UserError:
    """The error of storing a batch that was landed and never validated: its rows would be lost in silence."""
    return UserError(
        "the batch was not validated yet, so nothing of it can be stored",
        where=f"partner {partner_code}, batch {batch_id}",
        allowed="landed, then validated, then stored",
        next_step="materialize the partner's validated asset for this batch first, or run casehouse run",
    )


def link_persons(instance: Instance) -> LinkCounts:
    """Find the same person across all victim reports; person keys that exist are kept."""
    vault = instance.vault
    with open_store(instance.warehouse_file) as store:
        current = store.record_batches()
        reports = [reports_of(vault, batch_id, (Unit.VICTIM,)).get(Unit.VICTIM) for batch_id in store.ledgers()]
        frames = [found.frame for found in reports if found is not None]
        if not frames:
            return LinkCounts(0, 0)
        standing = pl.concat(frames).join(current, on=["record_key", "batch_id"], how="semi")
        registered = with_keys(Identified(standing.drop("record_key", "case_key")), REGISTRY_KEY)
        linked = link(registered, load_registry(vault), token_key=instance.linkage_secret)
        store_registry(vault, linked.registry)
        pairs = pl.DataFrame({"registered": registered.frame["record_key"], "record_key": standing["record_key"]})
        members = linked.registry.members.rename({"record_key": "registered"}).join(pairs, on="registered")
        store.replace_membership(members.select("record_key", "person_key"))
    return LinkCounts(linked.records, linked.persons)


def reports_of(vault: Vault, batch_id: str, units: tuple[Unit, ...] = tuple(Unit)) -> dict[Unit, Identified]:
    """The accepted reports of a batch as the vault keeps them, by unit."""
    payloads = {unit: vault.load_beside(batch_id, unit.value) for unit in units}
    return {unit: Identified(decode(payload)) for unit, payload in payloads.items() if payload is not None}


def load_registry(vault: Vault) -> Registry:
    """The person registry, empty before the first linkage."""
    payload = vault.load("registry")
    return registries.from_bytes(payload) if payload else registries.empty_registry()


def store_registry(vault: Vault, registry: Registry) -> None:
    """Replace the person registry in the vault."""
    vault.store("registry", registries.to_bytes(registry))


def counts_by_code(problems: pl.DataFrame) -> dict[str, int]:
    """How often each problem occurs, by code."""
    counted = problems.group_by("code").len().sort("code")
    return dict(zip(counted["code"].to_list(), counted["len"].to_list(), strict=True))
