"""From a partner's reports to records without identity: the one way out of the restricted zone.

Here: what passes, what is derived and what stays behind, by the declared kind and sensitivity of each field.
Never here: a list of the fields to drop, or the protection of what passes (that is generalization, and the gate).
"""

from __future__ import annotations

import polars as pl

from anonymize.freetext import language_code, length_count
from schemas.case import Provenance
from schemas.errors import CasehouseError, LeakStopped
from schemas.fields import Field, Kind, RecordModel, Sensitivity, field_of, fields_of, names_of
from schemas.render import polars_schema
from schemas.units import MODELS, Unit
from schemas.vocabulary import vocabulary
from schemas.zones import Identified, Pseudonymised

KEYS = pl.Schema({"record_key": pl.String, "case_key": pl.String, "partner_person_key": pl.String})
"""The keys that a report already carries; the record model says which of them the record keeps."""
ENVELOPE = polars_schema(Provenance)
"""Where a record came from; follows the record's own fields."""

AGE_BAND = "age_band"
AGE_SOURCES = ("age_years", "birth_date", "registration_date")
"""What tells an age: the fields of a report about a person, finest first."""
_SHORTER_INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
AGE_END = 200
"""Above any age in years: bounds the open band."""


def deidentify(reports: Identified, unit: Unit) -> Pseudonymised:
    """The reports as records: the record model's fields in order, then where each came from; a row a report, sorted by key.

    A field passes when report and record both declare it and it is not direct. `<x>_year` is the year of the date `<x>_date`;
    `<narrative>_length_count` and `<narrative>_language_code` stand for a narrative; a missing age band is taken from the
    age in years, else from the dates of birth and registration where every possible day gives the same band.
    Raises `LeakStopped` for a column that nobody declared, for a text that is no code in a column of codes, and for a direct
    field in the result; `CasehouseError` for a column that is missing or is not of its declared type.
    """
    models = MODELS[unit]
    frame = _checked(reports.frame, models.report)
    filled = frame.with_columns(*_with_age_bands(frame, models.report), *_derived(frame, models.report, models.record))
    names = [*polars_schema(models.record), *ENVELOPE]
    result = filled.select(names).cast(polars_schema(models.record)).sort("record_key", "file", "row_number")
    _stop_leaks(result, models.report, models.record)
    return Pseudonymised(result)


def _checked(frame: pl.DataFrame, report: type[RecordModel]) -> pl.DataFrame:
    """The frame in declared types, when it holds what is declared and nothing else."""
    expected = pl.Schema({**polars_schema(report), **KEYS, **ENVELOPE})
    undeclared = sorted(set(frame.columns) - set(expected))
    if undeclared:
        raise LeakStopped(f"{report.__name__}: no declared sensitivity for {', '.join(undeclared)}")
    missing = [name for name in expected if name not in frame.columns]
    if missing:
        raise CasehouseError(f"{report.__name__}: no column {', '.join(missing)}")
    given = frame.schema
    wrong = [name for name, declared in expected.items() if not _fits(given[name], declared)]
    if wrong:
        raise CasehouseError(f"{report.__name__}: not of its declared type: {', '.join(wrong)}")
    return frame.cast(expected)


def _fits(given: pl.DataType, declared: pl.DataType) -> bool:
    """Whether every value of one type is a value of the other: itself, a shorter whole number, or nothing but nulls."""
    is_empty = given == pl.Null or (given == pl.List(pl.Null) and isinstance(declared, pl.List))
    return given == declared or is_empty or (declared == pl.Int64 and given in _SHORTER_INTEGERS)


def _derived(frame: pl.DataFrame, report: type[RecordModel], record: type[RecordModel]) -> list[pl.Series | pl.Expr]:
    """What fills the record's fields that no report has; `LeakStopped` when nothing does."""
    reported = {field.name: field for field in fields_of(report)}
    made: dict[str, pl.Series | pl.Expr] = {}
    for field in reported.values():
        if field.kind is Kind.NARRATIVE:
            made[f"{field.name}_length_count"] = length_count(frame[field.name])
            made[f"{field.name}_language_code"] = language_code(frame[field.name])
        if field.kind is Kind.DATE:
            made[field.name.removesuffix("_date") + "_year"] = _year(field.name)
    wanted = [field.name for field in fields_of(record) if field.name not in reported and field.name not in KEYS]
    unfilled = [name for name in wanted if name not in made]
    if unfilled:
        raise LeakStopped(f"{record.__name__}: nothing makes {', '.join(unfilled)}")
    return [_within_limits(made[name], field_of(record, name)).alias(name) for name in wanted]


def _within_limits(made: pl.Series | pl.Expr, field: Field) -> pl.Series | pl.Expr:
    if isinstance(made, pl.Series) or field.declared.limits is None:
        return made
    return pl.when(made.is_between(*field.declared.limits)).then(made)


def _year(date: str) -> pl.Expr:
    """The year of a date of any precision; null for a text that is no date."""
    return pl.col(date).str.extract(r"^([0-9]{4})(?:-[0-9]{2}){0,2}$").cast(pl.Int64)


