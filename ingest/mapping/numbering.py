"""The number of each record, out of the file's own column or of several columns that together make one.

Here: the number as an expression. Never here: rows that repeat one (`ingest.validation.whole_file`), or who is the same person (that is
linkage's question).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from ingest.mapping.codes import folded_labels, readings, trimmed
from schemas.vocabulary import signs_of_no_number

RECORD_ID = "source_record_id"


@dataclass(frozen=True)
class Numbering:
    """The columns that together number a record; none when the file has a number of its own."""

    columns: tuple[str, ...]

    def number(self, missing: Mapping[str, str]) -> pl.Expr:
        """The columns' texts joined by |; null when every one of them is missing."""
        texts = [trimmed(column).fill_null("") for column in self.columns]
        known = readings({}, missing)
        says_something = pl.any_horizontal(*(known.apply(text).is_null() & ~is_no_number(text) for text in texts))
        joined = pl.concat_str(texts, separator="|").str.replace_all("#", "##", literal=True)  # a single # opens an ordinal
        return pl.when(says_something).then(joined)


def is_no_number(text: pl.Expr) -> pl.Expr:
    """Whether a text stands in place of a number: without any letter or digit, or a usual sign of no answer."""
    signs = signs_of_no_number()
    short = pl.when(text.str.len_chars() <= 2 * max(map(len, signs))).then(text)
    return ~text.str.contains(r"[\p{L}\p{N}]") | folded_labels(short).is_in(sorted(signs)).fill_null(False)


def with_ordinal(number: pl.Expr, ordinal: pl.Expr) -> pl.Expr:
    """The number of a row that shares it with others: the first keeps it, the second gets #2, and so on."""
    numbered = pl.concat_str(number, pl.lit("#"), ordinal.cast(pl.String))
    return pl.when(ordinal > 1).then(numbered).otherwise(number)
