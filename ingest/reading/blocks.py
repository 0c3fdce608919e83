"""Cut a stretch of comma-separated text into its records, whatever quotation marks, line ends and faults it holds.

Here: where a record ends, how many separators stand outside its quotes, and which lines are ill formed. A quoted cell
opens at the beginning of a cell and closes at its end; marks inside it are doubled (RFC 4180). Ends of lines are CRLF, LF
or CR. Never here: what a cell says, or how large the file is: the cut is the same however the text comes in pieces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

LONGEST_SPANNING_RECORD = 1 << 20
"""Bytes of a record whose quoted cells hold line ends; an opening quotation mark that finds no end by then is unclosed."""
_PATIENCE = 1 << 16  # bytes of an open cell before someone looks whether it swallows other records
_QUOTE, _LF, _CR = 34, 10, 13
_LINE_END = re.compile(rb"\r\n|\n|\r")
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Grammar:
    """The separator, one byte, and how many of them a whole record has; None where the header is still sought."""

    separator: int
    separators_each: int | None = None
    longest_spanning: int = LONGEST_SPANNING_RECORD

    def swallows(self, record: bytes) -> bool:
        """Whether lines below the first look so much like records of their own that the quotation mark must be unclosed.

        A line of a letter may hold as many separators as a record by chance: the fewer columns, the more lines it takes.
        """
        each = self.separators_each
        if not each:
            return False
        needed = _whole_lines_needed(each)
        mark = bytes([self.separator])
        lines = _LINE_END.split(record)[1:]
        return len(lines) >= needed and sum(line.count(mark) == each for line in lines) >= needed


@dataclass(frozen=True, repr=False)
class Records:
    """The records of a stretch, without a gap from its beginning; what is not yet decided is left for the next stretch."""

    text: bytes  # a CR that ends a line is turned into LF
    ends: Positions  # behind each record's line end; ascending
    separators: Positions  # outside quotes
    is_broken: Mask  # physical lines whose quotation marks are ill formed

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def starts(self) -> Positions:
        """Where each record begins."""
        return np.concatenate([np.zeros(min(1, len(self.ends)), np.int64), self.ends[:-1]])

    def holding(self, positions: Positions) -> Positions:
        """The records that hold the bytes at these positions, each once, in order."""
        return np.unique(np.searchsorted(self.ends, positions, side="right"))


def split(text: bytes, grammar: Grammar, *, is_last: bool) -> Records:
    """The records that the text holds for certain; with `is_last`, all of it.

    Well-formed text is cut by counting marks, all bytes at once; where a mark is out of place, record by record.
    """
    if not is_last and text.endswith(b"\r"):  # a line feed may follow in the next stretch
        text = text[:-1]
    return _split_at_once(text, grammar, is_last) or _split_one_by_one(text, grammar, is_last)


def _split_at_once(text: bytes, grammar: Grammar, is_last: bool) -> Records | None:
    """All records by the parity of the marks before each byte; None where a mark is out of place or a cell swallows lines."""
    signs = np.frombuffer(text, np.uint8)
    is_line_end = signs == _LF
    has_lone_cr = b"\r" in text and _has_lone_cr(signs)
    if has_lone_cr:
        is_line_end[:-1] |= (signs[:-1] == _CR) & (signs[1:] != _LF)
        is_line_end[-1] |= signs[-1] == _CR
    is_structure = is_line_end | (signs == grammar.separator)
    inner: Positions | None = None
    if b'"' in text:
        is_quote = signs == _QUOTE
        is_inside = _parity(is_quote)  # with an opening mark, without a closing one
        if not _is_well_formed(is_quote, is_inside, is_structure | (signs == _CR), is_last):
            return None
        if (is_line_end & is_inside).any():
            inner = np.flatnonzero(is_structure & is_inside)
        is_structure &= ~is_inside
    structure = np.flatnonzero(is_structure)
    closing = np.flatnonzero(is_line_end[structure])
    ends = structure[closing] + 1
    tail = len(text) - (int(ends[-1]) if len(ends) else 0)
    if tail and is_last:
        closing, ends = np.append(closing, len(structure)), np.append(ends, len(text))
    records = Records(text, ends, np.diff(closing, prepend=-1) - 1, np.zeros(len(ends), np.bool_))
    if inner is not None and ((tail > _PATIENCE and not is_last) or _spans_too_much(records, signs, inner, grammar)):
        return None
    return _with_line_feeds(records, ends[: len(ends) - bool(tail and is_last)] - 1) if has_lone_cr else records


def _parity(mask: Mask) -> Mask:
    """Whether the count of marks up to each byte is odd, 64 bytes at a time.

    Langdale and Lemire, "Parsing gigabytes of JSON per second" (2019), with shifts in place of a carry-less product.
    """
    packed = np.packbits(mask, bitorder="little")
    words = np.zeros(-(-len(packed) // 8), np.dtype("<u8"))
    words.view(np.uint8)[: len(packed)] = packed
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    is_odd_behind = np.bitwise_xor.accumulate(words >> np.uint64(63))
    words[1:] ^= is_odd_behind[:-1] * np.uint64(2**64 - 1)
    return np.unpackbits(words.view(np.uint8), count=len(mask), bitorder="little").view(np.bool_)


def _has_lone_cr(signs: NDArray[np.uint8]) -> bool:
    found = np.flatnonzero(signs == _CR)
    return bool(found[-1] == len(signs) - 1 or (signs[found + 1] != _LF).any())


def _is_well_formed(is_quote: Mask, is_inside: Mask, is_bound: Mask, is_last: bool) -> bool:
    """Whether every mark stands at an end of a cell or beside another, and, at the end of a file, none is left open."""
    if is_last and is_inside[-1]:
        return False
    may_stand_beside = is_bound | is_quote
    is_wrong_opening = is_quote[1:] & is_inside[1:] & ~may_stand_beside[:-1]
    is_wrong_closing = is_quote[:-1] & ~is_inside[:-1] & ~may_stand_beside[1:]
    return not (is_wrong_opening.any() or is_wrong_closing.any())


def _spans_too_much(records: Records, signs: NDArray[np.uint8], inner: Positions, grammar: Grammar) -> bool:
    """Whether a record with line ends in its cells is too long, or may be several that an unclosed mark has joined."""
    is_separator = signs[inner] == grammar.separator
    spanning = records.holding(inner[~is_separator])
    spanning = spanning[spanning < len(records)]
    starts, ends = records.starts[spanning], records.ends[spanning]
    if (ends - starts >= grammar.longest_spanning).any():
        return True
    if not grammar.separators_each:
        return False
    separators = inner[is_separator]
    inside = np.searchsorted(separators, ends) - np.searchsorted(separators, starts)
    suspects = np.flatnonzero(inside >= (_whole_lines_needed(grammar.separators_each) - 1) * grammar.separators_each)
    return any(grammar.swallows(records.text[starts[each] : ends[each]].rstrip(b"\r\n")) for each in suspects)


def _split_one_by_one(text: bytes, grammar: Grammar, is_last: bool) -> Records:
    """Record after record; a line that is ill formed is a record of its own, and the next line starts anew."""
    ends: list[int] = []
    separators: list[int] = []
    broken: list[bool] = []
    record = _patterns(grammar.separator)[0]
    start = 0
    while start < len(text):
        match = record.match(text, start)
        stop = start if match is None else match.end()
        verdict = _verdict(text, start, stop, grammar, is_last)
        if verdict is None:
            break
        if not verdict:
            stop = _line_stop(text, start)
        end = _behind_line_end(text, stop)
        if stop == len(text) and not is_last:
            break
        ends.append(end)
        separators.append(_separators_outside(text[start:stop], grammar.separator) if verdict else 0)
        broken.append(not verdict)
        start = end
    cut = Records(text, np.array(ends, np.int64), np.array(separators, np.int64), np.array(broken, np.bool_))
    closed = cut.ends[cut.ends > 0] - 1
    return _with_line_feeds(cut, closed[np.frombuffer(text, np.uint8)[closed] == _CR])


def _verdict(text: bytes, start: int, stop: int, grammar: Grammar, is_last: bool) -> bool | None:
    """Whether a record from `start` to `stop` is well formed; None where only the text to come can tell."""
    if stop == len(text):
        return None if not is_last else _is_one_record(text[start:stop], grammar)
    if text[stop] in (_LF, _CR):
        return _is_one_record(text[start:stop], grammar)
    is_open = text[stop] == _QUOTE and (stop == start or text[stop - 1] == grammar.separator)
    if not is_open or is_last or len(text) - start > grammar.longest_spanning:
        return False
    whole_lines = text[start : max(text.rfind(b"\n"), text.rfind(b"\r"), start)]
    return False if grammar.swallows(whole_lines) else None


def _is_one_record(record: bytes, grammar: Grammar) -> bool:
    spans = b"\n" in record or b"\r" in record
    return not spans or (len(record) <= grammar.longest_spanning and not grammar.swallows(record))


def _line_stop(text: bytes, start: int) -> int:
    found = _LINE_END.search(text, start)
    return len(text) if found is None else found.start()


def _behind_line_end(text: bytes, stop: int) -> int:
    return stop + 2 if text.startswith(b"\r\n", stop) else min(stop + 1, len(text))


def _separators_outside(record: bytes, separator: int) -> int:
    if b'"' in record:
        record = _patterns(separator)[1].sub(b"", record)
    return record.count(bytes([separator]))


def _with_line_feeds(records: Records, line_ends: Positions) -> Records:
    """The same with LF at these positions, so that what parses the text needs to know one sign."""
    if not len(line_ends):
        return records
    signs = np.frombuffer(records.text, np.uint8).copy()
    signs[line_ends] = _LF
    return Records(signs.tobytes(), records.ends, records.separators, records.is_broken)


def _whole_lines_needed(separators_each: int) -> int:
    return 2 if separators_each >= 6 else 3 if separators_each >= 3 else 6


@cache
def _patterns(separator: int) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A record as far as it is well formed, and a quoted cell; neither ever steps back, so the time is linear."""
    mark = re.escape(bytes([separator]))
    quoted = rb'"(?:[^"]++|"")*+"'
    cell = rb"(?:" + quoted + rb'|[^"\r\n' + mark + rb"]*+)"
    return re.compile(cell + rb"(?:" + mark + cell + rb")*+"), re.compile(quoted)
