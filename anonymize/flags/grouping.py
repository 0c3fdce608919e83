"""Join classes that are alike into groups, in which the flags are then shuffled.

Here: who is in which group, by the published labels of the core and by nothing else, so that the number of a group tells nothing that
the core does not. Never here: a flag.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.flags.combining import Floats, Ints
from anonymize.flags.spec import GROUP
from anonymize.hierarchy import Hierarchy


def form_groups(core: pl.DataFrame, hierarchies: Sequence[Hierarchy], least: int) -> pl.Series:
    """The group of each row, from 1: unions of whole classes (rows that share all labels), of at least `least` rows each.

    All classes together are cut in two, and the pieces again, while both sides keep `least` rows: along the hierarchy of the column whose
    cut tells most about the classes (the entropy of the halves, times the binary logarithm of the number of labels of the column).
    Columns without a hierarchy follow the alphabet. The same rows in any order get the same groups.
    """
    classes = core.group_by(core.columns).len("persons of class").sort(core.columns).with_row_index("class of core")
    class_of = core.join(classes, on=core.columns, how="left", maintain_order="left")["class of core"].to_numpy()
    paths = {hierarchy.column: hierarchy for hierarchy in hierarchies}
    place = np.column_stack([_places(classes[column], paths.get(column)) for column in core.columns])
    weights = np.log2([classes[column].n_unique() for column in core.columns])
    persons = classes["persons of class"].to_numpy().astype(np.int64)
    group = np.zeros(classes.height, dtype=np.int64)
    waiting, number = [np.arange(classes.height)], 0
    while waiting:
        members = waiting.pop()
        halves = _halves(members, persons, place, weights, least)
        waiting += halves[::-1]
        if not halves:
            number += 1
            group[members] = number
    return pl.Series(GROUP, group[class_of], dtype=pl.Int64)


def _places(labels: pl.Series, hierarchy: Hierarchy | None) -> Floats:
    """Where each label stands in the order of the hierarchy's leaves: a coarse one in the middle of those under it."""
    if hierarchy is None:
        ranks: Floats = labels.rank("dense").to_numpy().astype(np.float64)
        return ranks
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for position, path in enumerate(sorted(hierarchy.paths.values(), key=lambda path: path[::-1])):
        for label in path:
            first.setdefault(label, position)
            last[label] = position
    return np.array([(first[label] + last[label]) / 2 for label in labels])


def _halves(members: Ints, persons: Ints, place: Floats, weights: Floats, least: int) -> list[Ints]:
    """The two sides of the best cut of some classes; none where no cut leaves `least` persons on both."""
    best, halves = 0.0, list[Ints]()
    total = int(persons[members].sum())
    for column, weight in enumerate(weights if total >= 2 * least else ()):
        order = members[np.argsort(place[members, column], kind="stable")]
        before = np.cumsum(persons[order])[:-1]
        cut = np.flatnonzero((np.diff(place[order, column]) > 0) & (before >= least) & (total - before >= least))
        if not len(cut):
            continue
        told = weight * _entropy(before[cut], total)
        if told.max() > best:
            best, where = float(told.max()), int(cut[told.argmax()]) + 1
            halves = [order[:where], order[where:]]
    return halves


def _entropy(before: npt.NDArray[np.int64], total: int) -> Floats:
    """How much is told by knowing the side, for cuts with so many of the persons before them."""
    share = before / total
    told: Floats = -share * np.log2(share) - (1 - share) * np.log2(1 - share)
    return told
