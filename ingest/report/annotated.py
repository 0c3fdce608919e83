"""The partner's own file given back, with the problems of each row beside it and what to do about them.

Here: two more columns behind every record, the records themselves as they came. It is the one output of a check that holds
cells, since it is the partner's own: for its owner's eyes alone. Never here: what is wrong with a row, or a changed cell.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ingest.reading.dialects import Recognised, cells_of
from ingest.reading.encodings import AsUtf8, is_read_directly
from ingest.reading.identification import header_not_found
from ingest.reading.payloads import Payload
from ingest.reading.reader import body_of
from ingest.reading.sources import Source, open_source
from ingest.reading.tables import BodyFormat, blocks_of, body_format
from ingest.report.notes import RowNotes
from schemas.partner import RETURNED_COLUMNS, PartnerFile

_MARK = b"\xef\xbb\xbf"


def write_annotated(payload: Payload, file: PartnerFile, notes: RowNotes, target: Path) -> None:
    """Write the file back in UTF-8 with a byte order mark, row by row as it came, readable by its owner alone.

    `notes` are of a check of the same payload. Appears whole or not at all. Raises what reading raises, and `OSError`.
    """
    staged = target.with_name(f".{target.name}.staging")
    staged.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
            _write(payload, file, notes, sink)
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


def _write(payload: Payload, file: PartnerFile, notes: RowNotes, sink: BinaryIO) -> None:
    with open_source(payload, [file], file.name) as source:
        found = source.recognised_as(file)
        if found is None:
            raise header_not_found([file], file.name)
        form = body_format(file, found)
        annotator = _Annotator(found, form, notes)
        sink.write(_MARK)
        for number, record in enumerate(_records(source, found, form), start=1):
            sink.write(annotator.annotated(number, record))


def _records(source: Source, found: Recognised, form: BodyFormat) -> Iterator[bytes]:
    """Every record with its line end: in the file's encoding where that is read directly, else in UTF-8."""
    is_direct = is_read_directly(found.encoding)
    head = source.head.bytes if is_direct else AsUtf8(io.BytesIO(source.head.bytes), found.encoding).read(-1)
    start = 0
    for row in found.rows:
        yield head[start : row.end]
        start = row.end
    for records in blocks_of(body_of(source, found), form):
        start = 0
        for end in records.ends.tolist():
            yield records.text[start:end]
            start = end


class _Annotator:
    """Puts a note behind a record, without a change to the record."""

    def __init__(self, found: Recognised, form: BodyFormat, notes: RowNotes) -> None:
        self.notes = notes
        self.separator, self.encoding = form.separator, form.encoding
        self.header_row = found.header.index + 1
        self.width = len(form.names)
        self.came_annotated = {position for position, name in enumerate(form.names) if name in RETURNED_COLUMNS}

    def annotated(self, number: int, record: bytes) -> bytes:
        """The record in UTF-8 with its note. A row that is no data keeps its own number of cells unless it has the header's."""
        content = record.rstrip(b"\r\n")
        line_end = record[len(content) :]
        is_header = number == self.header_row or number in self.notes.header_repeated
        if self.came_annotated and number in self.notes.quote_unclosed:
            return record  # its notes cannot be told from its cells, and are still true
        is_whole = number not in self.notes.non_data or self._width_of(content) == self.width
        text = self._as_utf_8(content, number)
        if is_whole and self.came_annotated:
            text = self._without_notes(text)
        if is_whole:
            note = RETURNED_COLUMNS if is_header else self.notes.of(number)
            text += f"{self.separator}{self._line(note)}".encode()
        return text + line_end

    def _width_of(self, content: bytes) -> int:
        return len(cells_of(content.decode(self.encoding, "replace"), self.separator))

    def _as_utf_8(self, content: bytes, number: int) -> bytes:
        """The text in UTF-8; of a record of another encoding the bytes as they are, which are spoilt for nobody who looks again."""
        if number in self.notes.undecodable or self.encoding == "utf-8":
            return content
        return content.decode(self.encoding, "surrogateescape").encode("utf-8", "surrogateescape")

    def _without_notes(self, text: bytes) -> bytes:
        cells = cells_of(text.decode("utf-8", "surrogateescape"), self.separator)
        kept = [cell for position, cell in enumerate(cells) if position not in self.came_annotated]
        return self._line(kept).encode("utf-8", "surrogateescape")

    def _line(self, cells: Sequence[str]) -> str:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self.separator, lineterminator="").writerow(cells)
        return text.getvalue()
