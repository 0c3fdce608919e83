"""Whose each published row of flags is: what nobody may find out, looked up, so that the attacks on a release can be judged.

Here: the persons of a new cohort put to the rows as they are published. Never here: an attack, or a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import polars as pl

from anonymize.attacks.holdings import FlagRows
from pipelines.flagging import Flagged
from schemas.errors import CasehouseError
from schemas.flags import FLAG_COLUMNS, FLAG_GROUP
from schemas.missing import NOT_STATED
from warehouse.publication import Table

_PERSON, _PLACE, _LOT = "person", "place", "lot"


def flag_rows(flagged: Flagged, tables: Sequence[Table]) -> FlagRows | None:
    """The flags of a new cohort as the release shows them, and whose they are; None where it shows none, or no group of a person.

    Both tables are in the order of publication. Between rows that are alike the order says nothing; there a lot decides.
    """
    cores = [table for table in tables if _shows_groups_of_all(table)]
    of_flags = [table for table in tables if table.product.kind == "flags"]
    if flagged.flags.is_empty() or not cores or not of_flags:
        return None
    is_new = pl.col(FLAG_GROUP).is_in(flagged.flags[FLAG_GROUP].unique().to_list())
    core, flags = (table.anonymous.frame.filter(is_new) for table in (cores[0], of_flags[0]))
    lots = [sha256(key.encode()).hexdigest() for key in flagged.rows["person_key"]]
    persons = flagged.rows.drop(FLAG_COLUMNS, strict=False).with_row_index(_PERSON).with_columns(pl.Series(_LOT, lots))
    return FlagRows(
        flags,
        FLAG_GROUP,
        FLAG_COLUMNS,
        flagged.true.select(flagged.rows[FLAG_GROUP], *FLAG_COLUMNS),
        core_person=_persons_behind(core, persons),
        core_group=core[FLAG_GROUP],
        flags_person=_persons_behind(flags, persons.select(_PERSON, _LOT, FLAG_GROUP).hstack(flagged.shown.select(FLAG_COLUMNS))),
        absent=(NOT_STATED,),
    )


def _shows_groups_of_all(table: Table) -> bool:
    product = table.product
    return product.kind == "persons" and FLAG_GROUP in product.columns and not product.filters and not product.coarsen


def _persons_behind(published: pl.DataFrame, persons: pl.DataFrame) -> pl.Series:
    """The person of each published row: of the rows alike, the first is that of the person with the first lot, and so on."""
    place = pl.int_range(pl.len()).over(published.columns).alias(_PLACE)
    found = published.with_columns(place).join(
        persons.sort(_LOT).with_columns(place), on=[*published.columns, _PLACE], how="left", maintain_order="left"
    )
    if nobodys := found[_PERSON].null_count():
        raise CasehouseError(f"{nobodys} published row(s) are nobody's: they differ from what was anonymized")
    return found[_PERSON].cast(pl.Int64)
