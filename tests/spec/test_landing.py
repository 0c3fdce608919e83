"""Landing and the vault: bytes come in once, whole, encrypted, and go for good when their key goes."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.disk import STAGING_PREFIX
from ingest.landing import batch_id_of, land
from ingest.vault import Vault, create_key
from schemas.errors import BatchRefused, StorageError, VaultError

FILES = [b"id,name\n1,CANARY-ONE\n", b"id,place\n1,CANARY-TWO\n"]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    create_key(tmp_path / "keys" / "vault.key")
    return tmp_path / "keys" / "vault.key"


@pytest.fixture
def vault(tmp_path: Path, key_file: Path) -> Vault:
    return Vault(tmp_path / "vault", key_file)


def every_file(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]


def test_a_batch_is_named_by_its_content_and_partner() -> None:
    assert batch_id_of(FILES, "one") == batch_id_of(FILES[::-1], "one")
    assert batch_id_of(FILES, "one") != batch_id_of(FILES, "two")
    assert batch_id_of(FILES, "one") != batch_id_of(FILES[:1], "one")
    assert len(batch_id_of(FILES, "one")) == 16


def test_landing_twice_stores_once(vault: Vault) -> None:
    first, again = land(FILES, "one", vault), land(FILES[::-1], "one", vault)
    assert (first.is_new, again.is_new) == (True, False)
    assert vault.batch_ids() == (first.batch_id,) == (again.batch_id,)
    assert sorted(vault.batch_files(first.batch_id)) == sorted(FILES)
    assert vault.manifest(first.batch_id).partner_code == "one"


def test_nothing_readable_is_on_the_disk(vault: Vault) -> None:
    batch_id = land(FILES, "one", vault).batch_id
    vault.store("registry", b"CANARY-REGISTRY")
    vault.store_beside(batch_id, "records", b"CANARY-RECORD")
    assert not [path for path in every_file(vault.folder) if b"CANARY" in path.read_bytes()]
    assert vault.load("registry") == b"CANARY-REGISTRY"
    assert vault.load_beside(batch_id, "records") == b"CANARY-RECORD"
    assert vault.load("absent") is None
    assert vault.load_beside(batch_id, "absent") is None
    assert {oct(path.stat().st_mode)[-3:] for path in every_file(vault.folder)} == {"600"}


@pytest.mark.parametrize(("files", "code"), [([b"x", b""], "file_empty"), ([], "file_missing")])
def test_an_empty_file_is_refused_and_nothing_stored(vault: Vault, files: list[bytes], code: str) -> None:
    with pytest.raises(BatchRefused) as refused:
        land(files, "one", vault)
    assert refused.value.code == code
    assert vault.batch_ids() == ()


def test_erasing_destroys_the_key_and_the_rest(vault: Vault) -> None:
    batch_id = land(FILES, "one", vault).batch_id
    vault.store_beside(batch_id, "records", b"x")
    vault.erase(batch_id)
    vault.erase(batch_id)
    assert vault.batch_ids() == ()
    assert [path.name for path in every_file(vault.folder)] == ["recipient.txt"]
    with pytest.raises(VaultError):
        vault.batch_files(batch_id)
    assert land(FILES, "one", vault).is_new


def test_an_interrupted_erasure_leaves_nothing_that_opens(vault: Vault) -> None:
    batch_id = land(FILES, "one", vault).batch_id
    (vault.folder / "batches" / batch_id / "key.age").unlink()
    assert vault.batch_ids() == ()
    assert land(FILES, "one", vault).is_new


def test_another_key_is_refused_before_anything_is_touched(vault: Vault, tmp_path: Path) -> None:
    land(FILES, "one", vault)
    before = {path: path.read_bytes() for path in every_file(vault.folder)}
    create_key(tmp_path / "other.key")
    for key in (tmp_path / "other.key", tmp_path / "missing.key"):
        with pytest.raises(VaultError, match="do next"):
            Vault(vault.folder, key)
    assert {path: path.read_bytes() for path in every_file(vault.folder)} == before


def test_a_vault_that_lost_its_recipient_is_not_founded_anew(vault: Vault, key_file: Path) -> None:
    (vault.folder / "recipient.txt").unlink()
    with pytest.raises(VaultError):
        Vault(vault.folder, key_file)


def test_a_key_is_made_once_and_for_its_owner_alone(key_file: Path, tmp_path: Path) -> None:
    before = key_file.read_bytes()
    assert key_file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(VaultError):
        create_key(key_file)
    assert key_file.read_bytes() == before
    key_file.chmod(0o640)
    with pytest.raises(VaultError, match="other accounts"):
        Vault(tmp_path / "vault", key_file)


def test_a_file_that_is_no_key_is_refused_without_its_content(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.key"
    wrong.write_text("CANARY-KEY")
    wrong.chmod(0o600)
    with pytest.raises(VaultError) as refused:
        Vault(tmp_path / "vault", wrong)
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize("name", ["payload.age", "raw-key.age", "manifest.json"])
def test_changed_bytes_are_noticed(vault: Vault, name: str) -> None:
    batch_id = land(FILES, "one", vault).batch_id
    path = vault.folder / "batches" / batch_id / name
    path.write_bytes(path.read_bytes()[:-2] + b"XX")
    with pytest.raises(VaultError):
        vault.batch_files(batch_id)


@pytest.mark.parametrize("name", ["../escape", "", "Upper", "payload", "key"])
def test_names_cannot_leave_their_folder(vault: Vault, name: str) -> None:
    batch_id = land(FILES, "one", vault).batch_id
    with pytest.raises(ValueError, match="name of an object"):
        vault.store_beside(batch_id, name, b"x")
    with pytest.raises(ValueError, match="batch id"):
        vault.manifest("../../etc")


def in_child(work: Callable[[], None]) -> None:
    """Run the work in a forked process that may die on the way."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def test_raw_files_are_erased_and_what_was_derived_stays(vault: Vault) -> None:
    batch_id = land(FILES, "one", vault).batch_id
    vault.store_beside(batch_id, "records", b"x")
    for _ in range(2):
        vault.erase_raw(batch_id)
    assert (vault.has_batch(batch_id), vault.has_raw(batch_id), vault.load_beside(batch_id, "records")) == (True, False, b"x")
    assert sorted(path.name for path in every_file(vault.folder / "batches")) == ["key.age", "manifest.json", "records.age"]
    with pytest.raises(VaultError, match="erased as they came"):
        vault.batch_files(batch_id)


