"""Turn identifying text into comparable features, one row a record, in polars expressions.

Here: name words and keys, parts of a birth date, numbers stripped to what identifies. Never here: a comparison of two records.
"""

from __future__ import annotations

import polars as pl

from linkage.folding import PARTICLES, folded, skeleton
from linkage.tokens import token_column
from schemas.errors import LeakStopped
from schemas.zones import Identified

INPUT = (
    "record_key",
    "partner_code",
    "source_person_id",
    "given_name",
    "family_name",
    "birth_date",
    "document_number",
    "phone",
    "gender_code",
    "citizenship_code",
    "person_token",
)
# Below this many records a share is taken of this many: two records of a small table neither make a name common nor prove it rare.
SHARE_FLOOR = 4_000
RARE, COMMON = 0.0005, 0.005


# What a record known by its token alone takes over from a named record with the same token.
_BORROWED = (
    *(f"{side}{kind}" for side in ("given", "family") for kind in ("", "_keys", "_rare", "_middle")),
    "birth_year",
    "birth_month",
    "birth_day",
)


def features(records: Identified, token_key: bytes) -> pl.DataFrame:
    """One row a record, ordered by `record_key`, with `position` 0, 1, 2 ... in that order.

    given, family: folded words; given_keys, family_keys: lists of skeletons without particles; *_rare and *_middle: the keys among
    them that few records hold; birth_year, birth_month, birth_day: as far as stated; document, phone: normalised;
    person_token: as sent, else made from names and birth date with `token_key`; is_token_only: no name beside a token. Such a record
    takes names and birth date from the first named record with its token, so that it is compared as that person would be.
    Raises `LeakStopped` when a column is missing or `record_key` is null or repeated.
    """
    frame = _checked(records.frame)
    frame = frame.sort("record_key").with_row_index("position").with_columns(pl.col("position").cast(pl.Int64))
    frame = frame.with_columns(token_column(frame, token_key).alias("made_token"))
    frame = frame.with_columns(
        folded(pl.col("given_name")).alias("given"),
        folded(pl.col("family_name")).alias("family"),
        _number(pl.col("document_number"), r"[^\p{L}\p{N}]+").str.to_uppercase().alias("document"),
        _number(pl.col("phone"), r"[^\p{Nd}]+").str.strip_chars_start("0").alias("phone"),
        *(_blank_to_null(name) for name in ("source_person_id", "person_token", "gender_code", "citizenship_code")),
        *_birth(),
    )
    for side in ("given", "family"):
        frame = frame.join(_keys(frame, side), on="position", how="left", maintain_order="left")
    return _borrow(frame).drop("given_name", "family_name", "document_number", "birth_date", "made_token")


def _borrow(frame: pl.DataFrame) -> pl.DataFrame:
    is_unnamed = pl.col("given").is_null() & pl.col("family").is_null()
    frame = frame.with_columns(
        (is_unnamed & pl.col("person_token").is_not_null()).alias("is_token_only"),
        pl.coalesce("person_token", "made_token").alias("person_token"),
    )
    named = frame.filter(~is_unnamed).drop_nulls("person_token").unique("person_token", keep="first", maintain_order=True)
    frame = frame.join(named.select("person_token", *_BORROWED), on="person_token", how="left", suffix="_named", maintain_order="left")
    return frame.with_columns(
        pl.when("is_token_only").then(pl.coalesce(name, f"{name}_named")).otherwise(pl.col(name)).alias(name) for name in _BORROWED
    ).drop(f"{name}_named" for name in _BORROWED)


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in INPUT if name not in frame.columns]
    if missing:
        raise LeakStopped(f"records to link lack the columns {', '.join(missing)}")
    frame = frame.select(pl.col(name).cast(pl.String) for name in INPUT)
    if frame["record_key"].null_count() or frame["record_key"].n_unique() != frame.height:
        raise LeakStopped("record_key must be present and unique in every record to link")
    return frame


def _blank_to_null(name: str) -> pl.Expr:
    stripped = pl.col(name).str.strip_chars()
    return pl.when(stripped != "").then(stripped).alias(name)


def _number(value: pl.Expr, noise: str) -> pl.Expr:
    """A number without separators; null when fewer than four characters are left, which identify nobody."""
    kept = value.str.normalize("NFKC").str.replace_all(noise, "")
    return pl.when(kept.str.len_chars() >= 4).then(kept)


def _birth() -> list[pl.Expr]:
    """ISO 8601 text of a year, a month or a day. 1 January is how a known year is written, so it states the year only."""
    text = pl.col("birth_date").str.strip_chars()
    year = text.str.extract(r"^(\d{4})(?:-\d{2}){0,2}$", 1).cast(pl.Int32)
    month = text.str.extract(r"^\d{4}-(\d{2})(?:-\d{2})?$", 1).cast(pl.Int32)
    day = text.str.extract(r"^\d{4}-\d{2}-(\d{2})$", 1).cast(pl.Int32)
    is_year_only = (month == 1) & (day == 1)
    return [
        year.alias("birth_year"),
        pl.when(~is_year_only.fill_null(value=False)).then(month).alias("birth_month"),
        pl.when(~is_year_only.fill_null(value=False)).then(day).alias("birth_day"),
    ]


def _keys(frame: pl.DataFrame, side: str) -> pl.DataFrame:
    """position, <side>_keys and the rarer ones among them; a record without a name has null lists."""
    words = frame.select("position", pl.col(side).str.split(" ").alias("word")).drop_nulls("word").explode("word")
    is_particle = pl.col("word").is_in(sorted(PARTICLES))
    words = words.filter(~is_particle | is_particle.all().over("position"))
    vocabulary = words.select("word").unique().with_columns(skeleton(pl.col("word")).alias("key"))
    words = words.join(vocabulary, on="word").unique(["position", "key"])
    share = pl.len().over("key") / max(frame.height, SHARE_FLOOR)
    keys = pl.col("key").sort()
    return (
        words.with_columns(share.alias("share"))
        .group_by("position")
        .agg(
            keys.alias(f"{side}_keys"),
            pl.col("key").filter(pl.col("share") < RARE).sort().alias(f"{side}_rare"),
            pl.col("key").filter(pl.col("share") < COMMON).sort().alias(f"{side}_middle"),
        )
    )
