"""Tables that an attack must break: the raw one with one person standing alone, and naive anonymizations.

Here: how they are made, from the private original or without it. Never here: an attack.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from anonymize.attacks.holdings import Reenactment
from anonymize.hierarchy import Hierarchy
from schemas.vocabulary import SUPPRESSED

CONTROL_PERSONS = 2_000
"""So many persons of the original, evenly taken, are enough to see whether an attack finds anything."""
NAIVE_REGIONS = 12


def with_one_alone(table: pl.DataFrame, quasi: Sequence[str], such: pl.Expr | None = None) -> pl.DataFrame:
    """The raw table, of the rarest combination of the quasi-identifiers one person only: then at least one stands alone.

    With `such`, which must be true of somebody, the one who stands alone is a person of whom that is true.
    """
    raw = _some(table.with_columns(_such=pl.lit(True) if such is None else such)).with_row_index("_row")
    wanted = raw.filter("_such")
    rarest = raw.group_by(quasi).len("_persons").join(wanted, on=quasi, nulls_equal=True).sort("_persons", "_row").head(1)
    others = raw.join(rarest, on=quasi, how="semi", nulls_equal=True).filter(pl.col("_row") != rarest["_row"].item())
    return raw.join(others, on="_row", how="anti", maintain_order="left").select(table.columns)


def suppressing_the_rare(table: pl.DataFrame, quasi: Sequence[str], k: int) -> pl.DataFrame:
    """A naive anonymization: combinations of fewer than k persons are suppressed in every column."""
    rare = pl.len().over(list(quasi)) < k
    hidden = [
        pl.when(rare).then(pl.lit(SUPPRESSED)).otherwise(pl.col(column)).alias(column) if table.schema[column] == pl.String else column
        for column in quasi
    ]
    return table.with_columns(hidden)


def _some(table: pl.DataFrame) -> pl.DataFrame:
    """Every n-th person, and before them one who is `such`, so that a rare property is among them."""
    step = max(table.height // CONTROL_PERSONS, 1)
    return pl.concat([table.filter("_such").head(1), table.gather_every(step)])


def naive_minimal(k: int) -> tuple[Reenactment, dict[str, Hierarchy]]:
    """A release that gives sensitive values away by the reason for its classes (Wong et al., VLDB 2007).

    In each of some regions one town has k persons who all say no, the other three times as many, half of whom say yes.
    The method keeps towns apart where each has k persons and two answers, else it publishes the region: so a region tells
    that one of its towns has one answer, and its counts tell which.
    """
    regions = range(NAIVE_REGIONS)
    towns = [(f"{region}{town}", k * size) for region in regions for town, size in (("small", 1), ("large", 3))]
    rows = [(town, "yes" if town.endswith("large") and person % 2 else "no") for town, persons in towns for person in range(persons)]
    original = pl.DataFrame(rows, schema=["town", "answer"], orient="row")
    paths = {town: (town, town.removesuffix("small").removesuffix("large"), SUPPRESSED) for town, _ in towns}

    def method(table: pl.DataFrame) -> pl.DataFrame:
        in_town, region = pl.col("town"), pl.col("town").str.extract(r"^(\d+)")
        fit = (pl.len().over(in_town) >= k) & (pl.col("answer").n_unique().over(in_town) > 1)
        return table.with_columns(town=pl.when(fit.all().over(region)).then(in_town).otherwise(region))

    return Reenactment(original, method(original), ("town",), ("answer",), method), {"town": Hierarchy("town", paths)}
