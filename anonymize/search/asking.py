"""Turn the conditions as a steward states them into numbers, and see which of them the whole table can keep.

Here: what is asked, what is waived, what is refused. Never here: the judgement of a class (`search.judging`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log

import numpy as np

from anonymize.conditions import Conditions, Diversity
from anonymize.search.encoding import Flags, Ints, Numbers, People, number_distinct
from anonymize.search.judging import Asked, lack_of_strangers, lack_of_values
from schemas.errors import SpecificationError


def ask(people: People, conditions: Conditions) -> tuple[Asked, tuple[str, ...]]:
    """What is asked of every class, and the sensitive fields of which the whole table holds too little to ask all of it.

    What the whole table cannot reach (distinct values, entropy) is waived, the rest is asked all the same. Raises
    `SpecificationError` where all persons together are fewer than k, or leave too few strangers to a contributor: then no class
    can be made.
    """
    counts = [_count(people, codes, known) for codes, known in zip(people.sensitive.T, people.known, strict=True)]
    kept = [reachable(each, count) for each, count in zip(conditions.sensitive, counts, strict=True)]
    profile, example = number_distinct([*people.sensitive.T, people.contributors])
    sent = np.bincount(people.contributors, people.persons, len(people.sets)).astype(np.int64) @ people.sets
    first = np.cumsum([0, *map(len, counts)])
    numbers = [np.where(known, np.cumsum(known) - 1 + start, -1) for known, start in zip(people.known, first, strict=False)]
    sets = people.sets[people.contributors[example]]
    asked = Asked(
        k=conditions.k,
        least=conditions.contributors.least if conditions.contributors else 0,
        first=first.astype(np.int32),
        # One distinct value is no condition: a class without any known value tells nothing.
        distinct=np.array([each.distinct if each.distinct > 1 else 0 for each in kept], dtype=np.int32),
        entropy=np.array([log(each.entropy) for each in kept], dtype=np.float64),
        closeness=np.array([each.closeness for each in kept], dtype=np.float64),
        whole=np.concatenate([*counts, sent]),
        profile=profile.astype(np.int32),
        traits=_side_by_side(
            [
                *(number[codes][:, np.newaxis] for number, codes in zip(numbers, people.sensitive[example].T, strict=True)),
                np.where(sets, first[-1] + np.arange(sets.shape[1]), -1),
            ]
        ),
    )
    _refuse_what_fails_as_a_whole(asked, int(people.persons.sum()))
    return asked, tuple(each.field for each, less in zip(conditions.sensitive, kept, strict=True) if each != less)


def _count(people: People, codes: Numbers, known: Flags) -> Ints:
    """How many persons of the table have each known value of a field."""
    counts: Ints = np.bincount(codes, people.persons, len(known)).astype(np.int64)[known]
    return counts


def reachable(diversity: Diversity, count: Ints) -> Diversity:
    """The condition without what a table with these known values cannot reach."""
    if diversity.distinct > 1 and lack_of_values(count, diversity.distinct, 0.0) > 0:
        diversity = replace(diversity, distinct=1)
    if lack_of_values(count, 0, log(diversity.entropy)) > 0:
        diversity = replace(diversity, entropy=1.0)
    return diversity


def _side_by_side(traits: Sequence[Ints]) -> Numbers:
    """The trait numbers of each profile, those that are none (-1) behind the others, no column of nothing but those."""
    table = -np.sort(-np.hstack(traits), axis=1)
    return np.ascontiguousarray(table[:, (table >= 0).any(axis=0)], dtype=np.int32)


def _refuse_what_fails_as_a_whole(asked: Asked, persons: int) -> None:
    faults = []
    if persons < asked.k:
        faults.append(f"k is {asked.k}, more than the {persons} person(s) of the table")
    if asked.least and lack_of_strangers(persons, asked.whole[asked.first[-1] :], asked.least) > 0:
        faults.append(f"without the persons of one of the contributors fewer than {asked.least} person(s) are left of the whole table")
    if faults:
        raise SpecificationError(
            faults,
            where="the table and the conditions that every class must keep",
            allowed="conditions that all persons together keep",
            next_step="ask for less, or wait for more persons",
        )
