"""Write a table as Parquet so that the same rows give the same bytes.

Here: the one encoder of published and stored files. Never here: a choice of rows or columns.
"""

from __future__ import annotations

import io

import polars as pl
import pyarrow.parquet as pq

from engine.row_groups import ROW_GROUP_ROWS, SETTINGS


def encode(frame: pl.DataFrame) -> bytes:
    """The frame as one zstd Parquet file; equal frames (rows in the same order) give equal bytes on one version of the writer."""
    sink = io.BytesIO()
    pq.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), sink, row_group_size=ROW_GROUP_ROWS, **SETTINGS)
    return sink.getvalue()


def decode(payload: bytes) -> pl.DataFrame:
    """The table that `encode` wrote."""
    return pl.read_parquet(io.BytesIO(payload))
