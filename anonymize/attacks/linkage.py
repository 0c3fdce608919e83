"""Linkage: someone who knows a person's true quasi-identifiers looks for the published rows that may be the person's.

Here: the attack with the quasi-identifiers alone, and with sensitive values known besides. Never here: what the rows found say
of the person (`homogeneity`).

Everything the attacker knows takes rows away: so knowing all quasi-identifiers is the worst of any two to all of them, and is
the one that is tried, on every person. Two readers are tried: one who must take every row whose label may stand for the
known values, and one who has played the method through and knows the person's own class.

Source: prosecutor re-identification, Dankar and El Emam 2010; auxiliary columns, Sweeney 2002.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.attacks.candidates import candidate_counts, class_weights
from anonymize.attacks.controls import with_one_alone
from anonymize.attacks.holdings import FINEST, Hierarchies, Shown, Truth
from anonymize.attacks.outcome import Limits, Outcome

ATTACK = "linkage"
MOST_TRIED = 120_000
"""Different persons tried on one table, evenly taken from all of them in the order of their values."""


def link(shown: Shown, truth: Truth, hierarchies: Hierarchies, limits: Limits) -> Iterator[Outcome]:
    """Persons with 1 to k - 1 candidate rows in the table; certain when one row is left. A person without any is not in the table."""
    people = truth.original.select(shown.quasi).hstack(truth.labels.select(shown.sensitive))
    raw = with_one_alone(people, shown.quasi)
    found = _linked(shown.table, people, shown, hierarchies, limits.k)
    control = _linked(raw, raw, shown, hierarchies, limits.k)
    for fields, counts in found.items():
        limit = None if fields else 0.0
        knowledge = " and ".join(("all quasi-identifiers", *fields))
        yield Outcome(ATTACK, shown.name, knowledge, "persons", *counts, control[fields][2], limit=limit)


def link_in_class(truth: Truth, quasi: Sequence[str], sensitive: Sequence[str], limits: Limits) -> Iterator[Outcome]:
    """The same for a reader who knows the person's class in the finest table, since it played the method through."""
    raw = with_one_alone(truth.original.select(quasi).hstack(truth.labels.select(sensitive)), quasi)
    for fields in _known_besides(sensitive):
        linked, certain = _in_class(truth.labels, [*quasi, *fields], limits.k)
        control = _in_class(raw, [*quasi, *fields], limits.k)[1]
        limit = None if fields else 0.0
        knowledge = " and ".join(("the class", *fields))
        yield Outcome(ATTACK, FINEST, knowledge, "persons", truth.labels.height, linked, certain, control, limit=limit)


def _known_besides(sensitive: Sequence[str]) -> list[tuple[str, ...]]:
    """Nothing, each of the sensitive fields, all of them."""
    return list(dict.fromkeys([(), *((field,) for field in sensitive), tuple(sensitive)]))


def _linked(
    table: pl.DataFrame, people: pl.DataFrame, shown: Shown, hierarchies: Hierarchies, k: int
) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """For each choice of known sensitive fields: persons tried, with fewer than k candidates, with one."""
    persons = tried_of(people, shown.quasi)
    tuples = people.group_by(people.columns).len("persons").join(persons, on=shown.quasi, how="semi", nulls_equal=True)
    known = {fields: people.select(fields).unique(maintain_order=True) for fields in _known_besides(shown.sensitive)}
    kinds = [_rows_with(fields, row) for fields, values in known.items() for row in (values.iter_rows() if fields else [()])]
    classes, weights = class_weights(table, shown.quasi, kinds)
    counts = candidate_counts(persons, classes, weights, hierarchies)
    person, stands_for = row_numbers(tuples, persons), tuples["persons"].to_numpy()
    results, first = {}, 0
    for fields, values in known.items():
        found = counts[person, first + row_numbers(tuples, values)]
        few = (found > 0) & (found < k)
        results[fields] = (int(stands_for.sum()), int(stands_for[few].sum()), int(stands_for[found == 1].sum()))
        first += values.height if fields else 1
    return results


def _rows_with(fields: Sequence[str], values: Sequence[str]) -> pl.Expr:
    """How many rows show these values in these fields; all of them, where none is asked."""
    asked = [pl.col(field) == value for field, value in zip(fields, values, strict=True)]
    return pl.all_horizontal(asked).sum() if asked else pl.len()


def tried_of(people: pl.DataFrame, quasi: Sequence[str]) -> pl.DataFrame:
    """The combinations of true values that occur, in order; evenly taken ones where there are more than can be tried."""
    persons = people.select(quasi).unique().sort(quasi)
    return persons.gather_every(max(-(-persons.height // MOST_TRIED), 1))


def row_numbers(tuples: pl.DataFrame, distinct: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Which row of `distinct` each tuple shows in its columns; 0 where it has none."""
    if not distinct.columns:
        return np.zeros(tuples.height, dtype=np.int64)
    numbered = distinct.with_row_index("_number")
    joined = tuples.join(numbered, on=distinct.columns, how="left", nulls_equal=True, maintain_order="left")
    return joined["_number"].to_numpy().astype(np.int64)


def _in_class(labels: pl.DataFrame, columns: Sequence[str], k: int) -> tuple[int, int]:
    size = labels.group_by(columns).len("persons")["persons"]
    return int(size.filter(size < k).sum()), int((size == 1).sum())
