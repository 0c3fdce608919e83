"""One sheet of a workbook, whatever wrote it, and the text of each type of cell as a person sees it.

Here: what the child needs of a sheet, and cells to text. Never here: a file format, or what a cell means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

Cell = int | float | str | bool | time | date | datetime | timedelta
LARGEST_GRID = 20_000_000
"""Cells from A1 to the farthest one: a million rows of twenty columns. A reader lays all of them out in memory."""
_HALF_A_SECOND, _FIRST_OF_16_DIGITS = 500_000, 10**15


class Sheet(Protocol):
    """One worksheet; `hidden_rows` is None where the format hides it too deep."""

    @property
    def name(self) -> str: ...
    @property
    def is_hidden(self) -> bool: ...
    @property
    def has_content(self) -> bool: ...
    @property
    def hidden_rows(self) -> int | None: ...

    def rows(self) -> Iterator[list[str]]:
        """Every row from the sheet's first to the last with content, blank ones too, all of one width.

        Raises `Stop` too_large when the sheet spreads too far or its texts are too long.
        """
        ...


def text_of(cell: Cell) -> str:
    """The text of a cell: dates in ISO form, times to the nearest second, numbers with 15 digits as spreadsheets keep them.

    A number of 16 digits or more has lost some; it keeps its exponent (1.23456789012346E+17), by which it is found out.
    A line end inside a cell is one line feed, whatever the program wrote.
    """
    return _TEXTS[type(cell)](cell)


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _number(number: float) -> str:
    whole = int(number) if number.is_integer() else None
    return str(whole) if whole is not None and abs(whole) < _FIRST_OF_16_DIGITS else f"{number:.15g}".upper()


def _truth(cell: bool) -> str:
    return "1" if cell else "0"


def _clock(cell: time) -> str:
    """The time of day; half a second before midnight is no other day."""
    rounded = datetime.combine(date.min, cell) + timedelta(microseconds=_HALF_A_SECOND)
    return rounded.time().isoformat(timespec="seconds")


def _moment(cell: datetime) -> str:
    rounded = cell + timedelta(seconds=1) if cell.microsecond >= _HALF_A_SECOND else cell
    return (
        rounded.date().isoformat() if rounded.time().replace(microsecond=0) == time(0) else rounded.isoformat(sep=" ", timespec="seconds")
    )


def _duration(cell: timedelta) -> str:
    seconds = round(abs(cell).total_seconds())
    sign = "-" if cell < timedelta(0) else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: _line_ends,
    int: str,
    float: _number,
    bool: _truth,
    datetime: _moment,
    date: date.isoformat,
    time: _clock,
    timedelta: _duration,
}
