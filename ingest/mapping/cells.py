"""How a cell of one column becomes the value of one field, by the field's kind: expressions, and what can be wrong.

Here: texts, dates, numbers and codes, each with its checks. Never here: rows, or more than one field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from ingest.mapping.codes import answer_readings, flagged_codes, is_reason, one_code, readings, several_codes, trimmed
from ingest.mapping.date_formats import AMBIGUOUS, DateSense
from ingest.mapping.dates import EPOCHS, ascii_digits, iso_date, swapped, whole_number, year_of
from ingest.mapping.numbering import RECORD_ID, is_no_number
from ingest.mapping.spoilt import is_error_sign, is_serial, is_shortened
from ingest.mapping.steps import Step
from ingest.reading.reader import column_name
from schemas.fields import Field, Kind
from schemas.partner import Column, Flags, PartnerFile
from schemas.vocabulary import MISSING_CODES, NOT_COLLECTED, YEARS

_BIRTH_YEARS = (1900, YEARS[1])


@dataclass(frozen=True)
class Source:
    """One column of the frame, the header its partner's file spells it with, and what it means."""

    name: str
    header: str
    meaning: Column
    file: PartnerFile
    dates: DateSense | None = None  # for a date column


@dataclass(frozen=True)
class Check:
    """One thing that can be wrong with a row: the problem's code, where it is so, the field and column, and for which units."""

    code: str
    field: str | None
    column: str | None
    failed: pl.Expr
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class DateOrder:
    """A date column with day and month as numbers: which rows tell that they stand as agreed, which the other way round,
    and which could be either."""

    field: str
    column: str
    as_agreed: pl.Expr
    other_way: pl.Expr
    either: pl.Expr
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class CellReading:
    """A field's value out of one source, whether it says more than that it is missing, its checks, and the steps to it."""

    value: pl.Expr
    says_something: pl.Expr
    checks: tuple[Check, ...] = ()
    steps: tuple[Step, ...] = ()
    orders: tuple[DateOrder, ...] = ()

    def only_where(self, condition: pl.Expr, otherwise: pl.Expr) -> CellReading:
        """The same reading where the condition holds; elsewhere another value and nothing wrong."""
        checks = tuple(replace(check, failed=condition & check.failed) for check in self.checks)
        value = pl.when(condition).then(self.value).otherwise(otherwise)
        return CellReading(value, condition & self.says_something, checks, self.steps, self.orders)


class _Steps:
    """The steps that lead from one column to one field; a later step may read an earlier one."""

    def __init__(self, column: str, field: str) -> None:
        self.column, self.field = column, field
        self.taken: list[Step] = []

    def step(self, name: str, value: pl.Expr) -> pl.Expr:
        """Take a step and refer to what it found."""
        self.taken.append(Step(f"{self.column}\x1f{self.field}\x1f{name}", self.column, value))
        return pl.col(self.taken[-1].name)


def read_column(field: Field, source: Source) -> CellReading:
    """The reading of one column for a field, with the missing texts and the format of its file.

    A column that is all null is one that the file lacks: codes become not_collected, everything else null.
    """
    match field.kind:
        case Kind.CODE | Kind.CODES:
            return _code(field, source)
        case Kind.DATE:
            return _date(_Cell(field, source))
        case Kind.INTEGER | Kind.YEAR:
            return _number(_Cell(field, source))
        case Kind.TEXT:
            cell = _Cell(field, source)
            return cell.reading(pl.coalesce(cell.lookup, cell.text), ("number_shortened", is_shortened(cell.text) & ~cell.is_missing))
        case _:
            cell = _Cell(field, source)
            return cell.reading(pl.coalesce(cell.lookup, cell.text))


