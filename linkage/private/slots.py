"""What tokens a person has: each slot joins at least two identifying parts, one of them a birth date.

Here: the slots, their strength and the text each token is made over. Never here: a key, a token.
Chosen on CTDC-like training corpora (seeds 11 and 13, 20,000 reports): of pairs that share a strong token and differ in neither gender
nor citizenship 99.8 % are one person, of those that share a fair one only 98 %; together they are 58 % of all true pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

import polars as pl

from linkage.private import normaliser

COLUMNS = (
    "given_name",
    "middle_name",
    "family_name",
    "birth_date",
    "gender_code",
    "citizenship_code",
    "document_number",
    "phone",
)
"""What tokens are made from; an absent column counts as missing in every record."""
_LEAST_RARE = 3
"""A part of one or two letters (Tiara, Tari: tr) is shared by too many names to be called rare."""
TEXT_SCHEMA = pl.Schema({"position": pl.Int64, "slot": pl.String, "text": pl.String})


class Strength(StrEnum):
    """How much an equal token says: it becomes a level of the model's comparison."""

    STRONG = "strong"
    FAIR = "fair"


@dataclass(frozen=True)
class Slot:
    """One kind of token: the code it bears, its strength, the parts it is made over in their order."""

    code: str
    strength: Strength
    parts: tuple[str, ...]


SLOTS = (
    Slot("nnd", Strength.STRONG, ("part", "part_2", "day")),
    Slot("idy", Strength.STRONG, ("document", "year")),
    Slot("tey", Strength.STRONG, ("phone", "year")),
    Slot("rry", Strength.STRONG, ("part", "part_2", "year")),
    Slot("ncd", Strength.FAIR, ("part", "citizenship", "stated_day")),
    Slot("rgd", Strength.FAIR, ("part", "gender", "day")),
    Slot("nry", Strength.FAIR, ("part", "part_2", "year")),
)
"""n: a name part; r: a rare one; d: full birth date (month and day in either order, of ncd as stated); y: birth year; id: document;
te: telephone; c: citizenship; g: gender. Parts of a pair with a year alone stand in two columns, since a double surname is one name."""
CODES = {slot.code: slot for slot in SLOTS}


def slot_texts(records: pl.DataFrame) -> pl.DataFrame:
    """Every record's slots, filled: position, slot, text; each once, sorted. A record that lacks a part of a slot has no row of it.

    `records` has position and of `COLUMNS` those there are. The text is the slot's code and its parts, joined by `|`, which no part
    holds: name parts in the order of the alphabet, the birth date last.
    """
    frame = records.select("position", *(_column(records, name) for name in COLUMNS))
    born = frame.select(
        "position",
        normaliser.birth_day(pl.col("birth_date")).alias("day"),
        normaliser.birth_day_as_stated(pl.col("birth_date")).alias("stated_day"),
        normaliser.birth_years(pl.col("birth_date")).alias("year"),
        normaliser.document(pl.col("document_number")).alias("document"),
        normaliser.phone(pl.col("phone")).alias("phone"),
        normaliser.code(pl.col("citizenship_code")).alias("citizenship"),
        normaliser.gender(pl.col("gender_code")).alias("gender"),
    )
    parts = normaliser.name_parts(frame.select("position", "given_name", "middle_name", "family_name"))
    is_rare = ~pl.col("part").is_in(sorted(common_parts())) & (pl.col("part").str.len_chars() >= _LEAST_RARE)
    parts = parts.with_columns(is_rare.alias("is_rare"))
    pairs = parts.join(parts, on="position", suffix="_2").filter(pl.col("part") < pl.col("part_2"))
    by_year = born.explode("year")
    rare = pl.col("is_rare").cast(pl.Int8) + pl.col("is_rare_2").cast(pl.Int8)
    pairs_by_year = pairs.filter(_of_two_columns()).join(by_year, on="position")
    sources = {
        "nnd": pairs.join(born, on="position"),
        "idy": by_year,
        "tey": by_year,
        "rry": pairs_by_year.filter(rare == 2),
        "ncd": parts.join(born, on="position"),
        "rgd": parts.filter("is_rare").join(born, on="position"),
        "nry": pairs_by_year.filter(rare == 1),
    }
    filled = [_filled(sources[slot.code], slot) for slot in SLOTS]
    return pl.concat([TEXT_SCHEMA.to_frame(), *filled]).unique().sort("position", "slot", "text")


@cache
def common_parts() -> frozenset[str]:
    """The name parts that are too frequent to be called rare: a frozen list, part of the normaliser's version."""
    lines = files("linkage.private").joinpath("common_parts.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _column(records: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String) if name in records.columns else pl.lit(None, pl.String).alias(name)


def _of_two_columns() -> pl.Expr:
    """Whether the parts of a pair stand in two columns: a double surname is one name, unless the whole name stands in one column."""
    columns = pl.concat_list("sides", "sides_2").list.unique().list.len()
    return (columns > 1) | (columns.max().over("position") == 1)


def _filled(source: pl.DataFrame, slot: Slot) -> pl.DataFrame:
    text = pl.concat_str(pl.lit(slot.code), *slot.parts, separator="|", ignore_nulls=False)
    filled = source.select(pl.col("position").cast(pl.Int64), pl.lit(slot.code).alias("slot"), text.alias("text"))
    return filled.drop_nulls("text")
