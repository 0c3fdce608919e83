"""What each class shows in a column: a label of its hierarchy, or the set of the values that occur in it.

Here: from the numbers of the search back to text. Never here: rows, or how a set is written (`anonymize.value_sets`).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from anonymize.search.encoding import Assignment, Forest, Numbers, People

Labels: TypeAlias = Literal["hierarchy", "sets"]


def labels_of_classes(found: Assignment, people: People, forest: Forest, column: int, labels: Labels) -> tuple[tuple[str, ...], Numbers]:
    """The labels that a column shows, and for each class which of them."""
    return _sets(found, people, forest, column) if labels == "sets" else _nodes(found, forest, column)


def _nodes(found: Assignment, forest: Forest, column: int) -> tuple[tuple[str, ...], Numbers]:
    nodes, label_of = np.unique(found.node[:, column], return_inverse=True)
    return tuple(forest.labels[node] for node in nodes), label_of.astype(np.int32)


def _sets(found: Assignment, people: People, forest: Forest, column: int) -> tuple[tuple[str, ...], Numbers]:
    # Its module imports polars, which the other labels do not need.
    from anonymize.value_sets import set_label

    values, place = np.unique(people.leaf[:, column], return_inverse=True)
    texts = [forest.labels[node] for node in forest.ladder[values, -1]]
    members = np.unique(found.class_number.astype(np.int64) * len(values) + place[found.tuple_number])
    of_class, value = np.divmod(members, len(values))
    sets = np.split(value, np.flatnonzero(np.diff(of_class)) + 1)
    number: dict[bytes, int] = {}
    label_of = np.array([number.setdefault(each.tobytes(), len(number)) for each in sets], dtype=np.int32)
    distinct = (np.frombuffer(each, dtype=np.int64) for each in number)
    return tuple(set_label([texts[at] for at in each], len(values)) for each in distinct), label_of
