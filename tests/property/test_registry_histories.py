"""The registry over random histories of arrivals, departures, judgements and erasures, against a plain reading of the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.registry import Registry, assign, empty_registry, forget, from_bytes, judged, replay, to_bytes
from linkage.registry.judging import NewJudgement

RECORDS = "abcdefgh"
Grouping = Mapping[str, int]
"""From a record that is present to the group it is in."""

groupings = st.dictionaries(st.sampled_from(RECORDS), st.integers(0, 3))
Step = tuple[Literal["link", "relink", "judge", "forget"], Grouping]
steps = st.lists(st.tuples(st.sampled_from(("link", "link", "link", "relink", "judge", "forget")), groupings), max_size=7)


def clusters(grouping: Grouping) -> pl.DataFrame:
    rows = [(record, str(group)) for record, group in grouping.items()]
    return pl.DataFrame(rows, schema={"record_key": pl.String, "cluster": pl.String}, orient="row")


def stepped(registry: Registry, step: Step, model: str = "m1") -> Registry:
    kind, grouping = step
    if kind in ("link", "relink"):
        return assign(clusters(grouping), registry, "m2" if kind == "relink" else model)
    if kind == "forget":
        return forget(registry, pl.Series(list(grouping)[:2], dtype=pl.String))
    pair = sorted(grouping)[:2]
    return judged(registry, NewJudgement(pair[0], pair[1], "same", "ana", "2026-01-01"))[0] if len(pair) == 2 else registry


def history(steps: Sequence[Step]) -> list[Registry]:
    found = [empty_registry()]
    for step in steps:
        found.append(stepped(found[-1], step))
    return found


def persons(registry: Registry) -> dict[str, str]:
    return dict(registry.members.iter_rows())


@dataclass
class Read:
    """What one reads from the log, line by line."""

    made: list[str]
    now: dict[str, str]
    rows: list[list[object]]
    into: dict[str, str | None]
    split: dict[str, str | None]


def read_line_by_line(events: pl.DataFrame) -> Read:
    said = Read([], {}, [], {}, {})
    for event in events.iter_rows(named=True):
        record, person, other = event["record_key"], event["person_key"], event["other_key"]
        match event["kind"]:
            case "person made" | "person split":
                said.made.append(person)
                said.split[person], said.into[person] = other, None
            case "person merged":
                said.into[other] = person
            case "person restored":
                said.into[person] = None
            case "record joined" | "record left" if record is not None:
                for row in said.rows:
                    if row[0] == record and row[4] is None:
                        row[4] = event["number"]
                said.now.pop(record, None)
                if event["kind"] == "record joined":
                    said.now[record] = person
                    said.rows.append([record, person, other, event["number"], None])
    return said


@settings(max_examples=50, deadline=None)
@given(steps)
def test_the_log_replays_to_the_same_tables(steps: list[Step]) -> None:
    for registry in history(steps):
        person, membership = replay(registry.event)
        assert person.equals(registry.person)
        assert membership.equals(registry.membership)
        read = read_line_by_line(registry.event)
        assert read.now == persons(registry)
        assert [tuple(row) for row in read.rows] == registry.membership.rows()
        assert read.made == registry.person["person_key"].to_list()
        for key, _, split_from, merged_into, is_alive in registry.person.iter_rows():
            assert (split_from, merged_into) == (read.split[key], read.into[key])
            assert is_alive == (key in read.now.values())
            assert not (is_alive and merged_into)


@settings(max_examples=50, deadline=None)
@given(steps)
def test_a_person_is_a_group_and_no_key_is_ever_given_to_somebody_else(steps: list[Step]) -> None:
    for (kind, grouping), (before, after) in zip(steps, pairwise(history(steps)), strict=True):
        keys = after.person["person_key"].to_list()
        assert keys == [f"p{number:07d}" for number in range(1, len(keys) + 1)]
        assert keys[: before.person.height] == before.person["person_key"].to_list()
        assert after.event["number"].to_list() == list(range(1, after.event.height + 1))
        if kind not in ("link", "relink"):
            continue
        found = persons(after)
        assert set(found) == set(grouping)
        assert {(one, two) for one in found for two in found if found[one] == found[two]} == {
            (one, two) for one in found for two in found if grouping[one] == grouping[two]
        }
        known = persons(before)
        for group in set(grouping.values()):
            members = {record for record in grouping if grouping[record] == group}
            standing = {known[record] for record in members if record in known}
            is_merge = all(set(grouping) & {r for r in known if known[r] == key} <= members for key in standing)
            is_returning = bool(members & set(before.membership["record_key"]) - set(known))
            if standing and is_merge and not is_returning:
                assert {found[record] for record in members} == {min(standing)}


@settings(max_examples=50, deadline=None)
@given(steps, groupings)
def test_neither_the_order_of_rows_nor_a_second_run_changes_anything(steps: list[Step], grouping: Grouping) -> None:
    before = history(steps)[-1]
    after = assign(clusters(grouping), before, "m1")
    shuffled = {record: 9 - grouping[record] for record in reversed(list(grouping))}
    assert assign(clusters(shuffled), before, "m1").equals(after)
    assert assign(clusters(grouping), after, "m1").equals(after)
    assert to_bytes(from_bytes(to_bytes(after))) == to_bytes(after)


@settings(max_examples=50, deadline=None)
@given(steps, groupings, st.lists(st.integers(0, 3), min_size=4, max_size=4), st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_persons_that_were_merged_get_their_keys_back_when_they_are_split(
    steps: list[Step], grouping: Grouping, once: list[int], twice: list[int]
) -> None:
    """Whatever happened before, and however the merges are nested."""
    before = assign(clusters(grouping), history(steps)[-1], "m1")
    merged = {record: once[group] for record, group in grouping.items()}
    further = {record: twice[group] for record, group in merged.items()}
    after = before
    for each in (merged, further, merged, grouping):
        after = assign(clusters(each), after, "m1")
    assert persons(after) == persons(before)
    assert after.person["person_key"].to_list() == before.person["person_key"].to_list()


@settings(max_examples=50, deadline=None)
@given(steps, st.lists(st.sampled_from(RECORDS), max_size=3))
def test_what_is_forgotten_is_in_no_table(steps: list[Step], gone: list[str]) -> None:
    before = history(steps)[-1]
    after = forget(before, pl.Series(gone, dtype=pl.String))
    for table in (after.person, after.membership, after.judgement, after.event):
        assert not [cell for row in table.rows() for cell in row if cell in gone]
    assert persons(after) == {record: key for record, key in persons(before).items() if record not in gone}
    assert after.event.head(before.event.height).select("number", "run", "kind").equals(before.event.select("number", "run", "kind"))
    assert after.event.height <= before.event.height + 1
    assert forget(after, pl.Series(gone, dtype=pl.String)).equals(after)
    person, membership = replay(after.event)
    assert person.equals(after.person)
    assert membership.equals(after.membership)