def read_flags(field: Field, flags: Flags, file: PartnerFile) -> CellReading:
    """The reading of several columns of yes and no that together fill one field.

    A cell that is neither yes, no nor missing is named by its column.
    """
    known = answer_readings(flags.yes, flags.no, file.missing)
    answers: list[tuple[str, str]] = []
    checks: list[Check] = []
    steps: list[Step] = []
    for header, code in flags.columns.items():
        way = _Steps(column_name(header), field.name)
        answers.append((way.step("answer", one_code(column_name(header), known)).meta.output_name(), code))
        checks += _unknown_category(way, field.name, header)
        steps += way.taken
    value = flagged_codes(answers)
    return CellReading(value, _lists_something(value), tuple(checks), tuple(steps))


def record_number_checks(headers: Sequence[str], file: PartnerFile) -> tuple[list[Step], list[Check]]:
    """What can be wrong with the columns that together number a record: a spreadsheet spoilt a part of the number."""
    steps: list[Step] = []
    checks: list[Check] = []
    for header in headers:
        way = _Steps(column_name(header), "record number")
        text = trimmed(column_name(header))
        is_missing = readings({}, file.missing).apply(text).is_not_null()
        for code, failed in (("cell_error", is_error_sign(text)), ("number_shortened", is_shortened(text))):
            checks.append(Check(code, "source_record_id", header, way.step(code, ~is_missing & failed)))
        steps += way.taken
    return steps, checks


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
    steps = tuple(step for reading in readings_of_field for step in reading.steps)
    return CellReading(value, says, checks, steps, tuple(order for reading in readings_of_field for order in reading.orders))


def _code(field: Field, source: Source) -> CellReading:
    meaning = source.meaning
    known = readings(meaning.lookup, source.file.missing, field.declared.vocabulary, holds_codes=meaning.holds_codes)
    way = _Steps(source.name, field.name)
    if field.kind is Kind.CODES:
        value = way.step("answer", several_codes(source.name, source.meaning.separator, known))
        says_something = _lists_something(value)
    else:
        value = way.step("answer", one_code(source.name, known))
        says_something = value.is_not_null() & ~is_reason(value)
    checks = _unknown_category(way, field.name, source.header)
    return CellReading(value, says_something, checks, tuple(way.taken))


def _unknown_category(way: _Steps, field: str, header: str) -> tuple[Check, ...]:
    """An answer that no list knows: an error sign of a spreadsheet, or a category that nobody listed."""
    is_unknown = pl.col(way.taken[-1].name).is_null()
    is_error = way.step("error", is_unknown & is_error_sign(trimmed(way.column)))
    unknown = way.step("unknown", is_unknown & ~is_error)
    return (Check("category_unknown", field, header, unknown), Check("cell_error", field, header, is_error))


class _Cell:
    """The text of a cell that holds no code, and which of its texts mean that it is missing or spoilt."""

    def __init__(self, field: Field, source: Source) -> None:
        self.field, self.source = field, source
        self.steps = _Steps(source.name, field.name)
        lookup = source.meaning.lookup
        self.text = self.steps.step("text", trimmed(source.name))
        looked_up = readings(lookup, {}).apply(self.text) if lookup else pl.lit(None, dtype=pl.String)
        says_something = pl.lit("" in lookup) | (self.text != "")  # an empty cell declares nothing, unless it is listed
        self.lookup = self.steps.step("lookup", pl.when(says_something).then(looked_up)) if lookup else looked_up
        self.is_declared_missing = is_reason(self.lookup).fill_null(False)
        says_missing = readings({}, source.file.missing).apply(self.text).is_not_null() & self.lookup.is_null()
        if field.name == RECORD_ID:
            says_missing |= is_no_number(self.text) & ~is_error_sign(self.text)
        is_missing = self.steps.step("missing", self.text.is_null() | says_missing | self.is_declared_missing)
        self.is_error = self.steps.step("error", ~is_missing & self.lookup.is_null() & is_error_sign(self.text))
        self.is_missing = self.steps.step("nothing", is_missing | self.is_error)

    def reading(self, value: pl.Expr, *wrong: tuple[str, pl.Expr]) -> CellReading:
        """The value where the cell is not missing, with what can be wrong with it by code, and the note that the partner
        said unknown in its own way."""
        shown = self.steps.step("value", pl.when(~self.is_missing).then(value))
        notes = [("value_declared_unknown", self.is_declared_missing)] if self.source.meaning.lookup else []
        checks = tuple(
            Check(code, self.field.name, self.source.header, self.steps.step(code, failed.fill_null(False)))
            for code, failed in (*wrong, ("cell_error", self.is_error), *notes)
        )
        return CellReading(shown, shown.is_not_null(), checks, tuple(self.steps.taken))


