"""The links that the tokens of a linkage round made: what stays of a round when its tokens go.

Here: which pairs of records of one person share a token. Never here: a judgement being kept, a key at rest.
"""

from __future__ import annotations

import polars as pl

from linkage.private.rounds import round_tag
from linkage.private.tokens import TOKEN_PATTERN, person_tokens
from linkage.table import checked
from schemas.zones import Identified

_NAMES = ("given_name", "middle_name", "family_name")


def token_links(reports: pl.DataFrame, members: pl.DataFrame, round_name: str, key: bytes) -> pl.DataFrame:
    """Pairs of one person that share a token of the round and of which one at least has no name: record_key_left < record_key_right.

    `reports` as `linkage.table.INPUT`; `members`: record_key, person_key. Two named records are never a pair: whether they are one person
    is for their names to say, also after the round. A named record's tokens are made with the round's key.
    """
    tag = round_tag(key)
    known = checked(Identified(reports)).join(members.select("record_key", "person_key"), on="record_key")
    is_sent = pl.col("person_token").str.contains(rf"{tag}\.")
    is_nameless = pl.all_horizontal(pl.col(name).is_null() for name in _NAMES)
    known = known.with_columns((is_nameless & is_sent.fill_null(value=False)).alias("is_nameless"))
    known = known.filter(pl.col("is_nameless").any().over("person_key"))
    made = person_tokens(known, round_name, key).alias("made")
    cells = pl.concat_str("person_token", "made", separator=" ", ignore_nulls=True)
    held = known.with_columns(made).with_columns(cells.str.extract_all(TOKEN_PATTERN).alias("token"))
    held = held.select("record_key", "person_key", "is_nameless", "token").explode("token").drop_nulls("token")
    held = held.filter(pl.col("token").str.starts_with(f"{tag}."))
    pairs = held.join(held, on=["person_key", "token"], suffix="_right").filter(pl.col("record_key") < pl.col("record_key_right"))
    linked = pairs.filter(pl.col("is_nameless") | pl.col("is_nameless_right"))
    linked = linked.select(pl.col("record_key").alias("record_key_left"), "record_key_right")
    return linked.unique().sort("record_key_left", "record_key_right")
