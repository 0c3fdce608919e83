"""Bytes into rows of text cells, each with the number of the line or row it starts on.

Here: byte order marks, encodings, the comma-separated dialect, and where a spreadsheet is read instead.
Never here: which row is the header, or what a cell means.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from contextlib import suppress
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
_ZIP, _ZIPPED_WORKBOOK, _OLD_OR_PROTECTED = b"PK\x03\x04", b"xl/", b"\xd0\xcf\x11\xe0"
_GLANCE_BYTES = 1 << 20
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
    if file_format.kind == "spreadsheet":
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


def glance(payload: bytes) -> bytes:
    """The first megabyte in whole lines, enough to look for a header in many ways."""
    head = payload[:_GLANCE_BYTES]
    if head == payload or b"\0" in head:  # characters of two or four bytes, which the limit does not cut
        return head
    return head[: head.rfind(b"\n") + 1] or head


def _decoded(payload: bytes, declared: str, where: str) -> str:
    text = _text(payload, declared)
    if text is None or "\0" in text:
        is_workbook = payload.startswith(_OLD_OR_PROTECTED) or (payload.startswith(_ZIP) and _ZIPPED_WORKBOOK in payload)
        if is_workbook:
            raise _unreadable(where, "text; this is an Excel workbook: save it as CSV")
        raise _unreadable(where, f"text in the encoding {declared}" if text is None else "text; a zero byte is in none")
    return text


def _text(payload: bytes, declared: str) -> str | None:
    """The text by its mark, or as declared; None when it is not in that encoding (the error that is caught holds the payload).

    Where each byte is a character by itself nothing fails to decode, so UTF-8 would turn to nonsense unseen: bytes beyond
    ASCII that form UTF-8 are read as such.
    """
    encoding = next((name for mark, name in _MARKS if payload.startswith(mark)), declared)
    try:
        if encoding == declared and _is_one_byte(encoding) and not payload.isascii():
            with suppress(UnicodeDecodeError):
                return payload.decode("utf-8")
        has_wide_units = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
        return payload.decode(encoding, "strict" if has_wide_units else "surrogateescape")
    except (UnicodeError, LookupError):
        return None


def _is_one_byte(encoding: str) -> bool:
    """Whether no byte joins the one before it; in others, such as GBK, common words are UTF-8 by chance."""
    return len(bytes(range(256)).decode(encoding, "replace")) == 256


def _unreadable(where: str, allowed: str) -> BatchRefused:
    return refusal("file_unreadable", where=where, allowed=allowed)
