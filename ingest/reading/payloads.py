"""The bytes of one file of a batch: held in memory, or lying on the disk.

Here: opening either the same way, and their size. Never here: what stands in them.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

Payload = bytes | Path
"""A file that the vault opened is bytes; a file that a person wants checked stays on the disk, however large it is."""


def opened(payload: Payload) -> BinaryIO:
    """A stream over the bytes from their beginning; the caller closes it."""
    return io.BytesIO(payload) if isinstance(payload, bytes) else payload.open("rb")


def size_of(payload: Payload) -> int:
    """How many bytes there are."""
    return len(payload) if isinstance(payload, bytes) else payload.stat().st_size


def head_of(payload: Payload, size: int) -> bytes:
    """The first bytes, at most `size`."""
    with opened(payload) as stream:
        return stream.read(size)
