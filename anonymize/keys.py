"""Keys that stand in the warehouse for a partner's own numbers.

Here: the keyed digest and the three columns made with it. Never here: where the secret is kept, or a way back from a key.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

import polars as pl

from schemas.errors import CasehouseError, VaultError
from schemas.zones import Identified

KEY_CHARACTERS = 20
"""80 bits: among a hundred million records two share a key with a chance under 1 in 200 million (birthday bound)."""

_LENGTH_BYTES = 8
_PERSON = ("person", "number")
"""Keeps the key of a person's number from being that of a case, or of a record, with the same number."""


def key_of(secret: bytes, *parts: str) -> str:
    """The key of some texts: HMAC-SHA-256 (RFC 2104, FIPS 198-1) under the secret, its first 20 hexadecimal characters.

    Each part goes in as its length and its UTF-8 bytes, so that no two lists of parts share an encoding
    (neither ("ab", "c") and ("a", "bc") nor lists of different lengths). Raises `VaultError` for an empty secret.
    """
    if not secret:
        raise VaultError(
            "the secret for keys is empty",
            where="the settings of this instance",
            allowed="at least one byte, better 32 random ones",
            next_step="restore the instance's secret; with another secret every key would change",
        )
    return _digest(secret, parts)


def with_keys(reports: Identified, secret: bytes) -> Identified:
    """The reports with `record_key`, `case_key` and `partner_person_key`, all text.

    A record is keyed by its partner, its file and its number in that file, whatever it is about; a case by its partner
    and its number alone, since several files of a partner tell of one case; so is a person whom the partner numbers. Without a
    number of the case or the person its key is null.
    Raises `CasehouseError` with the count of rows when one lacks what its record key is made of.
    """
    frame = reports.frame
    named_by = ("partner_code", "file", "source_record_id")
    incomplete = frame.select(pl.any_horizontal(pl.col(named_by).is_null()).sum()).item()
    if incomplete:
        raise CasehouseError(f"{incomplete} row(s) without {', '.join(named_by)} cannot be keyed")
    key_of(secret)  # refuses an empty secret even when there are no rows
    records = _keys(secret, zip(*(frame[name].to_list() for name in named_by), strict=True))
    made = {
        "record_key": records,
        "case_key": _keys_of_number(frame, "source_case_id", secret),
        "partner_person_key": _keys_of_number(frame, "source_person_id", secret, *_PERSON),
    }
    return Identified(frame.with_columns(pl.Series(name, keys, dtype=pl.String) for name, keys in made.items()))


def _keys_of_number(frame: pl.DataFrame, number: str, secret: bytes, *purpose: str) -> list[str | None]:
    """The keys of a partner's own numbers of one kind; null where there is no number, or no column of them."""
    if number not in frame.columns:
        return [None] * frame.height
    numbered = zip(frame["partner_code"].to_list(), frame[number].to_list(), strict=True)
    return _keys(secret, ((*purpose, *row) for row in numbered))


def _keys(secret: bytes, rows: Iterable[tuple[str | None, ...]]) -> list[str | None]:
    keys: dict[tuple[str | None, ...], str | None] = {}
    found: list[str | None] = []
    for row in rows:
        if row not in keys:
            known = tuple(part for part in row if part is not None)
            keys[row] = _digest(secret, known) if len(known) == len(row) else None
        found.append(keys[row])
    return found


def _digest(secret: bytes, parts: Iterable[str]) -> str:
    encoded = [part.encode("utf-8") for part in parts]
    message = b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in encoded)
    return hmac.digest(secret, message, "sha256").hex()[:KEY_CHARACTERS]
