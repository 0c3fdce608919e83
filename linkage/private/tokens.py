"""Keyed composite tokens of a person, for partners that may not send names.

Here: making them, their written form, and the columns that linkage compares. Never here: what a token is made over
(`linkage.private.slots`), a key of a round (`linkage.private.rounds`).

A token is written `<tag>.<slot>.<digits>`: the round's tag, the slot's code, and the first 32 hexadecimal digits (128 bits; RFC 2104,
section 5) of HMAC-SHA-256 (RFC 2104, FIPS 180-4) with the round's key over the UTF-8 text `casehouse token 2|<round>|<slot>|<parts>`.
A record holds several, separated by spaces, in the order of the alphabet.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256

import polars as pl

from linkage.private.normaliser import NORMALISER_VERSION
from linkage.private.rounds import check_key, round_tag
from linkage.private.slots import SLOTS, Strength, slot_texts

TOKEN_PATTERN = r"[0-9a-f]{8}\.(?:" + "|".join(slot.code for slot in SLOTS) + r")\.[0-9a-f]{32}"
_DIGITS = 32
_NAMES = ("given_name", "middle_name", "family_name")
_STAYS = ("record_key", "partner_code", "gender_code", "citizenship_code")
_LISTS = {"tokens": tuple(slot.code for slot in SLOTS)} | {
    f"tokens_{strength}": tuple(slot.code for slot in SLOTS if slot.strength is strength) for strength in Strength
}


def person_tokens(records: pl.DataFrame, round_name: str, key: bytes) -> pl.Series:
    """The tokens of every row, text separated by spaces, null where none can be made; a column `person_token` of the same height.

    `records` has any of `slots.COLUMNS`; others are left alone. Raises `UserError` for a key that is short or well known.
    """
    numbered = records.drop("position", strict=False).with_row_index("position")
    made = _made(numbered, round_name, key)
    joined = made.group_by("position", maintain_order=True).agg(pl.col("token").str.join(" ").alias("person_token"))
    positions = numbered.select(pl.col("position").cast(pl.Int64))
    return positions.join(joined, on="position", how="left", maintain_order="left")["person_token"]


def token_only(records: pl.DataFrame, round_name: str, key: bytes) -> pl.DataFrame:
    """The records as a partner without names would send them: record_key, partner_code, gender_code, citizenship_code, person_token.

    For training and benchmarks. `records` has record_key, partner_code and any of `slots.COLUMNS`; same height and order.
    Raises `UserError` for a key that is short or well known.
    """
    kept = [name for name in _STAYS if name in records.columns]
    return records.select(kept).with_columns(person_tokens(records, round_name, key))


def token_columns(records: pl.DataFrame, round_keys: Mapping[str, bytes]) -> pl.DataFrame:
    """Of every record (with position, `table.INPUT`): position, tokens, tokens_strong, tokens_fair, is_token_only; sorted by position.

    The lists are sorted 64-bit numbers, the beginnings of tokens: those that the record came with and, where it has names, those made
    with the keys of the open rounds. All lists are null for a record without a token; a text that is no token counts as none.
    is_token_only: no name stands beside the tokens. Raises `UserError` for a key that is short or well known.
    """
    positions = records.select(pl.col("position").cast(pl.Int64))
    sent = records.select(pl.col("position").cast(pl.Int64), pl.col("person_token").str.extract_all(TOKEN_PATTERN).alias("token"))
    sent = sent.explode("token").drop_nulls("token")
    made = [_made(records, name, key).select("position", "token") for name, key in sorted(round_keys.items())]
    every = pl.concat([sent, *made]).select("position", _number(), pl.col("token").str.slice(9, 3).alias("slot"))
    lists = [pl.col("number").filter(pl.col("slot").is_in(codes)).unique().sort().alias(name) for name, codes in _LISTS.items()]
    found = positions.join(every.group_by("position").agg(lists), on="position", how="left", maintain_order="left")
    is_named = pl.any_horizontal(pl.col(name).is_not_null() for name in _NAMES)
    unnamed = records.select(pl.col("position").cast(pl.Int64), (~is_named).alias("is_unnamed"))
    found = found.join(unnamed, on="position", how="left", maintain_order="left").sort("position")
    is_token_only = (pl.col("is_unnamed") & pl.col("tokens").is_not_null()).alias("is_token_only")
    return found.select("position", *_LISTS, is_token_only)


def token(key: bytes, round_name: str, text: str) -> str:
    """The token over one slot's text (`<slot>|<parts>`), by the definition above; raises `UserError` for an unfit key."""
    return _tokens(key, round_name, [text])[0]


def _made(records: pl.DataFrame, round_name: str, key: bytes) -> pl.DataFrame:
    """position, token; sorted, so that the order of a record's tokens tells nothing. Equal texts are hashed once."""
    check_key(key, f"the key of linkage round {round_name}")
    texts = slot_texts(records)
    distinct = texts.select("text").unique()
    distinct = distinct.with_columns(pl.Series("token", _tokens(key, round_name, distinct["text"].to_list()), dtype=pl.String))
    return texts.join(distinct, on="text", how="left").select("position", "token").sort("position", "token")


def _tokens(key: bytes, round_name: str, texts: list[str]) -> list[str]:
    check_key(key, f"the key of linkage round {round_name}")
    keyed = hmac.new(key, f"casehouse token {NORMALISER_VERSION}|{round_name}|".encode(), sha256)
    tag = round_tag(key)
    made: list[str] = []
    for text in texts:
        one = keyed.copy()
        one.update(text.encode())
        made.append(f"{tag}.{text[:3]}.{one.hexdigest()[:_DIGITS]}")
    return made


def _number() -> pl.Expr:
    return pl.col("token").str.slice(13, 16).str.to_integer(base=16, dtype=pl.UInt64).alias("number")
