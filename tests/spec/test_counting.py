"""What is counted: reports, cases, persons, person x form and offences, each as what it is, with what must hold between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
import pytest

from schemas.errors import CasehouseError
from schemas.fields import Kind, fields_of
from schemas.flags import FLAG_COLUMNS
from schemas.ledger import RowLedger
from schemas.render import polars_schema
from schemas.units import MODELS, Unit
from schemas.zones import Pseudonymised
from tests.deliveries import delivery
from warehouse.admission import PROVENANCE
from warehouse.counting import By, CountCheck
from warehouse.store import Store, open_store

EMPTY: dict[Kind, object] = {Kind.CODE: "unknown", Kind.CODES: ["unknown"], Kind.INTEGER: 0}
Row = Mapping[str, object]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "warehouse.duckdb") as opened:
        yield opened


def send(store: Store, partner: str, rows: Mapping[Unit, list[Row]]) -> None:
    """A batch of a partner; what a row leaves out is unknown."""
    frames = {}
    for unit, given in rows.items():
        model = MODELS[unit].record
        blank = {field.name: EMPTY.get(field.kind) for field in fields_of(model)}
        place = {"partner_code": partner, "batch_id": partner, "file": "persons"}
        filled = [{**blank, **place, "row_number": number, **row} for number, row in enumerate(given, 2)]
        frames[unit] = Pseudonymised(pl.DataFrame(filled, schema={**polars_schema(model), **PROVENANCE}))
    accepted = sum(len(given) for given in rows.values())
    ledger = RowLedger(received=accepted, accepted=accepted, quarantined=0, rejected=0, non_data=0)
    store.replace_batch(delivery(partner, partner, ledger, frames))


def court(store: Store) -> None:
    """Two victims on five rows of three cases; two convicted on four rows, one of them in two cases."""
    victims: list[Row] = [
        {"record_key": "v1", "case_key": "c1", "registration_year": 2020, "exploitation_codes": ["forced_labour"]},
        {"record_key": "v2", "case_key": "c1", "registration_year": 2020, "exploitation_codes": ["servitude"]},
        {"record_key": "v3", "case_key": "c2", "registration_year": 2021, "exploitation_codes": ["servitude"]},
        {"record_key": "v4", "case_key": "c2", "registration_year": 2021, "exploitation_codes": ["unknown"]},
        {"record_key": "v5", "case_key": "c3", "registration_year": 2021, "exploitation_codes": ["unknown"]},
    ]
    convict = {"registration_year": 2020, "proceeding_stage_code": "convicted"}
    accused: list[Row] = [
        {**convict, "record_key": "a1", "case_key": "c1", "partner_person_key": "q1", "exploitation_codes": ["forced_labour"]},
        {**convict, "record_key": "a2", "case_key": "c1", "partner_person_key": "q1", "exploitation_codes": ["servitude"]},
        {**convict, "record_key": "a3", "case_key": "c2", "partner_person_key": "q1", "exploitation_codes": ["servitude"]},
        {**convict, "record_key": "a4", "case_key": "c2", "partner_person_key": "q2", "exploitation_codes": ["servitude"]},
        {"record_key": "a5", "case_key": "c4", "partner_person_key": "q3", "proceeding_stage_code": "suspected"},
        {"record_key": "a6", "case_key": "c4", "partner_person_key": None, "proceeding_stage_code": "suspected"},
    ]
    incidents: list[Row] = [
        {"record_key": "i1", "registration_year": 2020, "offence_codes": ["trafficking_in_persons", "smuggling_of_migrants"]},
        {"record_key": "i2", "registration_year": 2021, "offence_codes": ["trafficking_in_persons"]},
        {"record_key": "i3", "registration_year": 2021, "offence_codes": ["not_collected"]},
    ]
    send(store, "court", {Unit.VICTIM: victims, Unit.PERPETRATOR: accused, Unit.INCIDENT: incidents})
    members = {"v1": "p1", "v2": "p1", "v3": "p1", "v4": "p1", "v5": "p2"}
    store.replace_membership(pl.DataFrame({"record_key": list(members), "person_key": list(members.values())}))


def test_each_unit_is_counted_as_what_it_is(store: Store) -> None:
    court(store)
    found = {(unit, rule): count for _, unit, rule, count in store.counts().rows.iter_rows()}
    assert found == {
        ("report", "distinct"): 5,
        ("case", "distinct"): 4,
        ("victim", "distinct"): 2,
        ("victim", "person_by_form"): 2,
        ("victim", "without_form"): 1,
        ("accused_report", "distinct"): 6,
        ("accused_report", "without_person"): 1,
        ("accused", "distinct"): 3,
        ("accused", "person_by_form"): 3,
        ("accused", "without_form"): 1,
        ("convicted", "distinct"): 2,
        ("convicted", "person_by_form"): 3,
        ("conviction", "distinct"): 3,
        ("incident", "distinct"): 3,
        ("offence", "distinct"): 3,
    }


def test_the_rows_of_a_file_of_person_by_form_are_no_reports(store: Store) -> None:
    """v1 and v2 are p1 in c1, v3 and v4 are p1 in c2, v5 is p2 in c3; a6 names no person, so no other row is of its report."""
    court(store)
    found = store.counts(by_form=[("court", "persons")])
    assert (found.of("report"), found.of("report", "row"), store.counts().of("report"), store.counts().of("report", "row")) == (3, 5, 5, 0)
    assert (found.of("accused_report"), found.of("accused_report", "row")) == (5, 6)
    assert (store.sources([("court", "persons")]).reports, store.sources([("court", "others")]).reports) == (3, 5)
    by_form = store.counts(By.FORM, by_form=[("court", "persons")])
    assert [by_form.of("report", part=form) for form in ("forced_labour", "servitude", "unknown")] == [1, 2, 2]
    assert by_form.of("victim") == store.counts().of("victim")


def test_forms_that_are_not_known_are_rows_of_their_own_and_a_known_form_beats_them(store: Store) -> None:
    """v4 says nothing of p1's form, of whom two are known; of p2 nothing is."""
    court(store)
    rows = store.counts(By.FORM).rows
    assert {part: count for part, unit, _, count in rows.iter_rows() if unit == "victim" and part != "all"} == {
        "forced_labour": 1,
        "servitude": 1,
        "unknown": 1,
    }
    assert {part: count for part, unit, _, count in rows.iter_rows() if unit == "report" and part != "all"} == {
        "forced_labour": 1,
        "servitude": 2,
        "unknown": 2,
    }


