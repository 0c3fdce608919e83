"""Land a batch: take the bytes as they came into the vault, once.

Here: the batch's name, made of its content, and the one step that makes it visible.
Never here: looking into a file, changing a byte, or keeping a partner's file name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.refusals import refusal
from ingest.vault import Manifest, StoredFile, Vault


@dataclass(frozen=True)
class Landed:
    """The batch, and whether this landing was its first."""

    batch_id: str
    is_new: bool


def batch_id_of(files: Sequence[bytes], partner_code: str) -> str:
    """Sixteen hexadecimal digits of SHA-256 over the partner and the files' hashes; the order of the files does not matter."""
    hashes = sorted(hashlib.sha256(file).hexdigest() for file in files)
    return hashlib.sha256("\n".join([partner_code, *hashes]).encode()).hexdigest()[:16]


def land(files: Sequence[bytes], partner_code: str, vault: Vault) -> Landed:
    """Store the batch whole and encrypted; landing it again changes nothing.

    Raises `BatchRefused` when there is no file or an empty one, `StorageError` when the disk refuses.
    """
    for position, file in enumerate(files, start=1):
        if not file:
            raise refusal("file_empty", where=f"file {position} of {len(files)} of {partner_code}", allowed="a file with a header and rows")
    if not files:
        raise refusal("file_missing", where=f"the batch of {partner_code}", allowed="at least one file")
    by_hash = sorted((hashlib.sha256(file).hexdigest(), file) for file in files)
    stored = tuple(StoredFile(sha256=digest, bytes_count=len(file)) for digest, file in by_hash)
    manifest = Manifest(batch_id=batch_id_of(files, partner_code), partner_code=partner_code, files=stored)
    return Landed(manifest.batch_id, vault.store_batch(manifest, [file for _, file in by_hash]))
