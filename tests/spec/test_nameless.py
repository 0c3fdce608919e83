"""A partner that may send no names: its tables with names are refused, when they are checked, sent and taken in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.encoding_columns import is_naming
from pipelines.instance import Instance
from pipelines.nameless import assert_names_nobody
from pipelines.settings import ROOT, Settings
from pipelines.submission import put_batch
from schemas.errors import BatchRefused
from schemas.partner import load_partners

SOUND = ("codice", "data_segnalazione", "gettone", "sesso", "fascia_eta", "cittadinanza", "forme", "regione_ente")
CELLS = {
    "codice": "I-1",
    "data_segnalazione": "2020-01-01",
    "sesso": "F",
    "fascia_eta": "18-20",
    "cittadinanza": "MA",
    "forme": "caporalato",
}
IT = load_partners(ROOT / "partners")["it-tokens"]


def table(folder: Path, *headers: str) -> Path:
    path = folder / "reports.csv"
    path.write_text(",".join(headers) + "\n" + ",".join(CELLS.get(name, "Zwolinska") for name in headers) + "\n", encoding="utf-8")
    return path


def refused(folder: Path, *headers: str) -> str:
    with pytest.raises(BatchRefused) as caught:
        assert_names_nobody([table(folder, *headers)], IT)
    assert caught.value.code == "names_not_agreed"
    return str(caught.value)


def test_tokens_and_columns_that_name_nobody_pass(tmp_path: Path) -> None:
    assert_names_nobody([table(tmp_path, *SOUND, "colore", "data_chiusura")], IT)


def test_without_its_tokens_a_table_is_refused(tmp_path: Path) -> None:
    assert "the column gettone" in refused(tmp_path, *(name for name in SOUND if name != "gettone"))


@pytest.mark.parametrize("header", ["Cognome", "nome", "SURNAME", "first_name", "Data di nascita", "passport no", "Telefono", "اللقب"])
def test_a_column_called_as_identifiers_are_is_refused_by_its_place(tmp_path: Path, header: str) -> None:
    said = refused(tmp_path, *SOUND, header)
    assert "every column but I" in said
    assert header not in said
    assert "Zwolinska" not in said


def test_rows_that_only_withdraw_need_no_tokens_and_still_no_names(tmp_path: Path) -> None:
    partner = IT.for_withdrawing()
    assert_names_nobody([table(tmp_path, "codice")], partner, "withdraw")
    with pytest.raises(BatchRefused):
        assert_names_nobody([table(tmp_path, "codice", "cognome")], partner, "withdraw")


def test_another_partner_may_send_names(tmp_path: Path) -> None:
    allowed = IT.model_copy(update={"names": "allowed"})
    assert_names_nobody([table(tmp_path, *SOUND, "cognome")], allowed)


def test_columns_that_a_report_cannot_do_without_name_nobody() -> None:
    assert not any(map(is_naming, ("Record ID", "Date of report", "sesso", "Nationality", "")))


@pytest.mark.parametrize("words", [("check", "--partner", "it-tokens"), ("submit",), ("submit", "--force")])
def test_checking_and_sending_end_with_2(
    tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(tmp_path, *SOUND, "cognome")
    monkeypatch.setenv("CASEHOUSE_HOME", str(tmp_path / "home"))
    typed = ["casehouse", words[0], *(("it-tokens",) if words[0] == "submit" else ()), str(path), *words[1:]]
    monkeypatch.setattr(sys, "argv", typed)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert "may send no names" in " ".join((captured.out + captured.err).split())
    assert not list((tmp_path / "home").glob("inbox/it-tokens/*/*"))


def test_what_waits_in_the_inbox_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = table(tmp_path, *SOUND)
    path.chmod(0o644)
    instance = Instance(Settings(home=tmp_path / "home", partners=ROOT / "partners", products=ROOT / "products"))
    put_batch(instance, "it-tokens", [path], "report")
    [copied] = (tmp_path / "home").glob("inbox/it-tokens/*/reports.csv")
    assert copied.stat().st_mode & 0o077 == 0
    assert copied.read_bytes() == path.read_bytes()
