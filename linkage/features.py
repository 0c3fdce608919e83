"""Turn identifying text into comparable features, one row a record: every value once, every record by itself.

Here: the columns that the model's conditions and the blocking read. Never here: a comparison of two records; anything that one record
takes from another, or from the table as a whole, since a record's features must not change when others arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from linkage.births import births
from linkage.contacts import email, number, phones
from linkage.folding import folded_values, skeleton
from linkage.model import LinkageModel
from linkage.names import name_features, stable_number
from linkage.private.tokens import token_columns
from linkage.table import checked
from schemas.zones import Identified

_STREET_SOUNDS = 6
NO_KEYS: Mapping[str, bytes] = MappingProxyType({})


def features(records: Identified, model: LinkageModel, round_keys: Mapping[str, bytes] = NO_KEYS) -> pl.DataFrame:
    """One row a record, ordered by `record_key`, with `position` 0, 1, 2 ... in that order; null is not known.

    record_key, partner_code, source_person_id, gender_code, citizenship_code: as sent.
    given, middle, family: folded words; given_keys, middle_keys, family_keys and their _rare, _uncommon and _common parts: numbers of
    the skeletons of those words, ascending; name_keys, name_uncommon: of all three together.
    birth_year, birth_month, birth_day, birth_text: as `births` says.
    document, postal_code: letters and digits; postal_area, postal_sorted, street: see `_places` and `_words`; phone: E.164 or
    national digits; email: lower case. address, birth_place, occupation: folded words; address_keys: numbers of its words, house
    numbers among them.
    tokens, tokens_strong, tokens_fair: numbers of keyed tokens as sent or made with `round_keys`; is_token_only: no name beside one.
    Numbers are the same on every machine; a record has the same features whatever others are in the table.
    Raises `LeakStopped` when a required column is missing or `record_key` is null or repeated.
    """
    table = checked(records).sort("record_key").with_row_index("position").with_columns(pl.col("position").cast(pl.Int64))
    frame = table.with_columns(_stated_birth()).drop("birth_date_precision", "document_number", "person_token")
    for side in ("given", "middle", "family"):
        named = name_features(table[f"{side}_name"], side, model.frequencies.names)
        frame = _looked_up(frame, f"{side}_name", named, "name")
    frame = _looked_up(frame, "birth_date", births(frame["birth_date"].drop_nulls().unique(maintain_order=True)), "birth_date")
    for name in ("address", "birth_place", "occupation"):
        frame = _looked_up(frame, name, _words(table[name], name), "text")
    frame = frame.with_columns(
        number(table["document_number"]).alias("document"),
        phones(table["phone"]).alias("phone"),
        email(pl.col("email")).alias("email"),
        number(table["postal_code"]).alias("postal_code"),
        *(_together(part) for part in ("keys", "uncommon")),
    ).with_columns(*_places())
    return frame.join(token_columns(table, round_keys), on="position", how="left", maintain_order="left")


def _looked_up(frame: pl.DataFrame, column: str, values: pl.DataFrame, key: str) -> pl.DataFrame:
    """The frame with what `values` says of each distinct value of the column, in place of a column of the same name."""
    beside = values.rename({key: "__value"})
    joined = frame.rename({column: "__value"}).join(beside, on="__value", how="left", maintain_order="left")
    return joined.drop("__value")


def _stated_birth() -> pl.Expr:
    """The birth date as far as it is meant: of 1998-07-01 with the precision "year", the year."""
    precision, date = pl.col("birth_date_precision").str.to_lowercase(), pl.col("birth_date")
    return (
        pl.when(precision == "year")
        .then(date.str.head(4))
        .when(precision == "month")
        .then(date.str.head(7))
        .otherwise(date)
        .alias("birth_date")
    )


def _together(part: str) -> pl.Expr:
    """Keys of all names of a record, in whichever field they stand: partners swap the fields and put more names into one."""
    given, middle, family = (pl.col(f"{side}_{part}").fill_null([]) for side in ("given", "middle", "family"))
    both = given.list.set_union(family)
    every = pl.when(pl.col(f"middle_{part}").is_null()).then(both).otherwise(both.list.set_union(middle))
    return pl.when(every.list.len() > 0).then(every.list.sort()).alias(f"name_{part}")


def _places() -> list[pl.Expr]:
    """postal_area: a post code without its last part, two digits of a code of digits, three characters of any other; postal_sorted: its
    characters in order, equal however they were exchanged."""
    code = pl.col("postal_code")
    return [
        pl.when(code.str.contains(r"^\d+$")).then(code.str.head(-2)).otherwise(code.str.head(-3)).alias("postal_area"),
        code.str.split("").list.sort().list.join("").alias("postal_sorted"),
    ]


def _words(values: pl.Series, name: str) -> pl.DataFrame:
    """text, <name>: folded words; for an address also address_keys, numbers of its words with the digits left in, and street: the
    sounds that it begins with, whatever house number comes first and wherever its words are parted."""
    distinct = values.drop_nulls().unique(maintain_order=True)
    frame = pl.DataFrame({"text": distinct, name: folded_values(distinct)}, schema={"text": pl.String, name: pl.String})
    if name != "address":
        return frame
    words = distinct.str.to_lowercase().str.extract_all(r"[\p{L}\p{Nd}]+")
    numbers = pl.Series([sorted({stable_number(word) for word in row}) for row in words], dtype=pl.List(pl.Int64))
    street = skeleton(pl.col(name).str.replace_all(" ", "")).str.head(_STREET_SOUNDS)
    return frame.with_columns(numbers.alias("address_keys"), street.alias("street"))
