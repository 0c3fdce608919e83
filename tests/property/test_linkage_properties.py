"""Linkage properties: nothing depends on order, batches end where one run ends, cuts nest, guards and judgements hold."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import reduce
from itertools import combinations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.bonds import JUDGEMENTS, no_judgements
from linkage.clusters import Clustered, clusters
from linkage.guards import READ_BY_GUARDS, Known, known_of
from linkage.incremental import LinkageState, empty_state, updated
from linkage.link import link
from linkage.model import LinkageModel, Thresholds, load_model
from linkage.stored import state_to_bytes
from schemas.zones import Identified

MODEL = load_model()
GIVEN = ["Amina", "Aminah", "Hodan", "Leyla", "Sara", "Fatima", "Fatma", "Maryam"]
FAMILY = ["Farah", "Farax", "Osman", "Haile Bekele", "Haile", "Abdi", "Noor", "Popescu"]
BORN = ["1990-05-17", "1990-17-05", "1990-01-01", "1990", "1991-05-17", "1996-02-03", None]
Row = dict[str, str | None]


def person(rng: random.Random) -> Row:
    """One invented report; few values, so that many of them meet."""
    return {
        "partner_code": rng.choice(["north", "south", "east"]),
        "source_person_id": rng.choice([None, None, None, "1", "2", "3", "4"]),
        "given_name": rng.choice([*GIVEN, None]),
        "family_name": rng.choice([*FAMILY, None]),
        "birth_date": rng.choice(BORN),
        "gender_code": rng.choice(["woman", "woman", "man", None]),
        "citizenship_code": rng.choice(["SO", "ET", None]),
        "document_number": rng.choice([None, None, "A1234567", "A1234576", "B7654321"]),
        "phone": rng.choice([None, None, None, "+33612345678", "+33698765432"]),
    }


def table(reports: dict[str, Row]) -> Identified:
    names = ["record_key", *person(random.Random(0))]
    return Identified(pl.DataFrame([{"record_key": key, **row} for key, row in reports.items()], schema=dict.fromkeys(names, pl.String)))


def log(rows: Iterable[tuple[str, str, str]]) -> pl.DataFrame:
    whole = [(number, left, right, verdict, "a reviewer", "2026-01-01") for number, (left, right, verdict) in enumerate(rows, 1)]
    return pl.DataFrame(whole, schema=JUDGEMENTS, orient="row")


def same_state(one: LinkageState, other: LinkageState) -> None:
    assert one.features.equals(other.features)
    assert one.keys.equals(other.keys)
    assert one.edges.equals(other.edges)
    same_groups(one.clustered, other.clustered)


def same_groups(one: Clustered, other: Clustered) -> None:
    assert one.clusters.equals(other.clusters)
    assert one.questions.equals(other.questions)
    assert one.contradicted == other.contradicted
    assert one.merges.equals(other.merges)


def history(rng: random.Random, reports: int, steps: int, model: LinkageModel) -> tuple[LinkageState, dict[str, Row], pl.DataFrame]:
    """A state after batches, withdrawals, corrections, returns and judgements in any order; what stands; the log."""
    state, standing, judged = empty_state(model), dict[str, Row](), list[tuple[str, str, str]]()
    keys = [f"r{number:04d}" for number in range(reports)]
    for _ in range(steps):
        arriving = {key: person(rng) for key in rng.sample(keys, rng.randint(0, max(1, 2 * reports // steps)))}
        leaving = set(rng.sample(sorted(standing), rng.randint(0, len(standing) // 5)))
        judged += [(*rng.sample(keys, 2), rng.choice(["same", "different", "unsure"])) for _ in range(rng.randint(0, 2))]  # type: ignore[misc]
        state = updated(state, table(arriving) if arriving else None, leaving, log(judged), model)
        standing = {key: row for key, row in standing.items() if key not in leaving} | arriving
    return state, standing, log(judged)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.sampled_from([2, 4, 40]))
def test_batch_by_batch_ends_exactly_where_one_run_ends(seed: int, cap: int) -> None:
    model = MODEL.model_copy(update={"block_cap": cap})
    state, standing, judgements = history(random.Random(seed), reports=24, steps=4, model=model)
    same_state(state, updated(empty_state(model), table(standing), (), judgements, model))


def test_two_thousand_reports_come_and_go_and_end_where_one_run_ends() -> None:
    rng = random.Random(20261122)
    syllables = ["ba", "ko", "mi", "ra", "su", "te", "la", "no", "di", "fe"]
    model = MODEL.model_copy(update={"block_cap": 12})
    names = ["".join(rng.choices(syllables, k=3)) for _ in range(120)]

    def report(number: int) -> Row:
        own = random.Random(number // 2)
        row = person(random.Random(number)) | {"source_person_id": None, "document_number": None, "phone": None}
        row |= {"given_name": own.choice(names), "family_name": f"{own.choice(names)} {own.choice(names)}"}
        return row | {"birth_date": f"{own.randint(1970, 2005)}-{own.randint(1, 12):02d}-{own.randint(1, 28):02d}"}

    whole = {f"r{number:05d}": report(number) for number in range(2000)}
    keys = rng.sample(sorted(whole), len(whole))
    judgements = log([(keys[0], keys[1], "same"), ("r00010", "r00011", "different"), (keys[2], keys[1], "same")])
    state = empty_state(model)
    for start in range(0, 2000, 500):
        state = updated(
            state, table({key: whole[key] for key in keys[start : start + 500]}), keys[start : start + 40], no_judgements(), model
        )
    state = updated(state, None, keys[:300], judgements, model)
    state = updated(state, table({key: whole[key] for key in keys[:300]}), (), judgements, model)
    at_once = updated(empty_state(model), table(whole), (), judgements, model)
    same_state(state, at_once)
    assert at_once.clustered.clusters["cluster"].n_unique() < 1500
    assert state_to_bytes(state, {}) == state_to_bytes(at_once, {})


SELAM: Row = {"partner_code": "north", "given_name": "Selam", "family_name": "Haile", "birth_date": "1998-04-17"}


def walk(*steps: tuple[dict[str, Row], Iterable[str], pl.DataFrame], cap: int = 40) -> list[str]:
    """The groups after each step (who comes, who leaves, the log), each checked against one full run; groups as "ab c"."""
    model = MODEL.model_copy(update={"block_cap": cap})
    state, standing, seen = empty_state(model), dict[str, Row](), list[str]()
    for arriving, leaving, judgements in steps:
        state = updated(state, table(arriving), list(leaving), judgements, model)
        standing = {key: row for key, row in standing.items() if key not in set(leaving)} | arriving
        same_state(state, updated(empty_state(model), table(standing), (), judgements, model))
        together = state.clustered.clusters.group_by("cluster").agg(pl.col("record_key").sort().str.join("").alias("keys"))["keys"]
        seen.append(" ".join(together.sort()))
    return seen


def test_a_block_that_fills_up_takes_its_pairs_along_and_gives_them_back() -> None:
    phone: Row = {"partner_code": "north", "phone": "+33612345678"}
    nothing = no_judgements()
    one, more = {"a": phone, "b": phone}, {"c": phone}
    model = MODEL.model_copy(update={"block_cap": 2})
    state = updated(empty_state(model), table(one), (), nothing, model)
    assert state.edges.height == 1
    assert updated(state, table(more), (), nothing, model).edges.height == 0
    walk((one, (), nothing), (more, (), nothing), ({}, "c", nothing), cap=2)


def test_judgements_alone_regroup_and_reach_through_records_that_leave() -> None:
    unlike = {key: {"partner_code": "north", "phone": f"+3361234567{place}"} for place, key in enumerate("abxy")}
    chain = [("a", "b", "different"), ("y", "b", "same"), ("x", "y", "same"), ("a", "x", "same")]
    nobody: dict[str, Row] = {}
    steps = [(unlike, (), no_judgements()), (nobody, (), log(chain)), (nobody, "y", log(chain)), ({"y": unlike["y"]}, (), log(chain))]
    # Once y is gone nothing stands against the oldest verdict any more.
    assert walk(*steps, (nobody, (), log(chain[:1]))) == ["a b x y", "abxy", "ax b", "abxy", "a b x y"]


def test_a_late_verdict_parts_what_weights_joined_until_it_is_taken_back() -> None:
    two = {"a": SELAM, "b": SELAM | {"partner_code": "south"}}
    parted, unsure = [("a", "b", "different")], [("a", "b", "different"), ("b", "a", "unsure")]
    assert walk((two, (), no_judgements()), ({}, (), log(parted)), ({}, (), log(unsure))) == ["ab", "a b", "ab"]


def test_a_number_of_a_partner_binds_across_batches() -> None:
    numbered = {key: {"partner_code": "north", "source_person_id": "1", "phone": f"+3361234567{place}"} for place, key in enumerate("abc")}
    verdict = log([("a", "b", "different")])
    steps = [({"b": numbered["b"], "c": numbered["c"]}, (), verdict), ({"a": numbered["a"]}, (), verdict), ({}, "b", verdict)]
    assert walk(*steps) == ["bc", "ac b", "ac"]


def test_who_leaves_a_group_leaves_the_others_as_if_never_seen() -> None:
    bridge = SELAM | {"partner_code": "south"}
    found = walk(({"a": SELAM, "b": bridge, "c": SELAM | {"partner_code": "east"}}, (), no_judgements()), ({}, "b", no_judgements()))
    assert found == ["abc", "ac"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    rng = random.Random(seed)
    frame = table({f"r{number}": person(rng) for number in range(15)}).frame
    judgements = log((*rng.sample(list(frame["record_key"]), 2), rng.choice(["same", "different"])) for _ in range(4))  # type: ignore[misc]
    first = link(Identified(frame), judgements=judgements)
    other = link(Identified(frame.sample(fraction=1, shuffle=True, seed=seed)), judgements=judgements.reverse())
    assert first.clusters.equals(other.clusters)
    assert first.questions.equals(other.questions)
    assert first.contradicted == other.contradicted
    assert first.clusters["record_key"].to_list() == sorted(frame["record_key"])


COUNT = 8
THRESHOLDS = Thresholds(automatic=4, asked=2, link=0.5, review=-2, lowest=-8, highest=10, reason="a test")
weights = st.dictionaries(
    st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)).filter(lambda pair: pair[0] < pair[1]),
    st.integers(-7999, 12000),
    max_size=24,
)
documents = st.lists(st.sampled_from([None, None, "AAAAAAAA", "AAAAAAAB", "ZZZZZZZZ"]), min_size=COUNT, max_size=COUNT)
births = st.lists(st.sampled_from([None, None, "19900517", "19931130", "19960203"]), min_size=COUNT, max_size=COUNT)
tokens_alone = st.lists(st.sampled_from([False, False, False, True]), min_size=COUNT, max_size=COUNT)
verdicts = st.lists(
    st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1), st.sampled_from(["same", "different", "unsure"])).filter(
        lambda row: row[0] != row[1]
    ),
    max_size=5,
)


def known(papers: list[str | None], days: list[str | None], silent: list[bool]) -> pl.DataFrame:
    text = pl.Series([None] * COUNT, dtype=pl.String)
    return pl.DataFrame(
        {
            "position": list(range(COUNT)),
            "record_key": [f"r{number}" for number in range(COUNT)],
            "partner_code": ["north"] * COUNT,
            **dict.fromkeys(set(READ_BY_GUARDS) - {"partner_code"}, text),
            "document": pl.Series(papers, dtype=pl.String),
            "birth_day": pl.Series([None if day is None else int(day[6:]) for day in days], dtype=pl.Int32),
            "birth_text": pl.Series(days, dtype=pl.String),
            "is_token_only": silent,
        }
    )


def edges(weight: dict[tuple[int, int], int]) -> pl.DataFrame:
    rows = [(left, right, value) for (left, right), value in weight.items()]
    return pl.DataFrame(rows, schema={"left": pl.Int64, "right": pl.Int64, "weight": pl.Int64}, orient="row")


def groups_of(found: Clustered, column: str) -> set[frozenset[int]]:
    together = found.clusters.group_by(column).agg(pl.col("record_key").str.slice(1).cast(pl.Int64))["record_key"].to_list()
    return {frozenset(group) for group in together}


@settings(max_examples=150, deadline=None)
@given(weights, documents, births, tokens_alone)
def test_groups_are_those_of_the_plain_algorithm_at_every_cut(
    weight: dict[tuple[int, int], int], papers: list[str | None], days: list[str | None], silent: list[bool]
) -> None:
    frame = known(papers, days, silent)
    found = clusters(frame, edges(weight), no_judgements(), THRESHOLDS)
    for column, threshold in (("automatic", 4), ("cluster", 0.5), ("widest", -2)):
        assert groups_of(found, column) == plain(weight, frame, threshold), column
    same_groups(clusters(frame, edges(weight).reverse(), no_judgements(), THRESHOLDS), found)


def plain(weight: dict[tuple[int, int], int], frame: pl.DataFrame, threshold: float) -> set[frozenset[int]]:
    """Average linkage as the textbook has it: look at all pairs of groups every time, sum all pairs of members."""
    states = [known_of(row) for row in frame.select(READ_BY_GUARDS).iter_rows()]
    silent = frame["is_token_only"].to_list()
    groups = [[number] for number in range(COUNT)]

    def mean(one: list[int], two: list[int]) -> float | None:
        every = []
        for pair in ((min(a, b), max(a, b)) for a in one for b in two):
            if pair in weight:
                every.append(min(weight[pair], 10_000))
            elif not silent[pair[0]] and not silent[pair[1]]:
                every.append(-8_000)
        return sum(every) / len(every) if every else None

    def clash(one: list[int], two: list[int]) -> bool:
        return known_together(one).is_apart_from(known_together(two))

    def known_together(group: list[int]) -> Known:
        return reduce(Known.and_also, (states[number] for number in group))

    while True:
        offers = [
            (-value, one[0], two[0])
            for one, two in combinations(groups, 2)
            if not clash(one, two) and (value := mean(one, two)) is not None and value >= threshold * 1000
        ]
        if not offers:
            return {frozenset(group) for group in groups}
        _, *firsts = min(offers)
        one, two = (next(group for group in groups if group[0] == first) for first in firsts)
        groups = sorted([group for group in groups if group not in (one, two)] + [sorted(one + two)])


@settings(max_examples=150, deadline=None)
@given(weights, documents, births, verdicts)
def test_cuts_nest_and_no_group_holds_what_cannot_be_one_person(
    weight: dict[tuple[int, int], int], papers: list[str | None], days: list[str | None], judged: list[tuple[int, int, str]]
) -> None:
    frame = known(papers, days, [False] * COUNT)
    judgements = log((f"r{one}", f"r{two}", verdict) for one, two, verdict in judged)
    found = clusters(frame, edges(weight), judgements, THRESHOLDS)
    cuts = {column: groups_of(found, column) for column in ("automatic", "cluster", "widest")}
    for finer, coarser in (("automatic", "cluster"), ("cluster", "widest")):
        assert all(any(small <= large for large in cuts[coarser]) for small in cuts[finer])
    applied = {frozenset(row[:2]): row[2] for number, row in enumerate(judged, 1) if number not in found.contradicted}
    newest = {frozenset(row[:2]): number for number, row in enumerate(judged, 1)}
    joined_by_hand = any(verdict == "same" for verdict in applied.values())
    states = [known_of(row) for row in frame.select(READ_BY_GUARDS).iter_rows()]
    for groups in cuts.values():
        for one, two in combinations(range(COUNT), 2):
            together = any({one, two} <= group for group in groups)
            pair = frozenset((one, two))
            if newest.get(pair, 0) not in (0, *found.contradicted) and applied.get(pair) in ("same", "different"):
                assert together == (applied[pair] == "same")
            elif together and not joined_by_hand:
                assert not states[one].is_apart_from(states[two])


@settings(max_examples=60, deadline=None)
@given(weights, verdicts)
def test_a_question_is_a_merge_between_two_groups(weight: dict[tuple[int, int], int], judged: list[tuple[int, int, str]]) -> None:
    frame = known([None] * COUNT, [None] * COUNT, [False] * COUNT)
    found = clusters(frame, edges(weight), log((f"r{one}", f"r{two}", verdict) for one, two, verdict in judged), THRESHOLDS)
    home: Callable[[str], dict[str, str]] = lambda column: dict(found.clusters.select("record_key", column).iter_rows())  # noqa: E731
    automatic, cluster, widest = home("automatic"), home("cluster"), home("widest")
    for left, right, value, size_left, size_right, is_joined in found.questions.iter_rows():
        assert left < right
        assert -2000 <= value < 2000
        assert automatic[left] != automatic[right]
        assert widest[left] == widest[right]
        assert (cluster[left] == cluster[right]) or not is_joined
        assert 2 <= size_left + size_right <= list(widest.values()).count(widest[left])


def test_a_state_of_another_model_is_refused() -> None:
    state = empty_state(MODEL)
    other = MODEL.model_copy(update={"block_cap": MODEL.block_cap + 1})
    assert state.is_current(MODEL)
    assert not state.is_current(other)
    with pytest.raises(Exception, match="link all records anew"):
        updated(state, None, (), no_judgements(), other)
