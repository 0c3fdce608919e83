"""A partner's file specification compiled to expressions over its text.

Here: what fills each field, what a row is about and asks for, and everything that can be wrong with it, as expressions.
Never here: a row; `ingest.mapping.applied` carries it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from ingest.mapping.cells import (
    CellReading,
    Check,
    DateOrder,
    Source,
    absent,
    first_that_says_something,
    read_column,
    read_constant,
    read_flags,
    record_number_checks,
)
from ingest.mapping.codes import readings, trimmed
from ingest.mapping.columns import JOINED, MATCHED
from ingest.mapping.date_formats import DateSense, declared
from ingest.mapping.derivation import DERIVED_FIELDS, SOURCE_FIELD, derived_flag
from ingest.mapping.numbering import RECORD_ID, Numbering
from ingest.mapping.steps import Step
from ingest.reading.reader import column_name
from schemas.case import VictimReport
from schemas.fields import Field, Kind, field_of, fields_of
from schemas.partner import Column, PartnerFile
from schemas.units import MODELS, Unit
from schemas.vocabulary import NOT_COLLECTED, UNKNOWN

SET_ASIDE = "set aside"
"""The mark of a row about someone else, in place of its unit."""
ADD, REPLACE, WITHDRAW = "add", "replace", "withdraw"
_UNIT_STEP, _ACTION_STEP = "unit step\x1f", "action step\x1f"


@dataclass(frozen=True)
class CompiledMapping:
    """A file's specification as expressions over its text; holds no row."""

    file: PartnerFile
    columns: tuple[str, ...]  # what the expressions read of the file itself
    steps: tuple[Step, ...]
    values: Mapping[str, pl.Expr]  # field -> value, out of the text and the steps
    derived: Mapping[str, pl.Expr]  # field -> value, out of other fields
    checks: tuple[Check, ...]
    number_checks: tuple[Check, ...]  # what holds any row with its number, also one that withdraws
    orders: tuple[DateOrder, ...]
    unit: pl.Expr  # the unit, or the mark of a row set aside, or null for a value in no list
    action: pl.Expr  # what the row asks for, or null for a text in no list
    numbering: Numbering
    required_columns: tuple[tuple[str, ...], ...]  # of each group one must be there
    required_fields: tuple[str, ...]
    headers: Mapping[str, str]  # field -> the one column that fills it


def compile_mapping(
    file: PartnerFile, joined: PartnerFile | None, dates: Mapping[str, DateSense] | None = None, *, withdraws: bool = False
) -> CompiledMapping:
    """The specification of a file, and of the companion it looks numbers up in, as polars expressions.

    Several columns for one field count in the order written, the file's own before the companion's: the first that
    says something wins. `dates`: what `undated_columns` turned out to be. `withdraws`: every row withdraws its record.
    Raises `ValueError` when the file joins a companion that is not given, or a column's date format is not known.
    """
    if file.join is not None and joined is None:
        raise ValueError("the companion's specification is needed to compile a join")
    fields = {field.name: field for unit in file.units() for field in fields_of(MODELS[unit].report)}
    fields.setdefault(SOURCE_FIELD, field_of(VictimReport, SOURCE_FIELD))  # what the flags of exploitation derive from
    sources = {field.name: _sources(field, file, joined, dates or {}) for field in fields.values()}
    found = {name: first_that_says_something(several) for name, several in sources.items() if several}
    is_derived = {name for name in DERIVED_FIELDS if name not in found}
    numbering = Numbering(() if RECORD_ID in found else tuple(column_name(name) for name in file.record_id))
    number_steps, of_columns = record_number_checks(file.record_id if numbering.columns else (), file)
    of_field = found[RECORD_ID].checks if RECORD_ID in found else ()
    needed = file.known_headers() - set(file.ignored) | set(file.record_id)
    values = {name: _value(field, found) for name, field in fields.items() if name not in is_derived}
    if numbering.columns:
        values[RECORD_ID] = numbering.number(file.missing)
    return CompiledMapping(
        file=file,
        columns=tuple(column_name(name) for name in sorted(needed)),
        steps=(*(step for reading in found.values() for step in reading.steps), *number_steps, *_row_steps(file)),
        values=values,
        derived={name: derived_flag(group) for name, group in DERIVED_FIELDS.items() if name in is_derived},
        checks=tuple(
            replace(check, units=_holders(name, file)) for name, reading in found.items() if name != RECORD_ID for check in reading.checks
        ),
        number_checks=(*of_field, *of_columns),
        orders=tuple(replace(order, units=_holders(name, file)) for name, reading in found.items() for order in reading.orders),
        unit=pl.lit(str(file.unit)) if isinstance(file.unit, Unit) else pl.col(_UNIT_STEP),
        action=pl.lit(WITHDRAW if withdraws else ADD) if withdraws or file.action is None else pl.col(_ACTION_STEP),
        numbering=numbering,
        required_columns=_required_columns(file, fields.values()),
        required_fields=tuple(field.name for field in fields.values() if field.declared.is_required and field.name != RECORD_ID),
        headers=_headers(file),
    )


