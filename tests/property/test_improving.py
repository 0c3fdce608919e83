"""The quality effort never loses more for looking further, keeps every person, and finds the nearest classes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from person_tables import HIERARCHIES, QUASI, Request, requests

from anonymize.collapse import collapse
from anonymize.conditions import Conditions
from anonymize.search import improving
from anonymize.search.asking import ask
from anonymize.search.cutting import Part
from anonymize.search.encoding import Numbers
from anonymize.search.weighing import Problem, loss_of

EXAMPLES = settings(max_examples=40, deadline=None)
SAME = pl.DataFrame({"place": ["aa"] * 4, "year": ["2000"] * 4, "sex": ["f"] * 4, "form": ["work"] * 4})


def problem_of(request: Request, weights: Mapping[str, float] | None = None) -> tuple[Problem, Part]:
    conditions = Conditions.with_distinct_values(request.k, request.l, ["form"])
    collapsed = collapse(request.table.select(*QUASI, "form"), HIERARCHIES, conditions, weights or {})
    people, forest = collapsed.people, collapsed.forest
    everybody = np.arange(len(people.persons), dtype=np.int32), people.persons
    return Problem(people.leaf, forest.ladder, forest.penalty, ask(people, conditions)[0]), everybody


def persons_of(classes: list[Part], tuples: int) -> list[int]:
    """How many persons of each tuple are in the classes, told by counting."""
    held = np.zeros(tuples, dtype=np.int64)
    for rows, persons in classes:
        assert persons.min() > 0
        assert len(set(rows.tolist())) == len(rows)
        held[rows] += persons
    return held.tolist()


def numbers(*values: int) -> Numbers:
    return np.array(values, dtype=np.int32)


@EXAMPLES
@given(requests())
def test_each_round_keeps_every_person_and_never_loses_more(request: Request) -> None:
    problem, (rows, persons) = problem_of(request)
    losses = [loss_of(rows, persons, problem)]
    for rounds in range(len(improving.REACHES) + 1):
        classes = improving.improve(rows, persons, rounds, problem)
        assert persons_of(classes, len(rows)) == persons.tolist()
        assert min(int(some.sum()) for _, some in classes) >= request.k
        losses.append(improving.total_loss(classes, problem))
    assert all(later <= earlier + improving.SLACK for earlier, later in pairwise(losses))


@EXAMPLES
@given(requests(smallest=12), st.data())
def test_neighbours_are_the_open_classes_that_lose_least_more_together(request: Request, data: st.DataObject) -> None:
    problem, (rows, persons) = problem_of(request)
    classes = [(rows[[each]], persons[[each]]) for each in range(len(rows))]
    one, reach = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(1, 5))
    is_open = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    extra = {other: loss_of(*improving.join([classes[one], classes[other]]), problem) for other in np.flatnonzero(is_open) if other != one}
    expected = sorted(extra.values())[:reach]
    found = improving.neighbours(one, reach, improving.labels_of(classes, problem), is_open, problem).tolist()
    assert found[0] == one
    assert [extra[other] for other in found[1:]] == pytest.approx(expected)


def test_parts_joined_have_each_tuple_once() -> None:
    rows, persons = improving.join([(numbers(3, 5), numbers(1, 2)), (numbers(1, 5), numbers(4, 1)), (numbers(5), numbers(1))])
    assert (rows.tolist(), persons.tolist()) == ([1, 3, 5], [4, 1, 4])


def test_classes_cut_apart_badly_are_mended_by_a_round() -> None:
    """Two years and two places, one of each a person, in classes across: cut again together, each place is alone."""
    years_and_places = SAME.with_columns(year=pl.Series(["2000", "2001"] * 2), place=pl.Series(["aa", "aa", "cc", "cc"]))
    problem, _ = problem_of(Request(years_and_places, 2, 1), {"year": 0.1})
    across = [(numbers(0, 3), numbers(1, 1)), (numbers(1, 2), numbers(1, 1))]
    assert improving.total_loss(across, problem) == pytest.approx(4.4)
    mended = improving.recut_neighbours(across, 1, problem)
    assert sorted(rows.tolist() for rows, _ in mended) == [[0, 1], [2, 3]]
    assert improving.total_loss(mended, problem) == pytest.approx(0.4)


@pytest.mark.parametrize(("tuples", "rounds"), [(57_142, 3), (57_143, 2), (133_333, 2), (133_334, 1), (400_000, 1), (400_001, 0)])
def test_a_large_table_gets_fewer_rounds(tuples: int, rounds: int) -> None:
    assert improving.rounds(tuples) == rounds


@EXAMPLES
@given(requests(smallest=12))
def test_a_huge_part_is_cut_once_and_every_other_one_to_its_classes(request: Request) -> None:
    problem, (rows, persons) = problem_of(request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(improving, "HUGE_PART", 0)
        pieces, is_final = improving.advance_with_foresight(rows, persons, problem)
    whole, is_whole_final = improving.advance_with_foresight(rows, persons, problem)
    assert is_whole_final
    assert persons_of(pieces, len(rows)) == persons_of(whole, len(rows)) == persons.tolist()
    assert is_final == (len(pieces) == 1)
