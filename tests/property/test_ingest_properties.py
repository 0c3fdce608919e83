"""What holds for any file at all: no row is lost, order does not matter, landing and the vault give back what they took."""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.landing import land
from ingest.mapping.codes import folded_labels, readings, trimmed
from ingest.validation import whole_file
from ingest.validation.batch import BatchResult, validate_batch
from ingest.validation.checking import check_batch
from ingest.validation.file_pass import Corrections
from ingest.validation.findings import findings_of
from ingest.validation.reports import Sweep
from ingest.validation.whole_file import BYTES_WITHOUT_DATABASE
from ingest.vault import Vault, create_key
from schemas.errors import BatchRefused
from schemas.ledger import Outcome
from schemas.partner import Partner
from schemas.problems import ROW_OUTCOMES, catalogue
from schemas.units import Unit
from schemas.zones import Identified

HEADER = ["id", "day", "sex", "forms", "age", "note"]
PARTNER = Partner.model_validate(
    {
        "name": "one",
        "title": "One",
        "language": "en",
        "agreement": "none",
        "files": [
            {
                "name": "main",
                "format": {"totals_marker": "Total"},
                "columns": {
                    "id": {"field": "source_record_id"},
                    "day": {"field": "registration_date", "date_format": "%Y-%m-%d"},
                    "sex": {"field": "gender_code"},
                    "forms": {"field": "exploitation_codes", "separator": ";"},
                    "age": {"field": "age_years", "lookup": {"0": "unknown"}},
                },
                "ignored": {"note": "not needed"},
            }
        ],
    }
)
COUNTED = Partner.model_validate(
    PARTNER.model_dump()
    | {
        "files": [
            {
                "name": "main",
                "columns": {"day": {"field": "registration_date", "date_format": "%Y-%m-%d"}, "sex": {"field": "gender_code"}},
                "record_id": ["id", "sex"],
                "ignored": {"forms": "no", "age": "no", "note": "no"},
            }
        ]
    }
)
EACH_COUNTS = Partner.model_validate(
    COUNTED.model_dump() | {"files": [COUNTED.files[0].model_dump() | {"repeats": "counted", "missing": {"": "unknown"}}]}
)
ASKING = Partner.model_validate(
    PARTNER.model_dump()
    | {
        "files": [
            PARTNER.files[0].model_dump()
            | {"ignored": {}, "action": {"column": "note", "values": {"a": "replace", "b": "withdraw"}}, "repeats": "held"}
        ]
    }
)
PARTNERS = [PARTNER, COUNTED, EACH_COUNTS, ASKING]

LIKELY = [
    "",
    " ",
    "1",
    "2",
    "3",
    "2020-01-01",
    "2020-02-31",
    "woman",
    "man",
    "surrogacy;servitude",
    "0",
    "23",
    "Total",
    "id",
    "x",
    "#",
    "|",
]
CELL = st.one_of(
    st.sampled_from(LIKELY), st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=4)
)
RECORD = st.tuples(
    st.sampled_from(["", "1", "2", "3", "4", "Total", "1#2"]),
    st.sampled_from(["2020-01-01", "2020-01-01", "2020-02-31", ""]),
    st.sampled_from(["woman", "man", "", "x"]),
    st.sampled_from(["", "surrogacy", "surrogacy;servitude", "new"]),
    st.sampled_from(["", "0", "23", "999", "x"]),
    st.sampled_from(["", "a", "b"]),
)
ROW = st.one_of(RECORD.map(list), RECORD.map(list), st.just(HEADER), st.lists(CELL, max_size=8), st.lists(CELL, min_size=6, max_size=6))


def written(rows: list[list[str]]) -> bytes:
    sink = io.StringIO()
    csv.writer(sink).writerows([HEADER, *rows])
    return sink.getvalue().encode()


