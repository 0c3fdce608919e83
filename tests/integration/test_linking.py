"""Linkage of a real instance: batch by batch as at once, corrections and withdrawals, judgements, another model, a crash in between."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from linkage.model import load_model
from linkage.registry import from_bytes
from linkage.stored import state_from_bytes
from pipelines import corrections, linkage_objects, linking, stages
from pipelines.condition import condition_of
from pipelines.inbox import arrivals
from pipelines.instance import Instance
from pipelines.linking import needs_linkage
from pipelines.publishing import make_release
from pipelines.reviewing import Sitting
from pipelines.settings import Settings
from pipelines.submission import put_batch
from pipelines.summary import closing
from schemas.errors import CasehouseError, ReleaseRefused, SpecificationError, StorageError, UserError, VaultError
from tests.conftest import ROOT
from warehouse.store import open_store

PARTNERS = ("north", "south")
ROUND_KEY = sha256(b"a round of this test").digest()
SPECIFICATION = """
name: {name}
title: {name}
language: en
agreement: none, everyone is invented
simulated: true
files:
  - name: cases
    columns:
      Number: {{field: source_record_id}}
      Registered: {{field: registration_date, date_format: "%Y-%m-%d"}}
      Sex: {{field: gender_code}}
      Given: {{field: given_name}}
      Family: {{field: family_name}}
      Born: {{field: birth_date, date_format: "%Y-%m-%d"}}
      Document: {{field: document_number}}
    action: {{column: Wanted, values: {{add: add, replace: replace, withdraw: withdraw}}}}
"""
HEADER = "Number,Registered,Sex,Given,Family,Born,Document,Wanted\n"
SELAM = "2020-01-01,woman,Selam,Bekele Haile,1998-04-17,ET123456"
MARIA = "2020-01-02,woman,Maria,Popescu,1987-01-30,RO777777"
NOBODY = "2020-01-03,man,,,,"
BATCHES = (
    ("north", (f"1,{SELAM},", f"2,{MARIA},", f"3,{NOBODY},")),
    ("south", (f"1,{SELAM},", f"2,{NOBODY},", "3,2020-02-01,woman,Salam,Bekele Haile,1998-04-17,ET123456,")),
    ("north", (f"4,{MARIA},", "5,2020-03-01,man,Dawit,Tesfaye,1990-05-06,ET999999,")),
)


def made(home: Path, model: Path | None = None) -> Instance:
    partners = home.parent / "partners"
    partners.mkdir(exist_ok=True)
    for name in PARTNERS:
        (partners / f"{name}.yml").write_text(SPECIFICATION.format(name=name), encoding="utf-8")
    return Instance(Settings(home=home, partners=partners, products=ROOT / "products", linkage_model=model))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Instance]:
    found = made(tmp_path / "home")
    with found.hold():
        yield found


def send(house: Instance, partner: str, rows: Sequence[str]) -> str:
    """Take a batch of these rows in, without linking; its id."""
    path = house.home.parent / "sent.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    put_batch(house, partner, [path], "report")
    batch_id = arrivals(house.inbox, partner)[0].batch_id
    for stage in (stages.land_batch, stages.validate_landed, stages.store_batch):
        stage(house, partner, batch_id)
    return batch_id


def groups(house: Instance) -> set[frozenset[str]]:
    """The groups of records, by their keys in the registry."""
    members = registry(house).members
    return {frozenset(records) for records in members.group_by("person_key").agg("record_key")["record_key"].to_list()}


def registry(house: Instance) -> linking.Registry:
    payload = house.vault.load("registry")
    assert payload is not None
    return from_bytes(payload)


def person_of(house: Instance, partner: str, number: int) -> str:
    """Whose person the partner's record is, as the warehouse has it."""
    reports = linking.keyed_reports(house)
    with open_store(house.warehouse_file, read_only=True) as store:
        members = dict(store.members().iter_rows())
    key = reports.filter((pl.col("partner_code") == partner) & (pl.col("source_record_id") == str(number)))["warehouse_key"]
    return members[key.item()]


def test_batch_by_batch_finds_the_persons_of_one_run_over_all(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "all").mkdir()
    stepwise, at_once = made(tmp_path / "one" / "home"), made(tmp_path / "all" / "home")
    read = []
    for house, is_stepwise in ((stepwise, True), (at_once, False)):
        with house.hold():
            for partner, rows in BATCHES if is_stepwise else BATCHES[::-1]:
                send(house, partner, rows)
                if is_stepwise:
                    read.append(linking.link_persons(house).read)
            counts = linking.link_persons(house)
            assert (counts.records, counts.persons) == (8, 5)
            assert counts.interval.fewest <= 5 <= counts.interval.most
            with open_store(house.warehouse_file, read_only=True) as store:
                assert store.person_interval() == counts.interval
    assert read == [3, 3, 2], "only what came is read"
    assert counts.read == 8
    assert groups(stepwise) == groups(at_once)
    assert linking.questions(stepwise).equals(linking.questions(at_once))


