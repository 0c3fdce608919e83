"""A published release of a few invented persons, to look at and to tamper with; and a table of them, to anonymize."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from desks import PERSONS, PLACES, Desk
from test_publication import release_of, tables_of_release

from warehouse.publication import publish


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables = tables_of_release()
    return publish(tmp_path_factory.mktemp("releases"), tables, release_of(tables)).folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    """A release of one's own to tamper with."""
    return Path(shutil.copytree(pristine, tmp_path / "0001"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    ages = "".join(f"{age};{age // 10 * 10}s;*\n" for age in range(20, 40))
    (tmp_path / "above_age.csv").write_text(ages)
    (tmp_path / "above_place.csv").write_text("".join(f"{place};{country};*\n" for place, country in PLACES.items()))
    made = Desk(tmp_path, monkeypatch, capsys)
    made.put(PERSONS)
    yield made
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == [], "nothing is left that waited"
