"""Read a birth date of any precision as year, month and day as far as stated, in polars expressions.

Here: the ways partners write a birth date. Never here: a comparison of two dates, an age.
"""

from __future__ import annotations

import polars as pl

# ISO 8601 in its extended and basic forms, to the year, the month or the day; a time of day after the date is not of interest.
_SEPARATED = r"^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:[T ].*)?$"
_COMPACT = r"^(\d{4})(\d{2})(\d{2})$"


def births(values: pl.Series) -> pl.DataFrame:
    """One row a value (column `birth_date`), with what it states.

    birth_year, birth_month, birth_day: numbers as far as stated, null where not. 1 January is how a known year is written, so it
    states the year only. Where the month cannot be one but the day can (1990-17-05), the two were swapped and are put right; any other
    impossible date keeps its stated digits, since a typing error made it and all its digits but one are right.
    birth_text: the eight digits stated, null where no day was.
    """
    written = pl.col("birth_date").str.replace_all("[/.]", "-")
    # Databases write 0000-00-00 for a date that nobody knows.
    text = pl.when(~written.str.starts_with("0000")).then(written)
    parts = [
        pl.coalesce(text.str.extract(_SEPARATED, group), text.str.extract(_COMPACT, group)).cast(pl.Int32, strict=False).alias(name)
        for group, name in enumerate(("birth_year", "stated_month", "stated_day"), 1)
    ]
    frame = pl.DataFrame({"birth_date": values}, schema={"birth_date": pl.String}).with_columns(parts)
    return frame.with_columns(_text()).with_columns(_put_right()).drop("stated_month", "stated_day")


def _text() -> pl.Expr:
    digits = [pl.col(name).cast(pl.String).str.zfill(width) for name, width in (("birth_year", 4), ("stated_month", 2), ("stated_day", 2))]
    return pl.concat_str(digits).alias("birth_text")


def _put_right() -> list[pl.Expr]:
    month, day = pl.col("stated_month"), pl.col("stated_day")
    is_swapped = ((month > 12) & (month <= 31) & (day >= 1) & (day <= 12)).fill_null(value=False)
    is_year_only = ((month == 1) & (day == 1)).fill_null(value=False)
    return [
        pl.when(is_swapped).then(day).when(~is_year_only).then(month).alias("birth_month"),
        pl.when(is_swapped).then(month).when(~is_year_only).then(day).alias("birth_day"),
    ]
