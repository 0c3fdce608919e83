"""Tell the rows below a header that are no records: blank rows, the header again, totals.

Here: the same rules for one row, and for a whole frame at once. Never here: cutting text into rows, or what a record says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from schemas.folding import folded_header

TOTALS = frozenset(
    folded_header(word)
    for word in (
        "total", "totals", "grand total", "subtotal", "sub-total", "sum", "totaux", "total général", "sous-total", "somme",
        "totales", "total general", "gesamt", "suma", "suma total", "المجموع", "مجموع", "المجموع الكلي", "الإجمالي", "الاجمالي", "إجمالي",
    )
)  # fmt: skip
"""Words, folded, that stand before the figures of a totals row."""
_AROUND_A_WORD = " :.=*"
_AROUND = r"\s:.=*\ufeff"
_BETWEEN = "\x1f"
_BLANK = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())  # it holds _BETWEEN
_INDEX = "index "  # no header ends with a space
_NUMBER = re.compile(r"[\s(+-]*[\s\d.,'%)٫٬]*")  # a date has its marks between digits


@dataclass(frozen=True)
class RowRules:
    """What tells a record from the other rows of a file."""

    header: tuple[str, ...]
    totals_marker: str | None

    def reason(self, cells: Sequence[str]) -> str | None:
        """Why a row is no record, or None; a row of another length than the header is row_ragged when nothing else says more."""
        texts = [cell.strip() for cell in cells]
        first = next((folded_header(text).strip(_AROUND_A_WORD) for text in texts if text), None)
        if first is None:
            return "row_blank"
        if self._is_header(cells):
            return "header_repeated"
        if first == self._marker or (first in TOTALS and self._holds_numbers_alone(texts)):
            return "totals_row"
        return "row_ragged" if len(cells) != len(self.header) else None

    def reasons(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of a frame of text that are no records: `index` and `code`. Its columns are those of the header."""
        first, key = (pl.col(frame.columns[position]) for position in (0, self._key_column))
        is_like_header = (key.str.normalize("NFC") if self._has_accents else key).str.contains(self._like_header)
        is_suspect = first.str.contains(self._like_totals_or_blank) | is_like_header
        suspects = frame.with_row_index(_INDEX).filter(is_suspect)
        together = pl.concat_str(pl.all().exclude(_INDEX), separator=_BETWEEN).str.strip_chars_start(_BLANK)
        is_blank = together == ""
        blank = suspects.filter(is_blank).select(_INDEX, pl.lit("row_blank").alias("code"))
        first_text = together.str.extract(f"^([^{_BETWEEN}]*)")
        others = suspects.filter(~is_blank & (first_text.str.contains(self._like_totals_or_blank) | is_like_header))
        found = [(row[0], code) for row in others.iter_rows() if (code := self.reason(row[1:])) is not None]
        return pl.concat([blank, pl.DataFrame(found, schema=blank.schema, orient="row")]).rename({_INDEX: "index"})

    def may_be_no_record(self, texts: pl.Series, separator: str) -> pl.Series:
        """Whole records as text that may be a totals or a blank row and are to be told one by one; others are neither."""
        mark = re.escape(separator)
        like = rf'(?i)^["{_AROUND}\x1c-\x1f{mark}]*(?:(?:{self._words})["{_AROUND}]*(?:{mark}|$)|$)'
        return texts.str.normalize("NFC").str.contains(like)

    @cached_property
    def first_signs_of_totals(self) -> bytes:
        """The bytes below 128 that a totals row may begin with; what begins beyond them may be one as well."""
        words = [*TOTALS, self._marker or ""]
        letters = {sign for word in words for sign in (word[:1], word[:1].upper())}
        return "".join(sorted(sign for sign in letters if sign.isascii())).encode() + (_AROUND_A_WORD + '"').encode()

    @cached_property
    def _words(self) -> str:
        return "|".join(_loosely(word) for word in sorted(TOTALS | ({self._marker} if self._marker else set())))

    @cached_property
    def _like_totals_or_blank(self) -> str:
        """Matches every text that may begin a blank or a totals row; which of them do is told one by one."""
        return rf"(?i)^[{_AROUND}]*(?:{self._words})?[{_AROUND}]*$"

    @cached_property
    def _like_header(self) -> str:
        """Matches the cell of every row that may repeat the header."""
        return rf"(?i)^[{_AROUND}]*{_loosely(self._folded_header[self._key_column])}[{_AROUND}]*$"

    @cached_property
    def _has_accents(self) -> bool:
        return not self._folded_header[self._key_column].isascii()

    @cached_property
    def _folded_header(self) -> list[str]:
        return [folded_header(cell) for cell in self.header]

    @cached_property
    def _key_column(self) -> int:
        """A column that has a header, better one in plain letters, by which a repeated header is suspected."""
        named = [position for position, text in enumerate(self._folded_header) if text]
        return next((position for position in named if self._folded_header[position].isascii()), [*named, 0][0])

    @cached_property
    def _marker(self) -> str | None:
        return None if self.totals_marker is None else folded_header(self.totals_marker).strip(_AROUND_A_WORD)

    def _is_header(self, cells: Sequence[str]) -> bool:
        if len(cells) != len(self.header) or folded_header(cells[self._key_column]) != self._folded_header[self._key_column]:
            return False
        return [folded_header(cell) for cell in cells] == self._folded_header

    def _holds_numbers_alone(self, texts: Sequence[str]) -> bool:
        """Whether, but for the word, every cell is blank or a number: a row with a date or a name is someone."""
        return sum(bool(text) and _NUMBER.fullmatch(text) is None for text in texts) == 1


def _loosely(text: str) -> str:
    """A pattern for a folded text in any spacing and with either apostrophe."""
    return r"[\s\ufeff]+".join(re.escape(word).replace("'", "['\u2019]") for word in text.split())
