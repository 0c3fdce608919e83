"""`casehouse encode`: what of a partner's file goes, what stays, what is said, and what is refused."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest
from openpyxl import Workbook

from ingest.validation.checking import check_batch
from linkage.private.clk import CLK_PATTERN
from linkage.private.rounds import key_file, read_key_file, round_key
from linkage.private.tokens import TOKEN_PATTERN, person_tokens
from pipelines.cli import main
from pipelines.settings import ROOT
from schemas.partner import load_partners

MASTER = b"a master secret of the tests, which protects nobody"
HEADERS = ("codice", "data_segnalazione", "nome", "cognome", "nascita", "documento", "sesso", "fascia_eta", "cittadinanza", "forme", "note")
COLUMNS = "given_name=nome,family_name=cognome,birth_date=nascita,document_number=documento"
ROWS = (
    ("IT-1", "2020-05-01", "Yasmin", "Zwolińska", "1990-05-17", "AB 778899", "F", "27-29", "SO", "caporalato", "ha visto Yasmin"),
    ("IT-2", "2020-05-02", "Jasmin", "zwolinska", "1990-05-17", "", "F", "27-29", "SO", "caporalato", ""),
    ("IT-3", "2020-05-03", "Mohammed", "Ahmed", "1990", "", "M", "27-29", "SO", "caporalato", ""),
    ("IT-4", "2020-05-04", "Selam", "Bekele", "", "ET-445566", "F", "27-29", "ET", "caporalato", ""),
    ("IT-5", "2020-05-05", "Selam", "", "1995", "", "F", "27-29", "n.d.", "caporalato", ""),
)
SECRETS = ("yasmin", "jasmin", "zwoli", "mohammed", "selam", "bekele", "778899", "445566", "1990", "1995", "ha visto")


class Desk:
    """A folder with the key file and the table, and the command typed in it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        (folder / "key.json").write_bytes(key_file(MASTER, "2026-1"))
        self.table = folder / "persone.csv"
        self.put(ROWS)
        monkeypatch.setenv("CASEHOUSE_HOME", str(folder / "home"))

    def put(self, rows: tuple[tuple[str, ...], ...], headers: tuple[str, ...] = HEADERS) -> None:
        with self.table.open("w", newline="", encoding="utf-8") as handle:
            csv.writer(handle).writerows([headers, *rows])

    def encode(self, *options: str, table: Path | None = None) -> int:
        typed = ["casehouse", "encode", str(table or self.table), "--key-file", str(self.folder / "key.json")]
        self.monkeypatch.setattr(sys, "argv", [*typed, "--out", str(self.folder / "out.csv"), *options])
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    @property
    def said(self) -> str:
        captured = self.capsys.readouterr()
        return " ".join((captured.out + captured.err).split())

    @property
    def out(self) -> list[dict[str, str]]:
        with (self.folder / "out.csv").open(newline="", encoding="utf-8") as handle:
            return list(csv.DictReader(handle))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


def test_names_go_and_tokens_come(desk: Desk) -> None:
    assert desk.encode("--partner", "it-tokens", "--columns", COLUMNS) == 0
    assert list(desk.out[0]) == ["codice", "data_segnalazione", "sesso", "fascia_eta", "cittadinanza", "forme", "gettone"]
    first, second, third, *_ = desk.out
    assert (first["codice"], first["sesso"], first["cittadinanza"]) == ("IT-1", "F", "SO")
    shared = set(first["gettone"].split()) & set(second["gettone"].split())
    assert {each.split(".")[1] for each in shared} == {"nnd", "ncd", "rgd", "nry"}
    assert third["gettone"] == ""


def test_it_says_how_many_got_tokens_and_why_others_got_none(desk: Desk) -> None:
    desk.encode("--partner", "it-tokens", "--columns", COLUMNS)
    said = desk.said
    assert "5 record(s) encoded for linkage round 2026-1: 11 tokens" in said
    assert "1 with 3 to 5 tokens" in said
    assert "1 with 6 to 10 tokens" in said
    assert "1 with none: no birth date and no birth year could be read" in said
    assert "1 with none: a birth date, but neither a name of two parts, nor a document, nor a telephone number" in said
    assert "1 with none: a birth year only, and no rare name, document or telephone number" in said
    assert "6 column(s) stay beside the tokens, 5 are left out" in said
    assert "they stay as they are: codice, data_segnalazione, sesso, fascia_eta, cittadinanza, forme" in said


