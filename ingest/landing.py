"""Land a batch: take the bytes as they came into the vault, once.

Here: the batch's name, made of its content, and the one step that makes it visible.
Never here: looking into a file, changing a byte, or keeping a partner's file name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.refusals import refusal
from ingest.vault import Manifest, Purpose, StoredFile, Vault
from schemas.messages import say


@dataclass(frozen=True)
class Landed:
    """The batch, and whether this landing was its first."""

    batch_id: str
    is_new: bool


def batch_id_of(files: Sequence[bytes], partner_code: str, purpose: Purpose = "report") -> str:
    """Sixteen hexadecimal digits of SHA-256 over the partner, the files' hashes and, when they withdraw, that they do.

    The order of the files does not matter.
    """
    hashes = sorted(hashlib.sha256(file).hexdigest() for file in files)
    marks = [] if purpose == "report" else [purpose]
    return hashlib.sha256("\n".join([partner_code, *hashes, *marks]).encode()).hexdigest()[:16]


def land(files: Sequence[bytes], partner_code: str, vault: Vault, purpose: Purpose = "report") -> Landed:
    """Store the batch whole and encrypted; landing it again changes nothing.

    Raises `BatchRefused` when there is no file or an empty one, or the same batch was withdrawn; `StorageError` when the
    disk refuses.
    """
    for position, file in enumerate(files, start=1):
        if not file:
            where = say("file {position} of {count} of {partner}", position=position, count=len(files), partner=partner_code)
            raise refusal("file_empty", where=where, allowed=say("a file with a header and rows"))
    if not files:
        raise refusal("file_missing", where=say("the batch of {partner}", partner=partner_code), allowed=say("at least one file"))
    batch_id = batch_id_of(files, partner_code, purpose)
    if batch_id in vault.withdrawn_ids():
        where = say("partner {partner}, batch {batch}", partner=partner_code, batch=batch_id)
        raise refusal("batch_withdrawn", where=where, allowed=say("a batch that was not withdrawn"))
    by_hash = sorted((hashlib.sha256(file).hexdigest(), file) for file in files)
    stored = tuple(StoredFile(sha256=digest, bytes_count=len(file)) for digest, file in by_hash)
    manifest = Manifest(batch_id=batch_id, partner_code=partner_code, files=stored, purpose=purpose)
    return Landed(batch_id, vault.store_batch(manifest, [file for _, file in by_hash]))
