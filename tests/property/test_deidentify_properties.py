"""What de-identification keeps to for any table of reports: nothing direct gets out, no row gets lost.

Here: tables generated from the declarations of the report models. Never here: single cases (see tests/spec).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anonymize.deidentify import ENVELOPE, age_bands, deidentify
from anonymize.keys import key_of, with_keys
from schemas.errors import LeakStopped
from schemas.fields import Field, Kind, Sensitivity, fields_of
from schemas.render import polars_schema
from schemas.units import MODELS, Unit
from schemas.vocabulary import vocabulary
from schemas.zones import Identified

SECRET = b"the secret of a property"
PLACES = ("Córdoba", "Île-de-France", "Central Province", "شمال سيناء", "District 9", None)
NAME_SIGNS = "GHIJKLMNOPQRSTUVWXYZ ĦŊŦ漢字ظغ"
"""No letter of a place above, of a code or of a hexadecimal key in a row of four: what is found again was carried over."""

Cell = str | int | list[str] | None
units = st.sampled_from(list(Unit))


@st.composite
def partial_dates(draw: st.DrawFn, first: int, last: int) -> str:
    """A date of the precision that is known: year, month or day."""
    year, month = draw(st.integers(first, last)), draw(st.integers(1, 12))
    day = draw(st.integers(1, calendar.monthrange(year, month)[1]))
    return f"{year:04}-{month:02}-{day:02}"[: draw(st.sampled_from([4, 7, 10]))]


def cells_of(field: Field) -> st.SearchStrategy[Cell]:
    """Any cell that a validated report may hold in the field."""
    if field.kind is Kind.DATE:
        dates: st.SearchStrategy[Cell] = partial_dates(1950, 2040)
        return dates if field.declared.is_required else st.none() | dates
    if field.kind is Kind.INTEGER:
        return st.none() | st.integers(*(field.declared.limits or (0, 9)))
    if field.declared.vocabulary is not None:
        codes = st.sampled_from(vocabulary(field.declared.vocabulary).codes())
        return st.lists(codes, max_size=3) if field.kind is Kind.CODES else codes
    if field.sensitivity is Sensitivity.DIRECT:
        texts = st.text(NAME_SIGNS, min_size=1, max_size=24)
        return texts if field.declared.is_required else st.none() | texts
    return st.sampled_from(PLACES)


@st.composite
def reports_of(draw: st.DrawFn, unit: Unit) -> Identified:
    """Reports about a unit, keyed, as they leave validation."""
    declared = fields_of(MODELS[unit].report)
    schema = pl.Schema({**polars_schema(MODELS[unit].report), **ENVELOPE})
    rows = draw(st.lists(st.tuples(*(cells_of(field) for field in declared)), max_size=6))
    with_origin = [(*row, "ngo-a", "b1", "main", number) for number, row in enumerate(rows)]
    return with_keys(Identified(pl.DataFrame(with_origin, schema=schema, orient="row")), SECRET)


def texts_of(frame: pl.DataFrame) -> Iterator[str]:
    """Every text of every cell, the two keys aside."""
    for column in frame.drop("record_key", "case_key", strict=False).iter_columns():
        for cell in column.to_list():
            yield from [cell] if isinstance(cell, str) else cell if isinstance(cell, list) else []


@given(st.data(), units)
@settings(max_examples=40, deadline=None)
def test_no_direct_text_is_in_the_result_and_no_row_is_lost(data: st.DataObject, unit: Unit) -> None:
    reports = data.draw(reports_of(unit))
    result = deidentify(reports, unit).frame
    direct = [field.name for field in fields_of(MODELS[unit].report) if field.sensitivity is Sensitivity.DIRECT]
    codes = {code for field in fields_of(MODELS[unit].record) for code in _codes_of(field)}
    values = {value for value in texts_of(reports.frame.select(direct)) if len(value) > 3} - codes
    assert not [value for value in values for text in texts_of(result) if value in text]
    assert not values & set(result["record_key"])
    assert result.height == reports.frame.height
    assert sorted(result["record_key"]) == sorted(reports.frame["record_key"])


def _codes_of(field: Field) -> tuple[str, ...]:
    return vocabulary(field.declared.vocabulary).codes() if field.declared.vocabulary else ()


@given(st.data(), units, st.from_regex(r"[a-z_]{1,12}", fullmatch=True))
@settings(max_examples=25, deadline=None)
def test_a_column_that_nobody_declared_always_stops_the_batch(data: st.DataObject, unit: Unit, name: str) -> None:
    reports = data.draw(reports_of(unit))
    if name in reports.frame.columns:
        name += "_0"
    with pytest.raises(LeakStopped, match=name):
        deidentify(Identified(reports.frame.with_columns(pl.lit("x").alias(name))), unit)


@given(st.data(), units, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_reports_leaves_no_trace(data: st.DataObject, unit: Unit, chance: Random) -> None:
    frame = data.draw(reports_of(unit)).frame
    order = list(range(frame.height))
    chance.shuffle(order)
    shuffled = frame[order].select(sorted(frame.columns))
    assert deidentify(Identified(frame), unit).frame.equals(deidentify(Identified(shuffled), unit).frame)


@given(partial_dates(1999, 2003), partial_dates(2001, 2024))
@settings(max_examples=25, deadline=None)
def test_a_band_is_derived_where_every_possible_pair_of_days_gives_it(birth: str, registration: str) -> None:
    assume(len(birth) + len(registration) > len("1999") * 2)  # the oracle tries a year's days with a month's at most
    frame = _victim_born(birth, registration)
    found = deidentify(Identified(frame), Unit.VICTIM).frame["age_band_code"].item()
    assert found == _band_by_trying(birth, registration)


def _victim_born(birth: str, registration: str) -> pl.DataFrame:
    schema = pl.Schema({**polars_schema(MODELS[Unit.VICTIM].report), **ENVELOPE})
    given_cells = {"source_record_id": "1", "birth_date": birth, "registration_date": registration, "age_band_code": "unknown"}
    cells = given_cells | {"partner_code": "ngo-a", "batch_id": "b1", "file": "main"}
    frame = pl.DataFrame([[cells.get(name) for name in schema]], schema=schema, orient="row")
    return with_keys(Identified(frame), SECRET).frame


def _days(text: str) -> list[date]:
    year = int(text[:4])
    day, days = date(year, 1, 1), []
    while day.year == year:
        days.append(day)
        day += timedelta(days=1)
    return [day for day in days if day.isoformat().startswith(text)]


def _band_by_trying(birth: str, registration: str) -> str:
    """The oracle: the age for each pair of days on which the person could have been born and registered."""
    bands_and_firsts = [(first, code) for code, first in age_bands()]
    ages = {
        at.year - born.year - ((at.month, at.day) < (born.month, born.day))
        for born in _days(birth)
        for at in _days(registration)
        if born <= at
    }
    bands = {max(band for band in bands_and_firsts if band[0] <= age)[1] for age in ages}
    return bands.pop() if len(bands) == 1 else "unknown"


@given(st.lists(st.text(max_size=6), max_size=4), st.lists(st.text(max_size=6), max_size=4))
def test_different_parts_have_different_keys(some: list[str], others: list[str]) -> None:
    assert (key_of(SECRET, *some) == key_of(SECRET, *others)) is (some == others)
