"""The whole walk on a small sample, through the real Dagster: every row accounted for, persons counted, a release that verifies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl

from pipelines.publishing import latest_release, make_release
from schemas.ledger import EMPTY_LEDGER
from schemas.units import Unit
from tests.conftest import Walk, instance_at
from warehouse.store import open_store
from warehouse.verification import verify


def test_no_batch_of_the_sample_is_refused(walk: Walk) -> None:
    assert walk.refusals == {}


def test_every_received_row_is_accounted_for(walk: Walk) -> None:
    with open_store(walk.instance.warehouse_file, read_only=True) as store:
        ledgers = store.ledgers()
    assert len(ledgers) >= 10
    total = sum(ledgers.values(), start=EMPTY_LEDGER)
    assert total.received == total.accepted + total.quarantined + total.rejected + total.non_data
    assert total.quarantined > 0
    assert total.rejected > 0
    assert total.non_data > 0


def test_the_inbox_is_empty_afterwards(walk: Walk) -> None:
    assert [path for path in walk.instance.inbox.rglob("*") if path.is_file()] == []


def test_persons_are_fewer_than_their_reports_and_near_the_truth(walk: Walk) -> None:
    truth = pl.read_csv(walk.sample / "truth.csv", infer_schema=False)
    with open_store(walk.instance.warehouse_file, read_only=True) as store:
        persons = store.persons().frame.height
        records, _ = store.linked_counts()
    true_persons = truth["person"].n_unique()
    assert persons < records
    assert abs(persons / true_persons - 1) < 0.15


def test_the_release_verifies_from_its_bytes(walk: Walk) -> None:
    folder = latest_release(walk.instance.releases)
    assert folder is not None
    verified = verify(folder)
    assert {table.name for table in verified.tables} == {"global-persons", "means-of-control", "regional-trends"}
    assert min(table.smallest_class for table in verified.tables) >= 11


def test_the_release_describes_itself(walk: Walk) -> None:
    folder = latest_release(walk.instance.releases)
    assert folder is not None
    names = {path.name for path in folder.iterdir()}
    assert {"datapackage.json", "codebook.html", "SHA256SUMS", "proof.json", "global-persons.parquet", "global-persons.csv"} <= names
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert {resource["name"] for resource in package["resources"]} >= {"global-persons", "regional-trends"}


def test_a_second_run_publishes_nothing_new(walk: Walk, tmp_path: Path) -> None:
    shutil.copytree(walk.instance.home, tmp_path / "home", symlinks=True)
    copied = instance_at(tmp_path / "home")
    before = latest_release(copied.releases)
    with copied.hold():
        outcome = make_release(copied)
    assert outcome.published.is_new is False
    assert latest_release(copied.releases) == before


def test_quarantined_rows_can_be_found_by_row_number_and_code(walk: Walk) -> None:
    broken = pl.read_csv(walk.sample / "broken.csv", infer_schema=False)
    with open_store(walk.instance.warehouse_file, read_only=True) as store:
        found = pl.concat([store.problems(batch_id) for batch_id in store.ledgers()])
    assert set(broken["code"].unique()) <= set(found["code"].unique())


SAMPLED = (Unit.VICTIM, Unit.PERPETRATOR, Unit.INCIDENT)
"""What the sample's partners report of."""


def test_perpetrators_and_incidents_stand_apart_from_victims(walk: Walk) -> None:
    with open_store(walk.instance.warehouse_file, read_only=True) as store:
        stored = {unit: pl.concat([store.records_of(batch_id, unit).frame for batch_id in store.ledgers()]) for unit in SAMPLED}
        victims, persons = store.linked_counts()
        published = store.published().frame.height
    assert all(frame.height > 0 for frame in stored.values())
    keys = [set(frame["record_key"].to_list()) for frame in stored.values()]
    assert len(set.union(*keys)) == sum(map(len, keys))
    assert (stored[Unit.VICTIM].height, published) == (victims, persons)
