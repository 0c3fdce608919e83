"""Turn names into what pairs of records are compared and found by: folded words, keys of sounds, and how rare each key is.

Here: one pass over the distinct names of a table. Never here: a count over the table being linked; how common a name is, the model says.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import polars as pl

from linkage.folding import PARTICLES, folded_values, skeleton

RARITY = {"rare": 150, "uncommon": 1_000, "common": 5_000}
"""A key of sounds that fewer records of a million hold than this is so. A key that the model does not list is rare."""
_KEYS = pl.List(pl.Int64)


def name_features(names: pl.Series, side: str, per_million: Mapping[str, int]) -> pl.DataFrame:
    """One row a name (column `name`, distinct), with its parts; `side` is the prefix of the columns (given, family).

    <side>: folded words, one space between; <side>_keys: numbers (stable 64-bit
    hashes) of the skeletons of its words without particles, ascending; <side>_rare, _uncommon, _common: those among them that are so or
    rarer. All are null where no letter is left.
    """
    frame = pl.DataFrame({"name": names}, schema={"name": pl.String}).drop_nulls().unique(maintain_order=True)
    frame = frame.with_columns(folded_values(frame["name"]).alias(side))
    words = frame.select("name", pl.col(side).str.split(" ").alias("word")).drop_nulls().explode("word")
    is_particle = pl.col("word").is_in(sorted(PARTICLES))
    words = words.filter(~is_particle | is_particle.all().over("name"))
    words = words.join(_vocabulary(words["word"], per_million), on="word")
    key = pl.col("key")
    grouped = words.group_by("name").agg(
        key.unique().sort().alias(f"{side}_keys"),
        *(key.filter(pl.col("per_million") < most).unique().sort().alias(f"{side}_{name}") for name, most in RARITY.items()),
    )
    return frame.join(grouped, on="name", how="left", maintain_order="left")


def _vocabulary(words: pl.Series, per_million: Mapping[str, int]) -> pl.DataFrame:
    """word, key, per_million: every distinct word with the number of its skeleton, and how many records of a million hold that."""
    frame = pl.DataFrame({"word": words}).unique().with_columns(skeleton(pl.col("word")).alias("sounds"))
    sounds = frame["sounds"].unique()
    known = pl.DataFrame(
        {
            "sounds": sounds,
            "key": pl.Series([stable_number(one) for one in sounds], dtype=pl.Int64),
            "per_million": pl.Series([per_million.get(one, 0) for one in sounds], dtype=pl.Int64),
        },
    )
    return frame.join(known, on="sounds").select("word", "key", "per_million")


def names_held(records: pl.DataFrame) -> pl.Series:
    """The skeletons of the name words of every record, each once a record, over all records: what a model counts its frequencies from."""
    texts = records.select(pl.concat_str("given_name", "middle_name", "family_name", separator=" ", ignore_nulls=True).alias("name"))[
        "name"
    ]
    distinct = texts.unique()
    words = pl.DataFrame({"name": distinct, "word": folded_values(distinct).str.split(" ")}).explode("word").drop_nulls("word")
    words = words.filter(~pl.col("word").is_in(sorted(PARTICLES))).with_columns(skeleton(pl.col("word")).alias("sounds"))
    held = words.select("name", "sounds").unique()
    return pl.DataFrame({"name": texts}).join(held, on="name")["sounds"]


def stable_number(text: str) -> int:
    """A 64-bit signed number of a text, the same on every machine and in every version (BLAKE2b, RFC 7693)."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
