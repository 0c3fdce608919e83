"""Canaries are planted in every kind of cell; every failure of the catalogue is forced; no trace of a canary may be found anywhere.

Searched: the bytes of every file of the instance (vault, warehouse, Dagster's storage, release), every table of every
database as text, everything the commands print, every exception. The positive control is the inbox: there they must be found.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from anonymize.sweep import identifiers_in_text
from engine.duck import connect
from ingest.checking import check_batch
from ingest.report.build import checked_report
from ingest.report.page import report_page
from ingest.report.text import report_text
from ingest.validation import validate_batch
from pipelines.failures import UnexpectedFailure, value_free
from pipelines.inbox import arrivals, payloads_at
from pipelines.instance import Instance
from pipelines.runner import open_runner
from pipelines.stages import swept
from sample_data.refused import refused_batches
from schemas.errors import UserError
from schemas.problems import Severity, catalogue
from schemas.vocabulary import LANGUAGES
from tests.conftest import Walk
from warehouse.store import open_store

CASEHOUSE = str(Path(sys.executable).with_name("casehouse"))
ENCODINGS = ("utf-8", "utf-16-le", "cp1252", "cp1251", "cp1256")


@pytest.fixture(scope="module")
def canaries(walk: Walk) -> list[str]:
    found: list[str] = json.loads((walk.sample / "canaries.json").read_text(encoding="utf-8"))
    assert len(found) >= 30
    return found


@pytest.fixture(scope="module")
def disturbed(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """A copy of the walked instance after it also met every batch that must be refused; the texts of the refusals with it."""
    from tests.conftest import instance_at

    place = tmp_path_factory.mktemp("leak")
    shutil.copytree(walk.instance.home, place / "home", symlinks=True)
    instance = instance_at(place / "home")
    refusals: dict[str, str] = {}
    with instance.hold():
        take_in_odd_batch(instance, place)
        for partner, code, files in refused_in(place / "refused"):
            target = instance.inbox / partner / f"refused-{code}"
            target.mkdir(parents=True)
            for file in files:
                shutil.copy(file, target / file.name)
            with open_runner(instance) as runner:
                for arrival in arrivals(instance.inbox, partner):
                    result = runner.ingest(arrival)
                    assert not result.has_succeeded, f"a batch made to be refused with {code} was taken in"
                    refusals[code] = result.failure
            shutil.rmtree(target)
    return Walk(instance, walk.sample, refusals)


def take_in_odd_batch(instance: Instance, place: Path) -> None:
    """A batch that is taken in with the two problems that the sample has not: far too small, and with signs for unknown."""
    partner = instance.partners["ar-linea-145"]
    row = {
        "nro_registro_interno": "7",
        "fecha_ingreso": "2021-05-04",
        "fecha_ingreso_denuncia": "2021-05-04",
        "referido_tipo": "Victima directa",
    }
    row |= {"edad_aparente": "0", "localidad": "Zephyrelle Quorndyke", "genero": "Mujer", "tema": "Trata"}
    folder = instance.inbox / partner.name / "odd"
    folder.mkdir(parents=True)
    for file in partner.files:
        headers = sorted(file.known_headers())
        text = ",".join(headers) + "\n" + ",".join(row.get(header, "") for header in headers) + "\n"
        (folder / f"{file.name}.csv").write_text(text, encoding="utf-8-sig")
    with open_runner(instance) as runner:
        result = runner.ingest(arrivals(instance.inbox, partner.name)[0])
    assert result.has_succeeded, result.failure


def refused_in(folder: Path) -> Iterator[tuple[str, str, list[Path]]]:
    """Partner, code and files of every batch that the generator makes to be refused."""
    for batch in refused_batches(folder):
        yield batch.partner, batch.code, list(batch.files)


def forms_of(canary: str) -> set[bytes]:
    """The canary as bytes: as written, folded, without accents, in the encodings partners use."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", canary) if not unicodedata.combining(letter))
    texts = {canary, canary.casefold(), canary.upper(), plain, plain.casefold()}
    found = set()
    for text in texts:
        for encoding in ENCODINGS:
            try:
                found.add(text.encode(encoding))
            except UnicodeEncodeError:
                continue
        found.add(json.dumps(text)[1:-1].encode())
    return {form for form in found if len(form) >= 6}


