"""Homogeneity: the rows that may be a person's all say the same of a sensitive field, so that no row need be picked.

Here: what is learnt of a sensitive value with certainty and with likelihood, by field. Never here: how the rows are found
(`candidates`), or what the conditions of a class should be.

Source: Machanavajjhala et al., TKDD 2007 (homogeneity attack). A missing value is taken to hide nothing: those who lack one
are taken to share that of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.attacks.candidates import Counts, candidate_counts, class_weights
from anonymize.attacks.controls import with_one_alone
from anonymize.attacks.holdings import FINEST, Hierarchies, Shown, Truth, known_of
from anonymize.attacks.linkage import row_numbers, tried_of
from anonymize.attacks.outcome import Limits, Outcome

CERTAIN, LIKELY = "homogeneity", "likely homogeneity"


@dataclass(frozen=True)
class Learnt:
    """Persons whose value of a field is known in truth, those of whom it is learnt with likelihood, and with certainty."""

    persons: int
    likely: int
    certain: int


class Base:
    """What everybody knows of a sensitive field before looking for anyone: its known values and their shares in the whole table."""

    def __init__(self, people: pl.DataFrame, field: str, likelihood: float) -> None:
        known = people.filter(known_of(field)).group_by(field).len("persons").sort(field)
        self.field, self.values, self.likelihood = field, known[field], likelihood
        persons = known["persons"].to_numpy()
        self.shares = persons / persons.sum()
        self.counts = [(pl.col(field) == value).sum() for value in self.values]

    def learnt(self, counts: Counts, own: npt.NDArray[np.int64], persons: npt.NDArray[np.int64]) -> Learnt:
        """`counts`: candidate rows with each known value, one line for `persons` persons whose own value is number `own`.

        Nothing is learnt that the share of the value in the whole table already tells.
        """
        share = counts[np.arange(len(own)), own].astype(np.float64) / np.maximum(counts.sum(axis=1), 1)
        certain = share == 1
        likely = certain | ((share > self.likelihood) & (self.shares[own] <= self.likelihood))
        return Learnt(int(persons.sum()), int(persons[likely].sum()), int(persons[certain].sum()))


def infer(shown: Shown, truth: Truth, hierarchies: Hierarchies, limits: Limits) -> Iterator[Outcome]:
    """Of every sensitive field, whose value the candidate rows in the table tell someone who knows all quasi-identifiers."""
    people = truth.original.select(shown.quasi).hstack(truth.labels.select(shown.sensitive))
    bases = [Base(people, field, limits.likelihood) for field in _uncertain(people, shown.sensitive)]
    for base, found in zip(bases, _of_candidates(shown.table, people, shown.quasi, hierarchies, bases), strict=True):
        raw = _alone_with_rare_value(people, shown.quasi, base.field)
        (control,) = _of_candidates(raw, raw, shown.quasi, hierarchies, [base])
        yield from _outcomes(shown.name, f"all quasi-identifiers, of {base.field}", found, control, limits)


def infer_in_class(truth: Truth, quasi: Sequence[str], sensitive: Sequence[str], limits: Limits) -> Iterator[Outcome]:
    """The same for a reader who knows the person's class in the finest table, since it played the method through."""
    for field in _uncertain(truth.labels, sensitive):
        base = Base(truth.labels, field, limits.likelihood)
        raw = _alone_with_rare_value(truth.original.select(quasi).hstack(truth.labels.select(field)), quasi, field)
        yield from _outcomes(
            FINEST, f"the class, of {field}", _of_classes(truth.labels, quasi, base), _of_classes(raw, quasi, base), limits
        )


def _outcomes(table: str, knowledge: str, found: Learnt, control: Learnt, limits: Limits) -> Iterator[Outcome]:
    certain, likely = (found.persons, found.certain, found.certain), (found.persons, found.likely, found.certain)
    yield Outcome(CERTAIN, table, knowledge, "persons", *certain, control.certain, limit=0.0)
    yield Outcome(LIKELY, table, knowledge, "persons", *likely, control.likely, limit=limits.likely_share)


def _uncertain(table: pl.DataFrame, fields: Sequence[str]) -> list[str]:
    """Fields with two known values or more: of the others the whole table tells all there is."""
    return [field for field in fields if table.filter(known_of(field))[field].n_unique() > 1]


def _alone_with_rare_value(people: pl.DataFrame, quasi: Sequence[str], field: str) -> pl.DataFrame:
    counted = people.filter(known_of(field)).group_by(field).len("persons").sort("persons", field)
    return with_one_alone(people, quasi, pl.col(field) == counted[field][0])


def _of_candidates(
    table: pl.DataFrame, people: pl.DataFrame, quasi: Sequence[str], hierarchies: Hierarchies, bases: Sequence[Base]
) -> Iterator[Learnt]:
    persons = tried_of(people, quasi)
    classes, weights = class_weights(table, quasi, [count for base in bases for count in base.counts])
    counts, first = candidate_counts(persons, classes, weights, hierarchies), 0
    for base in bases:
        tuples = people.filter(known_of(base.field)).group_by([*quasi, base.field]).len("persons")
        tuples = tuples.join(persons, on=quasi, how="semi", nulls_equal=True)
        own = tuples[base.field].replace_strict(base.values, range(len(base.values)), return_dtype=pl.Int64)
        found = counts[row_numbers(tuples, persons), first : first + len(base.values)]
        yield base.learnt(found, own.to_numpy(), tuples["persons"].to_numpy())
        first += len(base.values)


def _of_classes(labels: pl.DataFrame, quasi: Sequence[str], base: Base) -> Learnt:
    _, counts = class_weights(labels, quasi, base.counts)
    place, own = np.nonzero(counts)
    return base.learnt(counts[place], own, counts[place, own].astype(np.int64))
