"""Releases after the first: newcomers wait for company, what was published stands, and no two releases subtract to a few persons."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest

from anonymize.policy import load_policy
from anonymize.releases.ledger import read_ledger
from pipelines import publishing
from pipelines.condition import condition_of
from pipelines.extracts import answer_of
from pipelines.instance import Instance
from pipelines.publishing import ReleaseOutcome, latest_release, make_release
from pipelines.settings import Settings
from schemas.case import VictimRecord
from schemas.errors import ReleaseRefused, UserError
from schemas.fields import Kind, fields_of
from schemas.ledger import RowLedger
from schemas.render import polars_schema
from schemas.units import Unit
from schemas.zones import Pseudonymised
from tests.conftest import ROOT
from tests.deliveries import delivery
from warehouse.admission import PROVENANCE
from warehouse.store import open_store
from warehouse.verification import verify

POLICY = load_policy()
K, POOL = POLICY.k.value, POLICY.smallest_pool.value
MASTER = "global-persons"
CHOICES: dict[str, list[str] | list[int]] = {
    "registration_year": [2023, 2024],
    "gender_code": ["woman", "man"],
    "age_band_code": ["09--17", "18--20", "30--38", "not_collected"],
    "citizenship_code": ["UA", "UA", "PH"],
    "exploitation_country_code": ["FR", "FR", "AR"],
    "forced_labour_code": ["yes", "no", "unknown"],
    "sexual_exploitation_code": ["yes", "no", "not_collected"],
    "other_exploitation_code": ["yes", "no", "no", "no"],
}
"""Few enough for fine classes in a pool of newcomers."""


def invented(first: int, persons: int, batch: str) -> pl.DataFrame:
    """Records of persons who exist nowhere, numbered from `first`; the same numbers are the same persons."""
    empty: dict[Kind, object] = {Kind.CODE: "unknown", Kind.CODES: ["unknown"], Kind.INTEGER: 0}
    blank = {field.name: empty.get(field.kind) for field in fields_of(VictimRecord)}
    place = {"partner_code": "some-partner", "batch_id": batch, "file": "cases"}
    rows = []
    for number in range(first, first + persons):
        dice = random.Random(number)
        drawn = {name: choices[dice.randrange(len(choices))] for name, choices in CHOICES.items()}
        rows.append({**blank, **place, "row_number": number - first + 2, "record_key": f"r{number:06d}", **drawn})
    return pl.DataFrame(rows, schema={**polars_schema(VictimRecord), **PROVENANCE})


def take_in(instance: Instance, first: int, persons: int, **same_for_all: str) -> None:
    """A batch of one record a person, and everybody linked anew, as linkage would."""
    batch = f"batch-{first}"
    records = invented(first, persons, batch).with_columns(pl.lit(code).alias(name) for name, code in same_for_all.items())
    account = RowLedger(received=persons, accepted=persons, quarantined=0, rejected=0, non_data=0)
    with open_store(instance.warehouse_file) as store:
        store.replace_batch(delivery(batch, "some-partner", account, {Unit.VICTIM: Pseudonymised(records)}))
        keys = store.record_batches()["record_key"]
        store.replace_membership(pl.DataFrame({"record_key": keys, "person_key": "p" + keys.str.slice(1)}))


def table(folder: Path, product: str = MASTER) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{product}.parquet")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def enrolled(instance: Instance) -> int:
    with open_store(instance.warehouse_file) as store:
        return store.published().frame.height


def folders(instance: Instance) -> list[str]:
    return sorted(path.name for path in instance.releases.iterdir()) if instance.releases.exists() else []


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Instance]:
    """An instance of no batch; releases are made without Dagster."""
    found = Instance(Settings(home=tmp_path / "home"))
    with found.hold():
        yield found


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, ReleaseOutcome]]:
    """An instance with a first release of 2,500 persons; only copied afterwards."""
    instance = Instance(Settings(home=tmp_path_factory.mktemp("second") / "home"))
    with instance.hold():
        take_in(instance, 0, 2_500)
        yield instance, make_release(instance)


@pytest.fixture
def first(published: tuple[Instance, ReleaseOutcome], tmp_path: Path) -> Iterator[Instance]:
    """A copy of the instance with its first release."""
    shutil.copytree(published[0].home, tmp_path / "copy", symlinks=True)
    found = Instance(Settings(home=tmp_path / "copy"))
    with found.hold():
        yield found


@pytest.fixture(scope="module")
def both(published: tuple[Instance, ReleaseOutcome], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of a first release and of a second one with 2,300 newcomers."""
    home = tmp_path_factory.mktemp("both") / "home"
    shutil.copytree(published[0].home, home, symlinks=True)
    instance = Instance(Settings(home=home))
    before = latest_release(instance.releases)
    with instance.hold():
        take_in(instance, 10_000, POOL + 300)
        outcome = make_release(instance)
    assert before is not None
    assert outcome.published.is_new
    assert outcome.waiting == 0
    return before, outcome.published.folder


