"""Record-level Bloom filters of bigrams (CLK), for review candidates among records without names.

Here: making them, their written form, pairs that are alike. Never here: a link; a filter suggests, a human decides.
The method is the cryptographic long-term key of Schnell, Bachteler and Reiher, "A novel error-tolerant anonymous linking code" (2011):
the bigrams of all names fall into one filter of 1,024 bits, each by 20 positions. Positions come from HMAC-SHA-256 with the round's key,
salted with the birth year (Niedermeyer et al., 2014), so that equal names of different years share no bits by design.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256
from itertools import pairwise

import numpy as np
import polars as pl

from linkage.private.normaliser import NORMALISER_VERSION, birth_day, birth_years, folded
from linkage.private.rounds import TAG_DIGITS, check_key, round_tag

BITS, HASHES = 1_024, 20
LIKE = 0.8
CLK_PATTERN = r"[0-9a-f]{8}\.clk\.[0-9a-f]{256}"
"""Written as a token is: the round's tag, `clk`, the filter as hexadecimal digits, bit 0 first."""
CANDIDATE_SCHEMA = pl.Schema({"record_key_left": pl.String, "record_key_right": pl.String, "similarity": pl.Float64})
_NAMES = ("given_name", "middle_name", "family_name")
_DATE_BIGRAM = "{place}{digits}"
_CHUNK = 512


def clk_column(records: pl.DataFrame, round_name: str, key: bytes) -> pl.Series:
    """The written filter of every row (column `clk`), null without a name or a birth year.

    `records` has any of given_name, middle_name, family_name, birth_date. Raises `UserError` for a key that is short or well known.
    """
    check_key(key, f"the key of linkage round {round_name}")
    columns = (*_NAMES, "birth_date")
    given = records.select(
        pl.col(name).cast(pl.String) if name in records.columns else pl.lit(None, pl.String).alias(name) for name in columns
    )
    words = pl.concat_str([folded(pl.col(name)) for name in _NAMES], separator=" ", ignore_nulls=True)
    parts = given.select(
        words.alias("words"),
        birth_years(pl.col("birth_date")).list.len().alias("years"),
        pl.col("birth_date").str.strip_chars().str.head(4).alias("year"),
        birth_day(pl.col("birth_date")).alias("day"),
    )
    tag, made = round_tag(key), Filters(round_name, key)
    written = [
        f"{tag}.clk.{made.of(text, year, day).tobytes().hex()}" if text and years else None for text, years, year, day in parts.iter_rows()
    ]
    return pl.Series("clk", written, dtype=pl.String)


class Filters:
    """Filters of one round; the positions of a bigram are worked out once."""

    def __init__(self, round_name: str, key: bytes) -> None:
        self._keyed = hmac.new(key, f"casehouse clk {NORMALISER_VERSION}|{round_name}|".encode(), sha256)
        self._known: dict[str, np.ndarray] = {}

    def of(self, words: str, year: str, day: str | None) -> np.ndarray:
        """The packed filter (128 bytes) of folded words, a birth year, and month and day where they are known."""
        bits = np.zeros(BITS, dtype=np.uint8)
        for gram in grams(words, day):
            bits[self._positions(f"{year}|{gram}")] = 1
        return np.packbits(bits)

    def _positions(self, text: str) -> np.ndarray:
        """20 positions: two bytes each of HMAC-SHA-256 in counter mode, so that none depends on another."""
        found = self._known.get(text)
        if found is None:
            digest = b"".join(self._digest(f"{counter}|{text}") for counter in range(2))
            found = self._known[text] = np.frombuffer(digest[: 2 * HASHES], dtype=">u2") % BITS
        return found

    def _digest(self, text: str) -> bytes:
        one = self._keyed.copy()
        one.update(text.encode())
        return one.digest()


def grams(words: str, day: str | None) -> list[str]:
    """The bigrams of each word, padded with a blank at both ends, each once; month and day as two grams of their own."""
    of_names = {first + second for word in words.split() for first, second in pairwise(f" {word} ")}
    of_date = {f"#{part}" for part in (day[5:7], day[8:10])} if day else set()
    return sorted(of_names | of_date)


def candidates(records: pl.DataFrame, least: float = LIKE) -> pl.DataFrame:
    """Pairs of records whose filters of one round are alike: record_key_left < record_key_right, similarity; sorted.

    `records` has record_key and person_token, where a filter stands among the tokens. Similarity is Dice's coefficient of the set bits.
    Takes time with the square of the number of filters of a round: 20,000 in some seconds.
    """
    found = records.select("record_key", pl.col("person_token").str.extract(rf"({CLK_PATTERN})").alias("clk")).drop_nulls("clk")
    found = found.with_columns(pl.col("clk").str.head(TAG_DIGITS).alias("tag")).sort("tag", "record_key")
    frames = [_alike(group, least) for group in found.partition_by("tag", maintain_order=True)]
    return pl.concat([CANDIDATE_SCHEMA.to_frame(), *frames]).unique().sort("record_key_left", "record_key_right")


def _alike(group: pl.DataFrame, least: float) -> pl.DataFrame:
    filters = _unpacked(group["clk"].str.slice(13))
    keys, ones = group["record_key"], filters.sum(axis=1)
    parts = []
    for start in range(0, len(filters), _CHUNK):
        some = filters[start : start + _CHUNK]
        dice = 2 * (some @ filters.T) / np.maximum(ones[start : start + _CHUNK, None] + ones[None, :], 1)
        left, right = np.nonzero(np.triu(dice >= least, k=start + 1))
        parts.append(
            pl.DataFrame(
                {"record_key_left": keys[left + start], "record_key_right": keys[right], "similarity": dice[left, right].round(4)},
                schema=CANDIDATE_SCHEMA,
            )
        )
    return pl.concat([CANDIDATE_SCHEMA.to_frame(), *parts])


def _unpacked(digits: Iterable[str]) -> np.ndarray:
    """One row a filter, 1,024 columns of 0 and 1, in single precision so that products are exact and fast."""
    packed = np.frombuffer(b"".join(bytes.fromhex(each) for each in digits), dtype=np.uint8).reshape(-1, BITS // 8)
    return np.unpackbits(packed, axis=1).astype(np.float32)
