"""What holds of every generalised table, whatever the table."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from person_tables import HIERARCHIES, QUASI, SENSITIVE, Request, requests

from anonymize.conditions import Conditions
from anonymize.generalize import generalize
from anonymize.policy import load_policy
from anonymize.product import derive
from anonymize.release import pass_gate
from anonymize.risk import measure
from schemas.zones import Pseudonymised

EXAMPLES = settings(max_examples=60, deadline=None)
MISSING = {"unknown", "not_collected", "not_applicable"}


def classes_of(table: pl.DataFrame, quasi: list[str]) -> dict[tuple[str, ...], list[int]]:
    members: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, labels in enumerate(table.select(quasi).iter_rows()):
        members[labels].append(row)
    return members


@EXAMPLES
@given(requests())
def test_every_class_has_k_persons_and_l_known_values(request: Request) -> None:
    result = generalize(request.table, HIERARCHIES, Conditions.with_distinct_values(request.k, request.l, SENSITIVE))
    members = classes_of(result.table, QUASI)
    assert min(map(len, members.values())) >= request.k
    assert result.classes == len(members)
    for field in SENSITIVE:
        column = request.table[field].to_list()
        assert (field in result.waived) == (len(set(column) - MISSING) < request.l and request.l > 1)
        if field not in result.waived and request.l > 1:
            assert min(len({column[row] for row in rows} - MISSING) for rows in members.values()) >= request.l


@EXAMPLES
@given(requests())
def test_with_l_no_class_tells_a_field_that_is_not_waived(request: Request) -> None:
    result = generalize(request.table, HIERARCHIES, Conditions.with_distinct_values(request.k, max(request.l, 2), SENSITIVE))
    measured = measure(result.table, quasi=QUASI, sensitive=SENSITIVE).homogeneous_by_field
    assert [each.field for each in measured if each.classes and each.field not in result.waived] == []


@EXAMPLES
@given(requests())
def test_a_label_is_the_lowest_that_covers_its_class(request: Request) -> None:
    result = generalize(request.table, HIERARCHIES, Conditions.with_distinct_values(request.k, request.l, SENSITIVE))
    for labels, rows in classes_of(result.table, QUASI).items():
        for hierarchy, label in zip(HIERARCHIES, labels, strict=True):
            paths = {hierarchy.paths[request.table[hierarchy.column][row]] for row in rows}
            shared = [next(iter(paths))[level] for level in range(hierarchy.levels) if len({path[level] for path in paths}) == 1]
            assert label == shared[0]


@EXAMPLES
@given(requests())
def test_nothing_but_the_quasi_identifiers_changes(request: Request) -> None:
    result = generalize(request.table, HIERARCHIES, Conditions.with_distinct_values(request.k, request.l, SENSITIVE))
    assert result.table.schema == request.table.schema
    assert result.table.drop(QUASI).equals(request.table.drop(QUASI))


@EXAMPLES
@given(requests(), st.randoms(use_true_random=False))
def test_rows_in_any_order_give_the_same_rows(request: Request, shuffle: random.Random) -> None:
    order = list(range(request.table.height))
    shuffle.shuffle(order)
    published = [
        Counter(generalize(table, HIERARCHIES, Conditions.with_distinct_values(request.k, request.l, SENSITIVE)).table.rows())
        for table in (request.table, request.table[order])
    ]
    assert published[0] == published[1]


@EXAMPLES
@given(requests())
def test_the_order_of_a_hierarchy_says_nothing(request: Request) -> None:
    turned = [type(each)(each.column, dict(reversed(list(each.paths.items())))) for each in HIERARCHIES]
    results = [
        generalize(request.table, hierarchies, Conditions.with_distinct_values(request.k, request.l, SENSITIVE)).table
        for hierarchies in (HIERARCHIES, turned)
    ]
    assert results[0].equals(results[1])


@pytest.mark.parametrize("k", [2, 5])
def test_values_of_k_persons_each_are_published_unchanged(k: int) -> None:
    place, year, sex = HIERARCHIES
    table = pl.DataFrame(
        [(p, y, s) for p in place.paths for y in year.paths for s in sex.paths for _ in range(k)], schema=QUASI, orient="row"
    )
    assert generalize(table, HIERARCHIES, Conditions.with_distinct_values(k, 1, [])).table.equals(table)


@EXAMPLES
@given(requests(smallest=12), st.data())
def test_choose_coarsen_and_filter_keep_k(request: Request, data: st.DataObject) -> None:
    """A product's class is made of whole classes of the master."""
    policy = load_policy()
    asked = {"k": request.k, "l": 1, "entropy": 1.0, "closeness": 1.0, "largest_homogeneous_share": 1.0}
    policy = policy.model_copy(update={name: getattr(policy, name).model_copy(update={"value": value}) for name, value in asked.items()})
    published = generalize(request.table, HIERARCHIES, Conditions.with_distinct_values(request.k, request.l, SENSITIVE)).table.drop("note")
    master = pass_gate(Pseudonymised(published), quasi=QUASI, sensitive=SENSITIVE, policy=policy).anonymous
    hierarchies = {hierarchy.column: hierarchy for hierarchy in HIERARCHIES}
    columns = data.draw(st.lists(st.sampled_from([*QUASI, *SENSITIVE]), min_size=1, unique=True))
    coarsen = {column: data.draw(st.integers(0, each.levels - 1)) for column, each in hierarchies.items() if data.draw(st.booleans())}
    filters = {
        column: data.draw(st.lists(st.sampled_from(sorted(set(published[column]))), unique=True))
        for column in QUASI
        if data.draw(st.booleans())
    }
    product = derive(master, columns=columns, coarsen=coarsen, filters=filters, hierarchies=hierarchies).frame
    sizes = [len(rows) for rows in classes_of(product, [column for column in columns if column in QUASI]).values()]
    assert min(sizes, default=request.k) >= request.k
