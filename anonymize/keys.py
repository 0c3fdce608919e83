"""Keys that stand in the warehouse for a partner's own numbers.

Here: the keyed digest and the two columns made with it. Never here: where the secret is kept, or a way back from a key.
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
    """The reports with `record_key` and `case_key`, both text.

    A record is keyed by its partner, its file and its number in that file, whatever it is about; a case by its partner
    and its number alone, since several files of a partner tell of one case. Without a case number the case key is null.
    Raises `CasehouseError` with the count of rows when one lacks what its record key is made of.
    """
    frame = reports.frame
    named_by = ("partner_code", "file", "source_record_id")
    incomplete = frame.select(pl.any_horizontal(pl.col(named_by).is_null()).sum()).item()
    if incomplete:
        raise CasehouseError(f"{incomplete} row(s) without {', '.join(named_by)} cannot be keyed")
    key_of(secret)  # refuses an empty secret even when there are no rows
    records = _keys(secret, zip(*(frame[name].to_list() for name in named_by), strict=True))
    cases: list[str | None] = [None] * frame.height
    if "source_case_id" in frame.columns:
        cases = _keys(secret, zip(frame["partner_code"].to_list(), frame["source_case_id"].to_list(), strict=True))
    return Identified(frame.with_columns(pl.Series("record_key", records, dtype=pl.String), pl.Series("case_key", cases, dtype=pl.String)))


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
