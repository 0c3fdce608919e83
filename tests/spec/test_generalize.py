"""What generalisation promises, in tables small enough to check by eye."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest

from anonymize.conditions import Conditions, Contributors, Diversity
from anonymize.generalize import Generalized, generalize
from anonymize.hierarchy import Hierarchy
from schemas.errors import SpecificationError
from schemas.vocabulary import MISSING_CODES, vocabulary, vocabulary_names, year_hierarchy

TOP = "suppressed"
CITY = Hierarchy(
    "city",
    {
        "Aba": ("Aba", "north", TOP),
        "Bor": ("Bor", "north", TOP),
        "Cuz": ("Cuz", "south", TOP),
        "Dax": ("Dax", "south", TOP),
        "unknown": ("unknown", "unknown", TOP),
    },
)
FLAT = Hierarchy("city", {city: (city, TOP) for city in ("Aba", "Bor", "Cuz", "Dax")})
SEX = Hierarchy("sex", {"f": ("f", TOP), "m": ("m", TOP), "unknown": ("unknown", TOP)})


def cities(text: str) -> pl.DataFrame:
    """`4 Aba, 1 Bor` as a table of five persons."""
    pairs = (part.split() for part in text.split(", "))
    return pl.DataFrame({"city": [city for count, city in pairs for _ in range(int(count))]})


def shown(result: Generalized) -> Counter[tuple[str, ...]]:
    return Counter(result.table.rows())


@pytest.mark.parametrize(
    ("persons", "k", "published"),
    [
        pytest.param("3 Aba, 3 Bor", 3, {"Aba": 3, "Bor": 3}, id="values of k persons are published as they are"),
        pytest.param("2 Aba, 2 Bor", 3, {"north": 4}, id="smaller ones get their common label, not a coarser one"),
        pytest.param("2 Aba, 1 Bor, 2 Cuz, 1 Dax", 3, {"north": 3, "south": 3}, id="each branch by itself"),
        pytest.param("5 Aba, 1 Bor", 3, {"Aba": 3, "north": 3}, id="a large value donates what a small one needs, and no more"),
        pytest.param("3 Aba, 1 Bor", 3, {"north": 4}, id="no donation takes the giver under k"),
        pytest.param("3 Aba, 1 Bor, 4 Cuz", 3, {"north": 4, "Cuz": 4}, id="the neighbour gives, not a stranger"),
        pytest.param("3 Cuz, 3 unknown", 3, {"Cuz": 3, "unknown": 3}, id="missing is a value of its own"),
        pytest.param("1 Cuz, 2 unknown", 3, {TOP: 3}, id="what has no common label is suppressed"),
    ],
)
def test_one_column(persons: str, k: int, published: dict[str, int]) -> None:
    result = generalize(cities(persons), [CITY], Conditions.with_distinct_values(k, 1, []))
    assert shown(result) == {(label,): count for label, count in published.items()}
    assert result.classes == len(published)


def test_when_nobody_can_donate_the_smallest_neighbour_joins_the_rest() -> None:
    assert shown(generalize(cities("4 Aba, 1 Bor, 3 Cuz"), [FLAT], Conditions.with_distinct_values(3, 1, []))) == {("Aba",): 4, (TOP,): 4}


def test_small_values_that_are_enough_together_take_nobody() -> None:
    assert shown(generalize(cities("2 Aba, 1 Bor, 3 Cuz"), [FLAT], Conditions.with_distinct_values(3, 1, []))) == {("Cuz",): 3, (TOP,): 3}


def test_a_cut_is_chosen_by_the_persons_it_keeps() -> None:
    table = pl.DataFrame({"city": ["Aba", "Aba", "Bor", "Aba", "Cuz", "Dax"], "sex": ["f", "f", "f", "m", "m", "m"]})
    result = generalize(table, [FLAT, SEX], Conditions.with_distinct_values(3, 1, []), weights={"city": 1.9})
    assert shown(result) == {(TOP, "f"): 3, (TOP, "m"): 3}


def test_of_two_cuts_that_keep_as_much_the_one_into_fewer_pieces_is_made() -> None:
    crossed = [(city, sex) for city, sexes in {"Aba": "ffm", "Bor": "fmm", "Cuz": "ffm", "Dax": "fmm"}.items() for sex in sexes]
    table = pl.DataFrame(crossed, schema=["city", "sex"], orient="row")
    assert shown(generalize(table, [FLAT, SEX], Conditions.with_distinct_values(3, 1, []))) == {(TOP, "f"): 6, (TOP, "m"): 6}


def test_a_value_may_get_different_labels_in_different_classes() -> None:
    table = pl.DataFrame({"city": ["Aba"] * 4 + ["Bor"] * 2, "sex": ["f", "f", "m", "m", "m", "m"]})
    result = generalize(table, [CITY, SEX], Conditions.with_distinct_values(2, 1, []))
    assert shown(result) == {("Aba", "f"): 2, ("Aba", "m"): 2, ("Bor", "m"): 2}
    result = generalize(table, [CITY, SEX], Conditions.with_distinct_values(3, 1, []))
    assert shown(result) == {("Aba", TOP): 3, ("north", "m"): 3}


def test_a_heavier_column_keeps_its_detail() -> None:
    table = pl.DataFrame({"city": ["Aba", "Aba", "Cuz", "Cuz"], "sex": ["f", "m", "f", "m"]})
    weighed = {
        column: generalize(table, [CITY, SEX], Conditions.with_distinct_values(2, 1, []), weights={column: 10.0}).table[column].to_list()
        for column in ("city", "sex")
    }
    assert weighed == {"city": ["Aba", "Aba", "Cuz", "Cuz"], "sex": ["f", "m", "f", "m"]}


def test_rows_order_and_other_columns_stay() -> None:
    table = pl.DataFrame({"note": ["1", "2", "3", "4"], "city": ["Cuz", "Aba", "Dax", "Bor"]})
    assert generalize(table, [CITY], Conditions.with_distinct_values(2, 1, [])).table.rows() == [
        ("1", "south"),
        ("2", "north"),
        ("3", "south"),
        ("4", "north"),
    ]


def test_which_of_several_equal_persons_donates_is_not_a_matter_of_row_order() -> None:
    table = cities("5 Aba, 1 Bor").with_columns(note=pl.Series(list("abcdef")))
    forth, back = (shown(generalize(way, [CITY], Conditions.with_distinct_values(3, 1, []))) for way in (table, table.reverse()))
    assert forth == back


def test_l_keeps_a_class_from_sharing_one_sensitive_value() -> None:
    table = pl.DataFrame({"city": ["Aba"] * 3 + ["Bor"] * 3, "form": ["work"] * 3 + ["work", "sex", "work"]})
    assert shown(generalize(table, [CITY], Conditions.with_distinct_values(3, 1, ["form"]))) == {
        ("Aba", "work"): 3,
        ("Bor", "work"): 2,
        ("Bor", "sex"): 1,
    }
    assert shown(generalize(table, [CITY], Conditions.with_distinct_values(3, 2, ["form"]))) == {("north", "work"): 5, ("north", "sex"): 1}


def test_a_donor_may_bring_the_value_that_is_lacking_and_keeps_one_itself() -> None:
    table = pl.DataFrame({"city": ["Aba"] * 5 + ["Bor"] * 2, "form": ["work", "work", "work", "sex", "sex", "work", "work"]})
    result = generalize(table, [CITY], Conditions.with_distinct_values(3, 2, ["form"]))
    assert shown(result) == {("Aba", "work"): 3, ("Aba", "sex"): 1, ("north", "work"): 2, ("north", "sex"): 1}


def test_a_donor_keeps_its_last_different_value_even_when_several_rows_could_give_it() -> None:
    aba = [("Aba", "sex", "debt"), ("Aba", "sex", "force"), ("Aba", "work", "debt"), ("Aba", "work", "force"), ("Aba", "work", "force")]
    table = pl.DataFrame([*aba, ("Bor", "work", "debt")], schema=["city", "form", "means"], orient="row")
    result = generalize(table, [CITY], Conditions.with_distinct_values(3, 2, ["form", "means"]))
    assert sorted(result.table.filter(pl.col("city") == "Aba")["form"]) == ["sex", "work", "work"]


def persons(city: str, forms: str) -> list[tuple[str, str]]:
    """Persons of one city, one a form."""
    return [(city, form) for form in forms.split()]


def with_forms(aba: str, bor: str) -> pl.DataFrame:
    return pl.DataFrame(persons("Aba", aba) + persons("Bor", bor), schema=["city", "form"], orient="row")


@pytest.mark.parametrize("code", ["unknown", "not_collected", "not_applicable", "suppressed"])
@pytest.mark.parametrize(
    "aba",
    [
        pytest.param("work work {0}", id="one known value and a missing one"),
        pytest.param("{0} {0} {0}", id="no known value at all"),
    ],
)
def test_a_missing_value_counts_for_nothing_when_values_must_differ(aba: str, code: str) -> None:
    table = with_forms(aba.format(code), "work sex work")
    assert generalize(table, [CITY], Conditions.with_distinct_values(3, 1, ["form"])).table["city"].to_list() == ["Aba"] * 3 + ["Bor"] * 3
    assert generalize(table, [CITY], Conditions.with_distinct_values(3, 2, ["form"])).table["city"].to_list() == ["north"] * 6


@pytest.mark.parametrize(
    ("aba", "bor", "aba_keeps", "north_gets"),
    [
        pytest.param(
            "work sex unknown unknown unknown",
            "work sex",
            "work sex unknown unknown",
            "work sex unknown",
            id="a donor gives a missing value rather than its last known one",
        ),
        pytest.param(
            "work sex unknown not_collected",
            "work sex",
            "work sex unknown",
            "work sex unknown",
            id="a donor may give the last of those who lack a value for one reason",
        ),
        pytest.param(
            "work sex sex unknown unknown",
            "work work",
            "work sex unknown unknown",
            "work work sex",
            id="a missing value is not the other value that is lacking",
        ),
        pytest.param(
            "work sex sex work",
            "work unknown unknown",
            "work sex work",
            "work sex unknown unknown",
            id="k persons with too few known values get one more",
        ),
    ],
)
def test_donation_looks_at_known_values(aba: str, bor: str, aba_keeps: str, north_gets: str) -> None:
    """Eight times over in one table, since of equally cheap donors another one comes first each time."""
    times = [str(number) for number in range(8)]
    pair = with_forms(aba, bor)
    table = pl.concat([pair.with_columns(pl.col("city") + number) for number in times])
    paths = {city + number: (city + number, "north" + number, TOP) for city in ("Aba", "Bor") for number in times}
    result = generalize(table, [Hierarchy("city", paths)], Conditions.with_distinct_values(3, 2, ["form"])).table
    for number in times:
        here = result.filter(pl.col("city").str.ends_with(number)).with_columns(pl.col("city").str.strip_suffix(number))
        reasons_joined = here.with_columns(pl.col("form").replace("not_collected", "unknown"))
        assert Counter(reasons_joined.rows()) == Counter([*persons("Aba", aba_keeps), *persons("north", north_gets)])


def test_who_is_given_away_does_not_follow_the_alphabet_of_the_sensitive_values() -> None:
    """In each of 200 provinces the capital gives one of its twelve persons, alike but for the form, to a village."""
    provinces = [f"{number:03}" for number in range(200)]
    paths = {
        f"{place} {number}": (f"{place} {number}", f"province {number}", TOP) for number in provinces for place in ("capital", "village")
    }
    rows = [(f"capital {number}", form) for number in provinces for form in ("no", "yes") for _ in range(6)]
    rows += [(f"village {number}", "unknown") for number in provinces for _ in range(2)]
    result = generalize(
        pl.DataFrame(rows, schema=["city", "form"], orient="row"),
        [Hierarchy("city", paths)],
        Conditions.with_distinct_values(3, 1, ["form"]),
    )
    given = result.table.filter(pl.col("city").str.starts_with("province"), pl.col("form") != "unknown")["form"].to_list()
    assert len(given) == 200
    assert 70 < given.count("no") < 130


def test_each_sensitive_field_must_differ_by_itself() -> None:
    table = pl.DataFrame(
        {"city": ["Aba", "Aba", "Bor", "Bor"], "form": ["work", "sex", "work", "sex"], "means": ["debt", "debt", "debt", "force"]}
    )
    result = generalize(table, [CITY], Conditions.with_distinct_values(2, 2, ["form", "means"]))
    assert result.table["city"].to_list() == ["north"] * 4


def test_a_field_with_too_few_values_in_all_is_waived_and_said_to_be() -> None:
    table = pl.DataFrame({"city": ["Aba", "Aba", "Bor", "Bor"], "form": ["work", "sex"] * 2, "means": ["debt"] * 4})
    result = generalize(table, [CITY], Conditions.with_distinct_values(2, 2, ["form", "means"]))
    assert result.waived == ("means",)
    assert result.table["city"].to_list() == ["Aba", "Aba", "Bor", "Bor"]


@pytest.mark.parametrize("means", ["unknown unknown unknown unknown", "debt unknown debt not_collected"])
def test_a_field_with_too_few_known_values_is_waived_too_but_not_when_nothing_was_asked(means: str) -> None:
    table = pl.DataFrame({"city": ["Aba", "Aba", "Bor", "Bor"], "means": means.split()})
    results = {l: generalize(table, [CITY], Conditions.with_distinct_values(2, l, ["means"])) for l in (1, 2)}  # noqa: E741
    assert {l: result.waived for l, result in results.items()} == {1: (), 2: ("means",)}  # noqa: E741
    assert results[1].table.equals(results[2].table)
    assert results[2].classes == 2


def test_every_fault_is_told_at_once_and_no_value() -> None:
    table = pl.DataFrame({"city": ["Aba", "Zanzibar", None], "sex": ["f", "m", "secret"], "age": [1, 2, 3], "sent by": ["+ngo", "", "ngo"]})
    asked = Conditions(
        k=4,
        sensitive=(Diversity("age", distinct=0, entropy=0.5), Diversity("sex", closeness=1.5)),
        contributors=Contributors("sent by", least=0, separator="+"),
    )
    hierarchies = [CITY, SEX, Hierarchy("town", {"x": ("x", TOP)})]
    with pytest.raises(SpecificationError) as caught:
        generalize(table, hierarchies, asked, weights={"age": 1.0, "city": 0.0})
    assert caught.value.faults == (
        "a column is named twice among the quasi-identifiers and the sensitive fields",
        "0 distinct values are asked of age, under 1",
        "the entropy asked of age is 0.5, under 1",
        "the closeness asked of sex is 1.5, not from 0 to 1",
        "0 stranger(s) to each contributor are asked, under 1",
        "a weight is given for age, which is no quasi-identifier",
        "the weight of city is not above 0",
        "column city has 1 null cell(s)",
        "column sex has 1 cell(s) with a value that its hierarchy does not hold",
        "the table has no column town",
        "column age is not text",
        "column sent by has 2 cell(s) that name no contributor",
        "k is 4, more than the 3 person(s) of the table",
    )
    assert "Zanzibar" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_column_of_contributors_has_no_other_role_and_a_separator_is_some_text() -> None:
    asked = Conditions(2, contributors=Contributors("city", least=1, separator=""))
    with pytest.raises(SpecificationError) as caught:
        generalize(cities("3 Aba"), [CITY], asked)
    assert caught.value.faults == ("column city is named as contributors and in another role", "the separator of contributors is empty")


def test_k_of_one_and_a_table_without_quasi_identifiers_are_refused() -> None:
    with pytest.raises(SpecificationError) as caught:
        generalize(cities("3 Aba"), [], Conditions.with_distinct_values(1, 1, []))
    assert caught.value.faults == ("k is 1, under 2", "no quasi-identifier is named")


@pytest.mark.parametrize(
    ("paths", "faults"),
    [
        pytest.param({}, ["it has no values"], id="empty"),
        pytest.param({"a": ("a",)}, ["1 path(s) have fewer than two labels", "1 path(s) do not end in 'suppressed'"], id="too short"),
        pytest.param(
            {"a": ("b", TOP), "c": ("c", "d", "e")},
            [
                "the paths have 2 lengths, 2 to 3 labels",
                "1 path(s) do not begin with their own value",
                "1 path(s) do not end in 'suppressed'",
            ],
            id="several at once",
        ),
        pytest.param({"a": ("a", TOP, TOP)}, ["1 path(s) reach 'suppressed' before the last level"], id="early root"),
        pytest.param(
            {"a": ("a", "p", "x", TOP), "b": ("b", "p", "y", TOP)}, ["1 label(s) at level 1 have more than one parent"], id="two parents"
        ),
        pytest.param(
            {"a": ("a", "a", TOP), "b": ("b", "a", TOP)},
            ["1 label(s) mean different sets of values at different levels"],
            id="a label with two meanings",
        ),
    ],
)
def test_a_hierarchy_must_be_a_tree(paths: dict[str, tuple[str, ...]], faults: list[str]) -> None:
    with pytest.raises(SpecificationError) as caught:
        Hierarchy("city", paths)
    assert caught.value.faults == tuple(f"hierarchy of city: {fault}" for fault in faults)


@pytest.mark.parametrize("name", [name for name in vocabulary_names() if name != "missing"])
def test_every_vocabulary_has_a_hierarchy_that_is_a_tree(name: str) -> None:
    hierarchy = Hierarchy(name, vocabulary(name).hierarchy())
    assert set(hierarchy.paths) == {*vocabulary(name).leaves(), *MISSING_CODES}


def test_the_years_have_a_hierarchy_that_is_a_tree() -> None:
    assert Hierarchy("year", year_hierarchy()).levels == 5
