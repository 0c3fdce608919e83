"""goldenmatch without any settings: it chooses columns, rules and thresholds from the table itself.

    python link_goldenmatch.py TABLE.parquet OUT.parquet

Runs in its own environment. OUT has unique_id and person. The table is given without the truth.
"""

from __future__ import annotations

import os
import sys
import tempfile

# What it remembers of earlier runs is in the home folder: each run here begins without.
os.environ["HOME"] = tempfile.mkdtemp()

import goldenmatch as gm
import pyarrow as pa
import pyarrow.parquet as pq


def main(source: str, sink: str) -> None:
    """Link the whole table; a record that is in no group is a person of its own."""
    table = pq.read_table(source)
    table = table.drop_columns([name for name in ("cluster",) if name in table.column_names])
    found = gm.dedupe_df(table)
    ids = table["unique_id"].to_pylist()
    person = list(ids)
    for group in found.clusters.values():
        members = sorted(group["members"])
        for member in members:
            person[member] = ids[members[0]]
    pq.write_table(pa.table({"unique_id": ids, "person": person}), sink)


if __name__ == "__main__":
    main(*sys.argv[1:])
