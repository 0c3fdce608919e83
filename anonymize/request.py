"""Check what is asked of an anonymization before anything is done: every fault at once, no value shown.

Here: the table, its hierarchies, the conditions and the weights against each other. Never here: what the whole table fails when it
is counted (`search.asking`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from anonymize.conditions import Conditions, Contributors, Diversity
from anonymize.hierarchy import Hierarchy
from schemas.errors import SpecificationError


def check_request(table: pl.DataFrame, hierarchies: Sequence[Hierarchy], conditions: Conditions, weights: Mapping[str, float]) -> None:
    """Raise `SpecificationError` with every fault of a request to anonymize a table of one row a person."""
    faults = [
        *faults_of_conditions([each.column for each in hierarchies], conditions, weights),
        *_faults_of_columns(table, hierarchies, conditions),
    ]
    if conditions.k > max(table.height, 1):
        faults.append(f"k is {conditions.k}, more than the {table.height} person(s) of the table")
    if faults:
        raise SpecificationError(
            faults,
            where="the table and the request to generalise it",
            allowed="one row a person, text columns without null, a path for every value, k from 2 to the number of persons, distinct and "
            "entropy from 1, closeness from 0 to 1, weights above 0",
            next_step="mend the faults listed above, then run again",
        )


def faults_of_conditions(quasi: Sequence[str], conditions: Conditions, weights: Mapping[str, float]) -> list[str]:
    """What is wrong with a request whatever the table."""
    named = [*quasi, *(each.field for each in conditions.sensitive)]
    faults = []
    if conditions.k < 2:
        faults.append(f"k is {conditions.k}, under 2")
    if not quasi:
        faults.append("no quasi-identifier is named")
    if len(set(named)) < len(named):
        faults.append("a column is named twice among the quasi-identifiers and the sensitive fields")
    for each in conditions.sensitive:
        faults += _faults_of_diversity(each)
    if conditions.contributors:
        faults += _faults_of_contributors(conditions.contributors, named)
    faults += [f"a weight is given for {column}, which is no quasi-identifier" for column in weights if column not in quasi]
    faults += [f"the weight of {column} is not above 0" for column, weight in weights.items() if not weight > 0]
    return faults


def _faults_of_diversity(asked: Diversity) -> list[str]:
    tests = [
        (asked.distinct < 1, f"{asked.distinct} distinct values are asked of {asked.field}, under 1"),
        (not asked.entropy >= 1, f"the entropy asked of {asked.field} is {asked.entropy:g}, under 1"),
        (not 0 <= asked.closeness <= 1, f"the closeness asked of {asked.field} is {asked.closeness:g}, not from 0 to 1"),
    ]
    return [fault for failed, fault in tests if failed]


def _faults_of_contributors(asked: Contributors, named: Sequence[str]) -> list[str]:
    tests = [
        (asked.least < 1, f"{asked.least} stranger(s) to each contributor are asked, under 1"),
        (asked.column in named, f"column {asked.column} is named as contributors and in another role"),
        (asked.separator == "", "the separator of contributors is empty"),
    ]
    return [fault for failed, fault in tests if failed]


def _faults_of_columns(table: pl.DataFrame, hierarchies: Sequence[Hierarchy], conditions: Conditions) -> list[str]:
    paths = {hierarchy.column: hierarchy.paths for hierarchy in hierarchies}
    contributors = [conditions.contributors.column] if conditions.contributors else []
    faults = []
    for column in dict.fromkeys([*paths, *(each.field for each in conditions.sensitive), *contributors]):
        if column not in table.columns:
            faults.append(f"the table has no column {column}")
        elif table.schema[column] != pl.String:
            faults.append(f"column {column} is not text")
        elif nulls := table[column].null_count():
            faults.append(f"column {column} has {nulls} null cell(s)")
        elif column in paths and (strange := int((~table[column].is_in(list(paths[column]))).sum())):
            faults.append(f"column {column} has {strange} cell(s) with a value that its hierarchy does not hold")
        elif column in contributors and (nameless := _nameless(table[column], conditions.contributors)):
            faults.append(f"column {column} has {nameless} cell(s) that name no contributor")
    return faults


def _nameless(cells: pl.Series, asked: Contributors | None) -> int:
    """How many cells name nobody, or nobody between two separators."""
    separator = asked.separator if asked else None
    names = cells.str.split(separator) if separator else cells.to_frame().select(pl.concat_list(pl.all())).to_series()
    return int(names.list.contains("").sum())
