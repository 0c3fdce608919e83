"""The registry of persons: a key, once given, stays with its person and is never given again; the log tells how it came about."""

from __future__ import annotations

import json

import polars as pl
import pytest

from engine.bundle import NotABundle, bundled, unbundled
from linkage.registry import (
    NewJudgement,
    Registry,
    accessed,
    assign,
    empty_registry,
    forget,
    from_bytes,
    judged,
    next_number_in,
    replay,
    to_bytes,
    with_standing,
)
from schemas.errors import CasehouseError, StorageError


def linked(*groups: str, after: Registry | None = None, model: str = "model-2") -> Registry:
    """The registry after a linkage that found these groups; each is a word whose letters are record keys."""
    rows = [(record, group) for group in groups for record in group]
    clusters = pl.DataFrame(rows, schema={"record_key": pl.String, "cluster": pl.String}, orient="row")
    return assign(clusters, after or empty_registry(), model)


def persons(registry: Registry) -> dict[str, str]:
    """Groups of records and their persons: {"ab": "p1"}."""
    found: dict[str, str] = {}
    for record, key in registry.members.iter_rows():
        found[key] = found.get(key, "") + record
    return {records: f"p{int(key[1:])}" for key, records in found.items()}


def log(registry: Registry, since: int = 0) -> list[str]:
    """The events after the first `since`, a line each, without what is null."""
    lines = registry.event.slice(since).drop("number", "run").iter_rows()
    return [" ".join(str(cell) for cell in line if cell is not None) for line in lines]


class TestKeys:
    def test_new_persons_are_numbered_by_their_first_record(self) -> None:
        assert persons(linked("bd", "ac")) == {"ac": "p1", "bd": "p2"}

    def test_ids_follow_arrival_and_new_records_join_persons_who_stand(self) -> None:
        first = linked("x")
        assert persons(linked("x", "a", after=first)) == {"x": "p1", "a": "p2"}
        assert persons(linked("ax", after=first)) == {"ax": "p1"}

    def test_the_oldest_key_survives_a_merge(self) -> None:
        merged = linked("ab", "c", after=linked("a", "b"))
        assert persons(merged) == {"ab": "p1", "c": "p3"}
        assert merged.person.select("person_key", "merged_into", "is_alive").rows() == [
            ("p0000001", None, True),
            ("p0000002", "p0000001", False),
            ("p0000003", None, True),
        ]

    @pytest.mark.parametrize(
        ("why", "parts", "keeps"),
        [
            ("the larger part", ("a", "bc"), "bc"),
            ("with equal parts the smallest record", ("ac", "bd"), "ac"),
        ],
    )
    def test_a_person_found_to_be_two_leaves_the_key_to(self, why: str, parts: tuple[str, str], keeps: str) -> None:
        split = linked(*parts, after=linked("".join(sorted("".join(parts)))))
        assert persons(split)[keeps] == "p1", why
        assert set(persons(split).values()) == {"p1", "p2"}
        assert split.person["split_from"].to_list() == [None, "p0000001"]

    def test_merged_and_split_again_both_have_their_former_keys(self) -> None:
        before = linked("a", "bcd")
        merged = linked("abcd", after=before)
        assert persons(merged) == {"abcd": "p1"}
        again = linked("a", "bcd", after=merged)
        assert persons(again) == persons(before)
        assert again.person.equals(before.person)

    def test_the_former_key_comes_back_also_when_records_came_in_between(self) -> None:
        merged = linked("abcd", after=linked("a", "bcd"))
        grown = linked("abcdyz", after=merged)
        assert persons(linked("a", "bcdyz", after=grown)) == {"a": "p1", "bcdyz": "p2"}

    def test_merges_inside_merges_come_apart_to_the_first_keys(self) -> None:
        merged = linked("abc", after=linked("a", "bc", after=linked("a", "b", "c")))
        assert persons(linked("b", "ac", after=merged)) == {"ac": "p1", "b": "p2"}
        assert persons(linked("a", "b", "c", after=merged)) == {"a": "p1", "b": "p2", "c": "p3"}

    def test_a_person_who_took_in_a_few_records_keeps_the_key_when_it_is_split_otherwise(self) -> None:
        merged = linked("abcz", after=linked("abc", "z"))
        assert persons(linked("abz", "c", after=merged)) == {"abz": "p1", "c": "p3"}

    def test_when_its_own_records_have_gone_a_person_lives_on_in_those_it_took_in(self) -> None:
        left = linked("b", after=linked("ab", after=linked("a", "b")))
        assert persons(left) == {"b": "p1"}
        assert persons(linked("bc", after=left)) == {"bc": "p1"}

    def test_a_record_that_left_finds_its_person_again(self) -> None:
        first = linked("a", "b")
        without = linked("a", after=first)
        assert persons(without) == {"a": "p1"}
        assert without.person["is_alive"].to_list() == [True, False]
        assert persons(linked("a", "b", "c", after=without)) == {"a": "p1", "b": "p2", "c": "p3"}

    def test_a_record_that_returns_alone_does_not_take_the_key_from_those_who_stayed(self) -> None:
        without = linked("a", after=linked("ab"))
        assert persons(linked("a", "b", after=without)) == {"a": "p1", "b": "p2"}

    def test_nor_do_more_who_return_than_stayed(self) -> None:
        without = linked("e", after=linked("abe"))
        assert persons(linked("abc", "de", after=without)) == {"abc": "p2", "de": "p1"}

    def test_the_same_groups_again_change_nothing(self) -> None:
        first = linked("ac", "b")
        assert linked("b", "ca", after=first) is first


