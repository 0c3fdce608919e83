"""How each standard's fields and codes stand in our models: covered, merged into a coarser one, or left out on purpose.

Here: reading `schemas/crosswalk/<standard>.yml` and the check that every target exists. Never here: a conversion of values
(partner files do that), or a judgement whether a list is complete (tests compare it with the standard itself).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.fields import Field as RecordField
from schemas.fields import fields_of
from schemas.specification import Specification, Unfit, read_specification
from schemas.units import MODELS, Unit
from schemas.vocabulary import vocabulary

FOLDER = Path(__file__).parent / "crosswalk"

Status = Literal["covered", "merged", "left"]


class _Standing(Specification):
    """What became of a field or code: one of three, and why where something is lost."""

    covered: str | None = None
    merged: str | None = None
    left: str | None = Field(None, description="Why it is left out")
    rule: str | None = Field(None, description="What a merged one is merged by, or what else is to be known")

    @model_validator(mode="after")
    def _is_one_of_three(self) -> Self:
        said = [name for name in ("covered", "merged", "left") if getattr(self, name) is not None]
        if len(said) != 1:
            raise Unfit(["one of covered, merged and left must be said"])
        if self.merged is not None and not self.rule:
            raise Unfit(["what is merged needs its rule"])
        return self

    @property
    def status(self) -> Status:
        """Which of the three."""
        return "covered" if self.covered is not None else "merged" if self.merged is not None else "left"

    @property
    def target(self) -> str | None:
        """Ours, for what is covered or merged."""
        return self.covered if self.covered is not None else self.merged


class CodeRow(_Standing):
    """A code of the standard; its target is a code of the field that the standard's field stands for, or a field of ours."""


class FieldRow(_Standing):
    """A field or column of the standard; its targets are fields of ours, as `unit.field`, several separated by a blank."""

    code: str | None = Field(None, description="The code that a column of yes and no stands for")
    codes: dict[str, CodeRow] = Field(default_factory=dict, description="The standard's code -> what became of it")

    @property
    def targets(self) -> tuple[str, ...]:
        """Each `unit.field`."""
        return tuple((self.target or "").split())


class Lack(Specification):
    """Something that the standard lacks and our models have."""

    what: str
    ours: str


class Crosswalk(Specification):
    """One standard and every field of it."""

    standard: str
    title: str
    source: str
    fields: dict[str, FieldRow]
    lacks: tuple[Lack, ...] = ()

    @model_validator(mode="after")
    def _fits_the_record_models(self) -> Self:
        faults = [fault for name, row in self.fields.items() for fault in _faults_of_field(name, row)]
        faults += [
            f"{lack.what}: no {target} in our models" for lack in self.lacks for target in lack.ours.split() if _held(target) is None
        ]
        if faults:
            raise Unfit(faults)
        return self


def load_crosswalk(path: Path) -> Crosswalk:
    """The crosswalk of one file; `SpecificationError` with every fault."""
    return read_specification(path, Crosswalk, kind="crosswalk")


@cache
def crosswalks() -> dict[str, Crosswalk]:
    """Every crosswalk by the name of its file, in alphabetical order."""
    return {path.stem: load_crosswalk(path) for path in sorted(FOLDER.glob("*.yml"))}


def _faults_of_field(name: str, row: FieldRow) -> Iterator[str]:
    fields = {target: _held(target) for target in row.targets}
    yield from (f"{name}: no {target} in our models" for target, field in fields.items() if field is None)
    codes = _codes_of([field for field in fields.values() if field is not None])
    said = {row.code: name} if row.code is not None else {}
    said |= {each.target: code for code, each in row.codes.items() if each.target is not None}
    strange = [(source, target) for target, source in said.items() if target not in codes and _held(str(target)) is None]
    yield from (f"{name}: {source} is to be {target}, which is no code of it" for source, target in strange)
    times = Counter(each.covered for each in row.codes.values() if each.covered is not None)
    yield from (
        f"{name}: {count} codes are covered by {ours}; all but one of them are merged" for ours, count in times.items() if count > 1
    )


def _held(target: str) -> RecordField | None:
    """The field of `unit.field` in the unit's report or record."""
    unit, _, name = target.partition(".")
    if unit not in set(Unit):
        return None
    models = MODELS[Unit(unit)]
    known = {field.name: field for model in (models.record, models.report) for field in fields_of(model)}
    return known.get(name)


def _codes_of(fields: list[RecordField]) -> frozenset[str]:
    listed = [field.declared.vocabulary for field in fields if field.declared.vocabulary is not None]
    return frozenset(code for name in listed for code in vocabulary(name).codes())
