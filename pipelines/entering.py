"""Newcomers: the persons that no release shows yet, anonymized among themselves as the next cohort, or kept waiting.

Here: what the warehouse knows of them, handed to the rules of cohorts, and what the proof says of a cohort. Never here: a
rule of who waits (`anonymize.releases.cohorts`), or an enrolment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from anonymize.attacks.holdings import Reenactment
from anonymize.hierarchy import Hierarchy
from anonymize.policy import Policy
from anonymize.releases.cohorts import SINCE, Patience, entry_of, weighed
from anonymize.risk import loss
from schemas.case import Person, PublishedPerson
from schemas.errors import ReleaseRefused
from schemas.fields import Sensitivity, fields_of, names_of
from schemas.release import CohortProof
from schemas.render import hierarchy_of
from warehouse.enrolment import Waiting
from warehouse.store import Store

QUASI = names_of(Person, Sensitivity.QUASI)
SENSITIVE = names_of(Person, Sensitivity.SENSITIVE)
MASTER_COLUMNS = tuple(field.name for field in fields_of(PublishedPerson))
COHORT, CONTRIBUTORS = "cohort", "contributors"
LOSS_DIGITS = 3
"""Of more digits a reader could solve how many values hide under a label."""


@dataclass(frozen=True)
class Newcomers:
    """Persons whom no release shows yet, of one pool.

    `rows` as the master table will hold them, with person_key and contributors; `original` the same persons in the same order
    as they are known; `waiting` those who must wait (person_key, since), with what the summary says of them; `played` the
    search as an attacker would play it through.
    """

    rows: pl.DataFrame
    original: pl.DataFrame
    facts: CohortProof | None
    waiting: pl.DataFrame
    played: Reenactment | None = None

    @property
    def waits(self) -> Waiting:
        """How many wait, and since when the first of them does."""
        return Waiting(self.waiting.height, self.waiting["since"].min() if self.waiting.height else None)  # type: ignore[arg-type]


def newcomers_of(store: Store, everyone: pl.DataFrame, policy: Policy, day: date) -> Newcomers:
    """Anonymize among themselves the persons that no release shows yet, as the next cohort; nothing is stored.

    `everyone` is what is known of every person. Raises `ReleaseRefused` when nobody was published yet and they are too few.
    """
    number = len(store.cohorts()) + 1
    since = store.waiting().rename({"since": SINCE})
    pool = everyone.join(store.enrolled(), on="person_key", how="anti").join(since, on="person_key", how="left", maintain_order="left")
    pool = pool.join(store.contributors(), on="person_key", how="left", maintain_order="left")
    if number == 1 and pool.height < policy.k.value:
        raise nobody_to_publish(pool.height, policy)
    hierarchies = list(person_hierarchies().values())
    patience = Patience(policy.smallest_pool.value, policy.largest_penalty.value, policy.longest_wait.value)
    conditions = policy.conditions(SENSITIVE, CONTRIBUTORS)
    search = weighed(policy.column_weights())
    entry = entry_of(pool, hierarchies, conditions, patience, day=day, is_first=number == 1, search=search)
    rows = entry.entering.select("person_key", pl.lit(number, pl.Int64).alias(COHORT), *QUASI, *SENSITIVE, CONTRIBUTORS)
    waiting = entry.waiting.select("person_key", since=SINCE)
    original = rows.select("person_key").join(everyone, on="person_key", how="left", maintain_order="left")
    if rows.is_empty():
        return Newcomers(rows, original, None, waiting)
    lost = loss(original, rows, hierarchies)
    facts = CohortProof(
        cohort=number,
        persons=rows.height,
        loss=round(lost.mean, LOSS_DIGITS),
        loss_by_column={column: round(share, LOSS_DIGITS) for column, share in lost.by_column},
        waived_diversity=entry.waived,
    )
    played = Reenactment(entry.pool, entry.labelled, QUASI, SENSITIVE, lambda table: search(table, hierarchies, conditions).table)
    return Newcomers(rows, original, facts, waiting, played)


def person_hierarchies() -> Mapping[str, Hierarchy]:
    """How each quasi-identifier of the master table becomes coarser."""
    return {field.name: Hierarchy(field.name, hierarchy_of(field)) for field in fields_of(Person) if field.sensitivity is Sensitivity.QUASI}


def nobody_to_publish(persons: int, policy: Policy) -> ReleaseRefused:
    """The refusal of a first release of fewer persons than one class needs."""
    return ReleaseRefused(
        f"{persons} person(s) in the warehouse are too few for a release",
        where="the master table",
        allowed=f"at least k = {policy.k.value} persons",
        next_step="take in more batches (casehouse run), then release again",
    )
