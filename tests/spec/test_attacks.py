"""What attacks find in releases that keep their conditions, and in releases that break each one in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import pytest

from anonymize.attacks.holdings import Earlier, FlagRows, Method, Reenactment, Shown, Truth
from anonymize.attacks.outcome import ControlFailed, Limits, Outcome
from anonymize.attacks.running import Verdict, run_attacks
from anonymize.hierarchy import Hierarchy
from schemas.errors import CasehouseError

TOP = "suppressed"
TOWN = Hierarchy(
    "town",
    {"Aba": ("Aba", "north", TOP), "Bor": ("Bor", "north", TOP), "Cuz": ("Cuz", "south", TOP), "Dax": ("Dax", "south", TOP)},
)
SEX = Hierarchy("sex", {"f": ("f", TOP), "m": ("m", TOP)})
HIERARCHIES = {"town": TOWN, "sex": SEX}
LIMITS = Limits(k=3, strangers=2, likelihood=0.8, likely_share=0.0)


def people(text: str) -> pl.DataFrame:
    """`3 Aba f north f yes+no` as three persons: true town and sex, published town and sex, answers in turn."""
    rows = []
    for part in text.split(", "):
        count, town, sex, shown_town, shown_sex, answers = part.split()
        said = answers.split("+")
        rows += [(town, sex, shown_town, shown_sex, said[number % len(said)]) for number in range(int(count))]
    return pl.DataFrame(rows, schema=["town", "sex", "shown_town", "shown_sex", "form"], orient="row")


WHOLE = people("4 Aba f Aba f yes+no, 2 Bor f north f yes+no, 1 Aba f north f no, 4 Cuz m south m yes+no, 2 Dax m south m no")
"""Classes of 4, 3 and 6 persons; two answers in each."""


def truth_of(table: pl.DataFrame, senders: Sequence[str] | None = None) -> Truth:
    labels = table.select(town="shown_town", sex="shown_sex", form="form")
    return Truth(table.select("town", "sex"), labels, pl.Series(senders) if senders else None)


def shown_of(table: pl.DataFrame, *columns: str, name: str = "persons") -> Shown:
    labels = truth_of(table).labels.select(columns or ["town", "sex", "form"])
    quasi = tuple(column for column in labels.columns if column != "form")
    return Shown(name, labels.sort(labels.columns), quasi, ("form",) if "form" in labels.columns else ())


def attacked(table: pl.DataFrame, senders: Sequence[str] | None = None, earlier: Sequence[pl.DataFrame] = ()) -> Verdict:
    releases = [Earlier(f"release {number}", (shown_of(each),)) for number, each in enumerate(earlier)]
    return run_attacks([shown_of(table)], truth_of(table, senders), HIERARCHIES, LIMITS, earlier=releases)


def found(verdict: Verdict, attack: str, knowledge: str = "", table: str = "") -> tuple[int, int, int]:
    """Tried, succeeded and certain of the one outcome of that attack and knowledge."""
    (outcome,) = (
        each for each in verdict.outcomes if each.attack == attack and each.knowledge.endswith(knowledge) and each.table.startswith(table)
    )
    return outcome.tried, outcome.succeeded, outcome.certain


def test_a_release_that_keeps_its_conditions_withstands() -> None:
    verdict = attacked(WHOLE, senders=["x", "x", "y", "y", "x", "y", "z", "x", "x", "y", "y", "z", "z"], earlier=[WHOLE])
    assert verdict.broken == ()
    assert {outcome.attack for outcome in verdict.outcomes if outcome.limit == 0.0} == {
        "singling out",
        "linkage",
        "homogeneity",
        "likely homogeneity",
        "contributor subtraction",
        "differencing",
    }


def test_outcomes_are_names_and_counts() -> None:
    table = attacked(WHOLE).table()
    assert table.filter(attack="linkage", table="persons", knowledge="all quasi-identifiers").drop("control").rows() == [
        ("linkage", "persons", "all quasi-identifiers", "persons", 13, 0, 0, 0.0, 0.0, 0.0)
    ]


def test_whose_row_is_not_hidden_among_k_is_linked_and_singled_out() -> None:
    verdict = attacked(people("4 Aba f Aba f yes+no, 2 Bor f Bor f yes+no, 1 Cuz m Cuz m no, 6 Dax m Dax m yes+no"))
    assert found(verdict, "linkage", "all quasi-identifiers") == (13, 3, 1)
    assert found(verdict, "linkage", "the class") == (13, 3, 1)
    # Bor, Cuz: alone, with their sex, with any sex; and as the tuples that they are.
    assert found(verdict, "singling out", "quasi-identifiers") == (29, 8, 4)
    assert verdict.broken[0] == (
        "singling out on persons, knowing quasi-identifiers: succeeded with 8 of 29 cells (4 with certainty), more than 0.0%"
    )


def test_a_coarse_label_may_stand_for_every_value_beneath_it() -> None:
    # Who knows Aba must also look at the rows of the north and at suppressed ones; who knows Cuz must not look at the north.
    verdict = attacked(people("1 Aba f Aba f yes, 1 Bor f north f no, 1 Bor f suppressed suppressed yes, 4 Cuz m Cuz m yes+no"))
    assert found(verdict, "linkage", "all quasi-identifiers") == (7, 2, 0)
    assert found(verdict, "linkage", "the class") == (7, 3, 3)


def test_a_known_sensitive_value_narrows_the_class_and_is_reported_only() -> None:
    verdict = attacked(WHOLE)
    assert found(verdict, "linkage", "the class and form") == (13, 9, 1)
    assert found(verdict, "linkage", "all quasi-identifiers and form") == (13, 4, 1)
    assert verdict.broken == ()


@pytest.mark.parametrize(
    ("answers", "certain", "likely"),
    [
        pytest.param("yes+no", 0, 0, id="two answers alike"),
        pytest.param("yes", 6, 6, id="one answer"),
        pytest.param("yes+unknown", 3, 3, id="who lacks one is taken to share that of the others"),
        pytest.param("yes+yes+yes+yes+yes+no", 0, 5, id="one answer nearly"),
        pytest.param("unknown", 0, 0, id="nothing known, nothing learnt"),
    ],
)
def test_what_all_candidates_say_is_learnt(answers: str, certain: int, likely: int) -> None:
    verdict = attacked(people(f"6 Aba f Aba f {answers}, 6 Cuz m Cuz m no+no+yes"))
    for knowledge in ("all quasi-identifiers, of form", "the class, of form"):
        assert found(verdict, "homogeneity", knowledge)[1] == certain
        assert found(verdict, "likely homogeneity", knowledge)[1:] == (likely, certain)


def test_a_share_at_the_limit_is_not_above_it() -> None:
    verdict = attacked(people("5 Aba f Aba f yes+yes+yes+yes+no, 6 Cuz m Cuz m no+no+yes"))
    assert found(verdict, "likely homogeneity", "the class, of form") == (11, 0, 0)


def test_nothing_is_learnt_that_the_whole_table_tells() -> None:
    one_answer = people("6 Aba f Aba f yes, 6 Cuz m Cuz m yes+unknown")
    assert not any("homogeneity" in outcome.attack for outcome in attacked(one_answer, senders=["x"] * 12).outcomes)
    nearly = people("9 Aba f Aba f yes, 9 Cuz m Cuz m yes+yes+yes+yes+yes+yes+yes+yes+no")
    assert found(attacked(nearly), "likely homogeneity", "the class, of form") == (18, 9, 9)


def test_a_partner_that_subtracts_its_own_persons_finds_who_is_left() -> None:
    table = people("4 Aba f Aba f yes+no, 4 Cuz m Cuz m yes+no")
    # Of the first class x sent all but one, of the second y sent everybody; a person of two partners is each one's own.
    verdict = attacked(table, senders=["x", "x", "x+y", "z", "y", "y", "y", "x+y"])
    assert found(verdict, "contributor subtraction", "fewer than 2 left") == (5, 1, 1)
    assert found(verdict, "contributor subtraction", "fewer than k = 3 left") == (5, 1, 1)
    assert [reason.split(":")[0] for reason in verdict.broken] == [
        "contributor subtraction on the finest table, knowing its own persons, fewer than 2 left of the newest cohort"
    ]


def test_only_the_newest_cohort_is_held_against_the_contributor_limit() -> None:
    table = people("4 Aba f Aba f yes+no, 4 Cuz m Cuz m yes+no")
    senders = pl.Series(["x", "x", "x", "z", "y", "y", "z", "z"])
    truth = replace(truth_of(table), contributors=senders, is_new=pl.Series([False] * 4 + [True] * 4))
    verdict = run_attacks([shown_of(table)], truth, HIERARCHIES, LIMITS)
    assert found(verdict, "contributor subtraction", "of the newest cohort") == (2, 0, 0)
    assert found(verdict, "contributor subtraction", "fewer than 2 left") == (4, 1, 1)
    assert verdict.broken == ()


def test_without_a_limit_for_strangers_the_contributor_attack_is_information() -> None:
    table = people("4 Aba f Aba f yes+no, 4 Cuz m Cuz m yes+no")
    truth = truth_of(table, ["x", "x", "x", "z", "y", "y", "z", "z"])
    verdict = run_attacks([shown_of(table)], truth, HIERARCHIES, replace(LIMITS, strangers=1))
    assert [outcome.limit for outcome in verdict.outcomes if outcome.attack == "contributor subtraction"] == [None]


def test_strangers_may_share_what_their_class_does_not() -> None:
    table = people("4 Aba f Aba f yes+no, 4 Cuz m Cuz m yes+no")
    # Without the persons of x the first class says no; z's subtraction leaves both answers.
    verdict = attacked(table, senders=["x", "z", "x", "z", "y", "y", "z", "y"])
    assert found(verdict, "contributor homogeneity", "of form") == (4, 3, 1)


def test_what_a_whole_class_shares_is_not_learnt_by_subtraction() -> None:
    verdict = attacked(people("4 Aba f Aba f yes, 4 Cuz m Cuz m yes+no"), senders=["x", "y"] * 2 + ["x", "x", "y", "y"])
    assert found(verdict, "contributor homogeneity", "of form") == (4, 0, 0)


def test_a_release_made_afresh_gives_away_who_came() -> None:
    before = people("3 Aba f Aba f yes+no, 2 Bor f suppressed suppressed yes+no, 2 Cuz m suppressed suppressed yes+no")
    # One more person in Bor, and Bor is published: the rows that are suppressed are one fewer.
    after = people("3 Aba f Aba f yes+no, 3 Bor f Bor f yes+no+yes, 3 Cuz m suppressed suppressed yes+no")
    verdict = attacked(after, earlier=[before])
    tried, succeeded, certain = found(verdict, "differencing", "both tables")
    assert (succeeded > 0, certain > 0, tried > succeeded) == (True, True, True)
    assert "differencing on persons and persons of release 0" in verdict.broken[-1]


def test_a_cohort_that_is_added_gives_nothing_away_and_hides_nobody_who_left() -> None:
    first = WHOLE.with_columns(cohort=pl.lit(1))
    second = first.with_columns(cohort=pl.lit(2))
    columns = {"town": "shown_town", "sex": "shown_sex", "cohort": "cohort"}

    def shown(table: pl.DataFrame) -> Shown:
        return Shown("persons", table.select(**columns), ("town", "sex", "cohort"), ())

    def broken(now: pl.DataFrame, then: pl.DataFrame) -> tuple[str, ...]:
        truth = Truth(now.select("town", "sex", "cohort"), now.select(**columns))
        return run_attacks([shown(now)], truth, HIERARCHIES, LIMITS, earlier=[Earlier("first", (shown(then),))]).broken

    assert broken(pl.concat([first, second]), first) == ()
    # Four persons of the class of six left the first cohort, three came into the second: the sum would differ by one.
    left = first.filter(pl.col("shown_town") != "south")
    assert broken(pl.concat([left, second]), first) == ()
    assert "differencing" in broken(pl.concat([first.slice(1), second]), first)[-1]


def test_two_products_are_subtracted_from_each_other() -> None:
    fewer = shown_of(WHOLE.slice(1), "sex", name="by sex")
    verdict = run_attacks([shown_of(WHOLE), fewer], truth_of(WHOLE), HIERARCHIES, LIMITS)
    assert verdict.broken == (
        "differencing on persons and by sex, knowing both tables: succeeded with 2 of 3 cells (2 with certainty), more than 0.0%",
    )
    whole = run_attacks([shown_of(WHOLE), shown_of(WHOLE, "sex", name="by sex")], truth_of(WHOLE), HIERARCHIES, LIMITS)
    assert whole.broken == ()


def test_a_retired_class_and_a_coarser_product_do_not_add_up_to_an_alarm() -> None:
    before = people("5 Aba f Aba f yes+no, 3 Bor f north f yes+no, 4 Cuz m south m yes+no")
    after = before.filter(pl.col("shown_town") != "north")

    def products(table: pl.DataFrame) -> tuple[Shown, Shown]:
        coarse = table.with_columns(shown_town=pl.col("shown_town").replace("Aba", "north"))
        return shown_of(table), shown_of(coarse, name="by region")

    # `north` and `f`: 3 persons in the finer table before, 5 in the coarser one after; nobody stands for the difference of 2.
    verdict = run_attacks(products(after), truth_of(after), HIERARCHIES, LIMITS, earlier=[Earlier("first", products(before))])
    assert verdict.broken == ()
    assert sum(outcome.attack == "differencing" for outcome in verdict.outcomes) == 3


def test_products_without_a_common_column_cannot_be_subtracted() -> None:
    by_town, by_sex = (shown_of(WHOLE, column, name=column) for column in ("town", "sex"))
    verdict = run_attacks([by_town, by_sex], truth_of(WHOLE), HIERARCHIES, LIMITS)
    assert not any(outcome.attack == "differencing" for outcome in verdict.outcomes)


FLAGS = pl.DataFrame({"group": [1] * 6, "debt": ["1", "1", "1", "0", "0", "0"], "force": ["1", "1", "1", "0", "0", "unknown"]})


def flag_rows(published: pl.DataFrame, order: Sequence[int] = (0, 3, 5, 1, 2, 4)) -> FlagRows:
    numbers = pl.Series(range(6))
    return FlagRows(published, "group", ("debt", "force"), FLAGS, numbers, FLAGS["group"], pl.Series(order))


def flagged(rows: FlagRows) -> Verdict:
    return run_attacks([shown_of(WHOLE)], truth_of(WHOLE), HIERARCHIES, LIMITS, flags=rows)


def test_flags_that_few_rows_may_hold_point_at_persons() -> None:
    # Two say no to force: who knows it has two candidates, and with debt known as well.
    verdict = flagged(flag_rows(FLAGS))
    assert found(verdict, "linkage by flags", "any 1 flag(s)") == (6, 2, 0)
    assert found(verdict, "linkage by flags", "any 2 flag(s)") == (6, 2, 0)
    assert len(verdict.broken) == 2


def test_a_withheld_flag_may_hold_any_value() -> None:
    hidden = FLAGS.with_columns(force=pl.Series(["suppressed", "1", "1", "suppressed", "suppressed", "suppressed"]))
    verdict = flagged(flag_rows(hidden))
    assert found(verdict, "linkage by flags", "any 1 flag(s)") == (6, 0, 0)
    # With debt as well: three rows say debt, and each may say force; of the others two say neither.
    assert found(verdict, "linkage by flags", "any 2 flag(s)") == (6, 0, 0)
    lone = FLAGS.with_columns(force=pl.Series(["1", "1", "1", "suppressed", "suppressed", "unknown"]))
    assert found(flagged(flag_rows(lone)), "linkage by flags", "any 1 flag(s)") == (6, 2, 0)


def test_flags_beyond_the_width_of_the_policy_are_information() -> None:
    rows = flag_rows(FLAGS)
    verdict = run_attacks([shown_of(WHOLE)], truth_of(WHOLE), HIERARCHIES, replace(LIMITS, flag_width=1), flags=rows)
    assert [reason.split(":")[0] for reason in verdict.broken] == ["linkage by flags on flags, knowing any 1 flag(s)"]


def test_where_no_flag_is_known_of_anybody_there_is_nothing_to_link() -> None:
    nothing = FLAGS.with_columns(debt=pl.lit("unknown"), force=pl.lit("unknown"))
    rows = replace(flag_rows(nothing), true=nothing)
    assert {outcome.attack for outcome in flagged(rows).outcomes if "flag" in outcome.attack} == {"joining flags by the order of rows"}


@pytest.mark.parametrize(
    ("order", "matches"),
    [
        pytest.param((0, 3, 5, 1, 2, 4), 1, id="shuffled: chance alone"),
        pytest.param((0, 1, 2, 3, 4, 5), 6, id="in the order of the core"),
        pytest.param((5, 4, 3, 2, 1, 0), 6, id="in the order of the core, from the last"),
    ],
)
def test_flags_in_the_order_of_the_core_are_joined_to_it(order: Sequence[int], matches: int) -> None:
    verdict = flagged(flag_rows(FLAGS, order))
    assert found(verdict, "joining flags by the order of rows") == (6, matches, 0)
    assert any("order of rows" in reason for reason in verdict.broken) == (matches > 3)


def test_an_attack_that_finds_nothing_where_it_must_proves_nothing() -> None:
    with pytest.raises(ControlFailed, match=r"the attack linkage .* found nothing in the table that it must break"):
        Outcome("linkage", "persons", "the class", "persons", tried=100, succeeded=0, certain=0, control=0, limit=0.0)


def test_every_attack_proved_itself_before_it_reported() -> None:
    verdict = attacked(WHOLE, senders=["x"] * 7 + ["y"] * 6, earlier=[WHOLE])
    assert min(outcome.control for outcome in verdict.outcomes) >= 1


def test_attacks_are_not_made_on_less_than_there_is() -> None:
    truth = truth_of(WHOLE)
    with pytest.raises(CasehouseError, match=r"the labels behind the release lack the published column.s. sex$"):
        run_attacks([shown_of(WHOLE)], replace(truth, labels=truth.labels.drop("sex")), HIERARCHIES, LIMITS)
    with pytest.raises(CasehouseError, match=r"the original behind the release lack the published column.s. sex, town$"):
        run_attacks([shown_of(WHOLE)], replace(truth, original=truth.labels.select("form")), HIERARCHIES, LIMITS)
    with pytest.raises(CasehouseError, match=r"differ in length: \[12, 13\] rows"):
        run_attacks([shown_of(WHOLE)], replace(truth, original=truth.original.slice(1)), HIERARCHIES, LIMITS)


def test_no_value_is_told_or_printed() -> None:
    canary = "Zzyzx"
    hierarchy = Hierarchy("town", {**TOWN.paths, canary: (canary, canary, TOP)})
    table = pl.concat([WHOLE, people(f"1 {canary} f {canary} f {canary}")])
    truth, shown = truth_of(table, [canary] * 14), shown_of(table)
    verdict = run_attacks([shown], truth, {"town": hierarchy, "sex": SEX}, LIMITS)
    assert verdict.broken
    assert canary not in f"{verdict} {verdict.table()} {truth} {shown} {flag_rows(FLAGS)}"


WARDS = Hierarchy("town", {town: (town, f"region {town[0]}", TOP) for town in ("1a", "1b", "2a", "2b")})


def by_need(table: pl.DataFrame) -> pl.DataFrame:
    """A method that publishes towns where both towns of a region have two answers, else the region: no coarser than it must."""
    region = pl.lit("region ") + pl.col("town").str.head(1)
    fit = (pl.col("form").n_unique().over("town") > 1).all().over(pl.col("town").str.head(1))
    return table.with_columns(town=pl.when(fit).then("town").otherwise(region))


def by_region(table: pl.DataFrame) -> pl.DataFrame:
    """A method that always publishes the region."""
    return table.with_columns(town=pl.lit("region ") + pl.col("town").str.head(1))


def wards(*said: str) -> pl.DataFrame:
    """Persons of the towns 1a, 1b, 2a, 2b, with the answers `y` and `n` that a text lists for each."""
    rows = [
        (town, {"y": "yes", "n": "no", "?": "unknown"}[answer])
        for town, answers in zip(WARDS.paths, said, strict=True)
        for answer in answers
    ]
    return pl.DataFrame(rows, schema=["town", "form"], orient="row")


def played(method: Method, table: pl.DataFrame, limits: Limits = LIMITS) -> Verdict:
    reenactment = Reenactment(table, method(table), ("town",), ("form",), method)
    return run_attacks([shown_of(WHOLE)], truth_of(WHOLE), {"town": WARDS, "sex": SEX}, limits, reenactment=reenactment)


def test_the_reason_for_a_coarse_class_tells_who_says_what() -> None:
    # Region 1 is published whole, so one of its towns has one answer; 1b is too large for the yes or the no of the region.
    # Its small town therefore says no, or yes; no is by far the likelier.
    table = wards("nnnnnn", "yyyyyyynnnnnnn", "yyynnn", "yyynnn")
    verdict = played(by_need, table)
    assert found(verdict, "minimality") == (6, 6, 0)


def test_conclusions_that_are_no_better_than_the_base_rate_are_within_the_limit() -> None:
    # The same region, published so by a method that never looks at answers: the attacker concludes, and is wrong.
    table = wards("ynnyny", "nnnnnnnyyyynnn", "yyynnn", "yyynnn")
    verdict = played(by_region, table, replace(LIMITS, minimality_gain=0.0))
    tried, right, _ = found(verdict, "minimality")
    assert (tried > right, verdict.broken) == (True, ())


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(("yn", "yn", "yn", "yn"), id="towns under k could not stand alone anyway"),
        pytest.param(("yynn", "yynn", "yynn", "yynn"), id="towns of two answers each stand alone"),
    ],
)
def test_where_the_numbers_explain_the_classes_nothing_is_concluded(answers: Sequence[str]) -> None:
    assert found(played(by_need, wards(*answers)), "minimality") == (0, 0, 0)


def test_who_plays_the_method_through_tells_persons_apart() -> None:
    # Were a person of 1a who says no exchanged for one of 1b who says yes, the towns of region 1 would be published.
    verdict = played(by_need, wards("nnnnnn", "yyynnn", "nnnnnn", "yyynnn"))
    tried, told, certain = found(verdict, "reenactment of two persons")
    assert 0 < told == certain <= tried
    blind = played(by_region, wards("nnnnnn", "yyynnn", "nnnnnn", "yyynnn"))
    assert found(blind, "reenactment of two persons")[1:] == (0, 0)


def test_a_method_that_does_not_look_at_answers_gives_no_more_than_chance() -> None:
    table = wards("nnnnnn" * 5, "yyynnn" * 5, "nnnnyn" * 5, "yyyynn" * 5)
    verdict = played(by_region, table, replace(LIMITS, minimality_gain=0.0))
    assert found(verdict, "reenactment", "everyone's quasi-identifiers", "the newest")[0] == table.height
    assert verdict.broken == ()


def test_guesses_right_beyond_the_limit_are_a_reason() -> None:
    outcome = Outcome(
        "reenactment", "t", "m", "persons", tried=100, succeeded=66, certain=0, control=1, limit=0.05, expected=50.0, slack=10.0
    )
    assert not outcome.is_within_limit
    assert replace(outcome, succeeded=65).is_within_limit
    assert outcome.reason.endswith("succeeded with 66 of 100 persons (0 with certainty, 50 were expected), more than 5.0%")


def test_a_small_cell_of_a_cohort_is_found_though_it_is_large_over_all_cohorts() -> None:
    table = WHOLE.with_columns(cohort=pl.lit(1))
    few = pl.concat([table, table.head(2).with_columns(cohort=pl.lit(2))])
    columns = {"town": "shown_town", "sex": "shown_sex", "cohort": "cohort"}
    truth = Truth(few.select("town", "sex", "cohort"), few.select(**columns))
    verdict = run_attacks([Shown("persons", few.select(**columns), ("town", "sex", "cohort"), ())], truth, HIERARCHIES, LIMITS)
    # In the second cohort: one tuple; Aba, north or any town (one set of rows), f, and both.
    assert found(verdict, "singling out", "quasi-identifiers")[1:] == (5, 0)
