"""Carry out a partner's file specification: a table of text becomes reports, and every doubt a problem.

Here: the specification compiled to expressions, and the one pass over the rows. Never here: a default category, a column
dropped without a word, or a cell in a problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from ingest.cells import CellReading, Check, Step, absent, first_that_says_something, read_column, read_constant, read_flags, read_steps
from ingest.codes import readings, trimmed
from ingest.columns import JOINED, MATCHED, column_problems, companion_problems, with_absent, with_companion
from ingest.dates import is_before
from ingest.derivation import DERIVED_FIELDS, SOURCE_FIELD, derived_flag
from ingest.numbering import CONFLICTING, CONTENT, NUMBER, RECORD_ID, REPEATED, SET_ASIDE, UNIT, Numbering, number_records
from ingest.reading import ROW_NUMBER, TextTable, column_name
from schemas.case import VictimReport
from schemas.fields import Field, field_of, fields_of
from schemas.partner import PartnerFile
from schemas.problems import PROBLEM_SCHEMA
from schemas.units import MODELS, Unit
from schemas.vocabulary import NOT_COLLECTED, UNKNOWN

_CHECK = "check\x1f"


@dataclass(frozen=True)
class CompiledMapping:
    """A file's specification as expressions over its text; holds no row."""

    file: PartnerFile
    columns: tuple[str, ...]  # what the expressions read of the file itself
    steps: tuple[Step, ...]
    values: Mapping[str, pl.Expr]  # field -> value, out of the text and the steps
    derived: Mapping[str, pl.Expr]  # field -> value, out of other fields
    checks: tuple[Check, ...]
    unit: pl.Expr  # the unit, or the mark of a row set aside, or null for a value in no list
    numbering: Numbering
    required_columns: tuple[tuple[str, ...], ...]  # of each group one must be there
    required_fields: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Mapped:
    """Every row of the table as a report, with `file`, `row_number` and `unit` (null: no unit), and the problems."""

    frame: pl.DataFrame
    problems: pl.DataFrame

    def __repr__(self) -> str:
        return f"<Mapped {self.frame.height} rows, {self.problems.height} problems>"


def compile_mapping(file: PartnerFile, joined: PartnerFile | None) -> CompiledMapping:
    """The specification of a file, and of the companion it looks numbers up in, as polars expressions.

    Several columns for one field count in the order written, the file's own before the companion's: the first that
    says something wins. Raises `ValueError` when the file joins a companion that is not given.
    """
    if file.join is not None and joined is None:
        raise ValueError("the companion's specification is needed to compile a join")
    fields = {field.name: field for unit in file.units() for field in fields_of(MODELS[unit].report)}
    fields.setdefault(SOURCE_FIELD, field_of(VictimReport, SOURCE_FIELD))  # what the flags of exploitation derive from
    sources = {field.name: _sources(field, file, joined) for field in fields.values()}
    found = {name: first_that_says_something(several) for name, several in sources.items() if several}
    is_derived = {name for name in DERIVED_FIELDS if name not in found}
    needed = file.known_headers() - set(file.ignored) | set(file.record_id)
    return CompiledMapping(
        file=file,
        columns=tuple(column_name(name) for name in sorted(needed)),
        steps=tuple(step for reading in found.values() for step in reading.steps),
        values={name: _value(field, found) for name, field in fields.items() if name not in is_derived},
        derived={name: derived_flag(group) for name, group in DERIVED_FIELDS.items() if name in is_derived},
        checks=tuple(replace(check, units=_holders(name, file)) for name, reading in found.items() for check in reading.checks),
        unit=_unit(file),
        numbering=Numbering(() if RECORD_ID in found else tuple(column_name(name) for name in file.record_id)),
        required_columns=_required_columns(file, fields.values()),
        required_fields=tuple(field.name for field in fields.values() if field.declared.is_required and field.name != RECORD_ID),
    )


def map_rows(table: TextTable, mapping: CompiledMapping, companion: TextTable | None) -> Mapped:
    """The rows of a table as reports: every field of the file's units, `file`, `row_number` and `unit`.

    A field that a problem spoils is null. Raises `BatchRefused` column_required_missing when a column that every record
    needs is absent, `ValueError` when the mapping joins a companion that is not given.
    """
    file = mapping.file
    found = [column_problems(table.frame, file, mapping.required_columns)]
    source = with_absent(table.frame, mapping.columns)
    if file.join is not None:
        if companion is None:
            raise ValueError("the companion's rows are needed to map a join")
        found.append(companion_problems(file.join, companion))
        source = with_companion(source, file.join, companion)
    headers = sorted(name for name in table.frame.columns if name != ROW_NUMBER)
    rows = read_steps(source, mapping.steps).select(
        pl.lit(file.name).alias("file"),
        ROW_NUMBER,
        mapping.unit.alias(UNIT),
        pl.concat_str([trimmed(name) for name in headers], separator="\x1f").alias(CONTENT),
        mapping.numbering.number(file.missing).alias(NUMBER),
        (pl.col(MATCHED) if file.join else pl.lit(True)).alias(MATCHED),
        *(value.alias(name) for name, value in mapping.values.items()),
        *(check.failed.fill_null(False).alias(f"{_CHECK}{position}") for position, check in enumerate(mapping.checks)),
    )
    rows = number_records(rows.with_columns(value.alias(name) for name, value in mapping.derived.items()), mapping.numbering)
    found += _problems_of_cells(rows, mapping)
    found += _problems_of_rows(rows, mapping, pl.concat(found))
    unit = pl.when(pl.col(UNIT) != SET_ASIDE).then(pl.col(UNIT)).alias("unit")
    frame = rows.select("file", ROW_NUMBER, unit, *mapping.values, *mapping.derived)
    return Mapped(frame, pl.concat(found).unique().sort(PROBLEM_SCHEMA.names()))


