"""What a report says, as one keyed digest: two reports of a record say the same when their digests are equal.

Here: the digest and what goes into it. Never here: where a report stands, which is no part of what it says.
"""

from __future__ import annotations

import hmac

import polars as pl

from anonymize.keys import KEY_CHARACTERS, key_of
from schemas.render import polars_schema
from schemas.units import MODELS, Unit
from schemas.zones import Identified


def contents_of(reports: Identified, unit: Unit, secret: bytes) -> pl.Series:
    """Row by row HMAC-SHA-256 (RFC 2104) under the secret over the unit and every field of its report model, 20 hexadecimal characters.

    Partner, batch, file and row are left out, so that the same report in another file says the same. Raises `VaultError`
    for an empty secret.
    """
    key_of(secret)  # refuses an empty secret even when there are no rows
    fields = list(polars_schema(MODELS[unit].report))
    texts = reports.frame.select(pl.struct(fields).struct.json_encode()).to_series()
    digests = [hmac.digest(secret, f"{unit.value}\n{text}".encode(), "sha256").hex()[:KEY_CHARACTERS] for text in texts]
    return pl.Series("content", digests, dtype=pl.String)
