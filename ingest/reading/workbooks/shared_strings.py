"""How much text the cells of an .xlsx sheet come to, when each names a string of the workbook's shared table.

Here: sizes only, counted before the reader copies a string into every cell that names it. Never here: a string.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator

from ingest.reading.workbooks.sheet_xml import windows
from ingest.reading.workbooks.unpacking import MEGABYTE, Archive, Stop

LARGEST_TEXT = 512 * MEGABYTE
"""The text of one sheet, all cells together."""
_HARMLESS_TEXT = 64 * MEGABYTE
_LONGEST_STRING = MEGABYTE
_PART, _END = "xl/sharedStrings.xml", re.compile(rb"</(?:\w+:)?si>|<(?:\w+:)?si\s*/>")
_USE = re.compile(rb"""\st\s?=\s?["']s["'][^>]*>\s*<(?:\w+:)?v>\s*([0-9]{1,9})\s*<""")


class SharedStrings:
    """The sizes of the strings of the table, in its order, in bytes of their XML."""

    def __init__(self, archive: Archive) -> None:
        """Raises `Stop` too_large on a string longer than a megabyte (Excel ends at 32,767 characters)."""
        self._sizes = array("L")
        self.size = 0
        rest = b""
        for piece in archive.pieces(_PART) if _PART in archive.names else ():
            *strings, rest = _END.split(rest + piece)
            self._sizes.extend(map(len, strings))
            self.size += len(piece)
            if len(rest) > _LONGEST_STRING:
                raise Stop("too_large")

    def bytes_named_by(self, pieces: Iterator[bytes], cells: int) -> int:
        """At least the bytes that a sheet of so many cells comes to; counted only where a few long strings could fill the memory.

        Raises `Stop` too_large as soon as it is more than the largest text.
        """
        if max(self._sizes, default=0) * cells <= _HARMLESS_TEXT:
            return max(self._sizes, default=0) * cells
        total = 0
        for window in windows(pieces):
            total += sum(self._sizes[index] for index in map(int, _USE.findall(window)) if index < len(self._sizes))
            if total > LARGEST_TEXT:
                raise Stop("too_large")
        return total
