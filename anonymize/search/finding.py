"""Find the classes: from the collapsed table, the forest and the conditions to who is published with whom.

Here: the one way into the search, and its progress. Never here: a step of it, or tables and labels as text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np

from anonymize.compiling import compiled
from anonymize.conditions import Conditions
from anonymize.search.asking import ask
from anonymize.search.cutting import Part, advance
from anonymize.search.encoding import Assignment, Forest, Numbers, People
from anonymize.search.improving import advance_with_foresight
from anonymize.search.weighing import Problem

Effort: TypeAlias = Literal["fast", "quality"]


def find_classes(
    people: People,
    forest: Forest,
    conditions: Conditions,
    *,
    effort: Effort = "fast",
    progress: Callable[[float], None] | None = None,
) -> Assignment:
    """The classes of a table, each of which keeps the conditions, with little lost (see `search.cutting` for the method).

    The effort `quality` looks further (`search.improving`), loses less and takes several times as long.
    `progress` is told again and again the share of the persons who are in their final class, from above 0 to 1. The same
    people give the same classes, on any number of processors. Raises `SpecificationError` where all persons together do not
    keep the conditions; a field of which they hold too little to ask it of a class is waived.
    """
    asked, waived = ask(people, conditions)
    leaf, persons_of = np.require(people.leaf, np.int32, ["C", "W"]), np.require(people.persons, np.int32, ["C", "W"])
    problem = Problem(leaf, forest.ladder, forest.penalty, asked)
    step = compiled(advance_with_foresight if effort == "quality" else advance)
    everybody, done = int(persons_of.sum()), 0
    waiting: list[Part] = [(np.arange(len(persons_of), dtype=np.int32), persons_of)]
    classes: list[Part] = []
    while waiting:
        rows, persons = waiting.pop()
        pieces, is_final = step(rows, persons, problem)
        if not is_final:
            waiting.extend(reversed(pieces))
            continue
        classes.extend(pieces)
        done += int(persons.sum())
        if progress:
            progress(done / everybody)
    return _assignment(classes, people, forest, waived)


def _assignment(classes: list[Part], people: People, forest: Forest, waived: tuple[str, ...]) -> Assignment:
    rows = np.concatenate([rows for rows, _ in classes])
    persons = np.concatenate([persons for _, persons in classes])
    sizes = np.array([len(rows) for rows, _ in classes])
    number = np.repeat(np.arange(len(classes), dtype=np.int32), sizes)
    order = np.argsort(rows, kind="stable")
    return Assignment(rows[order], number[order], persons[order], _labels(rows, np.cumsum(sizes) - sizes, people.leaf, forest), waived)


def _labels(rows: Numbers, start: Numbers, leaf: Numbers, forest: Forest) -> Numbers:
    """What each class shows; `start` says where its tuples begin in `rows`."""
    return forest.common(np.minimum.reduceat(leaf[rows], start, axis=0), np.maximum.reduceat(leaf[rows], start, axis=0))
