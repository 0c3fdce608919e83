"""How many published rows may be a person's, for someone who knows its true quasi-identifiers.

Here: which label may stand for which value, and the count of compatible rows for many persons at once. Never here: what an
attacker concludes from the counts.

The reading is the conservative one: a coarse or suppressed label may hide any value beneath it, a missing value is a value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.attacks.holdings import Hierarchies
from schemas.vocabulary import SUPPRESSED

Counts = npt.NDArray[np.float32]
"""Whole numbers, exact up to 2 ** 24: faster to multiply than integers."""
Bits = npt.NDArray[np.uint8]

CELLS_AT_ONCE = 2**24
"""Persons x classes compared at a time: bounds the memory to some hundred megabytes."""


def candidate_counts(persons: pl.DataFrame, classes: pl.DataFrame, weights: Counts, hierarchies: Hierarchies) -> Counts:
    """For each of `persons` (rows of true values) the sum of `weights` over the classes whose labels may stand for it.

    `persons` and `classes` have the same columns; `weights` is (classes, kinds), the answer (persons, kinds).
    """
    packed = [_may_stand(persons[column], classes[column], hierarchies) for column in persons.columns]
    found = np.empty((persons.height, weights.shape[1]), dtype=np.float32)
    step = max(CELLS_AT_ONCE // max(classes.height, 1), 1)
    for start in range(0, persons.height, step):
        here = slice(start, start + step)
        together = np.full((len(range(*here.indices(persons.height))), (classes.height + 7) // 8), 255, dtype=np.uint8)
        for bits, code in packed:
            together &= bits[code[here]]
        found[here] = np.unpackbits(together, axis=1, count=classes.height).astype(np.float32) @ weights
    return found


def class_weights(table: pl.DataFrame, quasi: Sequence[str], kinds: Sequence[pl.Expr]) -> tuple[pl.DataFrame, Counts]:
    """The classes of a table (rows of labels), and how many rows of each are of each kind (expressions that count): (classes, kinds)."""
    counted = table.group_by(quasi, maintain_order=True).agg(kind.alias(f"kind {place}") for place, kind in enumerate(kinds))
    return counted.select(quasi), counted.drop(quasi).to_numpy().astype(np.float32)


def _may_stand(values: pl.Series, labels: pl.Series, hierarchies: Hierarchies) -> tuple[Bits, npt.NDArray[np.int64]]:
    """For each distinct value, one bit a class: whether its label may stand for the value; and the number of each row's value."""
    distinct, code = _numbered(values)
    shown, label_of = _numbered(labels)
    paths = hierarchies[values.name].paths if values.name in hierarchies else {}
    may = np.array([[_covers(label, value, paths.get(str(value), ())) for label in shown] for value in distinct], dtype=np.bool_)
    return np.packbits(may[:, label_of], axis=1), code


def _covers(label: object, value: object, path: Sequence[str]) -> bool:
    return label is None or label in (value, SUPPRESSED) or label in path


def _numbered(cells: pl.Series) -> tuple[list[object], npt.NDArray[np.int64]]:
    distinct = cells.unique(maintain_order=True)
    code = cells.to_frame("cell").join(
        distinct.to_frame("cell").with_row_index("code"), on="cell", how="left", nulls_equal=True, maintain_order="left"
    )["code"]
    return distinct.to_list(), code.to_numpy().astype(np.int64)
