"""The collapsed table as the search wants it, and the search's answer as the label of each class in each column.

Here: the domains of the key, their codes as numbers of the search, the choice of the search. Never here: a row, a file, or how
classes are found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from anonymize.conditions import Conditions, Contributors
from anonymize.files.coding import Coded, Domain, Ints
from anonymize.files.request import Request
from anonymize.hierarchy import Hierarchy
from anonymize.labelling import Labels, labels_of_classes
from anonymize.search.encoding import Assignment, Flags, Forest, Numbers, People, arrange, number_distinct, plant

Tick = Callable[[float], None]


@dataclass(frozen=True)
class Answer:
    """The assignment of a search; of a uniform one also the depth of each column, 0 for the root, and what may be won per cell."""

    assignment: Assignment
    depth: tuple[int, ...] = ()
    unproven: float = 0.0


@dataclass(frozen=True)
class Found:
    """Who is published with whom, and under what.

    `tuples`, `classes` and `persons` are pieces of tuples, ordered by tuple and then by class; the tuples are numbered as in
    the coded table. `labels` has for each quasi-identifier the labels it shows, and `label_of` for each class which of them.
    """

    tuples: Ints
    classes: Ints
    persons: Ints
    labels: tuple[tuple[str, ...], ...]
    label_of: tuple[Numbers, ...]
    waived: tuple[str, ...]
    levels: tuple[tuple[int, int], ...]  # where one level a column was asked for: which of how many, 1 for the values themselves
    unproven: float  # what finer levels might win per cell at most; 0 where there are none


@dataclass(frozen=True)
class Planted:
    """The collapsed table as the search sees it; `order` has for each of its tuples the number in the coded table."""

    people: People
    forest: Forest
    order: Ints
    fields: tuple[str, ...]  # the sensitive fields, as the columns of `people.sensitive`
    levels: tuple[int, ...]  # how many labels a path of each quasi-identifier has

    def under(self, conditions: Conditions) -> Planted:
        """What would have been planted for these, fewer conditions: tuples that differ in nothing they ask for are one.

        A search depends on how its tuples are cut and ordered. The tuples of the answer are not those of the coded table.
        """
        people = self.people_under(conditions)
        codes = [*people.leaf.T, *people.sensitive.T, people.contributors]
        number, example = number_distinct(codes)
        order = arrange([column[example] for column in codes], people.leaf.shape[1])
        rows = example[order]
        collapsed = replace(
            people,
            leaf=people.leaf[rows],
            persons=np.bincount(number, people.persons)[order].astype(np.int32),
            sensitive=people.sensitive[rows],
            contributors=people.contributors[rows],
        )
        kept = tuple(field for field in self.fields if any(each.field == field for each in conditions.sensitive))
        return replace(self, people=collapsed, order=order, fields=kept)

    def people_under(self, conditions: Conditions) -> People:
        """The people without what these conditions do not ask for, of all for which they were planted."""
        kept = [at for at, field in enumerate(self.fields) if any(each.field == field for each in conditions.sensitive)]
        known = tuple(self.people.known[at] for at in kept)
        fewer = replace(self.people, sensitive=np.ascontiguousarray(self.people.sensitive[:, kept]), known=known)
        if conditions.contributors:
            return fewer
        return replace(fewer, contributors=np.zeros_like(fewer.contributors), sets=np.zeros((1, 0), dtype=np.bool_))


def weights_of(request: Request) -> list[float]:
    """The weight of each quasi-identifier, 1 where none is given."""
    return [request.weights.get(column, 1.0) for column in request.quasi]


def asked_fields(conditions: Conditions) -> tuple[str, ...]:
    """The sensitive fields of which anything is asked; the others are measured alone."""
    return tuple(each.field for each in conditions.sensitive if each.distinct > 1 or each.entropy > 1 or each.closeness < 1)


def contributors_in(cell: str, asked: Contributors) -> list[str]:
    """The names in a cell of the contributors' column; none where nobody is named."""
    return [name for name in (cell.split(asked.separator) if asked.separator else [cell]) if name]


def plant_people(coded: Coded, hierarchies: Sequence[Hierarchy], others: Sequence[Domain], request: Request) -> Planted:
    """The tuples in the order of the search, and the forest over the values that occur.

    The codes of `coded` are those of the quasi-identifiers, then of the `others`: asked sensitive fields and, where the
    conditions name contributors, theirs. Every quasi-identifier of every tuple has a value of its hierarchy.
    """
    paths = [tuple(hierarchy.paths.values()) for hierarchy in hierarchies]
    quasi = coded.codes[: len(hierarchies)]
    occurring = [[ladder[code] for code in np.unique(codes)] for ladder, codes in zip(paths, quasi, strict=True)]
    forest, leaf_of = plant(occurring, weights_of(request))
    leaf = [_translated(codes, ladder, leaves) for codes, ladder, leaves in zip(quasi, paths, leaf_of, strict=True)]
    fields = [domain for domain in others if domain.column in request.sensitive]
    sensitive = [codes.astype(np.int32) for codes in coded.codes[len(hierarchies) :][: len(fields)]]
    sent, sets = _contributors(coded, others, request.conditions)
    order = arrange([*leaf, *sensitive, sent], len(leaf))
    people = People(
        leaf=np.stack(leaf, axis=1)[order],
        persons=coded.persons[order].astype(np.int32),
        sensitive=np.stack(sensitive, axis=1)[order] if sensitive else np.zeros((len(order), 0), dtype=np.int32),
        known=tuple(np.array([*(value not in request.not_known for value in field.values), False]) for field in fields),
        contributors=sent[order],
        sets=sets,
    )
    return Planted(people, forest, order, tuple(field.column for field in fields), tuple(each.levels for each in hierarchies))


