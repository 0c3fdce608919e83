"""How a file that no partner file describes is laid out: its encoding, its separator, and the row of its header.

Here: the first rows read in each way that the reader knows, and the way that makes a header of them. Never here: the rows below,
which are read like any other file's once the layout is named; or a header that may be someone's record
(`ingest.drafting.records`).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from ingest.drafting.headers import HeaderIndex
from ingest.drafting.records import may_be_a_record
from ingest.reading.dialects import HEAD_BYTES, SEPARATORS, Head
from ingest.reading.encodings import LADDER, UTF_8, WIDE, family, is_utf_8_head
from ingest.reading.headers import SEARCHED_ROWS
from ingest.reading.kinds import GLANCE_BYTES, kind_of
from ingest.reading.payloads import Payload, head_of
from ingest.reading.spreadsheet import sheet_as_csv
from ingest.refusals import refusal
from schemas.messages import say
from schemas.partner import FileFormat

HEAD_ROWS = 60
_KNOWN_HEADER_WEIGHT = 3.0
"""What a header known by heart counts beside a cell that merely looks like one."""

Rows = list[list[str]]


@dataclass(frozen=True)
class GuessedLayout:
    """A file's format and its header's texts, trimmed, blank ones too; `label_rows` lie right below the header."""

    format: FileFormat
    headers: tuple[str, ...]


def guess_layout(payload: Payload, index: HeaderIndex, where: str) -> GuessedLayout:
    """The layout under which one of the first rows is most of a header.

    Raises `BatchRefused` file_empty, file_unreadable (no text and no workbook), header_not_found (no row of two texts or more,
    or none that is surely no record: what is taken for a header is printed and written down).
    """
    kind = kind_of(head_of(payload, GLANCE_BYTES))
    if kind == "spreadsheet":
        tried = [_best_sheet(payload, index, where)]
    elif kind == "csv":
        tried = list(_read_as_text(head_of(payload, HEAD_BYTES), where))
    else:
        raise refusal("file_unreadable", where=where, allowed=say("text or a spreadsheet"))
    best = max(tried, key=lambda way: _best(way[1], index)[0], default=None)
    score, number = (0.0, 0) if best is None else _best(best[1], index)
    if best is None or score <= 0 or may_be_a_record(best[1], number, index):
        raise refusal("header_not_found", where=where, allowed=say("a row of column names"))
    file_format, rows = best
    headers = tuple(cell.replace("\ufeff", "").strip() for cell in rows[number])
    below = rows[number + 1] if len(rows) > number + 1 else []
    has_labels = sum(index.holds(cell) for cell in below) * 2 > sum(bool(cell.strip()) for cell in below) > 0
    return GuessedLayout(file_format.model_copy(update={"label_rows": int(has_labels)}), headers)


def _best_sheet(payload: Payload, index: HeaderIndex, where: str) -> tuple[FileFormat, Rows]:
    """The sheet that holds the likeliest header, and its first rows."""
    with sheet_as_csv(payload, None, lambda rows: _best(rows, index)[0], where) as found:
        lines = io.TextIOWrapper(found.stream, encoding="utf-8", newline="")
        return FileFormat(kind="spreadsheet", sheet=found.name), list(islice(csv.reader(lines), HEAD_ROWS))


def _read_as_text(start: bytes, where: str) -> Iterable[tuple[FileFormat, Rows]]:
    """The first rows in each likely encoding and separator, read as the reader reads them."""
    if not start.strip(b"\0\r\n\t ;,"):
        raise refusal("file_empty", where=where, allowed=say("a file with a header and rows"))
    head = Head(start, is_whole=len(start) < HEAD_BYTES)
    for encoding in _encodings(head):
        name = encoding if head.marked is None else family(encoding) or encoding
        for separator in dict.fromkeys((*head.named_separators, ",", *SEPARATORS)):
            yield FileFormat(encoding=name, separator=separator), [row.cells for row in head.rows(encoding, separator)[:HEAD_ROWS]]


def _encodings(head: Head) -> tuple[str, ...]:
    """The encoding that the bytes prove, or those that they allow."""
    if head.marked is not None:
        return (head.marked[0],)
    if b"\0" in head.bytes[:200]:
        return WIDE
    return (UTF_8,) if is_utf_8_head(head.bytes) else LADDER


def _best(rows: Rows, index: HeaderIndex) -> tuple[float, int]:
    """The likeliest header among the rows where the reader looks for one, and what speaks for it; 0 where no row has two texts."""
    widths = Counter(len(_texts(cells)) for cells in rows if len(_texts(cells)) > 1)
    if not widths:
        return 0.0, 0
    usual = max(widths, key=lambda width: (widths[width], width))
    searched = [number for number, cells in enumerate(rows) if _texts(cells)][:SEARCHED_ROWS]
    score, negative = max((_score(rows[number], usual, index), -number) for number in searched)
    return score, -negative


def _score(cells: Sequence[str], usual: int, index: HeaderIndex) -> float:
    """Known headers above all; then texts that are all different, are no numbers, and are as many as most rows have."""
    texts = _texts(cells)
    if len(texts) < 2:
        return 0.0
    known = sum(index.holds(text) for text in texts)
    are_names = [text for text in texts if not any(sign.isdigit() for sign in text[:2])]
    looks = len(set(are_names)) / max(len(texts), usual)
    return _KNOWN_HEADER_WEIGHT * known + len(texts) * looks


def _texts(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]
