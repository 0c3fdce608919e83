"""Sheets of an .ods workbook, read by the standard library's XML parser (OpenDocument 1.3, part 3, sections 9.1 and 19.6).

Here: tables, repeated rows and cells, what each type of cell shows. Never here: how an archive unpacks.

Not by calamine, which drops tabs and line breaks inside a cell, reads an error that an older LibreOffice wrote as the number 0,
and lays out in memory whatever a cell says it is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from xml.parsers import expat

from ingest.reading.workbooks.limits import allow_memory
from ingest.reading.workbooks.shared_strings import LARGEST_TEXT
from ingest.reading.workbooks.sheet_xml import NOT_AVAILABLE
from ingest.reading.workbooks.sheets import LARGEST_GRID, Sheet, text_of
from ingest.reading.workbooks.unpacking import MEGABYTE, Archive, Stop

Run = str | tuple[str, int]
"""A cell, or a cell and how often it is repeated."""
Attributes = dict[str, str]
_CELLS = ("table:table-cell", "table:covered-table-cell")
_ASIDE = ("office:annotation", "text:note", "text:ruby-text", "table:table", "draw:", "dr3d:", "svg:", "form:", "office:forms")
_HIDING = ("collapse", "filter")
_GAPS = {"text:tab": "\t", "text:line-break": "\n"}
_SPACE = re.compile(r"[ \t\r\n]+")
_DURATION = re.compile(r"(-?)P(?:([0-9]{1,6})D)?T?(?:([0-9]{1,7})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]+)?)S)?")
_ERROR_SIGN, _ERROR_NUMBER = re.compile(r"#[^\s#0-9]\S*"), re.compile(r"Err:[0-9]{3}")
_SPARE, _DEEPEST = 96 * MEGABYTE, 200


class OdsSheet:
    """One table of the workbook, its rows as far as something stands in them."""

    def __init__(self, name: str, style: str) -> None:
        self.name, self.style = name, style
        self.is_hidden = False
        self.hidden_rows: int | None = 0
        self._rows: list[tuple[list[Run], int]] = []
        self._height = self._width = self._text = self._pending = self._pending_hidden = 0

    @property
    def has_content(self) -> bool:
        return self._width > 0

    def add(self, row: list[Run], repeated: int, *, is_hidden: bool) -> None:
        """Put a row below the others; blank rows wait until something stands below them.

        Raises `Stop` too_large when the sheet spreads too far or its texts are too long.
        """
        hidden = repeated if is_hidden else 0
        if not row:
            self._pending, self._pending_hidden = self._pending + repeated, self._pending_hidden + hidden
            return
        if self._pending:
            self._rows.append(([], self._pending))
        self._rows.append((row, repeated))
        self.hidden_rows = (self.hidden_rows or 0) + self._pending_hidden + hidden
        self._height += self._pending + repeated
        self._width = max(self._width, sum(1 if isinstance(run, str) else run[1] for run in row))
        self._text += repeated * sum(len(run) if isinstance(run, str) else len(run[0]) * run[1] for run in row)
        self._pending = self._pending_hidden = 0
        if self._height * self._width > LARGEST_GRID or self._text > LARGEST_TEXT:
            raise Stop("too_large")

    def rows(self) -> Iterator[list[str]]:
        for runs, repeated in self._rows:
            cells = [text for run in runs for text in ([run] if isinstance(run, str) else [run[0]] * run[1])]
            cells += [""] * (self._width - len(cells))
            for _ in range(repeated):
                yield cells


class _Content:
    """What the parser meets, kept as far as the sheets need it."""

    def __init__(self) -> None:
        self.sheets: list[OdsSheet] = []
        self.hidden_styles: set[str] = set()
        self._style = ""
        self._row: list[Run] = []
        self._row_attributes: Attributes = {}
        self._blanks = 0
        self._cell: Attributes | None = None
        self._paragraphs: list[str] = []
        self._texts: list[str] | None = None
        self._aside = self._depth = 0

    def start(self, name: str, attributes: Attributes) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:  # the parser would remember each open element until the memory ends, ever more slowly
            raise Stop("markup")
        if self._aside or (self._cell is not None and name.startswith(_ASIDE)):
            self._aside += 1
        elif name in _CELLS:
            self._cell, self._paragraphs = attributes, []
        elif self._cell is not None:
            self._start_in_cell(name, attributes)
        elif name == "table:table-row":
            self._row, self._blanks, self._row_attributes = [], 0, attributes
        elif name == "table:table":
            self.sheets.append(OdsSheet(attributes.get("table:name", ""), attributes.get("table:style-name", "")))
        elif name == "style:style":
            self._style = attributes.get("style:name", "")
        elif name == "style:table-properties" and attributes.get("table:display") == "false":
            self.hidden_styles.add(self._style)

    def _start_in_cell(self, name: str, attributes: Attributes) -> None:
        if name == "text:p":
            self._texts = []
        elif self._texts is not None and name == "text:s":
            self._texts.append(" " * min(_count(attributes, "text:c"), MEGABYTE))
        elif self._texts is not None and name in _GAPS:
            self._texts.append(_GAPS[name])

    def data(self, text: str) -> None:
        if self._texts is not None and not self._aside:
            self._texts.append(_SPACE.sub(" ", text))

    def end(self, name: str) -> None:
        self._depth -= 1
        if self._aside:
            self._aside -= 1
        elif name == "text:p" and self._texts is not None:
            self._paragraphs.append("".join(self._texts))
            self._texts = None
        elif name in _CELLS and self._cell is not None:
            self._end_cell(_cell_text(self._cell, "\n".join(self._paragraphs)), _count(self._cell, "table:number-columns-repeated"))
            self._cell = None
        elif name == "table:table-row" and self.sheets:
            is_hidden = self._row_attributes.get("table:visibility") in _HIDING
            self.sheets[-1].add(self._row, _count(self._row_attributes, "table:number-rows-repeated"), is_hidden=is_hidden)

    def _end_cell(self, text: str, repeated: int) -> None:
        if not text:
            self._blanks += repeated
            return
        if self._blanks:
            self._row.append(("", self._blanks))
            self._blanks = 0
        self._row.append(text if repeated == 1 else (text, repeated))


def open_ods(archive: Archive) -> list[Sheet]:
    """The tables in the workbook's order. Raises `Stop`: no_workbook, protected, markup or too_large."""
    if any(b"encryption-data" in piece for piece in archive.pieces("META-INF/manifest.xml")):
        raise Stop("protected")
    allow_memory(_SPARE + archive.size_of("content.xml"))
    content = _Content()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = content.start, content.end, content.data
    parser.StartDoctypeDeclHandler = _refuse_markup
    try:
        for piece in archive.pieces("content.xml"):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise Stop("no_workbook") from None
    for sheet in content.sheets:
        sheet.is_hidden = sheet.style in content.hidden_styles
    return list(content.sheets)