def test_of_the_missing_values_the_one_that_says_most_is_counted(store: Store) -> None:
    rows: list[Row] = [
        {"record_key": f"v{at}", "exploitation_codes": codes}
        for at, codes in enumerate((["not_collected"], ["not_applicable"], ["not_collected"], []))
    ]
    send(store, "a", {Unit.VICTIM: rows})
    store.replace_membership(pl.DataFrame({"record_key": ["v0", "v1", "v2", "v3"], "person_key": ["p1", "p1", "p2", "p3"]}))
    found = store.counts(By.FORM).rows.filter(pl.col("part") != "all", unit="victim")
    assert dict(found.select("part", "count").rows()) == {"not_applicable": 1, "not_collected": 1, "unknown": 1}


def test_a_person_of_two_partners_or_years_is_one_person_of_all(store: Store) -> None:
    court(store)
    send(store, "shelter", {Unit.VICTIM: [{"record_key": "s1", "registration_year": 2021, "exploitation_codes": ["forced_begging"]}]})
    members = {"v1": "p1", "v2": "p1", "v3": "p1", "v4": "p1", "v5": "p2", "s1": "p1"}
    store.replace_membership(pl.DataFrame({"record_key": list(members), "person_key": list(members.values())}))
    by_partner, by_year = store.counts(By.PARTNER), store.counts(By.YEAR)
    assert [by_partner.of("victim", part=part) for part in ("court", "shelter", "all")] == [2, 1, 2]
    assert [by_year.of("victim", part=part) for part in ("2020", "2021", "all")] == [1, 2, 2]
    assert CountCheck("victim", "all", By.PARTNER, 2, 2, 3) in by_partner.checks
    assert by_partner.of("victim", "person_by_form", "court") == 2, "the forms that this partner states"
    assert by_partner.of("victim", "person_by_form") == 3
    assert store.counts(partner_code="shelter").of("victim") == 1
    assert store.counts(partner_code="shelter").of("offence") == 0


