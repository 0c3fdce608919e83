"""What lies in the inbox: each file, or folder of files that belong together, is one batch.

Here: finding batches, the order in which they came, and clearing what was taken in.
Never here: what stands in a file, or its name in a log.
"""

from __future__ import annotations

import os
import shutil
import time
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
    """The batches of one partner, in the order in which they came: a later correction must not fall behind an earlier one.

    An entry came when it was last modified; of those of the same instant the name decides.
    """
    return [_arrival(partner_code, entry) for entry in _entries(inbox / partner_code)]


def place_last(staged: Path, folder: Path) -> None:
    """Date a batch that is about to enter a partner's folder after every other that waits there, also when the clock went back."""
    came = max([time.time_ns(), *(entry.stat().st_mtime_ns + 1 for entry in _entries(folder))])
    os.utime(staged, ns=(came, came))


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    return sorted(found, key=lambda entry: (entry.stat().st_mtime_ns, entry.name))


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