def _with_age_bands(frame: pl.DataFrame, report: type[RecordModel]) -> list[pl.Series]:
    """Every field of age bands, with a missing band filled in where the report's ages or dates decide it."""
    declared = {field.name: field for field in fields_of(report)}
    fields = [field.name for field in declared.values() if field.declared.vocabulary == AGE_BAND]
    if not {*AGE_SOURCES} <= set(declared):
        return [frame[name] for name in fields]
    youngest, oldest = declared["age_years"].declared.limits or (0, AGE_END - 1)
    is_age = pl.col("age_years").is_between(youngest, oldest)
    sources = frame.select(by_age=_band(pl.when(is_age).then(pl.col("age_years"))), by_dates=_certain_bands(frame, oldest))
    is_band = pl.col("reported").is_in(list(vocabulary(AGE_BAND).leaves()))
    finest = pl.when(is_band).then(pl.col("reported")).otherwise(pl.coalesce("by_age", "by_dates", "reported"))
    return [sources.with_columns(frame[name].alias("reported")).select(finest.alias(name)).to_series() for name in fields]


def _band(age: pl.Expr) -> pl.Expr:
    """The code of the band that an age in whole years falls in; null for null and for no age of a person."""
    bands = age_bands()
    code_of = {age: code for code, first in bands for age in range(first, AGE_END)}  # a later band takes over where it begins
    return age.replace_strict(code_of, default=None, return_dtype=pl.String)


def age_bands() -> tuple[tuple[str, int], ...]:
    """Each band of the vocabulary with its first age, read from its code (`09--17`, `48+`); each ends where the next begins."""
    return tuple((code, int(code.removesuffix("+").split("--")[0])) for code in vocabulary(AGE_BAND).leaves())


def _certain_bands(frame: pl.DataFrame, oldest: int) -> pl.Series:
    """Row by row the band at registration, when the least and the most that the known parts of both dates allow share it.

    Days on which the person was not yet born are not possible, so the least age is never under 0.
    """
    days = frame.select(
        born_first=_first_day("birth_date"),
        born_last=_last_day("birth_date"),
        at_first=_first_day("registration_date"),
        at_last=_last_day("registration_date"),
    )
    ages = days.select(least=_age(pl.col("born_last"), pl.col("at_first")), most=_age(pl.col("born_first"), pl.col("at_last")))
    possible = ages.select(pl.when(pl.col("most").is_between(0, oldest)).then(pl.all().clip(lower_bound=0)).name.keep())
    bands = possible.select(_band(pl.col("least")).alias("least"), _band(pl.col("most")).alias("most"))
    return bands.select(pl.when(pl.col("least") == pl.col("most")).then(pl.col("most"))).to_series()


def _age(born: pl.Expr, at: pl.Expr) -> pl.Expr:
    """Completed years; someone born on 29 February completes one on 1 March of a common year."""
    return at.dt.year().cast(pl.Int64) - born.dt.year().cast(pl.Int64) - (_day_of_year(at) < _day_of_year(born)).cast(pl.Int64)


def _day_of_year(date: pl.Expr) -> pl.Expr:
    """Month and day as one number that orders days alike in common and leap years."""
    return date.dt.month().cast(pl.Int64) * 100 + date.dt.day().cast(pl.Int64)


def _first_day(date: str) -> pl.Expr:
    """The first day that a date of any precision can mean; null for a text that is no date."""
    text = pl.col(date)
    whole = pl.when(text.str.len_chars() == 4).then(text + "-01-01").when(text.str.len_chars() == 7).then(text + "-01").otherwise(text)
    return pl.when(whole.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")).then(whole).str.to_date("%Y-%m-%d", strict=False)


def _last_day(date: str) -> pl.Expr:
    """The last day that a date of any precision can mean."""
    first, precision = _first_day(date), pl.col(date).str.len_chars()
    return (
        pl.when(precision == 4)
        .then(first.dt.offset_by("11mo").dt.month_end())
        .when(precision == 7)
        .then(first.dt.month_end())
        .otherwise(first)
    )


def _stop_leaks(result: pl.DataFrame, report: type[RecordModel], record: type[RecordModel]) -> None:
    """`LeakStopped` when a direct field, or a text that is no code in a column of codes, is in the result."""
    direct = {*names_of(report, Sensitivity.DIRECT), *names_of(record, Sensitivity.DIRECT)} & set(result.columns)
    if direct:
        raise LeakStopped(f"{record.__name__}: direct: {', '.join(sorted(direct))}")
    for field in fields_of(record):
        if field.declared.vocabulary is None:
            continue
        codes = result[field.name].explode() if field.kind is Kind.CODES else result[field.name]
        strangers = codes.drop_nulls().is_in(list(vocabulary(field.declared.vocabulary).codes())).not_().sum()
        if strangers:
            raise LeakStopped(f"{record.__name__}: {strangers} cell value(s) of {field.name} are no codes of {field.declared.vocabulary}")
