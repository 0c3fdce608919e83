"""Publish a table with one level a column: every cell of a column is as fine as any other, and some persons are suppressed.

Here: the step from a table of persons to the same table with labels. Never here: the search for the levels
(`anonymize.search.uniform`), or local recoding, which loses much less (`anonymize.generalize`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from anonymize.collapse import class_of_rows, collapse
from anonymize.conditions import Conditions
from anonymize.hierarchy import Hierarchy
from anonymize.request import check_request
from anonymize.search.uniform import find_levels
from schemas.errors import SpecificationError


@dataclass(frozen=True)
class UniformlyGeneralized:
    """The table with the quasi-identifiers as labels: same rows, same order, same columns.

    A level counts from 0, the value itself, along the paths of the column's hierarchy. Losses are means over cells of the penalties
    times the weights of their columns, over the sum of the weights: Iyengar's loss where all weigh the same.
    """

    table: pl.DataFrame
    levels: tuple[tuple[str, int], ...]  # for each quasi-identifier
    suppressed: int  # persons whose every label covers the whole table
    loss: float
    bound: float  # no other choice of levels loses less; equal to the loss where the search came to its end
    waived: tuple[str, ...] = ()  # sensitive fields of which the whole table holds less than is asked of a class


def generalize_uniformly(
    table: pl.DataFrame,
    hierarchies: Sequence[Hierarchy],
    conditions: Conditions,
    *,
    suppression_limit: float = 0.0,
    weights: Mapping[str, float] | None = None,
    progress: Callable[[float], None] | None = None,
) -> UniformlyGeneralized:
    """The one level a column that loses least, where at most a share `suppression_limit` of the persons is suppressed.

    The table, the hierarchies and the conditions are those of `anonymize.generalize`. A class that does not keep the conditions is
    suppressed whole. The suppressed are one class, which keeps the conditions too: if need be, the class whose suppression costs
    least and makes it so joins them. Optimal among all choices of levels, as far as `bound` says.
    The same rows in any order give the same rows back. Raises `SpecificationError` with every fault; no value is shown.

    Sources: full-domain generalization with suppression, Samarati 2001; loss, Iyengar, KDD 2002.
    """
    check_request(table, hierarchies, conditions, weights or {})
    if not 0 <= suppression_limit < 1:
        raise SpecificationError(
            [f"the share of persons who may be suppressed is {suppression_limit:g}"],
            where="the request to generalise it uniformly",
            allowed="a share from 0 to below 1",
            next_step="correct the share, then run again",
        )
    collapsed = collapse(table, hierarchies, conditions, weights or {})
    found = find_levels(collapsed.people, collapsed.forest, conditions, suppression_limit=suppression_limit, progress=progress)
    class_of = class_of_rows(found.assignment, collapsed.tuple_of, table.select())
    shown = np.array(collapsed.forest.labels, dtype=object)[found.assignment.node]
    cells = table.height * sum((weights or {}).get(hierarchy.column, 1.0) for hierarchy in hierarchies)
    return UniformlyGeneralized(
        table=table.with_columns(
            pl.Series(hierarchy.column, shown[:, place], dtype=pl.String).gather(class_of) for place, hierarchy in enumerate(hierarchies)
        ),
        levels=tuple((each.column, max(each.levels - 1 - depth, 0)) for each, depth in zip(hierarchies, found.depth, strict=True)),
        suppressed=found.suppressed,
        loss=found.loss / cells,
        bound=found.bound / cells,
        waived=found.assignment.waived,
    )
