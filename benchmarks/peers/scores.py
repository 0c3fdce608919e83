"""Score any published table with the one scorer, those that show sets of values among them.

The scorer counts the values under a label along the lines of hierarchy files. So a set of values becomes a label like any other by
standing on the line of each value that it holds. Here: that, and the call. Never here: a second way to count.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from anonymize.value_sets import members_of
from schemas.vocabulary import SUPPRESSED

JOINT = "|"  # what the peers' adapters join values with


@dataclass(frozen=True)
class Score:
    """What the scorer says, and whether cells showed labels of the tree or sets of values."""

    loss: float
    rows_suppressed: float
    smallest_class: int
    is_ok: bool
    labels: str


def score(original: Path, published: Path, prefix: str, k: int, columns: Sequence[str], scorer: Path) -> Score:
    """Score a .parquet or .csv (semicolons) of text columns; a suppressed cell is `*`, null or our own word for it."""
    table = pl.read_parquet(published) if published.suffix == ".parquet" else pl.read_csv(published, separator=";", infer_schema=False)
    table = table.select(pl.col(columns).cast(pl.String).replace(SUPPRESSED, "*"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with_sets = [_extended(f"{prefix}{column}.csv", table[column], folder / f"h_{column}.csv") for column in columns]
        table.write_parquet(folder / "published.parquet")
        files = [str(original), str(folder / "published.parquet"), f"{folder}/h_"]
        told = subprocess.run([sys.executable, str(scorer), *files, str(k), *columns], capture_output=True, text=True, check=True)
    found = json.loads(told.stdout)
    labels = "sets" if any(with_sets) else "tree"
    return Score(found["loss"], found["rows_suppressed"], found["smallest_class"], found["ok"], labels)


def _extended(hierarchy: str, cells: pl.Series, sink: Path) -> bool:
    """Write the hierarchy with the sets of the column added; whether there were any."""
    paths = {line.split(";")[0]: line.split(";") for line in Path(hierarchy).read_text(encoding="utf-8").splitlines()}
    labels = {label for path in paths.values() for label in path}
    strange = {label for label in cells.drop_nulls().unique() if label not in labels and label != "*"}
    for label in sorted(strange):
        for value in _members(label):
            paths[value].append(label)
    sink.write_text("".join(";".join(path) + "\n" for path in paths.values()), encoding="utf-8")
    return bool(strange)


def _members(label: str) -> Sequence[str]:
    return label.split(JOINT) if JOINT in label else members_of(label)
