"""What follows from the record models: tables, expectations and codebook never say another thing than the model."""

from __future__ import annotations

import itertools
import json
from typing import ClassVar

import polars as pl
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import JsonValue

from engine.duck import connect
from schemas.case import Person, PublishedPerson
from schemas.fields import Kind, RecordModel, Sensitivity, field_of, fields_of
from schemas.render import codebook, duckdb_columns, expectations, hierarchy_of, json_schema, polars_schema, published_expectations
from schemas.units import MODELS, Unit
from schemas.vocabulary import LANGUAGES, MISSING_CODES, SUPPRESSED, Language, vocabulary, vocabulary_names

MODELS_THERE_ARE = [*itertools.chain.from_iterable((MODELS[unit].report, MODELS[unit].record) for unit in Unit), Person, PublishedPerson]
RECORDS = [MODELS[unit].record for unit in Unit]
DUCKDB_OF = {pl.String(): "VARCHAR", pl.Int64(): "BIGINT", pl.List(pl.String()): "VARCHAR[]"}


def mapping(found: JsonValue) -> dict[str, JsonValue]:
    assert isinstance(found, dict)
    return found


every_model = pytest.mark.parametrize("model", MODELS_THERE_ARE, ids=lambda model: model.__name__)
every_record = pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)


@every_model
def test_polars_and_duckdb_hold_the_columns_of_the_model_in_its_order(model: type[RecordModel]) -> None:
    connection = connect()
    connection.execute(f"create table made ({duckdb_columns(model)})")
    made = connection.execute("select column_name, data_type from information_schema.columns order by ordinal_position").fetchall()
    assert [name for name, _ in made] == list(polars_schema(model)) == list(model.model_fields)
    assert [kind for _, kind in made] == [DUCKDB_OF[kind] for kind in polars_schema(model).dtypes()]


@every_model
def test_every_vocabulary_that_is_declared_exists_and_every_code_has_one(model: type[RecordModel]) -> None:
    declared = {field.name: field.declared.vocabulary for field in fields_of(model)}
    assert {name for name in declared.values() if name} <= set(vocabulary_names())
    assert [field.name for field in fields_of(model) if field.kind in (Kind.CODE, Kind.CODES) and not declared[field.name]] == []


@every_model
def test_every_field_has_a_name_in_each_language(model: type[RecordModel]) -> None:
    assert [field.name for field in fields_of(model) for language in LANGUAGES if not field.declared.labels.of(language).strip()] == []


@every_model
def test_the_json_schema_holds_the_fields_codes_and_limits_of_the_model(model: type[RecordModel]) -> None:
    found = json_schema(model)
    Draft202012Validator.check_schema(found)
    properties, lists = mapping(found["properties"]), mapping(found["$defs"])
    assert list(properties) == list(model.model_fields)
    for field in fields_of(model):
        said = json.dumps(properties[field.name])
        if field.declared.vocabulary is not None:
            assert f'"#/$defs/{field.declared.vocabulary}"' in said
            assert mapping(lists[field.declared.vocabulary])["enum"] == list(vocabulary(field.declared.vocabulary).codes())
        if field.declared.limits is not None:
            assert f'"minimum": {field.declared.limits[0]}, "maximum": {field.declared.limits[1]}' in said
        assert all(json.dumps(field.declared.labels.of(language)) in said for language in LANGUAGES)


class TestReportSchema:
    """What the published schema of a report lets through, asked of another library."""

    SOUND: ClassVar = {
        "source_record_id": "V-1",
        "registration_date": "2024-03",
        "citizenship_code": "NA",
        "means_codes": ["abuse", "debt_bondage"],
        "age_years": None,
        "children_count": 2,
    }

    def faults(self, **changes: object) -> list[str]:
        validator = Draft202012Validator(json_schema(MODELS[Unit.VICTIM].report))
        return [".".join(map(str, error.absolute_path)) or error.validator for error in validator.iter_errors({**self.SOUND, **changes})]

    def test_a_sound_report_passes(self) -> None:
        assert self.faults() == []

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("registration_date", "03/2024"),
            ("registration_date", None),
            ("citizenship_code", "africa"),
            ("citizenship_code", None),
            ("children_count", 31),
            ("children_count", "2"),
            ("means_codes", "abuse"),
        ],
    )
    def test_anything_else_does_not(self, field: str, value: object) -> None:
        assert self.faults(**{field: value}) == [field]

    def test_a_field_that_nobody_declared_does_not(self) -> None:
        assert self.faults(shoe_size=42) == ["additionalProperties"]

    def test_a_report_without_number_or_date_does_not(self) -> None:
        validator = Draft202012Validator(json_schema(MODELS[Unit.VICTIM].report))
        assert sorted(error.validator for error in validator.iter_errors({})) == ["required", "required"]