def test_a_first_release_publishes_everyone(published: tuple[Instance, ReleaseOutcome]) -> None:
    instance, outcome = published
    assert (outcome.published.is_new, outcome.waiting, outcome.proof.published_persons) == (True, 0, 2_500)
    assert table(outcome.published.folder).height == 2_500
    assert latest_release(instance.releases) == outcome.published.folder
    assert outcome.published.version.startswith("0001-")


def test_the_same_contents_publish_nothing_new(first: Instance) -> None:
    before, standing = latest_release(first.releases), folders(first)
    assert before is not None
    bytes_before = files(before)
    outcome = make_release(first)
    assert (outcome.published.is_new, outcome.waiting) == (False, 0)
    assert folders(first) == standing
    assert files(before) == bytes_before


def test_a_batch_sent_again_publishes_nothing_new(first: Instance) -> None:
    take_in(first, 0, 2_500)
    assert make_release(first).published.is_new is False


@pytest.mark.parametrize("newcomers", [1, K, POOL - 1])
def test_too_few_newcomers_wait_and_the_latest_release_stands(first: Instance, newcomers: int) -> None:
    before, standing = latest_release(first.releases), folders(first)
    take_in(first, 10_000, newcomers)
    outcome = make_release(first)
    assert (outcome.published.is_new, outcome.waiting) == (False, newcomers)
    assert (latest_release(first.releases), folders(first)) == (before, standing)
    assert enrolled(first) == 2_500


def test_those_who_waited_are_published_once_they_are_enough(first: Instance) -> None:
    take_in(first, 10_000, 10)
    assert make_release(first).waiting == 10
    take_in(first, 20_000, POOL - 10)
    outcome = make_release(first)
    assert (outcome.published.is_new, outcome.waiting) == (True, 0)
    assert [cohort.persons for cohort in outcome.proof.cohorts] == [2_500, POOL]


def test_every_row_of_the_first_release_stands_unchanged_in_the_second(both: tuple[Path, Path]) -> None:
    before, after = (table(folder) for folder in both)
    assert after.filter(pl.col("cohort") == 1).sort(after.columns).equals(before.sort(before.columns))
    assert after.height == before.height + POOL + 300
    assert set(after["cohort"]) == {1, 2}
    assert verify(both[0]).version < verify(both[1]).version


def test_the_classes_of_each_cohort_hold_k_persons_by_themselves(both: tuple[Path, Path]) -> None:
    for _, cohort in table(both[1]).group_by("cohort"):
        classes = cohort.group_by(publishing.QUASI).len()
        assert min(classes["len"].to_list()) >= K


@pytest.mark.parametrize("product", [MASTER, "regional-trends"])
def test_no_count_differs_between_the_releases_by_fewer_than_k_persons(both: tuple[Path, Path], product: str) -> None:
    """Whoever subtracts one release from the other over any one to three quasi-identifiers finds nobody or k persons."""
    before, after = (table(folder, product) for folder in both)
    quasi = [column for column in publishing.QUASI if column in after.columns]
    for width in range(1, len(quasi) + 1):
        for columns in combinations(quasi, width):
            old, new = before.group_by(columns).len("before"), after.group_by(columns).len("after")
            counts = new.join(old, on=columns, how="full", coalesce=True).fill_null(0)
            difference = counts["after"].cast(pl.Int64) - counts["before"].cast(pl.Int64)
            assert min(difference.filter(difference != 0).to_list()) >= K, columns


@pytest.mark.parametrize("product", [MASTER, "regional-trends"])
def test_no_difference_of_the_releases_tells_what_all_its_persons_suffered(both: tuple[Path, Path], product: str) -> None:
    before, after = (table(folder, product) for folder in both)
    quasi = [column for column in publishing.QUASI if column in after.columns]
    for name in (column for column in publishing.SENSITIVE if column in after.columns):
        columns = [*quasi, name]
        old, new = before.group_by(columns).len("before"), after.group_by(columns).len("after")
        counts = new.join(old, on=columns, how="left").fill_null(0).filter(pl.col("after") > pl.col("before"))
        assert min(counts.group_by(quasi).len("values")["values"].to_list()) >= POLICY.l.value