def _refuse_markup(*_: object) -> None:
    raise Stop("markup")


def _count(attributes: Attributes, name: str) -> int:
    digits = attributes.get(name, "1")
    if not digits.isascii() or not digits.isdigit():
        raise Stop("no_workbook")
    if len(digits) > 9:
        raise Stop("too_large")
    return max(int(digits), 1)


def _cell_text(cell: Attributes, shown: str) -> str:
    """What the cell shows; numbers, dates and times by their stored value, for what is shown of them is rounded or hashes."""
    kind = cell.get("office:value-type") or cell.get("calcext:value-type")
    if _ERROR_NUMBER.fullmatch(shown) or (kind is None and "table:formula" in cell and not shown):
        return NOT_AVAILABLE
    if kind not in _STORED or _ERROR_SIGN.fullmatch(shown):
        return shown or cell.get("office:string-value", "")
    attribute, text_from = _STORED[kind]
    return text_from(cell[attribute]) if attribute in cell else shown


def _number(text: str) -> str:
    with suppress(ValueError):
        return text_of(float(text))
    return text


def _truth(text: str) -> str:
    return text_of(text == "true")


def _date(text: str) -> str:
    with suppress(ValueError):
        return text_of(datetime.fromisoformat(text))
    return text


def _time(text: str) -> str:
    found = _DURATION.fullmatch(text)
    if found is None:
        return text
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups()[1:])
    return found[1] + text_of(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))


_STORED: dict[str, tuple[str, Callable[[str], str]]] = {
    "float": ("office:value", _number),
    "percentage": ("office:value", _number),
    "currency": ("office:value", _number),
    "date": ("office:date-value", _date),
    "time": ("office:time-value", _time),
    "boolean": ("office:boolean-value", _truth),
}
