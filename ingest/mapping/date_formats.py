"""The date format of a column that its partner's file leaves open: found where only one is possible, else the partner is asked.

Here: the families of formats that are tried, and what a column's own texts leave of them. Never here: a preference among
orders that the texts allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from ingest.mapping.codes import readings, trimmed
from ingest.mapping.dates import ISO_CELL, ascii_digits, iso_date
from ingest.mapping.spoilt import is_error_sign

INVALID, AMBIGUOUS = "date_invalid", "date_order_ambiguous"
ROWS_LOOKED_AT = 200_000
_TIMES = (" %H:%M", " %H:%M:%S")
_ISO = ("%Y-%m-%d", "%Y-%m", "%Y", *(f"%Y-%m-%d{time}" for time in (*_TIMES, "T%H:%M:%S", "T%H:%M:%SZ")))


def _family(day: str, *partial: str) -> tuple[str, ...]:
    return (day, *partial, "%Y", *(day + time for time in _TIMES))


_SEPARATORS = "/.-"
FAMILIES = (
    _ISO,
    *(_family(f"%d{mark}%m{mark}%Y", f"%m{mark}%Y") for mark in _SEPARATORS),
    *(_family(f"%m{mark}%d{mark}%Y", f"%m{mark}%Y") for mark in _SEPARATORS),
    *(_family(f"%Y{mark}%m{mark}%d", f"%Y{mark}%m") for mark in "/."),
    *(_family(f"%d{mark}%m{mark}%y") for mark in _SEPARATORS),
    *(_family(f"%m{mark}%d{mark}%y") for mark in _SEPARATORS),
    *(_family(f"%y{mark}%m{mark}%d") for mark in _SEPARATORS),
    ("%Y%m%d",),
    ("%d %B %Y", "%d %b %Y", "%B %Y", "%b %Y", "%Y"),
    ("%d-%b-%Y", "%d-%B-%Y", "%b-%Y"),
    ("%d-%b-%y",),
    ("%B %d, %Y", "%b %d, %Y"),
    ("%a, %d/%m/%Y - %H:%M",),
    ("%a, %m/%d/%Y - %H:%M",),
)
"""Each is one way of writing dates, whole or in part: within a family no text has two meanings."""


@dataclass(frozen=True)
class DateSense:
    """How the dates of a column are read.

    `formats`: tried in order. `is_found`: they come from the column's own texts. `fault`: the code of the problem of
    every date of the column, where its texts leave no format or several; then the formats only tell what is a date.
    """

    formats: tuple[str, ...]
    is_found: bool = False
    fault: str | None = None


def declared(date_format: str) -> DateSense:
    """The format that the partner's file names."""
    return DateSense((date_format,))


def sense_of(texts: pl.Series, missing: Mapping[str, str], lookup: Mapping[str, str], *, is_spreadsheet: bool) -> DateSense:
    """What the texts of a column leave of the families.

    A text that no family reads decides nothing (its row is held by itself). Of the rest a family must read every one, and
    all families that do must give the same dates.
    """
    digits = _deciding(texts, missing, lookup, is_spreadsheet=is_spreadsheet)
    if digits.is_empty():
        return DateSense(_ISO)
    names = [str(position) for position in range(len(FAMILIES))]
    dates = digits.to_frame("text").select(
        iso_date(pl.col("text"), family, is_spreadsheet=False).alias(name) for name, family in zip(names, FAMILIES, strict=True)
    )
    dates = dates.filter(pl.any_horizontal(pl.all().is_not_null()))
    fitting = [position for position, name in enumerate(names) if dates.height and dates[name].null_count() == 0]
    if fitting and all(dates[names[fitting[0]]].equals(dates[names[other]]) for other in fitting[1:]):
        return DateSense(FAMILIES[fitting[0]], is_found=True)
    every = tuple(dict.fromkeys(date_format for family in FAMILIES for date_format in family))
    if fitting or _has_two_meanings(dates):
        return DateSense(every, fault=AMBIGUOUS)
    return DateSense(every, fault=INVALID)


def _deciding(texts: pl.Series, missing: Mapping[str, str], lookup: Mapping[str, str], *, is_spreadsheet: bool) -> pl.Series:
    """The distinct texts that say something of the format, in ASCII digits."""
    text = trimmed("text")
    said = readings(dict(lookup), missing).apply(text).is_null() & (text != "") & ~is_error_sign(text)
    found = texts.alias("text").unique().to_frame().filter(said.fill_null(False)).select(ascii_digits(text).alias("text").unique())
    return (found.filter(~pl.col("text").str.contains(ISO_CELL)) if is_spreadsheet else found).to_series()


def _has_two_meanings(dates: pl.DataFrame) -> bool:
    """Whether any text has different dates in different families."""
    several = dates.select(pl.concat_list(pl.all()).list.drop_nulls().list.n_unique() > 1).to_series()
    return bool(several.any())
