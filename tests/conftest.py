"""What several kinds of tests share: an instance of their own, and one walk over a small sample that many look at."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.instance import Instance
from pipelines.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data" / "argentina_linea_145"
SMALL = 2_400

LONGEST_FIRST = (
    "test_readme",
    "test_crash",
    "test_leak",
    "test_correction_histories",
    "test_reading_fuzz",
    "test_faults",
    "test_second_release",
    "test_dagster",
    "test_bad_input",
    "test_instance",
    "test_linking",
    "test_linkage_properties",
    "test_review_command",
    "test_linkage_training",
    "test_store",
    "test_report_page",
    "test_pages",
)
"""Modules that start first, so that two workers end together."""

MEMORY, ROOM = Path("/dev/shm"), 6 * 2**30
"""Where temporary folders stand when there are so many bytes of room: half of the suite would wait for a disk to sync."""


def pytest_configure(config: pytest.Config) -> None:
    """Temporary folders in memory, unless the person who runs the tests said where; the workers inherit it."""
    asked = config.getoption("basetemp") or os.environ.get("TMPDIR")
    if not asked and MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


@dataclass(frozen=True)
class Walk:
    """An instance after a whole walk over a small sample, and what each batch's run said."""

    instance: Instance
    sample: Path
    refusals: dict[str, str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest modules first, the others as they were."""
    order = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


def instance_at(home: Path) -> Instance:
    return Instance(Settings(home=home))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """An empty instance, held by the test."""
    found = instance_at(tmp_path / "home")
    with found.hold():
        yield found


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Walk:
    """Sample batches in, a release out, through the real Dagster; made once for all workers and only read afterwards."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "walk"
    with (shared.parent / "walk.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "refusals.json").exists():
            refusals = walked(instance_at(shared / "home"), shared / "sample")
            (shared / "refusals.json").write_text(json.dumps(refusals), encoding="utf-8")
    return Walk(instance_at(shared / "home"), shared / "sample", json.loads((shared / "refusals.json").read_text(encoding="utf-8")))


def walked(instance: Instance, sample: Path) -> dict[str, str]:
    """Walk the instance over a fresh sample; the texts of what was refused."""
    from pipelines.rounds import open_round
    from pipelines.runner import open_runner
    from sample_data.generate import generate
    from sample_data.layouts.tokens import ROUND as SAMPLE_ROUND
    from sample_data.layouts.tokens import ROUND_SALT

    refusals: dict[str, str] = {}
    with instance.hold():
        generate(sample, reports=SMALL, linkage_key=instance.linkage_secret)
        open_round(instance, SAMPLE_ROUND, salt=ROUND_SALT)
        shutil.copytree(sample / "inbox", instance.inbox, dirs_exist_ok=True)
        with open_runner(instance) as runner:
            for arrival in runner.waiting():
                result = runner.ingest(arrival)
                if not result.has_succeeded:
                    refusals[arrival.partner_code] = result.failure or str(result.failed_checks)
            for result in (runner.link(), runner.release()):
                if not result.has_succeeded:
                    refusals["shared"] = result.failure or str(result.failed_checks)
    return refusals