def test_a_run_that_finds_nothing_new_writes_nothing(house: Instance) -> None:
    send(house, *BATCHES[0])
    linking.link_persons(house)
    sealed = {name: (house.vault.folder / f"{name}.age").read_bytes() for name in ("linkage", "registry")}
    assert linking.link_persons(house).read == 0
    assert sealed == {name: (house.vault.folder / f"{name}.age").read_bytes() for name in sealed}


def test_a_corrected_report_leaves_and_arrives_and_a_withdrawn_one_is_forgotten(house: Instance) -> None:
    send(house, *BATCHES[0])
    send(house, *BATCHES[1])
    linking.link_persons(house)
    assert person_of(house, "north", 1) == person_of(house, "south", 1)
    send(house, "south", [f"1,{MARIA},replace", "3,,,,,,,withdraw"])
    assert "Salam" not in features_text(house)
    assert b"salam" not in features_text(house).lower().encode()
    assert registry(house).event["kind"].to_list()[-1] == "forgotten"
    counts = linking.link_persons(house)
    assert (counts.records, counts.read) == (5, 1)
    assert person_of(house, "south", 1) == person_of(house, "north", 2)
    gone = linkage_objects.register(house.vault)["registered_key"].item()
    log = registry(house)
    assert all(gone not in row for table in (log.membership, log.event, log.person) for row in table.rows())


def features_text(house: Instance) -> str:
    payload = house.vault.load("linkage")
    found = state_from_bytes(payload) if payload else None
    assert found is not None
    return str(found[0].features.to_dicts())


def test_of_a_batch_that_is_withdrawn_linkage_remembers_nothing_at_once(house: Instance) -> None:
    send(house, *BATCHES[0])
    batch_id = send(house, "south", BATCHES[1][1])
    linking.link_persons(house)
    assert "salam" in features_text(house)
    person = person_of(house, "south", 2)
    corrections.withdraw_batch(house, "south", batch_id)
    assert "salam" not in features_text(house)
    assert linking.link_persons(house).records == 3
    former = registry(house).person
    send(house, "south", [*BATCHES[1][1], f"9,{NOBODY},"])
    linking.link_persons(house)
    assert registry(house).person["person_key"].to_list()[: former.height] == former["person_key"].to_list()
    assert person_of(house, "south", 2) == person, "a report that came back finds its person"


def test_when_nothing_stands_any_more_there_is_nobody(house: Instance) -> None:
    assert linking.link_persons(house).records == 0
    batch_id = send(house, *BATCHES[0])
    assert linking.link_persons(house).persons == 3
    corrections.withdraw_batch(house, "north", batch_id)
    counts = linking.link_persons(house)
    assert (counts.records, counts.persons, linking.questions_waiting(house)) == (0, 0, 0)
    assert not registry(house).person["is_alive"].any()


def test_a_judgement_is_kept_at_once_and_outlives_another_model(house: Instance) -> None:
    send(house, *BATCHES[0])
    send(house, *BATCHES[1])
    linking.link_persons(house)
    keys = linking.keyed_reports(house).filter(pl.col("given_name") == "Selam")["record_key"].sort().to_list()
    linking.record_access(house, by="ana", at="2026-01-01T10:00:00Z", shown=0)
    number = linking.judge(house, keys[1], keys[0], "different", by="ana", at="2026-01-01T10:00:05Z")
    assert linking.judgements(house)["number"].to_list() == [number]
    log = linkage_objects.load_registry(house.vault).registry.event
    assert log.filter(pl.col("kind") == "reviewed").select("by", "at", "amount").rows() == [("ana", "2026-01-01T10:00:00Z", 0)]
    assert number == registry(house).next_number + 1
    assert linking.regroup(house) == linking.Regrouped(persons_before=4, persons=5)
    assert person_of(house, "north", 1) != person_of(house, "south", 1)
    assert linking.judgements(house)["standing"].to_list() == ["applied"]
    assert linking.judge(house, *keys, "unsure", by="ana", at="2026-01-01T10:00:09Z") == registry(house).next_number
    with pytest.raises(CasehouseError, match="two records"):
        linking.judge(house, keys[0], keys[0], "same", by="ana", at="")
    path = house.home.parent / "model.json"
    path.write_text(load_model().model_copy(update={"version": "of-a-test"}).model_dump_json(exclude_none=True), encoding="utf-8")
    other = made(house.home, path)
    assert needs_linkage(other)
    assert linking.link_persons(other).read == 6
    assert not needs_linkage(other)
    assert registry(other).model_version == "of-a-test"
    assert registry(other).event.filter(pl.col("kind") == "relinked").height == 2
    assert linking.judgements(house)["standing"].to_list() == ["replaced", "applied"]


