"""What follows from the record models: tables, expectations and codebook never say another thing than the model."""

from __future__ import annotations

import itertools

import polars as pl
import pytest

from engine.duck import connect
from schemas.case import Person, PublishedPerson
from schemas.fields import Kind, RecordModel, field_of, fields_of
from schemas.render import codebook, duckdb_columns, expectations, hierarchy_of, polars_schema, published_expectations
from schemas.units import MODELS, Unit
from schemas.vocabulary import LANGUAGES, SUPPRESSED, Language, vocabulary, vocabulary_names

MODELS_THERE_ARE = [*itertools.chain.from_iterable((MODELS[unit].report, MODELS[unit].record) for unit in Unit), Person, PublishedPerson]
RECORDS = [MODELS[unit].record for unit in Unit]
DUCKDB_OF = {pl.String(): "VARCHAR", pl.Int64(): "BIGINT", pl.List(pl.String()): "VARCHAR[]"}

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


@every_record
def test_every_code_and_every_limit_is_expected(model: type[RecordModel]) -> None:
    found = expectations(model)
    codes = {each.column: each.allowed for each in found if each.kind == "in_set"}
    assert codes == {
        field.name: vocabulary(str(field.declared.vocabulary)).codes() for field in fields_of(model) if field.kind is Kind.CODE
    }
    limits = {each.column: (each.low, each.high) for each in found if each.kind == "between"}
    assert limits == {field.name: field.declared.limits for field in fields_of(model) if field.declared.limits}


@every_record
def test_a_record_has_a_key_of_its_own(model: type[RecordModel]) -> None:
    assert {each.kind for each in expectations(model) if each.column == "record_key"} == {"not_null", "unique"}


def test_a_published_cell_is_a_label_of_its_hierarchy_and_never_empty() -> None:
    columns = tuple(PublishedPerson.model_fields)
    found = published_expectations(PublishedPerson, columns)
    assert [each.column for each in found if each.kind == "not_null"] == list(columns)
    assert {each.column for each in found if each.kind == "in_set"} == set(Person.model_fields)
    assert [(each.column, each.low, each.high) for each in found if each.kind == "between"] == [("cohort", 1, 9999)]
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
