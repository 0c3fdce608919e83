"""Bad input through the real command: a clear message, a non-zero exit, an unchanged warehouse."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Walk

CASEHOUSE = str(Path(sys.executable).with_name("casehouse"))


def casehouse(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CASEHOUSE_HOME": str(home), "COLUMNS": "200", **settings}
    return subprocess.run([CASEHOUSE, *arguments], env=environment, capture_output=True, text=True, timeout=170, check=False)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def home(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of an instance that already holds a release."""
    copied = tmp_path_factory.mktemp("bad") / "home"
    shutil.copytree(walk.instance.home, copied, symlinks=True)
    return copied


def said(result: subprocess.CompletedProcess[str]) -> str:
    text = result.stdout + result.stderr
    assert "Traceback" not in text
    for part in ("where:", "allowed:", "do next:"):
        assert part in text
    return text


@pytest.mark.slow
def test_refused_batches_leave_the_warehouse_and_say_what_to_do(home: Path) -> None:
    before = digest(home / "warehouse.duckdb")
    files = {
        "en-harbour-ngo": ("empty.csv", b""),
        "fr-police": ("other.csv", (home.parent.parent / "none").name.encode() + b";x\n1;2\n"),
    }
    for partner, (name, payload) in files.items():
        folder = home / "inbox" / partner
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(payload)
    result = casehouse(home, "run")
    text = said(result)
    assert result.returncode == 1
    assert "file is empty" in text
    assert "header" in text
    for partner, (name, _) in files.items():
        assert (home / "inbox" / partner / name).exists()
        (home / "inbox" / partner / name).unlink()
    assert digest(home / "warehouse.duckdb") == before


def test_a_file_of_another_partner_is_named(walk: Walk, tmp_path: Path) -> None:
    other = tmp_path / "mine.csv"
    other.write_bytes(next((walk.sample / "inbox" / "es-linea-ayuda").glob("*.csv")).read_bytes())
    result = casehouse(tmp_path / "home", "check", str(other), "--partner", "en-harbour-ngo")
    assert result.returncode == 2
    assert "es-linea-ayuda" in said(result)


def test_an_unknown_partner_lists_those_there_are(tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    file.write_text("a,b\n1,2\n")
    result = casehouse(tmp_path / "home", "check", str(file), "--partner", "nobody")
    assert result.returncode == 2
    assert "en-harbour-ngo" in said(result)


def test_a_wrong_key_opens_nothing(home: Path, tmp_path: Path) -> None:
    from ingest.vault import create_key

    create_key(tmp_path / "wrong.key")
    before = digest(home / "warehouse.duckdb")
    result = casehouse(home, "run", CASEHOUSE_KEY_FILE=str(tmp_path / "wrong.key"))
    assert result.returncode != 0
    assert "key" in said(result)
    assert digest(home / "warehouse.duckdb") == before


def test_a_second_run_while_one_is_running_is_refused(home: Path) -> None:
    with (home / ".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        result = casehouse(home, "release")
    assert result.returncode == 2
    assert "another run" in said(result)


@pytest.mark.slow
def test_a_full_disk_is_said_and_changes_nothing(walk: Walk, tmp_path: Path) -> None:
    """A real full disk: a small file system of its own, filled to the brim."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        home = disk / "home"
        shutil.copytree(walk.instance.home / "keys", home / "keys")
        inbox = home / "inbox" / "en-harbour-ngo"
        inbox.mkdir(parents=True)
        shutil.copy(next((walk.sample / "inbox" / "en-harbour-ngo").glob("*.csv")), inbox)
        filler = disk / "filler"
        with filler.open("wb") as handle:
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            handle.write(b"\0" * (free - 40_000))
        result = casehouse(home, "run")
        assert result.returncode == 2
        assert "disk" in said(result)
        filler.unlink()
        again = casehouse(home, "run")
        assert again.returncode == 0, again.stdout + again.stderr
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)
