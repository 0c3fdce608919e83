"""Write a table as Parquet so that the same rows give the same bytes.

Here: the one encoder of published and stored files. Never here: a choice of rows or columns.
"""

from __future__ import annotations

import io
from typing import Any, Final

import polars as pl
import pyarrow.parquet as pq

from engine.row_groups import ROW_GROUP_ROWS, SETTINGS

_QUICK: Final[dict[str, Any]] = {"compression_level": 1, "use_dictionary": False, "write_statistics": False}


def encode(frame: pl.DataFrame) -> bytes:
    """The frame as one zstd Parquet file; equal frames (rows in the same order) give equal bytes on one version of the writer."""
    sink = io.BytesIO()
    pq.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), sink, row_group_size=ROW_GROUP_ROWS, **SETTINGS)
    return sink.getvalue()


def encode_quickly(frame: pl.DataFrame) -> bytes:
    """The same rows in a third of the time and somewhat more bytes, for what is written anew in every run and published nowhere."""
    sink = io.BytesIO()
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    pq.write_table(table, sink, row_group_size=ROW_GROUP_ROWS, **{**SETTINGS, **_QUICK})
    return sink.getvalue()


def decode(payload: bytes) -> pl.DataFrame:
    """The table that `encode` or `encode_quickly` wrote."""
    return pl.read_parquet(io.BytesIO(payload))
