"""The columns of the standard template: which fields a caseworker fills in, in what order, and under which headers.

Here: what of a unit's report model stands in the template. Never here: how a filled-in template is read
(`schemas.partner`, `schemas.template`), or the file that a caseworker opens (`schemas.template_sheets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from schemas.fields import Field, Kind, fields_of
from schemas.folding import folded_header
from schemas.units import MODELS, Unit
from schemas.vocabulary import LANGUAGES, Language

VALUE_SEPARATOR = ";"
"""Between several values of one cell of a template."""

_FIRST = (
    *("source_record_id", "registration_date", "source_case_id", "source_person_id", "source_type_code"),
    *("given_name", "family_name", "gender_code", "birth_date", "age_years", "age_band_code", "citizenship_code"),
    *("document_number", "phone", "email", "address"),
    *("phenomenon_code", "victim_status_code", "exploitation_country_code", "exploitation_region", "exploitation_codes"),
)
"""What a caseworker asks first, as far as the model has it: the number, the date, the person, the exploitation."""
_WORKED_OUT = ("forced_labour_code", "sexual_exploitation_code", "other_exploitation_code")
"""Answers that follow from the forms of exploitation; an empty column of theirs would say that nobody knows."""
_FOR_MACHINES = ("person_token",)
"""What nobody types."""


@cache
def template_fields(unit: Unit) -> tuple[Field, ...]:
    """The fields of a unit's template: number, date, person and exploitation first, then the model's order, texts last.

    Left out is what follows from another column of the template, and what only a program can make.
    """
    declared = {field.name: field for field in fields_of(MODELS[unit].report)}
    left_out = {*_FOR_MACHINES, *(_WORKED_OUT if "exploitation_codes" in declared else ())}
    first = [declared[name] for name in _FIRST if name in declared]
    others = [field for field in declared.values() if field.name not in {*_FIRST, *left_out}]
    texts = [field for field in others if field.kind is Kind.NARRATIVE]
    return (*first, *(field for field in others if field.kind is not Kind.NARRATIVE), *texts)


def headers(unit: Unit, language: Language) -> dict[str, str]:
    """Field -> the header of its column in one language, in the template's order."""
    return {field.name: field.declared.labels.of(language) for field in template_fields(unit)}


def other_headers(unit: Unit, language: Language) -> Mapping[str, tuple[str, ...]]:
    """Field -> the other headers it is known by: its labels in the other languages and its name.

    A text that is also another field's header, or means another field in a third language, stands for neither.
    """
    fields = template_fields(unit)
    meant: dict[str, set[str]] = {}
    for field in fields:
        for text in _texts(field):
            meant.setdefault(folded_header(text), set()).add(field.name)
    own = {folded_header(text): name for name, text in headers(unit, language).items()}
    found: dict[str, tuple[str, ...]] = {}
    for field in fields:
        unambiguous = [text for text in _texts(field) if meant[folded_header(text)] == {field.name} and folded_header(text) not in own]
        found[field.name] = tuple({folded_header(text): text for text in reversed(unambiguous)}.values())[::-1]
    return found


def _texts(field: Field) -> tuple[str, ...]:
    return (*(field.declared.labels.of(language) for language in LANGUAGES), field.name)
