"""The warehouse, the release ledger and the release folders remember the same releases; where one was cut short, none is made."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from test_publication import release_of, tables_of_release, texts

from anonymize.attacks.running import Verdict
from anonymize.releases.differences import ReleaseCounts, TableCounts
from anonymize.releases.ledger import append, read_ledger
from engine.parquet import encode
from pipelines.agreement import agree, assert_cohorts_known, disagreement, is_memory_lost, remember_entries
from pipelines.attacking import assert_flags_attacked, keep_report
from pipelines.instance import Instance
from pipelines.remembering import assert_differences, earlier_releases, errata_counts
from pipelines.settings import Settings
from schemas.errors import ReleaseRefused
from schemas.flags import FLAG_COLUMNS, FLAG_GROUP
from schemas.product import Product
from schemas.zones import Anonymous
from warehouse.publication import Table, publish
from warehouse.store import Store, open_store


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(Settings(home=tmp_path / "home"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "warehouse.duckdb") as opened:
        yield opened


def seal(instance: Instance, version: str) -> None:
    counts = TableCounts("all", pl.DataFrame({"place": ["a"], "cohort": [1], "persons": [11]}))
    append(instance.ledger, ReleaseCounts(version, (counts,)), {"all": "a" * 64})


def publish_one(instance: Instance, version: str) -> None:
    tables = tables_of_release()
    instance.home.mkdir(exist_ok=True)
    publish(instance.releases, tables, release_of(tables, version, inputs=version[-8:] * 8))


def test_before_the_first_release_there_is_nothing_to_remember(store: Store, instance: Instance) -> None:
    agree(store, instance)
    assert store.sealed_releases() == ()
    assert earlier_releases(instance.ledger, instance.releases) == ()


def test_every_entry_is_remembered_by_its_version_and_seal(store: Store, instance: Instance) -> None:
    seal(instance, "0000-a")
    agree(store, instance)
    seal(instance, "0000-b")
    remember_entries(store, instance.ledger)
    assert [each.version for each in store.sealed_releases()] == ["0000-a", "0000-b"]
    assert disagreement(store, instance) is None


def test_an_entry_that_a_killed_run_sealed_and_nobody_remembers_is_taken_over(store: Store, instance: Instance) -> None:
    seal(instance, "0000-a")
    agree(store, instance)
    assert len(store.sealed_releases()) == 1


@pytest.mark.parametrize("versions", [("0001-a",), ("0000-a", "0000-b"), ("first",)])
def test_a_warehouse_that_did_not_get_as_far_as_the_ledger_is_an_older_one(
    store: Store, instance: Instance, versions: tuple[str, ...]
) -> None:
    for version in versions:
        seal(instance, version)
    with pytest.raises(ReleaseRefused, match=f"the warehouse is an older one and remembers 0 of the {len(versions)} entries"):
        agree(store, instance)


def test_an_entry_that_is_gone_or_another_is_noticed(store: Store, instance: Instance) -> None:
    for version in ("0000-a", "0000-b"):
        seal(instance, version)
    remember_entries(store, instance.ledger)
    for last in instance.ledger.glob("0002-*"):
        last.unlink()
    with pytest.raises(ReleaseRefused, match="1 of the 2 entries that the warehouse remembers are there"):
        agree(store, instance)
    seal(instance, "0000-c")
    with pytest.raises(ReleaseRefused, match="an entry is not the one that the warehouse remembers"):
        agree(store, instance)


def test_a_lost_ledger_is_made_anew_from_the_folders_of_all_its_releases_alone(store: Store, instance: Instance) -> None:
    for version in ("0000-aaaaaaaa", "0000-bbbbbbbb"):
        publish_one(instance, version)
    agree(store, instance)
    before = [path.read_bytes() for path in sorted(instance.ledger.iterdir())]
    assert len(read_ledger(instance.ledger)) == 2
    for each in instance.ledger.glob("*.json"):
        each.unlink()
    agree(store, instance)
    assert [path.read_bytes() for path in sorted(instance.ledger.iterdir())] == before
    shutil.rmtree(instance.ledger)
    shutil.rmtree(instance.releases / "0000-aaaaaaaa")
    with pytest.raises(ReleaseRefused, match="it is gone, and so are the folders of 1 of the 2 release"):
        agree(store, instance)


def test_a_release_that_stands_and_is_not_sealed_is_noticed(instance: Instance) -> None:
    seal(instance, "0000-a")
    publish_one(instance, "0000-bbbbbbbb")
    with pytest.raises(ReleaseRefused, match="the release 0000-bbbbbbbb stands, but the release ledger does not hold it"):
        earlier_releases(instance.ledger, instance.releases)


def test_who_was_published_is_known_without_the_link_to_the_latest_release(store: Store, instance: Instance) -> None:
    publish_one(instance, "0001-aaaaaaaa")
    (instance.releases / "latest").unlink()
    assert is_memory_lost(store, instance.releases)
    with pytest.raises(ReleaseRefused, match="the warehouse does not know the persons"):
        assert_cohorts_known(store, instance.releases)


def test_errata_of_fewer_than_k_are_refused() -> None:
    figures = pl.DataFrame({"cohort": ["1"], "column": ["place"], "label": ["a"], "persons": [10]})
    with pytest.raises(ReleaseRefused, match=r"table errata: 1 figure\(s\) are under k = 11"):
        assert_differences([errata_counts(figures)], (), 11)


def test_flags_on_which_no_attack_was_made_are_refused() -> None:
    columns = (FLAG_GROUP, *FLAG_COLUMNS)
    rows = pl.DataFrame({FLAG_GROUP: [1, 1, 2], **{column: ["unknown"] * 3 for column in FLAG_COLUMNS}})
    described = texts("Means")
    means = Product(name="means", title=described, description=described, columns=columns, kind="flags", guarantee="k^m-anonymity")
    tables = [Table(means, Anonymous(rows, encode(rows)), tables_of_release()[0].proof)]
    with pytest.raises(ReleaseRefused, match=r"2 row\(s\) of flags would be published, and the attacks on flags can be made on 0"):
        assert_flags_attacked(tables, rows.head(2), None)
    assert_flags_attacked(tables, rows.clear(), None)


def test_the_report_of_the_attacks_appears_whole_and_stays(tmp_path: Path) -> None:
    (tmp_path / "0001-a.staging").write_text("cut off")
    keep_report(tmp_path, "0001-a", Verdict(()))
    (report,) = tmp_path.iterdir()
    assert (report.name, json.loads(report.read_text()), report.stat().st_mode & 0o777) == ("0001-a.json", [], 0o600)
    report.write_text("first")
    keep_report(tmp_path, "0001-a", Verdict(()))
    assert report.read_text() == "first"
