"""A workbook's best sheet as a stream of CSV, unpacked in a child process that cannot take this one down with it.

Here: starting, asking and ending the child, the choice of the sheet, and why a workbook is refused in words.
Never here: opening what a partner sent (`ingest.reading.workbooks`, in the child), headers, or what a cell means.
"""

from __future__ import annotations

import io
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import python_calamine
from pydantic import BaseModel, ConfigDict, ValidationError

from ingest.reading.headers import MOST_COLUMNS
from ingest.reading.payloads import Payload, opened, size_of
from ingest.reading.workbooks.sheets import LARGEST_GRID
from ingest.reading.workbooks.unpacking import LARGEST_UNPACKED
from ingest.refusals import refusal
from schemas.errors import BatchRefused
from schemas.messages import say

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LARGEST_PAYLOAD = 128 << 20
"""The bytes of a packed workbook; one of half a million rows has some 60 MB."""
_LONGEST_SILENCE = 90.0
_PIECE = 1 << 16
_LONGEST_LINE = 64 << 20
_START = "import sys; sys.path += sys.argv[1:]; from ingest.reading.workbooks.child import main; main()"
_FOLDERS = [str(Path(__file__).parents[2]), str(Path(python_calamine.__file__).parents[1])]


@dataclass(frozen=True)
class FoundSheet:
    """One sheet: its CSV (UTF-8, commas, doubled quotes, LF, a record a sheet row), and what a person should be told of it.

    `hidden_rows` is None where the format does not tell; `unread_sheets` counts the other sheets with content.
    Reading `stream` raises `BatchRefused` when the workbook proves unsafe only then.
    """

    name: str
    stream: BinaryIO
    hidden_rows: int | None
    unread_sheets: int


class _Head(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)
    number: int
    name: str
    width: int
    head: list[list[str]]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)
    reason: str | None = None
    sheets: tuple[_Head, ...] = ()


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)
    hidden_rows: int | None
    unread_sheets: int


_Line = TypeVar("_Line", _Answer, _Facts)


@contextmanager
def sheet_as_csv(
    payload: Payload, sheet: str | None, score: Callable[[list[list[str]]], float], where: str, *, known: Collection[str] = ()
) -> Iterator[FoundSheet]:
    """The sheet of that name, or else, among those a person sees, the one whose first 60 rows score highest (of equals the first).

    Sheets of a `known` name are never said to be unread.
    Every row of the sheet is in the stream, from its first to the last with content, blank ones too, all of one width.
    Raises `BatchRefused`: file_empty when no sheet holds anything, file_unreadable when it is no workbook, broken or behind a
    password, file_unsafe when it unpacks, spreads or computes beyond the limits of `ingest.reading.workbooks`.
    """
    if size_of(payload) > LARGEST_PAYLOAD:
        raise _refused("too_large", where)
    with _Child(where) as child:
        child.send(json.dumps({"size": size_of(payload), "sheet": sheet, "known": [*known]}).encode() + b"\n")
        with opened(payload) as stream:
            while piece := stream.read(_PIECE):
                child.send(piece)
        answer = child.receive(_Answer)
        if answer.reason is not None or not answer.sheets:
            raise _refused(answer.reason, where)
        best = max(answer.sheets, key=lambda candidate: score(candidate.head))
        if best.width > MOST_COLUMNS:
            raise refusal("file_unsafe", where=where, allowed=say("at most {count} columns", count=f"{MOST_COLUMNS:,}"))
        child.send(f"{best.number}\n".encode())
        facts = child.receive(_Facts)
        yield FoundSheet(best.name, child.stream, facts.hidden_rows, facts.unread_sheets)


class _Child(io.RawIOBase):
    """The process that opens the workbook, and the stream of what it says; it never outlives the `with` block."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _START, *_FOLDERS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's last words may hold a cell
            bufsize=0,
            env={},
            cwd="/",
            start_new_session=True,
        )
        self.stream = io.BufferedReader(self, _PIECE)

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.stream.close()

    def send(self, piece: bytes) -> None:
        """Write all of it; a child that has ended says why when it is read."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(piece)

    def receive(self, model: type[_Line]) -> _Line:
        """The child's next line. Raises `BatchRefused` when it ends, falls silent or says something else."""
        line = self.stream.readline(_LONGEST_LINE)
        try:
            return model.model_validate_json(line)
        except ValidationError:
            raise _refused("too_large", self._where) from None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """What the child wrote next; at the end, whether it ended well."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], _LONGEST_SILENCE)[0]:
            self._process.kill()
            raise _refused("too_large", self._where)
        view = memoryview(buffer).cast("B")
        piece = os.read(self._process.stdout.fileno(), len(view))
        view[: len(piece)] = piece
        if not piece and self._process.wait() != 0:
            raise _refused("too_large" if self._process.returncode < 0 else "no_workbook", self._where)
        return len(piece)


def _refused(reason: str | None, where: str) -> BatchRefused:
    match reason:
        case "too_large":
            allowed = say(
                "a workbook whose sheet has at most {cells} cells from its first to its farthest one and {size} megabytes unpacked",
                cells=f"{LARGEST_GRID:,}",
                size=LARGEST_UNPACKED >> 20,
            )
            return refusal("file_unsafe", where=where, allowed=allowed)
        case "markup":
            return refusal(
                "file_unsafe", where=where, allowed=say("a workbook as a spreadsheet program saves it, without a document type of its own")
            )
        case "empty":
            return refusal("file_empty", where=where, allowed=say("a workbook with a sheet that is not hidden and holds a header and rows"))
        case "protected":
            return refusal("file_unreadable", where=where, allowed=say("a workbook that opens without a password"))
        case _:
            return refusal(
                "file_unreadable", where=where, allowed=say("a workbook of the kind .xlsx, .xls or .ods that its own program opens")
            )
