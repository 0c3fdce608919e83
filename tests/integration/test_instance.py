"""An instance guards itself: its keys, its lost or damaged warehouse, its rights; and a stage out of turn loses nothing."""

from __future__ import annotations

import io
import json
import shutil
import stat
from pathlib import Path

import pytest
from rich.console import Console

from engine.duck import connect
from pipelines import stages
from pipelines.condition import condition_of
from pipelines.extracts import state_json
from pipelines.instance import Instance, write_secret
from pipelines.intake import take_in
from pipelines.publishing import make_release
from pipelines.runner import open_runner
from schemas.errors import BatchRefused, ReleaseRefused, StorageError, UserError, VaultError
from tests.conftest import Walk, instance_at
from warehouse.store import open_store


@pytest.fixture
def copied(walk: Walk, tmp_path: Path) -> Instance:
    shutil.copytree(walk.instance.home, tmp_path / "home", symlinks=True)
    return instance_at(tmp_path / "home")


@pytest.mark.parametrize("name", ["pseudonym.key", "linkage.key"])
def test_another_secret_is_refused_before_anything_is_done(copied: Instance, name: str) -> None:
    copied.check_keys()
    write_secret(copied.home / "keys" / name, b"x" * 32)
    with pytest.raises(VaultError, match="not the one its records were made with"):
        copied.check_keys()


@pytest.mark.parametrize("name", ["vault.key", "pseudonym.key", "linkage.key"])
def test_a_missing_key_is_never_replaced_by_a_new_one(copied: Instance, name: str) -> None:
    (copied.home / "keys" / name).unlink()
    copied.prepare()
    assert not (copied.home / "keys" / name).exists()
    with pytest.raises(VaultError):
        copied.check_keys()


def test_only_the_owner_reads_keys_inbox_and_logs(copied: Instance) -> None:
    copied.prepare()
    for folder in ("keys", "inbox", "dagster", "vault"):
        assert stat.S_IMODE((copied.home / folder).stat().st_mode) == 0o700, folder
    for key in (copied.home / "keys").iterdir():
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.slow
def test_a_lost_warehouse_is_filled_again_from_the_vault_and_publishes_nobody_anew(copied: Instance) -> None:
    with open_store(copied.warehouse_file, read_only=True) as store:
        before = store.ledgers()
    copied.warehouse_file.unlink()
    with copied.hold(), open_runner(copied) as runner:
        waiting = runner.waiting()
        assert {each.batch_id for each in waiting} == set(before)
        for each in waiting:
            assert runner.ingest(each).has_succeeded
        assert runner.link().has_succeeded
    with open_store(copied.warehouse_file, read_only=True) as store:
        assert store.ledgers() == before
    with pytest.raises(ReleaseRefused, match="does not know the persons"):
        make_release(copied)
    assert json.loads(state_json(copied, condition_of(copied)))["release_possible"] is False
    assert "memory of who was published is lost" in " ".join(condition_of(copied).lines())


def test_a_damaged_warehouse_asks_for_the_backup(copied: Instance) -> None:
    copied.warehouse_file.write_bytes(b"\0" * 4096)
    with pytest.raises(StorageError, match="backup"), open_store(copied.warehouse_file):
        pass


def test_a_warehouse_of_other_models_is_refused_in_words(copied: Instance) -> None:
    with connect(copied.warehouse_file) as connection:
        connection.execute("update made_for set definitions = 'those of another version'")
    with pytest.raises(StorageError, match="other record models"), open_store(copied.warehouse_file):
        pass


def test_a_batch_that_was_not_validated_is_not_stored(copied: Instance) -> None:
    partner = copied.inbox / "it-tokens"
    partner.mkdir(exist_ok=True)
    (partner / "some.csv").write_text("a,b\n1,2\n")
    from pipelines.inbox import arrivals

    arrival = arrivals(copied.inbox, "it-tokens")[0]
    stages.land_batch(copied, "it-tokens", arrival.batch_id)
    with pytest.raises(UserError, match="not validated"):
        stages.store_batch(copied, "it-tokens", arrival.batch_id)
    assert (partner / "some.csv").exists()


