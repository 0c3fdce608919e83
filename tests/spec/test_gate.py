"""What the release gate lets through and what it refuses, one case a reason."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from anonymize.policy import Policy, load_policy
from anonymize.release import pass_gate
from engine.parquet import decode
from schemas.errors import ReleaseRefused
from schemas.zones import Pseudonymised

CANARY = "canary-7f3a"


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The policy as shipped, with k = 3 so that tables stay small."""
    shipped = load_policy()
    return shipped.model_copy(update={"k": shipped.k.model_copy(update={"value": 3})})


def table(*, classes: int = 20) -> pl.DataFrame:
    """Classes of three persons, none homogeneous."""
    return pl.DataFrame(
        {
            "city": [f"city {number}" for number in range(classes) for _ in range(3)],
            "form": ["work", "sex", "unknown"] * classes,
            "edition": [1] * (3 * classes),
        }
    )


def refusal(frame: pl.DataFrame, policy: Policy, quasi: tuple[str, ...] = ("city",), sensitive: tuple[str, ...] = ("form",)) -> str:
    with pytest.raises(ReleaseRefused) as caught:
        pass_gate(Pseudonymised(frame), quasi=quasi, sensitive=sensitive, safe=("edition",), policy=policy)
    return str(caught.value)


def homogeneous(count: int, value: str) -> pl.DataFrame:
    """Of twenty classes, `count` share one value."""
    rows = pl.int_range(60)
    return table().with_columns(form=pl.when(rows < 3 * count).then(pl.lit(value)).otherwise("form"))


def test_what_passes_is_measured_from_its_own_bytes(policy: Policy) -> None:
    passed = pass_gate(Pseudonymised(table()), quasi=["city"], sensitive=["form"], safe=["edition"], policy=policy)
    assert decode(passed.anonymous.payload).equals(passed.anonymous.frame)
    assert (passed.evidence.measures.persons, passed.evidence.measures.classes, passed.evidence.measures.smallest_class) == (60, 20, 3)
    assert passed.evidence.policy_digest == policy.digest()


def test_the_evidence_carries_the_limits(policy: Policy) -> None:
    passed = pass_gate(Pseudonymised(table()), quasi=["city"], sensitive=["form"], safe=["edition"], policy=policy)
    assert (passed.evidence.k, passed.evidence.largest_homogeneous_share) == (3, 0.0)


def test_rows_in_any_order_give_the_same_bytes(policy: Policy) -> None:
    ways = [table(), table().reverse(), table().sample(fraction=1.0, shuffle=True, seed=4)]
    payloads = {
        pass_gate(Pseudonymised(way), quasi=["city"], sensitive=["form"], safe=["edition"], policy=policy).anonymous.payload for way in ways
    }
    assert len(payloads) == 1


def test_a_class_under_k_is_refused(policy: Policy) -> None:
    assert "the smallest class has 2 person(s), under k = 3" in refusal(table().head(59), policy)


def test_the_wholly_suppressed_class_is_a_class_like_any_other(policy: Policy) -> None:
    small = table().with_columns(city=pl.when(pl.int_range(60) < 2).then(pl.lit("suppressed")).otherwise("city"))
    assert "the smallest class has 1 person(s)" in refusal(small, policy)


def test_homogeneous_classes_over_the_limit_are_refused(policy: Policy) -> None:
    share = policy.largest_homogeneous_share.model_copy(update={"value": 0.05})
    nothing_asked = {name: getattr(policy, name).model_copy(update={"value": 1}) for name in ("l", "entropy", "closeness")}
    one_in_twenty = policy.model_copy(update={"largest_homogeneous_share": share, **nothing_asked})
    reason = refusal(homogeneous(2, "work"), one_in_twenty)
    assert "2 of 20 classes hold one known value only of a sensitive field (by field: form 2), more than 5%" in reason
    pass_gate(Pseudonymised(homogeneous(1, "work")), quasi=["city"], sensitive=["form"], safe=["edition"], policy=one_in_twenty)


def test_the_shipped_policy_refuses_a_single_homogeneous_class(policy: Policy) -> None:
    reason = refusal(homogeneous(1, "work"), policy)
    assert "1 of 20 classes hold one known value only of a sensitive field (by field: form 1), more than 0%" in reason


@pytest.mark.parametrize("code", ["unknown", "not_collected", "not_applicable", "suppressed"])
def test_a_missing_value_beside_one_known_value_hides_nothing(policy: Policy, code: str) -> None:
    beside = table().with_columns(form=pl.when(pl.int_range(60) < 2).then(pl.lit(code)).otherwise("form").replace("unknown", "work"))
    assert "1 of 20 classes hold one known value only" in refusal(beside, policy)


@pytest.mark.parametrize("code", ["unknown", "not_collected", "not_applicable", "suppressed"])
def test_a_class_without_any_known_value_tells_nothing(policy: Policy, code: str) -> None:
    pass_gate(Pseudonymised(homogeneous(20, code)), quasi=["city"], sensitive=["form"], safe=["edition"], policy=policy)


def test_a_measure_of_an_absent_column_is_missing(policy: Policy) -> None:
    reason = refusal(table(), policy, quasi=("city", "age"), sensitive=("form", "means"))
    assert "a measure is missing: the quasi-identifier age is not a column" in reason
    assert "a measure is missing: the sensitive field means is not a column" in reason
    assert "the safe column edition is not a column" in refusal(table().drop("edition"), policy)


def test_an_undeclared_column_is_refused(policy: Policy) -> None:
    extra = table().with_columns(person=pl.lit(CANARY))
    assert "column person is neither quasi-identifier, sensitive nor safe" in refusal(extra, policy)


def test_a_column_with_two_roles_is_refused(policy: Policy) -> None:
    assert "column city is declared more than once" in refusal(table(), policy, sensitive=("form", "city"))


def test_null_cells_are_refused(policy: Policy) -> None:
    nulls = table().with_columns(form=pl.when(pl.int_range(60) < 2).then(None).otherwise("form"))
    assert "column form has 2 null cell(s)" in refusal(nulls, policy)


def test_a_measured_column_must_be_text(policy: Policy) -> None:
    numbers = table().with_columns(form=pl.int_range(60) % 2)
    assert "a measure is missing: column form is not text" in refusal(numbers, policy)


def test_a_cohort_is_a_quasi_identifier_that_may_be_a_whole_number(policy: Policy) -> None:
    cohorts = table().with_columns(cohort=1 + pl.int_range(60) // 30)
    passed = pass_gate(Pseudonymised(cohorts), quasi=["cohort", "city"], sensitive=["form"], safe=["edition"], policy=policy)
    assert (passed.evidence.measures.classes, passed.evidence.measures.cells) == (20, 60)
    split = table().with_columns(cohort=1 + pl.int_range(60) // 31)
    assert "the smallest class has 1 person(s), under k = 3" in refusal(split, policy, quasi=("cohort", "city"))


def test_a_cohort_that_cannot_be_counted_is_refused(policy: Policy) -> None:
    quasi, number = ("cohort", "city"), 1 + pl.int_range(60) // 30
    assert "column cohort is not text" in refusal(table().with_columns(cohort=number.cast(pl.Float64)), policy, quasi)
    holes = table().with_columns(cohort=pl.when(pl.int_range(60) < 2).then(None).otherwise(number))
    assert "column cohort has 2 null cell(s)" in refusal(holes, policy, quasi)


def test_no_rows_is_refused(policy: Policy) -> None:
    assert "it has no rows" in refusal(table().clear(), policy)


def test_without_quasi_identifiers_all_persons_are_one_class(policy: Policy) -> None:
    only_form = table().drop("city")
    passed = pass_gate(Pseudonymised(only_form), quasi=[], sensitive=["form"], safe=["edition"], policy=policy)
    assert (passed.evidence.measures.classes, passed.evidence.measures.smallest_class) == (1, 60)


def test_all_reasons_come_at_once_and_hold_no_value(policy: Policy) -> None:
    rows = pl.int_range(60)
    broken = table().with_columns(
        city=pl.when(rows < 1).then(pl.lit(CANARY)).when(rows < 2).then(None).otherwise("city"),
        form=pl.lit(CANARY),
        person=pl.lit(CANARY),
    )
    reason = refusal(broken, policy, sensitive=("form", "means"))
    assert reason.count("\n  - ") == 3
    assert CANARY not in reason
    breaches = refusal(broken.drop_nulls().drop("person"), policy)
    assert breaches.count("\n  - ") == 2
    assert CANARY not in breaches


def test_only_the_gate_makes_an_anonymous_table() -> None:
    root = Path(__file__).resolve().parents[2]
    rooms = ["ingest", "linkage", "anonymize", "warehouse", "pipelines", "portal", "engine", "sample_data"]
    makers = [
        path.relative_to(root).as_posix() for room in rooms for path in (root / room).rglob("*.py") if "Anonymous(" in path.read_text()
    ]
    assert makers == ["anonymize/release.py"]


def with_values(policy: Policy, **values: float) -> Policy:
    """The policy with other numbers."""
    return policy.model_copy(update={name: getattr(policy, name).model_copy(update={"value": value}) for name, value in values.items()})


def test_too_few_distinct_values_in_a_class_are_refused(policy: Policy) -> None:
    third = table().with_columns(form=pl.when(pl.int_range(60) < 3).then(pl.Series(["sex", "debt", "work"] * 20)).otherwise("form"))
    assert "a class holds 2 known values of form, under l = 3" in refusal(third, with_values(policy, l=3))


def test_a_class_that_is_nearly_sure_of_one_value_is_refused(policy: Policy) -> None:
    classes = pl.DataFrame({"city": ["a"] * 50 + ["b"] * 50, "form": ["work"] * 49 + ["sex"] + ["work", "sex"] * 25, "edition": [1] * 100})
    strict = with_values(policy, entropy=1.2, closeness=1.0)
    assert "the known values of form in a class are as uncertain as 1.103 values, under 1.2" in refusal(classes, strict)
    pass_gate(
        Pseudonymised(classes), quasi=["city"], sensitive=["form"], safe=["edition"], policy=with_values(policy, entropy=1.1, closeness=1.0)
    )


def test_a_class_far_from_the_shares_of_the_table_is_refused(policy: Policy) -> None:
    classes = pl.DataFrame(
        {"city": ["a"] * 10 + ["b"] * 90, "form": ["work"] * 9 + ["sex"] + ["sex"] * 80 + ["work"] * 10, "edition": [1] * 100}
    )
    strict = with_values(policy, closeness=0.5, closeness_drift=0.1)
    assert "the shares of form in a class are 0.710 from those of the table, over t = 0.60" in refusal(classes, strict)
    pass_gate(Pseudonymised(classes), quasi=["city"], sensitive=["form"], safe=["edition"], policy=with_values(policy, closeness=0.61))


def test_what_the_whole_table_cannot_give_is_not_asked_of_a_class(policy: Policy) -> None:
    one_value = table().with_columns(form=pl.lit("work"))
    reason = refusal(one_value, policy)
    assert "20 of 20 classes hold one known value only" in reason
    assert "under l" not in reason
    pass_gate(
        Pseudonymised(one_value),
        quasi=["city"],
        sensitive=["form"],
        safe=["edition"],
        policy=with_values(policy, largest_homogeneous_share=1.0),
    )


def test_a_contributor_that_could_subtract_its_own_persons_is_refused(policy: Policy) -> None:
    senders = pl.Series(["north", "north", "south+north"] * 19 + ["north", "north", "south"])
    strict = with_values(policy, strangers=2)
    with pytest.raises(ReleaseRefused) as caught:
        pass_gate(Pseudonymised(table()), quasi=["city"], sensitive=["form"], safe=["edition"], policy=strict, contributors=senders)
    assert "in 1 class(es) a contributor that takes out its own persons leaves fewer than 2: 1 at least" in str(caught.value)


def test_contributors_follow_their_rows_and_are_measured(policy: Policy) -> None:
    senders = pl.Series(["north", "south", "west"] * 20)
    order = pl.int_range(60, eager=True).sample(fraction=1.0, shuffle=True, seed=2)
    passed = pass_gate(
        Pseudonymised(table()[order]),
        quasi=["city"],
        sensitive=["form"],
        safe=["edition"],
        policy=with_values(policy, strangers=2),
        contributors=senders[order],
    )
    assert passed.evidence.strangers is not None
    assert (passed.evidence.strangers.smallest, passed.evidence.strangers.classes_under) == (2, 0)
