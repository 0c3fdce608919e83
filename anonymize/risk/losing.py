"""What generalization cost: the loss of a published table against its original.

Here: Iyengar's loss metric. Never here: code that generalizes, or a judgement of what is too much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from anonymize.hierarchy import Hierarchy
from anonymize.risk.tables import plain
from schemas.errors import SpecificationError


@dataclass(frozen=True)
class Loss:
    """Iyengar's loss metric: 0 where every value is published as it was, 1 where every cell is suppressed."""

    mean: float
    by_column: tuple[tuple[str, float], ...]


def loss(
    original: pl.DataFrame, published: pl.DataFrame, hierarchies: Sequence[Hierarchy], weights: Mapping[str, float] | None = None
) -> Loss:
    """What generalization cost, a mean over all cells of (values under the label - 1) / (values of the column - 1).

    Values are counted over those that occur in `original` (Iyengar, KDD 2002; as normalised certainty penalty, Xu et
    al., KDD 2006). Both tables hold the same persons in the same order. `weights` weigh the columns in the mean.
    Raises `SpecificationError` where they differ in length, or a label does not cover the value it stands for.
    """
    faults = [] if original.height == published.height else [f"{original.height} row(s) before, {published.height} after"]
    by_column: list[tuple[str, float]] = []
    for hierarchy in hierarchies if not faults else ():
        column = hierarchy.column
        # The values that occur before, each with every label that covers it, and how many such values a label covers.
        pairs = plain(original, [column], prefix="value").hstack(plain(published, [column], prefix="label"))
        values = pairs["value0"].unique().to_list()
        under: dict[str, set[str]] = defaultdict(set)
        for value in values:
            for label in hierarchy.paths.get(value, ()):
                under[label].add(value)
        uncovered, cost = 0, 0.0
        for value, label, rows in pairs.group_by("value0", "label0").len().sort(pl.all()).iter_rows():
            if value in under.get(label, ()):
                cost += rows * (len(under[label]) - 1) / max(len(values) - 1, 1)
            else:
                uncovered += rows
        if uncovered:
            faults.append(f"column {column}: {uncovered} label(s) do not cover the value they stand for")
        by_column.append((column, cost / max(original.height, 1)))
    if faults:
        raise SpecificationError(
            faults,
            where="the original and the published table",
            allowed="the same persons in the same order, each label an ancestor of the value it replaces",
            next_step="compare the table with the result of its own generalization, before it is sorted",
        )
    weight = {column: (weights or {}).get(column, 1.0) for column, _ in by_column}
    total = sum(weight.values())
    return Loss(sum(weight[column] * cost for column, cost in by_column) / total if total else 0.0, tuple(by_column))
