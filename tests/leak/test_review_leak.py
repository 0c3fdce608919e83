"""What a review shows on its terminal is nowhere else afterwards: in no file, no log, no error, no list and no picture.

The positive control is the terminal itself, where every value of the shown pairs must be found.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
from pathlib import Path

import pytest
from searching import database_text, derived_text, traces
from typer.testing import CliRunner

from pipelines import cli, review_page
from pipelines.cli import app
from pipelines.instance import Instance
from pipelines.reviewing import Sitting
from tests.undecided import REPORTS, VALUES, Desk, Script, environment_of, undecided_instance

SHOWN = [value for value in VALUES if value not in {"+33199001234", "+34910000111"}]
"""Telephone numbers are parted where the two differ."""
QUIT = "[q] quit"
STYLED = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LEFT = "\x1b[?1049l"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """An instance with three questions, its inbox emptied as after a run, and a folder for temporary files of its own."""
    found = undecided_instance(tmp_path / "house")
    for name, value in environment_of(found).items():
        monkeypatch.setenv(name, value)
    for name in REPORTS:
        for file in (found.inbox / name).glob("*"):
            file.unlink()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return found


def typed(script: Script, *arguments: str) -> tuple[str, str]:
    """The whole program as a person runs it: all that was on the terminal, and what is left on it when it ends."""
    with Desk(script, rows=60, columns=200) as desk, pytest.MonkeyPatch.context() as patched:
        streams = [os.fdopen(os.dup(desk.slave), mode, encoding="utf-8") for mode in ("r", "w", "w")]
        for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            patched.setattr(sys, name, stream)
        patched.setattr(sys, "argv", ["casehouse", "review", "--by", "Asker", *arguments])
        with pytest.raises(SystemExit):
            cli.main()
        for stream in streams:
            stream.close()
    return STYLED.sub("", desk.text), STYLED.sub("", desk.text.rpartition(LEFT)[2])


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def test_what_was_shown_is_on_the_terminal_alone(house: Instance, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    number = Sitting(house, "Asker").number(Sitting(house, "Asker").queue[0].pair)
    seen, left = typed([(QUIT, "s"), (QUIT, "d"), (QUIT, "u")])
    assert traces(SHOWN, seen.encode()) == list(range(len(SHOWN)))
    assert traces(VALUES, left.encode()) == []
    said = [
        CliRunner().invoke(app, ["review", *arguments]).output
        for arguments in (["--list"], ["--undo", "--by", "Asker"], ["--pair", number, "--picture", str(tmp_path / "pair.svg")])
    ]
    assert all(said)
    assert traces(VALUES, "\n".join((*said, caplog.text)).encode()) == []
    files = files_under(tmp_path)
    assert len(files) > 15
    assert [path.name for path in files if path.parent.name not in REPORTS and traces(VALUES, path.read_bytes())] == []
    assert (tmp_path / "pair.svg") in files
    assert traces(VALUES, database_text(house.warehouse_file).encode()) == []


def test_the_opened_vault_holds_them_beside_their_batches_and_nowhere_else(house: Instance) -> None:
    """The log of judgements and accesses, the registry and the state of linkage are opened and searched too."""
    typed([(QUIT, "s"), (QUIT, "q")])
    vault = house.vault
    assert traces(SHOWN, derived_text(vault, "first-ngo").encode() + derived_text(vault, "second-ngo").encode()) != []
    logs = [path.stem for path in vault.folder.glob("*.age") if path.stem in {"registry", "judgements"}]
    assert logs
    for name in logs:
        assert traces(VALUES, vault.load(name) or b"") == [], name


def test_an_error_on_a_page_clears_it_and_says_nothing_of_it(house: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control is the error's own message, which holds every value of the pair."""

    def failing(page: review_page.Page, *_: object) -> None:
        raise ValueError(f"{dict(page.left)} {dict(page.right)}")

    monkeypatch.setattr(review_page, "keys_text", lambda language: failing(shown[-1]))
    shown: list[review_page.Page] = []
    whole = review_page.table_of
    monkeypatch.setattr(review_page, "table_of", lambda page, *given: shown.append(page) or whole(page, *given))
    _, left = typed([])
    assert traces(VALUES, f"{dict(shown[0].left)}".encode()) != []
    assert "withheld" in left
    assert traces(VALUES, left.encode()) == []


def test_a_page_prints_as_its_number_alone(house: Instance) -> None:
    sitting = Sitting(house, "Asker")
    page = sitting.page(sitting.queue[0])
    assert repr(page) == f"<Page {page.number}>"
    assert traces(VALUES, repr([page, sitting]).encode()) == []