class TestTheLog:
    def test_it_tells_what_happened_and_why(self) -> None:
        first = linked("a", "b")
        assert log(first) == [
            "relinked model-2",
            "person made p0000001",
            "person made p0000002",
            "record joined a p0000001",
            "record joined b p0000002",
        ]
        merged = linked("ab", after=first)
        assert log(merged, 5) == ["person merged p0000001 p0000002", "record joined b p0000001 p0000002"]
        apart = linked("a", "b", after=merged)
        assert log(apart, 7) == ["person restored p0000002 p0000001", "record joined b p0000002"]
        assert log(linked("a", after=apart), 9) == ["record left b"]
        assert log(linked("ax", "y", after=linked("axy", after=apart)), 9)[-2:] == [
            "person split p0000003 p0000001",
            "record joined y p0000003",
        ]

    def test_another_model_is_said_once(self) -> None:
        first = linked("a")
        other = linked("a", after=first, model="model-3")
        assert log(other, first.event.height) == ["relinked model-3"]
        assert linked("a", after=other, model="model-3") is other
        assert other.model_version == "model-3"

    def test_memberships_hold_from_one_event_to_another(self) -> None:
        merged = linked("ab", after=linked("a", "b"))
        assert merged.membership.rows() == [
            ("a", "p0000001", None, 4, None),
            ("b", "p0000002", None, 5, 7),
            ("b", "p0000001", "p0000002", 7, None),
        ]

    def test_it_replays_to_the_same_tables(self) -> None:
        registry = linked("a", "bx", after=linked("ab", after=linked("a", "b")))
        person, membership = replay(registry.event)
        assert person.equals(registry.person)
        assert membership.equals(registry.membership)