def test_the_registry_of_the_version_before_keeps_its_keys(house: Instance) -> None:
    send(house, *BATCHES[0])
    keys = linking.keyed_reports(house).sort("source_record_id")["record_key"].to_list()
    members = [[keys[0], "p0000007"], [keys[1], "p0000004"]]
    house.vault.store("registry", json.dumps({"members": members, "retired": [], "next_ordinal": 9}).encode())
    linking.link_persons(house)
    assert [person_of(house, "north", number) for number in (1, 2, 3)] == ["p0000007", "p0000004", "p0000009"]


@pytest.mark.parametrize("cut", ["store_state", "store_registry"])
def test_a_linkage_that_was_cut_off_is_made_whole_by_the_next(house: Instance, monkeypatch: pytest.MonkeyPatch, cut: str) -> None:
    send(house, *BATCHES[0])
    linking.link_persons(house)
    send(house, *BATCHES[1])
    before = {name: house.vault.load(name) for name in ("linkage", "registry")}
    linking.link_persons(house)
    calm = registry(house)
    for name, payload in before.items():
        house.vault.store(name, payload or b"")

    def dies(*_: object) -> None:
        raise StorageError("the disk is full", where="a test", allowed="room", next_step="none")

    with monkeypatch.context() as patched:
        patched.setattr(linkage_objects, cut, dies)
        with pytest.raises(StorageError):
            linking.link_persons(house)
    linking.link_persons(house)
    assert registry(house).equals(calm)


def test_a_state_of_another_version_is_made_anew(house: Instance) -> None:
    send(house, *BATCHES[0])
    linking.link_persons(house)
    calm = registry(house)
    house.vault.store("linkage", b"of another version")
    assert linking.link_persons(house).read == 3
    assert registry(house).equals(calm)


def test_links_by_tokens_of_a_round_stay_as_judgements(house: Instance) -> None:
    assert linking.keep_round_links(house, "r1", ROUND_KEY) == 0
    send(house, *BATCHES[0])
    assert linking.keep_round_links(house, "r1", ROUND_KEY) == 0


@pytest.mark.parametrize("left_by", ["another model", "another version"])
def test_a_withdrawal_leaves_nothing_of_a_state_that_cannot_be_gone_on_from(house: Instance, left_by: str) -> None:
    batch_id = send(house, *BATCHES[0])
    linking.link_persons(house)
    path = house.home.parent / "model.json"
    path.write_text(load_model().model_copy(update={"version": "of-a-test"}).model_dump_json(exclude_none=True), encoding="utf-8")
    if left_by == "another version":
        house.vault.store("linkage", b"selam")
        assert linking.questions(house).is_empty()
        assert needs_linkage(house)
    corrections.withdraw_batch(made(house.home, path), "north", batch_id)
    assert house.vault.load("linkage") == b""


def test_what_is_printed_of_it_names_nobody(house: Instance) -> None:
    send(house, *BATCHES[0])
    linking.link_persons(house)
    kept = linkage_objects.load_state(house.vault)
    assert repr(kept) == "<Kept <LinkageState of 3 records, 0 edges>>"


def broken_model(house: Instance) -> Instance:
    """The same instance under a model file that is none."""
    path = house.home.parent / "broken.json"
    path.write_text("{}", encoding="utf-8")
    return made(house.home, path)


def spoil(house: Instance, name: str) -> None:
    """Change the bytes of an object of the vault."""
    path = house.vault.folder / f"{name}.age"
    path.write_bytes(path.read_bytes()[:-1])


def said_at_the_end(house: Instance) -> str:
    said = io.StringIO()
    closing(Console(file=said, width=200), house)
    return said.getvalue()


