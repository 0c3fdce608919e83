"""Dates and whole numbers out of text, in polars expressions.

Here: a partner's date format as a pattern, ISO 8601 text of the precision it gives, digits of other scripts.
Never here: guessing an order of day and month; only the format of the specification says it.
"""

from __future__ import annotations

import re

import polars as pl

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
_ISO_CELL = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?: [0-9]{2}:[0-9]{2}:[0-9]{2})?$"


def ascii_digits(text: pl.Expr) -> pl.Expr:
    """The text with Arabic-Indic and Persian digits as ASCII digits and without the marks of writing direction."""
    return text.str.replace_many(_ASCII)


def iso_date(text: pl.Expr, date_format: str, *, is_spreadsheet: bool) -> pl.Expr:
    """ISO 8601 text of the precision that the format's directives give; null where the text is no such date.

    A cell that a spreadsheet holds as a date arrives in ISO form and is taken as such, whatever the format.
    Two-digit years follow POSIX: 69 to 99 are the twentieth century.
    """
    digits = ascii_digits(text)
    by_pattern = _by_pattern(digits, date_format)
    found = _by_strptime(digits, date_format) if by_pattern is None else by_pattern
    if not is_spreadsheet:
        return found
    day = digits.str.extract(_ISO_CELL, 1)
    return found.fill_null(pl.when(day.str.to_date("%Y-%m-%d", strict=False).is_not_null()).then(day))


def year_of(iso: pl.Expr) -> pl.Expr:
    """The year of an ISO 8601 text."""
    return iso.str.slice(0, 4).cast(pl.Int64, strict=False)


def is_before(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Whether one ISO date lies before another, as far as the coarser of the two tells."""
    shared = pl.min_horizontal(first.str.len_chars(), second.str.len_chars())
    return (first.str.slice(0, shared) < second.str.slice(0, shared)).fill_null(False)


def whole_number(text: pl.Expr, decimal: str) -> tuple[pl.Expr, pl.Expr]:
    """Whether each text is a whole number, and the number; null where it is none or exceeds 64 bits. 23,0 is 23."""
    digits = ascii_digits(text)
    pattern = rf"^([+-]?[0-9]+)(?:{re.escape(decimal)}0+)?$"
    return digits.str.contains(pattern), digits.str.extract(pattern, 1).str.strip_prefix("+").cast(pl.Int64, strict=False)


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
        return text.str.to_date(date_format, strict=False).dt.strftime("%Y-%m-%d")
    first_day = pl.concat_str(pl.lit("01 "), text)
    return first_day.str.to_date(f"%d {date_format}", strict=False).dt.strftime("%Y-%m")
