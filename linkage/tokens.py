"""Keyed tokens of a person, for partners that may not send names.

Here: the composite token and the pinned text it is made over. Never here: a token without a secret, of one field, or without a full
birth date: those are broken by counting how often each occurs.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

import polars as pl

from linkage.folding import folded
from schemas.errors import UserError

MINIMUM_KEY_BYTES = 16


def person_token(key: bytes, given_name: str | None, family_name: str | None, birth_date: str | None) -> str | None:
    """The token of one person: 64 hexadecimal digits, or None unless both names and a full ISO birth date are there.

    HMAC-SHA-256 (RFC 2104, FIPS 180-4) with the shared `key` over the UTF-8 text `folded given|folded family|YYYY-MM-DD`,
    where names are folded by `linkage.folding.folded`. 1 January is how partners write a birth date of which they know the year, so
    it makes no token: many persons share a common name and such a date. Raises `UserError` for a key under 16 bytes.
    """
    text = {"given_name": [given_name], "family_name": [family_name], "birth_date": [birth_date]}
    token: str | None = token_column(pl.DataFrame(text, schema=dict.fromkeys(text, pl.String)), key)[0]
    return token


def token_column(frame: pl.DataFrame, key: bytes) -> pl.Series:
    """`person_token` of every row of a frame with given_name, family_name and birth_date: a column of the same height."""
    _check(key)
    born = pl.col("birth_date").str.strip_chars()
    is_day = born.str.contains(r"^\d{4}-\d{2}-\d{2}$") & born.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    is_day &= ~born.str.ends_with("-01-01")
    text = pl.concat_str(folded(pl.col("given_name")), folded(pl.col("family_name")), pl.when(is_day).then(born), separator="|")
    keyed = hmac.new(key, digestmod=sha256)
    tokens: list[str | None] = []
    for message in frame.select(text.alias("text"))["text"]:
        if message is None:
            tokens.append(None)
            continue
        one = keyed.copy()
        one.update(message.encode())
        tokens.append(one.hexdigest())
    return pl.Series("person_token", tokens, dtype=pl.String)


def _check(key: bytes) -> None:
    if len(key) < MINIMUM_KEY_BYTES:
        raise UserError(
            "the key of the person tokens is too short",
            where="the secret shared with the partners that send tokens",
            allowed=f"at least {MINIMUM_KEY_BYTES} random bytes",
            next_step="make a key with a cryptographic generator and share it with those partners only",
        )
