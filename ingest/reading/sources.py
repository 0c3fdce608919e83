"""The text of a payload as a stream, whether it is a text file or a sheet of a workbook.

Here: opening by what the bytes are, not by what was agreed. Never here: encodings of text files, separators, headers.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO, Literal

from ingest.reading.dialects import HEAD_BYTES, Head, Recognised, likest_header, recognised
from ingest.reading.encodings import Stream
from ingest.reading.headers import HeaderFit, best_header
from ingest.reading.kinds import GLANCE_BYTES, kind_of
from ingest.reading.payloads import Payload, head_of, opened
from ingest.reading.spreadsheet import sheet_as_csv
from ingest.refusals import refusal
from schemas.messages import say
from schemas.partner import FileFormat, PartnerFile


@dataclass(frozen=True, repr=False)
class Source:
    """A file that is open for reading."""

    kind: Literal["csv", "spreadsheet"]
    head: Head
    stream: Stream  # behind the byte order mark, from the beginning
    has_hidden_rows: bool = False
    has_unread_sheets: bool = False

    def recognised_as(self, file: PartnerFile) -> Recognised | None:
        """How the stream was saved when it is this file; None when it has too few of its columns in every way of reading."""
        return recognised(self.head, self._expected(file))

    def likest_header(self, file: PartnerFile) -> HeaderFit | None:
        """The header that holds most of the columns this file needs; None without any."""
        return likest_header(self.head, self._expected(file))

    def expected_format(self, file: PartnerFile) -> FileFormat:
        """The encoding and separator that are expected of the stream: a sheet of a workbook arrives in one form, whatever was agreed."""
        return file.format if self.kind == "csv" else file.format.model_copy(update={"encoding": "utf-8", "separator": ","})

    def _expected(self, file: PartnerFile) -> PartnerFile:
        return file.model_copy(update={"format": self.expected_format(file)})


class _Replayed:
    """A stream whose first bytes were read before."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = io.BytesIO(head)
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        return self._head.read(size) or self._stream.read(size)


@contextmanager
def open_source(payload: Payload, files: Sequence[PartnerFile], where: str) -> Iterator[Source]:
    """The payload as one of the files may be read from it; of a workbook the agreed sheet, or the one whose header fits best.

    Raises `BatchRefused`: file_empty, file_unreadable, file_unsafe.
    """
    kind = kind_of(head_of(payload, GLANCE_BYTES))
    if kind == "parquet":
        raise refusal("file_unreadable", where=where, allowed=say("text (.csv) or a spreadsheet (.xlsx, .xls, .ods)"))
    if kind == "csv":
        with opened(payload) as stream:
            yield _source("csv", stream, where)
        return
    sheet = next((file.format.sheet for file in files if file.format.sheet), None)
    known = {name for file in files for name in file.format.other_sheets}
    with sheet_as_csv(payload, sheet, partial(_score, files), where, known=known) as found:
        source = _source("spreadsheet", found.stream, where)
        yield replace(source, has_hidden_rows=bool(found.hidden_rows), has_unread_sheets=found.unread_sheets > 0)


def _source(kind: Literal["csv", "spreadsheet"], stream: BinaryIO, where: str) -> Source:
    start = stream.read(HEAD_BYTES)
    is_whole = len(start) < HEAD_BYTES
    head = Head(start, is_whole=is_whole)
    if is_whole and not head.bytes.strip(b" \t\r\n\0"):
        raise refusal("file_empty", where=where, allowed=say("a file with a header and rows"))
    return Source(kind, head, _Replayed(head.bytes, stream))


def _score(files: Sequence[PartnerFile], rows: list[list[str]]) -> float:
    """How well the first rows of a sheet fit one of the files: the likeness of the best header."""
    fits = [best_header(rows, file) for file in files]
    return max((fit.likeness for fit in fits if fit is not None), default=0.0)
