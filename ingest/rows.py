"""Bytes into rows of text cells, each with the number of the line or row it starts on.

Here: byte order marks, encodings, the comma-separated dialect, and where a spreadsheet is read instead.
Never here: which row is the header, or what a cell means.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from itertools import islice
from typing import NamedTuple

from ingest.refusals import refusal
from ingest.spreadsheet import sheet_rows
from schemas.errors import BatchRefused
from schemas.partner import FileFormat

_LONGEST_CELL = 10_000_000
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOST = re.compile("[\ud800-\udfff\ufffd]")


class Row(NamedTuple):
    """One physical record: the line it starts on (the first is 1) and its cells."""

    number: int
    cells: list[str]


def rows_of(payload: bytes, file_format: FileFormat, where: str, *, at_most: int | None = None) -> list[Row]:
    """Every record of the file, or the first so many, blank ones too, in order.

    A byte that does not decode becomes a lone surrogate (PEP 383), which `is_undecodable` finds in its row.
    Raises `BatchRefused` file_empty or file_unreadable; `where` is the file's name in the partner's specification.
    """
    if not payload.strip():
        raise refusal("file_empty", where=where, allowed="a file with a header and rows")
    if file_format.kind == "xlsx":
        sheet = sheet_rows(payload, file_format.sheet, where, at_most=at_most)
        return [Row(number, cells) for number, cells in enumerate(sheet, start=1)]
    text = _decoded(payload, file_format.encoding, where)
    csv.field_size_limit(_LONGEST_CELL)  # the default of 131,072 refuses a long narrative
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=file_format.separator, strict=True)
    found: list[Row] = []
    last_line = 0
    try:
        for cells in islice(reader, at_most):
            found.append(Row(last_line + 1, cells))
            last_line = reader.line_num
    except csv.Error:
        raise _unreadable(
            f"{where}, at or below line {last_line + 1}", "cells whose quotes are doubled inside and closed at the end"
        ) from None
    return found


def is_undecodable(cells: list[str]) -> bool:
    """Whether a cell holds bytes of another encoding, or a sign (U+FFFD) that characters were lost before it came here."""
    text = "\x1f".join(cells)
    return not text.isascii() and _LOST.search(text) is not None


def _decoded(payload: bytes, declared: str, where: str) -> str:
    encoding = next((name for mark, name in _MARKS if payload.startswith(mark)), declared)
    try:
        has_wide_units = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
        text = payload.decode(encoding, "strict" if has_wide_units else "surrogateescape")
    except (UnicodeError, LookupError):
        text = None  # refused below: the error that is caught here holds the payload
    if text is None:
        raise _unreadable(where, f"text in the encoding {declared}")
    if "\0" in text:
        raise _unreadable(where, "text; a zero byte is in none")
    return text


def _unreadable(where: str, allowed: str) -> BatchRefused:
    return refusal("file_unreadable", where=where, allowed=allowed)
