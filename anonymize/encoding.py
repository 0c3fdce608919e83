"""Turn labels into numbers, so that the search for a generalisation works on small integer tables.

Here: the forest of all hierarchies over the values that occur, and the collapse of equal persons into one tuple.
Never here: a decision about who is published with whom.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.hierarchy import Hierarchy
from schemas.vocabulary import MISSING_CODES, SUPPRESSED

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Forest:
    """The hierarchies of all quasi-identifiers, cut down to the values that occur, one tree a column.

    Leaves and nodes are numbered through over all columns. Leaves of one node are neighbours, so the lowest common
    ancestor of any set of leaves is that of its smallest and its largest number.
    """

    node_at: Ints  # (levels, leaves): the ancestor of a leaf; level 0 is the root, the last level the leaf itself
    penalty: Floats  # (nodes,): weighted normalised certainty penalty of a cell that shows this node
    column_of: Ints  # (nodes,)
    labels: tuple[str, ...]  # (nodes,)

    def common_level(self, low: Ints, high: Ints) -> Ints:
        """The deepest level at which two leaves have one ancestor, elementwise."""
        level: Ints = (self.node_at[:, low] == self.node_at[:, high]).sum(axis=0) - 1
        return level

    def common(self, low: Ints, high: Ints) -> Ints:
        """The lowest common ancestor of two leaves, elementwise."""
        return self.node_at[self.common_level(low, high), low]

    @property
    def deepest(self) -> int:
        """The level of the leaves."""
        return len(self.node_at) - 1


@dataclass(frozen=True)
class People:
    """The collapsed table: one tuple for all persons that are equal in every quasi and sensitive column."""

    leaf: Ints  # (tuples, quasi columns): leaf numbers of the forest
    sensitive: Ints  # (tuples, sensitive columns): codes from 0
    known: tuple[Flags, ...]  # for each sensitive column, (values,): whether the code is a known value
    persons: Ints  # (tuples,): how many persons the tuple stands for
    tuple_of: Ints  # (rows of the table,)


def plant(table: pl.DataFrame, hierarchies: Sequence[Hierarchy], weights: Mapping[str, float]) -> tuple[Forest, list[dict[str, int]]]:
    """The forest over the values in `table`, and for each column the leaf number of every value.

    The penalty of a label is (values under it - 1) / (values of the column - 1), counted over the values that occur
    (Xu et al., KDD 2006, after Iyengar, KDD 2002).
    """
    levels = max(hierarchy.levels for hierarchy in hierarchies)
    ladders: list[list[int]] = []
    penalty: list[float] = []
    column_of: list[int] = []
    labels: list[str] = []
    codes: list[dict[str, int]] = []
    for column, hierarchy in enumerate(hierarchies):
        # From the root down, so that sorting puts the leaves of one node side by side.
        paths = sorted(hierarchy.paths[value][::-1] for value in table[hierarchy.column].unique())
        codes.append({path[-1]: len(ladders) + position for position, path in enumerate(paths)})
        nodes: dict[tuple[str, ...], int] = {}
        for path in paths:
            for level in range(len(path)):
                nodes.setdefault(path[: level + 1], len(labels) + len(nodes))
            ladder = [nodes[path[: level + 1]] for level in range(len(path))]
            ladders.append(ladder + ladder[-1:] * (levels - len(ladder)))
        for trail in nodes:
            under = sum(path[: len(trail)] == trail for path in paths)
            penalty.append(weights.get(hierarchy.column, 1.0) * (under - 1) / max(len(paths) - 1, 1))
            column_of.append(column)
            labels.append(trail[-1])
    forest = Forest(np.array(ladders, dtype=np.int64).T.copy(), np.array(penalty), np.array(column_of, dtype=np.int64), tuple(labels))
    return forest, codes


def collapse(table: pl.DataFrame, quasi: Sequence[str], sensitive: Sequence[str], codes: Sequence[Mapping[str, int]]) -> People:
    """Join equal persons into tuples, numbered by their quasi-identifiers and then by a hash of all their content.

    So the order of the rows does not matter, and neither does the alphabet of the sensitive values: were it followed,
    of two neighbours alike the one who says no would always be given to another class before the one who says yes.
    """
    quasi_codes = [
        table[column].replace_strict(list(code), list(code.values()), return_dtype=pl.Int64).alias(f"quasi {position}")
        for position, (column, code) in enumerate(zip(quasi, codes, strict=True))
    ]
    values = [table[column].unique().sort() for column in sensitive]
    sensitive_codes = [
        table[column].replace_strict(each, range(len(each)), return_dtype=pl.Int64).alias(f"sensitive {position}")
        for position, (column, each) in enumerate(zip(sensitive, values, strict=True))
    ]
    encoded = pl.DataFrame([*quasi_codes, *sensitive_codes])
    distinct = encoded.group_by(encoded.columns).len("persons")
    mixed = pl.Series("mixed", [_hash_of(row) for row in distinct.drop("persons").iter_rows()], dtype=pl.String)
    by = [*(code.name for code in quasi_codes), "mixed", *(code.name for code in sensitive_codes)]
    tuples = distinct.with_columns(mixed).sort(by).drop("mixed").with_row_index("tuple")
    tuple_of = encoded.join(tuples, on=encoded.columns, how="left", maintain_order="left")["tuple"]
    return People(
        leaf=tuples.select([code.name for code in quasi_codes]).to_numpy().astype(np.int64),
        sensitive=tuples.select([code.name for code in sensitive_codes]).to_numpy().astype(np.int64).reshape(tuples.height, -1),
        known=tuple((~each.is_in([*MISSING_CODES, SUPPRESSED])).to_numpy() for each in values),
        persons=tuples["persons"].to_numpy().astype(np.int64),
        tuple_of=tuple_of.to_numpy().astype(np.int64),
    )


def _hash_of(codes: Sequence[int]) -> str:
    return hashlib.blake2b(repr(codes).encode(), digest_size=8).hexdigest()
