"""The vault: everything that identifies a person, encrypted at rest with age (age-encryption.org/v1, X25519).

Here: storing and opening encrypted objects and batches, and erasing them by destroying their keys.
Never here: what an object means, a decrypted file on the disk, a clock, or a partner's file name.

    recipient.txt                       the public half of the key that the vault was made with
    <name>.age                          an object, such as the person registry
    batches/<batch id>/raw-key.age      the key of the files as they came, encrypted to the vault's key
    batches/<batch id>/payload.age      the files as they came, encrypted to that key
    batches/<batch id>/key.age          the key of what was derived from the batch, encrypted to the vault's key
    batches/<batch id>/<name>.age       what was derived from the batch, encrypted to that key
    batches/<batch id>/manifest.json    partner, place in the order of landing, hashes and sizes
    withdrawn/<batch id>.json           that a batch was withdrawn: its manifest without hashes, and nothing else

A batch whose raw key is gone still stands with what was derived from it; one whose key is gone stands no more.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pyrage
from pydantic import BaseModel, ConfigDict, ValidationError

from ingest.disk import create_file, create_folder, exclusive, remove_file, remove_folder, replace_file, storing, sweep
from schemas.errors import VaultError

_OBJECT_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_BATCH_ID = re.compile(r"[0-9a-f]{16}")
_OWN_NAMES = ("payload", "key", "raw-key")
_KEYS = ("raw-key.age", "key.age")
"""The keys of a batch; without the second the batch does not stand, so it is the last to go."""
Purpose = Literal["report", "withdraw"]
"""What a batch is sent for: its rows report records, or every row withdraws its record."""


class StoredFile(BaseModel):
    """One file of a batch, by content."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sha256: str
    bytes_count: int


