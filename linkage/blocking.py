"""Choose the pairs of records that are worth comparing, from shared keys, and never from a block that is too large.

Here: block keys and the cap. Never here: a score; a block left out without being counted; a key that depends on another record.
Rules come as ladders from coarse to fine: where a common name or a popular date overfills a coarse block, finer blocks of the
same records, with one more part in their key, keep the likely pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

YEAR_ONLY_SPAN = 2
"""A record that states its year of birth only may be off by so many: partners estimate ages."""


class Dropped(NamedTuple):
    """What one rule had in blocks above the cap: how many blocks, records in them (once a block) and pairs."""

    rule: str
    blocks: int
    records: int
    pairs: int


@dataclass(frozen=True)
class Blocks:
    """The blocks that are compared, and the count of the others.

    frame: key, position, one row a record in a kept block of two or more, sorted. dropped: by rule, in the order of their names.
    """

    frame: pl.DataFrame
    dropped: tuple[Dropped, ...]


def block_keys(features: pl.DataFrame) -> pl.DataFrame:
    """key, position: every block that every record is in, sorted.

    A key is 64 bits: the number of the rule, then a hash of the values that the record shares with the others of the block, which is
    that of the installed polars. A record's keys depend on that record alone.
    """
    rules = _rules(features.sort("position"))
    return pl.concat([_keyed(number, rules[name]) for number, name in enumerate(RULES)])


_RULE_BITS = 5
_LOW_BITS = 64 - _RULE_BITS
# Makes a sum of hashes depend on their order (the golden ratio in 64 bits, as in Knuth's multiplicative hashing).
_ODD = 0x9E3779B97F4A7C15


def _keyed(number: int, frame: pl.DataFrame) -> pl.DataFrame:
    """One key from the columns beside `position`; a record that lacks a part is in no block of the rule."""
    hashed = pl.lit(number, pl.UInt64)
    for column in frame.drop("position").columns:
        hashed = hashed * pl.lit(_ODD, pl.UInt64) + pl.col(column).hash(number)
    low = (hashed // pl.lit(1 << _RULE_BITS, pl.UInt64)).alias("key")
    keyed = frame.drop_nulls().select(low + pl.lit(number << _LOW_BITS, pl.UInt64), pl.col("position").cast(pl.UInt32))
    # Rows come by position, so that a stable sort by key sorts by both.
    return keyed.sort("key", maintain_order=True)


def rule_of(key: pl.Expr) -> pl.Expr:
    """The number of a key's rule in `RULES`."""
    return (key // pl.lit(1 << _LOW_BITS, pl.UInt64)).cast(pl.UInt8)


def kept_blocks(keys: pl.DataFrame, cap: int) -> Blocks:
    """The blocks of two records up to the cap (for coarse rules half of it); `keys` as `block_keys` gives them."""
    size = pl.Series("size", block_sizes(keys["key"]))
    limit = limits(keys["key"], cap)
    over = (
        keys.filter(size > limit)["key"]
        .value_counts(name="size")
        .select(rule_of(pl.col("key")).alias("rule"), pl.col("size").cast(pl.Int64))
    )
    counted = over.group_by("rule").agg(
        pl.len().alias("blocks"), pl.col("size").sum().alias("records"), (pl.col("size") * (pl.col("size") - 1) // 2).sum().alias("pairs")
    )
    dropped = sorted(Dropped(RULES[rule], *counts) for rule, *counts in counted.iter_rows())
    return Blocks(keys.filter((size > 1) & (size <= limit)), tuple(dropped))


def limits(keys: pl.Series, cap: int) -> pl.Series:
    """For each key the largest size of its block that is compared."""
    of_rule = pl.Series([max(2, cap // 2) if name in COARSE else cap for name in RULES], dtype=pl.Int64)
    return of_rule.gather(keys.to_frame("key").select(rule_of(pl.col("key")))["key"])


def block_sizes(keys: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For each row of a sorted series how many rows have its key."""
    values = keys.to_numpy()
    if not values.size:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    lengths = np.diff(np.append(starts, values.size))
    return np.repeat(lengths, lengths)


RULES = (
    "document",
    "phone",
    "email",
    "token",
    "birth date",
    "birth date and two initials",
    "birth date and name",
    "name and birth year",
    "uncommon name, birth year, citizenship and gender",
    "two names",
    "two names and birth year",
    "two names, birth year and citizenship",
    "two names, citizenship and gender",
    "name, citizenship and gender",
    "post code and name",
    "post code and birth year",
    "postal area and name",
    "postal area, birth year and gender",
    "birth place and name",
    "birth place and birth year",
)
# Rules whose likely pairs finer rules find as well, where a block is large.
COARSE = frozenset({"birth date", "name and birth year", "two names", "two names and birth year", "name, citizenship and gender"})


def _rules(features: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    """The key columns of every rule, beside position and by position."""
    return {**_numbers(features), **_birth_dates(features), **_names(features), **_places(features)}


def _numbers(features: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    return {
        **{name: features.select("position", name) for name in ("document", "phone", "email")},
        "token": features.select("position", pl.col("tokens").list.unique(maintain_order=True)).explode("tokens"),
    }


def _birth_dates(features: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    # Day and month are taken in either order, since partners swap them.
    low, high = pl.min_horizontal("birth_month", "birth_day"), pl.max_horizontal("birth_month", "birth_day")
    dated = features.filter(pl.col("birth_day").is_not_null())
    day = dated.select("position", "birth_year", low.alias("low"), high.alias("high"), _initials().alias("initial"), "name_keys")
    initials = day.drop("name_keys").with_columns(pl.col("initial").alias("initial_2")).explode("initial").explode("initial_2")
    return {
        "birth date": day.drop("initial", "name_keys"),
        "birth date and two initials": initials.filter(pl.col("initial") < pl.col("initial_2")),
        "birth date and name": day.drop("initial").explode("name_keys"),
    }


def _names(features: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    person = ("citizenship_code", "gender_code")
    known = features.select("position", "birth_year", _possible_years().alias("possible_year"), *person, "name_uncommon", name="name_keys")
    one = known.select("position", "name", "birth_year", *person).explode("name")
    two = known.select("position", "name", "possible_year", *person, name_2="name").explode("name").explode("name_2")
    two = two.filter(pl.col("name") < pl.col("name_2"))
    years = two.drop("gender_code").explode("possible_year")
    uncommon = known.select("position", "name_uncommon", "possible_year", *person).drop_nulls()
    return {
        "name and birth year": one.select("position", "name", "birth_year"),
        "uncommon name, birth year, citizenship and gender": uncommon.explode("name_uncommon").explode("possible_year"),
        "two names": two.select("position", "name", "name_2"),
        "two names and birth year": years.drop("citizenship_code"),
        "two names, birth year and citizenship": years,
        "two names, citizenship and gender": two.drop("possible_year"),
        "name, citizenship and gender": one.drop("birth_year"),
    }


def _places(features: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    parts = ("postal_code", "postal_area", "birth_place")
    placed = features.filter(pl.any_horizontal(pl.col(part).is_not_null() for part in parts))
    placed = placed.select("position", *parts, "birth_year", "gender_code", name="name_keys")
    named = placed.explode("name")
    return {
        "post code and name": named.select("position", "postal_code", "name"),
        "post code and birth year": placed.select("position", "postal_code", "birth_year"),
        "postal area and name": named.select("position", "postal_area", "name"),
        "postal area, birth year and gender": placed.select("position", "postal_area", "birth_year", "gender_code"),
        "birth place and name": named.select("position", "birth_place", "name"),
        "birth place and birth year": placed.select("position", "birth_place", "birth_year"),
    }


def _possible_years() -> pl.Expr:
    """The stated year, and the years around it where no month is stated."""
    around = pl.concat_list(pl.col("birth_year") + step for step in range(-YEAR_ONLY_SPAN, YEAR_ONLY_SPAN + 1))
    return pl.when(pl.col("birth_month").is_null()).then(around).otherwise(pl.concat_list("birth_year"))


def _initials() -> pl.Expr:
    words = pl.concat_str("given", "middle", "family", separator=" ", ignore_nulls=True).str.split(" ")
    return words.list.eval(pl.element().str.head(1)).list.unique().list.sort()
