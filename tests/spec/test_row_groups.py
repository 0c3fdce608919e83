"""Tables written batch by batch: how they were cut into batches leaves no trace, and no pandas is needed to make a column."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.arrow import column_of, column_of_labels, numbers_in
from engine.row_groups import ROW_GROUP_ROWS, regrouped, write_row_groups

ROWS = 2 * ROW_GROUP_ROWS + 5


@pytest.mark.parametrize("cuts", [[], [1], [ROW_GROUP_ROWS], [7, 7, ROW_GROUP_ROWS - 1, ROW_GROUP_ROWS + 1], [2 * ROW_GROUP_ROWS]])
def test_batches_of_any_size_become_the_same_row_groups(cuts: list[int], tmp_path: Path) -> None:
    whole = pa.record_batch({"number": pa.array(np.arange(ROWS) % 97), "text": pa.array([f"t{n % 5}" for n in range(ROWS)])})
    batches = [whole.slice(start, stop - start) for start, stop in pairwise([0, *cuts, ROWS])]
    write_row_groups(regrouped(batches), tmp_path / "cut.parquet")
    write_row_groups(regrouped([whole]), tmp_path / "whole.parquet")
    assert (tmp_path / "cut.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    written = pq.ParquetFile(tmp_path / "cut.parquet")
    sizes = [written.metadata.row_group(at).num_rows for at in range(written.metadata.num_row_groups)]
    assert sizes == [ROW_GROUP_ROWS, ROW_GROUP_ROWS, 5]
    assert written.read().equals(pa.Table.from_batches([whole]))


def test_no_row_is_left_over_where_the_last_group_is_full() -> None:
    whole = pa.record_batch({"number": pa.array(np.arange(2 * ROW_GROUP_ROWS))})
    assert [each.num_rows for each in regrouped([whole])] == [ROW_GROUP_ROWS, ROW_GROUP_ROWS]


@pytest.mark.parametrize(
    ("texts", "place", "shown"),
    [
        (["a", "línea"], [1, 0, 1], ["línea", "a", "línea"]),
        ([None, "a", "b"], [0, 1, 2, 0], [None, "a", "b", None]),
        (["a", None, ""], [0, 1, 2], ["a", None, ""]),
        ([None], [0] * 9, [None] * 9),
    ],
)
def test_labels_become_a_column_that_says_each_once(texts: list[str | None], place: list[int], shown: list[str | None]) -> None:
    column = column_of_labels(np.array(place), texts)
    column.validate(full=True)
    assert column.to_pylist() == shown
    assert column.dictionary.to_pylist() == [text for text in texts if text is not None]


@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_numbers_become_a_column_of_their_width(kind: type[np.int32 | np.int64]) -> None:
    assert column_of(np.arange(4, dtype=kind)[::2]).equals(pa.array([0, 2], pa.from_numpy_dtype(kind)))


def test_numbers_are_read_where_they_lie() -> None:
    assert numbers_in(pa.array([1, 2, 2**64 - 1], pa.uint64()).slice(1)).tolist() == [2, 2**64 - 1]


def test_a_table_is_anonymized_without_pandas_polars_or_dagster(tmp_path: Path) -> None:
    """They take longer to import than a table of 30,000 persons takes to read, search and write."""
    (tmp_path / "above_age.csv").write_text("20;*\n21;*\n")
    (tmp_path / "persons.csv").write_text("age;note\n" + "20;x\n21;y\n" * 3)
    options = ["anonymize", "persons.csv", "--qi", "age", "--hierarchies", "above_", "-k", "3", "--out", "out.parquet"]
    code = f"import sys; from pipelines.cli import app; app({options}, standalone_mode=False); print('\\n'.join(sys.modules))"
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env={"PYTHONPATH": str(root)}
    )
    assert (tmp_path / "out.parquet").is_file()
    assert {"pandas", "polars", "dagster"} & set(ended.stdout.split()) == set()
