"""Read one file of a batch as tables of text, and account for every row that is no record.

Here: the file as a stream of tables of bounded size, however large it is, each row in exactly one. `identify` and
`best_partner` tell whose file it is. Never here: types, meanings, or a row that vanishes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from ingest.reading.dialects import Recognised
from ingest.reading.encodings import AsUtf8, Stream, family, is_read_directly
from ingest.reading.headers import ROW_NUMBER, column_name
from ingest.reading.identification import best_partner, header_not_found, identify
from ingest.reading.payloads import Payload, opened, size_of
from ingest.reading.sources import Source, open_source
from ingest.reading.tables import BLOCK_BYTES, CHUNK_BYTES, TextTable, body_format, tables_of
from schemas.partner import RETURNED_COLUMNS, FileFormat, PartnerFile
from schemas.problems import problem_frame

__all__ = ["ROW_NUMBER", "Layout", "Reading", "TextTable", "best_partner", "column_name", "identify", "open_reading", "read"]


@dataclass(frozen=True, repr=False)
class Layout:
    """How a file really is: its format, its header, and what is to be said about it as a whole."""

    format: FileFormat
    header_row: int  # as a spreadsheet counts, from 1
    headers: tuple[str, ...]  # in the file's order and the specification's spelling
    problems: pl.DataFrame  # rows of PROBLEM_SCHEMA without a row number


class Reading:
    """A file that is open: its layout, and its rows in one pass."""

    def __init__(self, layout: Layout, chunks: Iterator[TextTable]) -> None:
        self.layout = layout
        self._chunks = chunks

    def chunks(self) -> Iterator[TextTable]:
        """Tables of about 16 MB of text each, at least one; every row above and below the header is in exactly one of them.

        May be gone through once. Raises `BatchRefused` file_unreadable for a line without an end in sight.
        """
        return self._chunks


@contextmanager
def open_reading(
    payload: Payload, file: PartnerFile, *, block_bytes: int = BLOCK_BYTES, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[Reading]:
    """The file read by the format that it was really saved in, when its columns leave no doubt about it.

    Raises `BatchRefused`: file_empty, file_unreadable, file_unsafe, header_not_found, column_repeated.
    """
    with open_source(payload, [file], file.name) as source:
        found = source.recognised_as(file)
        if found is None:
            raise header_not_found([file], file.name, is_binary=source.head.is_binary)
        body = body_format(file, found, block_bytes=block_bytes, chunk_bytes=chunk_bytes)
        encoding = _encoding(found, source.expected_format(file))
        really = file.format.model_copy(update={"kind": source.kind, "separator": found.separator, "encoding": encoding})
        headers = tuple(name for name in body.names if name not in RETURNED_COLUMNS)
        layout = Layout(really, found.header.index + 1, headers, _problems_of_file(source, found, payload, file))
        above = [row.cells for row in found.rows[: found.header.index]]
        yield Reading(layout, tables_of(body_of(source, found), above, body))


def read(payload: Payload, file: PartnerFile) -> TextTable:
    """The whole file as one table, what is to be said about it as a whole among its problems.

    Rows are numbered as a spreadsheet counts them, the header included; a cell that spans lines is in one row.
    Raises what `open_reading` raises.
    """
    with open_reading(payload, file) as reading:
        tables = list(reading.chunks())
        frame = pl.concat([table.frame for table in tables], rechunk=True)
        problems = pl.concat([reading.layout.problems, *(table.problems for table in tables)])
        return TextTable(frame, problems, sum(table.received for table in tables))


def _encoding(found: Recognised, expected: FileFormat) -> str:
    """The encoding by the name that was agreed, where it is the same."""
    return expected.encoding if family(found.encoding) == family(expected.encoding) else found.encoding


def body_of(source: Source, found: Recognised) -> Stream:
    """The text below the header."""
    text: Stream = source.stream
    if not is_read_directly(found.encoding):
        text = AsUtf8(source.stream, found.encoding)
    start = found.rows[-1].end
    first = b""
    while len(first) < start:
        first += text.read(start - len(first) if is_read_directly(found.encoding) else 1 << 16)
    return _Behind(first[start:], text)


class _Behind:
    """A stream of which the first bytes are at hand."""

    def __init__(self, first: bytes, rest: Stream) -> None:
        self._first = io.BytesIO(first)
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        return self._first.read(size) or self._rest.read(size)


def _problems_of_file(source: Source, found: Recognised, payload: Payload, file: PartnerFile) -> pl.DataFrame:
    is_text = source.kind == "csv"
    differs = not file.format.allows(source.kind) or (is_text and found.differs_from(file.format))
    said = {
        "format_differs": differs,
        "rows_hidden": source.has_hidden_rows,
        "sheets_unread": source.has_unread_sheets,
        "last_line_open": is_text and _is_last_line_open(payload, found.encoding),
    }
    return problem_frame([(file.name, None, code, None) for code, is_so in said.items() if is_so])


def _is_last_line_open(payload: Payload, encoding: str) -> bool:
    """Whether the last line lacks the line end that the lines before it have."""
    size = size_of(payload)
    with opened(payload) as stream:
        beginning = stream.read(1 << 20)
        stream.seek(max(0, size - 8))
        end = stream.read()
    ends = [sign.encode(encoding) for sign in "\r\n"]
    return any(sign in beginning for sign in ends) and not any(end.endswith(sign) for sign in ends)
