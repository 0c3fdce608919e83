"""Linkage rounds: a key a round, links between names and tokens while it is open, and what an ended round leaves behind."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from engine.duck import connect
from linkage.private.rounds import Rounds, read_key_file, round_key, round_keys, round_tag
from linkage.private.tokens import person_tokens
from pipelines.cli import main
from pipelines.corrections import erase_raw
from pipelines.inbox import arrivals
from pipelines.instance import Instance
from pipelines.kept import load_kept, reports_of
from pipelines.linkage_objects import STATE
from pipelines.linking import judgements, link_persons
from pipelines.round_links import token_links
from pipelines.round_register import load_rounds
from pipelines.rounds import close_round, open_keys, open_round, raw_token_holders
from pipelines.settings import Settings
from pipelines.stages import land_batch, store_batch, validate_landed
from pipelines.summary import round_lines
from schemas.errors import UserError
from tests.conftest import ROOT
from warehouse.store import open_store

SPECIFICATION = """\
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
      From: {{field: citizenship_code}}
{columns}
"""
NAMED = '      Given: {field: given_name}\n      Family: {field: family_name}\n      Born: {field: birth_date, date_format: "%Y-%m-%d"}'
PERSONS = (
    ("Quendolinara", "Vastrikovenko", "1991-04-17", "woman", "UA"),
    ("Bartholomixa", "Ozdemirovitch", "1984-09-02", "woman", "TR"),
    ("Ximenarella", "Ulloquetanza", "1979-12-24", "woman", "ES"),
)
NAMES = [name for person in PERSONS for name in person[:2]]


def take_in(instance: Instance, partner: str, text: str) -> str:
    folder = instance.inbox / partner
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cases.csv").write_text(text, encoding="utf-8")
    [arrival] = arrivals(instance.inbox, partner)
    land_batch(instance, partner, arrival.batch_id)
    validate_landed(instance, partner, arrival.batch_id)
    store_batch(instance, partner, arrival.batch_id)
    return arrival.batch_id


def tokens_of(instance: Instance, name: str) -> list[str]:
    key = read_key_file(open_round(instance, name), "key file").secret
    columns = ("given_name", "family_name", "birth_date", "gender_code", "citizenship_code")
    return person_tokens(pl.DataFrame(PERSONS, schema=columns, orient="row"), name, key).to_list()


def encoded(instance: Instance, name: str, first: int = 1) -> str:
    """The persons as a partner without names sends them in the round."""
    rows = zip(range(first, 9), PERSONS, tokens_of(instance, name), strict=False)
    return "Number,Registered,Sex,From,Token\n" + "".join(f"{n},2021-06-13,{each[3]},{each[4]},{cell}\n" for n, each, cell in rows)


@pytest.fixture
def house(tmp_path: Path) -> Instance:
    """The first two persons known by name to one partner, all three by tokens of round one to another; linked."""
    (tmp_path / "partners").mkdir()
    for name, columns in (("with-names", NAMED), ("with-tokens", "      Token: {field: person_token}")):
        (tmp_path / "partners" / f"{name}.yml").write_text(SPECIFICATION.format(name=name, columns=columns), encoding="utf-8")
    instance = Instance(Settings(home=tmp_path / "home", partners=tmp_path / "partners", products=ROOT / "products"))
    with instance.hold():
        named = [f"{n},2021-05-13,{sex},{code},{given},{family},{born}" for n, (given, family, born, sex, code) in enumerate(PERSONS[:2])]
        take_in(instance, "with-names", "Number,Registered,Sex,From,Given,Family,Born\n" + "\n".join(named) + "\n")
        take_in(instance, "with-tokens", encoded(instance, "one"))
        link_persons(instance)
    return instance


def persons(instance: Instance) -> list[list[str]]:
    """The partners' numbers of records, grouped by person."""
    frames = [reports.frame for batch in instance.vault.batch_ids() for reports in reports_of(instance.vault, batch).values()]
    records = pl.concat([frame.select("record_key", "partner_code", "source_record_id") for frame in frames])
    with open_store(instance.warehouse_file, read_only=True) as store:
        members = store.members()
    called = pl.concat_str("partner_code", "source_record_id", separator=" ").alias("record")
    grouped = records.join(members, on="record_key").select("person_key", called).sort("record").group_by("person_key").agg("record")
    return sorted(grouped["record"].to_list())