def test_neither_names_nor_the_key_stand_in_what_is_written_or_said(desk: Desk) -> None:
    desk.encode("--partner", "it-tokens", "--columns", COLUMNS, "--clk")
    written = (desk.folder / "out.csv").read_text(encoding="utf-8")
    shown = written + desk.said
    key = round_key(MASTER, "2026-1")
    for secret in (*SECRETS, key.hex(), MASTER.hex(), MASTER.decode()):
        assert secret.lower() not in shown.lower().replace("2026-1", "")
    assert sorted(path.name for path in desk.folder.iterdir()) == ["key.json", "out.csv", "persone.csv"]


def test_what_is_written_passes_the_check_of_the_layout_with_tokens(desk: Desk) -> None:
    desk.encode("--partner", "it-tokens", "--columns", COLUMNS)
    partner = load_partners(ROOT / "partners")["it-tokens"]
    checked = check_batch([desk.folder / "out.csv"], partner)
    assert (checked.ledger.received, checked.ledger.accepted) == (5, 5)
    assert not [finding.code for finding in checked.findings if finding.rows]


def test_without_a_partner_file_only_what_is_named_is_read_and_stays(desk: Desk) -> None:
    assert desk.encode("--columns", f"source_record_id=codice,{COLUMNS}", "--keep", "sesso") == 0
    assert list(desk.out[0]) == ["codice", "sesso", "person_token"]
    first = desk.out[0]["person_token"].split()
    assert {each.split(".")[1] for each in first} == {"nnd", "nry", "idy"}


def test_a_spreadsheet_with_dates_of_another_order_gives_the_same_tokens(desk: Desk) -> None:
    desk.encode("--columns", "source_record_id=codice", "--columns", COLUMNS)
    from_text = desk.out[0]["person_token"]
    (desk.folder / "out.csv").unlink()
    book = Workbook()
    book.active.append(list(HEADERS))
    for row in ROWS[:1]:
        book.active.append([*row[:4], "17/05/1990", *row[5:]])
    book.save(desk.folder / "persone.xlsx")
    options = ("--columns", f"source_record_id=codice,{COLUMNS}", "--date-format", "%d/%m/%Y")
    assert desk.encode(*options, table=desk.folder / "persone.xlsx") == 0
    assert desk.out[0]["person_token"] == from_text


def test_tokens_are_those_that_linkage_makes_of_the_same_person(desk: Desk) -> None:
    import polars as pl

    desk.encode("--partner", "it-tokens", "--columns", COLUMNS)
    known = {"given_name": "Yasmin", "family_name": "Zwolińska", "birth_date": "1990-05-17", "gender_code": "woman"}
    named = pl.DataFrame([known | {"citizenship_code": "SO", "document_number": "AB778899"}])
    assert desk.out[0]["gettone"] == person_tokens(named, "2026-1", round_key(MASTER, "2026-1"))[0]


def test_a_filter_for_review_is_added_on_demand(desk: Desk) -> None:
    import re

    desk.encode("--partner", "it-tokens", "--columns", COLUMNS, "--clk")
    cells = [row["gettone"] for row in desk.out]
    assert [bool(re.search(CLK_PATTERN, cell)) for cell in cells] == [True, True, True, False, True]
    assert re.fullmatch(f"{TOKEN_PATTERN}( {TOKEN_PATTERN}| {CLK_PATTERN})*", cells[0])


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ((), "nothing says where record numbers, birth dates, and names or numbers stand"),
        (("--columns", "family_name=cognome,birth_date=nascita"), "nothing says where record numbers"),
        (("--columns", "cognome"), "a column is given twice or not as field=header"),
        (("--columns", "family_name=cognome", "--columns", "family_name=nome"), "a column is given twice"),
        (("--columns", "surname=cognome"), "there is no field surname"),
        (("--columns", f"source_record_id=codice,{COLUMNS}", "--keep", "cognome"), "1 column(s) that --keep names hold an identifier"),
        (
            ("--columns", "source_record_id=codice,family_name=cognome,birth_date=nascita", "--keep", "nome"),
            "1 column(s) that --keep names are",
        ),
        (("--partner", "be-court", "--columns", COLUMNS), "several files that belong together"),
        (("--partner", "nobody", "--columns", COLUMNS), "there is no partner of that name"),
    ],
)
def test_what_cannot_be_encoded_is_refused_in_words(desk: Desk, options: tuple[str, ...], what: str) -> None:
    assert desk.encode(*options) == 2
    assert what in desk.said
    assert not (desk.folder / "out.csv").exists()


