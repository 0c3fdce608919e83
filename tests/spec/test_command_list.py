"""The list of commands: what `casehouse` names, what it imports before a command is chosen."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from pipelines.cli import COMMANDS, Listed, app

HEAVY = {"dagster", "polars", "duckdb", "numpy", "pyarrow", "pandas", "pydantic", "great_expectations", "rich.progress"}


def test_every_command_is_listed_with_its_line() -> None:
    said = " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "300"}).output.replace("│", " ").split())
    assert [each.name for each in COMMANDS if f"{each.name} {each.line}" not in said] == []


@pytest.mark.parametrize("listed", COMMANDS, ids=lambda listed: listed.name)
def test_every_listed_command_exists_and_explains_itself(listed: Listed) -> None:
    result = CliRunner().invoke(app, [listed.name, "--help"])
    assert result.exit_code == 0
    command = listed.load()
    assert command.name == listed.name
    assert inspect.cleandoc(command.help)


def test_a_word_that_is_no_command_is_answered_with_those_like_it() -> None:
    result = CliRunner().invoke(app, ["anonymise"])
    assert result.exit_code == 2
    assert "anonymize" in result.output


def test_listing_the_commands_imports_none_of_them() -> None:
    """Together they take seconds; a person who asks for help, or for one command, should not wait for all."""
    code = "import sys; from pipelines.cli import app; app(['--help'], standalone_mode=False); print('\\n'.join(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.split())
    assert loaded & HEAVY == set()
    assert {each for each in loaded if each.startswith("pipelines.commands.")} == set()
