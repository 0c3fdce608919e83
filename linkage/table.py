"""The table that linkage takes: its columns, and their check.

Here: the names of the columns, required and optional. Never here: what a value means, or a value in a message.
"""

from __future__ import annotations

import polars as pl

from schemas.errors import LeakStopped
from schemas.missing import MISSING_CODES
from schemas.zones import Identified

REQUIRED = ("record_key", "partner_code")
# A column that a table lacks counts as missing in every record.
OPTIONAL = (
    "source_person_id",
    "given_name",
    "middle_name",
    "family_name",
    "birth_date",
    "birth_date_precision",
    "gender_code",
    "citizenship_code",
    "document_number",
    "phone",
    "email",
    "address",
    "postal_code",
    "birth_place",
    "occupation",
    "person_token",
)
INPUT = REQUIRED + OPTIONAL
_CODES = ("gender_code", "citizenship_code")


def checked(records: Identified) -> pl.DataFrame:
    """The columns of `INPUT` in that order, all text; absent optional ones, blank cells and codes of what is not known are null.

    Other columns are left out. Raises `LeakStopped` when a required column is missing or `record_key` is null or repeated.
    """
    frame = records.frame
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise LeakStopped(f"records to link lack the columns {', '.join(missing)}")
    frame = frame.select(_text(name) if name in frame.columns else pl.lit(None, pl.String).alias(name) for name in INPUT)
    if frame["record_key"].null_count() or frame["record_key"].n_unique() != frame.height:
        raise LeakStopped("record_key must be present and unique in every record to link")
    return frame


def _text(name: str) -> pl.Expr:
    stripped = pl.col(name).cast(pl.String).str.strip_chars()
    is_known = stripped != ""
    if name in _CODES:
        # Two partners that both do not know a citizenship agree in nothing.
        is_known &= ~stripped.is_in(MISSING_CODES)
    return pl.when(is_known).then(stripped).alias(name)
