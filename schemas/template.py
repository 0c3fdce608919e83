"""The standard template: what its guide says of each column, and the partner that fills it in.

Here: the texts of the guide, from the models and from template.yml beside this module, and `standard_partner`.
Never here: which columns there are (`schemas.template_columns`), or the bytes of a file (`schemas.template_sheets`).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from schemas.fields import Field, Kind
from schemas.partner import Partner
from schemas.template_columns import VALUE_SEPARATOR, template_fields
from schemas.units import Unit
from schemas.vocabulary import LANGUAGES, MISSING_CODES, Labels, Language, vocabulary

_EXAMPLE_DATES = {"birth_date": "1998-11-02"}
_EXAMPLE_DATE = "2024-03-17"


@dataclass(frozen=True)
class TemplateColumn:
    """One column of the template in one language, as its guide explains it."""

    field: Field
    header: str
    needed: str
    meaning: str
    allowed: str
    example: str
    choices: tuple[str, ...]
    """The texts of its list, the reasons for a missing value last; empty where any text goes."""


def standard_partner(language: Language, units: tuple[Unit, ...] = (Unit.VICTIM,)) -> Partner:
    """The partner that every filled-in template fits, one file a unit: headers and labels of any language are read."""
    return Partner(
        name=f"template-{language}",
        title=words("title", language),
        language=language,
        agreement="none: a file is checked against the standard template, nothing is taken in",
        template=units,
    )


def template_of(unit: Unit, language: Language) -> tuple[TemplateColumn, ...]:
    """The columns of a unit's template in one language, in order."""
    return tuple(_column(field, language) for field in template_fields(unit))


def words(name: str, language: Language) -> str:
    """One of the template's own words; `KeyError` when it has no such word."""
    return _texts().words[name].of(language)


def other_sheets() -> tuple[str, ...]:
    """The sheets of a template in any language that nobody fills in."""
    return tuple(dict.fromkeys(words(name, language) for name in ("guide", "lists") for language in LANGUAGES))


def advice(language: Language) -> tuple[str, ...]:
    """What the guide says of the template as a whole."""
    return tuple(line.of(language) for line in _texts().advice)


def choices_of(name: str, language: Language) -> tuple[str, ...]:
    """The labels of a vocabulary's codes in one language, the reasons for a missing value last; countries by the alphabet."""
    listed = vocabulary(name)
    labels = [listed.label(code, language) for code in listed.leaves()]
    ordered = sorted(labels, key=_without_accents) if name == "country" else labels
    return (*ordered, *(listed.label(code, language) for code in MISSING_CODES))


def template_named(name: str) -> Partner | None:
    """The partner that fills in the template under the name a check shows it by, such as template-es; None for any other name."""
    return next((standard_partner(language) for language in LANGUAGES if name == f"template-{language}"), None)


class _Texts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    words: dict[str, Labels]
    advice: tuple[Labels, ...]
    allowed: dict[str, Labels]
    meanings: dict[str, Labels]
    examples: dict[str, str]


@cache
def _texts() -> _Texts:
    return _Texts.model_validate(yaml.safe_load((Path(__file__).parent / "template.yml").read_text(encoding="utf-8")))


def _without_accents(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def _column(field: Field, language: Language) -> TemplateColumn:
    declared = field.declared
    title = "" if declared.vocabulary is None else vocabulary(declared.vocabulary).title.of(language)
    choices = () if declared.vocabulary is None else choices_of(declared.vocabulary, language)
    label = declared.labels.of(language)
    explained = _texts().meanings.get(field.name)
    return TemplateColumn(
        field=field,
        header=label,
        needed=words("always" if declared.is_required else "if_known", language),
        meaning=label if explained is None else explained.of(language),
        allowed=_allowed(field, title, language),
        example=_example(field, choices),
        choices=choices,
    )


def _allowed(field: Field, title: str, language: Language) -> str:
    limits = field.declared.limits
    rule = "limited" if field.kind is Kind.INTEGER and limits else str(field.kind)
    low, high = limits or (0, 0)
    return _texts().allowed[rule].of(language).format(list=title, low=low, high=high)


def _example(field: Field, choices: tuple[str, ...]) -> str:
    match field.kind:
        case Kind.CODE:
            return choices[0]
        case Kind.CODES:
            return f"{VALUE_SEPARATOR} ".join(choices[:2])
        case Kind.DATE:
            return _EXAMPLE_DATES.get(field.name, _EXAMPLE_DATE)
        case Kind.INTEGER:
            return str(min((field.declared.limits or (0, 27))[1], 27))
        case Kind.YEAR:
            return _EXAMPLE_DATE[:4]
        case _:
            return _texts().examples.get(field.name, "")
