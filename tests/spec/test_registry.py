"""The registry of persons: a key, once given, stays with its person and is never given again."""

from __future__ import annotations

import polars as pl
import pytest

from linkage.registry import Registry, assign, empty_registry, forget, from_bytes, to_bytes
from schemas.errors import StorageError


def clusters(*groups: str) -> pl.DataFrame:
    """Each group is a word whose letters are record keys."""
    rows = [(record, group) for group in groups for record in group]
    return pl.DataFrame(rows, schema={"record_key": pl.String, "cluster": pl.String}, orient="row")


def persons(registry: Registry) -> dict[str, str]:
    return dict(registry.members.iter_rows())


def test_new_persons_are_numbered_by_their_first_record() -> None:
    assert persons(assign(clusters("bd", "ac"), empty_registry())) == {
        "a": "p0000001",
        "b": "p0000002",
        "c": "p0000001",
        "d": "p0000002",
    }


def test_a_person_keeps_the_key_when_records_join() -> None:
    first = assign(clusters("b"), empty_registry())
    assert persons(assign(clusters("ab"), first)) == {"a": "p0000001", "b": "p0000001"}


def test_two_persons_found_to_be_one_keep_the_older_key() -> None:
    first = assign(clusters("a", "b"), empty_registry())
    merged = assign(clusters("ab", "c"), first)
    assert persons(merged) == {"a": "p0000001", "b": "p0000001", "c": "p0000003"}


@pytest.mark.parametrize(
    ("why", "parts", "keeps"),
    [
        ("the larger part", ("a", "bc"), "bc"),
        ("with equal parts the smallest record", ("ac", "bd"), "ac"),
    ],
)
def test_a_person_found_to_be_two_leaves_the_key_to(why: str, parts: tuple[str, str], keeps: str) -> None:
    first = assign(clusters("".join(sorted("".join(parts)))), empty_registry())
    after = persons(assign(clusters(*parts), first))
    assert {record for record, key in after.items() if key == "p0000001"} == set(keeps), why
    assert set(after.values()) == {"p0000001", "p0000002"}


def test_a_record_that_left_finds_its_person_again() -> None:
    first = assign(clusters("a", "b"), empty_registry())
    without = assign(clusters("a"), first)
    assert persons(without) == {"a": "p0000001"}
    assert dict(without.retired.iter_rows()) == {"b": "p0000002"}
    back = assign(clusters("a", "b", "c"), without)
    assert persons(back) == {"a": "p0000001", "b": "p0000002", "c": "p0000003"}
    assert back.retired.is_empty()


def test_keys_of_persons_who_left_are_never_given_again() -> None:
    first = assign(clusters("a", "b"), empty_registry())
    forgotten = forget(assign(clusters("a"), first), pl.Series(["b"]))
    assert forgotten.retired.is_empty()
    assert persons(assign(clusters("a", "b"), forgotten)) == {"a": "p0000001", "b": "p0000003"}


def test_the_same_clusters_again_change_nothing() -> None:
    first = assign(clusters("ac", "b"), empty_registry())
    assert assign(clusters("b", "ca"), first).equals(first)


def test_a_registry_survives_the_vault() -> None:
    registry = assign(clusters("a"), assign(clusters("ab", "c"), empty_registry()))
    assert from_bytes(to_bytes(registry)).equals(registry)
    assert from_bytes(to_bytes(empty_registry())).equals(empty_registry())


@pytest.mark.parametrize("payload", [b"", b"\xff", b"{}", b"[]", b'{"members": [[1]], "retired": [], "next_ordinal": 1}'])
def test_what_is_no_registry_is_refused(payload: bytes) -> None:
    with pytest.raises(StorageError):
        from_bytes(payload)