def _value(field: Field, found: Mapping[str, CellReading]) -> pl.Expr:
    """What fills the field; without anything, unknown when it can be worked out from a field that is collected."""
    if field.name in found:
        return found[field.name].value
    return absent(field, UNKNOWN if any(name in found for name in field.declared.derived_from) else NOT_COLLECTED)


def _sources(field: Field, file: PartnerFile, joined: PartnerFile | None) -> list[CellReading]:
    """Everything that fills a field, in the order in which it counts."""
    if field.name in file.constants:
        return [read_constant(field, file.constants[field.name])]
    if field.name in file.flags:
        return [read_flags(field, file.flags[field.name], file)]
    found = [read_column(field, column_name(name), column, file) for name, column in file.columns.items() if column.field == field.name]
    if file.join is not None and joined is not None:
        found += [
            read_column(field, JOINED + name, column, joined).only_where(pl.col(MATCHED), absent(field, UNKNOWN))
            for name, column in file.join.take.items()
            if column.field == field.name
        ]
    return found


def _holders(field: str, file: PartnerFile) -> tuple[str, ...]:
    """The units whose report holds the field, or derives others from it: nothing else can hold a row back."""
    return tuple(
        str(unit) for unit in file.units() if field == SOURCE_FIELD or field in {held.name for held in fields_of(MODELS[unit].report)}
    )


def _unit(file: PartnerFile) -> pl.Expr:
    if isinstance(file.unit, Unit):
        return pl.lit(str(file.unit))
    meanings = {text: str(unit) for text, unit in file.unit.values.items()} | dict.fromkeys(file.unit.set_aside, SET_ASIDE)
    text = trimmed(column_name(file.unit.column))
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


def _problems_of_cells(rows: pl.DataFrame, mapping: CompiledMapping) -> list[pl.DataFrame]:
    """Every check that failed, on rows whose unit holds the field; a row set aside is not looked into."""
    return [
        _problems(rows, check.code, check.field, pl.col(f"{_CHECK}{position}") & pl.col(UNIT).is_in(list(check.units)).fill_null(True))
        for position, check in enumerate(mapping.checks)
    ]


def _problems_of_rows(rows: pl.DataFrame, mapping: CompiledMapping, found: pl.DataFrame) -> list[pl.DataFrame]:
    """What is wrong with a row beyond one cell: its unit, its number, a required field, two dates, the companion."""
    file = mapping.file
    is_kept = (pl.col(UNIT) != SET_ASIDE).fill_null(True)
    unit_column = None if isinstance(file.unit, Unit) else file.unit.column
    problems = [
        _problems(rows, "category_unknown", unit_column, pl.col(UNIT).is_null()),
        _problems(rows, "unit_out_of_scope", unit_column, ~is_kept),
        _problems(rows, "record_id_missing", RECORD_ID, is_kept & pl.col(RECORD_ID).is_null()),
        _problems(rows, "row_repeated", None, pl.col(REPEATED)),
        _problems(rows, "record_id_repeated", RECORD_ID, pl.col(CONFLICTING)),
        _problems(rows, "join_missing", file.join.on if file.join else None, is_kept & ~pl.col(MATCHED)),
    ]
    for name in mapping.required_fields:
        explained = found.filter((pl.col("field") == name) & pl.col("code").is_in(["date_invalid", "date_out_of_range"]))["row_number"]
        is_empty = is_kept & pl.col(name).is_null() & ~pl.col(ROW_NUMBER).is_in(explained.to_list())
        problems.append(_problems(rows, "required_missing", name, is_empty))
    if "birth_date" in mapping.values:
        was_before = is_before(pl.col("registration_date"), pl.col("birth_date"))
        problems.append(_problems(rows, "dates_contradict", "registration_date", is_kept & was_before))
    return problems


def _problems(rows: pl.DataFrame, code: str, field: str | None, failed: pl.Expr) -> pl.DataFrame:
    return rows.filter(failed).select(
        "file",
        ROW_NUMBER,
        pl.lit(code).alias("code"),
        pl.lit(field, dtype=pl.String).alias("field"),
    )
