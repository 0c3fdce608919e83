"""How a cell of one column becomes the value of one field, by the field's kind: expressions, and what can be wrong.

Here: texts, dates, numbers and codes, each with its checks. Never here: rows, or more than one field.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from ingest.codes import answer_readings, flagged_codes, is_reason, one_code, readings, several_codes, trimmed
from ingest.dates import iso_date, whole_number, year_of
from ingest.reading import column_name
from schemas.fields import Field, Kind
from schemas.partner import Column, Flags, PartnerFile
from schemas.vocabulary import MISSING_CODES, NOT_COLLECTED, YEARS

BIRTH_YEARS = (1900, YEARS[1])


@dataclass(frozen=True)
class Check:
    """One thing that can be wrong with a row: the problem's code, the field or column, where it is so, and for which units."""

    code: str
    field: str
    failed: pl.Expr
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A working column: what each text of one column means by itself, so that equal texts are read once."""

    name: str
    column: str
    value: pl.Expr


@dataclass(frozen=True)
class CellReading:
    """A field's value out of one source, whether it says more than that it is missing, its checks, and the steps to it."""

    value: pl.Expr
    says_something: pl.Expr
    checks: tuple[Check, ...] = ()
    steps: tuple[Step, ...] = ()

    def only_where(self, condition: pl.Expr, otherwise: pl.Expr) -> CellReading:
        """The same reading where the condition holds; elsewhere another value and nothing wrong."""
        checks = tuple(replace(check, failed=condition & check.failed) for check in self.checks)
        value = pl.when(condition).then(self.value).otherwise(otherwise)
        return CellReading(value, condition & self.says_something, checks, self.steps)


class _Steps:
    """The steps that lead from one column to one field; a later step may read an earlier one."""

    def __init__(self, column: str, field: str) -> None:
        self.column, self.field = column, field
        self.taken: list[Step] = []

    def step(self, name: str, value: pl.Expr) -> pl.Expr:
        """Take a step and refer to what it found."""
        self.taken.append(Step(f"{self.column}\x1f{self.field}\x1f{name}", self.column, value))
        return pl.col(self.taken[-1].name)

    def reading(self, value: pl.Expr, says_something: pl.Expr, *checks: Check) -> CellReading:
        """The reading that these steps lead to."""
        return CellReading(value, says_something, checks, tuple(self.taken))


def read_steps(frame: pl.DataFrame, steps: Iterable[Step]) -> pl.DataFrame:
    """The frame with the working columns of all steps, each distinct text of a column read once."""
    by_column: dict[str, list[Step]] = {}
    for step in steps:
        by_column.setdefault(step.column, []).append(step)
    for column, its_steps in by_column.items():
        distinct = frame.select(pl.col(column).unique())
        for step in its_steps:
            distinct = distinct.with_columns(step.value.alias(step.name))
        frame = frame.join(distinct, on=column, how="left", nulls_equal=True, maintain_order="left")
    return frame


def read_column(field: Field, column: str, meaning: Column, file: PartnerFile) -> CellReading:
    """The reading of one column of the frame for a field, with the missing texts and the format of `file`.

    A column that is all null is one that the file lacks: codes become not_collected, everything else null.
    """
    match field.kind:
        case Kind.CODE:
            return _code(field, column, meaning, file)
        case Kind.CODES:
            return _codes(field, column, meaning, file)
        case Kind.DATE:
            return _date(field, _Cell(field, column, meaning, file))
        case Kind.INTEGER | Kind.YEAR:
            return _number(field, _Cell(field, column, meaning, file))
        case _:
            return _text(_Cell(field, column, meaning, file))


def read_flags(field: Field, flags: Flags, file: PartnerFile) -> CellReading:
    """The reading of several columns of yes and no that together fill one field.

    A cell that is neither yes, no nor missing is named by its column: the field alone would not tell which.
    """
    known = answer_readings(flags.yes, flags.no, file.missing)
    steps = tuple(
        Step(f"{column_name(name)}\x1f{field.name}\x1fanswer", column_name(name), one_code(column_name(name), known))
        for name in flags.columns
    )
    value = flagged_codes([(step.name, code) for step, code in zip(steps, flags.columns.values(), strict=True)])
    checks = tuple(_unknown_category(name, pl.col(step.name)) for step, name in zip(steps, flags.columns, strict=True))
    return CellReading(value, _lists_something(value), checks, steps)


def read_constant(field: Field, code: str) -> CellReading:
    """The same value on every row; a reason for a missing value is null in fields that hold no codes."""
    if field.kind is Kind.CODES:
        value = pl.lit([code], dtype=pl.List(pl.String))
    elif field.kind is not Kind.CODE and code in MISSING_CODES:
        value = absent(field, code)
    else:
        value = pl.lit(code)
    return CellReading(value, pl.lit(code not in MISSING_CODES))


