"""Classes of a relation in SQL: their sizes, and what they tell of each sensitive field.

Here: the figures of `anonymize.risk.measure` and `class_sizes`. Never here: a limit they are held against.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.missing import SUPPRESSED
from warehouse.measures.text import keys, label, listed, literal, quoted, weight

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class FieldHomogeneity:
    """How many classes, and persons in them, hold one known value only of one sensitive field."""

    field: str
    classes: int
    persons: int


@dataclass(frozen=True)
class FieldDiversity:
    """Distinct and entropy l, and the largest t, over the classes that hold a known value; and l of the whole table."""

    field: str
    distinct: int
    entropy: float
    farthest: float
    classes_without: int
    of_table_distinct: int
    of_table_entropy: float


@dataclass(frozen=True)
class Measures:
    """The figures of one relation; a class is all persons that share every label of the quasi-identifiers."""

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


def measure(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    *,
    quasi: Sequence[str],
    sensitive: Sequence[str],
    not_known: Collection[str],
    persons: str | None = None,
) -> Measures:
    """k, homogeneity, l, t, uniques and discernibility of a relation; `not_known` are codes that tell nothing of a sensitive field.

    Raises `duckdb.Error` for a column that is not there.
    """
    described = connection.execute(f"select column_name, column_type from (describe {quoted(relation)})").fetchall()
    labelled = [f"q{at}" for at, column in enumerate(quasi) if (column, "VARCHAR") in described]
    unknown = listed(not_known)
    selected, names = keys(quasi)
    fields = [f"{label(column)} as s{at}" for at, column in enumerate(sensitive)]
    cells = f"select {', '.join([selected, *fields])}, {weight(persons)} as persons from {quoted(relation)}"
    query = _query_of_classes(cells, names, labelled, len(sensitive), unknown)
    total, classes, smallest, uniques, suppressed, discernibility, homogeneous, homogeneous_persons, *counts = (
        int(number or 0) for number in connection.execute(query).fetchall()[0]
    )
    return Measures(
        persons=total,
        classes=classes,
        smallest_class=smallest,
        homogeneous_classes=homogeneous,
        homogeneous_share=homogeneous / max(classes, 1),
        homogeneous_persons_share=homogeneous_persons / max(total, 1),
        homogeneous_by_field=tuple(FieldHomogeneity(field, *counts[2 * at : 2 * at + 2]) for at, field in enumerate(sensitive)),
        cells=total * len(labelled),
        suppressed_cells=suppressed,
        prosecutor_risk_max=1 / smallest if smallest else 0.0,
        uniques=uniques,
        discernibility=discernibility,
        diversity_by_field=tuple(
            _diversity(connection, cells, names, f"s{at}", unknown, field, classes) for at, field in enumerate(sensitive)
        ),
    )


def class_sizes(
    connection: duckdb.DuckDBPyConnection, relation: str, quasi: Sequence[str], *, persons: str | None = None
) -> tuple[tuple[int, int], ...]:
    """(size, how many classes have it), by ascending size."""
    selected, names = keys(quasi)
    rows = connection.execute(
        f"""select size, count(*) from (
                select sum(persons) as size from (select {selected}, {weight(persons)} as persons from {quoted(relation)}) group by {names})
            group by size order by size"""
    ).fetchall()
    return tuple((int(size), int(classes)) for size, classes in rows)


def _query_of_classes(cells: str, names: str, labelled: Sequence[str], fields: int, unknown: str) -> str:
    alike = [f"count(distinct s{at}) filter (s{at} not in {unknown}) = 1 as alike{at}" for at in range(fields)]
    hidden = " + ".join(f"cast({name} = {literal(SUPPRESSED)} as integer)" for name in labelled) or "0"
    in_class = ", ".join(["sum(persons) as persons", f"any_value({hidden}) as hidden", *alike])
    # A person whose every label is suppressed cannot be told from anyone.
    like_it = f"if(hidden = {len(labelled)}, (select sum(persons) from classes), persons)" if labelled else "persons"
    in_any = " or ".join(f"alike{at}" for at in range(fields)) or "false"
    over_classes = ", ".join(
        [
            *("sum(persons)", "count(*)", "min(persons)", "count(*) filter (persons = 1)"),
            *("sum(persons * hidden)", f"sum(persons * {like_it})"),
            *(f"count(*) filter ({each}), sum(persons) filter ({each})" for each in [in_any, *(f"alike{at}" for at in range(fields))]),
        ]
    )
    return f"with cells as ({cells}), classes as (select {in_class} from cells group by {names}) select {over_classes} from classes"


def _diversity(
    connection: duckdb.DuckDBPyConnection, cells: str, names: str, value: str, unknown: str, field: str, classes: int
) -> FieldDiversity:
    """By other formulas than in polars: entropy from the sum of n ln n, distance as what the class does not share with the table."""
    found = connection.execute(
        f"""with counts as (
                select {names}, {value} as known, sum(persons) as n from ({cells}) where {value} not in {unknown} group by {names}, known),
            parts as (select *, n / sum(n) over (partition by {names}) as part from counts),
            shares as (select known, sum(n) as n, sum(n) / sum(sum(n)) over () as share from counts group by known),
            told as (
                select count(*) as known, sum(n) / exp(sum(n * ln(n)) / sum(n)) as entropy, 1 - sum(least(part, share)) as distance
                from parts join (select known, share from shares) using (known) group by {names}),
            least as (select count(*), min(known), min(entropy), max(distance) from told)
            select least.*, whole.* from least, (select count(*), sum(n) / exp(sum(n * ln(n)) / sum(n)) from shares) as whole"""
    ).fetchall()[0]
    told, distinct, entropy, farthest, of_table_distinct, of_table_entropy = (number or 0 for number in found)
    return FieldDiversity(
        field,
        int(distinct),
        round(float(entropy), 12),
        round(max(float(farthest), 0.0), 12),
        classes - int(told),
        int(of_table_distinct),
        round(float(of_table_entropy), 12),
    )
