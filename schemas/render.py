"""Other forms of the record models: polars schema, DuckDB table, JSON Schema, expectations, codebook rows.

Here: what can be derived from a declaration. Never here: a field written down a second time.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from pydantic import JsonValue

from schemas.fields import Field, Kind, RecordModel, fields_of
from schemas.vocabulary import LANGUAGES, SUPPRESSED, Language, vocabulary, year_hierarchy

_POLARS: dict[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.NARRATIVE: pl.String(),
    Kind.DATE: pl.String(),
    Kind.CODE: pl.String(),
    Kind.CODES: pl.List(pl.String()),
    Kind.INTEGER: pl.Int64(),
    Kind.YEAR: pl.Int64(),
}
_DUCKDB: dict[Kind, str] = {
    Kind.TEXT: "VARCHAR",
    Kind.NARRATIVE: "VARCHAR",
    Kind.DATE: "VARCHAR",
    Kind.CODE: "VARCHAR",
    Kind.CODES: "VARCHAR[]",
    Kind.INTEGER: "BIGINT",
    Kind.YEAR: "BIGINT",
}


ISO_DATE = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"
"""A date of the precision that is known."""


@dataclass(frozen=True)
class Expectation:
    """One check that a table of records must pass: `kind` names the check, the other attributes its arguments."""

    kind: str  # "in_set" | "between" | "not_null" | "unique"
    column: str
    allowed: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class CodebookRow:
    """One code of one column, as the codebook shows it."""

    column: str
    code: str
    label: str
    level: int


def polars_schema(model: type[RecordModel]) -> pl.Schema:
    """Column -> polars type, in the order of the model."""
    return pl.Schema({field.name: _POLARS[field.kind] for field in fields_of(model)})


def duckdb_columns(model: type[RecordModel]) -> str:
    """The column definitions of a DuckDB table for the model."""
    return ", ".join(f"{field.name} {_DUCKDB[field.kind]}" for field in fields_of(model))


def json_schema(model: type[RecordModel]) -> dict[str, JsonValue]:
    """The JSON Schema (draft 2020-12) of one report or record: every field with its codes, limits and names.

    What a table says with a null it says with null here; a field that every report needs is required, all others may be absent.
    """
    fields = fields_of(model)
    lists = dict.fromkeys(field.declared.vocabulary for field in fields if field.declared.vocabulary is not None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": model.__name__,
        "description": (model.__doc__ or "").strip().splitlines()[0],
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in fields if field.declared.is_required],
        "properties": {field.name: _property(field) for field in fields},
        "$defs": {name: {"enum": list(vocabulary(name).codes())} for name in sorted(lists)},
    }


def _property(field: Field) -> dict[str, JsonValue]:
    names: dict[str, JsonValue] = {str(language): field.declared.labels.of(language) for language in LANGUAGES}
    said: dict[str, JsonValue] = {"title": field.declared.labels.en, "x-labels": names, "x-sensitivity": str(field.sensitivity)}
    if field.kind is Kind.CODE:
        return {"$ref": f"#/$defs/{field.declared.vocabulary}", **said}
    if field.kind is Kind.CODES:
        return {"type": "array", "items": {"$ref": f"#/$defs/{field.declared.vocabulary}"}, "uniqueItems": True, **said}
    optional: list[JsonValue] = [] if field.declared.is_required else ["null"]
    if field.kind in (Kind.INTEGER, Kind.YEAR):
        low, high = field.declared.limits or (None, None)
        bounds: dict[str, JsonValue] = {} if low is None else {"minimum": low, "maximum": high}
        return {"type": ["integer", *optional], **bounds, **said}
    pattern: dict[str, JsonValue] = {"pattern": ISO_DATE} if field.kind is Kind.DATE else {}
    return {"type": ["string", *optional], **pattern, **said}


def expectations(model: type[RecordModel]) -> tuple[Expectation, ...]:
    """What any table of the model must satisfy, from vocabularies, limits and required fields."""
    found: list[Expectation] = []
    for field in fields_of(model):
        if field.kind is Kind.CODE and field.declared.vocabulary:
            found.append(Expectation("in_set", field.name, allowed=vocabulary(field.declared.vocabulary).codes()))
        if field.declared.limits:
            found.append(Expectation("between", field.name, low=field.declared.limits[0], high=field.declared.limits[1]))
        if field.declared.is_required or field.name == "record_key":
            found.append(Expectation("not_null", field.name))
        if field.name == "record_key":
            found.append(Expectation("unique", field.name))
    return tuple(found)


def hierarchy_of(field: Field) -> dict[str, tuple[str, ...]]:
    """The generalization paths of a field: its vocabulary's, or the spans of years."""
    if field.kind is Kind.YEAR:
        return year_hierarchy()
    if field.declared.vocabulary is None:
        raise KeyError(f"{field.name} has neither a vocabulary nor years to generalize by")
    return vocabulary(field.declared.vocabulary).hierarchy()


def published_expectations(model: type[RecordModel], columns: tuple[str, ...]) -> tuple[Expectation, ...]:
    """What a published table of the model must satisfy: every cell a label of its column's hierarchy, none empty."""
    found: list[Expectation] = []
    for field in fields_of(model):
        if field.name not in columns:
            continue
        if field.declared.limits and field.declared.vocabulary is None and field.kind is not Kind.YEAR:
            found.append(Expectation("between", field.name, low=field.declared.limits[0], high=field.declared.limits[1]))
        else:
            labels = sorted({label for path in hierarchy_of(field).values() for label in path})
            found.append(Expectation("in_set", field.name, allowed=tuple(labels)))
        found.append(Expectation("not_null", field.name))
    return tuple(found)


def codebook(model: type[RecordModel], columns: tuple[str, ...], language: Language) -> tuple[CodebookRow, ...]:
    """Every label that may stand in a published column, finest first, with its text in one language."""
    rows: dict[tuple[str, str], CodebookRow] = {}
    for field in fields_of(model):
        if field.name not in columns:
            continue
        for path in hierarchy_of(field).values():
            for level, code in enumerate(path):
                rows.setdefault((field.name, code), CodebookRow(field.name, code, _text_of(field, code, language), level))
    return tuple(rows.values())


def _text_of(field: Field, code: str, language: Language) -> str:
    if code == SUPPRESSED or field.declared.vocabulary is None:
        missing = vocabulary("missing")
        return missing.label(code, language) if code in {term.code for term in missing.terms} else code
    return vocabulary(field.declared.vocabulary).label(code, language)
