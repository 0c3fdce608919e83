"""Turn labels into numbers, so that the search for a generalisation works on small integer tables.

Here: the forest of all hierarchies over the values that occur, the collapsed table and its order. Never here: a decision
about who is published with whom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

WIDEST = 2**62  # what a combination of codes may grow to before it is numbered anew
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Forest:
    """The hierarchies of all quasi-identifiers, cut down to the values that occur, one tree a column.

    Leaves are numbered through over all columns, nodes (leaves among them) likewise. Leaves of one node are neighbours, so
    the lowest common ancestor of any set of leaves of a column is that of its smallest and its largest number.
    """

    ladder: Numbers  # (leaves, levels): the ancestors of a leaf, from the root of its column (level 0) down to the leaf itself
    penalty: Floats  # (nodes,): weighted normalised certainty penalty of a cell that shows this node
    column_of: Numbers  # (nodes,): which quasi-identifier the node belongs to
    labels: tuple[str, ...]  # (nodes,)

    def common(self, low: Numbers, high: Numbers) -> Numbers:
        """The lowest common ancestor of two leaves of one column, elementwise."""
        level = (self.ladder[low] == self.ladder[high]).sum(axis=-1) - 1
        nodes: Numbers = self.ladder[low, level]
        return nodes


@dataclass(frozen=True)
class People:
    """The collapsed table: one tuple for all persons that are equal in every quasi-identifier and every asked trait.

    Tuples stand in the order of `arrange`, which decides who is given away of several that cost the same. What no
    condition asks for has no columns: `sensitive` is (tuples, 0), `contributors` all 0 and `sets` (1, 0).
    """

    leaf: Numbers  # (tuples, quasi-identifiers): leaf numbers of the forest
    persons: Numbers  # (tuples,): how many persons the tuple stands for
    sensitive: Numbers  # (tuples, fields): codes from 0, missing values too; fields in the order of `Conditions.sensitive`
    known: tuple[Flags, ...]  # for each field, (values,): whether the code is a known value
    contributors: Numbers  # (tuples,): which set of contributors sent the person in
    sets: Flags  # (sets, contributors): who is in the set


@dataclass(frozen=True)
class Assignment:
    """Who is published with whom: pieces of tuples, ordered by tuple and then by class.

    A tuple in several classes has one piece in each; the persons of its pieces add up to the persons of the tuple.
    """

    tuple_number: Numbers  # (pieces,)
    class_number: Numbers  # (pieces,): classes are numbered from 0; several may show the same labels
    persons: Numbers  # (pieces,): how many persons of the tuple are in the class
    node: Numbers  # (classes, quasi-identifiers): what the class shows, the lowest common ancestor of its values
    waived: tuple[str, ...]  # sensitive fields of which the whole table holds too little to ask it of a class


def plant(paths: Sequence[Collection[tuple[str, ...]]], weights: Sequence[float]) -> tuple[Forest, list[dict[str, int]]]:
    """The forest over the values that occur, and for each column the leaf number of every value.

    `paths` has for each column the labels of each value that occurs: (the value, a coarser label, ..., the root). The
    penalty of a label is (values under it - 1) / (values of the column - 1), counted over the values that occur (Xu et al.,
    KDD 2006, after Iyengar, KDD 2002), times the weight of the column.
    """
    levels = max(len(path) for column in paths for path in column)
    ladders: list[list[int]] = []
    penalty: list[float] = []
    column_of: list[int] = []
    labels: list[str] = []
    codes: list[dict[str, int]] = []
    for column, occurring in enumerate(paths):
        # From the root down, so that sorting puts the leaves of one node side by side.
        trails = sorted(path[::-1] for path in occurring)
        codes.append({trail[-1]: len(ladders) + position for position, trail in enumerate(trails)})
        under = Counter(trail[: level + 1] for trail in trails for level in range(len(trail)))
        number = {node: len(labels) + position for position, node in enumerate(under)}
        ladders += [[number[trail[: min(level, len(trail) - 1) + 1]] for level in range(levels)] for trail in trails]
        penalty += [weights[column] * (leaves - 1) / max(len(trails) - 1, 1) for leaves in under.values()]
        column_of += [column] * len(under)
        labels += [node[-1] for node in under]
    return Forest(np.array(ladders, dtype=np.int32), np.array(penalty), np.array(column_of, dtype=np.int32), tuple(labels)), codes


def arrange(codes: Sequence[Numbers], quasi: int) -> Ints:
    """The canonical order of distinct tuples: by the first `quasi` columns of codes, and then by a mixture of all of them.

    So the order of the rows does not matter, and neither does the alphabet of the sensitive values: were it followed,
    of two neighbours alike the one who says no would always be given to another class before the one who says yes.
    Two tuples with the same mixture stand in the order of their codes.
    """
    keys: list[npt.NDArray[np.generic]] = [*reversed(codes[quasi:]), mixture(codes), *reversed(codes[:quasi])]
    order: Ints = np.lexsort(keys)
    return order


def number_distinct(codes: Sequence[Numbers]) -> tuple[Ints, Ints]:
    """For each row the number of its combination of codes, in their order, and for each combination a row that has it."""
    number, radix, rows = np.zeros(len(codes[0]), dtype=np.int64), 1, np.zeros(0, dtype=np.int64)
    for column in codes:
        values = int(column.max(initial=0)) + 1
        if radix * values > WIDEST:
            _, number = np.unique(number, return_inverse=True)
            radix = len(number)
        number, radix = number * values + column, radix * values
    _, rows, number = np.unique(number, return_index=True, return_inverse=True)
    return number, rows


def mixture(codes: Sequence[Numbers | Ints]) -> npt.NDArray[np.uint64]:
    """One number of 64 bits for each row of codes, in which every bit of every code stirs all bits.

    Columns are folded in one after the other by the finaliser of SplitMix64 (Steele et al., OOPSLA 2014). The same codes
    give the same number everywhere; it is no secret and hides nothing.
    """
    mixed = np.full(len(codes[0]), GOLDEN, dtype=np.uint64)
    for column in codes:
        mixed = (mixed ^ column.astype(np.uint64)) + GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed
