"""What linkage keeps whatever the reports are: the order does not matter, a second run changes nothing, no guard is broken."""

from __future__ import annotations

import importlib.util
from itertools import combinations
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.clusters import clusters
from linkage.features import INPUT
from linkage.link import link
from linkage.model import Thresholds
from linkage.registry import Registry, assign, empty_registry
from linkage.tokens import person_token
from schemas.zones import Identified

KEY = bytes(range(32))
BENCH = Path(__file__).resolve().parents[2] / ".." / "shared" / "bench" / "linkage"

maybe = st.none()
reports = st.lists(
    st.fixed_dictionaries(
        {
            "partner_code": st.sampled_from(["north", "south"]),
            "source_person_id": maybe | st.sampled_from(["1", "2"]),
            "given_name": maybe | st.sampled_from(["Amina", "Aminah", "Hodan", "أمينة", ""]),
            "family_name": maybe | st.sampled_from(["Abdi Farah", "Farah", "Osman"]),
            "birth_date": maybe | st.sampled_from(["1990-05-17", "1990-17-05", "1990", "1990-05", "1996-05-17", "1992-01-01"]),
            "document_number": maybe | st.sampled_from(["AB1234", "ab 12-34", "CD5678"]),
            "phone": maybe | st.sampled_from(["+252 61 5551234", "0044 7700 900123"]),
            "gender_code": maybe | st.sampled_from(["female", "male"]),
            "citizenship_code": maybe | st.sampled_from(["SO", "ET"]),
            "person_token": maybe | maybe | st.just(person_token(KEY, "Amina", "Farah", "1990-05-17")),
        }
    ),
    max_size=9,
)


def table(rows: list[dict[str, str | None]]) -> pl.DataFrame:
    keyed = [{"record_key": f"r{number}", **row} for number, row in enumerate(rows)]
    return pl.DataFrame(keyed, schema=dict.fromkeys(INPUT, pl.String))


def run(frame: pl.DataFrame, previous: Registry | None = None) -> Registry:
    return link(Identified(frame), previous or empty_registry(), token_key=KEY).registry


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(reports, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, str | None]], random: object) -> None:
    frame = table(rows)
    first = run(frame)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert run(frame[order]).equals(first)
    assert first.members["record_key"].to_list() == sorted(frame["record_key"])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(reports)
def test_a_second_run_changes_nothing_one_number_is_one_person_and_no_guard_is_broken(rows: list[dict[str, str | None]]) -> None:
    registry = run(table(rows))
    assert run(table(rows).reverse(), registry).equals(registry)
    person = dict(registry.members.iter_rows())
    numbered = any(row["source_person_id"] for row in rows)
    for (i, one), (j, two) in combinations(enumerate(rows), 2):
        same = person[f"r{i}"] == person[f"r{j}"]
        numbers = one["source_person_id"], two["source_person_id"]
        if None not in numbers and one["partner_code"] == two["partner_code"]:
            assert same == (numbers[0] == numbers[1])
        if same and not numbered:
            documents = {row["document_number"].replace(" ", "").replace("-", "").upper() for row in (one, two) if row["document_number"]}
            assert len(documents) <= 1
            years = [int(row["birth_date"][:4]) for row in (one, two) if row["birth_date"] and len(row["birth_date"]) == 10]
            if not any(row["birth_date"] == "1992-01-01" or row["person_token"] for row in (one, two)):
                assert max(years, default=0) - min(years, default=0) <= 3


pairs = st.dictionaries(
    st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] < pair[1]), st.integers(-9000, 12000), max_size=20
)


@settings(max_examples=80, deadline=None)
@given(
    pairs,
    st.lists(st.sampled_from([None, None, "A", "B"]), min_size=8, max_size=8),
    st.lists(st.sampled_from([None, None, 1990, 1993, 1995]), min_size=8, max_size=8),
)
def test_groups_are_those_of_the_plain_algorithm(
    weights: dict[tuple[int, int], int], documents: list[str | None], years: list[int | None]
) -> None:
    thresholds = Thresholds(link=0.5, review=-3, absent_pair=-4, lowest=-8, highest=10, reason="a test")
    found = clusters(_records(documents, years), _no_links(), _pairs(weights), thresholds)
    groups = found.group_by("cluster").agg("record_key")["record_key"].to_list()
    assert {frozenset(group) for group in groups} == _plain(weights, documents, years, thresholds)
    scattered = clusters(_records(documents, years), _no_links(), _pairs(weights).reverse(), thresholds)
    assert scattered.equals(found)


def _records(documents: list[str | None], years: list[int | None]) -> pl.DataFrame:
    count = len(documents)
    return pl.DataFrame(
        {
            "position": list(range(count)),
            "record_key": [f"r{number}" for number in range(count)],
            "partner_code": ["north"] * count,
            "source_person_id": pl.Series([None] * count, dtype=pl.String),
            "document": pl.Series(documents, dtype=pl.String),
            "birth_year": pl.Series(years, dtype=pl.Int32),
            "birth_day": pl.Series([17] * count, dtype=pl.Int32),
        }
    )


def _no_links() -> pl.DataFrame:
    return pl.DataFrame(schema={"position": pl.Int64, "link": pl.String})


def _pairs(weights: dict[tuple[int, int], int]) -> pl.DataFrame:
    rows = [(left, right, weight) for (left, right), weight in weights.items()]
    return pl.DataFrame(rows, schema={"left": pl.Int64, "right": pl.Int64, "weight": pl.Int64}, orient="row")


def _plain(
    weights: dict[tuple[int, int], int], documents: list[str | None], years: list[int | None], thresholds: Thresholds
) -> set[frozenset[str]]:
    """Average linkage as the textbook has it: look at all pairs of groups every time, sum all pairs of members."""
    low, high = thresholds.lowest * 1000, thresholds.highest * 1000
    groups = [[number] for number in range(len(documents))]

    def mean(one: list[int], two: list[int]) -> float:
        every = [weights.get((min(a, b), max(a, b))) for a in one for b in two]
        return sum(thresholds.absent_pair * 1000 if weight is None else min(max(weight, low), high) for weight in every) / len(every)

    def clash(one: list[int], two: list[int]) -> bool:
        stated = [year for year in (years[number] for number in one + two) if year is not None]
        return len({documents[number] for number in one + two} - {None}) > 1 or max(stated, default=0) - min(stated, default=0) > 3

    while True:
        offers = [(-mean(one, two), one[0], two[0]) for one, two in combinations(groups, 2) if not clash(one, two)]
        best = min(offers, default=(0.0, 0, 0))
        if not offers or -best[0] < thresholds.link * 1000:
            return {frozenset(f"r{number}" for number in group) for group in groups}
        one, two = (next(group for group in groups if group[0] == first) for first in best[1:])
        groups = sorted([group for group in groups if group not in (one, two)] + [sorted(one + two)])


partitions = st.lists(st.integers(0, 4), min_size=6, max_size=6)


@settings(max_examples=80, deadline=None)
@given(st.lists(partitions, min_size=1, max_size=4))
def test_a_person_key_never_comes_back_for_someone_else(runs: list[list[int]]) -> None:
    registry, highest = empty_registry(), 0
    known: set[str] = set()
    for labels in runs:
        frame = pl.DataFrame(
            [(f"r{number}", str(label)) for number, label in enumerate(labels) if label], schema=["record_key", "cluster"], orient="row"
        )
        frame = frame.cast(pl.String)
        after = assign(frame, registry)
        assert after.equals(assign(frame.reverse(), registry))
        assert assign(frame, after).equals(after)
        joined = frame.join(after.members, on="record_key")
        assert joined.group_by("cluster").agg(pl.col("person_key").n_unique())["person_key"].to_list() == [1] * frame["cluster"].n_unique()
        assert joined["person_key"].n_unique() == frame["cluster"].n_unique()
        fresh = set(after.members["person_key"]) - known
        assert all(int(key[1:]) > highest for key in fresh)
        known |= fresh
        highest = max([highest, *(int(key[1:]) for key in fresh)])
        registry = after


def _load(name: str) -> ModuleType:
    path = BENCH / f"{name}.py"
    if not path.exists():
        pytest.skip(f"the linkage corpus generator {name}.py is not beside this checkout")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_two_thousand_reports_link_well_and_alike_in_any_order(tmp_path: Path) -> None:
    labelled = _load("person_reports").reports(2000, 5)
    frame = labelled.select(
        pl.col("unique_id").alias("record_key"),
        pl.col("partner").alias("partner_code"),
        pl.lit(None, pl.String).alias("source_person_id"),
        "given_name",
        pl.col("surname").alias("family_name"),
        pl.col("dob").alias("birth_date"),
        pl.col("document").alias("document_number"),
        "phone",
        pl.col("sex").alias("gender_code"),
        pl.col("nationality").alias("citizenship_code"),
        pl.lit(None, pl.String).alias("person_token"),
    )
    first = run(frame)
    assert run(frame.sample(fraction=1, shuffle=True, seed=3), first).equals(first)
    assert run(frame.reverse()).equals(first)
    truth, found = tmp_path / "truth.parquet", tmp_path / "found.parquet"
    labelled.write_parquet(truth)
    first.members.rename({"record_key": "unique_id", "person_key": "person"}).write_parquet(found)
    score = _load("pairwise").score(str(truth), str(found))
    assert score["precision"] >= 0.95
    assert score["f1"] >= 0.80
