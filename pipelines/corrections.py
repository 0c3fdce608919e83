"""Take records and batches out again: at once from vault and warehouse, and from every later release.

Here: in which order the rooms are asked, so that an interrupted withdrawal is ended by the next run. Never here: a rule of
what stands (`warehouse.events`), or the raw files of a batch that is not withdrawn itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from anonymize.keys import with_keys
from pipelines.inbox import clear
from pipelines.instance import Instance
from pipelines.kept import enter_withdrawals, register, take_out
from pipelines.linking import leave
from pipelines.rounds import raw_token_holders
from schemas.errors import UserError
from schemas.zones import Identified
from warehouse.events import WITHDRAWAL_SCHEMA, Effect
from warehouse.store import Store, open_store


@dataclass(frozen=True)
class Holders:
    """Batches whose raw files, encrypted, still hold withdrawn records or tokens of closed rounds: their ids, in the order of landing."""

    batch_ids: tuple[str, ...]


def apply_withdrawals(instance: Instance, partner_code: str, batch_id: str) -> None:
    """Enter what a validated batch withdraws into the register, and take it out of everything in the vault but raw files.

    The warehouse follows when the batch is stored, last of all: until then the batch counts as not taken in, so that a
    run that was cut off is repeated whole.
    """
    vault = instance.vault
    entries = enter_withdrawals(vault, batch_id)
    if entries.is_empty():
        return
    take_out(vault, partner_code, entries["record_key"])
    leave(instance)


def withdraw_batch(instance: Instance, partner_code: str, batch_id: str) -> None:
    """Take a batch out as if it had never been sent; its keys are destroyed, and the same bytes are refused from now on.

    Records that it withdrew stay withdrawn. What linkage remembers of its reports goes first, since it can be made anew; then the
    vault: from then on `settle` ends what was cut off.
    """
    leave(instance, batch_id=batch_id)
    instance.vault.withdraw(batch_id)
    if instance.warehouse_file.exists():
        with open_store(instance.warehouse_file) as store:
            store.remove_batch(batch_id)
    clear(instance.inbox, partner_code, batch_id)


def settle(instance: Instance) -> None:
    """Bring the warehouse to what the vault knows of withdrawals: after a run that was cut off, or an older backup."""
    vault = instance.vault
    for batch_id in vault.unfinished_withdrawals():
        vault.withdraw(batch_id)
    if not instance.warehouse_file.exists():
        return
    with open_store(instance.warehouse_file) as store:
        for batch_id in set(store.ledgers()) & set(vault.withdrawn_ids()):
            store.remove_batch(batch_id)
        apply_register(instance, store)


def apply_register(instance: Instance, store: Store, *, but: str = "") -> None:
    """Withdraw from the warehouse whatever the register lists, but for the entries of one batch."""
    entries = register(instance.vault)
    store.withdraw_records(entries.filter(pl.col("batch_id") != but).select(WITHDRAWAL_SCHEMA.names()))


def effect_of_batch(instance: Instance, batch_id: str) -> Effect:
    """What withdrawing a batch would do, in counts."""
    if not instance.warehouse_file.exists():
        return Effect(0, 0, 0, 0, 0)
    with open_store(instance.warehouse_file, read_only=True) as store:
        return store.effect_of_removing(batch_id)


def effect_of_records(instance: Instance, partner_code: str, numbers: pl.DataFrame) -> Effect:
    """What withdrawing records would do, in counts; `numbers` names them by file and source_record_id."""
    if not instance.warehouse_file.exists():
        return Effect(0, 0, 0, 0, 0)
    named = Identified(numbers.select("file", "source_record_id").unique().with_columns(partner_code=pl.lit(partner_code)))
    keys = with_keys(named, instance.pseudonym_secret).frame["record_key"]
    with open_store(instance.warehouse_file, read_only=True) as store:
        return store.effect_of_withdrawing(keys)


def raw_holders(instance: Instance) -> Holders:
    """The batches whose raw files still hold a record that was withdrawn, the list of those to withdraw, or tokens of a closed round."""
    holders = set(raw_token_holders(instance))
    if instance.warehouse_file.exists():
        with open_store(instance.warehouse_file, read_only=True) as store:
            holders |= set(store.holders_of(store.withdrawn_keys()))
    vault = instance.vault
    return Holders(tuple(batch_id for batch_id in vault.batch_ids() if batch_id in holders and vault.has_raw(batch_id)))


def erase_raw(instance: Instance, batch_id: str) -> None:
    """Destroy the raw files of a batch; what was accepted of it stays. `UserError` for a batch that was not taken in yet."""
    stored: set[str] = set()
    if instance.warehouse_file.exists():
        with open_store(instance.warehouse_file, read_only=True) as store:
            stored = set(store.ledgers())
    if batch_id not in stored:
        raise UserError(
            "the batch was not taken in yet, so its raw files are all there is of it",
            where=f"batch {batch_id}",
            allowed="a batch that casehouse status lists",
            next_step="casehouse run, or casehouse withdraw to be rid of it",
        )
    instance.vault.erase_raw(batch_id)


def batch_named(instance: Instance, beginning: str, partner_code: str | None = None) -> str:
    """The one batch of the vault whose id begins so; `UserError` when there is none or more than one."""
    vault = instance.vault
    found = [each for each in vault.batch_ids() if each.startswith(beginning)] if beginning else []
    of_partner = [each for each in found if partner_code in (None, vault.manifest(each).partner_code)]
    if len(of_partner) != 1:
        raise UserError(
            "no batch, or more than one, has this number",
            where="the vault" if partner_code is None else f"the vault, partner {partner_code}",
            allowed="a batch that casehouse status lists, and that was not withdrawn",
            next_step="casehouse status",
        )
    return of_partner[0]


def withdrawn_named(instance: Instance, beginning: str, partner_code: str) -> str | None:
    """The one batch of the partner that was withdrawn already and whose id begins so; None when there is none or more than one."""
    found = [each for each in instance.vault.withdrawn_ids(partner_code) if each.startswith(beginning)] if beginning else []
    return found[0] if len(found) == 1 else None
