"""What generalization cost, and how far off its counts are, in SQL.

Here: the figures of `anonymize.risk.loss` and `count_error`. Never here: a judgement of what is too much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from schemas.missing import SUPPRESSED
from warehouse.measures.text import label, literal, quoted, weight

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class CountError:
    """The mean and worst error of the tables of counts over so many columns."""

    columns: int
    tables: int
    possible: int
    mean: float
    worst: float


def loss(
    connection: duckdb.DuckDBPyConnection,
    original: str,
    published: str,
    column: str,
    paths: Mapping[str, Sequence[str]],
    *,
    persons: str | None = None,
) -> float:
    """Iyengar's loss of one column: the mean over persons of (values under the label - 1) / (values of the column - 1).

    `paths` are the labels above each value, itself included. The labels alone are judged, not whether they cover
    what they stand for; a label above no value counts as suppressed. `persons` is a column of the published relation.
    """
    edges = ", ".join(f"({literal(value)}, {literal(step)})" for value, path in paths.items() for step in dict.fromkeys(path))
    cells = f"select {label(column)} as step, {weight(persons)} as persons from {quoted(published)}"
    found = connection.execute(
        f"""with domain as (select distinct {quoted(column)} as value from {quoted(original)}),
            size as (select count(*) as size from domain),
            under as (select step, count(*) as n from (values {edges}) as edge(value, step) semi join domain using (value) group by step)
            select sum(persons * (coalesce(n, size) - 1) / greatest(size - 1, 1)) / sum(persons)
            from ({cells}) left join under using (step) cross join size"""
    ).fetchall()[0][0]
    return float(found or 0)


def count_error(
    connection: duckdb.DuckDBPyConnection, original: str, published: str, columns: Sequence[str], *, ways: int = 3
) -> tuple[CountError, ...]:
    """The relative error of every table of counts over 1 to `ways` columns; a row counts where it shows values of the original."""
    found = []
    for way in range(1, min(ways, len(columns)) + 1):
        errors = [_error(connection, original, published, subset) for subset in combinations(columns, way)]
        found.append(CountError(way, len(errors), len(errors), sum(errors) / len(errors), max(errors)))
    return tuple(found)


def _error(connection: duckdb.DuckDBPyConnection, original: str, published: str, columns: Sequence[str]) -> float:
    shown = ", ".join(f"{label(column)} as c{at}" for at, column in enumerate(columns))
    inside = " and ".join(
        f"{label(column)} in (select {label(column)} from {quoted(original)}) and {label(column)} <> {literal(SUPPRESSED)}"
        for column in columns
    )
    names = ", ".join(f"c{at}" for at in range(len(columns)))
    counts = [
        f"select {shown}, count(*) as {name} from {quoted(table)} where {inside} group by all"
        for table, name in ((original, "true_count"), (published, "shown_count"))
    ]
    error = connection.execute(
        f"""select sum(abs(coalesce(true_count, 0) - coalesce(shown_count, 0))) / nullif(sum(true_count), 0)
            from ({counts[0]}) full join ({counts[1]}) using ({names})"""
    ).fetchall()[0][0]
    return float(error or 0)