def test_a_person_whose_record_changes_keeps_the_published_row(first: Instance) -> None:
    before = latest_release(first.releases)
    assert before is not None
    take_in(first, 0, 2_500, gender_code="man", citizenship_code="SE")
    outcome = make_release(first)
    assert table(outcome.published.folder).equals(table(before))
    errata = pl.read_csv(outcome.published.folder / "errata.csv", schema_overrides={"cohort": pl.String})
    assert min(errata["persons"]) >= K
    assert errata.filter(pl.col("column") == "citizenship_code")["persons"].sum() == 2_500
    assert {"gender_code", "citizenship_code"} == set(errata["column"])
    assert make_release(first).published.is_new is False


def test_a_person_that_linkage_splits_is_not_published_a_second_time(first: Instance) -> None:
    with open_store(first.warehouse_file) as store:
        keys = store.record_batches()["record_key"]
        members = pl.DataFrame({"record_key": keys, "person_key": "p" + keys.str.slice(1)})
        store.replace_membership(members.with_columns(person_key=pl.col("person_key").replace("p000008", "somebody-new")))
        assert (store.merged_count(), store.split_count()) == (1, 1)
        assert "somebody-new" in store.enrolled()["person_key"]
    outcome = make_release(first)
    assert (outcome.waiting, outcome.published.is_new) == (0, False)


def test_who_waits_is_remembered_with_the_first_day(first: Instance) -> None:
    take_in(first, 10_000, 30)
    make_release(first, date(2030, 1, 10))
    take_in(first, 20_000, 12)
    outcome = make_release(first, date(2030, 3, 1))
    assert (outcome.waits.persons, outcome.waits.since) == (42, date(2030, 1, 10))
    with open_store(first.warehouse_file, read_only=True) as store:
        assert store.waiting_count() == outcome.waits
        assert sorted(store.waiting()["since"]) == [date(2030, 1, 10)] * 30 + [date(2030, 3, 1)] * 12


def test_six_months_are_enough_to_wait(first: Instance) -> None:
    take_in(first, 10_000, 30)
    make_release(first, date(2030, 1, 10))
    assert make_release(first, date(2030, 7, 9)).waiting == 30
    outcome = make_release(first, date(2030, 7, 10))
    assert (outcome.waiting, [cohort.persons for cohort in outcome.proof.cohorts]) == (0, [2_500, 30])
    with open_store(first.warehouse_file, read_only=True) as store:
        assert store.waiting_count().persons == 0


def test_a_ledger_that_was_tampered_with_refuses_the_next_release(first: Instance) -> None:
    (counts,) = first.ledger.glob("*.parquet")
    counts.write_bytes(counts.read_bytes()[:-1])
    take_in(first, 10_000, POOL)
    with pytest.raises(ReleaseRefused, match="the release ledger is broken: entry 1"):
        make_release(first)
    assert enrolled(first) == 2_500


@pytest.mark.parametrize("is_folder_left", [True, False])
def test_a_ledger_without_its_newest_entry_refuses_the_next_release(both: tuple[Path, Path], tmp_path: Path, is_folder_left: bool) -> None:
    shutil.copytree(both[0].parent.parent, tmp_path / "home", symlinks=True)
    instance = Instance(Settings(home=tmp_path / "home"))
    for last in instance.ledger.glob("0002-*"):
        last.unlink()
    if not is_folder_left:
        shutil.rmtree(instance.releases / both[1].name)
    with instance.hold(), pytest.raises(ReleaseRefused, match="1 of the 2 entries that the warehouse remembers are there"):
        make_release(instance)


def test_a_warehouse_whose_releases_and_ledger_are_gone_makes_no_other(first: Instance) -> None:
    shutil.rmtree(first.ledger)
    shutil.rmtree(first.releases)
    with pytest.raises(ReleaseRefused, match="so are the folders of 1 of the 1 release"):
        make_release(first)
    assert "release ledger was cut short" in " ".join(condition_of(first).lines())


