"""From the log to the tables: what a run of events does to persons and memberships.

Here: applying events; all of them make the same tables whether they are applied at once or run by run. Never here: why an event came.
"""

from __future__ import annotations

import polars as pl

from linkage.registry.tables import MEMBERSHIP, PERSON, Kind


def replay(events: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables of persons and memberships that the whole log tells of."""
    return applied(pl.DataFrame(schema=PERSON), pl.DataFrame(schema=MEMBERSHIP), events)


def applied(person: pl.DataFrame, membership: pl.DataFrame, events: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The two tables after further events, given in the order of their numbers."""
    moved = _moved(membership, events)
    left = membership.filter(pl.col("valid_to").is_null() & pl.col("record_key").is_in(events["record_key"].unique().implode()))
    touched = pl.concat([events["person_key"], left["person_key"]]).drop_nulls().unique()
    return with_alive(_named(person, events), moved, touched), moved


def with_alive(person: pl.DataFrame, membership: pl.DataFrame, touched: pl.Series) -> pl.DataFrame:
    """The persons with `is_alive` as the memberships have it for those of `touched`."""
    is_touched = pl.col("person_key").is_in(touched.implode())
    alive = membership.filter(pl.col("valid_to").is_null() & is_touched)["person_key"].unique()
    is_alive = pl.when(is_touched).then(pl.col("person_key").is_in(alive.implode())).otherwise("is_alive")
    return person.with_columns(is_alive=is_alive)


def _moved(membership: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    is_move = pl.col("kind").is_in([Kind.JOINED, Kind.LEFT]) & pl.col("record_key").is_not_null()
    moves = events.filter(is_move).select("number", "kind", "record_key", "person_key", "other_key")
    if moves.is_empty():
        return membership
    ended = moves.group_by("record_key").agg(pl.col("number").min().alias("ended"))
    closed = (
        membership.join(ended, on="record_key", how="left", maintain_order="left")
        .with_columns(valid_to=pl.coalesce("valid_to", "ended"))
        .drop("ended")
    )
    following = moves.sort("record_key", "number").with_columns(valid_to=pl.col("number").shift(-1).over("record_key"))
    opened = following.filter(pl.col("kind") == Kind.JOINED).select(
        "record_key", "person_key", pl.col("other_key").alias("former_key"), pl.col("number").alias("valid_from"), "valid_to"
    )
    return pl.concat([closed, opened.sort("valid_from")])


def _named(person: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    is_new = pl.col("kind").is_in([Kind.MADE, Kind.SPLIT])
    new = events.filter(is_new).select(
        "person_key",
        pl.col("number").alias("made_by"),
        pl.col("other_key").alias("split_from"),
        pl.lit(None, pl.String).alias("merged_into"),
        pl.lit(False).alias("is_alive"),
    )
    every = pl.concat([person, new])
    ended = events.filter(pl.col("kind") == Kind.MERGED).select(
        "number", pl.col("other_key").alias("key"), pl.col("person_key").alias("into")
    )
    again = events.filter(pl.col("kind") == Kind.RESTORED).select(
        "number", pl.col("person_key").alias("key"), pl.lit(None, pl.String).alias("into")
    )
    last = pl.concat([ended, again]).sort("number").unique("key", keep="last").select("key", "into", pl.lit(True).alias("is_said"))
    if last.is_empty():
        return every
    found = every.join(last, left_on="person_key", right_on="key", how="left", maintain_order="left")
    into = pl.when(pl.col("is_said")).then("into").otherwise("merged_into")
    return found.with_columns(merged_into=into).select(PERSON.names())