@pytest.mark.parametrize("lost_by", ["removal", "an older version", "changed bytes"])
def test_where_nothing_is_remembered_of_the_reports_linking_is_pending_and_nothing_else_is_shown(house: Instance, lost_by: str) -> None:
    send(house, *BATCHES[0])
    send(house, *BATCHES[1])
    linking.link_persons(house)
    calm, asked = registry(house), linking.questions(house)
    assert not needs_linkage(house)
    if lost_by == "removal":
        (house.vault.folder / "linkage.age").unlink()
    elif lost_by == "changed bytes":
        spoil(house, "linkage")
    else:
        house.vault.store("linkage", b"of another version")
    assert needs_linkage(house)
    assert condition_of(house).is_linking_pending
    with pytest.raises(ReleaseRefused, match="linking persons is pending"):
        make_release(house)
    with pytest.raises(UserError, match="linking persons is pending"):
        Sitting(house, "ana")
    said = said_at_the_end(house)
    assert "pending for 6 victim records" in said
    assert "persons (at least" not in said
    assert "Questions" not in said
    assert linking.link_persons(house).read == 6
    assert not needs_linkage(house)
    assert not condition_of(house).is_linking_pending
    assert registry(house).equals(calm)
    assert linking.questions(house).equals(asked)
    assert "6 victim records -> 4 persons (at least" in said_at_the_end(house)


def test_where_only_the_registry_of_the_version_before_is_left_persons_are_linked(house: Instance) -> None:
    send(house, *BATCHES[0])
    linking.link_persons(house)
    (house.vault.folder / "linkage.age").unlink()
    house.vault.store("registry", json.dumps({"members": [], "retired": [], "next_ordinal": 9}).encode())
    assert needs_linkage(house)


def test_a_state_whose_bytes_were_changed_keeps_no_record_from_leaving(house: Instance) -> None:
    batch_id = send(house, *BATCHES[0])
    send(house, *BATCHES[1])
    linking.link_persons(house)
    spoil(house, "linkage")
    corrections.withdraw_batch(house, "north", batch_id)
    assert house.vault.load("linkage") == b"", "what cannot be read is not left lying"
    assert linking.link_persons(house).records == 3


def test_a_registry_whose_bytes_were_changed_is_never_made_anew(house: Instance) -> None:
    send(house, *BATCHES[0])
    linking.link_persons(house)
    spoil(house, "registry")
    with pytest.raises(VaultError):
        linking.link_persons(house)


def test_a_broken_model_file_is_told_and_keeps_no_record_from_leaving(house: Instance) -> None:
    batch_id = send(house, *BATCHES[0])
    send(house, *BATCHES[1])
    linking.link_persons(house)
    assert condition_of(house).model_faults == ()
    broken = broken_model(house)
    corrections.withdraw_batch(broken, "north", batch_id)
    assert house.vault.load("linkage") == b""
    found = condition_of(broken)
    assert found.is_linking_pending
    assert len(found.model_faults) > 1
    assert "the file of the linkage model is broken" in " ".join(found.lines())
    assert "pending" in said_at_the_end(broken)
    with pytest.raises(SpecificationError, match=r"broken\.json"):
        linking.link_persons(broken)
    assert linking.link_persons(house).records == 3


def test_under_a_broken_model_file_a_release_waits_though_nothing_came(house: Instance) -> None:
    send(house, *BATCHES[0])
    linking.link_persons(house)
    with pytest.raises(ReleaseRefused, match="linking persons is pending"):
        make_release(broken_model(house))


def test_a_model_that_does_not_fit_the_reports_is_named_with_what_to_do(house: Instance) -> None:
    send(house, *BATCHES[0])
    send(house, *BATCHES[1])
    model = load_model()
    first, *others = model.comparisons
    wrong = first.levels[1].model_copy(update={"condition": "no_such_column_l = no_such_column_r"})
    comparison = first.model_copy(update={"levels": (first.levels[0], wrong, *first.levels[2:])})
    path = house.home.parent / "unfit.json"
    unfit = model.model_copy(update={"version": "unfit", "comparisons": (comparison, *others)})
    path.write_text(unfit.model_dump_json(exclude_none=True), encoding="utf-8")
    with pytest.raises(UserError, match="does not fit the reports") as told:
        linking.link_persons(made(house.home, path))
    assert told.value.where == str(path)
    assert "CASEHOUSE_LINKAGE_MODEL" in told.value.next_step
    assert told.value.__suppress_context__


def test_when_all_were_withdrawn_no_linkage_is_due_for_ever(house: Instance) -> None:
    batch_id = send(house, *BATCHES[0])
    linking.link_persons(house)
    corrections.withdraw_batch(broken_model(house), "north", batch_id)
    assert not needs_linkage(house)
    assert Sitting(house, "ana").queue == ()
