"""What of a report becomes a record, row by row; and what stops the way out of the vault.

Here: small reports and the records they make. Never here: generated tables (see tests/property).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated

import polars as pl
import pytest

from anonymize.deidentify import ENVELOPE, age_bands, deidentify
from anonymize.keys import key_of, with_keys
from schemas.case import VictimFacts, VictimReport
from schemas.errors import CasehouseError, LeakStopped, VaultError
from schemas.fields import Declared, Kind, RecordModel, Sensitivity, fields_of, names_of
from schemas.incident import IncidentFacts, IncidentReport
from schemas.render import polars_schema
from schemas.support import CaseYears
from schemas.units import MODELS, Unit, UnitModels
from schemas.vocabulary import Labels
from schemas.zones import Identified

SECRET = b"a secret of the test, thirty-two"
Cell = str | int | list[str] | None

EMPTY: dict[Kind, Cell] = {Kind.CODE: "not_collected", Kind.CODES: ["not_collected"]}
FACTS: dict[str, Cell] = {field.name: EMPTY.get(field.kind) for field in fields_of(VictimFacts)} | {
    "source_type_code": "case_management",
    "gender_code": "unknown",
    "age_band_code": "unknown",
    "citizenship_code": "NP",
    "exploitation_country_code": "AR",
    "exploitation_region": "Córdoba",
    "forced_labour_code": "unknown",
    "sexual_exploitation_code": "unknown",
    "other_exploitation_code": "unknown",
    "victim_status_code": "unknown",
    "phenomenon_code": "unknown",
    "exploitation_codes": [],
    "means_codes": ["unknown"],
    "labour_codes": None,
    "sexual_service_codes": [],
    "recruiter_codes": [],
}
IDENTITY: dict[str, Cell] = {
    "source_record_id": "V-1",
    "source_case_id": "K-7",
    "given_name": "Maria",
    "family_name": "Quispe",
    "birth_date": "1990-05-17",
    "document_number": "AB123456",
    "phone": "+5491112345678",
    "email": "maria@example.org",
    "address": "Calle Falsa 123",
    "narrative": "The victim was taken to the city by a man she had met.",
    "registration_date": "2019-03",
}
ENVELOPE_CELLS: dict[str, Cell] = {"partner_code": "ngo-a", "batch_id": "b1", "file": "victims", "row_number": 2}


def reports(unit: Unit, *rows: dict[str, Cell]) -> Identified:
    """Reports as they leave validation and key-making: the cells given, the others as above."""
    schema = pl.Schema({**polars_schema(MODELS[unit].report), **ENVELOPE})
    filled = [{**FACTS, **IDENTITY, **ENVELOPE_CELLS, **row} for row in rows]
    frame = pl.DataFrame([[row.get(name) for name in schema] for row in filled], schema=schema, orient="row")
    return with_keys(Identified(frame), SECRET)


def victims(*rows: dict[str, Cell]) -> Identified:
    """Reports about victims."""
    return reports(Unit.VICTIM, *rows)


def test_a_record_keeps_the_facts_and_leaves_the_identity() -> None:
    record = deidentify(victims({}), Unit.VICTIM).frame.row(0, named=True)
    assert record == {
        **FACTS,
        "age_band_code": "27--29",  # born 17 May 1990, registered in March 2019: 28 on each of its days
        "record_key": key_of(SECRET, "ngo-a", "victims", "V-1"),
        "case_key": key_of(SECRET, "ngo-a", "K-7"),
        "registration_year": 2019,
        **dict.fromkeys(CaseYears.model_fields),
        "narrative_length_count": len(str(IDENTITY["narrative"])),
        "narrative_language_code": "en",
        **ENVELOPE_CELLS,
    }


@pytest.mark.parametrize("unit", list(Unit))
def test_the_columns_are_those_of_the_record_and_its_origin_with_no_direct_field(unit: Unit) -> None:
    frame = deidentify(reports(unit, {}, {"source_record_id": "V-2"}), unit).frame
    assert frame.schema == pl.Schema({**polars_schema(MODELS[unit].record), **ENVELOPE})
    assert list(frame.schema) == [*polars_schema(MODELS[unit].record), "partner_code", "batch_id", "file", "row_number"]
    assert not set(frame.columns) & set(names_of(MODELS[unit].report, Sensitivity.DIRECT))


def test_an_incident_has_no_narrative_and_no_age_to_derive() -> None:
    record = deidentify(reports(Unit.INCIDENT, {"registration_date": "2020-11-30"}), Unit.INCIDENT).frame.row(0, named=True)
    assert record["registration_year"] == 2020
    assert set(IncidentFacts.model_fields) < set(record)


@pytest.mark.parametrize(
    ("band", "age", "birth", "registration", "expected"),
    [
        ("30--38", 12, "1990", "2019", "30--38"),  # a reported band stands, whatever else is known
        ("unknown", 12, "1990-05-17", "2019-03-01", "09--17"),  # then the age in years
        ("not_collected", 48, None, "2019-03-01", "48+"),
        ("unknown", 0, None, "2019", "00--08"),
        ("unknown", 17, None, "2019", "09--17"),
        ("unknown", 18, None, "2019", "18--20"),
        ("unknown", None, "1998-03-01", "2019-03-01", "21--23"),  # then the dates: 21 today
        ("unknown", None, "1998-03-02", "2019-03-01", "18--20"),  # 20 until tomorrow
        ("unknown", None, "1998-03-01", "2019-03", "21--23"),
        ("unknown", None, "1998-03-02", "2019-03", "unknown"),  # 20 or 21 in that month: not certain
        ("unknown", None, "1990", "2018", "27--29"),  # 27 or 28: one band
        ("unknown", None, "1990", "2017", "unknown"),  # 26 or 27: two bands
        ("unknown", None, "1990", "2017-12-15", "unknown"),  # 26 if born in the last days of December
        ("unknown", None, "1998-03", "2019-03-30", "unknown"),  # 20 if born on the 31st
        ("unknown", None, "1998-03", "2019-03-31", "21--23"),
        ("unknown", None, "2019", "2019", "00--08"),  # unborn on some days of the year, never older than 0
        ("unknown", None, "2020", "2019", "unknown"),  # born after the registration
        ("unknown", None, "1850", "2019", "unknown"),  # older than anyone
        ("unknown", 130, None, "2019", "unknown"),
        ("unknown", None, "2000-02-29", "2018-02-28", "09--17"),  # 17 until the first of March
        ("unknown", None, "2000-02-29", "2018-03-01", "18--20"),
        ("unknown", None, "1990-02-30", "2019", "unknown"),  # no such day
        ("unknown", None, "17/05/1990", "2019", "unknown"),  # no such form of a date
        ("not_applicable", None, None, "2019", "not_applicable"),  # the reason for a missing band stays
    ],
)
def test_the_age_band_comes_from_the_finest_thing_that_is_certain(
    band: str, age: int | None, birth: str | None, registration: str, expected: str
) -> None:
    row: dict[str, Cell] = {"age_band_code": band, "age_years": age, "birth_date": birth, "registration_date": registration}
    assert deidentify(victims(row), Unit.VICTIM).frame["age_band_code"].to_list() == [expected]


def test_the_bands_are_read_from_the_vocabulary_and_leave_no_age_out() -> None:
    bands = age_bands()
    assert bands[:2] == (("00--08", 0), ("09--17", 9))
    lasts = [int(code[-2:]) for code, _ in bands[:-1]]
    assert [last + 1 for last in lasts] == [first for _, first in bands[1:]]
    assert bands[-1] == ("48+", 48)


@pytest.mark.parametrize(
    ("registration", "year"),
    [("2019", 2019), ("2019-03", 2019), ("2019-03-31", 2019), ("31.03.2019", None), ("1200", None), ("2019-03-31T10:00", None)],
)
def test_a_registration_is_known_by_its_year(registration: str, year: int | None) -> None:
    assert deidentify(victims({"registration_date": registration}), Unit.VICTIM).frame["registration_year"].to_list() == [year]


def test_a_report_without_a_narrative_counts_no_characters_and_knows_no_language() -> None:
    record = deidentify(victims({"narrative": None}), Unit.VICTIM).frame.row(0, named=True)
    assert (record["narrative_length_count"], record["narrative_language_code"]) == (0, "unknown")


def test_records_stand_in_the_order_of_their_keys_whatever_the_order_of_the_reports() -> None:
    rows: list[dict[str, Cell]] = [{"source_record_id": f"V-{number}", "row_number": number} for number in range(9)]
    there = deidentify(victims(*rows), Unit.VICTIM).frame
    back = deidentify(victims(*reversed(rows)), Unit.VICTIM).frame
    assert there.equals(back)
    assert there["record_key"].is_sorted()


def test_a_column_that_nobody_declared_stops_the_batch_and_is_named() -> None:
    frame = victims({}).frame.with_columns(pl.lit("Rosa").alias("mothers_name"))
    with pytest.raises(LeakStopped, match="mothers_name") as stopped:
        deidentify(Identified(frame), Unit.VICTIM)
    assert "Rosa" not in str(stopped.value)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(CasehouseError, match="no column phone"):
        deidentify(Identified(victims({}).frame.drop("phone")), Unit.VICTIM)


def test_a_column_of_another_type_is_named_without_a_value() -> None:
    frame = victims({}).frame.with_columns(pl.lit("31 or so").alias("age_years"))
    with pytest.raises(CasehouseError, match="age_years") as refused:
        deidentify(Identified(frame), Unit.VICTIM)
    assert "31" not in str(refused.value)


def test_columns_of_nulls_and_of_shorter_integers_are_of_their_declared_type() -> None:
    frame = victims({"age_years": 20}).frame.with_columns(
        pl.col("age_years").cast(pl.UInt8), pl.lit(None).alias("phone"), pl.lit(None).alias("labour_codes")
    )
    record = deidentify(Identified(frame), Unit.VICTIM).frame
    assert record["age_band_code"].to_list() == ["18--20"]
    assert record.schema["labour_codes"] == pl.List(pl.String)


@pytest.mark.parametrize(("column", "cell"), [("gender_code", "Maria Quispe"), ("means_codes", ["unknown", "Maria Quispe"])])
def test_a_text_in_a_column_of_codes_stops_the_batch_unread(column: str, cell: Cell) -> None:
    with pytest.raises(LeakStopped, match=column) as stopped:
        deidentify(victims({column: cell}), Unit.VICTIM)
    assert "Maria" not in str(stopped.value)


LABELS = Labels(en="x", fr="x", es="x", ar="x")


class Keyed(VictimFacts):
    """A record under its key."""

    record_key: Annotated[str, Declared(Kind.TEXT, Sensitivity.SAFE, LABELS)]


class Careless(Keyed):
    """A record that wrongly keeps a direct field."""

    phone: Annotated[str, Declared(Kind.TEXT, Sensitivity.DIRECT, LABELS)]


class Relabelled(Keyed):
    """A record that declares a direct field of the report to be safe."""

    phone: Annotated[str, Declared(Kind.TEXT, Sensitivity.SAFE, LABELS)]


class Unfounded(Keyed):
    """A record with a field that nothing makes."""

    height_count: Annotated[int, Declared(Kind.INTEGER, Sensitivity.SAFE, LABELS)]


@pytest.mark.parametrize(("record", "named"), [(Careless, "phone"), (Relabelled, "phone"), (Unfounded, "height_count")])
def test_a_record_model_that_would_leak_is_stopped(monkeypatch: pytest.MonkeyPatch, record: type[RecordModel], named: str) -> None:
    found = victims({})
    monkeypatch.setitem(MODELS, Unit.VICTIM, UnitModels(VictimReport, record))
    with pytest.raises(LeakStopped, match=named):
        deidentify(found, Unit.VICTIM)


def test_a_key_is_an_hmac_over_an_injective_encoding() -> None:
    message = b"\0\0\0\0\0\0\0\x02ab" + b"\0\0\0\0\0\0\0\x02\xc3\xa9"
    assert key_of(SECRET, "ab", "é") == hmac.new(SECRET, message, hashlib.sha256).hexdigest()[:20]
    keys = {key_of(SECRET, *parts) for parts in [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ()]}
    assert len(keys) == 6
    assert key_of(SECRET, "a") != key_of(SECRET + b"!", "a")


def test_records_are_keyed_by_partner_file_and_number_and_cases_by_partner_and_number() -> None:
    rows: list[dict[str, Cell]] = [{}, {"file": "accused"}, {"partner_code": "ngo-b"}, {"source_record_id": "V-2", "source_case_id": None}]
    frame = victims(*rows).frame
    assert frame["record_key"].n_unique() == 4
    first, other_file, other_partner, no_case = frame["case_key"].to_list()
    assert first == other_file
    assert other_partner not in {first, None}
    assert no_case is None


def test_a_report_without_a_column_of_cases_has_null_case_keys() -> None:
    frame = reports(Unit.INCIDENT, {}).frame
    assert "source_case_id" not in IncidentReport.model_fields
    assert frame["case_key"].to_list() == [None]
    assert frame.schema["case_key"] == pl.String


def test_a_row_that_cannot_be_keyed_is_counted_not_shown() -> None:
    with pytest.raises(CasehouseError, match="1 row"):
        victims({}, {"source_record_id": None})


def test_no_key_is_made_without_a_secret() -> None:
    with pytest.raises(VaultError):
        with_keys(Identified(victims({}).frame.drop("record_key", "case_key").clear()), b"")
