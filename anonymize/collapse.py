"""Collapse a table of persons into the numbers that the search works on, and hand its classes back to the rows.

Here: frames in memory on one side, arrays on the other. Never here: a decision about who is published with whom, or a table that does
not fit in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.conditions import Conditions, Contributors
from anonymize.hierarchy import Hierarchy
from anonymize.search.encoding import Assignment, Flags, Forest, Ints, Numbers, People, arrange, mixture, number_distinct, plant
from schemas.missing import MISSING_CODES, SUPPRESSED


@dataclass(frozen=True)
class Collapsed:
    """A table as the search sees it."""

    people: People
    forest: Forest
    tuple_of: Ints  # (rows of the table,)


def collapse(table: pl.DataFrame, hierarchies: Sequence[Hierarchy], conditions: Conditions, weights: Mapping[str, float]) -> Collapsed:
    """Join persons who are equal in all that the search looks at into tuples; the request has been checked."""
    paths = [[hierarchy.paths[value] for value in table[hierarchy.column].unique()] for hierarchy in hierarchies]
    forest, leaves = plant(paths, [weights.get(hierarchy.column, 1.0) for hierarchy in hierarchies])
    quasi = [_codes(table[hierarchy.column], codes) for hierarchy, codes in zip(hierarchies, leaves, strict=True)]
    fields = [table[each.field].unique().sort() for each in conditions.sensitive]
    sensitive = [_codes(table[values.name], {value: code for code, value in enumerate(values)}) for values in fields]
    contributors, sets = _contributors(table, conditions.contributors)
    number, example = number_distinct([*quasi, *sensitive, contributors])
    order = arrange([column[example] for column in (*quasi, *sensitive, contributors)], len(quasi))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    chosen = example[order]
    people = People(
        leaf=np.ascontiguousarray(np.array([column[chosen] for column in quasi]).T),
        persons=np.bincount(number).astype(np.int32)[order],
        sensitive=np.array([column[chosen] for column in sensitive], dtype=np.int32).reshape(len(sensitive), len(chosen)).T,
        known=tuple((~values.is_in([*MISSING_CODES, SUPPRESSED])).to_numpy() for values in fields),
        contributors=contributors[chosen],
        sets=sets,
    )
    return Collapsed(people, forest, place[number])


def class_of_rows(found: Assignment, tuple_of: Ints, others: pl.DataFrame) -> Numbers:
    """The class of each row.

    The persons of a tuple that was split go to its classes in turn, ordered by a mixture of the tuple and what else the table says
    of them, so that neither the order of the rows nor any alphabet decides.
    """
    tuples = int(found.tuple_number[-1]) + 1
    is_split = np.bincount(found.tuple_number, minlength=tuples) > 1
    class_of = np.empty(tuples, dtype=np.int32)
    class_of[found.tuple_number] = found.class_number
    classes: Numbers = class_of[tuple_of]
    rows = np.flatnonzero(is_split[tuple_of])
    ranks = [others[column].gather(rows).rank("dense").to_numpy().astype(np.int32) for column in others.columns]
    keys: list[npt.NDArray[np.generic]] = [*ranks, mixture([tuple_of[rows], *ranks]), tuple_of[rows]]
    in_turn = np.lexsort(keys)
    split_pieces = is_split[found.tuple_number]
    classes[rows[in_turn]] = np.repeat(found.class_number[split_pieces], found.persons[split_pieces])
    return classes


def _codes(column: pl.Series, codes: Mapping[str, int]) -> Numbers:
    return column.replace_strict(list(codes), list(codes.values()), return_dtype=pl.Int32).to_numpy()


def _contributors(table: pl.DataFrame, asked: Contributors | None) -> tuple[Numbers, Flags]:
    """For each row the number of its set of contributors, and who is in each set."""
    if asked is None:
        return np.zeros(table.height, dtype=np.int32), np.zeros((1, 0), dtype=np.bool_)
    cells = table[asked.column].unique().to_list()
    named = {cell: frozenset(cell.split(asked.separator) if asked.separator else [cell]) for cell in cells}
    sets = sorted({tuple(sorted(names)) for names in named.values()})
    number = {names: code for code, names in enumerate(sets)}
    contributors = sorted({name for names in sets for name in names})
    members = np.array([[name in names for name in contributors] for names in sets], dtype=np.bool_)
    return _codes(table[asked.column], {cell: number[tuple(sorted(names))] for cell, names in named.items()}), members
