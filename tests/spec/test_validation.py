"""Validation: what becomes of each row of a batch, the account that balances, and the receipt that tells the partner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import polars as pl
import pytest

from ingest.receipt import SHOWN_ROWS, findings, receipt, receipt_json, refusal_receipt
from ingest.validation import NOT_STORED, PLACE, BatchResult, quarantine, validate_batch
from schemas.errors import BatchRefused
from schemas.partner import Partner, load_partner
from schemas.problems import PROBLEM_SCHEMA, catalogue
from schemas.render import polars_schema
from schemas.units import MODELS, Unit
from schemas.vocabulary import Language

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = {
    "id": {"field": "source_record_id"},
    "day": {"field": "registration_date", "date_format": "%Y-%m-%d"},
    "sex": {"field": "gender_code"},
    "age": {"field": "age_years", "lookup": {"0": "unknown"}},
    "born": {"field": "birth_date", "date_format": "%Y"},
}
TEXT = """id,day,sex,age,born,extra
1,2020-01-01,woman,20,2000,CANARY01
2,2020-01-01,CANARY02,CANARY03,CANARY04,
3,CANARY05,man,0,1990,
,2020-01-01,woman,20,2000,CANARY06
5,2020-01-01,woman
6,2020-01-01,man,999,2030,

7,2020-01-01,man,0,1990,
"""


def partner_of(**changes: object) -> Partner:
    file = {"name": "main", "columns": COLUMNS}
    return Partner.model_validate({"name": "one", "title": "One", "language": "en", "agreement": "none", "files": [file], **changes})


def validated(text: str = TEXT, **changes: object) -> BatchResult:
    return validate_batch([text.encode()], partner_of(**changes), "0123456789abcdef")


def test_every_row_is_accounted_for() -> None:
    result = validated()
    assert result.ledger.model_dump() == {"received": 8, "accepted": 2, "quarantined": 3, "rejected": 2, "non_data": 1}
    assert result.ledgers == {"main": result.ledger}
    frame = result.accepted[Unit.VICTIM].frame
    assert frame["source_record_id"].to_list() == ["1", "7"]
    assert frame.select(PLACE).rows() == [("one", "0123456789abcdef", "main", 2), ("one", "0123456789abcdef", "main", 9)]
    assert result.problems.select("row_number", "code", "field").rows() == [
        (None, "assertion_failed", "accepted_share"),
        (None, "column_unknown", "extra"),
        (3, "category_unknown", "gender_code"),
        (3, "date_invalid", "birth_date"),
        (3, "number_invalid", "age_years"),
        (4, "date_invalid", "registration_date"),
        (4, "value_declared_unknown", "age_years"),
        (5, "record_id_missing", "source_record_id"),
        (6, "row_ragged", None),
        (7, "dates_contradict", "registration_date"),
        (7, "number_out_of_range", "age_years"),
        (8, "row_blank", None),
        (9, "value_declared_unknown", "age_years"),
    ]


def test_accepted_frames_have_the_columns_of_their_report() -> None:
    frame = validated().accepted[Unit.VICTIM].frame
    assert frame.columns == [*polars_schema(MODELS[Unit.VICTIM].report).names(), *PLACE]
    assert dict(frame.schema).items() >= dict(polars_schema(MODELS[Unit.VICTIM].report)).items()


@pytest.mark.parametrize("language", get_args(Language))
def test_no_value_of_a_failing_cell_is_told(language: Language) -> None:
    result = validated()
    told = [receipt(result, language), receipt_json(result), str(result), repr(result), str(result.problems.rows()), str(result.accepted)]
    assert not [text for text in told if "CANARY" in text]
    assert "CANARY" not in str(result.accepted[Unit.VICTIM].frame.rows())


def test_the_receipt_in_english() -> None:
    result = validated(
        "id,day,sex,age,born\n" + "".join(f"{number},2020-01-01,x,1,1990\n" for number in range(12)), assertions={"accepted_share_min": 0}
    )
    assert receipt(result, "en") == (
        "batch 0123456789abcdef (one)\n"
        "12 received = 0 accepted + 12 quarantined + 0 rejected + 0 no data\n"
        "\n"
        "quarantined: main: category_unknown gender_code (Gender) x 12 [rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ...]\n"
        "  The cell holds a category that is in no list.\n"
        "  do next: Use a listed category, or have this one added to the partner file.\n"
    )


def test_the_receipt_for_machines() -> None:
    content = json.loads(receipt_json(validated()))
    assert content["ledger"]["received"] == 8
    assert content["findings"][0] == {
        "severity": "reject",
        "code": "record_id_missing",
        "file": "main",
        "field": "source_record_id",
        "count": 1,
        "rows": [5],
    }


def test_findings_name_every_row_and_the_text_shows_the_first() -> None:
    result = validated("id,day,sex,age,born\n" + "".join(f"{number},2020-01-01,x,1,1990\n" for number in range(SHOWN_ROWS)))
    found = next(finding for finding in findings(result) if finding.code == "category_unknown")
    assert found.rows == tuple(range(2, SHOWN_ROWS + 2))
    assert f"{SHOWN_ROWS + 1}]" in receipt(result, "en")
    assert json.loads(receipt_json(result))["findings"][0]["rows"] == list(found.rows)


@pytest.mark.parametrize(("language", "word"), [("en", "quarantined"), ("fr", "en quarantaine"), ("es", "en cuarentena"), ("ar", "محتجزة")])
def test_one_word_for_one_outcome(language: Language, word: str) -> None:
    told = receipt(validated(), language)
    assert f"3 {word} " in told
    assert f"\n{word}: main: date_invalid" in told


@pytest.mark.parametrize(
    ("language", "word"), [("en", "no rows"), ("fr", "aucune ligne"), ("es", "ninguna fila"), ("ar", "لا صفوف بيانات")]
)
@pytest.mark.parametrize("text", ["id,day,sex,age,born\n", "id,day,sex,age,born", "id,day,sex,age,born\n,,,,\n\n"])
def test_a_header_alone_is_a_batch_without_rows_and_says_so(text: str, language: Language, word: str) -> None:
    told = receipt(validated(text, assertions={"rows_min": 0}), language)
    assert f"\n\n{word}" in told
    assert receipt(validated(text), language).count("assertion_failed rows x 1") == 1
    assert receipt(validated("id,day,sex,age,born\n", assertions={"rows_min": 0}), "en") == (
        "batch 0123456789abcdef (one)\n0 received = 0 accepted + 0 quarantined + 0 rejected + 0 no data\n"
        "\nno rows of data: nothing was taken in\n"
    )


@pytest.mark.parametrize("language", get_args(Language))
def test_a_batch_that_is_not_stored_has_no_name(language: Language) -> None:
    result = validate_batch([b"id,day,sex,age,born\n1,2020-01-01,woman,1,1990\n"], partner_of(), NOT_STORED)
    assert receipt(result, language).startswith("one\n1 ")


REFUSED = (
    b"id;day;sex;age;born\n1;2020-01-01;CANARY;1;1990\n",
    b"CANARY,CANARY2\n1,2\n",
    b"id,day,sex\nCANARY,\0\n",
    b'id,day,sex\n1,2020-01-01,"CANARY\n',
    b" ",
    b"id,day,day\n1,CANARY,CANARY\n",
    b"id,sex,age\nCANARY,woman,1\n",
)


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("payload", REFUSED)
def test_the_receipt_of_a_refusal_says_what_where_and_what_to_do_without_a_value(payload: bytes, language: Language) -> None:
    with pytest.raises(BatchRefused) as refused:
        validate_batch([payload], partner_of(), NOT_STORED)
    told = refusal_receipt(refused.value, language)
    problem = catalogue()[refused.value.code]
    for part in (refused.value.code, refused.value.where, refused.value.allowed, problem.text.of(language), problem.remedy.of(language)):
        assert part in told
    assert "CANARY" not in told


def test_the_receipt_of_a_refusal_in_french() -> None:
    with pytest.raises(BatchRefused) as refused:
        validate_batch([REFUSED[0]], partner_of(), NOT_STORED)
    assert refusal_receipt(refused.value, "fr") == (
        "refusé: header_not_found\n"
        "  Aucune ligne ne ressemble à l'en-tête attendu.\n"
        "  où: file 1 of 1 of one\n"
        "  admis: a header row with at least half of the columns age, born, day, id, sex. "
        "The file seems to be separated by semicolons, not commas\n"
        "  à faire: Remettez les noms de colonnes convenus sur une ligne au-dessus des données.\n"
    )


def test_a_clean_batch_says_so() -> None:
    assert receipt(validated("id,day,sex,age,born\n1,2020-01-01,woman,1,1990\n"), "en").endswith("\n\nno problems\n")


def test_quarantine_moves_accepted_rows_and_keeps_the_account() -> None:
    result = validated()
    rows = pl.DataFrame({"file": ["main", "main", "main"], "row_number": [2, 3, 99], "field": ["exploitation_region"] * 3})
    moved = quarantine(result, rows)
    assert moved.accepted[Unit.VICTIM].frame["source_record_id"].to_list() == ["7"]
    assert moved.ledger.model_dump() == {"received": 8, "accepted": 1, "quarantined": 4, "rejected": 2, "non_data": 1}
    added = moved.problems.join(result.problems, on=PROBLEM_SCHEMA.names(), how="anti", nulls_equal=True)
    assert added.rows() == [("main", 2, "identifier_in_text", "exploitation_region")]
    assert quarantine(moved, rows).ledger == moved.ledger
    with pytest.raises(ValueError, match="quarantine"):
        quarantine(result, rows, "row_blank")


@pytest.mark.parametrize(
    ("assertions", "failed"),
    [
        ({"rows_min": 8, "accepted_share_min": 0}, ["rows"]),
        ({"rows_max": 6, "accepted_share_min": 0}, ["rows"]),
        ({"accepted_share_min": 0.29}, ["accepted_share"]),
        ({"rows_min": 7, "rows_max": 7, "accepted_share_min": 0.28}, []),
    ],
)
def test_assertions_count_rows_that_are_data(assertions: dict[str, float], failed: list[str]) -> None:
    problems = validated(assertions=assertions).problems
    assert problems.filter(pl.col("code") == "assertion_failed")["field"].to_list() == failed


def test_the_share_leaves_out_rows_about_others() -> None:
    unit = {"column": "sex", "values": {"v": "victim"}, "set_aside": ["other"]}
    columns = {name: column for name, column in COLUMNS.items() if name in {"id", "day"}}
    files = [{"name": "main", "columns": columns, "unit": unit}]
    result = validated("id,day,sex\n1,2020-01-01,v\n2,2020-01-01,other\n3,2020-01-01,other\n", files=files)
    assert result.problems["code"].to_list() == ["unit_out_of_scope", "unit_out_of_scope"]


def test_the_hotline_of_argentina() -> None:
    folder = ROOT / ".." / "shared" / "data" / "argentina_linea_145"
    specification = ROOT / "partners" / "ar-linea-145.yml"
    payloads = [path.read_bytes() for path in sorted(folder.glob("*.csv"))]
    if not payloads or not specification.exists():
        pytest.skip("the public files of Línea 145, or their specification, are not here")
    result = validate_batch(payloads, load_partner(specification), "0123456789abcdef")
    assert result.ledgers["persons"].received == 2616
    assert result.ledgers["reports"].accepted == 3352
    assert result.ledgers["persons"].rejected == 187  # relatives of victims
    assert result.ledgers["persons"].quarantined >= 120  # rows that equal another and are in scope
    persons = pl.concat([result.accepted[unit].frame.select("source_record_id") for unit in (Unit.VICTIM, Unit.PERPETRATOR)])
    assert persons["source_record_id"].is_unique().all()
    assert result.problems.filter(pl.col("code").is_in(["join_missing", "column_unknown", "column_missing"])).is_empty()
