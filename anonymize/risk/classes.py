"""What a class gives away: its size, and what it tells of each sensitive field.

Here: k, uniques, homogeneity, l and t of a published table, and two measures of its classes' sizes. Never here: a
judgement of them, which is the gate's.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from anonymize.risk.tables import numbered, plain
from schemas.missing import MISSING_CODES, SUPPRESSED

NOT_KNOWN = (*MISSING_CODES, SUPPRESSED)
"""Codes that tell nothing of a person, and that hide nothing either: those who lack a value are taken to share that of the others."""


@dataclass(frozen=True)
class FieldHomogeneity:
    """How many classes, and how many persons in them, hold one known value only of one sensitive field."""

    field: str
    classes: int
    persons: int


@dataclass(frozen=True)
class FieldDiversity:
    """The least diverse class of one sensitive field, over known values and the classes that hold any; 0 where there is none.

    `distinct` and `entropy`: the fewest known values of a class, and the least exponential of the entropy of their shares
    (distinct and entropy l-diversity, Machanavajjhala et al. 2007: a table is entropy l-diverse for every l up to it).
    `farthest`: the largest distance of a class from the whole table, half the sum of the differences between the shares of
    each known value (total variation, the earth mover's distance between values equally far apart; t-closeness, Li et al. 2007).
    `classes_without` counts the classes without a known value, which tell nothing of the field. `of_table_distinct` and
    `of_table_entropy` are the two of all persons together: no class can be asked for more.
    """

    field: str
    distinct: int
    entropy: float
    farthest: float
    classes_without: int
    of_table_distinct: int
    of_table_entropy: float


@dataclass(frozen=True)
class Measures:
    """What can be said of a published table. A class is all persons that share the labels of every quasi-identifier.

    The wholly suppressed class is a class like any other. A class is homogeneous in a sensitive field when it holds one
    known value of it only, however many persons lack one; and it is homogeneous when it is so in at least one field.
    Shares are of classes or of persons, 0 where there are none. Cells are those that show a label: a quasi-identifier
    that is a whole number counts in classes, not in cells. `uniques` are the persons alone in their class. `discernibility` is
    the sum over persons of how many they cannot be told from: those of the class, or the whole table for a person whose every
    label is suppressed (Bayardo and Agrawal 2005).
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
    uniques: int
    discernibility: int
    diversity_by_field: tuple[FieldDiversity, ...]

    def average_class(self, k: int = 1) -> float:
        """Persons a class; over the k that was asked it is C_avg, 1 at best (LeFevre et al. 2006); 0 without persons."""
        return self.persons / (self.classes * k) if self.classes else 0.0


def measure(published: pl.DataFrame, *, quasi: Sequence[str], sensitive: Sequence[str], not_known: Collection[str] = NOT_KNOWN) -> Measures:
    """Measure a table with one row a person and text columns; a quasi-identifier may be a whole number (a cohort).

    Smallest class: k-anonymity (Sweeney 2002). Homogeneity: the attack that distinct l-diversity answers
    (Machanavajjhala et al. 2007). Highest prosecutor risk: 1 / smallest class (Dankar and El Emam 2010), the chance
    to pick the right row for a person who is known to be in the table. `not_known` are the codes of a sensitive field that
    tell nothing; null and `suppressed` are always among them.
    """
    class_of = numbered(published, quasi)
    values = plain(published, sensitive, prefix="s")
    sizes = class_of.group_by("class").agg(pl.len().cast(pl.Int64).alias("persons"))
    unknown = [*not_known, SUPPRESSED]
    known = [class_of.with_columns(values[name].alias("value")).filter(~pl.col("value").is_in(unknown)) for name in values.columns]
    by_field = [_known_values(persons, sizes) for persons in known]
    alike = [counts.filter(pl.col("distinct") == 1).select("class", "persons") for counts in by_field]
    homogeneous = pl.concat([sizes.clear(), *alike]).unique()
    smallest = _least(sizes["persons"])
    persons = published.height
    labelled = [column for column in quasi if published.schema[column] == pl.String]
    labels = plain(published, labelled, prefix="q")
    return Measures(
        persons=persons,
        classes=sizes.height,
        smallest_class=smallest,
        homogeneous_classes=homogeneous.height,
        homogeneous_share=homogeneous.height / max(sizes.height, 1),
        homogeneous_persons_share=int(homogeneous["persons"].sum()) / max(persons, 1),
        homogeneous_by_field=tuple(
            FieldHomogeneity(field, found.height, int(found["persons"].sum())) for field, found in zip(sensitive, alike, strict=True)
        ),
        cells=persons * len(labelled),
        suppressed_cells=sum(int((labels[column] == SUPPRESSED).sum()) for column in labels.columns),
        prosecutor_risk_max=1 / smallest if smallest else 0.0,
        uniques=int((sizes["persons"] == 1).sum()),
        discernibility=_discernibility(class_of, sizes, labels),
        diversity_by_field=tuple(
            _diversity(field, told, of_field["value"], sizes.height)
            for field, told, of_field in zip(sensitive, by_field, known, strict=True)
        ),
    )


def class_sizes(published: pl.DataFrame, quasi: Sequence[str]) -> pl.DataFrame:
    """How many `classes` have each `size`, by ascending size: the whole distribution, of which k is the first line."""
    sizes = numbered(published, quasi).group_by("class").agg(pl.len().cast(pl.Int64).alias("size"))
    return sizes.group_by("size").agg(pl.len().cast(pl.Int64).alias("classes")).sort("size")


def _known_values(persons: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
    """The classes with a known value: how many, the entropy of their shares in nats, their distance from the table's, the persons."""
    # Sums of floats depend on their order: sorted, the same table gives the same figures on any number of threads.
    counts = persons.group_by("class", "value").agg(pl.len().alias("rows")).sort("class", "value")
    share, of_table = pl.col("rows") / pl.col("rows").sum().over("class"), pl.col("rows").sum().over("value") / persons.height
    # What a class has too little of, it has too much of elsewhere: the surplus alone is half the sum of all differences.
    terms = counts.select("class", (-share * share.log()).alias("entropy"), (share - of_table).clip(lower_bound=0).alias("distance"))
    of_class = (pl.len().cast(pl.Int64).alias("distinct"), pl.col("entropy").sum(), pl.col("distance").sum())
    return terms.group_by("class", maintain_order=True).agg(of_class).join(sizes, on="class")


def _diversity(field: str, told: pl.DataFrame, values: pl.Series, classes: int) -> FieldDiversity:
    """`told` are the classes with a known value, `values` the known values of all persons."""
    if told.is_empty():
        return FieldDiversity(field, 0, 0.0, 0.0, classes, 0, 0.0)
    fewest, entropy, farthest = told.select(pl.col("distinct").min(), pl.col("entropy").min(), pl.col("distance").max()).row(0)
    whole = values.value_counts(name="rows").sort(pl.all())
    share = pl.col("rows") / pl.col("rows").sum()
    of_table = whole.select(-(share * share.log()).sum()).item()
    # Rounded, so that two values in equal shares are an l of 2, and not of a float below it.
    return FieldDiversity(
        field, fewest, round(math.exp(entropy), 12), round(farthest, 12), classes - told.height, whole.height, round(math.exp(of_table), 12)
    )


def _discernibility(class_of: pl.DataFrame, sizes: pl.DataFrame, labels: pl.DataFrame) -> int:
    hidden = labels.select(pl.all_horizontal(pl.lit(labels.width > 0), pl.all() == SUPPRESSED)).to_series()
    told = class_of.filter(~hidden).join(sizes, on="class")
    return int(told["persons"].sum()) + int(hidden.sum()) * labels.height


def _least(numbers: pl.Series) -> int:
    return min(numbers.to_list(), default=0)