def test_the_largest_form_is_at_most_the_persons_who_are_at_most_the_sum(store: Store) -> None:
    court(store)
    checks = store.counts(By.YEAR).checks
    assert CountCheck("victim", "all", By.FORM, 1, 2, 3) in checks
    assert CountCheck("convicted", "2020", By.FORM, 2, 2, 3) in checks
    assert all(check.holds for check in checks)


@pytest.mark.parametrize(("largest", "total", "added"), [(83, 82, 106), (80, 107, 106)])
def test_figures_that_cannot_be_of_the_same_persons_do_not_hold(largest: int, total: int, added: int) -> None:
    assert not CountCheck("convicted", "all", By.FORM, largest, total, added).holds


def test_belgian_convictions_by_form_hold_and_do_not_add_up() -> None:
    """Belgium, 2012: 26 and 80 convicted by form, 82 in all; adding the forms would count 24 persons twice."""
    assert CountCheck("convicted", "2012", By.FORM, 80, 82, 106).holds


def test_a_means_of_control_that_no_record_states_is_not_stated(store: Store) -> None:
    """It was said to be absent, is not known, or was not asked about: that is neither no nor unknown."""
    send(store, "a", {Unit.VICTIM: [{"record_key": "v1", "means_codes": ["threats"]}, {"record_key": "v2", "means_codes": ["unknown"]}]})
    store.replace_membership(pl.DataFrame({"record_key": ["v1", "v2"], "person_key": ["p1", "p1"]}))
    (found,) = store.means().to_dicts()
    assert found == {"person_key": "p1", **dict.fromkeys(FLAG_COLUMNS, "not_stated"), "means_threatens_code": "yes"}


def test_persons_are_not_counted_before_they_are_linked(store: Store) -> None:
    send(store, "a", {Unit.VICTIM: [{"record_key": "v1"}]})
    with pytest.raises(CasehouseError, match=r"1 victim record\(s\) belong to no person"):
        store.counts()


def test_a_warehouse_of_nothing_counts_nothing(store: Store) -> None:
    found = store.counts(By.FORM)
    assert (found.rows.height, found.of("victim")) == (0, 0)
    assert store.published_figures().height == 0


def test_figures_of_other_offices_are_counted_apart_and_never_added(store: Store) -> None:
    rows: list[Row] = [
        {"record_key": f"o{at}", "indicator_code": code, "published_figure": figure}
        for at, (code, figure) in enumerate((("convicted", "82"), ("convicted", "<5"), ("offences", "1,131")))
    ]
    send(store, "unodc", {Unit.OBSERVATION: rows})
    assert store.published_figures().rows() == [("convicted", 2), ("offences", 1)]
    assert store.counts().rows.height == 0


def test_a_row_of_two_forms_is_seen(store: Store) -> None:
    send(store, "court", {Unit.VICTIM: [{"record_key": "v1", "exploitation_codes": ["servitude", "forced_labour"]}, {"record_key": "v2"}]})
    assert store.several_forms("court", "persons", Unit.VICTIM) == 1
    assert store.several_forms("court", "others", Unit.VICTIM) == 0