def test_a_release_that_an_attack_breaks_is_refused(empty: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy under which nobody's field may be learnt better than by a coin: some persons always can be told so much."""
    values = {"likelihood": 0.5, "largest_likely_share": 0.0}
    strict = POLICY.model_copy(update={name: getattr(POLICY, name).model_copy(update={"value": value}) for name, value in values.items()})
    monkeypatch.setattr(publishing, "load_policy", lambda: strict)
    take_in(empty, 0, 500)
    with pytest.raises(ReleaseRefused, match="an attack on the release succeeded"):
        make_release(empty)
    assert (enrolled(empty), folders(empty)) == (0, [])


def test_a_ledger_that_is_gone_is_made_anew_from_the_releases_that_stand(both: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(both[0].parent.parent, tmp_path / "home", symlinks=True)
    instance = Instance(Settings(home=tmp_path / "home"))
    before = [seal.files() for seal in read_ledger(instance.ledger)]
    shutil.rmtree(instance.ledger)
    with instance.hold():
        take_in(instance, 20_000, POOL)
        assert make_release(instance).published.is_new
    assert [seal.files() for seal in read_ledger(instance.ledger)][:2] == before
    shutil.rmtree(instance.ledger)
    (instance.releases / both[0].name / f"{MASTER}.parquet").write_bytes(b"")
    with instance.hold(), pytest.raises(ReleaseRefused, match="is not the one that was published"):
        make_release(instance)


def test_a_release_that_differs_from_an_earlier_one_by_too_few_is_refused(first: Instance) -> None:
    """Somebody takes one published row out of the warehouse: the next release would show a class with one person fewer."""
    with open_store(first.warehouse_file) as store:
        shown = store.published().frame
        largest = shown.group_by("cohort", *publishing.QUASI).agg(pl.len().alias("persons"), pl.col("person_key").first()).sort("persons")
        assert store.retire(largest["person_key"].tail(1)).persons == 1
    with pytest.raises(ReleaseRefused, match=r"table global-persons: 1 combination\(s\) of labels differ"):
        make_release(first)


def test_the_first_release_needs_a_class_of_persons(empty: Instance) -> None:
    take_in(empty, 0, K - 1)
    with pytest.raises(ReleaseRefused, match=f"{K - 1} person"):
        make_release(empty)
    assert (enrolled(empty), folders(empty)) == (0, [])


def test_a_refusal_of_the_gate_enrols_nobody_and_leaves_no_folder(empty: Instance) -> None:
    """All victims of one form: whoever is in the table is known to have suffered it, so no generalization can pass."""
    take_in(empty, 0, 500, forced_labour_code="yes")
    with pytest.raises(ReleaseRefused, match="forced_labour_code"):
        make_release(empty)
    assert (enrolled(empty), folders(empty)) == (0, [])


def test_a_refusal_of_the_gate_leaves_the_latest_release_standing(first: Instance) -> None:
    before, standing = latest_release(first.releases), folders(first)
    take_in(first, 10_000, POOL, sexual_exploitation_code="yes")
    with pytest.raises(ReleaseRefused, match="sexual_exploitation_code"):
        make_release(first)
    assert (enrolled(first), latest_release(first.releases), folders(first)) == (2_500, before, standing)


def test_a_product_that_the_gate_refuses_enrols_nobody(first: Instance, tmp_path: Path) -> None:
    """The newcomers pass; one product is empty."""
    standing = folders(first)
    shutil.copytree(ROOT / "products", tmp_path / "products")
    text = (ROOT / "products" / "regional-trends.yml").read_text(encoding="utf-8").replace("regional-trends", "of-iceland")
    (tmp_path / "products" / "of-iceland.yml").write_text(text + "filters: {citizenship_code: [IS]}\n", encoding="utf-8")
    take_in(first, 10_000, POOL)
    with pytest.raises(ReleaseRefused, match="no rows"):
        make_release(Instance(Settings(home=first.home, products=tmp_path / "products")))
    assert (enrolled(first), folders(first)) == (2_500, standing)
    assert make_release(first).published.is_new


def test_a_crash_between_enrolment_and_publication_gives_the_same_bytes(first: Instance) -> None:
    take_in(first, 10_000, POOL)
    outcome = make_release(first)
    whole = files(outcome.published.folder)
    shutil.rmtree(outcome.published.folder)
    (first.releases / "latest").unlink()
    again = make_release(first)
    assert (again.published.version, again.published.is_new) == (outcome.published.version, True)
    assert files(again.published.folder) == whole
    assert enrolled(first) == 2_500 + POOL


@pytest.mark.parametrize("query", ["copy (select 1 as a) to '{file}'", "attach '{folder}/more.duckdb'", "from read_csv('/etc/hosts')"])
def test_a_query_of_a_person_reads_the_products_and_reaches_no_file(published: tuple[Instance, ReleaseOutcome], query: str) -> None:
    instance, outcome = published
    folder = outcome.published.folder
    whole = files(folder)
    assert answer_of(instance, "select count(*) as persons from global_persons").rows == [(2_500,)]
    with pytest.raises(UserError):
        answer_of(instance, query.format(folder=folder, file=folder / f"{MASTER}.parquet"))
    assert files(folder) == whole


def test_the_order_of_batches_does_not_matter(first: Instance, empty: Instance) -> None:
    for start in (2_000, 0, 1_000):
        take_in(empty, start, 500 if start == 2_000 else 1_000)
    folder = latest_release(first.releases)
    assert folder is not None
    assert files(make_release(empty).published.folder) == files(folder)


def withdraw(instance: Instance, *numbers: int) -> None:
    """The records of these persons are withdrawn, and everybody linked anew."""
    keys = [f"r{number:06d}" for number in numbers]
    with open_store(instance.warehouse_file) as store:
        gone = pl.DataFrame({"record_key": keys, "batch_id": ["w"] * len(keys), "sequence": [10_000] * len(keys)})
        assert store.effect_of_withdrawing(gone["record_key"]).published_persons == len(keys)
        assert store.withdraw_records(gone) == len(keys)
        standing = store.record_batches()["record_key"]
        store.replace_membership(pl.DataFrame({"record_key": standing, "person_key": "p" + standing.str.slice(1)}))


def classes(frame: pl.DataFrame) -> dict[tuple[object, ...], int]:
    return {tuple(key): persons for *key, persons in frame.group_by("cohort", *publishing.QUASI).len().iter_rows()}


def test_a_withdrawn_person_is_retired_with_k_others_of_its_class_or_all_of_it_and_nothing_else_changes(first: Instance) -> None:
    before = latest_release(first.releases)
    assert before is not None
    with open_store(first.warehouse_file, read_only=True) as store:
        rows = store.published().frame.filter(pl.col("person_key").is_in(["p000007", "p000011"]))
    theirs = {tuple(row) for row in rows.select("cohort", *publishing.QUASI).iter_rows()}
    withdraw(first, 7, 11)
    outcome = make_release(first)
    old, new = classes(table(before)), classes(table(outcome.published.folder))
    assert {labels: persons for labels, persons in old.items() if labels not in theirs}.items() <= new.items()
    assert all((old[labels] - new.get(labels, 0) > K or labels not in new) and new.get(labels, K) >= K for labels in theirs)
    assert outcome.retired.persons == sum(old[labels] - new.get(labels, 0) for labels in theirs)
    assert outcome.retired.classes == len(theirs)
    assert outcome.proof.published_persons == 2_500 - outcome.retired.persons == sum(new.values())
    assert [cohort.retired for cohort in outcome.proof.cohorts] == [outcome.retired.persons]
    assert outcome.published.version.startswith("0002-")
    assert verify(outcome.published.folder).version == outcome.published.version
    assert make_release(first).published.is_new is False


def test_who_was_retired_is_never_published_again(first: Instance) -> None:
    withdraw(first, 7)
    retired = make_release(first).retired.persons
    assert retired >= K
    take_in(first, 0, 2_500)
    outcome = make_release(first)
    assert (outcome.published.is_new, outcome.waiting) == (False, 0)
    assert enrolled(first) == 2_500 - retired


def test_a_person_who_loses_one_of_two_records_or_is_merged_stays_published(first: Instance) -> None:
    with open_store(first.warehouse_file) as store:
        keys = store.record_batches()["record_key"]
        members = pl.DataFrame({"record_key": keys, "person_key": "p" + keys.str.slice(1)})
        store.replace_membership(members.with_columns(person_key=pl.col("person_key").replace("p000008", "p000007")))
        assert store.merged_count() == 1
        assert store.lost().is_empty()
        gone = pl.DataFrame({"record_key": ["r000007"], "batch_id": ["w"], "sequence": [10_000]})
        store.withdraw_records(gone)
        store.replace_membership(
            members.filter(pl.col("record_key") != "r000007").with_columns(person_key=pl.col("person_key").replace("p000008", "p000007"))
        )
        assert store.lost().is_empty()


def test_a_warehouse_that_forgot_what_was_retired_does_not_publish_it_again(first: Instance, tmp_path: Path) -> None:
    shutil.copy(first.warehouse_file, tmp_path / "backup.duckdb")
    withdraw(first, 7)
    make_release(first)
    shutil.copy(tmp_path / "backup.duckdb", first.warehouse_file)
    with pytest.raises(ReleaseRefused, match="does not know the persons"):
        make_release(first)
