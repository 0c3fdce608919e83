"""What the conditions do to classes, in tables small enough to check by eye."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest

from anonymize.conditions import Conditions, Contributors, Diversity
from anonymize.generalize import generalize
from anonymize.hierarchy import Hierarchy
from schemas.errors import SpecificationError

TOP = "suppressed"
CITY = Hierarchy("city", {"Aba": ("Aba", "north", TOP), "Bor": ("Bor", "north", TOP), "Cuz": ("Cuz", "south", TOP)})
FLAT = Hierarchy("city", {city: (city, TOP) for city in ("Aba", "Bor", "Cuz", "Dax")})


def people(column: str, **cities: str) -> pl.DataFrame:
    """`people("form", Aba="work sex")`: two persons of Aba and what the column says of them."""
    rows = [(city, value) for city, values in cities.items() for value in values.split()]
    return pl.DataFrame(rows, schema=["city", column], orient="row")


def cities_shown(table: pl.DataFrame, conditions: Conditions, hierarchy: Hierarchy = CITY) -> dict[str, int]:
    return dict(Counter(generalize(table, [hierarchy], conditions).table["city"]))


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        pytest.param(1.7, {"Aba": 4, "Bor": 4}, id="three of one and one of the other are as uncertain as 1.75 values"),
        pytest.param(1.8, {"north": 8}, id="that is not enough"),
        pytest.param(2.0, {"north": 8}, id="half and half is as uncertain as two"),
    ],
)
def test_entropy_asks_for_values_that_are_not_too_uneven(asked: float, shown: dict[str, int]) -> None:
    table = people("form", Aba="work work work sex", Bor="sex sex sex work")
    assert cities_shown(table, Conditions(3, (Diversity("form", entropy=asked),))) == shown


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        pytest.param(0.25, {"Aba": 4, "Bor": 4}, id="three of four where half of the table says so"),
        pytest.param(0.24, {"north": 8}, id="is a quarter away"),
    ],
)
def test_closeness_asks_for_the_shares_of_the_whole_table(asked: float, shown: dict[str, int]) -> None:
    table = people("form", Aba="work work work sex", Bor="sex sex sex work")
    assert cities_shown(table, Conditions(3, (Diversity("form", closeness=asked),))) == shown


def test_a_class_without_a_known_value_is_close_to_any_table_but_not_diverse() -> None:
    table = people("form", Aba="unknown unknown unknown", Bor="work work sex sex")
    assert cities_shown(table, Conditions(3, (Diversity("form", closeness=0.1),))) == {"Aba": 3, "Bor": 4}
    assert cities_shown(table, Conditions(3, (Diversity("form", entropy=1.1),))) == {"north": 7}


@pytest.mark.parametrize(
    ("aba", "bor", "least", "shown"),
    [
        pytest.param("ngo ngo hotline", "ngo hotline hotline", 2, {"north": 6}, id="one stranger to the ngo in Aba is too few"),
        pytest.param("ngo ngo hotline", "ngo hotline hotline", 1, {"Aba": 3, "Bor": 3}, id="unless one is enough"),
        pytest.param("ngo ngo ngo", "hotline hotline hotline", 3, {"Aba": 3, "Bor": 3}, id="no stranger at all tells the ngo nothing"),
        pytest.param("ngo ngo hotline hotline", "ngo ngo hotline hotline", 2, {"Aba": 4, "Bor": 4}, id="two of each are enough"),
        pytest.param(
            "ngo+hotline hotline ngo+hotline", "ngo ngo hotline", 2, {"north": 6}, id="a person of two contributors is known to both"
        ),
        pytest.param("ngo+hotline ngo+hotline ngo+hotline", "ngo ngo hotline hotline", 2, {"Aba": 3, "Bor": 4}, id="all known to both"),
    ],
)
def test_no_contributor_can_subtract_its_own_persons(aba: str, bor: str, least: int, shown: dict[str, int]) -> None:
    table = people("sent_by", Aba=aba, Bor=bor)
    assert cities_shown(table, Conditions(3, contributors=Contributors("sent_by", least, "+"))) == shown


def test_without_a_separator_a_cell_is_one_contributor() -> None:
    table = people("sent_by", Aba="ngo+hotline ngo ngo", Bor="ngo ngo ngo")
    conditions = Conditions(3, contributors=Contributors("sent_by", 1))
    assert cities_shown(table, conditions) == {"Aba": 3, "Bor": 3}


def test_a_stranger_is_given_to_a_rest_that_one_contributor_could_subtract_from() -> None:
    """Bor has k persons, all but one of the ngo; Aba can spare a person of the hotline."""
    table = people("sent_by", Aba="ngo ngo hotline hotline hotline", Bor="ngo ngo hotline")
    assert cities_shown(table, Conditions(3, contributors=Contributors("sent_by", 2, "+"))) == {"Aba": 4, "north": 4}


def test_what_the_whole_table_leaves_to_a_contributor_decides_whether_anything_can_be_published() -> None:
    table = people("sent_by", Aba="ngo ngo ngo", Bor="ngo ngo hotline")
    with pytest.raises(SpecificationError) as caught:
        generalize(table, [CITY], Conditions(3, contributors=Contributors("sent_by", 2)))
    assert caught.value.faults == ("without the persons of one of the contributors fewer than 2 person(s) are left of the whole table",)
    assert "hotline" not in str(caught.value)


def test_entropy_that_the_whole_table_has_not_is_waived_and_distinct_values_are_still_asked() -> None:
    table = people("form", Aba="work work work", Bor="work work sex")
    conditions = Conditions(3, (Diversity("form", distinct=2, entropy=2.0),))
    result = generalize(table, [CITY], conditions)
    assert result.waived == ("form",)
    assert result.table["city"].to_list() == ["north"] * 6


def test_closeness_is_asked_of_a_field_whose_distinct_values_are_waived() -> None:
    table = people("form", Aba="work work work sex", Bor="sex sex sex work")
    result = generalize(table, [CITY], Conditions(3, (Diversity("form", distinct=3, closeness=0.2),)))
    assert result.waived == ("form",)
    assert result.table["city"].to_list() == ["north"] * 8


def test_of_several_columns_that_are_as_good_the_first_is_cut() -> None:
    names = ["left", "right"]
    hierarchies = {name: Hierarchy(name, {value: (value, TOP) for value in "ab"}) for name in names}
    table = pl.DataFrame([(x, y) for x in "ab" for y in "ab"], schema=names, orient="row")
    for order in (names, names[::-1]):
        shown = generalize(table, [hierarchies[name] for name in order], Conditions(2)).table
        assert shown[order[0]].to_list() == table[order[0]].to_list()
        assert shown[order[1]].to_list() == [TOP] * 4


def test_sets_show_the_values_of_the_class_and_no_others() -> None:
    table = people("form", Aba="x", Bor="x x", Cuz="x x x", Dax="x x x")
    assert Counter(generalize(table, [FLAT], Conditions(3), labels="sets").table["city"]) == {"{Aba, Bor}": 3, "Cuz": 3, "Dax": 3}


def test_more_effort_finds_what_the_best_score_hides() -> None:
    """Both efforts keep the conditions; the longer search never loses more on its own way to the end."""
    table = people("form", Aba="x x x", Bor="x x", Cuz="x x x x", Dax="x")
    fast, quality = (generalize(table, [FLAT], Conditions(3), effort=effort).table["city"].to_list() for effort in ("fast", "quality"))
    assert fast.count(TOP) >= quality.count(TOP)
    assert min(Counter(quality).values()) >= 3
