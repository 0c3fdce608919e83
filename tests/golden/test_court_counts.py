"""The court's sample: convictions appear once a form of exploitation, and the house counts the persons in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from anonymize.deidentify import deidentify
from anonymize.keys import with_keys
from ingest.validation.batch import validate_batch
from pipelines.counted import broken_counts, files_by_form
from schemas.partner import Partner, load_partner
from schemas.units import Unit
from tests.deliveries import delivery
from warehouse.counting import By, CountCheck
from warehouse.store import Store, open_store

PARTNERS = Path(__file__).resolve().parents[2] / "partners"
FILES = ("cases", "convicts", "persons")


@pytest.fixture(scope="module")
def court() -> Partner:
    return load_partner(PARTNERS / "be-court.yml")


@pytest.fixture
def store(court: Partner, tmp_path: Path) -> Iterator[Store]:
    """The sample, taken in; who is who is what the register's own numbers say."""
    payloads = [(PARTNERS / "samples" / "be-court" / f"{name}.csv").read_bytes() for name in FILES]
    result = validate_batch(payloads, court, "b1")
    keyed = {unit: with_keys(reports, b"a key of the tests, no secret") for unit, reports in result.accepted.items()}
    with open_store(tmp_path / "warehouse.duckdb") as store:
        records = {unit: deidentify(reports, unit) for unit, reports in keyed.items()}
        store.replace_batch(delivery("b1", "be-court", result.ledger, records))
        victims = keyed[Unit.VICTIM].frame
        store.replace_membership(victims.select("record_key", person_key=pl.col("source_person_id")))
        yield store


def test_the_rows_of_victims_are_more_than_their_reports_and_the_victims(store: Store, court: Partner) -> None:
    found = store.counts(partner_code="be-court", by_form=files_by_form({"be-court": court}))
    assert (found.of("report", "row"), found.of("report"), found.of("victim"), found.of("victim", "person_by_form")) == (13, 11, 8, 12)


def test_convictions_are_more_than_the_convicted_and_fewer_than_their_rows(store: Store) -> None:
    found = store.counts()
    assert (found.of("accused_report"), found.of("conviction"), found.of("convicted")) == (7, 4, 3)
    assert found.of("convicted", "person_by_form") == 6


def test_cases_incidents_and_offences_stand_apart(store: Store) -> None:
    """A row names a case that the file of cases lacks: six cases are known, five of them with a day and an offence."""
    found = store.counts()
    assert (found.of("case"), found.of("incident"), found.of("offence")) == (6, 5, 5)


def test_the_totals_lie_between_the_largest_form_and_the_sum_of_the_forms(store: Store, court: Partner) -> None:
    checks = store.counts(By.PARTNER).checks
    assert CountCheck("victim", "be-court", By.FORM, 4, 8, 12) in checks
    assert CountCheck("convicted", "be-court", By.FORM, 2, 3, 7) in checks
    assert broken_counts(store, {"be-court": court}) == ()


def test_rows_that_are_not_person_by_form_as_the_partner_file_says_are_told(store: Store, court: Partner) -> None:
    assert [(file.name, file.counts.unit) for file in court.files if file.counts] == [("convicts", "convicted"), ("persons", "victim")]
    with store._transaction("a row of two forms") as connection:
        connection.execute("update victim_version set exploitation_codes = ['servitude', 'forced_labour']")
    (said,) = broken_counts(store, {"be-court": court})
    assert said == "be-court, persons: 13 row(s) of several forms, in a file whose rows are person x form"