def check_account(result: BatchResult, received: int) -> None:
    """The account, counted a second time from the accepted frames and the problems."""
    ledger = result.ledger
    assert ledger.received == received
    assert ledger.accepted == sum(found.frame.height for found in result.accepted.values()) + result.withdrawals.frame.height
    outcome_of = {code: ROW_OUTCOMES.get(problem.severity) for code, problem in catalogue().items()}
    outcomes: dict[int, set[Outcome]] = {}
    for row, code in result.problems.select("row_number", "code").iter_rows():
        outcome = outcome_of[code]
        if row is not None and outcome is not None:
            outcomes.setdefault(row, set()).add(outcome)
    rejected = {row for row, found in outcomes.items() if Outcome.REJECTED in found}
    quarantined = {row for row, found in outcomes.items() if Outcome.QUARANTINED in found} - rejected
    assert (len(rejected), len(quarantined)) == (ledger.rejected, ledger.quarantined)
    assert len(outcomes) + ledger.accepted == received
    for found in result.accepted.values():
        assert not set(found.frame["row_number"]) & set(outcomes)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, max_size=14))
def test_no_row_is_lost_in_a_written_table(rows: list[list[str]]) -> None:
    check_account(validate_batch([written(rows)], PARTNER, "0" * 16), received=len(rows))


@settings(max_examples=40, deadline=None)
@given(tail=st.text(alphabet=st.sampled_from('1,"\r\nx é\ufffd'), max_size=60), noise=st.binary(max_size=12))
def test_any_bytes_are_refused_or_accounted_for(tail: str, noise: bytes) -> None:
    payload = (",".join(HEADER) + "\n" + tail).encode() + noise
    try:
        result = validate_batch([payload], PARTNER, "0" * 16)
    except BatchRefused:
        return
    check_account(result, result.ledger.received)


def accepted_rows(result: BatchResult) -> list[str]:
    return sorted(str(row) for found in result.accepted.values() for row in found.frame.drop("row_number").rows())


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(RECORD.map(list), max_size=12), order=st.randoms(use_true_random=False), partner=st.sampled_from(PARTNERS))
def test_the_order_of_rows_changes_nothing(rows: list[list[str]], order: Random, partner: Partner) -> None:
    turned = list(rows)
    order.shuffle(turned)
    first, second = (validate_batch([written(each)], partner, "0" * 16) for each in (rows, turned))
    assert accepted_rows(first) == accepted_rows(second)
    assert first.ledger == second.ledger
    for found in first.accepted.values():
        assert found.frame["source_record_id"].is_unique().all()


def a_sweep(reports: Identified, unit: Unit) -> pl.DataFrame:
    """Takes the text of the second age for a person's: any rule on a row will do here."""
    hits = reports.frame.filter(pl.col("age_years") == 23)
    return hits.select("file", "row_number", pl.lit("age_years").alias("field"))


