"""The three flags of exploitation, where a partner reports forms of exploitation and no flags.

Here: one rule, by the groups of the vocabulary of forms. Never here: a flag that the partner reports itself.
"""

from __future__ import annotations

import polars as pl

from ingest.mapping.codes import is_reason
from schemas.vocabulary import vocabulary

SOURCE_FIELD = "exploitation_codes"
DERIVED_FIELDS = {"forced_labour_code": "labour", "sexual_exploitation_code": "sexual", "other_exploitation_code": "other"}
"""Flag -> the group of forms that makes it yes (the groups that CTDC publishes)."""


def derived_flag(group: str) -> pl.Expr:
    """Yes when a form of the group is listed, no when only others or none were found, else why nothing is known.

    Reads the mapped `exploitation_codes`; null where these are null.
    """
    codes = pl.col(SOURCE_FIELD)
    members = vocabulary("exploitation_form").under(group)
    has_member = pl.any_horizontal(*(codes.list.contains(code) for code in members))
    reason = codes.list.first()
    yes_or_no = pl.when(has_member).then(pl.lit("yes")).when(is_reason(reason)).then(reason).otherwise(pl.lit("no"))
    return pl.when(codes.is_not_null()).then(yes_or_no)
