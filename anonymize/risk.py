"""Measure what a published table gives away and what it lost, from the table alone.

Here: the measures a release is judged by, and the loss against the original. Never here: code that generalises, or
any of its intermediate results; a fault there must not be able to hide here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from anonymize.hierarchy import Hierarchy
from schemas.errors import SpecificationError
from schemas.vocabulary import MISSING_CODES, SUPPRESSED

NOT_KNOWN = (*MISSING_CODES, SUPPRESSED)
"""Codes that tell nothing of a person, and that hide nothing either: those who lack a value are taken to share that of the others."""


@dataclass(frozen=True)
class FieldHomogeneity:
    """How many classes, and how many persons in them, hold one known value only of one sensitive field."""

    field: str
    classes: int
    persons: int


@dataclass(frozen=True)
class Loss:
    """Iyengar's loss metric: 0 where every value is published as it was, 1 where every cell is suppressed."""

    mean: float
    by_column: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Measures:
    """What can be said of a published table. A class is all persons that share the labels of every quasi-identifier.

    The wholly suppressed class is a class like any other. A class is homogeneous in a sensitive field when it holds one
    known value of it only, however many persons lack one; and it is homogeneous when it is so in at least one field.
    Shares are of classes or of persons, 0 where there are none. Cells are those that show a label: a quasi-identifier
    that is a whole number counts in classes, not in cells.
    """

    persons: int
    classes: int
    smallest_class: int
    homogeneous_classes: int
    homogeneous_share: float
    homogeneous_persons_share: float
    homogeneous_by_field: tuple[FieldHomogeneity, ...]
    cells: int
    suppressed_cells: int
    prosecutor_risk_max: float


def measure(published: pl.DataFrame, *, quasi: Sequence[str], sensitive: Sequence[str]) -> Measures:
    """Measure a table with one row a person, no null, and text columns; a quasi-identifier may be a whole number (a cohort).

    Smallest class: k-anonymity (Sweeney 2002). Homogeneity: the attack that distinct l-diversity answers
    (Machanavajjhala et al. 2007). Highest prosecutor risk: 1 / smallest class (Dankar and El Emam 2010), the chance
    to pick the right row for a person who is known to be in the table.
    """
    known = {field: ~pl.col(field).is_in(NOT_KNOWN) for field in sensitive}
    shared = [(pl.col(field).filter(known[field]).n_unique() == 1).alias(f"homogeneous {field}") for field in sensitive]
    by_class = (
        published.group_by(quasi).agg(pl.len().alias("persons of class"), *shared)
        if quasi and published.height
        else published.select(pl.len().alias("persons of class"), *shared).filter(pl.col("persons of class") > 0)
    )
    size = pl.col("persons of class")
    homogeneous = by_class.filter(pl.any_horizontal(pl.lit(False), *[f"homogeneous {field}" for field in sensitive]))
    fields = []
    for field in sensitive:
        hit = by_class.filter(pl.col(f"homogeneous {field}"))
        fields.append(FieldHomogeneity(field, hit.height, int(hit.select(size.sum()).item())))
    labelled = [column for column in quasi if published.schema[column] == pl.String]
    smallest = int(by_class.select(size.min().fill_null(0)).item())
    persons = published.height
    return Measures(
        persons=persons,
        classes=by_class.height,
        smallest_class=smallest,
        homogeneous_classes=homogeneous.height,
        homogeneous_share=homogeneous.height / max(by_class.height, 1),
        homogeneous_persons_share=int(homogeneous.select(size.sum()).item()) / max(persons, 1),
        homogeneous_by_field=tuple(fields),
        cells=persons * len(labelled),
        suppressed_cells=sum(int((published[column] == SUPPRESSED).sum()) for column in labelled),
        prosecutor_risk_max=1 / smallest if smallest else 0.0,
    )


def loss(
    original: pl.DataFrame, published: pl.DataFrame, hierarchies: Sequence[Hierarchy], weights: Mapping[str, float] | None = None
) -> Loss:
    """What generalisation cost, a mean over all cells of (values under the label - 1) / (values of the column - 1).

    Values are counted over those that occur in `original` (Iyengar, KDD 2002; as normalised certainty penalty, Xu et
    al., KDD 2006). Both tables hold the same persons in the same order. `weights` weigh the columns in the mean.
    Raises `SpecificationError` where they differ in length, or a label does not cover the value it stands for.
    """
    faults = [] if original.height == published.height else [f"{original.height} row(s) before, {published.height} after"]
    by_column: list[tuple[str, float]] = []
    for hierarchy in hierarchies if not faults else ():
        column = hierarchy.column
        # The values that occur before, each with every label that covers it, and how many such values a label covers.
        values = original[column].unique().to_list()
        under: dict[str, set[str]] = defaultdict(set)
        for value in values:
            for label in hierarchy.paths.get(value, ()):
                under[label].add(value)
        pairs = pl.DataFrame({"value": original[column], "label": published[column]}).group_by("value", "label").len()
        uncovered, cost = 0, 0.0
        for value, label, rows in sorted(pairs.iter_rows()):
            if value in under.get(label, ()):
                cost += rows * (len(under[label]) - 1) / max(len(values) - 1, 1)
            else:
                uncovered += rows
        if uncovered:
            faults.append(f"column {column}: {uncovered} label(s) do not cover the value they stand for")
        by_column.append((column, cost / max(original.height, 1)))
    if faults:
        raise SpecificationError(
            faults,
            where="the original and the published table",
            allowed="the same persons in the same order, each label an ancestor of the value it replaces",
            next_step="compare the table with the result of its own generalisation, before it is sorted",
        )
    weight = {column: (weights or {}).get(column, 1.0) for column, _ in by_column}
    total = sum(weight.values())
    return Loss(sum(weight[column] * cost for column, cost in by_column) / total if total else 0.0, tuple(by_column))
