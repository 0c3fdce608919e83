"""What only the rows of a table show to be wrong with a request: counts and numbers of rows, never a value.

Here: cells that mean nothing, conditions that all persons together cannot keep, codes that occur nowhere. Never here: a fault that
can be seen without the rows (`files.request`), or a cell in a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from anonymize.conditions import Diversity
from anonymize.files.request import Request
from anonymize.files.searching import contributors_in
from anonymize.files.source import Source, quoted, reading
from anonymize.hierarchy import ROOT_IN_FILES

ROWS_NAMED = 3
"""So many rows with a fault are named; the others are counted."""


def faults_of_cells(source: Source, request: Request) -> list[str]:
    """Cells that name no contributor, conditions out of reach, codes that nobody has; of columns that are there and are text."""
    if not source.rows:
        return []
    return [*_nameless(source, request), *_out_of_reach(source, request), *_codes_of_nobody(source, request)]


def strangers_to(source: Source, values_of_columns: Mapping[str, Sequence[str]]) -> list[str]:
    """Per column of text, the cells without a value, with a star, or with a value that is not among those of its hierarchy."""
    faults = []
    for column, values in values_of_columns.items():
        if source.columns.get(column) == "VARCHAR":
            cell, star = quoted(column), f"{quoted(column)} = '{ROOT_IN_FILES}'"
            tests = [
                (f"{cell} is null", "null cell(s): a missing value needs a code and a line in the hierarchy"),
                (star, f"cell(s) that are {ROOT_IN_FILES}, which is how a withheld value is shown: give a missing value a code of its own"),
                (f"not {star} and not {_among(cell, values)}", "cell(s) with a value that its hierarchy does not hold"),
            ]
            faults += [f"column {column} has {fault}" for test, what in tests if (fault := _counted(source, test, what))]
    return faults


def _counted(source: Source, test: str, what: str) -> str:
    """How many rows pass the test of a fault, what that is, and the first of them, counted from 1; nothing where none does."""
    with reading(source.path):
        numbered = source.relation().project(f"row_number() over () as number, {test} as is_faulty")
        ((count, first),) = numbered.filter("is_faulty").aggregate(f"count(*), min(number, {ROWS_NAMED})").fetchall()
    if not count:
        return ""
    rows = ", ".join([*map(str, first), *(["..."] if count > ROWS_NAMED else [])])
    return f"{count} {what} (row{'s' if count > 1 else ''} {rows})"


def _nameless(source: Source, request: Request) -> Iterator[str]:
    asked = request.conditions.contributors
    if asked is None or source.columns.get(asked.column) != "VARCHAR":
        return
    cell = quoted(asked.column)
    nameless = [value for value in _counts(source, asked.column) if not contributors_in(value, asked)]
    if fault := _counted(source, f"{cell} is null or {_among(cell, nameless)}", "cell(s)"):
        yield f"column {asked.column} names no contributor in {fault}"


def _out_of_reach(source: Source, request: Request) -> Iterator[str]:
    """What the search would waive of a column, were it not refused here."""
    for asked in request.conditions.sensitive:
        is_text = source.columns.get(asked.field) == "VARCHAR"
        if is_text and asked.field not in request.waivable and asked.distinct >= 1 and asked.entropy >= 1:
            counts = _counts(source, asked.field)
            yield from _lacking(asked, [persons for value, persons in counts.items() if value not in request.not_known])


def _lacking(asked: Diversity, persons: Sequence[int]) -> Iterator[str]:
    from anonymize.search.asking import reachable

    can = reachable(asked, np.array(persons, dtype=np.int64))
    mend = f"ask for less, or give it up with --waive {asked.field}"
    if can.distinct < asked.distinct:
        yield f"column {asked.field} has {len(persons)} known value(s) in all, fewer than l = {asked.distinct}: {mend}"
    if can.entropy < asked.entropy:
        yield f"column {asked.field} as a whole, with {len(persons)} known value(s), is under entropy = {asked.entropy:g}: {mend}"


def _codes_of_nobody(source: Source, request: Request) -> Iterator[str]:
    """Codes are told by their place: one may be a value of another column."""
    columns = [*request.sensitive, *(request.flags.columns if request.flags else ())]
    if not request.codes_said or any(source.columns.get(column) != "VARCHAR" for column in columns):
        return
    occurring = {value for column in columns for value in _counts(source, column)}
    for place, code in enumerate(request.codes_said, start=1):
        if code not in occurring:
            yield f"code {place} of --missing occurs in no sensitive column and no flag"


def _counts(source: Source, column: str) -> dict[str, int]:
    """How many persons have each value of a column of text; null is none."""
    name = quoted(column)
    with reading(source.path):
        found = source.relation().filter(f"{name} is not null").aggregate(f"{name}, count(*)", name).fetchall()
    return dict(sorted(found))


def _among(cell: str, values: Sequence[str]) -> str:
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"{cell} in ({listed})" if values else "false"
