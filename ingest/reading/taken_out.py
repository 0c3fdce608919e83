"""The records of a block that no table can hold, each with its reason, told for all of them at once.

Here: broken quotation marks, undecodable bytes, rows above the data, blank rows, totals and rows of another width. Only a row
that looks like a total is looked at alone, equal ones once. Never here: rows as wide as the header (`ingest.reading.non_records`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from ingest.reading.blocks import Mask, Records
from ingest.reading.dialects import cells_of
from ingest.reading.encodings import UTF_8, as_utf_8, family, undecodable
from ingest.reading.non_records import RowRules

REASONS = ("row_ragged", "row_blank", "totals_row", "header_repeated", "quote_unclosed", "text_undecodable", "preamble")
"""The codes of problems, in the order that they are numbered by: a number a row weighs less than a text."""
Reasons = NDArray[np.uint8]
_RAGGED, _BLANK, _HEADER, _UNCLOSED, _UNDECODABLE = (
    REASONS.index(code) for code in ("row_ragged", "row_blank", "header_repeated", "quote_unclosed", "text_undecodable")
)
_SPACES = b" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"
_NONE = 256
_TEXT = "text"


@dataclass(frozen=True, repr=False)
class TakenOut:
    """Which records of a block are taken out, and the reason of each of them as its number among `REASONS`."""

    mask: Mask
    reasons: Reasons


@dataclass(frozen=True)
class Width:
    """How many separators a record of the table has, which sign they are, and in which directly read encoding."""

    separators: int
    separator: str
    encoding: str


def taken_out(records: Records, rules: RowRules, width: Width, label_rows: int) -> TakenOut:
    """What no table of this width can hold; the first `label_rows` records repeat the header in other words."""
    is_undecodable = undecodable(records, width.encoding)
    is_sound = ~(records.is_broken | is_undecodable)
    is_ragged = (records.separators != width.separators) & is_sound
    mask: Mask = is_ragged | ~is_sound
    mask[:label_rows] = True
    is_ragged[:label_rows] = False
    reasons = np.full(len(records), _RAGGED, np.uint8)
    reasons[is_undecodable] = _UNDECODABLE
    reasons[records.is_broken] = _UNCLOSED
    reasons[:label_rows] = _HEADER
    if is_ragged.any():
        reasons[is_ragged] = _reasons_of_ragged(records, is_ragged, rules, width)
    return TakenOut(mask, reasons[mask])


def without(records: Records, mask: Mask) -> bytes:
    """The text of all records that are not marked, each with a line end."""
    text = records.text[: int(records.ends[-1])]
    if mask.any():
        lengths = np.diff(records.ends, prepend=0)
        text = np.frombuffer(text, np.uint8)[np.repeat(~mask, lengths)].tobytes()
    return text if text.endswith(b"\n") else text + b"\n"


def _reasons_of_ragged(records: Records, is_ragged: Mask, rules: RowRules, width: Width) -> Reasons:
    """Of rows that have not the header's width: blank, ragged, or, where the first sign could begin a total, looked at closer."""
    first = _first_signs(records, width.separator)
    begins_total = np.zeros(257, np.bool_)
    begins_total[[*rules.first_signs_of_totals, *range(128, 256)]] = True
    reasons = np.where(first == _NONE, _BLANK, _RAGGED).astype(np.uint8)
    is_suspect: Mask = is_ragged & begins_total[first]
    if is_suspect.any():
        reasons[is_suspect] = _told_by_text(_texts(records, is_suspect, width.encoding), rules, width.separator)
    return reasons[is_ragged]


def _first_signs(records: Records, separator: str) -> NDArray[np.int64]:
    """The first byte of each record that is neither space nor separator; `_NONE` where there is none."""
    signs = np.frombuffer(records.text, np.uint8)[: int(records.ends[-1])]
    is_space = np.zeros(256, np.bool_)
    is_space[list(_SPACES + separator.encode())] = True
    places = np.append(np.flatnonzero(~is_space[signs]), len(signs))
    found = places[np.searchsorted(places, records.starts)]
    return np.where(found < records.ends, signs[np.minimum(found, len(signs) - 1)].astype(np.int64), _NONE)


def _texts(records: Records, mask: Mask, encoding: str) -> pl.Series:
    """The marked records, which decode, as texts; their bytes are laid out once and never held as Python strings."""
    lengths = np.diff(records.ends, prepend=0)
    text = records.text[: int(records.ends[-1])]
    signs = np.frombuffer(text, np.uint8)[np.repeat(mask, lengths)]
    ends = np.cumsum(lengths[mask])
    if family(encoding) != UTF_8 and (signs > 127).any():  # a byte is a character: how long each is in UTF-8 is known
        grown = np.array([len(bytes([sign]).decode(encoding, "replace").encode()) for sign in range(256)])
        ends = np.cumsum(grown[signs])[ends - 1]
    offsets = np.concatenate([np.zeros(1, np.int64), ends.astype(np.int64)])
    laid_out = as_utf_8(signs.tobytes(), encoding)
    array = pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets.tobytes()), pa.py_buffer(laid_out))
    return pl.Series(_TEXT, array)


def _told_by_text(texts: pl.Series, rules: RowRules, separator: str) -> Reasons:
    """The reasons of rows of another width; equal ones are looked at once, and those that cannot be totals not at all."""
    suspects = texts.filter(rules.may_be_no_record(texts, separator)).unique()
    if suspects.is_empty():
        return np.full(len(texts), _RAGGED, np.uint8)
    told = [REASONS.index(rules.reason(cells_of(text, separator)) or "row_ragged") for text in suspects]
    found = texts.replace_strict(suspects, pl.Series(told, dtype=pl.UInt8), default=_RAGGED, return_dtype=pl.UInt8)
    return np.asarray(found.to_numpy(), np.uint8)
