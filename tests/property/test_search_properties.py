"""What holds of every class that the search makes, whatever the table and the conditions; told by plain Python."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from math import exp, log

import numpy as np
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from person_tables import HIERARCHIES, QUASI, Demand, demands

from anonymize.collapse import collapse
from anonymize.compiling import compiled
from anonymize.conditions import Conditions, Diversity
from anonymize.generalize import Generalized, generalize
from anonymize.search.asking import ask
from anonymize.search.cutting import cut_into_classes
from anonymize.search.finding import Effort
from anonymize.search.weighing import Problem
from schemas.errors import SpecificationError

EXAMPLES = settings(max_examples=60, deadline=None)
EFFORTS = st.sampled_from(["fast", "quality"])
MISSING = {"unknown", "not_collected", "not_applicable"}
SLACK = 1e-6


def attempt(demand: Demand, effort: Effort) -> Generalized:
    """The table generalized; the example is given up where the whole table does not keep what is asked of contributors."""
    try:
        return generalize(demand.table, HIERARCHIES, demand.conditions, effort=effort)
    except SpecificationError:
        assume(False)
        raise


def members(table: pl.DataFrame) -> list[list[int]]:
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, labels in enumerate(table.select(QUASI).iter_rows()):
        found[labels].append(row)
    return list(found.values())


def shares(values: list[str]) -> dict[str, float]:
    known = Counter(value for value in values if value not in MISSING)
    return {value: count / known.total() for value, count in known.items()}


def entropy(values: list[str]) -> float:
    """The number of equally frequent known values that would be as uncertain; 0 without any."""
    found = shares(values)
    return exp(-sum(share * log(share) for share in found.values())) if found else 0.0


def distance(values: list[str], whole: list[str]) -> float:
    here, everywhere = shares(values), shares(whole)
    return sum(abs(here.get(value, 0) - share) for value, share in everywhere.items()) / 2 if here else 0.0


def faults_of_class(rows: list[int], column: list[str], asked: Diversity) -> list[str]:
    """What a class lacks of what the whole table has."""
    values = [column[row] for row in rows]
    faults = []
    # One distinct value asks for nothing: a class without any known value tells nothing of the field.
    if len(shares(values)) < asked.distinct <= len(shares(column)) and asked.distinct > 1:
        faults.append("distinct")
    if entropy(values) + SLACK < asked.entropy <= entropy(column) - SLACK:
        faults.append("entropy")
    if distance(values, column) > asked.closeness + SLACK:
        faults.append("closeness")
    return faults


@EXAMPLES
@given(demands(), EFFORTS)
def test_every_class_keeps_every_condition(demand: Demand, effort: Effort) -> None:
    classes = members(attempt(demand, effort).table)
    assert min(map(len, classes)) >= demand.conditions.k
    for asked in demand.conditions.sensitive:
        column = demand.table[asked.field].to_list()
        assert [faults_of_class(rows, column, asked) for rows in classes] == [[]] * len(classes)
    if demand.conditions.contributors:
        senders: list[set[str]] = [set(cell.split("+")) for cell in demand.table["sent_by"]]
        for rows in classes:
            left = {name: sum(name not in senders[row] for row in rows) for name in set[str]().union(*senders)}
            assert all(count == 0 or count >= demand.conditions.contributors.least for count in left.values())


@EXAMPLES
@given(demands(), EFFORTS)
def test_every_label_covers_the_value_and_the_rest_of_the_table_stays(demand: Demand, effort: Effort) -> None:
    result = attempt(demand, effort)
    for hierarchy in HIERARCHIES:
        pairs = zip(demand.table[hierarchy.column], result.table[hierarchy.column], strict=True)
        assert all(label in hierarchy.paths[value] for value, label in pairs)
    assert result.table.columns == demand.table.columns
    assert result.table.drop(QUASI).equals(demand.table.drop(QUASI))
    assert result.classes == len(members(result.table))


@EXAMPLES
@given(demands(), EFFORTS, st.randoms(use_true_random=False))
def test_rows_in_any_order_give_the_same_rows(demand: Demand, effort: Effort, shuffle: random.Random) -> None:
    order = list(range(demand.table.height))
    shuffle.shuffle(order)
    turned = Demand(demand.table[order], demand.conditions)
    assert Counter(attempt(demand, effort).table.rows()) == Counter(attempt(turned, effort).table.rows())


@EXAMPLES
@given(demands())
def test_sets_name_the_values_that_occur_in_the_same_classes(demand: Demand) -> None:
    attempt(demand, "fast")
    sets = generalize(demand.table, HIERARCHIES, demand.conditions, labels="sets").table
    assert min(map(len, members(sets))) >= demand.conditions.k
    for column in QUASI:
        for value, label in zip(demand.table[column], sets[column], strict=True):
            assert label == "suppressed" or value in label.strip("{}").split(", ")


@settings(max_examples=25, deadline=None)
@given(demands())
def test_machine_code_and_plain_python_find_the_same_classes(demand: Demand) -> None:
    collapsed = collapse(demand.table, HIERARCHIES, demand.conditions, {})
    try:
        asked, _ = ask(collapsed.people, demand.conditions)
    except SpecificationError:
        assume(False)
        raise
    people = collapsed.people
    problem = Problem(people.leaf, collapsed.forest.ladder, collapsed.forest.penalty, asked)
    everybody = np.arange(len(people.persons), dtype=np.int32)
    plain, fast = (search(everybody, people.persons, problem) for search in (cut_into_classes, compiled(cut_into_classes)))
    assert [(list(rows), list(persons)) for rows, persons in plain] == [(list(rows), list(persons)) for rows, persons in fast]


@EXAMPLES
@given(demands())
def test_progress_rises_to_the_whole(demand: Demand) -> None:
    attempt(demand, "fast")
    told: list[float] = []
    generalize(demand.table, HIERARCHIES, Conditions(demand.conditions.k), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
