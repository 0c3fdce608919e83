"""Validation: what becomes of each row of a batch, and the account that balances."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ingest.validation.batch import NOT_STORED, PLACE, BatchResult, validate_batch
from ingest.validation.findings import findings_of
from schemas.errors import BatchRefused
from schemas.partner import Partner, load_partner
from schemas.render import polars_schema
from schemas.units import MODELS, Unit

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
    assert result.problems.select("row_number", "code", "field", "column").rows() == [
        (None, "assertion_failed", "accepted_share", None),
        (None, "column_unknown", None, "column 6 (F)"),
        (3, "category_unknown", "gender_code", "sex"),
        (3, "date_invalid", "birth_date", "born"),
        (3, "number_invalid", "age_years", "age"),
        (4, "date_invalid", "registration_date", "day"),
        (4, "value_declared_unknown", "age_years", "age"),
        (5, "record_id_missing", "source_record_id", "id"),
        (6, "row_ragged", None, None),
        (7, "dates_contradict", "registration_date", "day"),
        (7, "number_out_of_range", "age_years", "age"),
        (8, "row_blank", None, None),
        (9, "value_declared_unknown", "age_years", "age"),
    ]


def test_accepted_frames_have_the_columns_of_their_report() -> None:
    frame = validated().accepted[Unit.VICTIM].frame
    assert frame.columns == [*polars_schema(MODELS[Unit.VICTIM].report).names(), *PLACE]
    assert dict(frame.schema).items() >= dict(polars_schema(MODELS[Unit.VICTIM].report)).items()


def test_no_value_of_a_failing_cell_is_told() -> None:
    result = validated()
    findings = findings_of(result.problems, result.ledgers)
    told = [str(findings), str(result), repr(result), str(result.problems.rows()), str(result.accepted), str(result.withdrawals)]
    assert not [text for text in told if "CANARY" in text]
    assert "CANARY" not in str(result.accepted[Unit.VICTIM].frame.rows())


@pytest.mark.parametrize("payload", [b"CANARY,CANARY2\n1,2\n", b" ", b"id,day,day\n1,CANARY,CANARY\n", b"id,sex,age\nCANARY,woman,1\n"])
def test_a_refusal_tells_no_value(payload: bytes) -> None:
    with pytest.raises(BatchRefused) as refused:
        validate_batch([payload], partner_of(), NOT_STORED)
    assert "CANARY" not in str(refused.value)


def test_a_clean_batch_has_no_problem() -> None:
    assert validated("id,day,sex,age,born\n1,2020-01-01,woman,30,1990\n").problems.is_empty()


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
