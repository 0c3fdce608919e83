"""Which group of records gets which person's key, where the groups are not the persons as they stood.

Here: the rule, on the records of changed groups alone. Never here: the events that follow from it.

A group claims the key that its records hold, and the former key of each: of the person it was of before that one ended in another.
Keys are given from the oldest on, each to the claimant that

1. holds a record that is the key's own and never left,
2. is not the return of a person that ended (it holds all present records of one, no fewer than it holds of the claimed key's own),
3. holds most records that are the key's own and never left, 4. most that are of the person now, 5. most that are the key's own and
   come back, 6. the smallest record_key,

and that has no key yet. So the oldest key survives a merge; of a split the larger part keeps the key; and parts that were persons
before they were merged get their keys back. Groups that get none are new persons.
"""

from __future__ import annotations

import polars as pl

from linkage.registry.tables import ordinals

_COUNTS = ("own", "held", "again")


def with_homes(placed: pl.DataFrame) -> pl.DataFrame:
    """The rows (record_key, first, person_key, former_key, returning) with `home`: the key to which the record would be given back.

    A person whose own records have all gone has taken its former persons' records for its own.
    """
    mixed = placed.filter(pl.col("former_key").is_not_null())["person_key"].unique()
    is_mixed = pl.col("person_key").is_in(mixed.implode()).fill_null(value=False)
    own = placed.filter(is_mixed & pl.col("former_key").is_null())["person_key"].unique()
    has_own = pl.col("person_key").is_in(own.implode())
    home = pl.when(has_own).then(pl.coalesce("former_key", "person_key")).otherwise("person_key")
    return placed.with_columns(home=pl.coalesce(home, "returning"))


def claims(moving: pl.DataFrame, resting: pl.DataFrame, alive: pl.Series) -> pl.DataFrame:
    """key, first, own, held, again: what each changed group has of each key that it may get, the strongest claimant of the oldest first.

    moving: record_key, first (the group), person_key, home of the records in changed groups; resting: person_key, home of all others,
    whose keys nobody else may get; alive: keys of persons that had records present before.
    """
    is_back = pl.col("person_key").is_null()
    counted = [
        _counted(moving.filter(~is_back), "home", "own"),
        _counted(moving.filter(~is_back), "person_key", "held"),
        _counted(moving.filter(is_back), "home", "again"),
    ]
    found = pl.concat(counted).group_by("key", "first").agg(pl.col(_COUNTS).sum())
    asked = found["key"].unique().implode()
    for name in ("home", "person_key"):
        taken = resting.filter(pl.col(name).is_in(asked))[name].unique()
        found = found.filter(~pl.col("key").is_in(taken.implode()))
    back = _returns(found, alive)
    ranked = found.join(back, on="first", how="left").with_columns(
        is_return=(pl.col("back") >= pl.col("own")).fill_null(value=False) & pl.col("key").is_in(alive.implode()),
        ordinal=ordinals("key"),
    )
    order = ["ordinal", pl.col("own") > 0, "is_return", *_COUNTS, "first"]
    return ranked.sort(order, descending=[False, True, False, True, True, True, False]).select("key", "first", *_COUNTS)


def _counted(rows: pl.DataFrame, key: str, name: str) -> pl.DataFrame:
    """first, key and the counts, each row counting one for the count of that name."""
    counts = [pl.lit(int(each == name)).alias(each) for each in _COUNTS]
    return rows.select("first", pl.col(key).alias("key"), *counts).drop_nulls("key")


def given(claimed: pl.DataFrame) -> dict[str, str]:
    """From a group to the key it gets, of the groups that get one; `claimed` in the order of `claims`."""
    key_of: dict[str, str] = {}
    taken: set[str] = set()
    for key, first in claimed.select("key", "first").iter_rows():
        if first not in key_of and key not in taken:
            key_of[first] = key
            taken.add(key)
    return key_of


def _returns(found: pl.DataFrame, alive: pl.Series) -> pl.DataFrame:
    """first, back: the most records that a group has of one ended person, of whom it holds all that are present."""
    ended = found.filter((pl.col("own") + pl.col("again") > 0) & ~pl.col("key").is_in(alive.implode()))
    whole = ended.filter(pl.col("first").n_unique().over("key") == 1)
    return whole.group_by("first").agg((pl.col("own") + pl.col("again")).max().alias("back"))
