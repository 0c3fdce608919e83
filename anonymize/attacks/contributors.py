"""Contributor subtraction: a partner takes the persons it sent in out of the published rows and looks at who is left.

Here: what is left of every class, and what the persons left share. Never here: a reader who sent in nobody (`linkage`).

A partner is taken to know which class each of its own persons is in. What is left of a coarser product, or of any cell, is a
sum of what is left of classes: so the classes of the finest table are the ones to look at.

Source: m-privacy with m = 1, Goryczka, Xiong and Fung, IEEE TKDE 2014.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from anonymize.attacks.controls import with_one_alone
from anonymize.attacks.holdings import FINEST, Truth, known_of
from anonymize.attacks.outcome import Limits, Outcome

SUBTRACTION, HOMOGENEITY = "contributor subtraction", "contributor homogeneity"
CLASS, SENDER, STRANGERS, VALUES = "_class", "_sender", "_strangers", "_values"
PLANTED = "a contributor of one person"


def subtract_own(truth: Truth, quasi: Sequence[str], limits: Limits) -> Iterator[Outcome]:
    """Classes left with 1 to k' - 1 strangers, of all classes that a partner has a person in; certain with one stranger left.

    Held against a limit among the persons of the newest cohort alone: reports of another partner about a person who was
    published long ago cannot be foreseen. Beside it, as information, fewer than k.
    """
    if truth.contributors is None:
        return
    people, raw = (_with_senders(table.select(quasi), quasi, truth.contributors) for table in (truth.labels, truth.original))
    control = _strangers(_planted(raw, quasi), truth.separator)
    newest = people if truth.is_new is None else people.filter(truth.is_new)
    every, fresh = _strangers(people, truth.separator), _strangers(newest, truth.separator)
    least = limits.strangers
    if least > 1:
        yield _outcome(f"its own persons, fewer than {least} left of the newest cohort", fresh, control, least, limit=0.0)
        yield _outcome(f"its own persons, fewer than {least} left", every, control, least)
    yield _outcome(f"its own persons, fewer than k = {limits.k} left", every, control, limits.k)


def share_of_strangers(truth: Truth, quasi: Sequence[str], sensitive: Sequence[str]) -> Iterator[Outcome]:
    """Of every sensitive field, the classes whose strangers share one known value though the class does not; certain when it is
    one stranger. Information: no condition of the method asks for it."""
    if truth.contributors is None:
        return
    for field in sensitive:
        people = _with_senders(truth.labels.select(*quasi, field), quasi, truth.contributors)
        if people.filter(known_of(field))[field].n_unique() > 1:
            raw = _with_senders(truth.original.select(quasi).hstack(truth.labels.select(field)), quasi, truth.contributors)
            found = _alike(people, field, truth.separator)
            control = _alike(_planted(raw, quasi, field), field, truth.separator)
            yield Outcome(HOMOGENEITY, FINEST, f"its own persons, of {field}", "classes", *found, control[1])


def _with_senders(table: pl.DataFrame, quasi: Sequence[str], senders: pl.Series) -> pl.DataFrame:
    """The persons with the number of their class and who sent them in."""
    return table.with_columns(senders.alias(SENDER), pl.struct(quasi).rank("dense").alias(CLASS))


def _planted(raw: pl.DataFrame, quasi: Sequence[str], field: str | None = None) -> pl.DataFrame:
    """The raw table with somebody alone, joined by one person of a contributor of its own who differs in the field."""
    table = with_one_alone(raw, quasi, known_of(field) if field else None)
    size = table.select(pl.len().over(CLASS))["len"]
    alone = table.filter((size == 1) & (known_of(field) if field else pl.lit(True))).head(1)
    other = alone.with_columns(pl.lit(PLANTED).alias(SENDER))
    if field:
        values = raw.filter(known_of(field))[field].unique().sort()
        other = other.with_columns(pl.lit(next(value for value in values if value != alone[field][0])).alias(field))
    return pl.concat([table, other])


def _outcome(knowledge: str, strangers: pl.Series, control: pl.Series, least: int, limit: float | None = None) -> Outcome:
    few, alone, found = (int(((left > 0) & (left < most)).sum()) for left, most in ((strangers, least), (strangers, 2), (control, least)))
    return Outcome(SUBTRACTION, FINEST, knowledge, "classes", len(strangers), few, alone, found, limit=limit)


def _strangers(people: pl.DataFrame, separator: str) -> pl.Series:
    """How many strangers each contributor finds in each class that it has a person in."""
    sized = people.with_columns(pl.len().over(CLASS).cast(pl.Int64).alias(STRANGERS))
    return _sent(sized, separator).group_by(CLASS, SENDER).agg(pl.col(STRANGERS).first() - pl.len().cast(pl.Int64))[STRANGERS]


def _sent(people: pl.DataFrame, separator: str) -> pl.DataFrame:
    """One row for each person and each contributor that sent it in."""
    return people.with_columns(pl.col(SENDER).str.split(separator).list.unique()).explode(SENDER)


def _alike(people: pl.DataFrame, field: str, separator: str) -> tuple[int, int, int]:
    """Classes of a contributor that leave a stranger with a known value; those where one value is left of several; of them,
    those where it is one stranger's."""
    sent = _sent(people, separator)
    of_class = people.filter(known_of(field)).group_by(CLASS, field).agg(pl.len().cast(pl.Int64).alias(STRANGERS))
    own = sent.filter(known_of(field)).group_by(CLASS, SENDER, field).agg(pl.len().cast(pl.Int64).alias("_own"))
    pairs = sent.select(CLASS, SENDER).unique().join(of_class, on=CLASS).join(own, on=[CLASS, SENDER, field], how="left")
    left = pairs.with_columns(pl.col(STRANGERS) - pl.col("_own").fill_null(0))
    found = left.group_by(CLASS, SENDER).agg(pl.col(STRANGERS).sum(), (pl.col(STRANGERS) > 0).sum().alias("_kept"), pl.len().alias(VALUES))
    tried = found.filter(pl.col(STRANGERS) > 0)
    alike = tried.filter((pl.col("_kept") == 1) & (pl.col(VALUES) > 1))
    return tried.height, alike.height, alike.filter(pl.col(STRANGERS) == 1).height