TOGETHER = [["with-names 0", "with-tokens 1"], ["with-names 1", "with-tokens 2"], ["with-tokens 3"]]


def everything_kept(instance: Instance) -> str:
    """All that the vault keeps beside raw files, and the objects of linkage, opened."""
    vault = instance.vault
    tables = [str(reports.frame.rows()) for batch in vault.batch_ids() for reports in reports_of(vault, batch).values()]
    return "\n".join(tables)


def test_a_record_with_names_is_found_by_its_tokens_while_the_round_is_open(house: Instance) -> None:
    assert persons(house) == TOGETHER


def test_without_an_open_round_tokens_say_nothing_of_names(house: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.linking.open_keys", lambda _: {})
    with house.hold():
        link_persons(house)
    assert persons(house) == [["with-names 0"], ["with-names 1"], ["with-tokens 1"], ["with-tokens 2"], ["with-tokens 3"]]


def test_an_ended_round_keeps_its_links_and_none_of_its_tokens(house: Instance) -> None:
    tag = round_tag(open_keys(house)["one"])
    assert f"{tag}." in everything_kept(house)
    with house.hold():
        closed = close_round(house, "one")
        again = close_round(house, "one")
    assert (closed.reports, closed.links) == (3, 2)
    assert (again.reports, again.links, again.batch_ids) == (0, 0, closed.batch_ids)
    assert persons(house) == TOGETHER
    assert f"{tag}." not in everything_kept(house)
    assert open_keys(house) == {}
    said = judgements(house).select("verdict", "by").unique().rows()
    assert said == [("same", "round one")]


def test_the_links_of_an_ended_round_survive_a_linkage_from_nothing(house: Instance) -> None:
    with house.hold():
        close_round(house, "one")
        house.vault.store(STATE, b"")
        link_persons(house)
    assert persons(house) == TOGETHER


def test_the_key_of_an_ended_round_is_never_made_again(house: Instance) -> None:
    with house.hold():
        close_round(house, "one")
        with pytest.raises(UserError, match="can never be made again"):
            open_round(house, "one")
        assert read_key_file(open_round(house, "two"), "key file").round == "two"


def test_nobody_who_holds_the_master_makes_the_key_of_an_ended_round_again(house: Instance) -> None:
    key = open_keys(house)["one"]
    [one] = load_rounds(house.vault).open
    assert round_key(house.linkage_secret, "one", bytes.fromhex(one.salt)) == key
    assert one.salt not in f"{one} {one!r}"
    with house.hold():
        close_round(house, "one")
    assert one.salt not in load_rounds(house.vault).model_dump_json()
    assert round_key(house.linkage_secret, "one") != key


class TestWhichLinksStay:
    """Person p: named records a and b, of which b shares no token with the others, and records t and u by tokens alone."""

    KEY = round_key(b"a master secret of the tests, which protects nobody", "r1")
    MEMBERS = pl.DataFrame([(key, "p") for key in "abtu"], schema=["record_key", "person_key"], orient="row")

    def reports(self) -> pl.DataFrame:
        columns = ("record_key", "partner_code", "given_name", "family_name", "birth_date", "person_token")
        (one, other), none = PERSONS[:2], (None, None, None)
        named = pl.DataFrame([("a", "x", *one[:3], None), ("b", "x", *other[:3], None)], schema=columns, orient="row")
        [cell, _] = person_tokens(named, "r1", self.KEY).to_list()
        nameless = [("t", "y", *none, cell), ("u", "z", *none, cell.split()[0])]
        return pl.DataFrame([*named.rows(), *nameless], schema=columns, orient="row")

    def test_a_nameless_record_and_those_that_share_a_token_with_it(self) -> None:
        assert token_links(self.reports(), self.MEMBERS, "r1", self.KEY).rows() == [("a", "t"), ("a", "u"), ("t", "u")]

    def test_never_two_named_records_also_where_both_sent_tokens(self) -> None:
        reports = self.reports().with_columns(pl.col("person_token").fill_null(strategy="backward"))
        assert ("a", "b") not in token_links(reports, self.MEMBERS, "r1", self.KEY).rows()

    def test_no_pair_of_two_persons_and_none_of_another_round(self) -> None:
        members = self.MEMBERS.with_columns(person_key=pl.col("record_key"))
        assert token_links(self.reports(), members, "r1", self.KEY).is_empty()
        other = round_key(b"a master secret of the tests, which protects nobody", "r2")
        assert token_links(self.reports(), self.MEMBERS, "r2", other).is_empty()


def test_tokens_of_a_round_that_is_not_open_are_a_problem_of_their_rows(house: Instance) -> None:
    late = encoded(house, "one", first=4)
    with house.hold():
        open_round(house, "two")
        close_round(house, "one")
        batch = take_in(house, "with-tokens", late)
    problems = {each: kept.problems for each in house.vault.batch_ids() if (kept := load_kept(house.vault, each))}
    found = {each: frame.filter(pl.col("code") == "tokens_of_no_round") for each, frame in problems.items()}
    assert found[batch].select("row_number", "field").sort("row_number").rows() == [(row, "person_token") for row in (2, 3, 4)]
    assert [each for each, frame in found.items() if frame.height] == [batch]
    assert round_lines(house) == [("Rounds", "open: two; closed: one")]


def test_raw_files_that_hold_tokens_are_named_until_they_are_erased(house: Instance) -> None:
    assert raw_token_holders(house) == ()
    with house.hold():
        closed = close_round(house, "one")
        assert raw_token_holders(house) == closed.batch_ids
        assert [house.vault.manifest(batch).partner_code for batch in closed.batch_ids] == ["with-tokens"]
        erase_raw(house, closed.batch_ids[0])
    assert raw_token_holders(house) == ()


def test_tokens_of_an_ended_round_that_arrive_late_are_not_kept(house: Instance) -> None:
    late = encoded(house, "one", first=4)
    tag = round_tag(open_keys(house)["one"])
    with house.hold():
        close_round(house, "one")
        batch = take_in(house, "with-tokens", late)
        link_persons(house)
    assert f"{tag}." not in everything_kept(house)
    assert batch in raw_token_holders(house)
    assert ["with-tokens 4"] in persons(house)


def test_tokens_of_another_round_stay_when_one_ends(house: Instance) -> None:
    with house.hold():
        take_in(house, "with-tokens", encoded(house, "two", first=4))
        link_persons(house)
        close_round(house, "one")
    assert f"{round_tag(open_keys(house)['two'])}." in everything_kept(house)
    assert ["with-names 0", "with-tokens 1", "with-tokens 4"] in persons(house)


def test_an_end_that_was_cut_off_is_ended_by_the_next_call(house: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = round_tag(open_keys(house)["one"])
    with house.hold():
        with monkeypatch.context() as cut:
            cut.setattr("pipelines.rounds._strip", _cut_off)
            with pytest.raises(CutOff):
                close_round(house, "one")
        closed = close_round(house, "one")
    assert (closed.reports, closed.links) == (3, 0)
    assert persons(house) == TOGETHER
    assert f"{tag}." not in everything_kept(house)


class CutOff(Exception):
    """In place of a kill."""


def _cut_off(*_: object) -> int:
    raise CutOff


def test_neither_a_key_nor_a_token_nor_a_name_stands_in_the_warehouse(house: Instance) -> None:
    key = open_keys(house)["one"]
    cells = [cell for cells in tokens_of(house, "one") for cell in cells.split()]
    connection = connect(house.warehouse_file, read_only=True)
    tables = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
    shown = "\n".join(str(connection.execute(f'select * from "{name}"').fetchall()) for name in tables)
    connection.close()
    assert len(tables) > 5
    assert "woman" in shown
    files = b"".join(
        path.read_bytes() for path in house.home.rglob("*") if path.is_file() and path.parent.name not in ("keys", "with-names")
    )
    for secret in (key.hex(), house.linkage_secret.hex(), round_tag(key), *cells, *(cell[13:] for cell in cells), *NAMES):
        assert secret not in shown
        assert secret.encode() not in files
    assert key not in files


def typed(house: Instance, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    for name, path in (("HOME", house.home), ("PARTNERS", house.settings.partners), ("PRODUCTS", house.settings.products)):
        monkeypatch.setenv(f"CASEHOUSE_{name}", str(path))
    monkeypatch.setattr(sys, "argv", ["casehouse", "linkage", *words])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_the_commands_write_a_key_file_and_end_the_round(
    house: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "key.json"
    assert typed(house, monkeypatch, "round", "one", "--out", str(out)) == 0
    key = read_key_file(out.read_bytes(), "key.json")
    assert key.secret == open_keys(house)["one"]
    assert key.secret != round_key(house.linkage_secret, "one")
    assert out.stat().st_mode & 0o077 == 0
    assert typed(house, monkeypatch, "round", "one", "--out", str(out)) == 2
    assert typed(house, monkeypatch, "round", "No name", "--out", str(tmp_path / "other.json")) == 2
    assert typed(house, monkeypatch, "close", "two", "--yes") == 2
    assert typed(house, monkeypatch, "close", "one", "--yes") == 0
    captured = capsys.readouterr()
    said = " ".join((captured.out + captured.err).split())
    assert "Linkage round two ends" not in said
    for part in ("round one is open", "there is a file of that name already", "this is no name of a linkage round"):
        assert part in said
    assert "there is no linkage round of that name" in said
    assert "3 report(s) lost their tokens, 2 link(s) stay as judgements" in said
    assert f"casehouse erase {raw_token_holders(house)[0]}" in said
    assert key.key not in said
    assert not (tmp_path / "other.json").exists()
    assert typed(house, monkeypatch, "round", "one", "--out", str(tmp_path / "other.json")) == 2


class TestTheRegister:
    def test_a_round_opens_once_closes_once_and_stays_closed(self) -> None:
        rounds = Rounds().opened("b", b"2").opened("a", b"1").opened("a", b"3")
        assert rounds.open_names == ("a", "b")
        assert rounds.salt_of("a") == b"1"
        closed = rounds.after_closing("a", "tag-of-a").with_holders({"a": ["2", "1"]}).with_holders({"a": ["1", "3"]})
        assert (closed.open_names, closed.closed_round("a").batch_ids) == (("b",), ("1", "2", "3"))
        assert closed.after_closing("a", "another") == closed
        with pytest.raises(UserError):
            closed.opened("a", b"4")
        with pytest.raises(UserError):
            closed.after_closing("c", "tag")
        with pytest.raises(UserError):
            closed.salt_of("a")
        assert '"salt":"31"' in rounds.model_dump_json()
        assert '"salt":"31"' not in closed.model_dump_json()

    def test_a_round_of_an_earlier_version_keeps_the_key_it_has(self) -> None:
        rounds = Rounds.model_validate_json('{"open": ["spring"], "closed": []}')
        master = bytes(range(100, 140))
        assert round_keys(master, rounds) == {"spring": round_key(master, "spring")}

    def test_it_reads_back_as_it_was(self) -> None:
        rounds = Rounds().opened("a", b"1").after_closing("a", "tag").opened("b", b"2")
        assert Rounds.model_validate_json(rounds.model_dump_json()) == rounds