class TestJudgements:
    def test_a_judgement_bears_the_number_of_its_event(self) -> None:
        registry, number = judged(linked("a", "b"), NewJudgement("b", "a", "same", "ana", "2026-01-01T10:00:00Z"))
        assert number == registry.event.height
        assert registry.judgement.rows() == [(number, "a", "b", "same", "ana", "2026-01-01T10:00:00Z", "new")]
        assert log(registry)[-1] == "judged"

    def test_its_standing_says_why_it_is_not_applied(self) -> None:
        registry = linked("a", "b", "c")
        for one, two in ("ab", "ab", "bc", "cx"):
            registry, _ = judged(registry, NewJudgement(one, two, "same", "ana", ""))
        numbers = registry.judgement["number"]
        told = with_standing(registry, contradicted=[numbers[2]])
        assert told.judgement["standing"].to_list() == ["replaced", "applied", "contradicted", "absent"]
        assert with_standing(told, contradicted=[numbers[2]]) is told

    def test_nobody_judges_one_record(self) -> None:
        with pytest.raises(CasehouseError, match="two records"):
            judged(empty_registry(), NewJudgement("a", "a", "same", "ana", ""))

    def test_who_was_shown_records_is_kept(self) -> None:
        registry = accessed(linked("a"), by="ana", at="2026-01-01T10:00:00Z", shown=12)
        assert log(registry)[-1] == "reviewed ana 2026-01-01T10:00:00Z 12"


class TestErasure:
    def test_nothing_tells_of_an_erased_record_and_its_persons_key_is_not_given_again(self) -> None:
        first, _ = judged(linked("a", "b", after=linked("ab")), NewJudgement("a", "b", "different", "ana", ""))
        gone = forget(first, pl.Series(["b"]))
        assert gone.judgement.is_empty()
        assert gone.membership["record_key"].to_list() == ["a"]
        assert "record joined" in log(gone)
        assert "b" not in {cell for row in gone.event.rows() for cell in row}
        assert log(gone)[-1] == "forgotten 1"
        assert persons(linked("a", "c", after=gone)) == {"a": "p1", "c": "p3"}

    def test_to_forget_who_is_not_known_changes_nothing(self) -> None:
        registry = linked("a")
        assert forget(registry, pl.Series(["z"])) is registry


class TestInTheVault:
    def test_a_registry_survives_it(self) -> None:
        registry, _ = judged(linked("a", after=linked("ab", "c")), NewJudgement("a", "b", "unsure", "ana", ""))
        payload = to_bytes(registry)
        assert from_bytes(payload).equals(registry)
        assert next_number_in(payload) == registry.next_number
        assert from_bytes(to_bytes(empty_registry())).equals(empty_registry())

    def test_the_version_before_is_taken_over_with_its_keys(self) -> None:
        former = json.dumps({"members": [["a", "p0000001"], ["b", "p0000003"]], "retired": [["c", "p0000002"]], "next_ordinal": 6})
        registry = from_bytes(former.encode())
        assert next_number_in(former.encode()) == registry.next_number
        assert registry.model_version is None
        person, membership = replay(registry.event)
        assert person.equals(registry.person)
        assert membership.equals(registry.membership)
        assert persons(registry) == {"a": "p1", "b": "p3"}
        assert persons(linked("a", "b", "c", "d", after=registry)) == {"a": "p1", "b": "p3", "c": "p2", "d": "p6"}

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            b"\xff",
            b"{}",
            b"[]",
            b'{"members": [[1]], "retired": [], "next_ordinal": 1}',
            bundled("casehouse registry 2", {"person": pl.DataFrame()}),
            bundled("another kind", {}),
            to_bytes(empty_registry())[:-30],
        ],
    )
    def test_what_is_no_registry_is_refused(self, payload: bytes) -> None:
        with pytest.raises(StorageError, match="cannot be read"):
            from_bytes(payload)
        with pytest.raises(StorageError, match="cannot be read"):
            next_number_in(payload)

    def test_tables_are_read_from_a_bundle_one_by_one(self) -> None:
        payload = bundled("kind", {"one": pl.DataFrame({"a": [1]}), "two": pl.DataFrame({"b": ["x"]})})
        assert payload == bundled("kind", {"one": pl.DataFrame({"a": [1]}), "two": pl.DataFrame({"b": ["x"]})})
        assert unbundled("kind", payload, ["two"])["two"].rows() == [("x",)]
        assert list(unbundled("kind", payload)) == ["one", "two"]
        with pytest.raises(NotABundle):
            unbundled("kind", payload, ["three"])
