"""Choose the pairs of records that are worth comparing, from shared keys, and never from a block that is too large.

Here: block keys and the cap. Never here: a score; a pair left out without being counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Blocks:
    """The kept blocks and the count of the others.

    frame: block (a number), position, one row a record in a kept block. dropped: (rule, blocks above the cap), by name of the rule.
    """

    frame: pl.DataFrame
    dropped: tuple[tuple[str, int], ...]


def blocks(records: pl.DataFrame, cap: int) -> Blocks:
    """The blocks of the records (as `features` makes them) under every rule; a block of more than `cap` records is dropped and counted."""
    every = pl.concat([_block(rule, frame) for rule, frame in _rules(records).items()])
    sized = every.with_columns(pl.len().over("rule", "key").alias("size")).filter(pl.col("size") > 1)
    too_large = sized.filter(pl.col("size") > cap).unique(["rule", "key"]).group_by("rule").len().sort("rule")
    kept = sized.filter(pl.col("size") <= cap).sort("rule", "key", "position")
    return Blocks(kept.select(pl.struct("rule", "key").rle_id().alias("block"), "position"), tuple(too_large.iter_rows()))


def _block(rule: str, keyed: pl.DataFrame) -> pl.DataFrame:
    """From any number of key columns beside `position` to one text key; a record that lacks a part is in no block of the rule."""
    parts = [name for name in keyed.columns if name != "position"]
    joined = pl.concat_str(parts, separator="|", ignore_nulls=False).alias("key")
    return keyed.select(pl.lit(rule).alias("rule"), joined, "position").drop_nulls("key").unique()


def _rules(records: pl.DataFrame) -> dict[str, pl.DataFrame]:
    given = records.select("position", pl.col("given_keys").alias("key")).drop_nulls("key").explode("key")
    family = records.select("position", pl.col("family_keys").alias("key")).drop_nulls("key").explode("key")
    names = pl.concat([given, family]).unique()
    birth = records.select("position", "birth_year", "birth_month", "birth_day")
    # Day and month are taken in either order, since partners swap them.
    low, high = pl.min_horizontal("birth_month", "birth_day"), pl.max_horizontal("birth_month", "birth_day")
    is_full = pl.col("birth_day").is_not_null()
    pairs = names.join(names, on="position", suffix="_2").filter(pl.col("key") < pl.col("key_2"))
    person = records.select("position", "citizenship_code", "gender_code")
    return {
        "birth date": birth.filter(is_full).select("position", "birth_year", low.alias("low"), high.alias("high")),
        "document": records.select("position", "document"),
        "name and birth year": names.join(birth, on="position").select("position", "key", "birth_year"),
        "phone": records.select("position", "phone"),
        "token": records.filter(pl.col("is_token_only").any().over("person_token")).select("position", "person_token"),
        "two name words": pairs.select("position", "key", "key_2"),
        "name, citizenship and gender": names.join(person, on="position").select("position", "key", "citizenship_code", "gender_code"),
    }
