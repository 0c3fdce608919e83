"""What the records of an .xls workbook say that its reader does not hand on: extent, hidden rows, errors, protection.

Here: the compound file's one stream that matters ([MS-CFB]), and a walk over its records ([MS-XLS] section 2.4).
Never here: the values of cells. Runs in the child process of `ingest.reading.spreadsheet`, so it imports little.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from struct import unpack_from

from ingest.reading.workbooks.sheet_xml import NOT_AVAILABLE, SheetFacts
from ingest.reading.workbooks.unpacking import Stop

_LAST_SECTOR, _ENTRY, _LISTED_IN_HEADER, _LARGEST_SHIFT = 0xFFFFFFFA, 128, 109, 12
_STREAMS = ("Workbook", "WORKBOOK", "Book", "BOOK")
_PROTECTED_PACKAGE = "EncryptedPackage"
_BOF, _EOF, _BOUNDSHEET, _FILEPASS, _ROW, _FORMULA, _BOOLERR, _MULRK = 0x809, 0x0A, 0x85, 0x2F, 0x208, 0x06, 0x205, 0xBD
_CELLS = (0x203, 0x204, 0x27E, 0xFD, 0xD6, _FORMULA, _BOOLERR, _MULRK)
_IS_HIDDEN, _ERROR = 0x20, 2
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: NOT_AVAILABLE}


def sheet_facts(data: bytes) -> list[SheetFacts]:
    """The facts of each sheet that the workbook lists, in its order, sheets of other kinds too.

    Raises `Stop` protected when the workbook is encrypted, no_workbook when its sectors or records contradict each other.
    """
    try:
        stream = _workbook_stream(data)
        offsets = []
        for kind, place, _ in _records(stream, 0):
            if kind == _FILEPASS:
                raise Stop("protected")
            if kind == _BOUNDSHEET:
                offsets.append(unpack_from("<I", stream, place)[0])
        return [_facts_from(stream, offset) for offset in offsets]
    except (struct.error, IndexError):
        raise Stop("no_workbook") from None


def _records(stream: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of each record's body, from a BOF to its EOF; substreams inside, such as charts, left out."""
    depth = 0
    while place + 4 <= len(stream):
        kind, size = unpack_from("<HH", stream, place)
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
        elif depth == 1:
            yield kind, place + 4, size
        if depth <= 0:
            return
        place += 4 + size


def _facts_from(stream: bytes, offset: int) -> SheetFacts:
    facts = SheetFacts()
    for kind, place, size in _records(stream, offset):
        if kind in _CELLS:
            row, column = unpack_from("<HH", stream, place)
            last = unpack_from("<H", stream, place + size - 2)[0] if kind == _MULRK else column
            facts.cells += max(last - column + 1, 1)
            facts.rows, facts.columns = max(facts.rows, row + 1), max(facts.columns, last + 1)
            sign = _sign(stream, kind, place)
            if sign is not None:
                facts.signs.setdefault(row, []).append((column, sign))
        elif kind == _ROW:
            facts.hidden_rows += bool(unpack_from("<I", stream, place + 12)[0] & _IS_HIDDEN)
    facts.has_values = facts.cells > 0
    return facts


def _sign(stream: bytes, kind: int, place: int) -> str | None:
    """The error that the cell shows, if it shows one."""
    if kind == _BOOLERR:
        code, is_error = stream[place + 6], stream[place + 7] != 0
    elif kind == _FORMULA:
        code, is_error = stream[place + 8], stream[place + 6] == _ERROR and stream[place + 12 : place + 14] == b"\xff\xff"
    else:
        return None
    return _ERRORS.get(code, NOT_AVAILABLE) if is_error else None


def _workbook_stream(data: bytes) -> bytes:
    """The stream of records out of the compound file's sectors."""
    sector, mini_sector = (1 << min(shift, _LARGEST_SHIFT) for shift in unpack_from("<HH", data, 0x1E))
    first_directory, _, cutoff, first_mini_fat = unpack_from("<4I", data, 0x30)
    fat = _allocation_table(data, sector)
    directory = _chained(data, fat, first_directory, sector, skipped=1)
    entries = dict(_entries(directory))
    if _PROTECTED_PACKAGE in entries:
        raise Stop("protected")
    name = next((name for name in _STREAMS if name in entries), None)
    if name is None:
        raise Stop("no_workbook")
    first, size = entries[name]
    if size >= cutoff:
        return _chained(data, fat, first, sector, skipped=1)[:size]
    container = _chained(data, fat, unpack_from("<I", directory, 0x74)[0], sector, skipped=1)
    mini_fat = _numbers(_chained(data, fat, first_mini_fat, sector, skipped=1))
    return _chained(container, mini_fat, first, mini_sector, skipped=0)[:size]


def _entries(directory: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each stream's name, first sector and size."""
    for place in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        name_size = unpack_from("<H", directory, place + 0x40)[0]
        name = directory[place : place + min(max(name_size - 2, 0), 62)].decode("utf-16-le", "replace")
        yield name, unpack_from("<II", directory, place + 0x74)


def _allocation_table(data: bytes, sector: int) -> tuple[int, ...]:
    """The number of the next sector for each sector, its own sectors listed in the header and in a chain of lists."""
    listed = list(unpack_from(f"<{_LISTED_IN_HEADER}I", data, 0x4C))
    more, lists = unpack_from("<II", data, 0x44)
    for _ in range(min(lists, len(data) // sector)):
        numbers = _numbers(_sector(data, more, sector, skipped=1))
        listed += numbers[:-1]
        more = numbers[-1]
    return tuple(next_one for number in listed if number < _LAST_SECTOR for next_one in _numbers(_sector(data, number, sector, skipped=1)))


def _chained(data: bytes, table: tuple[int, ...], first: int, sector: int, *, skipped: int) -> bytes:
    """The sectors of one chain, joined. Raises `Stop` no_workbook when the chain runs in a circle."""
    pieces: list[bytes] = []
    while first < _LAST_SECTOR:
        pieces.append(_sector(data, first, sector, skipped=skipped))
        if len(pieces) > len(table):
            raise Stop("no_workbook")
        first = table[first]
    return b"".join(pieces)


def _sector(data: bytes, number: int, sector: int, *, skipped: int) -> bytes:
    return data[(number + skipped) * sector : (number + skipped + 1) * sector]


def _numbers(sectors: bytes) -> tuple[int, ...]:
    return unpack_from(f"<{len(sectors) // 4}I", sectors)
