"""What keeps an instance from being whole: another version's files, a lost warehouse, forgotten releases, a linkage not done.

Here: finding out, without changing anything, and what to say of it. Never here: a repair.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.agreement import disagreement, is_memory_lost
from pipelines.inbox import Waiting
from pipelines.instance import Instance, known_vault
from pipelines.linking import model_faults, needs_linkage
from pipelines.remembering import standing_releases
from schemas.errors import ReleaseRefused, StorageError, VaultError
from warehouse.store import Store, open_store

OLDER = "made by an older version of Casehouse"


@dataclass(frozen=True)
class Condition:
    """What a person must know before trusting the figures of an instance."""

    is_linking_pending: bool
    is_memory_lost: bool
    """Who was published is forgotten, so that no release can be made."""
    ledger_fault: str | None
    """Why the release ledger is not the one that the warehouse remembers, so that no release can be made."""
    unstored: tuple[Waiting, ...]
    """Batches of the vault that are not in the warehouse."""
    model_faults: tuple[str, ...] = ()
    """What is wrong with the file of the linkage model, so that no persons can be linked."""

    def lines(self) -> tuple[str, ...]:
        """What is not whole, and what to do about it."""
        found = []
        if self.is_linking_pending:
            found.append("linking persons is pending, so persons are not counted yet; next: casehouse run")
        if self.model_faults:
            found.append(
                f"no persons can be linked: the file of the linkage model is broken ({len(self.model_faults)} fault(s), "
                f"{self.model_faults[0]}); withdrawals go on; next: restore it, or choose another by CASEHOUSE_LINKAGE_MODEL"
            )
        if self.is_memory_lost:
            found.append(
                "no release can be made: the memory of who was published is lost with the former warehouse; "
                "only its backup restores it: put it back in place of warehouse.duckdb, then casehouse run takes in what came since"
            )
        if self.ledger_fault:
            found.append(
                f"no release can be made: the release ledger was cut short or changed: {self.ledger_fault}; "
                "restore the folders ledger and releases and the warehouse from the same backup"
            )
        return tuple(found)

    @property
    def is_release_possible(self) -> bool:
        """Whether what the instance remembers of its releases lets it make another."""
        return not self.is_memory_lost and self.ledger_fault is None


def condition_of(instance: Instance) -> Condition:
    """The condition of an instance. Raises `StorageError` when the warehouse is gone while others still tell of it, or another
    version made it, and `VaultError` when another version made the vault."""
    assert_of_this_version(instance)
    assert_warehouse_stands(instance)
    stored: set[str] = set()
    lost, fault = False, None
    if instance.warehouse_file.exists():
        with open_store(instance.warehouse_file, read_only=True) as store:
            stored = set(store.ledgers())
            lost = is_memory_lost(store, instance.releases)
            fault = None if lost else _ledger_fault(store, instance)
    vault = known_vault(instance)
    ids = [batch_id for batch_id in vault.batch_ids() if batch_id not in stored] if vault else []
    unstored = tuple(Waiting(vault.manifest(batch_id).partner_code, batch_id) for batch_id in ids) if vault else ()
    return Condition(needs_linkage(instance), lost, fault, unstored, model_faults(instance))


def _ledger_fault(store: Store, instance: Instance) -> str | None:
    try:
        return disagreement(store, instance)
    except ReleaseRefused as refused:
        return refused.what


def assert_of_this_version(instance: Instance) -> None:
    """`VaultError` or `StorageError` when another version of Casehouse made the vault or the warehouse; nothing is changed."""
    vault = known_vault(instance)
    if vault and vault.is_of_older_version():
        raise VaultError(
            f"the vault was {OLDER}",
            where=str(vault.folder),
            allowed="a vault that this version made",
            next_step="nothing was changed: use the version it was made with, or set CASEHOUSE_HOME to a new folder and send the batches "
            "there again",
        )
    if instance.warehouse_file.exists():
        with open_store(instance.warehouse_file, read_only=True):
            pass


def assert_warehouse_stands(instance: Instance) -> None:
    """`StorageError` when there is no warehouse although batches are in the vault or a release was made.

    One batch alone may be what a first run that was cut off had landed before there was a warehouse.
    """
    vault = known_vault(instance)
    is_used = bool(standing_releases(instance.releases)) or (vault is not None and len(vault.batch_ids()) > 1)
    if is_used and not instance.warehouse_file.exists():
        raise StorageError(
            "the warehouse is gone, though there are batches in the vault or a release",
            where=str(instance.warehouse_file),
            allowed="the warehouse of this instance",
            next_step="restore it from your backup: it alone knows who was published. Without a backup, casehouse run fills in the records "
            "again from the vault, but no later release can be made of them once there was one",
        )
