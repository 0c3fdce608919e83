"""Birth dates, genders and countries of a table of reports, written as linkage compares them, and how many could not be.

Here: day and month in the order that a partner's own dates show, names of genders and countries as codes, counts of the rest.
Never here: a guess; what is not understood is left as it is written, and its column and count are said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pycountry

from ingest.mapping.dates import ascii_digits, iso_date
from linkage.births import births
from linkage.table import REQUIRED
from schemas.folding import folded_label
from schemas.missing import UNKNOWN
from schemas.vocabulary import signs_of_no_number, vocabulary

_PARTNER = REQUIRED[1]
_CODED = {"gender_code": "gender", "citizenship_code": "country"}
_MARKS = "/.-"
_YEAR_LAST = r"^[0-9]{1,2}([-/.])[0-9]{1,2}[-/.][0-9]{4}$"
_UNKNOWN_DAY = "0000"
"""How databases begin a date that nobody knows."""
_FEMALE, _MALE = "f", "h"
"""The other letter beside M: M is the man beside F, the woman (mujer) beside H."""


@dataclass(frozen=True)
class CellsRead:
    """How the filled cells of one of our columns were understood; `unread` could not be, `reordered` had the year last."""

    column: str
    filled: int
    unread: int
    reordered: int = 0


def readable(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[CellsRead, ...]]:
    """The rows with birth dates in ISO order and codes for genders and countries, as far as they can be understood; and the counts.

    `frame` has the columns of linkage as text, a blank cell null. A date with the year last is put in order where dates of the same
    partner with the same mark show which number is the day: at least one above 12 in that place, and none in the other. M is read as man
    in a table that has F, and as woman in one that has H. What stands for "not known" in one of our lists counts as understood.
    """
    found = []
    if "birth_date" in frame.columns:
        frame, cells = _dated(frame)
        found.append(cells)
    for column in _CODED:
        if column in frame.columns:
            frame, cells = _coded(frame, column)
            found.append(cells)
    return frame, tuple(found)


def _dated(frame: pl.DataFrame) -> tuple[pl.DataFrame, CellsRead]:
    dated = frame.with_columns(ascii_digits(pl.col("birth_date"))).with_columns(_in_order().alias("__iso"))
    reordered = dated["__iso"].count()
    dated = dated.with_columns(pl.coalesce("__iso", "birth_date").alias("birth_date")).drop("__iso")
    distinct = dated["birth_date"].drop_nulls().unique()
    others = births(distinct).filter(pl.col("birth_year").is_null() & ~pl.col("birth_date").str.starts_with(_UNKNOWN_DAY))["birth_date"]
    not_understood = set(others) - set(_signs(others))
    unread = dated.filter(pl.col("birth_date").is_in(list(not_understood))).height
    return dated, CellsRead("birth_date", dated["birth_date"].count(), unread, reordered)


def _in_order() -> pl.Expr:
    """ISO text of a date with the year last, where the partner's own dates show the order; else null."""
    text = pl.col("birth_date")
    day_first, month_first = (
        iso_date(text, [mark.join(parts) for mark in _MARKS], is_spreadsheet=False) for parts in (("%d", "%m", "%Y"), ("%m", "%d", "%Y"))
    )
    by = [pl.col(_PARTNER), text.str.extract(_YEAR_LAST)]
    shows_day_first = (day_first.is_not_null() & month_first.is_null()).any().over(by)
    shows_month_first = (month_first.is_not_null() & day_first.is_null()).any().over(by)
    return pl.when(shows_day_first & ~shows_month_first).then(day_first).when(shows_month_first & ~shows_day_first).then(month_first)


def _coded(frame: pl.DataFrame, column: str) -> tuple[pl.DataFrame, CellsRead]:
    distinct = frame[column].drop_nulls().unique()
    codes = _genders(distinct) if column == "gender_code" else _countries(distinct)
    for sign in _signs(distinct):
        codes.setdefault(sign, UNKNOWN)
    text = pl.col(column)
    unread = frame.filter(text.is_not_null() & ~text.is_in(list(codes))).height
    return frame.with_columns(text.replace(codes)), CellsRead(column, frame[column].count(), unread)


def _genders(distinct: pl.Series) -> dict[str, str]:
    known = {folded_label(name): code for name, code in vocabulary("gender").names().items()}
    folds = {text: folded_label(text) for text in distinct}
    letters = set(folds.values())
    if (_FEMALE in letters) != (_MALE in letters):
        known["m"] = known[_FEMALE] if _MALE in letters else known[_MALE]
    return {text: known[fold] for text, fold in folds.items() if fold in known}


def _countries(distinct: pl.Series) -> dict[str, str]:
    # Most tables have nothing but codes, and the names of all countries take half a second to gather.
    codes = {country.alpha_2 for country in pycountry.countries}
    if codes.issuperset(distinct):
        return {text: text for text in distinct}
    countries = vocabulary("country")
    written: Mapping[str, str] = countries.codes_as_written(holds_codes=True)
    names = {folded_label(name): code for name, code in countries.names().items()}
    found = {text: written.get(text, names.get(folded_label(text))) for text in distinct}
    return {text: code for text, code in found.items() if code is not None}


def _signs(distinct: pl.Series) -> list[str]:
    """Which of the texts say that something is not known."""
    signs = signs_of_no_number() | {folded_label(text) for text in vocabulary("missing").readings()}
    return [text for text in distinct if folded_label(text) in signs]