def test_batches_stand_in_the_order_of_first_landing(vault: Vault) -> None:
    landed = [land([payload], "one", vault).batch_id for payload in (b"c", b"a", b"b", b"a")]
    assert vault.batch_ids() == tuple(landed[:3])
    vault.erase(landed[0])
    again = land([b"c"], "one", vault).batch_id
    assert vault.batch_ids() == (landed[1], landed[2], again)
    vault.withdraw(again)
    assert vault.manifest(land([b"d"], "one", vault).batch_id).sequence == 5


def test_a_withdrawn_batch_is_never_landed_again(vault: Vault) -> None:
    batch_id = land(FILES, "one", vault).batch_id
    vault.withdraw(batch_id)
    vault.withdraw(batch_id)
    assert (vault.batch_ids(), vault.withdrawn_ids()) == ((), (batch_id,))
    with pytest.raises(BatchRefused) as refused:
        land(FILES, "one", vault)
    assert refused.value.code == "batch_withdrawn"
    assert sorted(path.name for path in every_file(vault.folder)) == sorted([f"{batch_id}.json", "recipient.txt"])
    assert land(FILES, "one", vault, "withdraw").is_new


def test_an_interrupted_withdrawal_is_found_and_ended(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = land(FILES, "one", vault).batch_id
    monkeypatch.setattr(vault, "_remove", lambda batch_id: None)
    vault.withdraw(batch_id)
    monkeypatch.undo()
    assert vault.unfinished_withdrawals() == (batch_id,)
    vault.withdraw(batch_id)
    assert (vault.unfinished_withdrawals(), vault.batch_ids()) == ((), ())


@pytest.mark.parametrize("killed_at", range(1, 10))
def test_a_kill_at_any_step_leaves_no_batch_or_a_whole_one(vault: Vault, killed_at: int) -> None:
    """Landing syncs four files and two folders; the process dies, without any clean-up, at each of those points."""
    left = killed_at

    def dying_sync(handle: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(9)

    def work() -> None:
        pytest.MonkeyPatch().setattr(os, "fsync", dying_sync)
        land(FILES, "one", vault)

    in_child(work)
    for batch_id in vault.batch_ids():
        assert sorted(vault.batch_files(batch_id)) == sorted(FILES)
    batch_id = land(FILES, "one", vault).batch_id
    assert sorted(vault.batch_files(batch_id)) == sorted(FILES)
    assert not list(vault.folder.rglob(f"{STAGING_PREFIX}*"))


@pytest.mark.parametrize("name", ["ENOSPC", "EDQUOT", "EROFS", "EIO"])
@pytest.mark.parametrize("failing_at", range(1, 4))
def test_a_disk_that_refuses_leaves_nothing_half_stored(vault: Vault, monkeypatch: pytest.MonkeyPatch, name: str, failing_at: int) -> None:
    left = failing_at

    def refusing_sync(handle: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(getattr(errno, name), "CANARY")

    vault.store("registry", b"before")
    monkeypatch.setattr(os, "fsync", refusing_sync)
    with pytest.raises(StorageError) as refused:
        land(FILES, "one", vault)
    left = 1
    with pytest.raises(StorageError):
        vault.store("registry", b"after")
    monkeypatch.undo()
    assert "CANARY" not in str(refused.value)
    assert vault.batch_ids() == ()
    assert vault.load("registry") == b"before"
    assert not list(vault.folder.rglob(f"{STAGING_PREFIX}*"))
