"""The interval of persons as a release tells it: it holds the truth, and nobody's coming or going shows in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.release import FoundPersons, PersonInterval

limits = st.sampled_from((2, 11, 50, 51, 120))


@st.composite
def found_and_published(draw: st.DrawFn) -> tuple[PersonInterval, int, int]:
    """An interval, how many persons are published (at least k, at most those found), and k."""
    k = draw(limits)
    shown = draw(st.integers(k, 900))
    persons = shown + draw(st.integers(0, 300))
    fewest, most = max(1, persons - draw(st.integers(0, 500))), persons + draw(st.integers(0, 500))
    return PersonInterval(fewest=fewest, persons=persons, most=most), shown, k


@given(found_and_published())
def test_the_truth_lies_in_what_is_told(case: tuple[PersonInterval, int, int]) -> None:
    found, shown, k = case
    told = found.told(k, shown)
    assert told.is_counted_from(shown)
    assert told.step >= 2 * k
    assert told.fewest <= found.fewest
    assert told.most > found.most
    assert 2 * abs(told.persons - found.persons) <= told.step


def numbers_behind(found: PersonInterval, shown: int, k: int) -> dict[str, set[int]]:
    """Every number that each figure may stand for, counted out by a reader who knows how many are published.

    The reader also knows that the three are in order, and that no fewer persons were found than are published.
    """
    told = found.told(k, shown)
    alike: dict[str, list[int]] = {"fewest": [], "persons": [], "most": []}
    for number in range(1, 2_200):
        again = PersonInterval(fewest=number, persons=number, most=number).told(k, shown)
        for figure, numbers in alike.items():
            if getattr(again, figure) == getattr(told, figure):
                numbers.append(number)
    persons = {number for number in alike["persons"] if alike["fewest"][0] <= number <= alike["most"][-1] and number >= shown}
    return {
        "fewest": {number for number in alike["fewest"] if number <= max(persons)},
        "persons": persons,
        "most": {number for number in alike["most"] if number >= min(persons)},
    }


@settings(max_examples=60, deadline=None)
@given(found_and_published())
def test_what_is_told_stands_for_at_least_k_numbers_of_each_figure(case: tuple[PersonInterval, int, int]) -> None:
    """So does what a reader subtracts from it: the number published, or the figure of another release."""
    found, shown, k = case
    behind = numbers_behind(found, shown, k)
    assert (found.fewest in behind["fewest"], found.persons in behind["persons"], found.most in behind["most"]) == (True, True, True)
    assert min(map(len, behind.values())) >= k


@pytest.mark.parametrize("figures", [(2, 1, 3), (1, 4, 3), (3, 2, 1), (-1, 2, 3)])
def test_an_interval_is_in_order(figures: tuple[int, int, int]) -> None:
    with pytest.raises(ValidationError):
        PersonInterval(fewest=figures[0], persons=figures[1], most=figures[2])


@pytest.mark.parametrize("figures", [(100, 100, 100), (0, 0, 0)])
def test_an_exact_number_is_never_told(figures: tuple[int, int, int]) -> None:
    with pytest.raises(ValidationError):
        FoundPersons(fewest=figures[0], persons=figures[1], most=figures[2], step=100)
