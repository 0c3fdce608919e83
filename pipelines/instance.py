"""An instance: one folder with inbox, vault, warehouse, releases and Dagster's own storage, and the lock on it.

Here: paths, keys and who may work on them now. Never here: what is done with a batch.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from ingest.vault import Vault, create_key
from pipelines.settings import Settings
from schemas.errors import InstanceBusy, StorageError, VaultError
from schemas.partner import Partner, load_partners
from schemas.product import Product, load_products

SECRET_BYTES = 32
ROOM_BYTES, ROOM_FACTOR = 100 * 2**20, 4
"""A run needs room for Dagster's events and the warehouse's log, and for a batch raw, validated, stored and published."""
DAGSTER_YAML = """\
# Written by Casehouse: no telemetry, no notices, one run at a time since the warehouse has one writer.
telemetry: {enabled: false}
nux: {enabled: false}
concurrency: {runs: {max_concurrent_runs: 1}}
"""
_HELD: set[Path] = set()
"""The instances that this process holds; a lock taken twice by one process would wait for itself."""


class Instance:
    """The folders and keys of one Casehouse; nothing is made before `prepare`."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.home = self.settings.home.resolve()

    @property
    def inbox(self) -> Path:
        """Where partners' batches arrive, one folder a partner."""
        return self.home / "inbox"

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file of the pseudonymous zone."""
        return self.home / "warehouse.duckdb"

    @property
    def releases(self) -> Path:
        """The public zone."""
        return self.home / "releases"

    @property
    def ledger(self) -> Path:
        """The release ledger: private counts of what each release showed."""
        return self.home / "ledger"

    @property
    def attacks(self) -> Path:
        """What attacks reached on each release, in counts; private."""
        return self.home / "attacks"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage of runs and events."""
        return self.home / "dagster"

    @cached_property
    def partners(self) -> dict[str, Partner]:
        """Every partner there is, by name."""
        return load_partners(self.settings.partners)

    @cached_property
    def products(self) -> dict[str, Product]:
        """Every product there is, by name."""
        return load_products(self.settings.products)

    @property
    def vault(self) -> Vault:
        """The restricted zone; `VaultError` when the key is not this vault's."""
        return Vault(self.home / "vault", self._key_path(self.settings.key_file, "vault.key"))

    @property
    def pseudonym_secret(self) -> bytes:
        """The secret behind record and case keys; `VaultError` when it is not the one this vault's records were keyed with."""
        return self._remembered(self._key_path(self.settings.pseudonym_key_file, "pseudonym.key"), "pseudonym-key")

    @property
    def linkage_secret(self) -> bytes:
        """The secret that partners who send tokens share with the linkage; `VaultError` when it changed."""
        return self._remembered(self._key_path(self.settings.linkage_key_file, "linkage.key"), "linkage-key")

    def check_keys(self) -> None:
        """`VaultError` before anything is started when a key is absent or is not the one this instance was made with."""
        for secret in (self.vault.batch_ids, lambda: self.pseudonym_secret, lambda: self.linkage_secret):
            secret()

    def prepare(self) -> None:
        """Make what is absent: folders, keys (readable by their owner alone), Dagster's settings."""
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.inbox, self.home / "keys", self.releases, self.dagster_home):
                folder.mkdir(parents=True, exist_ok=True)
            for private in (self.inbox, self.home / "keys", self.dagster_home):
                private.chmod(0o700)
            self._make_keys()
            settings_file = self.dagster_home / "dagster.yaml"
            if not settings_file.exists():
                settings_file.write_text(DAGSTER_YAML, encoding="utf-8")
        except OSError as error:
            raise storage_error(error, self.home) from None
        os.environ["DAGSTER_HOME"] = str(self.dagster_home)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the only process at work on the instance; `InstanceBusy` when another one is.

        A process that holds the instance may hold it again. The kernel frees the lock when the process ends, also by
        kill -9: no stale lock is ever left.
        """
        if self.home in _HELD:
            yield
            return
        self.prepare()
        with (self.home / ".lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InstanceBusy(
                    "another run is working on this instance",
                    where=str(self.home),
                    allowed="one run at a time on one instance",
                    next_step="wait until it has ended, or set CASEHOUSE_HOME to another folder",
                ) from None
            _HELD.add(self.home)
            try:
                yield
            finally:
                _HELD.discard(self.home)

    def ensure_room(self) -> None:
        """`StorageError` when the disk is too full to take in what the inbox holds; asked before a run, so that it starts nothing."""
        waiting = sum(path.stat().st_size for path in self.inbox.rglob("*") if path.is_file())
        needed = ROOM_BYTES + ROOM_FACTOR * waiting
        free = shutil.disk_usage(self.home).free
        if free < needed:
            raise StorageError(
                f"the disk is nearly full: {free // 2**20} MB are free",
                where=str(self.home),
                allowed=f"at least {needed // 2**20} MB for this run",
                next_step="free some space or set CASEHOUSE_HOME to a folder with room, then run again: nothing was started",
            )

    def _remembered(self, path: Path, name: str) -> bytes:
        """The secret, when it is the first one or the one that the vault remembers by a hash."""
        secret = _read_secret(path)
        known, seen = self.vault.load(name), hashlib.sha256(b"casehouse\0" + secret).hexdigest().encode()
        if known is None:
            self.vault.store(name, seen)
        elif known != seen:
            raise VaultError(
                "a secret of this instance is not the one its records were made with",
                where=str(path),
                allowed="the same secret as when the instance was made",
                next_step="restore the file from where you keep the keys; with another secret every record would get another key",
            )
        return secret

    def _key_path(self, chosen: Path | None, name: str) -> Path:
        return chosen.resolve() if chosen else self.home / "keys" / name

    def _make_keys(self) -> None:
        vault_key = self._key_path(self.settings.key_file, "vault.key")
        is_new = not (self.home / "vault").exists()
        if is_new and self.settings.key_file is None and not vault_key.exists():
            create_key(vault_key)
        for chosen, name in ((self.settings.pseudonym_key_file, "pseudonym.key"), (self.settings.linkage_key_file, "linkage.key")):
            path = self._key_path(chosen, name)
            if is_new and chosen is None and not path.exists():
                write_secret(path, secrets.token_bytes(SECRET_BYTES))


def write_secret(path: Path, secret: bytes) -> None:
    """Write a new secret that its owner alone may read, whole or not at all."""
    staged = path.with_suffix(".staging")
    staged.unlink(missing_ok=True)
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(secret)
        handle.flush()
        os.fsync(handle.fileno())
    staged.replace(path)


def known_vault(instance: Instance) -> Vault | None:
    """The vault, when there is one; none is founded."""
    return instance.vault if (instance.home / "vault" / "recipient.txt").exists() else None


def storage_error(error: OSError, place: Path) -> StorageError:
    """What the operating system refused, in a person's words."""
    return StorageError(
        f"the disk refused ({os.strerror(error.errno or 0)})",
        where=str(place),
        allowed="a folder that can be written, with room left",
        next_step="free some space or set CASEHOUSE_HOME to a folder with room, then run again: nothing was half done",
    )


def _read_secret(path: Path) -> bytes:
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        secret = b""
    if len(secret) < SECRET_BYTES:
        raise VaultError(
            "a secret of this instance is absent or too short",
            where=str(path),
            allowed=f"a file of at least {SECRET_BYTES} random bytes, the same as when the instance was made",
            next_step="restore the file from where you keep the keys; a new secret would give every record another key",
        )
    return secret
