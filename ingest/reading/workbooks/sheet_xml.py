"""What the XML of an .xlsx workbook says that its reader does not hand on: extent, hidden rows, errors, lost formulas.

Here: which part of the archive holds which sheet, and one pass over a sheet's XML by patterns, several times faster than a
parser. Never here: the values of cells. Runs in the child process of `ingest.reading.spreadsheet`, so it imports little.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree

from ingest.reading.workbooks.unpacking import MEGABYTE, Archive, Stop

LONGEST_CELL = MEGABYTE
"""Excel ends at 32,767 characters; escaped, they are a fifth of this."""
NOT_AVAILABLE = "#N/A"
_LARGEST_INDEX = 16 * MEGABYTE
_USUAL_PLACE, _USUAL_ROW = re.compile(rb'r="([A-Z]{1,3})[0-9]'), re.compile(rb"<row(?=[\s/>])([^>]*)>")
_UNUSUAL = (b"<c>", b"<c/>", b":c", b":row")
_ROW_OR_CELL = re.compile(
    rb"<(?:\w+:)?(?:row(?=[\s/>])(?P<row>[^>]*)>|c(?P<attributes>\s[^>]*?)?(?:/>|>(?P<content>.*?)</(?:\w+:)?c>))", re.DOTALL
)
_ROOT, _TWO_BYTE_MARKS = re.compile(rb"<(\w+:)?worksheet[\s>]"), (b"\xff\xfe", b"\xfe\xff")
_ROW_NUMBER = re.compile(rb"""\sr\s?=\s?["']([0-9]{1,7})["']""")
_IS_HIDDEN = re.compile(rb"""\shidden\s?=\s?["'](?:1|true)["']""")
_PLACE = re.compile(rb"""\sr\s?=\s?["']([A-Z]{1,3})([0-9]{1,7})["']""")
_ERROR_TYPE = re.compile(rb"""\st\s?=\s?["']e["']""")
_TEXT_TYPE = re.compile(rb"""\st\s?=\s?["']str["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]+)<")
_ANY_VALUE = re.compile(rb"<(?:\w+:)?(?:v|is)[\s>]")
_FORMULA_WITHOUT_VALUE = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f(?:\s[^>]*)?/>)\s*(?:<(?:\w+:)?v>\s*</(?:\w+:)?v>|<(?:\w+:)?v\s*/>)?\s*</(?:\w+:)?c>"
)


@dataclass
class SheetFacts:
    """How far a sheet reaches (both counted from 1; 0 when nothing stands in it), and what must be laid over its cells."""

    rows: int = 0
    columns: int = 0
    cells: int = 0
    size: int = 0
    has_values: bool = False
    hidden_rows: int = 0
    signs: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    """Error signs by row and column, both from 0; a formula that was never calculated counts as #N/A."""


def sheet_parts(archive: Archive) -> dict[str, str]:
    """The archive's part by sheet name.

    Raises `Stop` no_workbook when the workbook does not say it.
    """
    try:
        targets = {
            relation.get("Id", ""): posixpath.normpath(posixpath.join("/xl", relation.get("Target", ""))).lstrip("/")
            for relation in ElementTree.fromstring(archive.whole("xl/_rels/workbook.xml.rels", _LARGEST_INDEX))
        }
        book = ElementTree.fromstring(archive.whole("xl/workbook.xml", _LARGEST_INDEX))
        sheets = [element for element in book.iter() if element.tag.rpartition("}")[2] == "sheet"]
        return {sheet.get("name", ""): targets[_relation_of(sheet)] for sheet in sheets if _relation_of(sheet) in targets}
    except (ElementTree.ParseError, KeyError, ValueError):
        raise Stop("no_workbook") from None


def facts_of(pieces: Iterator[bytes]) -> SheetFacts:
    """What one pass over the sheet's XML finds. Raises `Stop` too_large on a cell longer than a megabyte."""
    walk = _Walk(SheetFacts())
    for window in windows(pieces):
        walk.facts.size += len(window)
        walk.facts.has_values = walk.facts.has_values or _ANY_VALUE.search(window) is not None
        letters = _USUAL_PLACE.findall(window)
        is_usual = len(letters) == window.count(b"<c ") and not any(mark in window for mark in _UNUSUAL)
        if is_usual and not _has_signs(window):
            walk.skim(window, letters)
        else:
            walk.step_through(window)
    return walk.facts


def content_facts_of(pieces: Iterator[bytes], seen: SheetFacts, largest_grid: int) -> SheetFacts:
    """The facts without cells and rows that hold nothing but a format, which the first pass may count.

    Raises `Stop` too_large as soon as the cells with content spread over more than the largest grid.
    """
    walk = _Walk(replace(seen, rows=0, columns=0, cells=0, hidden_rows=0, signs={}))
    for window in windows(pieces):
        walk.step_through(window)
        if walk.facts.rows * walk.facts.columns > largest_grid:
            raise Stop("too_large")
    return walk.facts


class _Walk:
    """Where a pass over the cells stands, for a cell may leave out its place, as a row its number."""

    def __init__(self, facts: SheetFacts) -> None:
        self.facts = facts
        self._row = self._column = 0

    def skim(self, window: bytes, letters: list[bytes]) -> None:
        """Take in cells that all name their place and need no sign: the columns that were found, and the rows."""
        self.facts.cells += len(letters)
        self.facts.columns = max([self.facts.columns, *map(column_number, set(letters))])
        for attributes in _USUAL_ROW.findall(window):
            self._enter(attributes)
            self.facts.rows = max(self.facts.rows, self._row)
        self._column = column_number(letters[-1]) if letters else self._column

    def step_through(self, window: bytes) -> None:
        """Take in each cell with content by itself."""
        for found in _ROW_OR_CELL.finditer(window):
            if found["row"] is not None:
                self._enter(found["row"])
                continue
            attributes, content = found["attributes"] or b"", found["content"]
            place = _PLACE.search(attributes)
            row, self._column = (int(place[2]), column_number(place[1])) if place else (self._row, self._column + 1)
            if content:
                self._count(row, _sign(attributes, content))

    def _enter(self, attributes: bytes) -> None:
        number = _ROW_NUMBER.search(attributes)
        self._row, self._column = int(number[1]) if number else self._row + 1, 0
        self.facts.hidden_rows += _IS_HIDDEN.search(attributes) is not None

    def _count(self, row: int, sign: str | None) -> None:
        self.facts.cells += 1
        self.facts.rows, self.facts.columns = max(self.facts.rows, row), max(self.facts.columns, self._column)
        if sign is not None:
            self.facts.signs.setdefault(row - 1, []).append((self._column - 1, sign))


def column_number(letters: bytes) -> int:
    """The column that a spreadsheet calls by letters: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def windows(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces cut anew so that no cell and no row's tag lies across a cut.

    Raises `Stop`: too_large on a cell longer than a megabyte, no_workbook on characters of two bytes.
    """
    rest, marks = b"", (b"<c ", b"<row")
    for number, piece in enumerate(pieces):
        if number == 0:
            marks = _marks(piece)
        window = rest + piece
        cut = max(0, *map(window.rfind, marks))
        if len(window) - cut > LONGEST_CELL:
            raise Stop("too_large")
        yield window[:cut]
        rest = window[cut:]
    yield rest


def _marks(head: bytes) -> tuple[bytes, bytes]:
    """How a cell and a row begin: with the prefix, if any, of the sheet's root element."""
    if head.startswith(_TWO_BYTE_MARKS):
        raise Stop("no_workbook")
    root = _ROOT.search(head)
    prefix = root[1] or b"" if root else b""
    return b"<" + prefix + b"c ", b"<" + prefix + b"row"


def _has_signs(window: bytes) -> bool:
    """Whether a cell of the window needs a sign; plain searches first, for most sheets have neither errors nor formulas."""
    if (b'"e"' in window or b"'e'" in window) and _ERROR_TYPE.search(window):
        return True
    return (b"<f" in window or b":f" in window) and _FORMULA_WITHOUT_VALUE.search(window) is not None


def _sign(attributes: bytes, content: bytes) -> str | None:
    """The cell's error sign; a formula without a result was never calculated, unless its result is the empty text."""
    if _ERROR_TYPE.search(attributes):
        value = _VALUE.search(content)
        return value[1].decode("utf-8", "replace").strip() if value else NOT_AVAILABLE
    is_empty = _FORMULA_WITHOUT_VALUE.search(content + b"</c>") is not None
    return NOT_AVAILABLE if is_empty and not _TEXT_TYPE.search(attributes) else None


def _relation_of(sheet: ElementTree.Element) -> str:
    return next((value for key, value in sheet.items() if key.endswith("}id")), "")
