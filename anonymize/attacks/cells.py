"""Every cell that can be derived from a table of labels: one to three columns, any level of their hierarchies, two readings.

Here: the counts of such cells, all at once. Never here: what a count gives away.

A cell is a node of the hierarchy for each of its columns. Read narrowly, a row is in the cell when its label is the node or
beneath it; read widely, also when its label is above, so that it may be. Both are linear in the counts of the label tuples:
so the cells of a difference of two tables are the differences of their cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.attacks.holdings import Hierarchies
from anonymize.hierarchy import Hierarchy
from schemas.vocabulary import SUPPRESSED

Tensor = npt.NDArray[np.float64]
MOST_COLUMNS = 3


def derived_cells(tuples: pl.DataFrame, columns: Sequence[str], hierarchies: Hierarchies) -> Iterator[Tensor]:
    """The counts of all cells, one array for each choice of columns and each reading (once, where both are one).

    `tuples` holds label tuples of `columns` and `persons`, how often each occurs (or by how much it differs). Nodes that select
    the same labels are one.
    """
    axes = {column: _readings(tuples[column], hierarchies[column]) for column in columns}
    numbers = {column: _positions(tuples[column]) for column in columns}
    persons = tuples["persons"].to_numpy().astype(np.float64)
    for size in range(1, MOST_COLUMNS + 1):
        for chosen in combinations(columns, size):
            shape = tuple(axes[column][0].shape[1] for column in chosen)
            flat = np.ravel_multi_index(tuple(numbers[column] for column in chosen), shape)
            counts = np.bincount(flat, weights=persons, minlength=int(np.prod(shape))).reshape(shape)
            yield _summed(counts, [axes[column][0] for column in chosen])
            if not all(np.array_equal(*axes[column]) for column in chosen):
                yield _summed(counts, [axes[column][1] for column in chosen])


def _summed(counts: Tensor, nodes: Sequence[Tensor]) -> Tensor:
    """Sum the labels of each axis into its nodes."""
    for axis, of_labels in enumerate(nodes):
        counts = np.moveaxis(np.tensordot(of_labels, counts, axes=(1, axis)), 0, axis)
    return counts


def _positions(labels: pl.Series) -> npt.NDArray[np.int64]:
    positions: npt.NDArray[np.int64] = (labels.rank("dense") - 1).to_numpy().astype(np.int64)
    return positions


def _readings(labels: pl.Series, hierarchy: Hierarchy) -> tuple[Tensor, Tensor]:
    """Which labels (in order) each node selects, read narrowly and widely: two arrays (nodes, labels) of 0 and 1."""
    present = labels.unique().sort().to_list()
    above = _ancestors(hierarchy)
    nodes = sorted({*present, *above}, key=str)
    beneath = np.array([[node == label or node in above.get(label, ()) for label in present] for node in nodes], dtype=np.float64)
    over = np.array([[label in above.get(node, ()) for label in present] for node in nodes], dtype=np.float64)
    return _distinct(beneath), _distinct(np.maximum(beneath, over))


def _ancestors(hierarchy: Hierarchy) -> dict[object, set[str]]:
    """Of every label the labels above it; what is suppressed may be anything."""
    above: dict[object, set[str]] = {}
    for path in hierarchy.paths.values():
        for place, label in enumerate(path):
            above.setdefault(label, set()).update({*path[place + 1 :], SUPPRESSED} - {label})
    return above


def _distinct(nodes: Tensor) -> Tensor:
    chosen: Tensor = np.unique(nodes[nodes.any(axis=1)], axis=0)
    return chosen
