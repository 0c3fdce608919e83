"""What each measure says of a table that can be counted on the fingers."""

from __future__ import annotations

import polars as pl
import pytest

from anonymize.hierarchy import Hierarchy
from anonymize.risk import (
    CountError,
    FieldDiversity,
    Strangers,
    class_sizes,
    combinations,
    count_error,
    loss,
    measure,
    reidentification,
    strangers,
)
from schemas.errors import SpecificationError

AGES = Hierarchy("age", {"8": ("8", "child", "suppressed"), "9": ("9", "child", "suppressed"), "40": ("40", "adult", "suppressed")})
SEX = Hierarchy("sex", {sex: (sex, "suppressed") for sex in ("f", "m", "unknown")})
YEAR = Hierarchy("year", {"2000": ("2000", "2000s", "suppressed"), "2001": ("2001", "2000s", "suppressed")})


def people(age: str, form: str | None = None) -> pl.DataFrame:
    """One person a letter or word: `age` and `form` are read from left to right; `.` is null."""
    columns = {"age": age.split()} | ({} if form is None else {"form": form.split()})
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).with_columns(pl.all().replace(".", None))


def diversity(age: str, form: str) -> FieldDiversity:
    return measure(people(age, form), quasi=["age"], sensitive=["form"]).diversity_by_field[0]


def test_sizes_of_classes() -> None:
    table = people("child child child adult adult . suppressed 8")
    assert class_sizes(table, ["age"]).to_dicts() == [{"size": 1, "classes": 1}, {"size": 2, "classes": 2}, {"size": 3, "classes": 1}]
    found = measure(table, quasi=["age"], sensitive=[])
    assert (found.persons, found.classes, found.smallest_class, found.uniques) == (8, 4, 1, 1)


def test_average_class_over_k_is_one_where_no_class_is_larger_than_asked() -> None:
    found = measure(people("child child child adult adult adult"), quasi=["age"], sensitive=[])
    assert (found.average_class(), found.average_class(3), found.average_class(2)) == (3, 1, 1.5)
    assert measure(people(""), quasi=["age"], sensitive=[]).average_class(2) == 0


def test_discernibility_counts_the_whole_table_for_each_person_who_shows_nothing() -> None:
    assert measure(people("child child child adult"), quasi=["age"], sensitive=[]).discernibility == 9 + 1
    assert measure(people("child child child ."), quasi=["age"], sensitive=[]).discernibility == 9 + 4
    assert measure(people("child child child ."), quasi=[], sensitive=[]).discernibility == 16


def test_a_null_is_suppressed_and_a_missing_code_is_a_value() -> None:
    found = measure(people(". suppressed unknown unknown"), quasi=["age"], sensitive=[])
    assert (found.classes, found.cells, found.suppressed_cells) == (2, 4, 2)


def test_diversity_of_the_least_diverse_class() -> None:
    found = diversity("a a a a b b b b", "work work sex sex work work work sex")
    assert (found.field, found.distinct, found.classes_without, found.of_table_distinct) == ("form", 2, 0, 2)
    # Shares of 3/4 and 1/4: exp(H) = 4 / 3 ** .75, against 2 of equal shares.
    assert found.entropy == pytest.approx(4 / 3**0.75)
    # The table is 5/8 work, 3/8 sex; each class is 1/8 away.
    assert found.farthest == 1 / 8


def test_two_values_in_equal_shares_are_an_entropy_l_of_two() -> None:
    assert diversity("a a a a a a", "work sex work sex work sex").entropy == 2


def test_missing_and_suppressed_values_count_for_nothing_in_diversity() -> None:
    found = diversity("a a a a b b b", "work work unknown . not_collected suppressed not_applicable")
    assert found == FieldDiversity("form", 1, 1.0, 0.0, classes_without=1, of_table_distinct=1, of_table_entropy=1.0)


