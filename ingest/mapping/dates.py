"""Dates and whole numbers out of text, in polars expressions.

Here: a date format as a pattern, ISO 8601 text of the precision it gives, day numbers, digits of other scripts.
Never here: guessing an order of day and month; `ingest.mapping.date_formats` finds one or has the partner asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from schemas.partner import DAY_NUMBERS

EPOCHS = dict(zip(DAY_NUMBERS, (date(1899, 12, 30), date(1904, 1, 1)), strict=True))
"""The day that a spreadsheet's day numbers count from, from March 1900 on."""
_FOREIGN_DIGITS = {chr(start + digit): str(digit) for start in (0x0660, 0x06F0) for digit in range(10)}
_DIRECTION_MARKS = dict.fromkeys("\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069", "")
_ASCII = _FOREIGN_DIGITS | _DIRECTION_MARKS | {"٫": "."}
_DIRECTIVES = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "H": r"[0-9]{1,2}",
    "M": r"[0-9]{2}",
    "S": r"[0-9]{2}",
    "f": r"[0-9]{1,9}",
    "%": "%",
}
ISO_CELL = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?: [0-9]{2}:[0-9]{2}:[0-9]{2})?$"
"""A cell that a spreadsheet holds as a date, as it arrives."""
_DAY_NUMBER = r"^([0-9]{1,6})(?:[.,][0-9]+)?$"
_BEFORE_FALSE_LEAP_DAY = 60  # spreadsheets count a 29 February 1900 that never was


def ascii_digits(text: pl.Expr) -> pl.Expr:
    """The text with Arabic-Indic and Persian digits as ASCII digits and without the marks of writing direction."""
    return text.str.replace_many(_ASCII)


def iso_date(digits: pl.Expr, formats: Sequence[str], *, is_spreadsheet: bool) -> pl.Expr:
    """ISO 8601 text of the precision that the first fitting format gives; null where the text is no such date.

    `digits`: trimmed text in ASCII digits. A cell that a spreadsheet holds as a date arrives in ISO form and is taken as
    such, whatever the format. Two-digit years follow POSIX: 69 to 99 are the twentieth century.
    """
    found = pl.coalesce(*(_by_format(digits, date_format) for date_format in formats))
    if not is_spreadsheet:
        return found
    day = digits.str.extract(ISO_CELL, 1)
    return found.fill_null(pl.when(day.str.to_date("%Y-%m-%d", strict=False).is_not_null()).then(day))


def swapped(date_format: str) -> str | None:
    """The format with day and month in the other order; None where it does not give both as numbers."""
    directives = re.findall(r"%.", date_format)
    if date_format in DAY_NUMBERS or directives.count("%d") != 1 or directives.count("%m") != 1:
        return None
    return re.sub(r"%[dm]", lambda found: "%m" if found.group() == "%d" else "%d", date_format)


def year_of(iso: pl.Expr) -> pl.Expr:
    """The year of an ISO 8601 text."""
    return iso.str.slice(0, 4).cast(pl.Int64, strict=False)


