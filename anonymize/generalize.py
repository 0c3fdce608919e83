"""Publish persons under coarser labels, so that each is one of at least k that look the same, with little lost.

Here: the one public step from a table of persons to the same table with labels. Never here: reading or writing
files, numbers of a policy, or the measures a release is judged by.

The method is deterministic top-down local recoding (`anonymize.search`): a value may get different labels in different
classes. Every class shows the lowest common label of its members in each column, or the set of their values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from anonymize.collapse import class_of_rows, collapse
from anonymize.conditions import Conditions, Diversity
from anonymize.hierarchy import Hierarchy
from anonymize.labelling import Labels, labels_of_classes
from anonymize.request import check_request
from anonymize.search.finding import Effort, find_classes

ASKS_NOTHING = Diversity("")


@dataclass(frozen=True)
class Generalized:
    """The table with the quasi-identifiers as labels: same rows, same order, same columns."""

    table: pl.DataFrame
    classes: int  # how many different combinations of labels it shows
    waived: tuple[str, ...] = ()  # sensitive fields of which the whole table holds less than is asked of a class


def generalize(
    table: pl.DataFrame,
    hierarchies: Sequence[Hierarchy],
    conditions: Conditions,
    *,
    weights: Mapping[str, float] | None = None,
    effort: Effort = "fast",
    labels: Labels = "hierarchy",
    progress: Callable[[float], None] | None = None,
) -> Generalized:
    """Label the quasi-identifiers so that every class keeps the conditions.

    `table` has one row a person; the columns of `hierarchies` (the quasi-identifiers, in order) and those that the conditions
    name hold text, never null: a missing value is a code of its own. `weights` says how much a column matters (default 1).
    `labels` are those of the hierarchies, or the sets of values that occur in a class (`anonymize.value_sets`). `progress` is
    told the share of the persons in final classes. What the whole table cannot reach of a sensitive field is waived.
    The same rows in any order give the same rows back. Raises `SpecificationError` with every fault; no value is shown.

    Sources: k-anonymity, Sweeney 2002; the other conditions, see `anonymize.conditions`; the penalty that is minimised,
    Xu et al., KDD 2006 (normalised certainty penalty), after Iyengar, KDD 2002.
    """
    check_request(table, hierarchies, conditions, weights or {})
    conditions = replace(conditions, sensitive=tuple(each for each in conditions.sensitive if replace(each, field="") != ASKS_NOTHING))
    collapsed = collapse(table, hierarchies, conditions, weights or {})
    found = find_classes(collapsed.people, collapsed.forest, conditions, effort=effort, progress=progress)
    quasi = [hierarchy.column for hierarchy in hierarchies]
    class_of = class_of_rows(found, collapsed.tuple_of, table.drop(quasi, *(each.field for each in conditions.sensitive)))
    shown = [labels_of_classes(found, collapsed.people, collapsed.forest, column, labels) for column in range(len(quasi))]
    published = table.with_columns(
        pl.Series(column, texts, dtype=pl.String).gather(label_of[class_of]) for column, (texts, label_of) in zip(quasi, shown, strict=True)
    )
    different = np.unique(np.stack([label_of for _, label_of in shown]), axis=1).shape[1]
    return Generalized(published, different, found.waived)
