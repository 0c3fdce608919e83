"""What lies in the inbox: each file, or folder of files that belong together, is one batch.

Here: finding batches and clearing what was taken in. Never here: what stands in a file, or its name in a log.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ingest.landing import batch_id_of
from ingest.vault import Purpose

WITHDRAWING = "withdraw-"
"""How a folder begins whose every row withdraws its record; `casehouse submit --withdraw` makes it."""


@dataclass(frozen=True)
class Waiting:
    """A batch that is not in the warehouse yet."""

    partner_code: str
    batch_id: str


@dataclass(frozen=True)
class Arrival(Waiting):
    """A batch that lies in the inbox. Its path stays out of logs and metadata: a file name can name a person."""

    path: Path
    purpose: Purpose = "report"

    def payloads(self) -> list[bytes]:
        """The bytes of its files, in the order of their names."""
        return payloads_at(self.path)


def payloads_at(path: Path) -> list[bytes]:
    """The bytes of a file, or of the files of a folder in the order of their names."""
    files = sorted(step for step in path.iterdir() if step.is_file() and not step.name.startswith(".")) if path.is_dir() else [path]
    return [file.read_bytes() for file in files]


def arrivals(inbox: Path, partner_code: str) -> list[Arrival]:
    """The batches of one partner, in the order of their names."""
    folder = inbox / partner_code
    if not folder.is_dir():
        return []
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    return [_arrival(partner_code, entry) for entry in entries]


def _arrival(partner_code: str, entry: Path) -> Arrival:
    purpose: Purpose = "withdraw" if entry.is_dir() and entry.name.startswith(WITHDRAWING) else "report"
    return Arrival(partner_code, batch_id_of(payloads_at(entry), partner_code, purpose), entry, purpose)


def clear(inbox: Path, partner_code: str, batch_id: str) -> None:
    """Remove a batch that is safe in the vault, so that no plain copy of it stays behind."""
    for arrival in arrivals(inbox, partner_code):
        if arrival.batch_id == batch_id:
            if arrival.path.is_dir():
                shutil.rmtree(arrival.path)
            else:
                arrival.path.unlink()
