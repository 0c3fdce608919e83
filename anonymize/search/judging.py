"""What a class must hold before it may exist: enough persons, different sensitive values, strangers to each contributor.

Here: the conditions as numbers, and how far a group of persons is from keeping them. Never here: which groups are tried.
"""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np

from anonymize.search.encoding import Floats, Ints, Numbers

# A share computed in another order may differ in the last bits; the gate allows the same.
SLACK = 1e-9


class Asked(NamedTuple):
    """The conditions as numbers.

    A *trait* is a known value of a sensitive field or a contributor; they are numbered through. What a person brings to a
    class is the *profile* of their tuple: a list of traits. A missing value is no trait.
    """

    k: int
    least: int  # strangers to each contributor, 0 where nothing is asked
    first: Numbers  # (fields + 1,): the traits of field f are first[f] to first[f + 1] - 1, the contributors those from first[-1] on
    distinct: Numbers  # (fields,)
    entropy: Floats  # (fields,): the least entropy of the shares, in nats
    closeness: Floats  # (fields,)
    whole: Ints  # (traits,): how many persons of the whole table have the trait
    profile: Numbers  # (tuples,)
    traits: Numbers  # (profiles, most traits that one has): filled up with -1


def add_traits(held: Ints, profile: int, persons: int, asked: Asked) -> None:
    """Count some persons of a profile into what a group holds; a negative number takes them out."""
    for trait in asked.traits[profile]:
        if trait < 0:
            break
        held[trait] += persons


def may_stand(persons: int, held: Ints, asked: Asked) -> bool:
    """Whether a group may be a class; `held` counts its persons by trait."""
    return persons >= asked.k and lack(persons, held, asked) == 0.0


def lack(persons: int, held: Ints, asked: Asked) -> float:
    """How far a group of any size is from what is asked of its fields and contributors; 0 when it keeps all."""
    total = 0.0
    for field in range(len(asked.distinct)):
        start, stop = asked.first[field], asked.first[field + 1]
        total += lack_of_values(held[start:stop], asked.distinct[field], asked.entropy[field])
        if asked.closeness[field] < 1.0:
            total += max(0.0, distance(held[start:stop], asked.whole[start:stop]) - asked.closeness[field] - SLACK)
    if asked.least > 0:
        total += lack_of_strangers(persons, held[asked.first[-1] :], asked.least)
    return total


def lack_of_values(held: Ints, distinct: int, entropy: float) -> float:
    """Distinct and entropy l-diversity of one field over its known values (Machanavajjhala et al. 2007): values and nats that lack."""
    different, known, spread = 0, 0, 0.0
    for persons in held:
        if persons > 0:
            different += 1
            known += persons
            spread += persons * log(persons)
    nats = log(known) - spread / known if known > 0 else 0.0
    return float(max(0, distinct - different)) + max(0.0, entropy - SLACK - nats)


def distance(held: Ints, whole: Ints) -> float:
    """Total variation between the known values of a group and of the whole table; 0 where the group has none to tell.

    t-closeness (Li et al. 2007), with the earth mover's distance for values that are equally far apart.
    """
    here, everywhere = held.sum(), whole.sum()
    if here == 0:
        return 0.0
    apart = 0.0
    for value in range(len(held)):
        apart += abs(held[value] / here - whole[value] / everywhere)
    return apart / 2


def lack_of_strangers(persons: int, sent: Ints, least: int) -> float:
    """Persons that lack beside those of each contributor, unless it sent all of the group (m-privacy, Goryczka et al. 2014)."""
    lacking = 0
    for own in sent:
        strangers = persons - own
        if 0 < strangers < least:
            lacking += least - strangers
    return float(lacking)


def tally(rows: Numbers, persons: Numbers, group: Numbers, groups: int, asked: Asked) -> Ints:
    """How many persons of each trait each group holds, as (groups, traits)."""
    held = np.zeros((groups, len(asked.whole)), dtype=np.int64)
    if len(asked.whole) > 0:
        for position in range(len(rows)):
            add_traits(held[group[position]], asked.profile[rows[position]], persons[position], asked)
    return held
