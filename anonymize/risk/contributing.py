"""What is left of each class when one contributor takes its own persons out.

Here: the remainders that m-privacy with m = 1 asks for. Never here: how a search keeps them large, or a judgement of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from anonymize.risk.tables import numbered
from schemas.errors import SpecificationError


@dataclass(frozen=True)
class Strangers:
    """Over every class and every contributor of it: the persons that the contributor did not send itself.

    `smallest` is the least such number that is not 0, and 0 where there is none. `classes_under` counts the classes in
    which a contributor leaves at least one person and fewer than asked; `classes_of_one` those that hold nobody but
    the persons of one contributor, which tell it nothing of a stranger.
    """

    smallest: int
    classes_under: int
    classes_of_one: int


def strangers(
    published: pl.DataFrame, *, quasi: Sequence[str], contributors: pl.Series, least: int, separator: str | None = None
) -> Strangers:
    """Measure what each contributor learns by subtracting its own persons (Goryczka et al. 2014, m-privacy with m = 1).

    `contributors` names who sent each person in, a text a row in the order of the table; with a `separator`, several.
    Raises `SpecificationError` where it has another length, or names nobody for a person.
    """
    names = contributors.str.split(separator) if separator else pl.select(pl.concat_list(contributors)).to_series()
    names = names.list.eval(pl.element().filter(pl.element() != "")).list.unique()
    nameless = int((names.list.len().fill_null(0) == 0).sum())
    faults = [] if contributors.len() == published.height else [f"{published.height} person(s), {contributors.len()} contributor cell(s)"]
    faults += [f"{nameless} person(s) without a contributor"] if nameless else []
    if faults:
        raise SpecificationError(
            faults,
            where="the published table and the contributors of its persons",
            allowed="one text a person, in the order of the table, that names at least one contributor",
            next_step="give every person's contributor, then measure again",
        )
    persons = numbered(published, quasi).with_columns(pl.len().over("class").cast(pl.Int64).alias("persons"), names.alias("contributor"))
    own = persons.explode("contributor").group_by("class", "contributor", "persons").agg(pl.len().cast(pl.Int64).alias("own"))
    left = own.select("class", left=pl.col("persons") - pl.col("own"))
    some = left.filter(pl.col("left") > 0)
    return Strangers(
        smallest=min(some["left"].to_list(), default=0),
        classes_under=some.filter(pl.col("left") < least)["class"].n_unique(),
        classes_of_one=left.filter(pl.col("left") == 0)["class"].n_unique(),
    )