def search(planted: Planted, request: Request, conditions: Conditions, tick: Tick | None = None) -> Answer:
    """Who is published with whom, in the way that is asked for. Raises `SpecificationError` where the whole table fails a condition."""
    people, forest = planted.people_under(conditions), planted.forest
    if request.mode == "local":
        from anonymize.search.finding import find_classes

        return Answer(find_classes(people, forest, conditions, effort=request.effort, progress=tick))
    from anonymize.search.uniform import find_levels

    found = find_levels(people, forest, conditions, suppression_limit=request.suppression_limit, progress=tick)
    return Answer(found.assignment, found.depth, (found.loss - found.bound) / _cells(planted, request))


def as_labels(answer: Answer, planted: Planted, labels: Labels) -> Found:
    """The answer of the search in tuples of the coded table, and in texts."""
    assignment = answer.assignment
    tuples = planted.order[assignment.tuple_number]
    order = np.lexsort((assignment.class_number, tuples))
    columns = range(assignment.node.shape[1])
    shown = [labels_of_classes(assignment, planted.people, planted.forest, column, labels) for column in columns]
    return Found(
        tuples=tuples[order],
        classes=assignment.class_number[order].astype(np.int64),
        persons=assignment.persons[order].astype(np.int64),
        labels=tuple(texts for texts, _ in shown),
        label_of=tuple(number for _, number in shown),
        waived=assignment.waived,
        levels=tuple((max(levels - depth, 1), levels) for depth, levels in zip(answer.depth, planted.levels, strict=False)),
        unproven=answer.unproven,
    )


def loss_of(answer: Answer, planted: Planted, request: Request) -> float:
    """The mean penalty of a cell, by the search's own account: to compare searches, never to say what was published."""
    by_column = _penalty_of_sets(answer, planted, request) if request.labels == "sets" else planted.forest.penalty[answer.assignment.node]
    per_class = by_column.sum(axis=1)
    return float((per_class[answer.assignment.class_number] * answer.assignment.persons).sum() / _cells(planted, request))


def _penalty_of_sets(answer: Answer, planted: Planted, request: Request) -> npt.NDArray[np.float64]:
    """(classes, columns): (values of the class - 1) / (values of the column - 1), by the weight of the column."""
    found, penalties = answer.assignment, []
    for leaves, weight in zip(planted.people.leaf.T, weights_of(request), strict=True):
        values, place = np.unique(leaves, return_inverse=True)
        members = np.unique(found.class_number.astype(np.int64) * len(values) + place[found.tuple_number])
        sizes = np.bincount(members // len(values), minlength=len(found.node))
        penalties.append(weight * (sizes - 1) / max(len(values) - 1, 1))
    return np.stack(penalties, axis=1)


def _cells(planted: Planted, request: Request) -> float:
    """How many cells there are, each by the weight of its column."""
    return int(planted.people.persons.sum()) * sum(weights_of(request))


def _translated(codes: Ints, paths: Sequence[tuple[str, ...]], leaves: Mapping[str, int]) -> Numbers:
    table: Numbers = np.array([leaves.get(path[0], -1) for path in paths], dtype=np.int32)
    return table[codes]


def _contributors(coded: Coded, others: Sequence[Domain], conditions: Conditions) -> tuple[Numbers, Flags]:
    """For each tuple the number of the set of contributors that sent it in, and who is in which set."""
    asked = conditions.contributors
    if asked is None:
        return np.zeros(len(coded.persons), dtype=np.int32), np.zeros((1, 0), dtype=np.bool_)
    cells = [frozenset(contributors_in(cell, asked)) for cell in others[-1].values]
    names = {name: number for number, name in enumerate(sorted(frozenset[str]().union(*cells)))}
    members = [tuple(sorted(names[name] for name in cell)) for cell in cells]
    distinct = {present: number for number, present in enumerate(sorted(set(members)))}
    sets = np.zeros((len(distinct), len(names)), dtype=np.bool_)
    for present, number in distinct.items():
        sets[number, list(present)] = True
    set_of_cell = np.array([distinct[present] for present in members], dtype=np.int32)
    return set_of_cell[coded.codes[-1]], sets