def years_allowed(field: Field) -> tuple[int, int]:
    """The first and the last year that a date of the field may have."""
    return _BIRTH_YEARS if field.name == "birth_date" else YEARS


def _date(cell: _Cell) -> CellReading:
    sense = cell.source.dates
    if sense is None:
        raise ValueError("a date column needs its format or what its texts say of one")
    is_spreadsheet = cell.source.file.format.kind == "spreadsheet"
    digits = cell.steps.step("digits", ascii_digits(cell.text))
    iso = cell.steps.step("iso", iso_date(digits, sense.formats, is_spreadsheet=is_spreadsheet))
    if sense.fault is not None:
        return _date_without_format(cell, digits, iso, sense.fault)
    is_in_range = year_of(iso).is_between(*years_allowed(cell.field))
    is_invalid = ~cell.is_missing & iso.is_null()
    is_number = pl.lit(False) if sense.formats[0] in EPOCHS else is_invalid & is_serial(digits)
    reading = cell.reading(
        pl.when(is_in_range).then(iso),
        ("date_invalid", is_invalid & ~is_number),
        ("date_is_serial", is_number),
        ("date_out_of_range", ~cell.is_missing & ~is_in_range),
    )
    return _with_order(cell, reading, sense, digits)


def _date_without_format(cell: _Cell, digits: pl.Expr, iso: pl.Expr, fault: str) -> CellReading:
    """No date at all: the column's own texts allow several formats, or none that reads them all."""
    is_asked = ~cell.is_missing & iso.is_not_null() if fault == AMBIGUOUS else pl.lit(False)
    is_number = ~cell.is_missing & iso.is_null() & is_serial(digits)
    return cell.reading(
        pl.lit(None, dtype=pl.String),
        (AMBIGUOUS, is_asked),
        ("date_is_serial", is_number),
        ("date_invalid", ~cell.is_missing & ~is_asked & ~is_number),
    )


def _with_order(cell: _Cell, reading: CellReading, sense: DateSense, digits: pl.Expr) -> CellReading:
    """The reading with what its rows tell of the order of day and month."""
    both = [(one, other) for one in sense.formats if (other := swapped(one)) is not None]
    if not both:
        return reading
    way = _Steps(cell.source.name, cell.field.name)
    agreed, turned = (
        way.step(name, pl.when(~cell.is_missing).then(iso_date(digits, formats, is_spreadsheet=False)))
        for name, formats in zip(("agreed", "turned"), zip(*both, strict=True), strict=True)
    )
    order = DateOrder(
        cell.field.name,
        cell.source.header,
        as_agreed=way.step("as agreed", agreed.is_not_null() & turned.is_null()),
        other_way=way.step("other way", agreed.is_null() & turned.is_not_null()),
        either=way.step("either", (agreed != turned).fill_null(False)),
    )
    return replace(reading, steps=(*reading.steps, *way.taken), orders=(order,))


def _number(cell: _Cell) -> CellReading:
    is_number, number = whole_number(cell.text, cell.source.file.format.decimal)
    limits = cell.field.declared.limits or (-(2**62), 2**62)
    is_in_range = number.is_between(*limits).fill_null(False)
    return cell.reading(
        pl.when(is_in_range).then(number),
        ("number_invalid", ~cell.is_missing & ~is_number),
        ("number_out_of_range", ~cell.is_missing & is_number & ~is_in_range),
    )


def _lists_something(value: pl.Expr) -> pl.Expr:
    is_only_reason = is_reason(value.list.first()).fill_null(False)
    return value.is_not_null() & ~is_only_reason