def test_codes_that_tell_nothing_can_be_named() -> None:
    table = people("a a", "work NA")
    assert measure(table, quasi=["age"], sensitive=["form"]).diversity_by_field[0].distinct == 2
    assert measure(table, quasi=["age"], sensitive=["form"], not_known=["NA"]).diversity_by_field[0].distinct == 1
    assert measure(people("a a", "work ."), quasi=[], sensitive=["form"], not_known=[]).diversity_by_field[0].distinct == 1


def test_a_field_of_which_nothing_is_known() -> None:
    assert diversity("a b", "unknown .") == FieldDiversity("form", 0, 0.0, 0.0, 2, 0, 0.0)
    assert diversity("", "") == FieldDiversity("form", 0, 0.0, 0.0, 0, 0, 0.0)


@pytest.mark.parametrize(
    ("contributors", "expected"),
    [
        pytest.param("n n n s s s", Strangers(3, 0, 0), id="each leaves three"),
        pytest.param("n n n n s s", Strangers(2, 1, 0), id="one leaves two, fewer than three"),
        pytest.param("n n n n n n", Strangers(0, 0, 1), id="one sent everybody and learns nothing of a stranger"),
        pytest.param("n n n n n+s n+s", Strangers(4, 0, 1), id="two sent the same persons"),
        pytest.param("n n n s+s s s+", Strangers(3, 0, 0), id="a name counts once a person, an empty one not at all"),
        pytest.param("n n n n n s", Strangers(1, 1, 0), id="a stranger alone"),
    ],
)
def test_what_a_contributor_leaves_of_a_class(contributors: str, expected: Strangers) -> None:
    table = people("a a a a a a")
    assert strangers(table, quasi=["age"], contributors=pl.Series(contributors.split()), least=3, separator="+") == expected


def test_without_a_separator_a_cell_is_one_contributor() -> None:
    table = people("a a a a")
    assert strangers(table, quasi=[], contributors=pl.Series(["n", "n+s", "n+s", "s"]), least=3) == Strangers(2, 1, 0)


def test_strangers_are_counted_in_each_class_apart() -> None:
    table = people("a a a b b b c c")
    sent = pl.Series(["n", "s", "s", "n", "n", "s", "n", "n"])
    assert strangers(table, quasi=["age"], contributors=sent, least=2) == Strangers(1, 2, 1)


def test_a_person_without_a_contributor_is_refused() -> None:
    with pytest.raises(SpecificationError, match=r"2 person.s. without a contributor"):
        strangers(people("a a a"), quasi=["age"], contributors=pl.Series(["n", None, ""]), least=2)
    with pytest.raises(SpecificationError, match=r"2 person.s. without a contributor"):
        strangers(people("a a a"), quasi=["age"], contributors=pl.Series(["n", "+", None]), least=2, separator="+")
    with pytest.raises(SpecificationError, match=r"3 person.s., 2 contributor cell.s."):
        strangers(people("a a a"), quasi=["age"], contributors=pl.Series(["n", "n"]), least=2)


def flags(one: str, other: str, group: str | None = None) -> pl.DataFrame:
    """A letter a cell; `*` is suppressed, `?` missing."""
    cells = {"one": list(one), "other": list(other)}
    table = pl.DataFrame(cells).with_columns(pl.all().replace({"*": "suppressed", "?": "unknown"}))
    return table.with_columns(pl.Series("group", list(group or "g" * len(one))))


def violations(table: pl.DataFrame, k: int = 3) -> list[tuple[int, int]]:
    return [(each.shown, each.hidden) for each in combinations(table, group="group", flags=["one", "other"], width=2, k=k)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param("111000", "111000", [(0, 0), (0, 0)], id="three of each"),
        pytest.param("111100", "111000", [(1, 0), (2, 0)], id="two zeros of one flag, and the pairs they are in"),
        pytest.param("111??", "111??", [(0, 0), (0, 0)], id="missing is no knowledge"),
        pytest.param("1110**", "??????", [(1, 0), (0, 0)], id="two suppressed ones do not help the zero beside them"),
        pytest.param("000**", "?????", [(0, 1), (0, 0)], id="only two rows can be the one who has the flag"),
        pytest.param("000***", "??????", [(0, 0), (0, 0)], id="three can"),
        pytest.param("111***", "000111", [(0, 0), (0, 0)], id="no row shows 1 and 1, three may"),
        pytest.param("111**1", "000111", [(0, 1), (1, 1)], id="one row shows 1 and 1; only two may be 0"),
    ],
)
def test_combinations_that_point_at_too_few(one: str, other: str, expected: list[tuple[int, int]]) -> None:
    assert violations(flags(one, other)) == expected


