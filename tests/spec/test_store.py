"""What the store promises: a batch replaces itself, a record stands once, persons are made of records by fixed rules."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
import pytest

from engine.duck import connect
from schemas.case import Person
from schemas.errors import CasehouseError, LeakStopped, StorageError
from schemas.fields import Kind, RecordModel, fields_of
from schemas.ledger import LedgerBroken, RowLedger
from schemas.problems import problem_frame
from schemas.release import CohortProof
from schemas.render import polars_schema
from schemas.units import MODELS, Unit
from schemas.zones import Identified, Pseudonymised
from tests.deliveries import delivery, events_of, place_of, withdrawing
from warehouse.admission import PROVENANCE
from warehouse.seam import guarded
from warehouse.store import Store, open_store

CANARY = "Zebulon Quetzal"
PERSON_COLUMNS = tuple(field.name for field in fields_of(Person))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "warehouse.duckdb") as opened:
        yield opened


def blank(model: type[RecordModel]) -> dict[str, object]:
    """A record in which nothing is known."""
    empty: dict[Kind, object] = {Kind.CODE: "unknown", Kind.CODES: ["unknown"], Kind.INTEGER: 0}
    return {field.name: empty.get(field.kind) for field in fields_of(model)}


def records(*rows: Mapping[str, object], unit: Unit = Unit.VICTIM, batch: str = "b1") -> Pseudonymised:
    """Records of a unit: what a row leaves out is unknown."""
    model = MODELS[unit].record
    place = {"partner_code": "partner-a", "batch_id": batch, "file": "file-1"}
    filled = [{**blank(model), **place, "row_number": number, **row} for number, row in enumerate(rows, 2)]
    return Pseudonymised(pl.DataFrame(filled, schema={**polars_schema(model), **PROVENANCE}))


def ledger(accepted: int, quarantined: int = 0) -> RowLedger:
    return RowLedger(received=accepted + quarantined, accepted=accepted, quarantined=quarantined, rejected=0, non_data=0)


def send(store: Store, batch: str, *rows: Mapping[str, object], unit: Unit = Unit.VICTIM) -> None:
    store.replace_batch(delivery(batch, "partner-a", ledger(len(rows)), {unit: records(*rows, unit=unit, batch=batch)}, problem_frame()))


def everyone_is(store: Store, **person_of: str) -> None:
    store.replace_membership(pl.DataFrame({"record_key": list(person_of), "person_key": list(person_of.values())}))


def person_of(store: Store, *rows: Mapping[str, object]) -> dict[str, str]:
    """The one person that these records make."""
    keys = [f"r{number}" for number in range(len(rows))]
    send(store, "b1", *[{"record_key": key, **row} for key, row in zip(keys, rows, strict=True)])
    everyone_is(store, **dict.fromkeys(keys, "p"))
    (found,) = store.persons().frame.to_dicts()
    return found


def labels(key: str, **known: str) -> dict[str, str]:
    return {"person_key": key} | dict.fromkeys(PERSON_COLUMNS, "suppressed") | known


def facts(cohort: int, persons: int) -> CohortProof:
    return CohortProof(cohort=cohort, persons=persons, loss=0.25, loss_by_column={"gender_code": 0.25})


class TestBatches:
    def test_a_batch_sent_twice_stands_once(self, store: Store) -> None:
        for _ in range(2):
            send(store, "b1", {"record_key": "r1"}, {"record_key": "r2"})
        (batch,) = store.batches()
        assert (batch.ledger, batch.records, batch.superseded) == (ledger(2), 2, 0)

    def test_a_mended_batch_leaves_nothing_of_the_first(self, store: Store) -> None:
        first = {Unit.VICTIM: records({"record_key": "r1"}), Unit.INCIDENT: records({"record_key": "i1"}, unit=Unit.INCIDENT)}
        store.replace_batch(
            delivery("b1", "partner-a", ledger(2, 1), first, problem_frame([("file-1", 4, "date_invalid", "registration_date")]))
        )
        send(store, "b1", {"record_key": "r2"})
        everyone_is(store, r2="p2")
        assert store.persons().frame["person_key"].to_list() == ["p2"]
        assert store.problems("b1").height == 0
        assert store.totals() == ledger(1)

    def test_a_record_of_an_earlier_batch_is_replaced_and_counted(self, store: Store) -> None:
        send(store, "b1", {"record_key": "r1", "gender_code": "man"}, {"record_key": "r2"})
        send(store, "b2", {"record_key": "r1", "gender_code": "woman"})
        everyone_is(store, r1="p1", r2="p2")
        assert store.persons().frame["gender_code"].to_list() == ["woman", "unknown"]
        assert [(batch.batch_id, batch.records, batch.superseded) for batch in store.batches()] == [("b1", 1, 1), ("b2", 1, 0)]

    def test_a_record_that_turns_out_to_be_about_a_perpetrator_is_no_victim_any_more(self, store: Store) -> None:
        send(store, "b1", {"record_key": "r1"})
        send(store, "b2", {"record_key": "r1"}, unit=Unit.PERPETRATOR)
        assert store.linked_counts()[0] == 0
        assert [batch.records for batch in store.batches()] == [0, 1]

    def test_accounts_and_problems_are_kept_by_batch(self, store: Store) -> None:
        found = problem_frame([("file-1", 3, "date_invalid", "birth_date"), ("file-1", None, "column_unknown", None)])
        store.replace_batch(delivery("b1", "partner-a", ledger(0, 1), {}, found))
        send(store, "b2", {"record_key": "r1"})
        assert store.ledgers() == {"b1": ledger(0, 1), "b2": ledger(1)}
        assert store.totals() == ledger(1, 1)
        assert store.problems("b1").rows() == [
            ("file-1", None, "column_unknown", None, None),
            ("file-1", 3, "date_invalid", "birth_date", None),
        ]

    def test_what_a_batch_holds_can_be_read_back(self, store: Store) -> None:
        send(store, "b1", {"record_key": "r2"}, {"record_key": "r1"})
        send(store, "b2", {"record_key": "r2", "gender_code": "man"})
        assert store.records_of("b1", Unit.VICTIM).frame.equals(records({"record_key": "r1", "row_number": 3}).frame)
        assert store.record_batches().rows() == [("r1", "b1"), ("r2", "b2")]
        everyone_is(store, r1="p1")
        assert store.linked_counts() == (2, 1)

    def test_what_was_stored_is_there_after_reopening(self, tmp_path: Path) -> None:
        with open_store(tmp_path / "w.duckdb") as store:
            send(store, "b1", {"record_key": "r1"})
        with open_store(tmp_path / "w.duckdb", read_only=True) as store:
            assert store.totals() == ledger(1)


class TestCorrections:
    """Of one record, in the order of landing: the same again changes nothing, something new stands, a withdrawal ends it."""

    def test_an_old_version_sent_again_changes_nothing_and_is_told(self, store: Store) -> None:
        for batch, gender in (("c1", "man"), ("c2", "woman"), ("c3", "man")):
            send(store, batch, {"record_key": "r1", "gender_code": gender})
        assert genders(store) == {"r1": "woman"}
        assert store.problems("c3")["code"].to_list() == ["record_outdated"]
        assert [store.problems(batch).height for batch in ("c1", "c2")] == [0, 0]

    def test_a_replacement_goes_back_on_purpose(self, store: Store) -> None:
        send(store, "c1", {"record_key": "r1", "gender_code": "man"})
        send(store, "c2", {"record_key": "r1", "gender_code": "woman"})
        back = {Unit.VICTIM: records({"record_key": "r1", "gender_code": "man"}, batch="c3")}
        store.replace_batch(delivery("c3", "partner-a", ledger(1), back, events=events_of(back, replacing=True)))
        assert genders(store) == {"r1": "man"}
        assert store.problems("c3").height == 0

    def test_a_withdrawn_record_is_out_and_held_later(self, store: Store) -> None:
        send(store, "c1", {"record_key": "r1"}, {"record_key": "r2"})
        taken = store.replace_batch(delivery("c2", "partner-a", ledger(2), {}, events=withdrawing(["r1", "r9"])))
        assert (taken.withdrawn, taken.problems.rows()) == (1, [("file-1", 3, "record_to_withdraw_unknown", "source_record_id", None)])
        send(store, "c3", {"record_key": "r1", "gender_code": "man"}, {"record_key": "r3"})
        assert sorted(genders(store)) == ["r2", "r3"]
        assert store.ledgers()["c3"] == ledger(1, 1)
        assert store.problems("c3").rows() == [("file-1", 2, "record_withdrawn", "source_record_id", None)]
        assert [(each.withdrawals, each.records, each.superseded) for each in store.batches()] == [(0, 1, 1), (2, 0, 0), (0, 1, 0)]
        assert store.holders_of(store.withdrawn_keys()) == ("c1", "c2")

    def test_a_removed_batch_leaves_what_others_say_but_its_withdrawals_are_final(self, store: Store) -> None:
        send(store, "c1", {"record_key": "r1", "gender_code": "man"}, {"record_key": "r2"}, {"record_key": "r3"})
        changed = {Unit.VICTIM: records({"record_key": "r1", "gender_code": "woman"}, {"record_key": "r4"}, batch="c2")}
        events = events_of(changed).vstack(withdrawing(["r3"]))
        store.replace_batch(delivery("c2", "partner-a", ledger(3), changed, events=events))
        everyone_is(store, r1="p1", r2="p2", r4="p1")
        effect = store.effect_of_removing("c2")
        assert (effect.vanished, effect.fallen_back, effect.persons, effect.published_persons) == (1, 1, 1, 0)
        for _ in range(2):
            store.remove_batch("c2")
        assert genders(store) == {"r1": "man", "r2": "unknown"}
        assert list(store.ledgers()) == ["c1"]

    def test_batches_that_are_stored_in_another_order_than_they_landed_leave_the_same(self, store: Store) -> None:
        landed = [("c1", "man"), ("c2", "woman"), ("c3", "man")]
        for batch, _ in landed:
            place_of(batch)
        for batch, gender in reversed(landed):
            send(store, batch, {"record_key": "r1", "gender_code": gender})
        assert genders(store) == {"r1": "woman"}

    def test_nothing_is_left_of_a_withdrawn_records_content(self, store: Store) -> None:
        send(store, "c1", {"record_key": "r1"})
        store.withdraw_records(pl.DataFrame({"record_key": ["r1"], "batch_id": ["c2"], "sequence": [place_of("c2")]}))
        assert store._count("select count(*) from victim_version") == 0
        assert store._count("select count(*) from event where content is not null") == 0

    def test_events_that_do_not_fit_the_records_are_refused(self, store: Store) -> None:
        said = {Unit.VICTIM: records({"record_key": "r1"}, batch="c1")}
        for events, reason in ((events_of(said).clear(), "do not belong together"), (events_of(said).vstack(events_of(said)), "repeat")):
            with pytest.raises(CasehouseError, match=reason):
                store.replace_batch(delivery("c1", "partner-a", ledger(events.height), said, events=events))


def genders(store: Store) -> dict[str, str]:
    """Record key -> gender of every victim record that stands."""
    frames = [store.records_of(batch, Unit.VICTIM).frame for batch in store.ledgers()]
    return dict(row for frame in frames for row in frame.select("record_key", "gender_code").iter_rows())


class TestAdmission:
    def test_only_pseudonymised_records_enter(self, store: Store) -> None:
        identified = Identified(records({"record_key": "r1"}).frame)
        with pytest.raises(TypeError, match="Pseudonymised records only, not Identified"):
            store.replace_batch(delivery("b1", "partner-a", ledger(1), {Unit.VICTIM: identified}, problem_frame()))  # type: ignore[dict-item]

    def test_a_column_that_nothing_declares_is_stopped(self, store: Store) -> None:
        frame = records({"record_key": "r1"}).frame.with_columns(family_name=pl.lit(CANARY))
        with pytest.raises(LeakStopped, match="family_name") as stopped:
            store.replace_batch(delivery("b1", "partner-a", ledger(1), {Unit.VICTIM: Pseudonymised(frame)}, problem_frame()))
        assert CANARY not in str(stopped.value)
        assert store.batches() == ()

    def test_a_cell_that_is_no_code_is_stopped(self, store: Store) -> None:
        with pytest.raises(LeakStopped, match=r"1 cell\(s\) of gender_code") as stopped:
            send(store, "b1", {"record_key": "r1", "gender_code": CANARY})
        assert CANARY not in str(stopped.value)

    def test_a_listed_cell_that_is_no_code_is_stopped(self, store: Store) -> None:
        with pytest.raises(LeakStopped, match=r"1 cell\(s\) of means_codes"):
            send(store, "b1", {"record_key": "r1", "means_codes": ["threats", CANARY]})

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ({"record_key": None}, r"1 record_key\(s\) absent"),
            ({"record_key": "r1", "gender_code": None}, r"1 cell\(s\) of gender_code are empty"),
            ({"record_key": "r1", "registration_year": 1066}, "outside 1990 to 2049"),
        ],
    )
    def test_an_impossible_record_is_refused(self, store: Store, row: dict[str, object], reason: str) -> None:
        with pytest.raises(CasehouseError, match=reason):
            send(store, "b1", row)

    def test_a_key_that_stands_twice_in_a_batch_is_refused(self, store: Store) -> None:
        with pytest.raises(CasehouseError, match=r"1 row\(s\) repeat the record_key"):
            send(store, "b1", {"record_key": "r1"}, {"record_key": "r1"})

    def test_a_missing_column_or_a_wrong_type_is_refused(self, store: Store) -> None:
        frame = records({"record_key": "r1"}).frame
        for changed, reason in ((frame.drop("case_key"), "no column case_key"), (frame.cast({"row_number": pl.String}), "row_number")):
            with pytest.raises(CasehouseError, match=reason):
                store.replace_batch(delivery("b1", "partner-a", ledger(1), {Unit.VICTIM: Pseudonymised(changed)}, problem_frame()))

    def test_rows_of_another_batch_are_refused(self, store: Store) -> None:
        with pytest.raises(CasehouseError, match=r"1 row\(s\) of another batch or partner"):
            send(store, "b1", {"record_key": "r1"}, {"record_key": "r2", "batch_id": "b2"})

    def test_an_account_that_does_not_count_the_records_is_refused(self, store: Store) -> None:
        with pytest.raises(LedgerBroken, match="2 accepted rows, the batch holds 1"):
            store.replace_batch(delivery("b1", "partner-a", ledger(2), {Unit.VICTIM: records({"record_key": "r1"})}, problem_frame()))

    def test_a_problem_outside_the_catalogue_is_stopped(self, store: Store) -> None:
        with pytest.raises(LeakStopped, match="outside the catalogue"):
            store.replace_batch(delivery("b1", "partner-a", ledger(0), {}, problem_frame().vstack(_problem(CANARY))))


def _problem(code: str) -> pl.DataFrame:
    return pl.DataFrame([("file-1", 1, code, None, None)], schema=problem_frame().schema, orient="row")


class TestPersons:
    def test_most_records_decide(self, store: Store) -> None:
        found = person_of(store, {"gender_code": "man"}, {"gender_code": "woman"}, {"gender_code": "woman"})
        assert found["gender_code"] == "woman"

    def test_a_tie_goes_to_the_earliest_year(self, store: Store) -> None:
        early, late = {"registration_year": 2010, "citizenship_code": "NP"}, {"registration_year": 2015, "citizenship_code": "BD"}
        found = person_of(store, late, early)
        assert (found["citizenship_code"], found["registration_year"]) == ("NP", "2010")

    def test_a_tie_of_one_year_goes_to_the_alphabet(self, store: Store) -> None:
        assert person_of(store, {"citizenship_code": "NP"}, {"citizenship_code": "BD"})["citizenship_code"] == "BD"

    def test_a_known_value_beats_any_number_of_missing_ones(self, store: Store) -> None:
        assert person_of(store, {"gender_code": "man"}, {}, {})["gender_code"] == "man"

    @pytest.mark.parametrize(
        ("codes", "best"),
        [
            (("not_collected", "unknown", "not_applicable"), "unknown"),
            (("not_collected", "not_collected", "not_applicable"), "not_applicable"),
            (("not_collected",), "not_collected"),
        ],
    )
    def test_of_missing_reasons_the_best_stays(self, store: Store, codes: tuple[str, ...], best: str) -> None:
        assert person_of(store, *[{"age_band_code": code} for code in codes])["age_band_code"] == best

    @pytest.mark.parametrize(
        ("codes", "best"),
        [
            (("no", "no", "yes"), "yes"),
            (("unknown", "no", "not_collected"), "no"),
            (("not_collected", "unknown"), "unknown"),
        ],
    )
    def test_one_yes_is_enough_for_a_flag(self, store: Store, codes: tuple[str, ...], best: str) -> None:
        assert person_of(store, *[{"forced_labour_code": code} for code in codes])["forced_labour_code"] == best

    def test_no_year_at_all_is_unknown_and_every_column_is_text(self, store: Store) -> None:
        found = person_of(store, {})
        assert found == {"person_key": "p"} | dict.fromkeys(PERSON_COLUMNS, "unknown")

    def test_a_victim_record_of_no_person_is_an_error(self, store: Store) -> None:
        send(store, "b1", {"record_key": "r1"}, {"record_key": "r2"})
        everyone_is(store, r1="p1")
        with pytest.raises(CasehouseError, match=r"1 victim record\(s\) belong to no person"):
            store.persons()

    def test_a_membership_that_is_none_is_refused(self, store: Store) -> None:
        members = pl.DataFrame({"record_key": ["r1", "r1"], "person_key": ["p1", "p2"]})
        for wrong, reason in ((members, "repeat the record_key"), (members.head(1).with_columns(person_key=pl.lit(None)), "absent")):
            with pytest.raises(CasehouseError, match=reason):
                store.replace_membership(wrong)

    def test_perpetrators_are_no_persons_of_the_master_table(self, store: Store) -> None:
        send(store, "b1", {"record_key": "r1"}, unit=Unit.PERPETRATOR)
        everyone_is(store, r1="p1")
        assert store.persons().frame.height == 0


class TestCohorts:
    def test_a_person_is_published_once(self, store: Store) -> None:
        store.enroll(1, pl.DataFrame([labels("p1"), labels("p2")]), facts(1, 2))
        with pytest.raises(CasehouseError, match=r"1 person\(s\) enrolled already"):
            store.enroll(2, pl.DataFrame([labels("p2"), labels("p3")]), facts(2, 2))
        assert store.published().frame["person_key"].to_list() == ["p1", "p2"]
        assert store.cohorts() == (facts(1, 2),)

    def test_a_cohort_is_never_added_to(self, store: Store) -> None:
        store.enroll(1, pl.DataFrame([labels("p1")]), facts(1, 1))
        with pytest.raises(CasehouseError, match=r"1 cohort\(s\) of that number"):
            store.enroll(1, pl.DataFrame([labels("p2")]), facts(1, 1))

    def test_facts_of_other_persons_are_refused(self, store: Store) -> None:
        with pytest.raises(CasehouseError, match="the facts are of cohort 1 with 2 persons"):
            store.enroll(1, pl.DataFrame([labels("p1")]), facts(1, 2))

    def test_a_label_outside_the_hierarchy_is_stopped(self, store: Store) -> None:
        with pytest.raises(LeakStopped, match=r"1 cell\(s\) of gender_code"):
            store.enroll(1, pl.DataFrame([labels("p1", gender_code=CANARY)]), facts(1, 1))

    def test_coarser_labels_are_published_as_they_are(self, store: Store) -> None:
        store.enroll(1, pl.DataFrame([labels("p1", age_band_code="minor", registration_year="2014-2015")]), facts(1, 1))
        (row,) = store.published().frame.to_dicts()
        assert row == labels("p1", age_band_code="minor", registration_year="2014-2015") | {"cohort": 1, "flag_group": 0}


class TestFaults:
    def test_what_a_library_says_of_a_value_is_not_handed_on(self) -> None:
        with pytest.raises(CasehouseError, match="counting: the database refused with ConversionException") as refused:  # noqa: SIM117
            with guarded("counting", where="the warehouse"):
                connect().execute("select cast(? as integer)", [CANARY]).fetchall()
        assert CANARY not in str(refused.value)
        assert refused.value.__suppress_context__

    def test_a_refused_batch_leaves_the_last_one_standing(self, store: Store) -> None:
        send(store, "b1", {"record_key": "r1"})
        with pytest.raises(CasehouseError):
            send(store, "b1", {"record_key": "r2"}, {"record_key": "r2"})
        everyone_is(store, r1="p1")
        assert store.persons().frame.height == 1

    def test_a_file_that_is_no_database_is_a_storage_error(self, tmp_path: Path) -> None:
        (tmp_path / "w.duckdb").write_text(CANARY * 1000)
        with pytest.raises(StorageError) as refused, open_store(tmp_path / "w.duckdb"):
            pass
        assert CANARY not in str(refused.value)

    def test_a_full_disk_is_a_storage_error_and_the_store_stays_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "w.duckdb"
        with open_store(path) as store:
            send(store, "b1", {"record_key": "r1"})
        many = [{"record_key": f"{CANARY} {number:050d}"} for number in range(20_000)]
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 4096, hard))
        try:
            with pytest.raises(StorageError) as refused, open_store(path) as store:
                send(store, "b2", *many)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert CANARY not in str(refused.value)
        with open_store(path) as store:
            assert store.totals() == ledger(1)


def test_sources_count_standing_victim_records_and_partners_by_kind(store: Store) -> None:
    """A partner that reported as two kinds of source counts in both; perpetrators and incidents count in none."""
    send(store, "b1", {"record_key": "r1", "source_type_code": "hotline"}, {"record_key": "r2", "source_type_code": "court"})
    send(store, "b2", {"record_key": "p1", "source_type_code": "law_enforcement"}, unit=Unit.PERPETRATOR)
    found = store.sources()
    assert (found.reports, found.partners, dict(found.partners_by_kind)) == (2, 1, {"court": 1, "hotline": 1})


def test_contributors_are_the_partners_of_the_records_of_a_person_and_stay_as_they_were_when_it_was_published(store: Store) -> None:
    send(store, "b1", {"record_key": "r1"}, {"record_key": "r2"})
    theirs = Pseudonymised(records({"record_key": "r3"}, batch="b2").frame.with_columns(partner_code=pl.lit("another")))
    store.replace_batch(delivery("b2", "another", ledger(1), {Unit.VICTIM: theirs}, problem_frame()))
    everyone_is(store, r1="p1", r2="p2", r3="p1")
    assert store.contributors().rows() == [("p1", "another+partner-a"), ("p2", "partner-a")]
    store.enroll(1, pl.DataFrame([labels("p1"), labels("p2")]), facts(1, 2))
    everyone_is(store, r1="p1", r2="p2", r3="p2")
    assert store.published_contributors().rows() == [("p1", "another+partner-a"), ("p2", "partner-a")]
    assert store.retire(pl.Series(["p1"])).persons == 1
    assert store.published_contributors().rows() == [("p2", "partner-a")]
    assert store.enrolled()["person_key"].to_list() == ["p1", "p2"]


def test_errata_are_told_in_rounds_and_nothing_to_tell_is_no_round(store: Store) -> None:
    figures = pl.DataFrame({"cohort": ["1"], "column": ["gender_code"], "label": ["woman"], "persons": [12]})
    persons = pl.DataFrame({"person_key": ["p1"], "column": ["gender_code"]})
    before = store.content_digest()
    store.tell_errata(figures.clear(), persons.clear())
    assert (store.editions(), store.content_digest()) == (0, before)
    for _ in range(2):
        store.tell_errata(figures, persons)
    assert (store.editions(), store.errata_figures().height, store.content_digest() != before) == (2, 2, True)
    assert store.told_errata().rows() == [("p1", "gender_code")] * 2