@settings(max_examples=20, deadline=None)
@given(
    rows=st.lists(ROW, max_size=14),
    partner=st.sampled_from(PARTNERS),
    chunk_bytes=st.integers(20, 200),
    are_kept=st.booleans(),
    sweep=st.sampled_from([None, a_sweep]),
    waiting_bytes=st.sampled_from([0, 100, BYTES_WITHOUT_DATABASE]),
)
def test_the_size_of_the_chunks_changes_nothing(
    rows: list[list[str]], partner: Partner, chunk_bytes: int, are_kept: bool, sweep: Sweep | None, waiting_bytes: int
) -> None:
    """Nor does it whether rows are kept, or whether their fingerprints stay in memory."""
    whole = validate_batch([written(rows)], partner, "0" * 16, sweep=sweep)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(whole_file, "BYTES_WITHOUT_DATABASE", waiting_bytes)
        pieces = validate_batch([written(rows)], partner, "0" * 16, sweep=sweep, chunk_bytes=chunk_bytes)
        checked = check_batch([written(rows)], partner, sweep=sweep, chunk_bytes=chunk_bytes, keep_problems=are_kept)
    assert pieces.problems.rows() == whole.problems.rows()
    assert (pieces.ledger, pieces.ledgers) == (whole.ledger, whole.ledgers)
    assert {unit: found.frame.rows() for unit, found in pieces.accepted.items()} == {
        unit: found.frame.rows() for unit, found in whole.accepted.items()
    }
    assert (checked.ledger, checked.ledgers) == (whole.ledger, whole.ledgers)
    assert checked.findings == findings_of(whole.problems, whole.ledgers)
    assert checked.corrections == Corrections(whole.withdrawals.frame.height, whole.replacements.height)
    assert (checked.problems is not None) == are_kept
    assert checked.problems is None or checked.problems.rows() == whole.problems.rows()


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(RECORD.map(list), max_size=12))
def test_where_equal_rows_count_each_is_a_record(rows: list[list[str]]) -> None:
    """The oracle counts by hand: every row with a number and a date is accepted, and its number tells how many came before."""
    result = validate_batch([written(rows)], EACH_COUNTS, "0" * 16)
    fit = [(row[0], row[2]) for row in rows if row[0] + row[2] and row[1] == "2020-01-01" and row[2] in ("woman", "man", "")]
    frame = result.accepted[next(iter(result.accepted))].frame
    assert frame.height == len(fit)
    assert frame["source_record_id"].is_unique().all()
    assert not set(result.problems["code"]) & {"row_repeated", "record_id_repeated"}


@settings(max_examples=15, deadline=None)
@given(files=st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=4), order=st.randoms(use_true_random=False))
def test_landing_twice_is_landing_once(files: list[bytes], order: Random) -> None:
    with TemporaryDirectory() as folder:
        create_key(Path(folder) / "key")
        vault = Vault(Path(folder) / "vault", Path(folder) / "key")
        first = land(files, "one", vault)
        order.shuffle(files)
        again = land(files, "one", Vault(Path(folder) / "vault", Path(folder) / "key"))
        assert (again.batch_id, again.is_new) == (first.batch_id, False)
        assert vault.batch_ids() == (first.batch_id,)
        assert sorted(vault.batch_files(first.batch_id)) == sorted(files)
        assert [file.bytes_count for file in vault.manifest(first.batch_id).files] == [
            len(file) for file in vault.batch_files(first.batch_id)
        ]


@settings(max_examples=15, deadline=None)
@given(payload=st.binary(max_size=500))
def test_the_vault_gives_back_what_it_took(payload: bytes) -> None:
    with TemporaryDirectory() as folder:
        create_key(Path(folder) / "key")
        vault = Vault(Path(folder) / "vault", Path(folder) / "key")
        vault.store("registry", payload)
        assert vault.load("registry") == payload


# U+1171E is a nonspacing mark in some versions of Unicode only.
ASSIGNED = st.text(st.characters(exclude_categories=("Cs", "Cn", "Co"), exclude_characters="\U0001171e"))


def folded_by_hand(text: str) -> str:
    """A text as it is compared, by the standard library."""
    letters = (letter for letter in unicodedata.normalize("NFKD", text) if unicodedata.category(letter) != "Mn")
    return "".join(letters).replace("\u2019", "'").lower()


@given(st.lists(ASSIGNED, min_size=1, max_size=20))
def test_texts_are_compared_as_the_standard_library_would(texts: list[str]) -> None:
    assert pl.DataFrame({"text": texts}).select(folded_labels(pl.col("text")))["text"].to_list() == [folded_by_hand(text) for text in texts]


@given(ASSIGNED.map(str.strip), st.sampled_from(["NFC", "NFD"]))
def test_a_listed_text_is_read_in_every_composition(text: str, form: Literal["NFC", "NFD"]) -> None:
    if folded_by_hand(text).strip():
        texts = pl.DataFrame({"text": [text, unicodedata.normalize(form, text)]})
        assert texts.select(readings({text: "x"}, {}).apply(trimmed("text")))["text"].to_list() == ["x", "x"]