def traces(canaries: list[str], haystack: bytes) -> list[int]:
    """Which canaries, by number, stand in the bytes."""
    return [number for number, canary in enumerate(canaries) if any(form in haystack for form in forms_of(canary))]


def database_text(path: Path) -> str:
    """Every cell of every table of a DuckDB or SQLite file, as text: storage may be compressed."""
    if path.suffix == ".duckdb":
        connection = connect(path, read_only=True)
        tables = [row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return "\n".join(str(connection.execute(f"select * from {table}").fetchall()) for table in tables)
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    tables = [row[0] for row in reader.execute("select name from sqlite_master where type = 'table'")]
    return "\n".join(str(reader.execute(f'select * from "{table}"').fetchall()) for table in tables)


def test_the_search_finds_a_canary_where_there_is_one(walk: Walk, canaries: list[str]) -> None:
    """The control: the sample inbox holds them all, so a search that finds nothing there searches wrongly."""
    everything = b"".join(path.read_bytes() for path in (walk.sample / "inbox").rglob("*.csv"))
    missed = set(range(len(canaries))) - set(traces(canaries, everything))
    assert len(missed) <= len(canaries) // 3
    assert len(traces(canaries, everything)) >= 30


def test_every_problem_of_the_catalogue_was_forced(disturbed: Walk) -> None:
    with open_store(disturbed.instance.warehouse_file, read_only=True) as store:
        found = set(pl.concat([store.problems(batch_id) for batch_id in store.ledgers()])["code"].unique())
    blocked = {code for code, problem in catalogue().items() if problem.severity is Severity.BLOCK}
    assert set(disturbed.refusals) == blocked
    assert set(catalogue()) - blocked - found == set()


def test_no_file_of_the_instance_holds_a_canary(disturbed: Walk, canaries: list[str]) -> None:
    files = [path for path in disturbed.instance.home.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 30
    assert {path.name: traces(canaries, path.read_bytes()) for path in files if traces(canaries, path.read_bytes())} == {}


def test_no_table_of_a_database_holds_a_canary(disturbed: Walk, canaries: list[str]) -> None:
    databases = [path for path in disturbed.instance.home.rglob("*") if path.suffix in {".duckdb", ".db"} and path.is_file()]
    assert len(databases) >= 3
    for path in databases:
        assert traces(canaries, database_text(path).encode()) == [], path.name


def test_no_refusal_holds_a_canary(disturbed: Walk, canaries: list[str]) -> None:
    assert traces(canaries, "\n".join(disturbed.refusals.values()).encode()) == []


def test_no_report_holds_a_canary_in_any_language(walk: Walk, canaries: list[str]) -> None:
    partners = walk.instance.partners
    for folder in sorted((walk.sample / "inbox").iterdir()):
        partner = partners[folder.name]
        for entry in sorted(folder.iterdir()):
            found = check_batch(payloads_at(entry), partner, sweep=identifiers_in_text)
            reports = [checked_report(found, partner, language) for language in LANGUAGES]
            said = [text for report in reports for text in (report_text(report), report_page(report), report.model_dump_json())]
            result = swept(validate_batch(payloads_at(entry), partner, "leak"))
            assert traces(canaries, "\n".join([*said, repr(found), repr(result), str(result.accepted)]).encode()) == []


@pytest.mark.slow
def test_no_command_prints_a_canary(disturbed: Walk, canaries: list[str]) -> None:
    environment = {**os.environ, "CASEHOUSE_HOME": str(disturbed.instance.home), "COLUMNS": "400"}
    with open_store(disturbed.instance.warehouse_file, read_only=True) as store:
        batches = list(store.ledgers())
    commands = [["status"], ["run"], ["release"], *[["problems", batch_id] for batch_id in batches[:1]]]
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
