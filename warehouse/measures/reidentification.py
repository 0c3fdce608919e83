"""The chance to pick the right person for a published row, in SQL.

Here: the figures of `anonymize.risk.reidentification`. Never here: a limit they are held against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.missing import SUPPRESSED
from warehouse.measures.text import keys, label, literal, quoted

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Reidentification:
    """Prosecutor, journalist and marketer risk, from 0 to 1."""

    prosecutor_highest: float
    prosecutor_mean: float
    journalist_highest: float
    marketer: float


def reidentification(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    *,
    quasi: Sequence[str],
    population: str | None = None,
    paths: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> Reidentification:
    """Risks of a relation among itself or a population of original values; `paths` are the labels above each value of a column.

    A column without paths is compared as it stands. Every person of the population is held against every class.
    """
    selected, names = keys(quasi)
    fits = "f"
    if population is not None:
        covered = " and ".join(_covers(f"classes.q{at}", column, (paths or {}).get(column)) for at, column in enumerate(quasi)) or "true"
        fits = f"(select count(*) from {quoted(population)} where {covered})"
    found = connection.execute(
        f"""with classes as (select {names}, count(*) as f from (select {selected} from {quoted(relation)}) group by {names}),
            risks as (select f, {fits} as fits from classes)
            select 1 / min(f), count(*) / sum(f), 1 / min(fits), sum(f / fits) / sum(f) from risks"""
    ).fetchall()[0]
    return Reidentification(*(float(number or 0) for number in found))


def _covers(shown: str, column: str, paths: Mapping[str, Sequence[str]] | None) -> str:
    value = label(column)
    if paths is None:
        stands = f"({shown} = {value} and {value} <> {literal(SUPPRESSED)})"
    else:
        edges = ", ".join(f"({literal(start)}, {literal(step)})" for start, path in paths.items() for step in path)
        stands = f"(({value}, {shown}) in (values {edges}))"
    return f"({shown} = {literal(SUPPRESSED)} or {stands})"