def test_a_batch_that_left_the_inbox_is_never_erased_by_a_refusal(copied: Instance) -> None:
    batch_id = next(each for each in copied.vault.batch_ids() if copied.vault.manifest(each).partner_code == "fr-police")
    with pytest.raises(BatchRefused):
        stages.validate_landed(copied, "it-tokens", batch_id)
    assert batch_id in copied.vault.batch_ids()
    assert copied.vault.batch_files(batch_id)


def test_a_monitor_reads_the_state_as_json(copied: Instance) -> None:
    state = json.loads(state_json(copied, condition_of(copied)))
    assert state["batches"] >= 10
    assert state["batches_waiting"] == 0
    assert state["received"] == state["accepted"] + state["quarantined"] + state["rejected"] + state["non_data"]
    assert state["release"].startswith("0001-")
    assert (state["linking_pending"], state["release_possible"], state["batches_unreadable"]) == (False, True, 0)


def test_a_lost_warehouse_is_said_and_not_shown_as_an_empty_one(copied: Instance) -> None:
    copied.warehouse_file.unlink()
    with pytest.raises(StorageError, match="the warehouse is gone") as raised:
        condition_of(copied)
    assert "backup" in str(raised.value)
    assert "casehouse run" in str(raised.value)


def test_a_vault_of_an_older_version_is_refused_before_anything_is_made(copied: Instance) -> None:
    for manifest in (copied.home / "vault" / "batches").glob("*/manifest.json"):
        known = json.loads(manifest.read_text())
        manifest.write_text(json.dumps({name: known[name] for name in ("batch_id", "partner_code", "files")}))
        (manifest.parent / "raw-key.age").unlink()
    copied.warehouse_file.unlink()
    said = io.StringIO()
    with copied.hold(), pytest.raises(VaultError, match="made by an older version"):
        take_in(copied, Console(file=said))
    assert (copied.warehouse_file.exists(), said.getvalue()) == (False, "")


def test_a_warehouse_without_the_memory_of_its_models_is_refused_also_by_readers(copied: Instance) -> None:
    with connect(copied.warehouse_file) as connection:
        connection.execute("drop table made_for")
    with pytest.raises(StorageError, match="older version"):
        condition_of(copied)


def test_a_release_before_linking_names_the_command(copied: Instance) -> None:
    with connect(copied.warehouse_file) as connection:
        connection.execute("delete from membership")
    assert condition_of(copied).is_linking_pending
    with pytest.raises(ReleaseRefused, match="casehouse run"):
        make_release(copied)


def test_a_batch_of_the_vault_that_no_partner_file_reads_is_counted(copied: Instance) -> None:
    batch_id = next(each for each in copied.vault.batch_ids() if copied.vault.manifest(each).partner_code == "fr-police")
    with open_store(copied.warehouse_file) as store:
        store.remove_batch(batch_id)
    copied.partners.pop("fr-police")
    state = json.loads(state_json(copied, condition_of(copied)))
    assert (state["batches_unreadable"], state["batches_waiting"]) == (1, 0)


def test_nobody_else_reads_a_home_or_a_warehouse(tmp_path: Path) -> None:
    house = instance_at(tmp_path / "home")
    house.prepare()
    log = house.warehouse_file.with_name("warehouse.duckdb.wal")
    with open_store(house.warehouse_file) as store:
        store.enrolled()
        modes = [stat.S_IMODE(file.stat().st_mode) for file in (house.warehouse_file, log) if file.exists()]
    assert set(modes) == {0o600}
    house.warehouse_file.chmod(0o644)
    with open_store(house.warehouse_file):
        pass
    assert stat.S_IMODE(house.warehouse_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(house.home.stat().st_mode) == 0o700
