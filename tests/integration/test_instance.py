"""An instance guards itself: its keys, its lost or damaged warehouse, its rights; and a stage out of turn loses nothing."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from engine.duck import connect
from pipelines import stages
from pipelines.extracts import state_json
from pipelines.instance import Instance, write_secret
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
    state = json.loads(state_json(copied))
    assert state["batches"] >= 10
    assert state["batches_waiting"] == 0
    assert state["received"] == state["accepted"] + state["quarantined"] + state["rejected"] + state["non_data"]
    assert state["release"].startswith("0001-")
