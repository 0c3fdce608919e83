"""Write a table that does not fit into memory as Parquet, so that the same rows give the same bytes.

Here: the settings of every Parquet file of ours, and a file written batch by batch. Never here: a choice of rows or columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 122_880
SETTINGS: Final[dict[str, Any]] = {
    "compression": "zstd",
    "compression_level": 9,
    "version": "2.6",
    "store_schema": False,
    "write_statistics": True,
}


def write_row_groups(groups: Iterable[pa.RecordBatch], path: Path) -> None:
    """Write batches, one at least, each as a row group of its own."""
    following = iter(groups)
    first = next(following)
    with pq.ParquetWriter(path, first.schema, **SETTINGS) as writer:
        for group in chain([first], following):
            writer.write_batch(group, row_group_size=max(group.num_rows, 1))


def regrouped(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of `ROW_GROUP_ROWS`, the last one with what is left, however they were cut before."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        while rows >= ROW_GROUP_ROWS:
            table = pa.Table.from_batches(held)
            yield _in_one(table.slice(0, ROW_GROUP_ROWS))
            held = table.slice(ROW_GROUP_ROWS).to_batches()
            rows -= ROW_GROUP_ROWS
    if rows:
        yield _in_one(pa.Table.from_batches(held))


def _in_one(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]
