"""How a file that no partner file describes is laid out: its encoding, its separator, and the row of its header.

Here: the first rows read in each likely way, and the way that makes a header of them. Never here: the rows below, which are
read like any other file's once the layout is named.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from ingest.drafting.headers import HeaderIndex
from ingest.reading.kinds import GLANCE_BYTES, kind_of
from ingest.reading.payloads import Payload, head_of
from ingest.reading.spreadsheet import sheet_as_csv
from ingest.refusals import refusal
from schemas.messages import say
from schemas.partner import FileFormat

HEAD_BYTES, HEAD_ROWS = 1 << 18, 60
SEPARATORS = (",", ";", "\t", "|")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ONE_BYTE = ("cp1252", "cp1256", "cp1251")
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

    Raises `BatchRefused` file_empty, file_unreadable (no text and no workbook), header_not_found (no row of two texts or more).
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
    if best is None or score <= 0:
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


def _read_as_text(head: bytes, where: str) -> Iterable[tuple[FileFormat, Rows]]:
    """The first rows in each likely encoding and separator."""
    if not head.strip(b"\0\r\n\t ;,"):
        raise refusal("file_empty", where=where, allowed=say("a file with a header and rows"))
    for encoding in _encodings(head):
        text = head.decode(encoding, "replace")
        for separator in SEPARATORS:
            yield FileFormat(encoding=encoding.removesuffix("-sig"), separator=separator), _rows(text, separator)


def _encodings(head: bytes) -> tuple[str, ...]:
    """The encoding that the bytes prove, or those that they allow."""
    marked = [encoding for mark, encoding in _MARKS if head.startswith(mark)]
    if marked:
        return tuple(marked)
    if b"\0" in head[:200]:
        return ("utf-16-le", "utf-16-be")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the head may end within a character
    except UnicodeDecodeError:
        return _ONE_BYTE
    return ("utf-8",)


def _rows(text: str, separator: str) -> Rows:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    found: Rows = []
    try:
        for cells in reader:
            found.append(cells)
            if len(found) == HEAD_ROWS:
                break
    except csv.Error:
        pass  # an unclosed quote swallows the rest; what came before is enough to judge by
    return found


def _best(rows: Rows, index: HeaderIndex) -> tuple[float, int]:
    """The likeliest header row and what speaks for it; 0 where no row has two texts."""
    widths = Counter(len(_texts(cells)) for cells in rows if len(_texts(cells)) > 1)
    if not widths:
        return 0.0, 0
    usual = max(widths, key=lambda width: (widths[width], width))
    scores = [(_score(cells, usual, index), -number) for number, cells in enumerate(rows)]
    score, negative = max(scores)
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
