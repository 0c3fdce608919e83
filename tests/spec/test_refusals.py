"""What the gates say, word for word, and where exactly their limits lie."""

from __future__ import annotations

import polars as pl
import pytest

from anonymize.policy import Policy, load_policy
from anonymize.release import pass_flags_gate, pass_gate
from engine.parquet import decode
from schemas.errors import ReleaseRefused
from schemas.zones import Pseudonymised


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The policy as shipped, with small limits so that tables stay small: k = 3, groups of 6, pairs of flags."""
    shipped = load_policy()
    smaller = {"k": 3, "strangers": 2, "flag_group": 6, "flag_width": 2}
    return shipped.model_copy(update={name: getattr(shipped, name).model_copy(update={"value": value}) for name, value in smaller.items()})


def flags(one: str, other: str, group: str) -> pl.DataFrame:
    """A letter a cell: y(es), n(o), `*` suppressed."""
    words = {"y": "yes", "n": "no", "*": "suppressed"}
    cells = {"group": list(group), "one": [words[each] for each in one], "other": [words[each] for each in other]}
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))


def pass_flags(table: pl.DataFrame, policy: Policy) -> str:
    """The reasons, or `passed`."""
    try:
        pass_flags_gate(Pseudonymised(table), group="group", flags=["one", "other"], known=["yes", "no"], policy=policy)
    except ReleaseRefused as refusal:
        return str(refusal)
    return "passed"


def reasons(refusal: str) -> list[str]:
    return [line[4:] for line in refusal.splitlines() if line.startswith("  - ")]


def test_flags_pass_where_every_pair_is_held_by_nobody_or_by_three(policy: Policy) -> None:
    table = flags("yyynnn", "nnnyyy", "aaaaaa")
    passed = pass_flags_gate(Pseudonymised(table), group="group", flags=["one", "other"], known=["yes", "no"], policy=policy)
    assert passed.anonymous.frame.rows() == [("a", "no", "yes")] * 3 + [("a", "yes", "no")] * 3
    assert decode(passed.anonymous.payload).equals(passed.anonymous.frame)
    evidence = passed.evidence
    assert (evidence.quasi, evidence.sensitive, evidence.safe) == (("group",), ("one", "other"), ())
    assert (evidence.measures.persons, evidence.measures.smallest_class, evidence.strangers) == (6, 6, None)
    assert (evidence.k, evidence.policy_digest) == (3, policy.digest())
    assert evidence.largest_homogeneous_share == policy.largest_homogeneous_share.value


def test_flags_of_any_order_of_rows_give_the_same_bytes(policy: Policy) -> None:
    table = flags("yyynnn", "nnnyyy", "aaaaaa")
    given = [
        pass_flags_gate(Pseudonymised(each), group="group", flags=["one", "other"], known=["yes", "no"], policy=policy)
        for each in (table, table.reverse())
    ]
    assert given[0].anonymous.payload == given[1].anonymous.payload


@pytest.mark.parametrize(
    ("one", "other", "group", "expected"),
    [
        pytest.param("yyyyyy", "yyyyyy", "aaaaaa", [], id="all alike"),
        pytest.param("yyyyy", "yyyyy", "aaaaa", ["the smallest group has 5 person(s), under 6"], id="a small group"),
        pytest.param(
            "yyyynn",
            "nnnnnn",
            "aaaaaa",
            ["1 combination(s) of 1 flag(s) point at too few persons", "1 combination(s) of 2 flag(s) point at too few persons"],
            id="two who are alone in a no",
        ),
        pytest.param(
            "yyy**n",
            "nnnnnn",
            "aaaaaa",
            ["1 combination(s) of 1 flag(s) point at too few persons", "1 combination(s) of 2 flag(s) point at too few persons"],
            id="one who shows a no, though three may hold it",
        ),
        pytest.param(
            "yyyy**",
            "nnnnnn",
            "aaaaaa",
            ["1 combination(s) of 1 flag(s) point at too few persons", "1 combination(s) of 2 flag(s) point at too few persons"],
            id="two who alone may hold a no",
        ),
        pytest.param("yyy***", "nnnnnn", "aaaaaa", [], id="three who may"),
        pytest.param("yyyyyy", "nnnnnn", "aaabbb", ["the smallest group has 3 person(s), under 6"], id="two groups"),
    ],
)
def test_flags_are_refused_for_a_reason(one: str, other: str, group: str, expected: list[str], policy: Policy) -> None:
    assert reasons(pass_flags(flags(one, other, group), policy)) == expected


def test_what_the_gate_of_flags_says(policy: Policy) -> None:
    assert pass_flags(flags("yyyy", "yyyn", "aaaa"), policy).splitlines() == [
        "the release gate refused:",
        "  - the smallest group has 4 person(s), under 6",
        "  - 1 combination(s) of 1 flag(s) point at too few persons",
        "  - 1 combination(s) of 2 flag(s) point at too few persons",
        "  where:    a candidate table of flags of 4 row(s) and 3 column(s)",
        "  allowed:  text flags without null, groups of at least 6 persons, and in each none or at least 3 rows that show, or may hold, "
        "any 2 known flags",
        "  do next:  suppress more flags, or make larger groups; the limits stand in the policy file",
    ]


def test_columns_of_flags_are_declared_and_measured(policy: Policy) -> None:
    table = flags("yyyyyy", "yyyyyy", "aaaaaa").with_columns(stray=pl.lit("x"), one=pl.lit(None, dtype=pl.String))
    assert reasons(pass_flags(table, policy)) == [
        "column one has 6 null cell(s)",
        "column stray is neither quasi-identifier, sensitive nor safe",
    ]


def test_what_the_gate_says(policy: Policy) -> None:
    table = pl.DataFrame({"city": ["a", "a", "b", "b", "b"], "form": ["work", "work", "work", "sex", "unknown"]})
    with pytest.raises(ReleaseRefused) as refusal:
        pass_gate(
            Pseudonymised(table), quasi=["city"], sensitive=["form"], policy=policy, contributors=pl.Series(["n", "s", "n", "n", "s"])
        )
    allowed = f"{policy.largest_homogeneous_share.value:.0%}"
    assert str(refusal.value).splitlines() == [
        "the release gate refused:",
        "  - the smallest class has 2 person(s), under k = 3",
        f"  - 1 of 2 classes hold one known value only of a sensitive field (by field: form 1), more than {allowed}",
        "  - a class holds 1 known values of form, under l = 2",
        f"  - the known values of form in a class are as uncertain as 1.000 values, under {policy.entropy.value}",
        "  - in 2 class(es) a contributor that takes out its own persons leaves fewer than 2: 1 at least",
        "  where:    a candidate of 5 row(s) and 2 column(s)",
        "  allowed:  declared text columns without null (a quasi-identifier may be a whole number), classes of at least 3 persons, at most "
        f"{allowed} homogeneous classes, and what else the policy asks of the values and the contributors of a class",
        "  do next:  generalise further, publish fewer columns, or wait for more persons; the limits stand in the policy file",
    ]


def test_what_the_gate_says_of_columns(policy: Policy) -> None:
    table = pl.DataFrame({"city": ["a"] * 3, "age": [1.5] * 3, "stray": ["x"] * 3, "form": ["work", None, "sex"]})
    with pytest.raises(ReleaseRefused) as refusal:
        pass_gate(Pseudonymised(table), quasi=["city", "age", "gone"], sensitive=["form", "form"], safe=["lost"], policy=policy)
    assert reasons(str(refusal.value)) == [
        "a measure is missing: the quasi-identifier gone is not a column",
        "a measure is missing: the safe column lost is not a column",
        "column form is declared more than once",
        "a measure is missing: column age is not text",
        "column stray is neither quasi-identifier, sensitive nor safe",
        "column form has 1 null cell(s)",
    ]
    with pytest.raises(ReleaseRefused) as refusal:
        pass_gate(Pseudonymised(table.select("city").clear()), quasi=["city"], sensitive=["means"], policy=policy)
    assert reasons(str(refusal.value)) == ["it has no rows", "a measure is missing: the sensitive field means is not a column"]


def test_limits_are_met_by_what_is_as_much_as_asked(policy: Policy) -> None:
    """Three persons at k = 3, two values at l = 2, two strangers at a limit of two."""
    table = pl.DataFrame({"city": ["a"] * 4 + ["b"] * 4, "form": ["work", "sex"] * 4})
    contributors = pl.Series(["n", "s", "n", "s"] * 2)
    passed = pass_gate(Pseudonymised(table), quasi=["city"], sensitive=["form"], policy=policy, contributors=contributors)
    left = passed.evidence.strangers
    assert left is not None
    assert (left.smallest, left.classes_under) == (2, 0)
    assert (passed.evidence.quasi, passed.evidence.sensitive, passed.evidence.safe) == (("city",), ("form",), ())
    whole = pl.DataFrame({"city": ["a"] * 3, "form": ["work", "sex", "sex"]})
    assert pass_gate(Pseudonymised(whole), quasi=["city"], sensitive=["form"], policy=policy).evidence.measures.smallest_class == 3


def test_closeness_is_refused_with_its_distance(policy: Policy) -> None:
    far = policy.model_copy(
        update={
            "closeness": policy.closeness.model_copy(update={"value": 0.1}),
            "closeness_drift": policy.closeness_drift.model_copy(update={"value": 0.1}),
        }
    )
    table = pl.DataFrame({"city": ["a"] * 10 + ["b"] * 10, "form": ["work"] * 7 + ["sex"] * 3 + ["work"] * 2 + ["sex"] * 8})
    with pytest.raises(ReleaseRefused) as refusal:
        pass_gate(Pseudonymised(table), quasi=["city"], sensitive=["form"], policy=far)
    assert reasons(str(refusal.value)) == ["the shares of form in a class are 0.250 from those of the table, over t = 0.20"]


def test_a_contributor_is_given_in_the_order_of_the_rows(policy: Policy) -> None:
    """The gate sorts the rows: who sent each of them in moves along."""
    table = pl.DataFrame({"city": ["b", "a"] * 3, "form": ["work", "sex", "sex", "work", "sex", "work"]})
    mixed, apart = pl.Series(["n", "n", "s", "s", "t", "t"]), pl.Series(["n", "s", "n", "s", "t", "s"])
    assert pass_gate(Pseudonymised(table), quasi=["city"], sensitive=["form"], policy=policy, contributors=mixed).evidence.strangers
    with pytest.raises(ReleaseRefused) as refusal:
        pass_gate(Pseudonymised(table), quasi=["city"], sensitive=["form"], policy=policy, contributors=apart)
    assert reasons(str(refusal.value)) == [
        "in 1 class(es) a contributor that takes out its own persons leaves fewer than 2: 1 at least",
    ]