@every_record
def test_every_code_and_every_limit_is_expected(model: type[RecordModel]) -> None:
    found = expectations(model)
    codes = {each.column: each.allowed for each in found if each.kind == "in_set"}
    assert codes == {
        field.name: vocabulary(str(field.declared.vocabulary)).codes() for field in fields_of(model) if field.kind is Kind.CODE
    }
    limits = {each.column: (each.low, each.high) for each in found if each.kind == "between"}
    assert limits == {field.name: field.declared.limits for field in fields_of(model) if field.declared.limits}


@pytest.mark.parametrize("unit", Unit)
def test_every_report_has_what_htcds_lacks(unit: Unit) -> None:
    """A number, a date, and a reason for each absent code; the partner is known beside the report."""
    required = [field.name for field in fields_of(MODELS[unit].report) if field.declared.is_required]
    assert required == ["source_record_id", "registration_date"]
    coded = [field for field in fields_of(MODELS[unit].report) if field.declared.vocabulary is not None]
    assert all(set(MISSING_CODES) <= set(vocabulary(str(field.declared.vocabulary)).codes()) for field in coded)


def test_an_incident_says_what_was_done_and_whether_it_was_trafficking_or_smuggling() -> None:
    fields = {field.name for field in fields_of(MODELS[Unit.INCIDENT].record)}
    assert {"exploitation_codes", "means_codes", "phenomenon_code", "transit_country_codes", "fee_band_code", "victim_count"} <= fields


@pytest.mark.parametrize("unit", Unit)
def test_a_record_holds_nothing_direct_and_every_year_of_it_comes_from_a_date(unit: Unit) -> None:
    report, record = ({field.name: field for field in fields_of(model)} for model in (MODELS[unit].report, MODELS[unit].record))
    assert [name for name, field in record.items() if field.sensitivity is Sensitivity.DIRECT] == []
    years = [name.removesuffix("_year") for name, field in record.items() if field.kind is Kind.YEAR]
    assert [name for name in years if report[f"{name}_date"].kind is not Kind.DATE] == []


@every_record
def test_a_record_has_a_key_of_its_own(model: type[RecordModel]) -> None:
    assert {each.kind for each in expectations(model) if each.column == "record_key"} == {"not_null", "unique"}


def test_a_published_cell_is_a_label_of_its_hierarchy_and_never_empty() -> None:
    columns = tuple(PublishedPerson.model_fields)
    found = published_expectations(PublishedPerson, columns)
    assert [each.column for each in found if each.kind == "not_null"] == list(columns)
    assert {each.column for each in found if each.kind == "in_set"} == set(Person.model_fields)
    assert [(each.column, each.low, each.high) for each in found if each.kind == "between"] == [
        ("cohort", 1, 9999),
        ("flag_group", 0, 999_999),
    ]
    allowed = {each.column: set(each.allowed) for each in found if each.kind == "in_set"}
    assert {"SE", "northern_europe", "europe", SUPPRESSED, "unknown"} <= allowed["citizenship_code"]
    assert {"2024", "2024-2025", "2022-2025", "2022-2029", SUPPRESSED} <= allowed["registration_year"]
    assert allowed["gender_code"] == {*vocabulary("gender").codes(), SUPPRESSED}


def test_only_the_columns_asked_for_are_expected() -> None:
    assert {each.column for each in published_expectations(PublishedPerson, ("gender_code",))} == {"gender_code"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_codebook_holds_every_label_of_a_column_once_with_a_text(language: Language) -> None:
    columns = tuple(Person.model_fields)
    rows = codebook(Person, columns, language)
    for name in columns:
        labels = {label for path in hierarchy_of(field_of(Person, name)).values() for label in path}
        listed = [row for row in rows if row.column == name]
        assert sorted(row.code for row in listed) == sorted(labels)
        assert [row.code for row in listed if not row.label.strip()] == []
        assert {row.label for row in listed if row.code == SUPPRESSED} == {vocabulary("missing").label(SUPPRESSED, language)}


def test_the_codebook_says_how_coarse_a_label_is() -> None:
    levels = {row.code: row.level for row in codebook(Person, ("citizenship_code",), "en")}
    assert [levels[code] for code in ("SE", "northern_europe", "europe", SUPPRESSED)] == [0, 1, 2, 3]
    assert levels["unknown"] == 0


def test_the_codebook_speaks_the_language_asked_for() -> None:
    texts = {language: {row.code: row.label for row in codebook(Person, ("gender_code",), language)}["woman"] for language in LANGUAGES}
    assert texts == {"en": "Woman", "fr": "Femme", "es": "Mujer", "ar": "امرأة"}


def test_a_column_of_free_text_has_no_hierarchy() -> None:
    with pytest.raises(KeyError, match="given_name"):
        hierarchy_of(field_of(MODELS[Unit.VICTIM].report, "given_name"))