def absent(field: Field, reason: str = NOT_COLLECTED) -> pl.Expr:
    """What a field holds when nothing was said: the reason where it holds codes, else null."""
    match field.kind:
        case Kind.CODE:
            return pl.lit(reason)
        case Kind.CODES:
            return pl.lit([reason], dtype=pl.List(pl.String))
        case Kind.INTEGER | Kind.YEAR:
            return pl.lit(None, dtype=pl.Int64)
        case _:
            return pl.lit(None, dtype=pl.String)


def first_that_says_something(readings_of_field: list[CellReading]) -> CellReading:
    """Several sources of one field: the first that says something counts, the checks of all do."""
    first = readings_of_field[0]
    if len(readings_of_field) == 1:
        return first
    said = [pl.when(reading.says_something).then(reading.value) for reading in readings_of_field]
    value = pl.coalesce(*said, first.value)
    says = pl.any_horizontal(*(reading.says_something for reading in readings_of_field))
    checks = tuple(check for reading in readings_of_field for check in reading.checks)
    return CellReading(value, says, checks, tuple(step for reading in readings_of_field for step in reading.steps))


def _code(field: Field, column: str, meaning: Column, file: PartnerFile) -> CellReading:
    steps = _Steps(column, field.name)
    value = steps.step("value", one_code(column, readings(meaning.lookup, file.missing, field.declared.vocabulary)))
    return steps.reading(value, value.is_not_null() & ~is_reason(value), _unknown_category(field.name, value))


def _codes(field: Field, column: str, meaning: Column, file: PartnerFile) -> CellReading:
    steps = _Steps(column, field.name)
    known = readings(meaning.lookup, file.missing, field.declared.vocabulary)
    value = steps.step("value", several_codes(column, meaning.separator, known))
    return steps.reading(value, _lists_something(value), _unknown_category(field.name, value))


class _Cell:
    """The text of a cell that holds no code, and which of its texts mean that it is missing."""

    def __init__(self, field: Field, column: str, meaning: Column, file: PartnerFile) -> None:
        self.field, self.meaning, self.file = field, meaning, file
        self.steps = _Steps(column, field.name)
        self.text = self.steps.step("text", trimmed(column))
        looked_up = readings(meaning.lookup, {}).apply(self.text)
        says_something = pl.lit("" in meaning.lookup) | (self.text != "")  # an empty cell declares nothing, unless it is listed
        self.lookup = self.steps.step("lookup", pl.when(says_something).then(looked_up))
        self.is_declared_missing = is_reason(self.lookup).fill_null(False)
        says_missing = readings({}, file.missing).apply(self.text).is_not_null() & self.lookup.is_null()
        self.is_missing = self.steps.step("missing", self.text.is_null() | says_missing | self.is_declared_missing)

    def reading(self, value: pl.Expr, *checks: Check) -> CellReading:
        """The value where the cell is not missing, with the note that the partner said unknown in its own way."""
        shown = self.steps.step("value", pl.when(~self.is_missing).then(value))
        note = Check("value_declared_unknown", self.field.name, self.is_declared_missing)
        return self.steps.reading(shown, shown.is_not_null(), *checks, *([note] if self.meaning.lookup else []))


def _text(cell: _Cell) -> CellReading:
    return cell.reading(pl.coalesce(cell.lookup, cell.text))


def _date(field: Field, cell: _Cell) -> CellReading:
    date_format = cell.meaning.date_format or "%Y-%m-%d"
    iso = cell.steps.step("iso", iso_date(cell.text, date_format, is_spreadsheet=cell.file.format.kind == "spreadsheet"))
    low, high = BIRTH_YEARS if field.name == "birth_date" else YEARS
    is_in_range = year_of(iso).is_between(low, high)
    return cell.reading(
        pl.when(is_in_range).then(iso),
        Check("date_invalid", field.name, ~cell.is_missing & iso.is_null()),
        Check("date_out_of_range", field.name, ~cell.is_missing & ~is_in_range),
    )


def _number(field: Field, cell: _Cell) -> CellReading:
    is_number, number = whole_number(cell.text, cell.file.format.decimal)
    limits = field.declared.limits or (-(2**62), 2**62)
    is_in_range = number.is_between(*limits).fill_null(False)
    return cell.reading(
        pl.when(is_in_range).then(number),
        Check("number_invalid", field.name, ~cell.is_missing & ~is_number),
        Check("number_out_of_range", field.name, ~cell.is_missing & is_number & ~is_in_range),
    )


def _unknown_category(field: str, value: pl.Expr) -> Check:
    return Check("category_unknown", field, value.is_null())


def _lists_something(value: pl.Expr) -> pl.Expr:
    is_only_reason = is_reason(value.list.first()).fill_null(False)
    return value.is_not_null() & ~is_only_reason
