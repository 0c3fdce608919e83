"""Why a file of text is no table: the first thing that is wrong with it, by kind and place, no cell shown.

Here: the header, the encoding, the cells of each line, read slowly once the reading failed. Never here: a table that can be read.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path


def separator_of(header: str) -> str:
    """What stands between the cells: what is most often in the first line, a semicolon where nothing is."""
    return max(";,\t", key=header.count)


def fault_of_text(path: Path) -> str:
    """The first fault of a CSV file, in words with numbers of lines and columns from 1; nothing where none is found."""
    try:
        return _fault_of_encoding(path) or _fault_of_lines(path)
    except OSError:
        return "the system does not let it be read"
    except csv.Error:
        return "its quotation marks do not close, or a cell is longer than a table should have"


def _fault_of_encoding(path: Path) -> str:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return f"line {number} is not UTF-8"
    return ""


def _fault_of_lines(path: Path) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        separator = separator_of(file.readline())
        file.seek(0)
        reader = csv.reader(file, delimiter=separator, strict=True)
        header = next(reader, [])
        if not header:
            return "it has no header"
        if fault := _fault_of_header(header):
            return fault
        for line in reader:
            if line and len(line) != len(header):
                return f"line {reader.line_num} has {len(line)} cell(s), the header {len(header)}"
    return ""


def _fault_of_header(header: Sequence[str]) -> str:
    names = [name.casefold() for name in header]
    for place, name in enumerate(names, start=1):
        if name in names[: place - 1]:
            return f"columns {names.index(name) + 1} and {place} have one name, or names that differ in capitals alone"
    return ""
