"""What was published of a table, read back from its bytes and counted beside the original.

Here: pairs of original and published rows, the measures over them, whether every label covers its value. Never here: a limit,
or anything that the search or the writer knew; a fault there must not be able to hide here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anonymize.files.request import GROUP, FlagRequest, Request
from anonymize.files.source import Source, reading
from anonymize.hierarchy import Hierarchy
from schemas.missing import SUPPRESSED, UNKNOWN
from warehouse.measures.classes import Measures, measure
from warehouse.measures.contributing import Strangers, strangers
from warehouse.measures.flags import Combinations, combinations
from warehouse.measures.text import literal, quoted

_PAIRS, _ORIGINAL, _PUBLISHED, _FINAL, _FLAGS = "pairs", "original", "published", "final", "flags"


@dataclass(frozen=True)
class Fidelity:
    """How true one column is to its original: the cells whose label does not cover the value, and the loss of the others."""

    column: str
    uncovered: int
    loss: float


@dataclass(frozen=True)
class FlagOutcome:
    """What became of the flags: persons, groups, few flags together that point at too few, cells withheld in each column."""

    persons: int
    groups: int
    smallest_group: int
    combinations: tuple[Combinations, ...]
    withheld: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class ReadBack:
    """What stands in the published files; `rows` counts those of the table, as many as the original has if all is well.

    `suppressed_persons` are those of whom no quasi-identifier is shown.
    """

    rows: int
    before: Measures
    after: Measures
    fidelity: tuple[Fidelity, ...]
    strangers: Strangers | None
    flags: FlagOutcome | None
    suppressed_persons: int


def read_back(source: Source, request: Request, hierarchies: Sequence[Hierarchy], rows: Path, final: Path, flags: Path) -> ReadBack:
    """Measure `final` and, where they were asked for, `flags`; `rows` are the rows of `final` in the order of the original."""
    with reading(final):
        (count,) = source.published(final).count("*").fetchall()[0]
        persons = _pair(source, request, rows)
        after = _measured(source, request, _PUBLISHED, persons)
        if final != rows:
            cells = [f"{_shown(request, quoted(column))} as {quoted(column)}" for column in request.quasi]
            source.published(final).project(", ".join([*cells, *map(quoted, request.sensitive)])).create_view(_FINAL)
            after = _measured(source, request, _FINAL, None)
        return ReadBack(
            rows=int(count),
            before=_measured(source, request, _ORIGINAL, persons),
            after=after,
            fidelity=tuple(_fidelity(source, request, hierarchy, at) for at, hierarchy in enumerate(hierarchies)),
            strangers=_strangers(source, request, persons),
            flags=_flags(source, request, request.flags, flags) if request.flags else None,
            suppressed_persons=_suppressed_persons(source, request),
        )


def _pair(source: Source, request: Request, rows: Path) -> str:
    """Original and published rows side by side, those alike in all that is measured counted together; the name of that count.

    Leaves the relations `_PAIRS`, and `_ORIGINAL` and `_PUBLISHED` with the columns that the table has.
    """
    source.relation().create_view("original rows")
    source.published(rows).create_view("published rows")
    contributors = request.conditions.contributors
    kept = [*request.sensitive, *([contributors.column] if contributors else [])]
    columns = [f"o.{quoted(column)} as original{at}" for at, column in enumerate(request.quasi)]
    columns += [f"{_shown(request, f'p.{quoted(column)}')} as published{at}" for at, column in enumerate(request.quasi)]
    columns += [f"o.{quoted(column)} as kept{at}" for at, column in enumerate(kept)]
    beside = 'from "original rows" o positional join "published rows" p'
    source.connection.execute(f"create temp table {_PAIRS} as select {', '.join(columns)}, count(*) as persons {beside} group by all")
    taken = {column.casefold() for column in source.columns}
    persons = next(name for name in ("persons" + "_" * times for times in range(len(taken) + 1)) if name not in taken)
    for side in (_ORIGINAL, _PUBLISHED):
        cells = [f"{side}{at} as {quoted(column)}" for at, column in enumerate(request.quasi)]
        cells += [f"kept{at} as {quoted(column)}" for at, column in enumerate(kept)]
        source.connection.table(_PAIRS).project(", ".join([*cells, f"persons as {quoted(persons)}"])).create_view(side)
    return persons


def _suppressed_persons(source: Source, request: Request) -> int:
    nothing = " and ".join(f"published{at} is null" for at in range(len(request.quasi)))
    ((persons,),) = source.connection.table(_PAIRS).filter(nothing).aggregate("coalesce(sum(persons), 0)::bigint").fetchall()
    return int(persons)


def _shown(request: Request, cell: str) -> str:
    """What a published cell shows, as SQL, null where its value is withheld."""
    return cell if request.suppressed_as is None else f"nullif({cell}, {literal(request.suppressed_as)})"


def _measured(source: Source, request: Request, relation: str, persons: str | None) -> Measures:
    return measure(
        source.connection, relation, quasi=request.quasi, sensitive=request.sensitive, not_known=request.not_known, persons=persons
    )


def _strangers(source: Source, request: Request, persons: str) -> Strangers | None:
    asked = request.conditions.contributors
    if asked is None:
        return None
    return strangers(
        source.connection,
        _PUBLISHED,
        quasi=request.quasi,
        contributor=asked.column,
        least=asked.least,
        separator=asked.separator,
        persons=persons,
    )


def _fidelity(source: Source, request: Request, hierarchy: Hierarchy, at: int) -> Fidelity:
    """Coverage and loss of the column: (values under the label - 1) / (values of the column - 1), the mean over its persons.

    Iyengar's loss metric (KDD 2002); values are counted over those that occur in the original.
    """
    pairs = source.connection.table(_PAIRS).aggregate(
        f"original{at}, coalesce(published{at}, {literal(SUPPRESSED)}), sum(persons)::bigint", f"original{at}, published{at}"
    )
    counted: list[tuple[str, str, int]] = pairs.fetchall()
    values = {value for value, _, _ in counted}
    under = _sets_under(counted, values) if request.labels == "sets" else _values_under(hierarchy.paths, values)
    persons, uncovered, lost = 0, 0, 0
    for value, label, number in counted:
        persons += number
        if value in under.get(label, ()):
            lost += number * (len(under[label]) - 1)
        else:
            uncovered += number
    return Fidelity(hierarchy.column, uncovered, lost / (persons * max(len(values) - 1, 1)))


def _values_under(paths: Mapping[str, Sequence[str]], values: set[str]) -> dict[str, set[str]]:
    """For each label of a hierarchy the values it may stand for, of those that occur."""
    under: dict[str, set[str]] = defaultdict(set)
    for value in values:
        for label in paths.get(value, ()):
            under[label].add(value)
    return under


def _sets_under(counted: Sequence[tuple[str, str, int]], values: set[str]) -> dict[str, set[str]]:
    """For each label that is a set the values it names, for the suppressed one all."""
    from anonymize.value_sets import members_of

    return {label: values if label == SUPPRESSED else set(members_of(label)) for _, label, _ in counted}


def _flags(source: Source, request: Request, flags: FlagRequest, path: Path) -> FlagOutcome:
    published = source.published(path)
    cells = [f"{_shown(request, quoted(column))} as {quoted(column)}" for column in flags.columns]
    published.project(", ".join([quoted(GROUP), *cells])).create_view(_FLAGS)
    table = source.connection.table(_FLAGS)
    withheld = table.aggregate(", ".join(f"count(*) filter ({quoted(column)} is null)" for column in flags.columns)).fetchall()[0]
    sizes = [int(size) for (size,) in table.aggregate("count(*)", quoted(GROUP)).fetchall()]
    distinct = {value for column in flags.columns for (value,) in table.aggregate(quoted(column), quoted(column)).fetchall()}
    known = sorted(value for value in distinct if value is not None and value not in (UNKNOWN, *request.not_known))
    found = combinations(
        source.connection, _FLAGS, group=GROUP, flags=flags.columns, width=flags.width, k=request.conditions.k, known=known
    )
    return FlagOutcome(sum(sizes), len(sizes), min(sizes), found, tuple(zip(flags.columns, map(int, withheld), strict=True)))