class Manifest(BaseModel):
    """What is known of a batch without its key. Files stand in the order of their hashes.

    `sequence` is the batch's place in the order of first landing, from 1; a place is never given twice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    batch_id: str
    partner_code: str
    files: tuple[StoredFile, ...]
    purpose: Purpose = "report"
    sequence: int = 0


def create_key(key_file: Path) -> str:
    """Make a secret key readable by its owner alone and return its public half; `VaultError` when the file exists."""
    identity = pyrage.x25519.Identity.generate()
    text = f"# public key: {identity.to_public()}\n{identity}\n"
    if not create_file(key_file, text.encode()):
        raise VaultError(
            "there is a key file already",
            where=str(key_file),
            allowed="a new file: an existing key is never overwritten, it may be the only one that opens a vault",
            next_step="use the existing key, or name another file",
        )
    return str(identity.to_public())


class Vault:
    """A folder of encrypted objects that one key opens."""

    def __init__(self, folder: Path, key_file: Path) -> None:
        """Open the vault, or found it with this key when the folder is new.

        Raises `VaultError` before anything is read or written when the key file is missing, readable by others,
        no key, or not the one the vault was made with.
        """
        self.folder = folder
        self._identity = _read_key(key_file)
        self._recipient = self._identity.to_public()
        self._check_recipient(key_file)

    def __repr__(self) -> str:
        return f"<Vault {self.folder}>"

    def store(self, name: str, payload: bytes) -> None:
        """Encrypt one object in place of the former of that name, atomically."""
        path, sealed = self._object_path(name), pyrage.encrypt(payload, [self._recipient])
        with exclusive(self.folder):
            replace_file(path, sealed)

    def load(self, name: str) -> bytes | None:
        """One object decrypted; None when there is none; `VaultError` when its bytes were changed."""
        path = self._object_path(name)
        return self._open(path, self._identity) if path.exists() else None

    def batch_ids(self) -> tuple[str, ...]:
        """Every batch that stands, in the order of first landing."""
        standing = [key.parent.name for key in self._batches().glob("*/key.age") if _BATCH_ID.fullmatch(key.parent.name)]
        return tuple(sorted(standing, key=lambda batch_id: (self.manifest(batch_id).sequence, batch_id)))

    def has_batch(self, batch_id: str) -> bool:
        """Whether the batch is stored and was not erased."""
        return (self._batch_folder(batch_id) / "key.age").exists()

    def has_raw(self, batch_id: str) -> bool:
        """Whether the files as they came can still be opened."""
        return self.has_batch(batch_id) and (self._batch_folder(batch_id) / "raw-key.age").exists()

    def withdrawn_ids(self, partner_code: str | None = None) -> tuple[str, ...]:
        """Every batch that was withdrawn, or every one of a partner, by its id."""
        known = sorted(self._withdrawn().glob("*.json"))
        return tuple(path.stem for path in known if partner_code in (None, _read_manifest(path).partner_code))

    def is_of_older_version(self) -> bool:
        """Whether a version made it that gave batches no place in the order of landing, and one key for both kinds of content."""
        known = (_read_manifest(path) for path in self._batches().glob("*/manifest.json"))
        return any(manifest.sequence == 0 for manifest in known)

    def manifest(self, batch_id: str) -> Manifest:
        """What is known of a batch without opening it."""
        return _read_manifest(self._existing(batch_id) / "manifest.json")

    def store_batch(self, manifest: Manifest, files: Sequence[bytes]) -> bool:
        """Store a batch whole, under keys of its own, at the end of the order of landing; False when it was there already.

        `files` stand in the manifest's order; its `sequence` is given here. A batch that was erased may be stored again,
        one that was withdrawn may not (`VaultError`).
        """
        folder = self._batch_folder(manifest.batch_id)
        with exclusive(self.folder):
            for swept in (self.folder, self._batches(), *self._batches().glob("[0-9a-f]*")):
                sweep(swept)
            if manifest.batch_id in self.withdrawn_ids():
                raise _was_withdrawn(manifest.batch_id, self.folder)
            if self.has_batch(manifest.batch_id):
                return False
            if folder.exists():  # an erasure was interrupted after the key had gone
                remove_folder(folder, first=_KEYS)
            raw, derived = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
            placed = manifest.model_copy(update={"sequence": self._next_sequence()})
            sealed = {
                "payload.age": pyrage.encrypt(b"".join(files), [raw.to_public()]),
                "raw-key.age": pyrage.encrypt(str(raw).encode(), [self._recipient]),
                "key.age": pyrage.encrypt(str(derived).encode(), [self._recipient]),
                "manifest.json": placed.model_dump_json(indent=1).encode(),
            }
            create_folder(folder, sealed)
            return True

    def batch_files(self, batch_id: str) -> tuple[bytes, ...]:
        """The files as they came, in the manifest's order; `VaultError` when they are erased or not what the manifest says."""
        folder = self._existing(batch_id)
        if not self.has_raw(batch_id):
            raise VaultError(
                "the files of this batch were erased as they came",
                where=f"{folder}",
                allowed="a batch whose raw files were not erased",
                next_step="nothing is lost of what was accepted; send the files again if they must be read anew",
            )
        path = folder / "payload.age"
        joined = self._open(path, self._identity_in(folder / "raw-key.age"))
        found: list[bytes] = []
        start = 0
        for file in self.manifest(batch_id).files:
            found.append(joined[start : start + file.bytes_count])
            start += file.bytes_count
            if hashlib.sha256(found[-1]).hexdigest() != file.sha256:
                raise _changed(path)
        return tuple(found)

    def store_beside(self, batch_id: str, name: str, payload: bytes) -> None:
        """Encrypt what was derived from a batch with the batch's key, so that it is erased with the batch."""
        with exclusive(self.folder):
            path = self._beside_path(batch_id, name)
            replace_file(path, pyrage.encrypt(payload, [self._batch_identity(batch_id).to_public()]))

    def load_beside(self, batch_id: str, name: str) -> bytes | None:
        """What was stored beside a batch under that name; None when nothing was."""
        path = self._beside_path(batch_id, name)
        return self._open(path, self._batch_identity(batch_id)) if path.exists() else None

    def erase_raw(self, batch_id: str) -> None:
        """Make the files as they came unreadable for good: their key goes first. What was derived from them stays."""
        folder = self._batch_folder(batch_id)
        with exclusive(self.folder):
            for name in ("raw-key.age", "payload.age"):
                remove_file(folder / name)

    def erase(self, batch_id: str) -> None:
        """Make a batch unreadable for good: its keys go first, then the rest. Nothing happens when it is gone already."""
        with exclusive(self.folder):
            self._remove(batch_id)

    def withdraw(self, batch_id: str) -> None:
        """Erase a batch and remember that it was withdrawn, so that it is never stored again.

        It is remembered first: an interrupted withdrawal is ended by calling this again (`unfinished_withdrawals`).
        """
        with exclusive(self.folder):
            if self.has_batch(batch_id):
                remembered = self.manifest(batch_id).model_copy(update={"files": ()})
                create_file(self._withdrawn() / f"{batch_id}.json", remembered.model_dump_json(indent=1).encode())
            self._remove(batch_id)

    def unfinished_withdrawals(self) -> tuple[str, ...]:
        """Batches that are remembered as withdrawn while something of them is still there."""
        return tuple(batch_id for batch_id in self.withdrawn_ids() if self._batch_folder(batch_id).exists())

    def _remove(self, batch_id: str) -> None:
        folder = self._batch_folder(batch_id)
        if folder.exists():
            remove_folder(folder, first=_KEYS)

    def _next_sequence(self) -> int:
        known = [*self._batches().glob("*/manifest.json"), *self._withdrawn().glob("*.json")]
        return 1 + max((_read_manifest(path).sequence for path in known), default=0)

    def _check_recipient(self, key_file: Path) -> None:
        """Found the vault, or see that the key is the one it was founded with."""
        path = self.folder / "recipient.txt"
        with storing(self.folder):
            remembered = path.read_text(encoding="ascii").strip() if path.exists() else None
            is_used = remembered is None and (self._batches().exists() or any(self.folder.glob("*.age")))
        if is_used or (remembered is not None and remembered != str(self._recipient)):
            raise VaultError(
                "the key is not the one this vault was made with",
                where=f"{key_file} for {self.folder}",
                allowed="the key whose public half stands in recipient.txt of the vault",
                next_step="restore that key from its safe copy; with another key nothing in the vault can be read",
            )
        if remembered is None:
            with storing(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(path, f"{self._recipient}\n".encode())
        with storing(self.folder):
            self._batches().mkdir(exist_ok=True, mode=0o700)

    def _batches(self) -> Path:
        return self.folder / "batches"

    def _withdrawn(self) -> Path:
        return self.folder / "withdrawn"

    def _batch_folder(self, batch_id: str) -> Path:
        if not _BATCH_ID.fullmatch(batch_id):
            raise ValueError("a batch id is sixteen hexadecimal digits")
        return self._batches() / batch_id

    def _existing(self, batch_id: str) -> Path:
        if not self.has_batch(batch_id):
            raise VaultError(
                "there is no such batch",
                where=f"{self._batches()}, batch {batch_id}",
                allowed="a batch that was landed and not erased",
                next_step="land the files again if they should be there",
            )
        return self._batch_folder(batch_id)

    def _object_path(self, name: str) -> Path:
        if not _OBJECT_NAME.fullmatch(name):
            raise ValueError("the name of an object is small letters, digits, - and _")
        return self.folder / f"{name}.age"

    def _beside_path(self, batch_id: str, name: str) -> Path:
        if name in _OWN_NAMES or not _OBJECT_NAME.fullmatch(name):
            raise ValueError("the name of an object is small letters, digits, - and _, and none of the vault's own")
        return self._existing(batch_id) / f"{name}.age"

    def _batch_identity(self, batch_id: str) -> pyrage.x25519.Identity:
        return self._identity_in(self._existing(batch_id) / "key.age")

    def _identity_in(self, path: Path) -> pyrage.x25519.Identity:
        return _identity(self._open(path, self._identity).decode("ascii", "replace"), path)

    def _open(self, path: Path, identity: pyrage.x25519.Identity) -> bytes:
        with storing(path.parent):
            sealed = path.read_bytes()
        try:
            return bytes(pyrage.decrypt(sealed, [identity]))
        except pyrage.DecryptError:
            raise _changed(path) from None


def _read_manifest(path: Path) -> Manifest:
    try:
        with storing(path.parent):
            return Manifest.model_validate_json(path.read_bytes())
    except ValidationError:
        raise _changed(path) from None


def _was_withdrawn(batch_id: str, folder: Path) -> VaultError:
    return VaultError(
        "the batch was withdrawn, so it is not stored again",
        where=f"{folder}, batch {batch_id}",
        allowed="a batch of other bytes",
        next_step="send a mended file",
    )


def _read_key(key_file: Path) -> pyrage.x25519.Identity:
    if not key_file.exists():
        raise VaultError(
            "the vault's key file is missing",
            where=str(key_file),
            allowed="an age X25519 secret key, mode 0600",
            next_step="restore the key from its safe copy, or make one if this vault is new",
        )
    with storing(key_file.parent):
        is_open = key_file.stat().st_mode & 0o077 != 0
        lines = key_file.read_text(encoding="ascii", errors="replace").splitlines()
    if is_open:
        raise VaultError(
            "other accounts may read the vault's key",
            where=str(key_file),
            allowed="mode 0600: its owner alone",
            next_step="chmod 600 on the key file, and think of the key as known if others use this machine",
        )
    keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return _identity(keys[0] if len(keys) == 1 else "", key_file)


def _identity(text: str, path: Path) -> pyrage.x25519.Identity:
    try:
        return pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError:
        raise VaultError(
            "the file holds no age secret key",
            where=str(path),
            allowed="one line that starts with AGE-SECRET-KEY-1; lines that start with # are comments",
            next_step="restore the key from its safe copy",
        ) from None


def _changed(path: Path) -> VaultError:
    return VaultError(
        "an object of the vault cannot be opened: its bytes were changed, or it belongs to another key",
        where=str(path),
        allowed="what the vault itself wrote",
        next_step="restore the object from a backup, or erase the batch and land its files again",
    )
