"""The steps of the search, one by one, on arrays small enough to check by eye."""

from __future__ import annotations

import sys
from math import log

import numpy as np
import pytest

from anonymize import compiling, warming
from anonymize.conditions import Conditions, Contributors, Diversity
from anonymize.search import cutting, encoding
from anonymize.search.asking import ask
from anonymize.search.encoding import Numbers, People, arrange, mixture, number_distinct, plant
from anonymize.search.judging import distance, lack_of_strangers, lack_of_values
from anonymize.search.weighing import Problem


def numbers(*values: int) -> Numbers:
    return np.array(values, dtype=np.int32)


def counts(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def test_a_forest_numbers_leaves_over_all_columns_with_neighbours_side_by_side() -> None:
    paths = [[("b", "x", "*"), ("c", "y", "*"), ("a", "y", "*")], [("f", "*"), ("m", "*")]]
    forest, leaves = plant(paths, [1.0, 3.0])
    assert leaves == [{"b": 0, "a": 1, "c": 2}, {"f": 3, "m": 4}]
    shown = [[forest.labels[node] for node in trail] for trail in forest.ladder]
    assert shown == [["*", "x", "b"], ["*", "y", "a"], ["*", "y", "c"], ["*", "f", "f"], ["*", "m", "m"]]
    by_label = {
        (int(column), label): penalty for column, label, penalty in zip(forest.column_of, forest.labels, forest.penalty, strict=True)
    }
    assert by_label == {
        (0, "*"): 1,
        (0, "x"): 0,
        (0, "b"): 0,
        (0, "y"): 0.5,
        (0, "a"): 0,
        (0, "c"): 0,
        (1, "*"): 3,
        (1, "f"): 0,
        (1, "m"): 0,
    }
    assert [forest.labels[node] for node in forest.common(numbers(0, 1, 3, 4), numbers(2, 2, 4, 4))] == ["*", "y", "*", "m"]


def test_a_column_of_one_value_loses_nothing() -> None:
    forest, _ = plant([[("a", "*")]], [1.0])
    assert forest.penalty.tolist() == [0, 0]


def test_the_mixture_is_the_same_everywhere_and_stirs_every_code() -> None:
    assert mixture([numbers(0, 1, 0), numbers(0, 0, 1)]).tolist() == [5095610196844313600, 9171199645645008479, 6728581669027343264]
    assert len(set(mixture([np.arange(10_000)]).tolist())) == 10_000


def test_tuples_stand_by_their_quasi_identifiers_and_then_by_no_alphabet() -> None:
    leaf, sensitive = np.repeat(np.arange(200), 2), np.tile([0, 1], 200)
    shuffled = np.random.default_rng(1).permutation(400)
    order = shuffled[arrange([leaf[shuffled], sensitive[shuffled]], 1)]
    assert order.tolist() == arrange([leaf, sensitive], 1).tolist()
    assert leaf[order].tolist() == leaf.tolist()
    assert 70 < int(sensitive[order][::2].sum()) < 130


@pytest.mark.parametrize("widest", [2**62, 6])
def test_rows_are_numbered_by_their_codes_however_many_combinations_there_could_be(widest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "WIDEST", widest)
    number, example = number_distinct([numbers(2, 0, 2, 0), numbers(1, 1, 1, 0), numbers(0, 2, 0, 1)])
    assert number.tolist() == [2, 1, 2, 0]
    assert example.tolist() == [3, 1, 0]


@pytest.mark.parametrize(
    ("held", "distinct", "entropy", "lacking"),
    [
        ((3, 0, 1), 2, 0.0, 0.0),
        ((3, 0, 1), 3, 0.0, 1.0),
        ((0, 0, 0), 2, 0.0, 2.0),
        ((0, 0, 0), 0, log(2), log(2)),
        ((2, 2, 0), 0, log(2), 0.0),
        ((3, 1, 0), 0, log(2), log(2) - (log(4) - 3 * log(3) / 4)),
        ((3, 1, 0), 3, log(2), 1 + log(2) - (log(4) - 3 * log(3) / 4)),
    ],
)
def test_what_lacks_of_distinct_values_and_of_entropy(held: tuple[int, ...], distinct: int, entropy: float, lacking: float) -> None:
    assert lack_of_values(counts(*held), distinct, entropy) == pytest.approx(lacking, abs=1e-8)


def test_distance_is_half_of_all_differences_between_the_shares() -> None:
    assert distance(counts(3, 1, 0), counts(2, 2, 4)) == pytest.approx((0.5 + 0 + 0.5) / 2)
    assert distance(counts(1, 1, 2), counts(2, 2, 4)) == 0.0
    assert distance(counts(0, 0, 0), counts(2, 2, 4)) == 0.0


@pytest.mark.parametrize(("sent", "lacking"), [((5, 0), 0), ((4, 1), 2), ((3, 2), 1), ((4, 4), 4), ((2, 2), 0)])
def test_strangers_lack_beside_each_contributor_that_did_not_send_all(sent: tuple[int, ...], lacking: int) -> None:
    assert lack_of_strangers(5, counts(*sent), 3) == lacking


def test_conditions_as_numbers() -> None:
    people = People(
        leaf=np.zeros((4, 1), dtype=np.int32),
        persons=numbers(1, 2, 3, 4),
        sensitive=np.array([[0], [1], [2], [1]], dtype=np.int32),
        known=(np.array([True, False, True]),),
        contributors=numbers(0, 1, 1, 0),
        sets=np.array([[True, False], [True, True]]),
    )
    conditions = Conditions(5, (Diversity("form", distinct=2, entropy=1.5, closeness=0.5),), Contributors("sent_by", 5))
    asked, waived = ask(people, conditions)
    assert waived == ()
    assert (asked.k, asked.least) == (5, 5)
    assert asked.first.tolist() == [0, 2]
    assert asked.whole.tolist() == [1, 3, 10, 5]
    assert [[trait for trait in asked.traits[profile] if trait >= 0] for profile in asked.profile] == [[2, 0], [3, 2], [3, 2, 1], [2]]
    assert (asked.distinct.tolist(), asked.entropy.tolist(), asked.closeness.tolist()) == ([2], [log(1.5)], [0.5])


def test_fewer_persons_than_k_in_all_are_refused() -> None:
    people = People(
        np.zeros((1, 1), dtype=np.int32), numbers(4), np.zeros((1, 0), dtype=np.int32), (), numbers(0), np.zeros((1, 0), dtype=np.bool_)
    )
    with pytest.raises(Exception, match="k is 5, more than the 4 person"):
        ask(people, Conditions(5))


def one_column(persons: list[int], k: int) -> Problem:
    forest, _ = plant([[(str(value), "*") for value in range(len(persons))]], [1.0])
    people = People(
        np.arange(len(persons), dtype=np.int32)[:, np.newaxis],
        numbers(*persons),
        np.zeros((len(persons), 0), dtype=np.int32),
        (),
        numbers(*([0] * len(persons))),
        np.zeros((1, 0), dtype=np.bool_),
    )
    return Problem(people.leaf, forest.ladder, forest.penalty, ask(people, Conditions(k))[0])


def as_lists(parts: list[cutting.Part]) -> list[tuple[list[int], list[int]]]:
    return [(rows.tolist(), persons.tolist()) for rows, persons in parts]


@pytest.mark.parametrize("small", [0, 300])
def test_a_part_is_cut_into_the_same_classes_whether_it_counts_as_small_or_not(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "SMALL_PART", small)
    problem = one_column([4, 1, 3, 1], 3)
    classes = cutting.cut_into_classes(numbers(0, 1, 2, 3), numbers(4, 1, 3, 1), problem)
    assert as_lists(classes) == [([0], [3]), ([2], [3]), ([0, 1, 3], [1, 1, 1])]


def test_a_huge_part_is_cut_once_unless_it_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "HUGE_PART", 1)
    pieces, is_final = cutting.advance(numbers(0, 1), numbers(3, 4), one_column([3, 4], 3))
    assert (as_lists(pieces), is_final) == ([([0], [3]), ([1], [4])], False)
    pieces, is_final = cutting.advance(numbers(0, 1), numbers(3, 2), one_column([3, 2], 3))
    assert (as_lists(pieces), is_final) == ([([0, 1], [3, 2])], True)
    pieces, is_final = cutting.advance(numbers(0), numbers(7), one_column([7], 3))
    assert (as_lists(pieces), is_final) == ([([0], [7])], True)


def test_a_compiled_twin_answers_the_same_and_leaves_the_function_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    twin = compiling.compiled(lack_of_strangers)
    assert twin is not lack_of_strangers
    assert twin(5, counts(4, 1), 3) == lack_of_strangers(5, counts(4, 1), 3) == 2
    assert compiling.compiled(lack_of_strangers) is twin
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert compiling.compiled(lack_of_strangers) is lack_of_strangers


def test_the_linear_algebra_of_scipy_stays_loaded_or_unloaded_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    blas = "scipy.linalg.cython_blas"
    monkeypatch.delitem(sys.modules, blas, raising=False)
    assert compiling.compiled(distance)(counts(1), counts(1)) == 0.0
    assert blas not in sys.modules
    monkeypatch.setitem(sys.modules, blas, sys)
    assert compiling.compiled(lack_of_values)(counts(1), 1, 0.0) == 0.0
    assert sys.modules[blas] is sys


def test_warming_up_runs_every_kernel_and_says_how_long_each_took(capsys: pytest.CaptureFixture[str]) -> None:
    warming.main()
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["fast", "quality", "uniform", "flags"]
