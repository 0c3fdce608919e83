"""How a field of a record is declared: its kind, vocabulary, sensitivity, standard names and labels, in one place.

Here: the declaration and the way to read it off a model. Never here: the fields themselves, or what is done to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from pydantic import BaseModel, ConfigDict

from schemas.errors import LeakStopped
from schemas.vocabulary import Labels


class Kind(StrEnum):
    """What a cell of the field holds."""

    TEXT = "text"  # a short text, as the partner wrote it
    NARRATIVE = "narrative"  # free text about a person
    DATE = "date"  # ISO 8601 text of the precision that is known: 1990, 1990-05 or 1990-05-17
    CODE = "code"  # one code of the vocabulary
    CODES = "codes"  # a list of codes of the vocabulary
    INTEGER = "integer"  # a whole number
    YEAR = "year"  # a calendar year


class Sensitivity(StrEnum):
    """What a field gives away; de-identification and the gate follow it."""

    DIRECT = "direct"  # names a person, alone: never leaves the vault
    QUASI = "quasi"  # known to others, so that several together point at a person: generalized
    SENSITIVE = "sensitive"  # what must not be learnt of a person: kept diverse within a class
    SAFE = "safe"  # says nothing of a person


DIRECT, QUASI, SENSITIVE, SAFE = Sensitivity.DIRECT, Sensitivity.QUASI, Sensitivity.SENSITIVE, Sensitivity.SAFE


def named(en: str, fr: str, es: str, ar: str) -> Labels:
    """A field's name in the four languages."""
    return Labels(en=en, fr=fr, es=es, ar=ar)


@dataclass(frozen=True)
class Declared:
    """What the models write beside a field's type."""

    kind: Kind
    sensitivity: Sensitivity
    labels: Labels
    vocabulary: str | None = None
    is_required: bool = False
    htcds: str | None = None
    ctdc: str | None = None
    limits: tuple[int, int] | None = None
    derived_from: tuple[str, ...] = ()
    """Fields it is worked out from where a partner does not send it: if one of them is collected, so is this one."""


@dataclass(frozen=True)
class Field:
    """A declared field together with its name."""

    name: str
    declared: Declared

    @property
    def kind(self) -> Kind:
        """What a cell holds."""
        return self.declared.kind

    @property
    def sensitivity(self) -> Sensitivity:
        """What the field gives away."""
        return self.declared.sensitivity


class RecordModel(BaseModel):
    """The base of every record: nothing undeclared, nothing coerced, nothing changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


@cache
def fields_of(model: type[RecordModel]) -> tuple[Field, ...]:
    """The model's fields in order; `LeakStopped` names every field that carries no declaration."""
    found: list[Field] = []
    undeclared: list[str] = []
    for name, info in model.model_fields.items():
        declared = [item for item in info.metadata if isinstance(item, Declared)]
        if declared:
            found.append(Field(name, declared[0]))
        else:
            undeclared.append(name)
    if undeclared:
        raise LeakStopped(f"{model.__name__}: no declared sensitivity for {', '.join(undeclared)}")
    return tuple(found)


def field_of(model: type[RecordModel], name: str) -> Field:
    """One field by name; `KeyError` when the model has none of that name."""
    return {field.name: field for field in fields_of(model)}[name]


def names_of(model: type[RecordModel], sensitivity: Sensitivity) -> tuple[str, ...]:
    """The names of the model's fields of one sensitivity, in order."""
    return tuple(field.name for field in fields_of(model) if field.sensitivity is sensitivity)
