"""A published release of a few invented persons, to look at and to tamper with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
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