def is_before(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Whether one ISO date lies before another, as far as the coarser of the two tells."""
    shared = pl.min_horizontal(first.str.len_chars(), second.str.len_chars())
    return (first.str.slice(0, shared) < second.str.slice(0, shared)).fill_null(False)


def contradicts(age: pl.Expr, birth: pl.Expr, registration: pl.Expr) -> pl.Expr:
    """Whether an age in years is impossible between two ISO dates, give or take a year.

    Ages are often those of another moment of the case, or counted by calendar years: a year more or less is let pass.
    """
    is_exact = (birth.str.len_chars() == 10) & (registration.str.len_chars() == 10)
    is_before_birthday = registration.str.slice(5) < birth.str.slice(5)
    years = year_of(registration) - year_of(birth)
    most = years - (is_exact & is_before_birthday).cast(pl.Int64)
    least = pl.when(is_exact).then(most).otherwise(years - 1)
    return ~age.is_between(least - 1, most + 1).fill_null(True)


def whole_number(text: pl.Expr, decimal: str) -> tuple[pl.Expr, pl.Expr]:
    """Whether each text is a whole number, and the number; null where it is none or exceeds 64 bits.

    23,0 and 23,00 are 23; 23,000 may be a decimal or twenty-three thousand, so it is neither.
    """
    digits = ascii_digits(text)
    pattern = rf"^([+-]?[0-9]+)(?:{re.escape(decimal)}0{{1,2}})?$"
    return digits.str.contains(pattern), digits.str.extract(pattern, 1).str.strip_prefix("+").cast(pl.Int64, strict=False)


def _by_format(text: pl.Expr, date_format: str) -> pl.Expr:
    if date_format in DAY_NUMBERS:
        return _by_day_number(text, date_format)
    by_pattern = _by_pattern(text, date_format)
    return _by_strptime(text, date_format) if by_pattern is None else by_pattern


def _by_day_number(text: pl.Expr, epoch: str) -> pl.Expr:
    """The date of a spreadsheet's day number (ECMA-376 part 1, 18.17.4.1); its fraction is the time of day."""
    number = text.str.extract(_DAY_NUMBER, 1).cast(pl.Int64, strict=False)
    later = _days_after(EPOCHS[epoch], number)
    if epoch != DAY_NUMBERS[0]:
        return later
    earlier = _days_after(EPOCHS[epoch] + timedelta(days=1), number)
    return pl.when(number > _BEFORE_FALSE_LEAP_DAY).then(later).when(number.is_between(1, _BEFORE_FALSE_LEAP_DAY - 1)).then(earlier)


def _days_after(first: date, number: pl.Expr) -> pl.Expr:
    return (pl.lit(first) + pl.duration(days=number)).dt.strftime("%Y-%m-%d")


def _by_pattern(text: pl.Expr, date_format: str) -> pl.Expr | None:
    """The date by a regular expression; None when the format has a directive other than those of numbers."""
    steps = re.findall(r"%.|[^%]+", date_format)
    if any(step.startswith("%") and step[1:] not in _DIRECTIVES for step in steps):
        return None
    pattern = "^" + "".join(_DIRECTIVES[step[1]] if step.startswith("%") else re.escape(step) for step in steps) + "$"
    group = {name: position for position, name in enumerate(re.findall(r"\(\?P<(\w)>", pattern), start=1)}
    plain = re.sub(r"\?P<\w>", "", pattern)
    parts = {name: text.str.extract(plain, position) for name, position in group.items()}
    return _iso(parts)


def _iso(parts: dict[str, pl.Expr]) -> pl.Expr:
    """ISO text from year, month and day, where they are a real date."""
    year = parts.get("Y")
    if year is None and "y" in parts:
        century = pl.when(parts["y"].cast(pl.Int64, strict=False) >= 69).then(pl.lit("19")).otherwise(pl.lit("20"))
        year = pl.concat_str(century, parts["y"])
    if year is None:
        return pl.lit(None, dtype=pl.String)
    known = [year]
    if "m" in parts:
        known.append(parts["m"].str.zfill(2))
        if "d" in parts:
            known.append(parts["d"].str.zfill(2))
    first_day = pl.concat_str(*known, *[pl.lit("01")] * (3 - len(known)), separator="-")
    is_real = first_day.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    return pl.when(is_real).then(pl.concat_str(*known, separator="-"))


def _by_strptime(text: pl.Expr, date_format: str) -> pl.Expr:
    """The date by polars' own reading, for names of months and the like (English)."""
    has_day = any(directive in date_format for directive in ("%d", "%e", "%j", "%D", "%F", "%x"))
    if has_day:
        return _since_four_digits(text.str.to_date(date_format, strict=False)).dt.strftime("%Y-%m-%d")
    first_day = pl.concat_str(pl.lit("01 "), text)
    return _since_four_digits(first_day.str.to_date(f"%d {date_format}", strict=False)).dt.strftime("%Y-%m")


def _since_four_digits(day: pl.Expr) -> pl.Expr:
    """Only days whose year was written in full: polars reads the 24 of 31-Jan-24 as the year 24 where %Y is asked for."""
    return pl.when(day.dt.year() >= 1000).then(day)
