"""The number of each record, stable under the order of rows, and the rows that repeat one.

Here: a file's own number, or columns that together make one; what the same row twice and the same number twice mean.
Never here: who is the same person (that is linkage's question).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from ingest.codes import readings, trimmed

CONTENT, NUMBER, UNIT = "content\x1f", "number\x1f", "unit\x1f"
"""Working columns: every cell of a row as one text, the number made of several columns, the unit or its mark."""
REPEATED, CONFLICTING = "repeated\x1f", "conflicting\x1f"
RECORD_ID = "source_record_id"
SET_ASIDE = "set aside"
"""The mark of a row about someone else, in place of its unit."""


@dataclass(frozen=True)
class Numbering:
    """The columns that together number a record; none when the file has a number of its own."""

    columns: tuple[str, ...]

    def number(self, missing: Mapping[str, str]) -> pl.Expr:
        """The columns' texts joined by |; null when every one of them is missing, or when the file has its own number."""
        if not self.columns:
            return pl.lit(None, dtype=pl.String)
        texts = [trimmed(column).fill_null("") for column in self.columns]
        known = readings({}, missing)
        says_something = pl.any_horizontal(*(known.apply(text).is_null() for text in texts))
        joined = pl.concat_str(texts, separator="|").str.replace_all("#", "##", literal=True)  # a single # opens an ordinal
        return pl.when(says_something).then(joined)


def number_records(rows: pl.DataFrame, numbering: Numbering) -> pl.DataFrame:
    """The rows with `source_record_id` settled, and two marks: the row repeats another, its number contradicts another's.

    Of equal rows the first by row number stays. Of rows that share the file's own number but differ, the one that comes
    first in the order of content stays, so that the order of rows changes nothing. A number made of columns gets an ordinal
    in the order of content when different rows share it. Rows without a unit or a number take no part; of rows set aside
    only repeats are told.
    """
    if numbering.columns:
        rows = rows.with_columns(pl.col(NUMBER).alias(RECORD_ID))
    takes_part = pl.col(RECORD_ID).is_not_null() & (pl.col(UNIT) != SET_ASIDE)
    candidates = rows.select("row_number", RECORD_ID, CONTENT).filter(rows.select(takes_part.fill_null(False)).to_series())
    marked = candidates.select("row_number", ordinal=pl.col(CONTENT).rank("dense").over(RECORD_ID))
    rows = rows.join(marked, on="row_number", how="left", maintain_order="left")
    is_later = pl.col("row_number") > pl.col("row_number").min().over(RECORD_ID, CONTENT)
    repeats = (is_later & pl.col(RECORD_ID).is_not_null() & pl.col(UNIT).is_not_null()).fill_null(False)
    differs = (pl.col("ordinal") > 1).fill_null(False)
    if numbering.columns:
        with_ordinal = pl.concat_str(pl.col(RECORD_ID), pl.lit("#"), pl.col("ordinal").cast(pl.String))
        settled = rows.with_columns(pl.when(differs).then(with_ordinal).otherwise(pl.col(RECORD_ID)).alias(RECORD_ID))
        return settled.with_columns(repeats.alias(REPEATED), pl.lit(False).alias(CONFLICTING))
    return rows.with_columns(repeats.alias(REPEATED), (differs & ~repeats).alias(CONFLICTING))
