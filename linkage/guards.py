"""What forbids that two records, or two groups of records, are one person.

Here: the guards and what a group must remember for them. Never here: a score, a human judgement, a merge.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import polars as pl
from rapidfuzz.distance import OSA

BIRTH_YEAR_SPAN = 3
"""A stated day of birth may be off by this many years and still be one person's."""
DOCUMENT_TYPING_ERRORS = 2
"""Document numbers further apart than so many edits are two documents; letters swapped are one edit (optimal string alignment)."""
BIRTH_TYPING_ERRORS = 1
"""Birth dates as eight digits that are no further apart than so many edits may be one, whatever their years."""
CONTACTS = ("phone", "email", "postal_sorted", "street")
NAMES_IN_COMMON = 2
"""So many name keys in common, in whatever order, are the same name."""
READ_BY_GUARDS = ("partner_code", "source_person_id", "document", "birth_day", "birth_text", "name_keys", *CONTACTS)
"""The columns of the features that guards read."""


class Guard(StrEnum):
    """Why two records stay apart whatever their weight says."""

    DOCUMENT = "document"
    BIRTH_YEAR = "birth_year"
    PERSON_NUMBER = "person_number"


Stated = str | int | list[int] | None
_NOTHING: frozenset[str] = frozenset()


class Known(NamedTuple):
    """What a group of records states, as sets: documents, full birth dates (eight digits), contacts, partners that numbered it, names."""

    documents: frozenset[str] = _NOTHING
    births: frozenset[str] = _NOTHING
    contacts: frozenset[str] = _NOTHING
    partners: frozenset[str] = _NOTHING
    names: frozenset[int] = frozenset()

    def and_also(self, other: Known) -> Known:
        """What both groups together state."""
        return Known(
            self.documents | other.documents,
            self.births | other.births,
            self.contacts | other.contacts,
            self.partners | other.partners,
            self.names | other.names,
        )

    def is_apart_from(self, other: Known) -> bool:
        """Whether any guard forbids that the two groups are one person."""
        return self._differs_in_number(other) or self._differs_in_document(other) or self._differs_in_birth(other)

    def guards_towards(self, other: Known) -> tuple[Guard, ...]:
        """Every guard between the two groups."""
        held = {
            Guard.DOCUMENT: self._differs_in_document(other),
            Guard.BIRTH_YEAR: self._differs_in_birth(other),
            Guard.PERSON_NUMBER: self._differs_in_number(other),
        }
        return tuple(guard for guard, holds in held.items() if holds)

    def _differs_in_number(self, other: Known) -> bool:
        """A partner that numbered both: equal numbers were joined before any weight was looked at, so these differ."""
        return not self.partners.isdisjoint(other.partners)

    def _differs_in_document(self, other: Known) -> bool:
        """Any two documents in conflict, unless the groups share a contact and the name or the birth date. What both state is in conflict
        with neither. A contact alone does not lift the guard: all who live in one shelter share its address.
        """
        mine, theirs = self.documents - other.documents, other.documents - self.documents
        are_two = any(not _edits(one, two, DOCUMENT_TYPING_ERRORS) for one in mine for two in theirs)
        return are_two and (self.contacts.isdisjoint(other.contacts) or not self._agrees_in_name_or_birth(other))

    def _agrees_in_name_or_birth(self, other: Known) -> bool:
        if len(self.names & other.names) >= NAMES_IN_COMMON:
            return True
        return any(_edits(one, two, BIRTH_TYPING_ERRORS) for one in self.births for two in other.births)

    def _differs_in_birth(self, other: Known) -> bool:
        """Any two full birth dates in conflict, unless the groups have a document in common, but for typing errors."""
        mine, theirs = self.births - other.births, other.births - self.births
        if not any(are_two_births(one, two) for one in mine for two in theirs):
            return False
        return not any(_edits(one, two, DOCUMENT_TYPING_ERRORS) for one in self.documents for two in other.documents)


def _edits(one: str, other: str, most: int) -> bool:
    """Whether the texts are at most so many edits apart."""
    return OSA.distance(one, other, score_cutoff=most) <= most


def are_two_births(one: str, other: str) -> bool:
    """Whether two full birth dates (eight digits) are too far apart for one person, and by more than a typing error."""
    return abs(int(one[:4]) - int(other[:4])) > BIRTH_YEAR_SPAN and not _edits(one, other, BIRTH_TYPING_ERRORS)


def known_of(stated: Sequence[Stated]) -> Known:
    """What one record states, from its features in the order of `READ_BY_GUARDS`."""
    partner, number, document, birth_day, birth_text, names, *contacts = stated
    return Known(
        _NOTHING if document is None else frozenset((str(document),)),
        _NOTHING if birth_day is None else frozenset((str(birth_text),)),
        frozenset(f"{name} {value}" for name, value in zip(CONTACTS, contacts, strict=True) if value is not None),
        _NOTHING if partner is None or number is None else frozenset((str(partner),)),
        frozenset(names) if isinstance(names, list) else frozenset(),
    )


def guards_between(features: pl.DataFrame, left: int, right: int) -> tuple[Guard, ...]:
    """The guards that keep two records (positions in `features`) apart; two records with one number of one partner have none."""
    one, two = (features.filter(pl.col("position") == position).select(READ_BY_GUARDS).row(0) for position in (left, right))
    if None not in one[:2] and one[:2] == two[:2]:
        return ()
    return known_of(one).guards_towards(known_of(two))
