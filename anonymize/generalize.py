"""Publish persons under coarser labels, so that each is one of at least k that look the same, with little lost.

Here: the one public step from a table of persons to the same table with labels. Never here: reading or writing
files, numbers of a policy, or the measures a release is judged by.

The method is deterministic top-down local recoding: a value may get different labels in different classes. Every
class shows the lowest common label of its members in each column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from anonymize.conditions import Conditions
from anonymize.encoding import Forest, Ints, People, collapse, plant
from anonymize.hierarchy import Hierarchy
from anonymize.partition import Part, partition
from schemas.errors import SpecificationError


@dataclass(frozen=True)
class Generalized:
    """The table with the quasi-identifiers as labels: same rows, same order, same columns."""

    table: pl.DataFrame
    classes: int  # how many different combinations of labels it shows
    waived: tuple[str, ...] = ()  # sensitive fields with fewer than l known values in all, of which l could not be asked


def generalize(
    table: pl.DataFrame,
    hierarchies: Sequence[Hierarchy],
    *,
    sensitive: Sequence[str],
    k: int,
    l: int,  # noqa: E741 (the name of the method in the literature)
    weights: Mapping[str, float] | None = None,
) -> Generalized:
    """Label the quasi-identifiers so that every class has at least `k` persons and `l` known values in each sensitive field.

    `table` has one row a person; the columns of `hierarchies` (the quasi-identifiers, in order) and `sensitive`
    hold text, never null: a missing value is a code of its own. `weights` says how much a column matters (default 1).
    With l = 1 nothing is asked of the sensitive fields; with more, a class without any known value of a field cannot
    stand either, unless the field is waived because the whole table has fewer than l.
    The same rows in any order give the same rows back. Raises `SpecificationError` with every fault; no value is shown.

    Sources: k-anonymity, Sweeney 2002; distinct l-diversity, Machanavajjhala et al. 2007; the penalty that is
    minimised, Xu et al., KDD 2006 (normalised certainty penalty), after Iyengar, KDD 2002.
    """
    quasi = [hierarchy.column for hierarchy in hierarchies]
    faults = [*_faults_of_request(table, quasi, sensitive, k, l, weights or {}), *_faults_of_columns(table, hierarchies, sensitive)]
    if faults:
        raise SpecificationError(
            faults,
            where="the table and the request to generalise it",
            allowed="one row a person, text columns without null, a path for every value, k from 2 to the number of persons, l from 1",
            next_step="mend the faults listed above, then run again",
        )
    forest, codes = plant(table, hierarchies, weights or {})
    people = collapse(table, quasi, sensitive, codes)
    diverse = [int(known.sum()) >= l for known in people.known]
    asked = [position for position, enough in enumerate(diverse) if enough and l > 1]
    conditions = Conditions(k, l, people.sensitive[:, asked], tuple(people.known[position] for position in asked))
    parts = list(partition(people, forest, conditions))
    nodes = np.array([_common_label(part, people, forest) for part in parts])
    class_of = _hand_out(table, [*quasi, *sensitive], people, parts)
    labels = np.array(forest.labels, dtype=object)[nodes[class_of]]
    shown = [pl.Series(column, labels[:, position], dtype=pl.String) for position, column in enumerate(quasi)]
    published = table.with_columns(shown)
    waived = tuple(column for column, enough in zip(sensitive, diverse, strict=True) if not enough and l > 1)
    return Generalized(published, published.select(quasi).n_unique(), waived)


def _common_label(part: Part, people: People, forest: Forest) -> Ints:
    leaf = people.leaf[part.rows]
    return forest.common(leaf.min(axis=0), leaf.max(axis=0))


def _hand_out(table: pl.DataFrame, collapsed: Sequence[str], people: People, parts: Sequence[Part]) -> Ints:
    """The class of each row: the persons of a tuple go to its classes in turn, ordered by what else the table says of them."""
    rows = np.concatenate([part.rows for part in parts])
    persons = np.concatenate([part.persons for part in parts])
    number = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
    by_tuple = np.argsort(rows, kind="stable")
    classes = np.repeat(number[by_tuple], persons[by_tuple])
    others = [table[column].alias(f"other {position}") for position, column in enumerate(table.columns) if column not in collapsed]
    keyed = pl.DataFrame([pl.Series("tuple", people.tuple_of), *others]).with_row_index("row")
    order = keyed.sort(keyed.columns[1:], maintain_order=True)["row"].to_numpy()
    class_of = np.empty(table.height, dtype=np.int64)
    class_of[order] = classes
    return class_of


def _faults_of_request(
    table: pl.DataFrame,
    quasi: Sequence[str],
    sensitive: Sequence[str],
    k: int,
    l: int,  # noqa: E741
    weights: Mapping[str, float],
) -> list[str]:
    named = [*quasi, *sensitive]
    tests = [
        (k < 2, f"k is {k}, under 2"),
        (k > table.height, f"k is {k}, more than the {table.height} person(s) of the table"),
        (l < 1, f"l is {l}, under 1"),
        (not quasi, "no quasi-identifier is named"),
        (len(set(named)) < len(named), "a column is named twice among the quasi-identifiers and the sensitive fields"),
    ]
    faults = [fault for failed, fault in tests if failed]
    faults += [f"a weight is given for {column}, which is no quasi-identifier" for column in weights if column not in quasi]
    faults += [f"the weight of {column} is not above 0" for column, weight in weights.items() if not weight > 0]
    return faults


def _faults_of_columns(table: pl.DataFrame, hierarchies: Sequence[Hierarchy], sensitive: Sequence[str]) -> list[str]:
    paths = {hierarchy.column: hierarchy.paths for hierarchy in hierarchies}
    faults = []
    for column in dict.fromkeys([*paths, *sensitive]):
        if column not in table.columns:
            faults.append(f"the table has no column {column}")
        elif table.schema[column] != pl.String:
            faults.append(f"column {column} is not text")
        elif nulls := table[column].null_count():
            faults.append(f"column {column} has {nulls} null cell(s)")
        elif column in paths and (strange := int((~table[column].is_in(list(paths[column]))).sum())):
            faults.append(f"column {column} has {strange} cell(s) with a value that its hierarchy does not hold")
    return faults
