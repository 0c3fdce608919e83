"""The words of a review: fields, outcomes, the levels of the linkage model, headings; each one text in the code and in the catalogues.

Here: what a caseworker reads, in the language that was asked for. Never here: a cell of a report, layout, or a weight's making.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from schemas.case import VictimReport
from schemas.fields import field_of
from schemas.messages import Message, say, spoken
from schemas.vocabulary import Language

_FIELDS = {
    "gender": "gender_code",
    "citizenship": "citizenship_code",
    "document": "document_number",
}
"""Comparisons that are called otherwise than the field that they compare."""
_EQUAL = ("same", "same day", "same year, neither states a day", "strong token agrees", "fair token agrees")


class Likeness(StrEnum):
    """What a level finds of the two cells, whatever it weighs."""

    EQUAL = "equal"
    NEAR = "near"
    DIFFERENT = "different"
    MISSING = "missing"


def field_word(comparison: str, language: Language) -> str:
    """What a comparison compares, as the codebook calls it; a comparison that no text knows is named as the model names it."""
    name = _FIELDS.get(comparison, comparison)
    if name in VictimReport.model_fields:
        return field_of(VictimReport, name).declared.labels.of(language)
    return spoken(_other_fields().get(name, comparison), language)


def level_word(label: str, language: Language) -> str:
    """A level of the model in words; one that no catalogue knows is said as the model says it."""
    return spoken(_levels().get(label, label), language)


def likeness_of(label: str) -> Likeness:
    """What a level of the model says of the two cells: equal as far as both state something, different, or something between."""
    if label == "missing":
        return Likeness.MISSING
    if label in _EQUAL or label.startswith("same words"):
        return Likeness.EQUAL
    return Likeness.DIFFERENT if label.startswith("different") else Likeness.NEAR


def known_levels() -> frozenset[str]:
    """Every label of a level that can be said in all languages."""
    return frozenset(_levels())


@cache
def _other_fields() -> dict[str, Message]:
    return {
        "name": say("Name"),
        "postal_code": say("Postal code"),
        "birth_place": say("Place of birth"),
        "occupation": say("Occupation"),
    }


@cache
def _levels() -> dict[str, Message]:
    groups = (_levels_of_any_field, _levels_of_names, _levels_of_crossed_names, _levels_of_births, _levels_of_places, _levels_of_tokens)
    return {str(word): word for group in groups for word in group()}


def _levels_of_any_field() -> tuple[Message, ...]:
    return (say("missing"), say("same"), say("nearly the same"), say("different"))


def _levels_of_names() -> tuple[Message, ...]:
    return (
        say("two words or more the same"),
        say("one of several words the same"),
        say("same words, rare"),
        say("same words, uncommon"),
        say("same words, common"),
        say("same words, very common"),
        say("same sounds, rare"),
        say("same sounds, uncommon"),
        say("same sounds, common"),
        say("same sounds, very common"),
        say("nearly the same letters"),
        say("much the same letters"),
        say("initial only"),
        say("different, though family name and day of birth agree"),
    )


def _levels_of_crossed_names() -> tuple[Message, ...]:
    return (
        say("stands as a family name"),
        say("stands as a family name on one side"),
        say("stands as a given name"),
        say("stands as a given name on one side"),
    )


def _levels_of_births() -> tuple[Message, ...]:
    return (
        say("same day"),
        say("same year, neither states a day"),
        say("day and month exchanged"),
        say("same year, one states no day"),
        say("same month, a digit of the day differs"),
        say("same month"),
        say("a digit differs"),
        say("a year apart, one states no day"),
        say("two years apart, one states no day"),
        say("two digits differ"),
        say("same year"),
        say("up to four years apart, neither states a day"),
    )


def _levels_of_places() -> tuple[Message, ...]:
    return (
        say("same area"),
        say("six words or more the same"),
        say("four words or more the same"),
        say("three words the same"),
        say("two words the same"),
    )


def _levels_of_tokens() -> tuple[Message, ...]:
    return (say("strong token agrees"), say("fair token agrees"))
