"""Counts of random records: the check between forms and persons always holds, and plain Python counts the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.case import PerpetratorRecord, VictimRecord
from schemas.fields import Kind, RecordModel, fields_of
from schemas.ledger import RowLedger
from schemas.render import polars_schema
from schemas.units import Unit
from schemas.zones import Pseudonymised
from tests.deliveries import delivery
from warehouse.admission import PROVENANCE
from warehouse.counting import By, Counts
from warehouse.store import open_store

MISSING = ("unknown", "not_applicable", "not_collected")
FORMS = ("forced_labour", "servitude", "labour")
PARTNERS = ("court", "shelter")

said = st.one_of(st.lists(st.sampled_from(FORMS), max_size=3, unique=True), st.sampled_from(MISSING).map(lambda code: [code]))
rows_of = st.lists(
    st.fixed_dictionaries(
        {
            "person": st.integers(0, 4),
            "partner": st.sampled_from(PARTNERS),
            "case": st.none() | st.integers(0, 2),
            "year": st.none() | st.integers(2020, 2021),
            "forms": said,
            "stage": st.sampled_from(("convicted", "suspected", "unknown")),
        }
    ),
    max_size=12,
)
Row = dict[str, object]


def frame_of(model: type[RecordModel], rows: Sequence[Row], partner: str, unit: str) -> Pseudonymised:
    empty: dict[Kind, object] = {Kind.CODE: "unknown", Kind.CODES: ["unknown"], Kind.INTEGER: 0}
    blank = {field.name: empty.get(field.kind) for field in fields_of(model)}
    filled = [
        {
            **blank,
            **{"partner_code": partner, "batch_id": partner, "file": unit, "row_number": at + 2},
            "record_key": f"{unit}-{partner}-{at}",
            "case_key": None if row["case"] is None else f"{partner}-{row['case']}",
            "registration_year": row["year"],
            "exploitation_codes": row["forms"],
        }
        | ({"partner_person_key": f"{partner}-{row['person']}", "proceeding_stage_code": row["stage"]} if unit == "perpetrator" else {})
        for at, row in enumerate(rows)
    ]
    return Pseudonymised(pl.DataFrame(filled, schema={**polars_schema(model), **PROVENANCE}))


def counted(victims: Sequence[Row], accused: Sequence[Row]) -> dict[By, Counts]:
    with TemporaryDirectory() as folder, open_store(Path(folder) / "w.duckdb") as store:
        members: list[tuple[str, str]] = []
        for partner in PARTNERS:
            own, others = ([row for row in rows if row["partner"] == partner] for rows in (victims, accused))
            frames = {
                Unit.VICTIM: frame_of(VictimRecord, own, partner, "victim"),
                Unit.PERPETRATOR: frame_of(PerpetratorRecord, others, partner, "perpetrator"),
            }
            accepted = len(own) + len(others)
            ledger = RowLedger(received=accepted, accepted=accepted, quarantined=0, rejected=0, non_data=0)
            store.replace_batch(delivery(partner, partner, ledger, frames))
            members += [(f"victim-{partner}-{at}", f"p{row['person']}") for at, row in enumerate(own)]
        store.replace_membership(pl.DataFrame(members, schema={"record_key": pl.String, "person_key": pl.String}, orient="row"))
        return {by: store.counts(by) for by in By}


def forms_by_hand(rows: Sequence[Row], person: str) -> dict[object, set[str]]:
    """Person -> its known forms, or the one reason for their absence that says most."""
    found: dict[object, set[str]] = {}
    for who in {row[person] for row in rows}:
        stated = {str(form) for row in rows if row[person] == who for form in (row["forms"] or ["unknown"])}  # type: ignore[attr-defined]
        known = stated - set(MISSING)
        found[who] = known or {next(code for code in MISSING if code in stated)}
    return found


def by_hand(victims: Sequence[Row], accused: Sequence[Row]) -> dict[tuple[str, str], int]:
    """The counts of one part, over its rows alone."""
    accused = [row | {"number": (row["partner"], row["person"])} for row in accused]
    convicted = [row for row in accused if row["stage"] == "convicted"]
    found: dict[tuple[str, str], int] = {
        ("report", "distinct"): len(victims),
        ("accused_report", "distinct"): len(accused),
        ("case", "distinct"): len({(row["partner"], row["case"]) for row in (*victims, *accused) if row["case"] is not None}),
        ("conviction", "distinct"): len({(row["number"], row["case"]) for row in convicted}),
    }
    for unit, rows, person in (("victim", victims, "person"), ("accused", accused, "number"), ("convicted", convicted, "number")):
        forms = forms_by_hand(rows, person)
        found[unit, "distinct"] = len(forms)
        found[unit, "person_by_form"] = sum(len(stated - set(MISSING)) for stated in forms.values())
        found[unit, "without_form"] = sum(stated <= set(MISSING) for stated in forms.values())
    return {place: count for place, count in found.items() if count}


def of_part(counts: Counts, part: str) -> dict[tuple[str, str], int]:
    rows = counts.rows.filter(pl.col("part") == part, pl.col("count") > 0)
    return {(unit, rule): count for _, unit, rule, count in rows.iter_rows()}


@settings(max_examples=25, deadline=None)
@given(rows_of, rows_of)
def test_every_part_is_counted_as_by_hand_and_every_check_holds(victims: list[Row], accused: list[Row]) -> None:
    found = counted(victims, accused)
    for by, column in ((By.PARTNER, "partner"), (By.YEAR, "year")):
        assert of_part(found[by], "all") == by_hand(victims, accused)
        for part in {row[column] for row in (*victims, *accused)}:
            expected = by_hand(*([row for row in rows if row[column] == part] for rows in (victims, accused)))
            assert of_part(found[by], "unknown" if part is None else str(part)) == expected
    forms = forms_by_hand(victims, "person")
    for form in (*FORMS, *MISSING):
        persons = of_part(found[By.FORM], form).get(("victim", "distinct"), 0)
        assert persons == sum(form in stated for stated in forms.values())
    assert all(check.holds for counts in found.values() for check in counts.checks)
    assert all(check.largest > 0 for counts in found.values() for check in counts.checks if check.total), "a check of nothing says nothing"