def undated_columns(file: PartnerFile, joined: PartnerFile | None) -> dict[str, Column]:
    """Column of the working frame -> its meaning, for date columns whose format the specification leaves open."""
    dates = {field.name for unit in file.units() for field in fields_of(MODELS[unit].report) if field.kind is Kind.DATE}
    own = {column_name(name): column for name, column in file.columns.items()}
    taken = {JOINED + name: column for name, column in file.join.take.items()} if file.join and joined else {}
    return {name: column for name, column in (own | taken).items() if column.field in dates and column.date_format is None}


def _value(field: Field, found: Mapping[str, CellReading]) -> pl.Expr:
    """What fills the field; without anything, unknown when it can be worked out from a field that is collected."""
    if field.name in found:
        return found[field.name].value
    return absent(field, UNKNOWN if any(name in found for name in field.declared.derived_from) else NOT_COLLECTED)


def _sources(field: Field, file: PartnerFile, joined: PartnerFile | None, dates: Mapping[str, DateSense]) -> list[CellReading]:
    """Everything that fills a field, in the order in which it counts."""
    if field.name in file.constants:
        return [read_constant(field, file.constants[field.name])]
    if field.name in file.flags:
        return [read_flags(field, file.flags[field.name], file)]
    own = [Source(column_name(name), name, column, file) for name, column in file.columns.items() if column.field == field.name]
    found = [read_column(field, _dated(field, source, dates)) for source in own]
    if file.join is not None and joined is not None:
        taken = [Source(JOINED + name, name, column, joined) for name, column in file.join.take.items() if column.field == field.name]
        readings_of_taken = [read_column(field, _dated(field, source, dates)) for source in taken]
        found += [reading.only_where(pl.col(MATCHED), absent(field, UNKNOWN)) for reading in readings_of_taken]
    return found


def _dated(field: Field, source: Source, dates: Mapping[str, DateSense]) -> Source:
    if field.kind is not Kind.DATE:
        return source
    known = dates.get(source.name) if source.meaning.date_format is None else declared(source.meaning.date_format)
    return replace(source, dates=known)


def _holders(field: str, file: PartnerFile) -> tuple[str, ...]:
    """The units whose report holds the field, or derives others from it: nothing else can hold a row back."""
    return tuple(
        str(unit) for unit in file.units() if field == SOURCE_FIELD or field in {held.name for held in fields_of(MODELS[unit].report)}
    )


def _row_steps(file: PartnerFile) -> list[Step]:
    """What a row is about and what it asks for, where a column says so."""
    steps: list[Step] = []
    if not isinstance(file.unit, Unit):
        meanings = {text: str(unit) for text, unit in file.unit.values.items()} | dict.fromkeys(file.unit.set_aside, SET_ASIDE)
        steps.append(Step(_UNIT_STEP, column_name(file.unit.column), _listed(column_name(file.unit.column), meanings)))
    if file.action is not None:
        column = column_name(file.action.column)
        asked = pl.when(pl.col(column).is_null()).then(pl.lit(ADD)).otherwise(_listed(column, {"": ADD} | dict(file.action.values)))
        steps.append(Step(_ACTION_STEP, column, asked))
    return steps


def _listed(column: str, meanings: Mapping[str, str]) -> pl.Expr:
    """What a text means by a list of the specification alone; an empty cell means nothing unless it is listed."""
    text = trimmed(column)
    known = readings(meanings, {}).apply(text)
    is_blank_listed = any(not meaning.strip() for meaning in meanings)
    return known if is_blank_listed else pl.when(text != "").then(known)


def _required_columns(file: PartnerFile, fields: Iterable[Field]) -> tuple[tuple[str, ...], ...]:
    """Groups of columns of the file itself of which one must be there, or no record can be made."""
    groups: list[tuple[str, ...]] = [(name,) for name in file.record_id]
    groups += [] if isinstance(file.unit, Unit) else [(file.unit.column,)]
    groups += [(file.join.on,)] if file.join else []
    elsewhere = set(file.constants) | {column.field for column in (file.join.take.values() if file.join else ())}
    for field in fields:
        columns = tuple(name for name, column in file.columns.items() if column.field == field.name)
        if field.declared.is_required and columns and field.name not in elsewhere:
            groups.append(columns)
    return tuple(groups)


def _headers(file: PartnerFile) -> dict[str, str]:
    """Field -> the one column that fills it, of the file itself or else of its companion."""
    found: dict[str, list[str]] = {}
    for name, column in file.columns.items():
        found.setdefault(column.field, []).append(name)
    taken: dict[str, list[str]] = {}
    for name, column in file.join.take.items() if file.join else ():
        taken.setdefault(column.field, []).append(name)
    return {field: names[0] for field, names in (taken | found).items() if len(names) == 1}
