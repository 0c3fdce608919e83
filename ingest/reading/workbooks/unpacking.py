"""A ZIP archive looked through before anything is read out of it: what it really unpacks to, counted, not believed.

Here: the limits of an archive, its entries inflated in small pieces, and the reasons for which a workbook is refused.
Never here: what an entry says. Runs in the child process of `ingest.reading.spreadsheet`, so it imports little.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from copy import copy
from typing import Literal

MEGABYTE = 1 << 20
LARGEST_ENTRIES = 10_000
LARGEST_UNPACKED = 512 * MEGABYTE
"""A sheet of half a million rows of twenty columns; what is larger comes as CSV."""
SUSPICIOUS_RATIO, UNSUSPICIOUS_SIZE = 200, 16 * MEGABYTE
"""Sheets pack to a tenth or a thirtieth; deflate ends at 1032. So a large entry packed beyond 200 was built, not saved."""
_PIECE = 1 << 18
_IS_ENCRYPTED = 0x1

Reason = Literal["too_large", "no_workbook", "protected", "markup", "empty"]


class Stop(Exception):
    """The workbook is refused, for one of the reasons that `ingest.reading.spreadsheet` puts in words."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason)


class Archive:
    """The entries of a ZIP archive that passed the limits."""

    def __init__(self, data: bytes) -> None:
        """Inflates every entry once, in pieces.

        Raises `Stop`: no_workbook when it is no archive or is broken, protected when entries are encrypted, too_large when
        it unpacks beyond the limits or to more than its directory says, and markup when an XML part declares a DTD.
        """
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError):
            raise Stop("no_workbook") from None
        self._entries = self._zip.infolist()
        if len(self._entries) > LARGEST_ENTRIES or len({entry.filename for entry in self._entries}) < len(self._entries):
            raise Stop("too_large")
        left = LARGEST_UNPACKED
        for entry in self._entries:
            left -= self._counted(entry, left)

    @property
    def names(self) -> list[str]:
        """Every entry's name, as the directory lists them."""
        return [entry.filename for entry in self._entries]

    def size_of(self, name: str) -> int:
        """The bytes that one entry unpacks to, as counted. Raises `Stop` no_workbook when there is none of that name."""
        return self._entry(name).file_size

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of one entry, in pieces. Raises `Stop` no_workbook when there is none of that name."""
        return self._inflated(self._entry(name))

    def whole(self, name: str, at_most: int) -> bytes:
        """One entry in one piece. Raises `Stop` too_large when it has more bytes."""
        if self.size_of(name) > at_most:
            raise Stop("too_large")
        return b"".join(self.pieces(name))

    def _entry(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._zip.getinfo(name)
        except KeyError:
            raise Stop("no_workbook") from None

    def _counted(self, entry: zipfile.ZipInfo, left: int) -> int:
        size = 0
        ceiling = min(left, max(UNSUSPICIOUS_SIZE, SUSPICIOUS_RATIO * entry.compress_size))
        for piece in self._inflated(entry):
            if size == 0 and entry.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in piece:
                raise Stop("markup")
            size += len(piece)
            if size > ceiling:
                raise Stop("too_large")
        if size != entry.file_size:
            raise Stop("too_large")
        return size

    def _inflated(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """Everything that the entry holds: its stated size, at which the library would stop, is set out of the way."""
        if entry.flag_bits & _IS_ENCRYPTED:
            raise Stop("protected")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Stop("no_workbook")
        unbounded = copy(entry)
        unbounded.file_size = LARGEST_UNPACKED + 1
        try:
            with self._zip.open(unbounded) as stream:
                while piece := stream.read(_PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
            raise Stop("no_workbook") from None
