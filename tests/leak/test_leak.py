"""Canaries are planted in every kind of cell; every failure of the catalogue is forced; no trace of a canary may be found anywhere.

Searched: the bytes of every file of the instance (vault, warehouse, Dagster's storage, release) and of the temporary folder,
every table of every database as text, what the vault keeps of withdrawn records, every report in every language, drafts of
partner files, everything the commands print, every exception. The positive control is the inbox: there they must be found.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from disturbances import ODD, SPECIFICATION, STANDING, TAKEN_BACK, WITHDRAWN, Disturbed, disturb
from searching import database_text, derived_text, traces
from typer.testing import CliRunner

from anonymize.sweep import identifiers_in_text
from engine.duck import connect
from ingest.report.build import checked_report
from ingest.report.document import CheckReport
from ingest.report.page import report_page
from ingest.report.text import report_text
from ingest.validation.batch import validate_batch
from ingest.validation.checking import check_batch
from pipelines.checking import check_files
from pipelines.cli import app
from pipelines.failures import UnexpectedFailure, value_free
from pipelines.inbox import payloads_at
from pipelines.instance import Instance
from pipelines.runner import open_runner
from pipelines.settings import Settings
from sample_data.refused import refused_batches
from schemas.errors import UserError, VaultError
from schemas.problems import Severity, catalogue
from schemas.vocabulary import LANGUAGES
from tests.conftest import ROOT, Walk
from warehouse.store import open_store

CASEHOUSE = str(Path(sys.executable).with_name("casehouse"))


@dataclass(frozen=True)
class Troubled:
    """An instance after everything that can go wrong with batches, what was said of it, and the folder for temporary files."""

    instance: Instance
    said: Disturbed
    temporary: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to be run on it."""
        settings = self.instance.settings
        return {"CASEHOUSE_HOME": str(settings.home), "CASEHOUSE_PARTNERS": str(settings.partners), "COLUMNS": "400"}


@pytest.fixture(scope="module")
def canaries(walk: Walk) -> list[str]:
    found: list[str] = json.loads((walk.sample / "canaries.json").read_text(encoding="utf-8"))
    assert len(found) >= 30
    return found


