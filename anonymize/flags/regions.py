"""The sets of values of one quasi-identifier whose true count can be worked out, and what the core shows of them.

Here: values, labels and sets of values as yes-or-no tables. Never here: a flag, or the decision what is published.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.flags.combining import Ints
from anonymize.hierarchy import Hierarchy

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shown:
    """One quasi-identifier as it is, and as the core shows it."""

    values: tuple[str, ...]
    value_of: Ints  # (rows,): the true value, private
    persons: Ints  # (values,): how many have it
    covers: Marks  # (labels, values): whether a label of the core stands for a value
    labelled: Ints  # (groups, labels): rows of the core, by group
    nodes: Marks  # (nodes, values): the values under each label of the hierarchy that is not itself a value


def look_at(original: pl.Series, labels: pl.Series, group: pl.Series, hierarchy: Hierarchy) -> Shown:
    """One column before and after generalization, with the group of each row."""
    values = sorted(original.unique())
    numbered = {value: number for number, value in enumerate(values)}
    under: dict[str, Marks] = {}
    for value, number in numbered.items():
        for label in hierarchy.paths[value]:
            under.setdefault(label, np.zeros(len(values), dtype=np.bool_))[number] = True
    names = sorted(labels.unique())
    value_of = original.replace_strict(values, range(len(values)), return_dtype=pl.Int64).to_numpy()
    label_of = labels.replace_strict(names, range(len(names)), return_dtype=pl.Int64).to_numpy()
    labelled = np.zeros((int(group.max() or 0), len(names)), dtype=np.int64)  # type: ignore[arg-type]
    np.add.at(labelled, (group.to_numpy() - 1, label_of), 1)
    nodes = [marks for label, marks in sorted(under.items()) if label not in numbered]
    return Shown(
        tuple(values),
        value_of,
        np.bincount(value_of, minlength=len(values)),
        np.array([under[name] for name in names]),
        labelled,
        np.array(nodes).reshape(-1, len(values)),
    )


def derivable(shown: Shown, withheld: Marks) -> Marks:
    """The sets of values (sets x values) whose count can be worked out, when those withheld are told in one sum only.

    Each value that is told; every label of the hierarchy that holds all the withheld or none of them; all that are withheld. The
    count of any other set that can be worked out is a sum of these: such a set is taken apart along the hierarchy.
    """
    single = np.eye(len(shown.values), dtype=np.bool_)[~withheld]
    apart, whole = ~(shown.nodes & withheld).any(axis=1), (shown.nodes | ~withheld).all(axis=1)
    return np.concatenate([single, shown.nodes[apart | whole], withheld[np.newaxis][: int(withheld.any())]])


def within(shown: Shown, regions: Marks) -> Marks:
    """Whether all values that a label of the core stands for lie in a set (labels x sets)."""
    return ~touching(shown, ~regions)


def touching(shown: Shown, regions: Marks) -> Marks:
    """Whether any value that a label of the core stands for lies in a set (labels x sets)."""
    # Floating point, since only that is fast in numpy; counts are exact up to 2^53.
    common: Marks = shown.covers.astype(np.float64) @ regions.T.astype(np.float64) > 0
    return common