def test_nothing_is_ever_written_over(desk: Desk) -> None:
    (desk.folder / "out.csv").write_text("mine", encoding="utf-8")
    assert desk.encode("--partner", "it-tokens", "--columns", COLUMNS) == 2
    assert "there is a file of that name already" in desk.said
    assert (desk.folder / "out.csv").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda text: text.replace('"normaliser": "2"', '"normaliser": "1"'), "the key file asks for version '1' of the normaliser"),
        (lambda text: text.replace("2026-1", "2026-2"), "its check value does not fit"),
        (lambda text: text[:-20], "no key file of a linkage round"),
        (lambda text: "codice,nome\n1,Yasmin\n", "no key file of a linkage round"),
    ],
    ids=["older normaliser", "another round", "cut", "another file"],
)
def test_a_key_file_that_is_not_the_rounds_is_refused(desk: Desk, change, what: str) -> None:  # type: ignore[no-untyped-def]
    path = desk.folder / "key.json"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert desk.encode("--partner", "it-tokens", "--columns", COLUMNS) == 2
    said = desk.said
    assert what in said
    assert round_key(MASTER, "2026-1").hex() not in said
    assert "yasmin" not in said.lower()


def test_a_key_file_holds_the_rounds_key_and_nothing_of_the_master() -> None:
    payload = key_file(MASTER, "2026-1")
    found = read_key_file(payload, "key.json")
    assert (found.round, found.secret) == ("2026-1", round_key(MASTER, "2026-1"))
    assert MASTER.hex().encode() not in payload
    assert MASTER not in payload
    assert found.key not in f"{found!r} {found}"


def test_a_file_whose_tokens_repeat_too_often_is_warned_about(desk: Desk) -> None:
    desk.put(tuple((f"IT-{number}", *ROWS[0][1:]) for number in range(20)))
    desk.encode("--partner", "it-tokens", "--columns", COLUMNS)
    assert "warning one token of the kind nnd stands on 20 records" in desk.said


@pytest.mark.parametrize(
    ("column", "cell"),
    [("note", "ha visto YASMIN ieri"), ("note", "doc. AB-778899"), ("note", "nata 17/05/1990"), ("codice", "Zwolinska-1")],
)
def test_a_kept_cell_that_repeats_its_own_person_is_refused_by_its_row(desk: Desk, column: str, cell: str) -> None:
    place = HEADERS.index(column)
    clean = [(*row[:-1], "") for row in ROWS]
    clean[0] = (*clean[0][:place], cell, *clean[0][place + 1 :])
    desk.put(tuple(clean))
    assert desk.encode("--columns", f"source_record_id=codice,{COLUMNS}", "--keep", "note") == 2
    said = desk.said
    assert f"where: column(s) {column}; row(s) 2" in said
    assert cell not in said
    assert not (desk.folder / "out.csv").exists()


def test_cells_that_name_somebody_else_or_nobody_stay(desk: Desk) -> None:
    desk.put(tuple((*row[:-1], "ha visto Abdulrahman a Torino, 3 volte") for row in ROWS))
    assert desk.encode("--columns", f"source_record_id=codice,{COLUMNS}", "--keep", "note") == 0


def test_a_bare_year_is_a_birth_year_whatever_form_dates_have(desk: Desk) -> None:
    row = ("IT-9", "2020-05-01", "Yasmin", "Zwolińska", "1990", "AB 778899", *ROWS[0][6:])
    desk.put((row,))
    assert desk.encode("--columns", f"source_record_id=codice,{COLUMNS}", "--date-format", "%d/%m/%Y") == 0
    assert {each.split(".")[1] for each in desk.out[0]["person_token"].split()} >= {"idy"}
