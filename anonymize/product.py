"""Derive a product from the anonymous master table with the three verbs that keep k: choose, coarsen, filter.

Here: the verbs. Each makes classes of whole classes of the master, so none gets smaller. Never here: any other way to
choose rows or change a cell, or the judgement of the result, which is the release gate's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from anonymize.hierarchy import Hierarchy
from schemas.errors import SpecificationError
from schemas.zones import Anonymous, Pseudonymised


def derive(
    master: Anonymous,
    *,
    columns: Sequence[str],
    coarsen: Mapping[str, int],
    filters: Mapping[str, Sequence[str]],
    hierarchies: Mapping[str, Hierarchy],
) -> Pseudonymised:
    """The rows whose released label is one of those in `filters`, their `columns`, coarsened.

    `hierarchies` holds the quasi-identifiers of the master. `coarsen` gives a level: 0 is the value itself, and a label
    finer than the level is replaced by its ancestor there; a coarser one stays. Filters look at the labels as the
    master shows them, before coarsening. Only the gate can call the result anonymous.
    Raises `SpecificationError` with every fault, among them a filter on a column that is no quasi-identifier: filtering
    on a sensitive field takes persons out of classes and breaks k.
    """
    faults = _faults(master.frame, columns, coarsen, filters, hierarchies)
    if faults:
        raise SpecificationError(
            faults,
            where="the product's columns, coarser levels and filters",
            allowed=f"columns of the master table; levels and filters on its quasi-identifiers: {', '.join(hierarchies)}",
            next_step="mend the product's file, then run again",
        )
    wanted = [pl.col(column).is_in(list(labels)) for column, labels in filters.items()]
    coarser = []
    for column, level in coarsen.items():
        ladder = _ladder(hierarchies[column], level)
        coarser.append(pl.col(column).replace_strict(list(ladder), list(ladder.values()), return_dtype=pl.String))
    return Pseudonymised(master.frame.filter(pl.lit(True), *wanted).with_columns(coarser).select(columns))


def _ladder(hierarchy: Hierarchy, level: int) -> dict[str, str]:
    """Each label, at any level, to itself or its ancestor at `level`, whichever is coarser."""
    return {label: path[max(height, level)] for path in hierarchy.paths.values() for height, label in enumerate(path)}


def _faults(
    frame: pl.DataFrame,
    columns: Sequence[str],
    coarsen: Mapping[str, int],
    filters: Mapping[str, Sequence[str]],
    hierarchies: Mapping[str, Hierarchy],
) -> list[str]:
    faults = [] if columns else ["no column is chosen"]
    faults += [f"the master table has no column {column}" for column in columns if column not in frame.columns]
    faults += [f"column {column} is chosen twice" for column in dict.fromkeys(columns) if list(columns).count(column) > 1]
    for column, level in coarsen.items():
        if column not in hierarchies or column not in frame.columns:
            faults.append(f"column {column} cannot be coarsened: it is no quasi-identifier of the master table")
        elif not 0 <= level < hierarchies[column].levels:
            faults.append(f"column {column} has levels 0 to {hierarchies[column].levels - 1}, not {level}")
        elif strange := int((~frame[column].is_in(list(_ladder(hierarchies[column], 0)))).sum()):
            faults.append(f"column {column} has {strange} cell(s) with a label that its hierarchy does not hold")
    for column, labels in filters.items():
        if column not in hierarchies or column not in frame.columns:
            faults.append(f"column {column} cannot be filtered on: it is no quasi-identifier of the master table")
        elif strange := len(set(labels) - set(_ladder(hierarchies[column], 0))):
            faults.append(f"the filter on {column} names {strange} label(s) that its hierarchy does not hold")
    return faults
