"""The flags of the persons in a file of their own, joined to the table by groups of many persons.

Here: the flags' columns out of the file, the nested table into one. Never here: how groups are made or which cells are
withheld (`anonymize.flags`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa

from anonymize.files.request import GROUP, FlagRequest, Request
from anonymize.files.source import Source, quoted, reading
from anonymize.files.writing import Published
from anonymize.flags.nesting import nest_flags
from anonymize.flags.spec import FlagSpec
from anonymize.hierarchy import Hierarchy
from engine.row_groups import regrouped, write_row_groups
from schemas.missing import SUPPRESSED, UNKNOWN


def write_flags(
    source: Source, published: Published, flags: FlagRequest, request: Request, hierarchies: Sequence[Hierarchy], path: Path
) -> Published:
    """Write the flags to `path`, a null flag as `unknown`, and give every row of the table its group.

    The labels of all rows and their flags are held in memory. Raises `SpecificationError` for what cannot be nested.
    """
    unknown = (UNKNOWN, *request.not_known)
    spec = FlagSpec(columns=flags.columns, k=request.conditions.k, group=flags.group, width=flags.width, unknown=unknown)
    with reading(source.path):
        cells = source.relation().project(", ".join(map(quoted, flags.columns))).to_arrow_table()
    nested = nest_flags(_core(published, request), pl.DataFrame(cells).fill_null(UNKNOWN), spec, hierarchies)
    shown = nested.table.with_columns(pl.col(flags.columns).replace({SUPPRESSED: request.suppressed_as}))
    table: pa.Table = shown.to_arrow(compat_level=pl.CompatLevel.oldest())
    write_row_groups(regrouped(table.to_batches()), path)
    return replace(published, group_of=nested.group.rename(GROUP).to_numpy())


def _core(published: Published, request: Request) -> pl.DataFrame:
    found = published.found
    return pl.DataFrame(
        {
            column: pl.Series(labels, dtype=pl.String)[label_of[published.class_of]]
            for column, labels, label_of in zip(request.quasi, found.labels, found.label_of, strict=True)
        }
    )
