"""The header among the first rows of a file, and the names its columns go by from there on.

Here: comparing the columns that are there with those a partner's file says. Never here: the rows below the header.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.refusals import refusal
from schemas.folding import folded_header
from schemas.messages import say
from schemas.partner import PartnerFile

SEARCHED_ROWS = 20
SHARE_NEEDED = 0.5
ROW_NUMBER = "row_number"
MOST_COLUMNS = 2_000
"""A case file has some tens; wider ones cost far more time than their bytes."""
_MAY_NAME_A_PERSON = re.compile(r"\d{5}|@|.{81}", re.DOTALL)


@dataclass(frozen=True)
class HeaderFit:
    """How well one row serves as the header of a partner's file."""

    index: int  # among the rows of the file, blank ones counted
    cells: tuple[str, ...]
    mapped_share: float  # of the columns the file needs, how many are there
    likeness: float  # Dice's coefficient of the columns there and the columns known


def may_name_a_person(header: str) -> bool:
    """Whether an unknown header looks like a value that slipped into the header's row: then it is named by its place alone."""
    return _MAY_NAME_A_PERSON.search(header) is not None


def place_of(position: int) -> str:
    """A column by its place alone, from 1, and the letters that a spreadsheet shows above it: `column 25 (Y)`."""
    return f"column {position} ({letters_of(position)})"


def letters_of(position: int) -> str:
    """The letters that a spreadsheet shows above a column, by its place from 1."""
    letters, left = "", position
    while left:
        left, letter = divmod(left - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def column_name(header: str) -> str:
    """The column of the frame for a header of the specification; a partner's own `row_number` must not hide ours."""
    return f"{ROW_NUMBER} " if header == ROW_NUMBER else header


def mapped_headers(file: PartnerFile) -> frozenset[str]:
    """The columns the file needs: all it knows but those it ignores on purpose and those a sound file may lack."""
    needed = file.known_headers() - set(file.ignored) - set(file.optional)
    return needed | set(file.record_id)


def spellings(file: PartnerFile) -> dict[str, str]:
    """Folded header -> the column of the specification; also for the other headers that a column goes by."""
    also = {folded_header(other): name for other, name in sorted(file.synonyms().items())}
    return also | {folded_header(name): name for name in sorted(file.known_headers())}


def best_header(rows: Sequence[Sequence[str]], file: PartnerFile) -> HeaderFit | None:
    """The row among the first non-blank ones that holds most of the known columns; None when no row holds any.

    A header that is split over two rows is one: a cell left blank below takes the text above it.
    """
    names = spellings(file)
    known, mapped = set(names.values()), mapped_headers(file)
    best: HeaderFit | None = None
    most = 0
    for index, cells in _candidates(rows):
        texts = {text for text in map(folded_header, cells) if text}
        there = {names[text] for text in texts & names.keys()}
        if len(there) > most:
            most = len(there)
            likeness = 2 * len(there) / (len(texts) + len(known))
            best = HeaderFit(index, tuple(cells), len(there & mapped) / len(mapped), likeness)
    return best


def _candidates(rows: Sequence[Sequence[str]]) -> Iterator[tuple[int, Sequence[str]]]:
    """Each of the first non-blank rows alone, then each with the row above it filled in."""
    searched = [index for index, cells in enumerate(rows) if any(cell.strip() for cell in cells)][:SEARCHED_ROWS]
    for index in searched:
        yield index, rows[index]
    for index in searched[1:]:
        above, below = rows[index - 1], rows[index]
        if len(above) == len(below):
            yield index, [lower if lower.strip() else upper for upper, lower in zip(above, below, strict=True)]


def column_names(cells: Sequence[str], file: PartnerFile) -> tuple[str, ...]:
    """The header's texts in the specification's spelling; unnamed and repeated columns by their position.

    Raises `BatchRefused` column_repeated when a column that is needed stands twice, also under two of its headers.
    """
    spelling = spellings(file)
    keys = [folded_header(cell) for cell in cells]
    times = Counter(spelling.get(key) for key in keys)
    doubled = sorted(name for name in mapped_headers(file) | set(file.optional) if times[name] > 1)
    if doubled:
        raise refusal("column_repeated", where=f"{file.name}: {', '.join(doubled)}", allowed=say("each mapped column once"))
    names: dict[str, None] = {}
    for position, (key, cell) in enumerate(zip(keys, cells, strict=True), start=1):
        name = column_name(spelling.get(key, cell.replace("\ufeff", "").strip()))
        if not name or name in names or "\ufffd" in name or "\0" in name:
            name = f"column {position}"
        while name in names:
            name += "'"
        names[name] = None
    return tuple(names)