def test_combinations_are_counted_in_each_group_apart() -> None:
    table = flags("111111", "111111", "aaabbb")
    assert violations(table) == [(0, 0), (0, 0)]
    assert violations(table, k=4) == [(4, 0), (2, 0)]
    assert [each.width for each in combinations(table, group="group", flags=["one"], width=5, k=4)] == [1]
    assert violations(table.clear()) == [(0, 0), (0, 0)]


def test_values_of_a_flag_can_be_named() -> None:
    table = pl.DataFrame({"g": ["a"] * 3, "one": ["yes", "yes", "no"]})
    assert [each.violations for each in combinations(table, group="g", flags=["one"], width=1, k=3, known=["yes", "no"])] == [2]
    assert [each.violations for each in combinations(table, group="g", flags=["one"], width=1, k=3, known=["no"])] == [1]


def test_the_error_of_counts_that_lack_the_rows_with_coarse_labels() -> None:
    before, after = people("8 8 9 40", "work sex work work"), people("8 child 9 .", "work sex . work")
    one, two = count_error(before, after, ["age", "form"], ways=2)
    # Ages: 8 is counted once instead of twice, 40 not at all. Forms: work twice instead of three times.
    assert one == CountError(columns=1, tables=2, possible=2, mean=(2 / 4 + 1 / 4) / 2, worst=2 / 4)
    assert two == CountError(2, 1, 1, 3 / 4, 3 / 4)


def test_counts_too_many_are_as_wrong_as_counts_too_few() -> None:
    assert count_error(people("8 8 9 9"), people("8 8 8 9"), ["age"], ways=1)[0].mean == 2 / 4
    assert count_error(people("8 8"), people("8 8 8"), ["age"])[0].mean == 1 / 2


def test_cells_of_the_original_that_are_suppressed_or_absent_are_none() -> None:
    assert count_error(people("8 . suppressed"), people(". . 8"), ["age"])[0].mean == 0
    assert count_error(people(". ."), people("8 8"), ["age"])[0].mean == 0
    assert count_error(people("8 8"), people("8 9"), ["age"])[0].mean == 1 / 2


def test_some_of_many_tables_are_counted() -> None:
    names = ["a", "b", "c", "d"]
    before = pl.DataFrame({name: ["x", "y"] for name in names})
    after = before.with_columns(pl.Series("a", ["x", None]), pl.Series("c", [None, None], dtype=pl.String))
    assert [(each.tables, each.possible) for each in count_error(before, after, names, most=3)] == [(3, 4), (3, 6), (3, 4)]
    many = pl.DataFrame({f"column {number}": ["x"] for number in range(15)})
    assert [(each.tables, each.possible) for each in count_error(many, many, many.columns)] == [(15, 15), (100, 105), (100, 455)]
    # Evenly spaced in the order of the columns: a, b and c of four; ab, ad and bd of six.
    found = count_error(before, after, names, ways=2, most=3)
    assert [each.mean for each in found] == [(1 / 2 + 0 + 1) / 3, (1 / 2 + 1 / 2 + 0) / 3]
    assert [each.worst for each in found] == [1, 1 / 2]


