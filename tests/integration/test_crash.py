"""kill -9 at random moments of a real run: the run after it publishes the same bytes as one that nobody disturbed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 10
SECONDS = (2.0, 8.0)  # from the start of the tools to the publication, on an idle machine
REPORTS = "400"
CASEHOUSE = str(Path(sys.executable).with_name("casehouse"))


def start(home: Path) -> subprocess.Popen[bytes]:
    command = [CASEHOUSE, "run", "--sample", "--reports", REPORTS, "--release"]
    return subprocess.Popen(command, env={**os.environ, "CASEHOUSE_HOME": str(home)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def release_bytes(home: Path) -> dict[str, bytes]:
    folder = home / "releases" / "latest"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.slow
def test_killed_ten_times_and_run_again_it_publishes_the_same_bytes(tmp_path: Path) -> None:
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    assert start(calm).wait(timeout=180) == 0
    stormy.mkdir()
    shutil.copytree(calm / "keys", stormy / "keys")
    moments = random.Random(11)
    for _ in range(KILLS):
        process = start(stormy)
        try:
            process.wait(timeout=moments.uniform(*SECONDS))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert start(stormy).wait(timeout=180) == 0
    assert release_bytes(stormy) == release_bytes(calm)
    assert len([path for path in (stormy / "releases").iterdir() if path.is_dir() and not path.is_symlink()]) == 1
