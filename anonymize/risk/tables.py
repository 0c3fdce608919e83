"""What every measure begins with: columns of a published table as plain text, and the class of each person.

Here: how a null is read, and which rows look the same. Never here: a measure.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from schemas.errors import SpecificationError
from schemas.missing import SUPPRESSED


def plain(published: pl.DataFrame, columns: Sequence[str], *, prefix: str) -> pl.DataFrame:
    """The columns as text under the names prefix0, prefix1, ..., a null as `suppressed`; names of the table cannot clash with ours.

    Raises `SpecificationError` with every column that the table lacks.
    """
    absent = [f"the table has no column {column}" for column in columns if column not in published.columns]
    if absent:
        raise SpecificationError(
            absent,
            where=f"a published table of {published.width} column(s)",
            allowed="columns of the table",
            next_step="name the columns that are to be measured, then measure again",
        )
    return published.select(
        pl.col(column).cast(pl.String).fill_null(SUPPRESSED).alias(f"{prefix}{at}") for at, column in enumerate(columns)
    )


def numbered(published: pl.DataFrame, quasi: Sequence[str]) -> pl.DataFrame:
    """One row a person, in the order of the table, with the number of its `class`: 0, 1, ... by first appearance.

    A class is all persons that share the labels of every quasi-identifier, the wholly suppressed one included; without
    quasi-identifiers all persons are one class.
    """
    if not quasi:
        return pl.DataFrame({"class": pl.zeros(published.height, dtype=pl.UInt32, eager=True)})
    labels = plain(published, quasi, prefix="q")
    classes = labels.unique(maintain_order=True).with_row_index("class")
    return labels.join(classes, on=labels.columns, how="left", maintain_order="left").select("class")