def test_tables_with_more_cells_than_fit_are_counted_by_the_cells_that_occur(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = people("8 8 9 40", "work sex work work"), people("8 child 9 .", "work sex . work")
    expected = count_error(before, after, ["age", "form"])
    monkeypatch.setattr("anonymize.risk.counting.FEW_CELLS", 1)
    assert count_error(before, after, ["age", "form"]) == expected


def test_prosecutor_journalist_and_marketer() -> None:
    published = people("child child 40 .")
    found = reidentification(published, quasi=["age"])
    assert (found.prosecutor_highest, found.prosecutor_mean, found.journalist_highest, found.marketer) == (1, 3 / 4, 1, 3 / 4)
    # In the population four are 8 or 9, two are 40, and all seven might be the one who shows nothing.
    population = people("8 9 9 8 40 40 .")
    found = reidentification(published, quasi=["age"], population=population, hierarchies=[AGES])
    assert (found.prosecutor_highest, found.journalist_highest) == (1, 1 / 2)
    assert found.marketer == pytest.approx((2 / 4 + 1 / 2 + 1 / 7) / 4)


def test_reidentification_where_there_is_nothing_to_compare_by() -> None:
    found = reidentification(people("8 9"), quasi=[], population=people("8 9 40 40"))
    assert (found.prosecutor_highest, found.prosecutor_mean, found.journalist_highest, found.marketer) == (1 / 2, 1 / 2, 1 / 4, 1 / 4)
    found = reidentification(people(""), quasi=["age"], population=people(""))
    assert (found.prosecutor_highest, found.prosecutor_mean, found.journalist_highest, found.marketer) == (0, 0, 0, 0)


def test_a_population_holds_the_published_persons() -> None:
    for population in ("8 40", "40 40", "8 . 12"):
        with pytest.raises(SpecificationError, match=r"1 class.es. have fewer persons in the population than in the table"):
            reidentification(people("child child 40"), quasi=["age"], population=people(population + " 40"), hierarchies=[AGES])
    with pytest.raises(SpecificationError, match=r"1 class.es. have fewer persons"):
        reidentification(people("8"), quasi=["age"], population=people("9"), hierarchies=[AGES])


def test_a_null_label_costs_as_much_as_a_suppressed_one() -> None:
    assert loss(people("8 9 40"), people("8 child ."), [AGES]).mean == pytest.approx((0 + 1 / 2 + 1) / 3)


def test_a_column_that_is_not_there_is_named() -> None:
    table = people("8 9", "work sex")
    one, both = r"the table has no column year", r"(?s)no column year.*no column month"
    with pytest.raises(SpecificationError, match=both):
        measure(table, quasi=["year", "age", "month"], sensitive=[])
    with pytest.raises(SpecificationError, match=one):
        measure(table, quasi=["age"], sensitive=["year"])
    with pytest.raises(SpecificationError, match=one):
        class_sizes(table, ["year"])
    with pytest.raises(SpecificationError, match=one):
        combinations(table, group="year", flags=["form"], width=1, k=2)
    with pytest.raises(SpecificationError, match=one):
        combinations(table, group="age", flags=["year"], width=1, k=2)
    with pytest.raises(SpecificationError, match=one):
        count_error(table, table, ["year"])
    with pytest.raises(SpecificationError, match=one):
        reidentification(table, quasi=["year"])


@pytest.mark.parametrize(
    ("form", "classes"),
    [
        pytest.param(["work", "work"], 1, id="one value"),
        pytest.param(["work", "sex"], 0, id="two values"),
        pytest.param(["work", "unknown", "not_collected"], 1, id="one known value beside missing ones is as good as told"),
        pytest.param(["work", "sex", "unknown"], 0, id="two known values"),
        pytest.param(["unknown", "unknown"], 0, id="no known value tells nothing"),
        pytest.param(["unknown", "suppressed"], 0, id="no known value, for two reasons"),
    ],
)
def test_when_a_class_is_homogeneous(form: list[str], classes: int) -> None:
    table = pl.DataFrame({"place": ["a"] * len(form), "form": form})
    assert measure(table, quasi=["place"], sensitive=["form"]).homogeneous_classes == classes


def test_a_cohort_counts_in_classes_and_not_in_cells() -> None:
    table = pl.DataFrame({"cohort": [1, 1, 2], "place": ["a", "a", "suppressed"]})
    found = measure(table, quasi=["cohort", "place"], sensitive=[])
    assert (found.classes, found.smallest_class, found.cells, found.suppressed_cells) == (2, 1, 3, 1)
    assert measure(table, quasi=["cohort"], sensitive=[]).cells == 0


def test_without_sensitive_fields_nothing_is_homogeneous() -> None:
    found = measure(pl.DataFrame({"place": ["a", "a"]}), quasi=["place"], sensitive=[])
    assert (found.classes, found.homogeneous_classes, found.homogeneous_by_field) == (1, 0, ())


def test_loss_of_nothing_and_of_everything() -> None:
    table = pl.DataFrame({"sex": ["f", "m"], "year": ["2000", "2001"]})
    assert loss(table, table, [SEX, YEAR]).mean == 0
    assert loss(table, table.with_columns(pl.all().map_batches(lambda _: pl.Series(["suppressed"] * 2))), [SEX, YEAR]).mean == 1
    assert loss(table.clear(), table.clear(), [SEX]).mean == 0
    assert loss(table, table, []).mean == 0
    assert loss(people("8 9 9"), people("child child child"), [AGES]).mean == 1


def test_loss_refuses_tables_that_do_not_belong_together() -> None:
    table = pl.DataFrame({"sex": ["f", "m"]})
    with pytest.raises(SpecificationError, match=r"2 row.s. before, 1 after"):
        loss(table, table.head(1), [SEX])
    with pytest.raises(SpecificationError, match=r"column sex: 2 label.s. do not cover the value they stand for"):
        loss(table, table.reverse(), [SEX])
    with pytest.raises(SpecificationError, match=r"column sex: 1 label.s. do not cover"):
        loss(pl.DataFrame({"sex": ["f", "strange"]}), pl.DataFrame({"sex": ["f", "suppressed"]}), [SEX])
    with pytest.raises(SpecificationError, match=r"column sex: 1 label.s. do not cover"):
        loss(table, pl.DataFrame({"sex": ["f", "strange"]}), [SEX])


def test_the_loss_of_one_person_alone_is_nothing() -> None:
    assert loss(people("8"), people("suppressed"), [AGES]).mean == 0


def test_loss_of_each_column_and_of_weighted_columns() -> None:
    before = pl.DataFrame({"age": ["8", "9", "40", "8"], "sex": ["f", "m", "f", "m"]})
    after = pl.DataFrame({"age": ["8", "child", "suppressed", "8"], "sex": ["f", "suppressed", "f", "m"]})
    found = loss(before, after, [AGES, SEX])
    assert found.by_column == (("age", (1 / 2 + 1) / 4), ("sex", 1 / 4))
    assert found.mean == (3 / 8 + 1 / 4) / 2
    assert loss(before, after, [AGES, SEX], {"sex": 3}).mean == pytest.approx((3 / 8 + 3 / 4) / 4)


def test_what_an_error_tells() -> None:
    """No value of a cell, and no label."""
    table = people("child child")
    errors = []
    for refused in (
        lambda: measure(table, quasi=["year"], sensitive=[]),
        lambda: strangers(table, quasi=["age"], contributors=pl.Series(["", "n"]), least=2),
        lambda: reidentification(table, quasi=["age"], population=people("8 40"), hierarchies=[AGES]),
        lambda: loss(people("40 8 9"), people("child child child"), [AGES]),
    ):
        with pytest.raises(SpecificationError) as error:
            refused()
        errors.append(str(error.value).split("\n", 1)[1])
    assert errors == [
        """  - the table has no column year
  where:    a published table of 1 column(s)
  allowed:  columns of the table
  do next:  name the columns that are to be measured, then measure again""",
        """  - 1 person(s) without a contributor
  where:    the published table and the contributors of its persons
  allowed:  one text a person, in the order of the table, that names at least one contributor
  do next:  give every person's contributor, then measure again""",
        """  - 1 class(es) have fewer persons in the population than in the table
  where:    the published table and its population
  allowed:  a population that the published persons are part of
  do next:  add the published persons to the population, then measure again""",
        """  - column age: 1 label(s) do not cover the value they stand for
  where:    the original and the published table
  allowed:  the same persons in the same order, each label an ancestor of the value it replaces
  do next:  compare the table with the result of its own generalization, before it is sorted""",
    ]
