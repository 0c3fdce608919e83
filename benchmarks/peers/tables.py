"""What every peer reads and writes: the same table, the same hierarchies, and cells that the scorer understands.

    python run_PEER.py TABLE.csv HIERARCHY_PREFIX K OUT.csv COLUMN...

Runs in the peer's own environment, so it needs pandas alone. A published cell is a label of the hierarchy, `*`, or the values
that it may stand for, joined by `|`. Here: reading, writing, and the values behind an interval. Never here: a peer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

JOINT = "|"


@dataclass(frozen=True)
class Task:
    """One table to anonymize."""

    table: pd.DataFrame  # text, one row a person, the quasi-identifiers alone
    paths: dict[str, list[list[str]]]  # by column: for each value the labels above it, itself first, `*` last; all of one length
    k: int

    @property
    def columns(self) -> list[str]:
        return list(self.table.columns)


def run(anonymize: Callable[[Task], pd.DataFrame]) -> None:
    """Read what the command line names, anonymize, write the published rows."""
    source, prefix, k, sink, *columns = sys.argv[1:]
    table = pd.read_csv(source, sep=";", dtype=str, keep_default_na=False)[columns].astype(object)
    paths = {column: _paths(f"{prefix}{column}.csv", set(table[column])) for column in columns}
    anonymize(Task(table, paths, int(k)))[columns].to_csv(sink, sep=";", index=False)


def _paths(file: str, occurring: set[str]) -> list[list[str]]:
    paths = [line.split(";") for line in Path(file).read_text(encoding="utf-8").splitlines()]
    longest = max(map(len, paths))
    return [[path[0]] * (longest - len(path)) + path for path in paths if path[0] in occurring]


def numbers_and_categories(task: Task) -> pd.DataFrame:
    """The table as the Mondrians want it: a column of whole numbers as numbers, any other as categories."""
    return pd.DataFrame({column: _typed(task.table[column]) for column in task.columns})


def _typed(cells: pd.Series) -> pd.Series:
    return cells.astype(int) if _is_number(cells) else cells.astype("category")


def _is_number(cells: Sequence[str]) -> bool:
    # A flag of 0 and 1 with a third code for a missing value is no number.
    return all(cell.isdigit() for cell in set(cells))


def members(task: Task, published: pd.DataFrame, separator: str = ",") -> pd.DataFrame:
    """Intervals and lists, as the Mondrians print them, as the values of the table that they hold."""
    shown = {}
    for column in task.columns:
        values = sorted(set(task.table[column]))
        expand = _in_interval if _is_number(values) else _in_list
        labels = {label: expand(str(label), values, separator) for label in set(published[column])}
        shown[column] = published[column].map(labels)
    return pd.DataFrame(shown)


def _in_interval(label: str, values: Sequence[str], _: str) -> str:
    low, _, high = label.partition("-")
    return JOINT.join(value for value in values if int(low) <= int(value) <= int(high or low))


def _in_list(label: str, _: Sequence[str], separator: str) -> str:
    return JOINT.join(sorted(label.split(separator)))
