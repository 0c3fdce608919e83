"""Human judgements of pairs of records, and who was shown what.

Here: entering them in the log, and saying which are applied. Never here: grouping by them (`linkage.clusters`).

A judgement stays, whatever model scores later. It is never edited: a newer one of the same pair takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import polars as pl

from linkage.registry.tables import JUDGEMENT, Kind, Registry, appended
from schemas.errors import CasehouseError

Verdict = Literal["same", "different", "unsure"]


class Standing(StrEnum):
    """Whether a judgement is applied, and if not, why."""

    NEW = "new"
    """Given after the last linkage."""
    APPLIED = "applied"
    REPLACED = "replaced"
    """There is a newer one of the same pair."""
    CONTRADICTED = "contradicted"
    """Newer ones of other pairs leave no room for it."""
    ABSENT = "absent"
    """One of its records is not present; it is applied again when the record returns."""


@dataclass(frozen=True)
class NewJudgement:
    """What somebody decided of two records, who and when (the review's text, ISO 8601)."""

    record_key_left: str
    record_key_right: str
    verdict: Verdict
    by: str
    at: str


def judged(registry: Registry, judgement: NewJudgement) -> tuple[Registry, int]:
    """The registry with one more judgement, and its number. Raises `CasehouseError` for a pair of one record."""
    left, right = pair_of(judgement)
    number = registry.next_number
    row = (number, left, right, judgement.verdict, judgement.by, judgement.at, Standing.NEW.value)
    log = appended(registry, pl.DataFrame({"kind": [Kind.JUDGED.value]}))
    judgements = pl.concat([registry.judgement, pl.DataFrame([row], schema=JUDGEMENT, orient="row")])
    return Registry(registry.person, registry.membership, judgements, log), number


def pair_of(judgement: NewJudgement) -> tuple[str, str]:
    """The two records, the smaller key first; `CasehouseError` when they are one."""
    left, right = sorted((judgement.record_key_left, judgement.record_key_right))
    if left == right:
        raise CasehouseError("a judgement is of two records")
    return left, right


def accessed(registry: Registry, *, by: str, at: str, shown: int) -> Registry:
    """The registry with the entry that somebody was shown so many pairs of records."""
    said = pl.DataFrame({"kind": [Kind.REVIEWED.value], "by": [by], "at": [at], "amount": [shown]})
    return Registry(registry.person, registry.membership, registry.judgement, appended(registry, said))


def with_standing(registry: Registry, contradicted: Iterable[int]) -> Registry:
    """The registry with the standing of every judgement after a linkage that could not apply those of these numbers."""
    present = registry.membership.filter(pl.col("valid_to").is_null())["record_key"].implode()
    is_last = pl.col("number") == pl.col("number").max().over("record_key_left", "record_key_right")
    standing = (
        pl.when(~is_last)
        .then(pl.lit(Standing.REPLACED.value))
        .when(~pl.all_horizontal(pl.col("record_key_left", "record_key_right").is_in(present)))
        .then(pl.lit(Standing.ABSENT.value))
        .when(pl.col("number").is_in(list(contradicted)))
        .then(pl.lit(Standing.CONTRADICTED.value))
        .otherwise(pl.lit(Standing.APPLIED.value))
    )
    judgements = registry.judgement.with_columns(standing=standing)
    if judgements.equals(registry.judgement):
        return registry
    return Registry(registry.person, registry.membership, judgements, registry.event)
