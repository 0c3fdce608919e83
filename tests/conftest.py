"""What several kinds of tests share: an instance of their own, and one walk over a small sample that many look at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.instance import Instance
from pipelines.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data" / "argentina_linea_145"
SMALL = 2_400


@dataclass(frozen=True)
class Walk:
    """An instance after a whole walk over a small sample, and what each batch's run said."""

    instance: Instance
    sample: Path
    refusals: dict[str, str]


def instance_at(home: Path) -> Instance:
    return Instance(Settings(home=home))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """An empty instance, held by the test."""
    found = instance_at(tmp_path / "home")
    with found.hold():
        yield found


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Sample batches in, a release out, through the real Dagster; made once a session and only read afterwards."""
    from pipelines.runner import open_runner
    from sample_data.generate import generate

    home = tmp_path_factory.mktemp("walk")
    instance, sample = instance_at(home / "home"), home / "sample"
    refusals: dict[str, str] = {}
    with instance.hold():
        generate(sample, reports=SMALL, linkage_key=instance.linkage_secret)
        shutil.copytree(sample / "inbox", instance.inbox, dirs_exist_ok=True)
        with open_runner(instance) as runner:
            for arrival in runner.waiting():
                result = runner.ingest(arrival)
                if not result.has_succeeded:
                    refusals[arrival.partner_code] = result.failure or str(result.failed_checks)
            for result in (runner.link(), runner.release()):
                if not result.has_succeeded:
                    refusals["shared"] = result.failure or str(result.failed_checks)
    return Walk(instance, sample, refusals)
