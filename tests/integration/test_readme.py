"""Every command of the README works, in the order in which it stands there, from a fresh checkout in a new folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.conftest import REAL, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXPECTED_EXIT = {"check": 1}
"""`check` says with 1 that some rows of the sample are not accepted; every other command ends with 0."""

FIGURES = {
    "make run": ("15,276 persons", "(8.3%)", "loss 0.187", "10 batches", "0.0% of classes"),
    "make real": ("5,661 accepted", "187 rejected", "1,156 persons", "(18.0%)", "loss 0.232"),
}
"""What the README says of a command, as the command prints it."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """A fresh checkout of the working tree in a new folder, with nothing installed and no instance.

    On the disk, where the installer links packages that it has already instead of copying a gigabyte into memory.
    """
    with TemporaryDirectory(prefix="casehouse-readme-", dir="/var/tmp") as place:
        yield checked_out(Path(place) / "casehouse")


def checked_out(folder: Path) -> Path:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder.parent / "shared").symlink_to(ROOT.parent / "shared")
    return folder


@pytest.mark.slow
def test_every_command_of_the_readme_works_in_its_order(checkout: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CASEHOUSE")}
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.strip()]
    assert commands[0] == "make run"
    assert len(commands) >= 10
    for command in commands:
        if command == "make real" and not REAL.is_dir():
            continue
        done = subprocess.run(
            ["bash", "-c", command], cwd=checkout, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        expected = next((code for word, code in EXPECTED_EXIT.items() if f"casehouse {word}" in command), 0)
        assert done.returncode == expected, f"{command}\n{done.stdout}\n{done.stderr}"
        assert done.stdout.strip(), command
        assert [figure for figure in FIGURES.get(command, ()) if figure not in done.stdout] == [], done.stdout
    run_python_of_the_readme(checkout)


def run_python_of_the_readme(checkout: Path) -> None:
    for block in blocks("python"):
        python = str(checkout / ".venv" / "bin" / "python")
        done = subprocess.run([python, "-c", block], cwd=checkout, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert "woman" in done.stdout


def test_the_figures_of_the_readme_are_those_that_are_tested() -> None:
    for figure in (
        "15,276 persons",
        "8.3 % of cells",
        "loss .187",
        "5,661 rows",
        "187 relatives",
        "1,156 victims",
        "18.0 % of the cells",
        "loss of .232",
    ):
        assert figure in README


def test_every_file_the_readme_points_to_exists() -> None:
    named = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in target]
    assert [target for target in named if not (ROOT / target).exists()] == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", README)) <= targets
