"""Everything that can go wrong with batches, done to one instance: what the sample alone does not show.

Here: a partner whose file leaves much open, its batches and withdrawals, and every batch that is refused. Never here: the
search for what leaked.
"""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from pipelines import corrections
from pipelines.inbox import arrivals
from pipelines.instance import Instance
from pipelines.runner import Runner
from sample_data.refused import refused_batches

ODD = "odd-ngo"
SPECIFICATION = """\
name: odd-ngo
title: Odd NGO
language: en
agreement: none, everyone is invented
simulated: true
files:
  - name: cases
    columns:
      Number: {field: source_record_id}
      Registered: {field: registration_date}
      Born: {field: birth_date}
      Surname: {field: family_name}
      Sex: {field: gender_code}
    action: {column: Wanted, values: {add: add, replace: replace, withdraw: withdraw}}
"""
HEADER = ("Number", "Registered", "Born", "Surname", "Sex", "Wanted")
STANDING, REPLACED, ASKED_ABOUT, WITHDRAWN, HIDDEN, TAKEN_BACK = (
    "Zephyrelle Quorndyke",
    "Bartholomeus Vintzgard",
    "Ximenara Ulloqueta",
    "Wilhelmijntje Oostrovanck",
    "Ottokarine Vlessenbrug",
    "Ulpiana Zarrabeitxo",
)
"""Canaries by what becomes of their record at the odd partner."""
FIRST = (
    ("1", "13/05/2021", "", STANDING, "woman", ""),
    ("2", "14/05/2021", "", REPLACED, "woman", ""),
    ("3", "15/05/2021", "03/04/1987", ASKED_ABOUT, "woman", ""),
    ("4", "16/05/2021", "", WITHDRAWN, "woman", ""),
)


@dataclass(frozen=True)
class Disturbed:
    """What the disturbances said: the text of each refusal by its code, the batch that was withdrawn, and the first odd one."""

    refusals: dict[str, str]
    withdrawn_batch: str
    first_batch: str


def disturb(instance: Instance, runner: Runner, place: Path) -> Disturbed:
    """Take in what is odd, correct and withdraw it, and have everything refused that must be."""
    _take_in(instance, runner, "ar-linea-145", _far_too_small(instance))
    _take_in(instance, runner, "it-tokens", {"tokens.csv": _one_token_for_all()})
    first = _take_in(instance, runner, ODD, {"first.csv": _other_than_agreed()})
    _take_in(instance, runner, ODD, {"second.xlsx": _corrections()})
    corrections.erase_raw(instance, first)
    _take_in(instance, runner, ODD, {"third.csv": _csv(FIRST[1], FIRST[3])})
    fourth = {"fourth.csv": _csv(("7", "20/05/2021", "", TAKEN_BACK, "woman", ""))}
    withdrawn = _take_in(instance, runner, ODD, fourth)
    corrections.withdraw_batch(instance, ODD, withdrawn)
    refusals = {"batch_withdrawn": _refused(instance, runner, ODD, fourth)}
    for batch in refused_batches(place):
        refusals[batch.code] = _refused(instance, runner, batch.partner, {path.name: path.read_bytes() for path in batch.files})
    return Disturbed(refusals, withdrawn, first)


def _take_in(instance: Instance, runner: Runner, partner: str, files: dict[str, bytes]) -> str:
    batch_id, failure = _run(instance, runner, partner, files)
    assert failure is None, failure
    return batch_id


def _refused(instance: Instance, runner: Runner, partner: str, files: dict[str, bytes]) -> str:
    _, failure = _run(instance, runner, partner, files)
    assert failure is not None, "a batch made to be refused was taken in"
    shutil.rmtree(instance.inbox / partner)
    return failure


def _run(instance: Instance, runner: Runner, partner: str, files: dict[str, bytes]) -> tuple[str, str | None]:
    """The batch's id, and what its run said when it failed."""
    folder = instance.inbox / partner / "disturbance"
    folder.mkdir(parents=True)
    for name, payload in files.items():
        (folder / name).write_bytes(payload)
    [arrival] = arrivals(instance.inbox, partner)
    result = runner.ingest(arrival)
    return arrival.batch_id, None if result.has_succeeded else result.failure


def _csv(*rows: tuple[str, ...]) -> bytes:
    return "".join(",".join(row) + "\n" for row in (HEADER, *rows)).encode()


def _other_than_agreed() -> bytes:
    """Semicolons where commas are agreed, dates without an agreed format, and a last line without an end."""
    return _csv(*FIRST).decode().replace(",", ";").strip().encode("utf-16")


def _corrections() -> bytes:
    """A workbook that replaces one record and withdraws two, one of them unknown; a row is hidden, another sheet not read."""
    book = openpyxl.Workbook()
    page, other = book.worksheets[0], book.create_sheet("Notes")
    rows = (
        ("2", "14/05/2021", "", STANDING, "man", "replace"),
        ("4", "", "", WITHDRAWN, "", "withdraw"),
        ("99", "", "", "", "", "withdraw"),
        ("5", "17/05/2021", "", HIDDEN, "woman", ""),
    )
    for row in (HEADER, *rows):
        page.append(row)
    page.row_dimensions[5].hidden = True
    other.append((ASKED_ABOUT, "is not to be read"))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _one_token_for_all() -> bytes:
    """Tokens that were made of one field, so that many persons share one, and a token of a round that never was."""
    header = "codice,data_segnalazione,gettone,sesso,fascia_eta,cittadinanza,forme\n"
    rows = (f"G-{number},2021-05-04,{'5a' * 32},F,18-20,MA,caporalato\n" for number in range(12))
    stray = f"G-99,2021-05-04,0a0a0a0a.nnd.{'5b' * 16},F,18-20,MA,caporalato\n"
    return (header + "".join(rows) + stray).encode()


def _far_too_small(instance: Instance) -> dict[str, bytes]:
    """A batch far smaller than its partner's are, with signs for unknown."""
    row = {
        "nro_registro_interno": "7",
        "fecha_ingreso": "2021-05-04",
        "fecha_ingreso_denuncia": "2021-05-04",
        "referido_tipo": "Victima directa",
        "edad_aparente": "0",
        "localidad": STANDING,
        "genero": "Mujer",
        "tema": "Trata",
    }
    files: dict[str, bytes] = {}
    for file in instance.partners["ar-linea-145"].files:
        headers = sorted(file.known_headers())
        text = ",".join(headers) + "\n" + ",".join(row.get(header, "") for header in headers) + "\n"
        files[f"{file.name}.csv"] = text.encode("utf-8-sig")
    return files