@pytest.fixture(scope="module")
def troubled(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Troubled]:
    """A copy of the walked instance that met one partner more, its corrections, and every batch that must be refused."""
    place = tmp_path_factory.mktemp("leak")
    shutil.copytree(walk.instance.home, place / "home", symlinks=True)
    for folder in ("partners", "temporary"):
        (place / folder).mkdir()
    for partner_file in (ROOT / "partners").glob("*.yml"):
        shutil.copy(partner_file, place / "partners")
    (place / "partners" / f"{ODD}.yml").write_text(SPECIFICATION, encoding="utf-8")
    instance = Instance(Settings(home=place / "home", partners=place / "partners"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tempfile, "tempdir", str(place / "temporary"))
        with instance.hold(), open_runner(instance) as runner:
            said = disturb(instance, runner, place / "refused")
        yield Troubled(instance, said, place / "temporary")


def test_the_search_finds_a_canary_where_there_is_one(walk: Walk, canaries: list[str]) -> None:
    """The control: the sample inbox holds them all, so a search that finds nothing there searches wrongly."""
    everything = b"".join(path.read_bytes() for path in (walk.sample / "inbox").rglob("*.csv"))
    missed = set(range(len(canaries))) - set(traces(canaries, everything))
    assert len(missed) <= len(canaries) // 3
    assert len(traces(canaries, everything)) >= 30


def test_every_problem_of_the_catalogue_was_forced(troubled: Troubled) -> None:
    with open_store(troubled.instance.warehouse_file, read_only=True) as store:
        found = set(pl.concat([store.problems(batch_id) for batch_id in store.ledgers()])["code"].unique())
    blocked = {code for code, problem in catalogue().items() if problem.severity is Severity.BLOCK}
    only_checked = {"layout_unknown"}  # see test_no_report_of_a_refusal_holds_a_canary
    assert set(troubled.said.refusals) == blocked - only_checked
    assert set(catalogue()) - blocked - found == set()


def test_each_batch_was_refused_for_its_own_reason(troubled: Troubled) -> None:
    remedies = {code: catalogue()[code].remedy.of("en") for code in troubled.said.refusals}
    assert [code for code, text in troubled.said.refusals.items() if remedies[code] not in text] == []


def test_no_file_of_the_instance_holds_a_canary(troubled: Troubled, canaries: list[str]) -> None:
    files = [path for path in troubled.instance.home.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 30
    assert {path.name: found for path in files if (found := traces(canaries, path.read_bytes()))} == {}


def test_nothing_is_left_in_the_temporary_folder(troubled: Troubled, canaries: list[str]) -> None:
    """Great Expectations leaves empty folders of its own there; Casehouse leaves nothing, and nobody leaves a canary."""
    assert list(troubled.temporary.glob("casehouse*")) == []
    files = [path for path in troubled.temporary.rglob("*") if path.is_file()]
    assert [path.name for path in files if traces(canaries, path.read_bytes())] == []


def test_no_table_of_a_database_holds_a_canary(troubled: Troubled, canaries: list[str]) -> None:
    databases = [path for path in troubled.instance.home.rglob("*") if path.suffix in {".duckdb", ".db"} and path.is_file()]
    assert len(databases) >= 3
    for path in databases:
        assert traces(canaries, database_text(path).encode()) == [], path.name


def test_no_refusal_holds_a_canary(troubled: Troubled, canaries: list[str]) -> None:
    assert traces(canaries, "\n".join(troubled.said.refusals.values()).encode()) == []


def test_what_is_withdrawn_is_nowhere_in_the_opened_vault(troubled: Troubled) -> None:
    """The control is the record that stands: its name is found by the same search. The person registry holds keys alone."""
    vault = troubled.instance.vault
    names = [STANDING, WITHDRAWN, TAKEN_BACK]
    assert traces(names, derived_text(vault, ODD).encode()) == [names.index(STANDING)]
    assert [path.name for path in (vault.folder / "batches").glob(f"{troubled.said.withdrawn_batch}*")] == []
    with pytest.raises(VaultError, match="erased as they came"):
        vault.batch_files(troubled.said.first_batch)


def test_no_report_holds_a_canary_in_any_language(walk: Walk, canaries: list[str]) -> None:
    partners = walk.instance.partners
    for folder in sorted((walk.sample / "inbox").iterdir()):
        partner = partners[folder.name]
        for entry in sorted(folder.iterdir()):
            found = check_batch(payloads_at(entry), partner, sweep=identifiers_in_text)
            reports = [checked_report(found, partner, language) for language in LANGUAGES]
            result = validate_batch(payloads_at(entry), partner, "leak", sweep=identifiers_in_text)
            said = [*(text for report in reports for text in in_all_forms(report)), repr(found), repr(result), str(result.accepted)]
            assert traces(canaries, "\n".join(said).encode()) == []


def in_all_forms(report: CheckReport) -> tuple[str, str, str]:
    return report_text(report), report_page(report), report.model_dump_json()


def test_no_report_of_a_refusal_holds_a_canary(troubled: Troubled, canaries: list[str], tmp_path: Path) -> None:
    """Each batch checked as its partner's, and the one whose columns nobody has also without a partner."""
    instance = troubled.instance
    batches = refused_batches(tmp_path)
    asked = [(batch.code, list(batch.files), instance.partners[batch.partner]) for batch in batches]
    stranger = next(list(batch.files) for batch in batches if batch.code == "header_not_found")
    for code, files, partner in (*asked, ("layout_unknown", stranger, None)):
        for language in LANGUAGES:
            report = check_files(instance, files, partner, language).report
            assert report.refusal is not None
            assert report.refusal.code == code
            assert traces(canaries, "\n".join(in_all_forms(report)).encode()) == []


def test_no_draft_of_a_partner_file_holds_a_canary(troubled: Troubled, walk: Walk, canaries: list[str], tmp_path: Path) -> None:
    """Drafted where no other partner is known, so that every category of a partner's own is a text that nobody may repeat."""
    (tmp_path / "nobody").mkdir()
    nobody = {**troubled.environment, "CASEHOUSE_PARTNERS": str(tmp_path / "nobody")}
    for partner in ("ar-shelter", "en-harbour-ngo", "fr-police", "htcds-caseworks"):
        file = next(path for path in sorted((walk.sample / "inbox" / partner).rglob("*")) if path.is_file())
        target = tmp_path / f"{partner}.yml"
        done = CliRunner().invoke(app, ["partner", "draft", str(file), "--name", "newcomer", "--out", str(target)], env=nobody)
        assert done.exit_code == 0, done.output
        assert traces(canaries, done.output.encode() + target.read_bytes()) == [], partner


def test_a_draft_of_a_file_without_a_header_names_nobody(troubled: Troubled, walk: Walk, canaries: list[str], tmp_path: Path) -> None:
    """Every record of a person with a canary comes first once, where a header would stand."""
    [harbour] = sorted((walk.sample / "inbox" / "en-harbour-ngo").rglob("*.csv"))[:1]
    planted = [line for line in harbour.read_bytes().splitlines(keepends=True) if traces(canaries, line)]
    assert planted
    file, target = tmp_path / "theirs.csv", tmp_path / "newcomer.yml"
    command = ["partner", "draft", str(file), "--name", "newcomer", "--out", str(target)]
    for first in range(len(planted)):
        file.write_bytes(b"".join(planted[first:] + planted[:first]))
        done = CliRunner().invoke(app, command, env=troubled.environment)
        assert done.exit_code != 0
        assert not target.exists()
        assert traces(canaries, f"{done.output} {done.exception}".encode()) == []


def test_no_word_of_a_check_or_a_submission_holds_a_canary(troubled: Troubled, walk: Walk, canaries: list[str], tmp_path: Path) -> None:
    police = next((walk.sample / "inbox" / "fr-police").iterdir())
    [unknown] = [batch.files[0] for batch in refused_batches(tmp_path) if batch.code == "header_not_found"]
    outputs = [tmp_path / name for name in ("report.json", "report.html")]
    written = ["--json", str(outputs[0]), "--html", str(outputs[1])]
    commands = {
        "check": (["check", str(police), *written], 1),
        "check a stranger": (["check", str(unknown), "--lang", "es"], 2),
        "submit": (["submit", "fr-police", str(police)], 0),
        "submit a stranger": (["submit", "es-linea-ayuda", str(unknown)], 1),
        "erase": (["erase"], 0),
    }
    for name, (command, code) in commands.items():
        done = CliRunner().invoke(app, command, env=troubled.environment)
        assert done.exit_code == code, done.output
        chain = f"{done.exception} {done.exception and done.exception.__cause__}"
        files = b"".join(path.read_bytes() for path in outputs)
        assert traces(canaries, done.output.encode() + chain.encode() + files) == [], name


@pytest.mark.slow
def test_no_command_prints_a_canary(troubled: Troubled, canaries: list[str]) -> None:
    environment = {**os.environ, **troubled.environment}
    with open_store(troubled.instance.warehouse_file, read_only=True) as store:
        batches = list(store.ledgers())
    commands = [["status"], ["run"], ["release"], ["problems", batches[-1]]]
    for command in commands:
        done = subprocess.run([CASEHOUSE, *command], env=environment, capture_output=True, timeout=120, check=False)
        assert done.stdout
        assert traces(canaries, done.stdout + done.stderr) == [], command


@pytest.mark.parametrize(
    "failing",
    [
        lambda cell: pl.Series([cell]).cast(pl.Int64),
        lambda cell: connect().execute("select cast(? as integer)", [cell]).fetchall(),
        lambda cell: {}[cell],
        int,
        lambda cell: cell.encode("ascii"),
    ],
    ids=["polars", "duckdb", "dict", "int", "codec"],
)  # fmt: skip
def test_an_unexpected_error_of_a_library_loses_its_message(failing, canaries: list[str]) -> None:  # type: ignore[no-untyped-def]
    """The control is the library's own error, which does hold the cell for all that are listed here."""
    cell = next(canary for canary in canaries if not canary.isascii())
    with pytest.raises(UnexpectedFailure) as caught, value_free():
        failing(cell)
    assert traces(canaries, f"{caught.value} {caught.value.__cause__}".encode()) == []
    assert caught.value.__suppress_context__


def test_a_persons_error_keeps_its_text() -> None:
    with pytest.raises(UserError, match="do next"), value_free():
        raise UserError("something", where="here", allowed="this", next_step="that")
