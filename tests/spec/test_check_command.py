"""The command `check`: whose file it is, what it writes, how it ends; and the partner's own file given back annotated."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path

import pytest
from openpyxl import Workbook
from test_report import HEADERS, partner_of, rows
from typer.testing import CliRunner, Result

from ingest.report.choice import choose_partner
from ingest.validation.checking import BatchCheck, check_batch
from pipelines.checking import annotate, check_files
from pipelines.cli import app
from pipelines.instance import Instance
from pipelines.settings import Settings
from schemas.partner import RETURNED_COLUMNS, Partner
from schemas.template import standard_partner
from schemas.vocabulary import LANGUAGES, Language

CLEAN = ";".join(HEADERS["en"]) + "\n1;01/02/2020;W;20;2000;FR;\n"


class Known(Instance):
    """An instance that knows some partners and has no folder."""

    def __init__(self, *partners: Partner) -> None:
        super().__init__(Settings(home=Path("/nowhere/at/all")))
        self.__dict__["partners"] = {partner.name: partner for partner in partners}


def other_partner(name: str, headers: tuple[str, ...], **changes: object) -> Partner:
    fields = ("source_record_id", "registration_date", "given_name", "family_name", "gender_code", "citizenship_code")
    columns = {header: {"field": field} for header, field in zip(headers, fields, strict=False)}
    content = {"name": name, "title": name.title(), "language": "fr", "agreement": "none", "files": [{"name": "f", "columns": columns}]}
    return Partner.model_validate(content | changes)


def annotated(
    payload: bytes, folder: Path, partner: Partner, *, name: str = "cases.csv", language: Language = "en"
) -> tuple[Path, BatchCheck]:
    """The file given back, and what was found of it."""
    file = folder / name
    file.write_bytes(payload)
    checked = check_files(Known(partner), [file], partner, language, keep_problems=True)
    assert checked.check is not None
    (written,) = annotate(checked, [file], folder / "back.csv")
    return written, checked.check


def without_whole_file(check: BatchCheck) -> list[object]:
    """What was found of rows; how the file was saved may differ from how it came."""
    return [finding for finding in check.findings if finding.rows]


class TestTheFileGivenBack:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    @pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
    def test_checked_again_it_has_the_same_account_and_the_same_findings(self, tmp_path: Path, encoding: str, line_end: str) -> None:
        text = rows().replace("\n", line_end)
        back, first = annotated(text.encode(encoding), tmp_path, partner_of())
        again = check_batch([back], partner_of())
        assert again.ledger == first.ledger
        assert without_whole_file(again) == without_whole_file(first)

    def test_it_given_back_again_has_two_columns_more_and_not_four(self, tmp_path: Path) -> None:
        back, first = annotated(rows().encode(), tmp_path, partner_of())
        once = back.read_bytes()
        twice, again = annotated(once, tmp_path, partner_of(), name="again.csv")
        assert again.ledger == first.ledger
        assert twice.read_text(encoding="utf-8-sig").splitlines()[1] == ";".join((*HEADERS["en"], *RETURNED_COLUMNS))
        assert without_whole_file(check_batch([twice], partner_of())) == without_whole_file(first)

    def test_every_row_stands_where_it_stood_with_its_cells_unchanged(self, tmp_path: Path) -> None:
        before = rows().replace("Servitude|CANARY5", '"Servi""tude\n|CANARY5"')
        back, _ = annotated(before.encode(), tmp_path, partner_of())
        old = [line for line in before.split("\n") if line]
        new = [line for line in back.read_text(encoding="utf-8-sig").split("\n") if line]
        assert len(old) == len(new)
        assert all(after.startswith(line) for line, after in zip(old, new, strict=True))

    def test_beside_a_row_stand_the_codes_with_their_columns_and_what_to_do(self, tmp_path: Path) -> None:
        back, _ = annotated(rows().encode(), tmp_path, partner_of())
        table = list(csv.reader(io.StringIO(back.read_text(encoding="utf-8-sig")), delimiter=";"))
        assert table[0] == ["A list of cases", *[""] * 8]
        assert table[1][-2:] == list(RETURNED_COLUMNS)
        assert table[2][-2:] == ["", ""]
        assert table[3][-2:] == ["date_invalid (Day)", "Day: Write the date in the agreed format. (a date such as 31/12/2024)"]
        codes = ("category_unknown (Country)", "category_unknown (Forms)", "category_unknown (Sex)", "date_invalid (Born)")
        assert table[4][-2].split(", ") == [*codes, "number_invalid (Age)"]
        assert table[6] == []

    @pytest.mark.parametrize(("language", "said"), [("fr", "Écrivez la date"), ("es", "Escriba la fecha"), ("ar", "اكتب التاريخ")])
    def test_what_to_do_is_said_in_the_readers_language(self, tmp_path: Path, language: Language, said: str) -> None:
        back, _ = annotated(rows().encode(), tmp_path, partner_of(), language=language)
        assert said in back.read_text(encoding="utf-8-sig")

    def test_a_row_of_another_encoding_keeps_its_bytes(self, tmp_path: Path) -> None:
        sound = CLEAN + "".join(f"{number};01/02/2020;W;20;2000;Côte d’Ivoire;\n" for number in range(3, 6))
        payload = sound.encode() + "2;01/02/2020;W;20;2000;Côte d’Ivoire;\n".encode("cp1252")
        back, first = annotated(payload, tmp_path, partner_of())
        assert first.ledger.quarantined == 1
        assert "Côte d’Ivoire".encode("cp1252") in back.read_bytes()
        assert check_batch([back], partner_of()).ledger == first.ledger

    def test_a_workbook_comes_back_as_text(self, tmp_path: Path) -> None:
        book = Workbook()
        for row in csv.reader(io.StringIO(CLEAN + "2;01/02/2020;?;20;2000;FR;\n"), delimiter=";"):
            book.active.append(row)
        stream = io.BytesIO()
        book.save(stream)
        back, first = annotated(stream.getvalue(), tmp_path, partner_of(), name="cases.xlsx")
        assert (first.ledger.accepted, first.ledger.quarantined) == (1, 1)
        assert check_batch([back], partner_of()).ledger == first.ledger

    @pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
    def test_a_workbook_of_a_partner_that_agreed_on_another_encoding_keeps_its_letters(self, tmp_path: Path, encoding: str) -> None:
        """Its first megabyte is ASCII alone, so that nothing in it speaks for an encoding."""
        plain = [[str(number), "01/02/2020", "W", "20", "2000", "FR", "x" * 90] for number in range(12_000)]
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in [list(HEADERS["en"]), *plain, ["last", "01/02/2020", "W", "20", "2000", "FR", "Zoë Côté"]]:
            sheet.append(row)
        stream = io.BytesIO()
        book.save(stream)
        agreed = partner_of()
        saved = agreed.files[0].format.model_copy(update={"encoding": encoding, "separator": ";"})
        agreed = agreed.model_copy(update={"files": (agreed.files[0].model_copy(update={"format": saved}),)})
        back, _ = annotated(stream.getvalue(), tmp_path, agreed, name="cases.xlsx")
        assert back.stat().st_size > 1 << 20
        assert "Zoë Côté" in back.read_text(encoding="utf-8-sig").splitlines()[-1]

    def test_it_is_readable_by_its_owner_alone_and_leaves_nothing_half_written(self, tmp_path: Path) -> None:
        (tmp_path / "back.csv").write_text("an older one that anybody may read")
        back, _ = annotated(rows().encode(), tmp_path, partner_of())
        assert stat.S_IMODE(back.stat().st_mode) == 0o600
        assert sorted(path.name for path in tmp_path.iterdir()) == ["back.csv", "cases.csv"]


NEEDED = ("source_record_id", "registration_date")


class TestWhoseFileItIs:
    PARTNERS = (
        partner_of(),
        other_partner("clinic", ("Dossier", "Date d'entrée", "Prénom", "Nom")),
        other_partner("wide", ("Dossier", "Date d'entrée", "Prénom", "Nom", "Sexe", "Pays")),
    )

    def choose(self, tmp_path: Path, header: str, *partners: Partner, template: Partner | None = None) -> str | None:
        file = tmp_path / "some.csv"
        file.write_text(header + "\n", encoding="utf-8")
        choice = choose_partner([file], {partner.name: partner for partner in partners or self.PARTNERS}, template)
        assert len(choice.fits) <= 3
        if choice.partner is None:  # then those that fit best are told, best first; else the one that was taken leads
            assert [fit.share for fit in choice.fits] == sorted([fit.share for fit in choice.fits], reverse=True)
        elif choice.partner.name != "template-en":
            assert choice.fits[0].partner == choice.partner.name
        return None if choice.partner is None else choice.partner.name

    def test_it_is_the_partners_whose_columns_fit(self, tmp_path: Path) -> None:
        assert self.choose(tmp_path, ";".join(HEADERS["ar"])) == "one"
        assert self.choose(tmp_path, "Dossier,Date d'entrée,Prénom,Nom") == "clinic"

    def test_a_partner_whose_columns_are_a_few_of_those_there_is_not_as_likely(self, tmp_path: Path) -> None:
        assert self.choose(tmp_path, "Dossier,Date d'entrée,Prénom,Nom,Sexe,Pays") == "wide"

    def test_of_two_that_fit_alike_none_is_taken(self, tmp_path: Path) -> None:
        twins = [other_partner(name, ("Dossier", "Date d'entrée", "Prénom", "Nom")) for name in ("left", "right")]
        assert self.choose(tmp_path, "Dossier,Date d'entrée,Prénom,Nom", *twins) is None

    def test_a_file_that_fits_nobody_is_nobodys(self, tmp_path: Path) -> None:
        assert self.choose(tmp_path, "a,b,c") is None
        assert self.choose(tmp_path, "Dossier,Date d'entrée,x,y") is None

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_standard_template_is_known_in_every_language_also_beside_partners_who_fill_it_in(
        self, tmp_path: Path, language: Language
    ) -> None:
        filling_in = Partner.model_validate({"name": "filler", "title": "F", "language": "fr", "agreement": "none", "template": ["victim"]})
        header = ",".join(standard_partner(language).files[0].columns)
        for known in ((*self.PARTNERS,), (*self.PARTNERS, filling_in)):
            assert self.choose(tmp_path, header, *known, template=standard_partner("en")) == "template-en"

    def test_the_two_columns_that_the_template_needs_among_many_unknown_ones_make_no_template(self, tmp_path: Path) -> None:
        needed = [name for name, column in standard_partner("en").files[0].columns.items() if column.field in NEEDED]
        others = [f"Measured thing {number}" for number in range(20)]
        assert self.choose(tmp_path, ",".join([*needed, *others]), template=standard_partner("en")) is None
        assert self.choose(
            tmp_path, ",".join([*needed, "Gender", "Citizenship", "Family name", "Given name"]), template=standard_partner("en")
        )

    def test_an_unknown_layout_is_refused_with_those_that_fit_best(self, tmp_path: Path) -> None:
        file = tmp_path / "some.csv"
        file.write_text("Dossier,Date d'entrée,x,y\n1,2,3,4\n", encoding="utf-8")
        report = check_files(Known(*self.PARTNERS), [file], None, "fr").report
        assert report.refusal is not None
        assert (report.verdict, report.refusal.code, report.partner) == ("refused", "layout_unknown", None)
        assert report.fits[0].partner == "clinic"
        assert "clinic (50,0\u00a0%)" in report.refusal.allowed

    def test_a_file_of_the_template_is_not_sent_under_the_templates_name(self, tmp_path: Path) -> None:
        file = tmp_path / "some.csv"
        columns = standard_partner("en").files[0].columns
        needed = {"source_record_id": "1", "registration_date": "2020-01-01"}
        values = [needed.get(column.field, "") for column in columns.values()]
        file.write_text(",".join(columns) + "\n" + ",".join(values) + "\n", encoding="utf-8")
        report = check_files(Known(), [file], None, "en").report
        assert report.verdict == "accepted"
        assert "casehouse submit" not in report.next_step


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one partner's file, an instance's home that is not there, and a clean file to check."""
    (tmp_path / "partners").mkdir()
    content = partner_of().model_dump(mode="json", exclude_defaults=True)
    (tmp_path / "partners" / "one.yml").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    monkeypatch.setenv("CASEHOUSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CASEHOUSE_PARTNERS", str(tmp_path / "partners"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clean.csv").write_text(CLEAN, encoding="utf-8")
    (tmp_path / "faulty.csv").write_text(rows(), encoding="utf-8")
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


class TestTheCommand:
    @pytest.mark.parametrize(("file", "code"), [("clean.csv", 0), ("faulty.csv", 1), ("odd.csv", 2)])
    @pytest.mark.parametrize("partner", [(), ("--partner", "one")])
    def test_its_exit_code_says_whether_all_some_or_nothing_can_be_taken_in(
        self, place: Path, file: str, code: int, partner: tuple[str, ...]
    ) -> None:
        assert run(file, *partner).exit_code == code
        assert not (place / "home").exists()

    def test_it_prints_the_json_alone_where_it_is_asked_to(self, place: Path) -> None:
        done = run("faulty.csv", "--json", "-", "--html", "R.html")
        content = json.loads(done.stdout)
        assert content["received"] == sum(content[name] for name in ("accepted", "quarantined", "rejected", "non_data"))
        assert "R.html" in done.stderr

    @pytest.mark.parametrize("file", ["faulty.csv", "odd.csv"])
    def test_it_writes_every_form_also_of_a_refusal(self, place: Path, file: str) -> None:
        done = run(file, "--lang", "ar", "--json", "R.json", "--html", "R.html", "--annotated", "BACK.csv")
        content = json.loads((place / "R.json").read_text(encoding="utf-8"))
        assert content["language"] == "ar"
        assert 'dir="rtl"' in (place / "R.html").read_text(encoding="utf-8")
        assert (place / "BACK.csv").exists() == (content["verdict"] != "refused")
        assert "BACK.csv" in done.stderr
        assert content["verdict_text"] in done.stdout

    def test_it_speaks_the_partners_language_unless_another_is_asked_for(self, place: Path) -> None:
        assert "received" in run("clean.csv").stdout
        assert "reçues" in run("clean.csv", "--lang", "fr").stdout

    @pytest.mark.parametrize(
        "arguments", [("--json", "clean.csv"), ("--annotated", "./clean.csv"), ("--html", "R", "--json", "R"), ("--html", "linked.csv")]
    )
    def test_it_never_writes_over_a_file_that_it_checks(self, place: Path, arguments: tuple[str, ...]) -> None:
        (place / "linked.csv").symlink_to(place / "clean.csv")
        done = run("clean.csv", *arguments)
        assert done.exit_code == 1
        assert "another" in str(done.exception)
        assert (place / "clean.csv").read_text(encoding="utf-8") == CLEAN

    def test_a_folder_that_cannot_be_written_is_said_without_a_trace(self, place: Path) -> None:
        done = run("clean.csv", "--html", "absent/R.html")
        assert "refused to read or write" in str(done.exception)

    def test_several_files_come_back_each_under_its_own_name(self, place: Path) -> None:
        files = [
            {"name": name, "columns": {f"{name} id": {"field": "source_record_id"}, f"{name} day": {"field": "registration_date"}}}
            for name in ("north", "south")
        ]
        content = partner_of(files=files, name="two").model_dump(mode="json", exclude_defaults=True)
        (place / "partners" / "two.yml").write_text(json.dumps(content), encoding="utf-8")
        (place / "n.csv").write_text("north id,north day\n1,2020-01-01\n")
        (place / "s.csv").write_text("south id,south day\n1,2020-01-01\n")
        done = run("s.csv", "n.csv", "--annotated", "B.csv")
        assert done.exit_code == 0
        assert (place / "B-north.csv").read_text(encoding="utf-8-sig").startswith("north id")
        assert (place / "B-south.csv").read_text(encoding="utf-8-sig").startswith("south id")
        again = run("B-north.csv", "s.csv", "--annotated", "B.csv")
        assert "over one that is checked" in str(again.exception)


def test_no_network_is_asked_and_no_key_needed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("a check asks nobody")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name in [name for name in os.environ if name.startswith("CASEHOUSE_") and name.endswith("KEY_FILE")]:
        monkeypatch.delenv(name)
    assert run("clean.csv").exit_code == 0
