"""The child process that opens a workbook: it alone unpacks what a partner sent, under limits that end it.

Here: the talk with the parent. Never here: which sheet is the right one, or what a cell means. Run by `ingest.reading.spreadsheet`.

The talk, over its standard input and output: the parent sends one line of JSON (`size`, `sheet`, `known`) and so many bytes; the child
answers one line with the heads of the sheets that can be chosen, or with the reason why none can; the parent sends the number
of a sheet; the child sends one line of facts, then the sheet as CSV, and ends with 0. Any other end is a refusal.
"""

from __future__ import annotations

import csv
import json
import sys
from io import TextIOWrapper
from itertools import islice

from python_calamine import CalamineError, PasswordError

from ingest.reading.workbooks.limits import confine
from ingest.reading.workbooks.ods import open_ods
from ingest.reading.workbooks.sheets import Sheet
from ingest.reading.workbooks.unpacking import Archive, Stop
from ingest.reading.workbooks.xls import open_xls
from ingest.reading.workbooks.xlsx import open_xlsx

HEAD_ROWS, _HEAD_COLUMNS, _HEAD_TEXT = 60, 2_000, 200
_OLE2_FILE, _ODS_MARK, _XLSX_MARK = b"\xd0\xcf\x11\xe0", "content.xml", "xl/workbook.xml"


def main() -> None:
    """Answer the parent, once."""
    asked = json.loads(sys.stdin.buffer.readline())
    confine(asked["size"])
    data = sys.stdin.buffer.read(asked["size"])
    try:
        sheets = open_workbook(data)
        del data
        candidates = candidates_among(sheets, asked["sheet"])
        if not candidates:
            raise Stop("empty")
        heads = [_head(sheets[index]) for index in candidates]
    except Stop as stop:
        _say({"reason": stop.reason})
        return
    except PasswordError:
        _say({"reason": "protected"})
        return
    except (CalamineError, ValueError, IndexError, KeyError):
        _say({"reason": "no_workbook"})
        return
    except MemoryError:
        _say({"reason": "too_large"})
        return
    _say({"sheets": [{"number": index, "name": sheets[index].name, **head} for index, head in zip(candidates, heads, strict=True)]})
    if chosen := sys.stdin.buffer.readline():
        _send(sheets, int(chosen), set(asked["known"]))


def open_workbook(data: bytes) -> list[Sheet]:
    """The sheets of a workbook of any of the three kinds, in its order.

    Raises `Stop`, or the reader's own `CalamineError`, `ValueError`, `IndexError`, `KeyError` or `MemoryError`.
    """
    if data.startswith(_OLE2_FILE):
        return open_xls(data)
    archive = Archive(data)
    if _XLSX_MARK in archive.names:
        return open_xlsx(archive, data)
    if _ODS_MARK in archive.names:
        return open_ods(archive)
    raise Stop("no_workbook")


def candidates_among(sheets: list[Sheet], named: str | None) -> list[int]:
    """The sheet of that name alone, hidden or not; without it, those that a person sees and that hold something."""
    by_name = [number for number, sheet in enumerate(sheets) if sheet.name == named]
    return by_name or [number for number, sheet in enumerate(sheets) if sheet.has_content and not sheet.is_hidden]


def _head(sheet: Sheet) -> dict[str, object]:
    """The first rows, enough to tell a header: no cell in full length, no more columns than a case file could have; and the width."""
    rows = list(islice(sheet.rows(), HEAD_ROWS))
    head = [[text[:_HEAD_TEXT] for text in row[:_HEAD_COLUMNS]] for row in rows]
    return {"head": head, "width": max(map(len, rows), default=0)}


def _send(sheets: list[Sheet], chosen: int, known: set[str]) -> None:
    others = sum(sheet.has_content for number, sheet in enumerate(sheets) if number != chosen and sheet.name not in known)
    _say({"hidden_rows": sheets[chosen].hidden_rows, "unread_sheets": others})
    stream = TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=False)
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_MINIMAL).writerows(sheets[chosen].rows())
    stream.flush()
    stream.detach()


def _say(line: object) -> None:
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")
    sys.stdout.buffer.flush()
