"""The report: what a partner is told of a checked batch, in four languages, as text, page, JSON and beside its own rows."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, ClassVar

import jsonschema
import pytest
from pydantic import ValidationError

from ingest.refusals import refusal
from ingest.report.allowed import SHOWN_CATEGORIES, allowed_texts
from ingest.report.build import checked_report
from ingest.report.document import CheckReport
from ingest.report.page import report_page
from ingest.report.refused import refused_report
from ingest.report.text import SHOWN_ROWS, WIDTH, report_text
from ingest.validation.checking import BatchCheck, check_batch
from schemas.errors import BatchRefused
from schemas.ledger import LedgerBroken
from schemas.messages import say
from schemas.partner import Partner
from schemas.problems import Severity, catalogue
from schemas.vocabulary import LANGUAGES, Language

HEADERS = {
    "en": ("Case", "Day", "Sex", "Age", "Born", "Country", "Forms"),
    "fr": ("Dossier", "Jour", "Sexe", "Âge", "Naissance", "Pays", "Formes"),
    "es": ("Caso", "Día", "Sexo", "Edad", "Nacimiento", "País", "Formas"),
    "ar": ("الملف", "اليوم", "الجنس", "العمر", "الميلاد", "البلد", "الأشكال"),
}
MEANINGS: tuple[dict[str, Any], ...] = (
    {"field": "source_record_id"},
    {"field": "registration_date", "date_format": "%d/%m/%Y"},
    {"field": "gender_code", "lookup": {"W": "woman", "M": "man"}},
    {"field": "age_years"},
    {"field": "birth_date", "date_format": "%Y"},
    {"field": "citizenship_code"},
    {"field": "exploitation_codes", "separator": "|"},
)
ROWS = """A list of cases;;;;;;
{header}
1;01/02/2020;W;20;2000;FR;Forced labour
2;31/02/2020;M;;1990;FR;Servitude
3;01/02/2020;CANARY1;CANARY2;CANARY3;CANARY4;Servitude|CANARY5
4;01/02/1820;W;999;1700;;

;01/02/2020;W;20;2000;;
6;01/02/2020;W
7;01/02/2020;W;20;2000;FR;Forced labour
7;02/02/2020;M;20;2000;FR;CANARY6
8;;W;20;2000;FR;
{header}
9;01/02/2020;W;"20;2000;FR;
Total;;;10;;;
10;01/02/2020;W;20;2000;FR;Forced labour
10;01/02/2020;W;20;2000;FR;Forced labour
"""


def partner_of(**changes: object) -> Partner:
    """A partner whose file goes by headers in four languages."""
    columns = {
        header: meaning | {"also": [HEADERS[language][place] for language in ("fr", "es", "ar")]}
        for place, (header, meaning) in enumerate(zip(HEADERS["en"], MEANINGS, strict=True))
    }
    file = {"name": "cases", "columns": columns, "format": {"separator": ";"}, "missing": {"": "unknown", "N/K": "unknown"}}
    content = {"name": "one", "title": "One & <b>all</b>", "language": "en", "agreement": "none", "files": [file], **changes}
    return Partner.model_validate(content | {"assertions": {"accepted_share_min": 0.9}})


def rows(language: Language = "en") -> str:
    return ROWS.format(header=";".join(HEADERS[language]))


@cache
def checked(text: str | None = None) -> BatchCheck:
    return check_batch([(rows() if text is None else text).encode()], partner_of())


@cache
def report_of(text: str | None = None, language: Language = "en") -> CheckReport:
    return checked_report(checked(text), partner_of(), language)


def told(report: CheckReport) -> dict[str, str]:
    return {"text": report_text(report), "page": report_page(report), "json": report.model_dump_json()}


class TestTheDocument:
    def test_it_accounts_for_every_row_of_the_batch_and_of_each_file(self) -> None:
        report = report_of()
        assert (report.received, report.accepted, report.quarantined, report.rejected, report.non_data) == (16, 3, 6, 3, 4)
        assert [file.model_dump(exclude={"name", "layout"}) for file in report.files] == [checked().ledger.model_dump()]

    @pytest.mark.parametrize("change", [{"received": 17}, {"received": 15, "accepted": 2}])
    def test_an_account_that_does_not_balance_is_no_report(self, change: dict[str, int]) -> None:
        """Neither rows that are lost nor files that do not add up to the batch."""
        content = json.loads(report_of().model_dump_json()) | change
        with pytest.raises((ValidationError, LedgerBroken), match=r"accounted for|do not add up"):
            CheckReport.model_validate(content)

    def test_findings_stand_worst_first_and_the_most_frequent_before_the_rare(self) -> None:
        found = report_of().findings
        order = [(list(Severity).index(finding.severity), -finding.count) for finding in found]
        assert order == sorted(order)
        assert {finding.code for finding in found} >= {
            "row_ragged", "record_id_missing", "quote_unclosed", "category_unknown", "date_invalid", "date_out_of_range", "number_invalid",
            "number_out_of_range", "required_missing", "record_id_repeated", "row_repeated", "row_blank", "header_repeated", "totals_row",
            "preamble", "assertion_failed",
        }  # fmt: skip

    def test_a_finding_names_the_partners_column_our_field_the_rows_and_what_is_allowed(self) -> None:
        found = next(finding for finding in report_of().findings if finding.code == "date_invalid" and finding.column == "Day")
        assert found.model_dump(exclude={"text", "remedy"}) == {
            "severity": "quarantine",
            "severity_text": "quarantined",
            "code": "date_invalid",
            "file": "cases",
            "column": "Day",
            "field": "registration_date",
            "label": "Date of registration",
            "count": 1,
            "share": pytest.approx(1 / 12),
            "rows": (4,),
            "allowed": ("a date such as 31/12/2024",),
        }

    def test_it_fits_its_json_schema(self) -> None:
        jsonschema.validate(json.loads(report_of().model_dump_json()), CheckReport.model_json_schema(mode="serialization"))

    @pytest.mark.parametrize(
        ("text", "verdict"),
        [
            ("1;01/02/2020;W;20;2000;FR;\n", "accepted"),
            ("1;01/02/2020;W;20;2000;FR;\n2;01/02/2020;?;20;2000;FR;\n", "partly_accepted"),
            ("2;01/02/2020;?;20;2000;FR;\n", "nothing_accepted"),
            ("", "nothing_accepted"),
        ],
    )
    def test_the_verdict_says_whether_all_some_or_no_rows_are_accepted(self, text: str, verdict: str) -> None:
        assert report_of(";".join(HEADERS["en"]) + "\n" + text).verdict == verdict

    def test_a_layout_that_was_not_agreed_is_noteworthy(self) -> None:
        as_agreed = ";".join(HEADERS["en"]) + "\n1;01/02/2020;W;20;2000;FR;\n"
        plain, changed = report_of(as_agreed).files[0].layout, report_of(as_agreed.replace(";", ",")).files[0].layout
        assert plain is not None
        assert changed is not None
        assert (plain.is_noteworthy, changed.is_noteworthy, changed.separator) == (False, True, ",")
        assert changed.text == "text file, encoding utf-8, separator “,”, header in row 1"


class TestWhatIsAllowed:
    @pytest.mark.parametrize(
        ("code", "column", "field", "allowed"),
        [
            ("category_unknown", "Sex", "gender_code", ("W, M, Woman, Man, Transgender or non-conforming",)),
            ("date_out_of_range", "Day", "registration_date", ("a year from 1990 to 2049",)),
            ("date_out_of_range", "Born", "birth_date", ("a year from 1900 to 2049",)),
            ("date_invalid", "Born", "birth_date", ("a date such as 2024",)),
            ("number_out_of_range", "Age", "age_years", ("a whole number from 0 to 120",)),
            ("column_missing", "Sex", "gender_code", ("the header may also be Sexe, Sexo, الجنس",)),
            ("row_ragged", None, None, ()),
        ],
    )
    def test_it_follows_the_specification(self, code: str, column: str | None, field: str | None, allowed: tuple[str, ...]) -> None:
        found = allowed_texts(code, partner_of(), "cases", column, field, "en")
        assert found[:1] == allowed

    def test_the_categories_are_said_in_the_readers_language_beside_the_partners_own_texts(self) -> None:
        assert allowed_texts("category_unknown", partner_of(), "cases", "Sex", "gender_code", "fr")[0].startswith("W, M, Femme, Homme")
        assert allowed_texts("category_unknown", partner_of(), "cases", "Sex", "gender_code", "ar")[0].startswith(
            "\u2068W\u2069، \u2068M\u2069، امرأة، رجل"
        )

    def test_a_long_list_is_cut_and_says_how_much_more_there_is(self) -> None:
        lookup = {f"text {number}": "FR" for number in range(SHOWN_CATEGORIES + 7)}
        columns = {
            "id": {"field": "source_record_id"},
            "day": {"field": "registration_date"},
            "c": {"field": "citizenship_code", "lookup": lookup},
        }
        partner = partner_of(files=[{"name": "cases", "columns": columns}])
        found = allowed_texts("category_unknown", partner, "cases", "c", "citizenship_code", "en")
        assert found[0].endswith(f"text {SHOWN_CATEGORIES - 1} and 7 more")
        assert found[1].startswith("the name of a country")

    def test_columns_of_yes_and_no_and_of_units_say_their_own_texts(self) -> None:
        file = {
            "name": "cases",
            "columns": {"id": {"field": "source_record_id"}, "day": {"field": "registration_date", "date_format": "excel"}},
            "flags": {"exploitation_codes": {"columns": {"lab": "forced_labour"}, "yes": ["X"], "no": ["-"]}},
            "unit": {"column": "who", "values": {"v": "victim"}, "set_aside": ["relative"]},
        }
        partner = partner_of(files=[file])
        assert allowed_texts("category_unknown", partner, "cases", "lab", "exploitation_codes", "en")[0] == "X, -"
        assert allowed_texts("category_unknown", partner, "cases", "who", None, "en")[0] == "v, relative"
        assert allowed_texts("date_invalid", partner, "cases", "day", "registration_date", "en")[0].endswith("such as 45657")

    def test_a_batch_unlike_what_is_expected_is_told_the_expectation(self) -> None:
        assert allowed_texts("assertion_failed", partner_of(), None, None, "accepted_share", "es") == (
            "al menos 90,0\u00a0% de las filas aceptadas",
        )
        assert allowed_texts("assertion_failed", partner_of(), None, None, "rows", "en") == ("from 1 to 1,000,000 rows that are data",)


class TestTheText:
    def test_it_is_what_it_is(self) -> None:
        text = ";".join(HEADERS["en"]) + "\n" + "".join(f"{number};01/02/2020;?;20;2000;FR;\n" for number in range(12))
        report = report_of("A title\n" + text + "12;01/02/2020;W;20;2000;FR;\n")
        assert report_text(report) == (
            "One & <b>all</b> (one)\n"
            "\n"
            "  14 received\n"
            "=  1 accepted      7.1%  can be taken in as they are\n"
            "+ 12 quarantined  85.7%  held until you mend or confirm them\n"
            "+  0 rejected        0%\n"
            "+  1 no data       7.1%  blank lines, titles, totals\n"
            "\n"
            "text file, encoding utf-8, separator “;”, header in row 2\n"
            "\n"
            "1. quarantined: category_unknown, Sex (Gender)\n"
            "   12 rows (92.3%): 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more\n"
            "   The cell holds a category that is in no list.\n"
            "   allowed: W, M, Woman, Man, Transgender or non-conforming\n"
            "     where nothing is known: an empty cell, or N/K\n"
            "   do next: Use a listed category, or have this one added to the partner file.\n"
            "\n"
            "2. no data: preamble\n"
            "   1 row: 1\n"
            "   The row stands above the header.\n"
            "\n"
            "3. look: assertion_failed\n"
            "   The batch is unlike what the partner file expects of it (rows, or share\n"
            "   accepted).\n"
            "   allowed: at least 90.0% of the rows accepted\n"
            "   do next: Compare it with the last batch before you send the next.\n"
            "\n"
            "12 of 13 rows are not accepted.\n"
            "Next: Mend what is listed and check the file again; --annotated BACK.csv writes\n"
            "  the problems beside each row.\n"
        )

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_no_line_is_wider_than_a_terminal(self, language: Language) -> None:
        assert max(map(len, report_text(report_of(language=language)).splitlines())) <= WIDTH

    @pytest.mark.parametrize(
        ("language", "word"), [("en", "quarantined"), ("fr", "en quarantaine"), ("es", "en cuarentena"), ("ar", "محتجزة")]
    )
    def test_one_word_for_one_outcome(self, language: Language, word: str) -> None:
        text = report_text(report_of(language=language))
        assert re.search(rf"^\+ +6 {word} ", text, re.MULTILINE)
        assert re.search(rf"^[0-9]+\. {word}\u00a0?: \u2068?date_invalid", text, re.MULTILINE)

    def test_a_clean_batch_says_so_and_how_it_is_sent(self) -> None:
        text = report_text(report_of(";".join(HEADERS["en"]) + "\n1;01/02/2020;W;20;2000;FR;\n"))
        assert text.endswith("no problems\n\nThe row is accepted.\nNext: Send it: casehouse submit one FILE\n")

    @pytest.mark.parametrize(
        ("language", "said"), [("en", "no rows of data"), ("fr", "aucune ligne"), ("es", "ninguna fila"), ("ar", "لا صفوف بيانات")]
    )
    def test_a_header_alone_is_a_batch_without_rows_and_says_so(self, language: Language, said: str) -> None:
        assert said in report_text(report_of(";".join(HEADERS["en"]) + "\n", language))

    def test_each_of_several_files_has_its_account(self) -> None:
        files = [
            {"name": name, "columns": {f"{name} id": {"field": "source_record_id"}, f"{name} day": {"field": "registration_date"}}}
            for name in ("north", "south")
        ]
        partner = partner_of(files=files)
        found = check_batch([b"south id,south day\n1,2020-01-01\n", b"north id,north day\n1,x\n2,2020-01-01\n"], partner)
        text = report_text(checked_report(found, partner, "en"))
        assert "north: text file, encoding utf-8, separator “,”, header in row 1\n  2 received = 1 accepted + 1 quarantined" in text
        assert "north, date_order_ambiguous" in text or "north, date_invalid" in text


class TestInFourLanguages:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_same_file_with_headers_of_another_language_has_the_same_codes_and_counts(self, language: Language) -> None:
        there, here = checked(rows("en")), checked(rows(language))
        assert here.ledger == there.ledger
        assert here.findings == there.findings

    def test_only_the_texts_differ_between_two_languages(self) -> None:
        def without_texts(report: CheckReport) -> list[object]:
            return [(one.severity, one.code, one.column, one.field, one.count, one.share, one.rows) for one in report.findings]

        reports = {language: report_of(language=language) for language in LANGUAGES}
        assert all(without_texts(report) == without_texts(reports["en"]) for report in reports.values())
        assert len({report.verdict_text for report in reports.values()}) == len(LANGUAGES)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_problem_is_told_in_the_language(self, language: Language) -> None:
        for finding in report_of(language=language).findings:
            problem = catalogue()[finding.code]
            assert (finding.text, finding.remedy) == (problem.text.of(language), problem.remedy.of(language))


REFUSED = (
    b"id,sex,age\nCANARY,woman,1\n",
    b"CANARY;CANARY2\n1;2\n",
    b" ",
    b"Case;Day;Day\n1;CANARY;CANARY\n",
    b"PAR1CANARYPAR1",
    b"PK\x03\x04CANARY",
    b"\xd0\xcf\x11\xe0CANARY",
)


class TestCorrections:
    """Rows that withdraw or replace are accepted too: that they cannot be undone is said in every form."""

    TEXT = "Case;Day;Sex;Age;Born;Country;Forms;Wanted\n1;01/02/2020;;;;;;\n2;;;;;;;gone\n3;;;;;;;gone\n4;01/02/2020;;;;;;mended\n"
    SAID: ClassVar[dict[Language, tuple[str, str]]] = {
        "en": ("2 of the accepted rows withdraw the records", "1 of the accepted rows replaces a record"),
        "fr": ("2 des lignes acceptées retirent définitivement", "1 des lignes acceptées remplace"),
        "es": ("2 de las filas aceptadas retiran definitivamente", "1 de las filas aceptadas sustituye"),
        "ar": ("صفان من الصفوف المقبولة يسحبان نهائيا", "صف واحد من الصفوف المقبولة يحل محل سجل"),
    }

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_they_are_counted_and_told_in_every_form(self, language: Language) -> None:
        action = {"column": "Wanted", "values": {"gone": "withdraw", "mended": "replace"}}
        file = partner_of().files[0].model_dump() | {"action": action}
        partner = partner_of(files=[file])
        report = checked_report(check_batch([self.TEXT.encode()], partner), partner, language)
        assert (report.accepted, report.withdrawals, report.replacements) == (4, 2, 1)
        for form in told(report).values():
            assert all(part in " ".join(form.split()) for part in self.SAID[language])

    def test_where_there_are_none_nothing_is_said(self) -> None:
        report = report_of()
        assert (report.withdrawals, report.replacements, report.corrections) == (0, 0, ())


class TestRefusals:
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("payload", REFUSED)
    def test_a_refusal_says_what_where_what_is_allowed_and_what_to_do_in_every_form(self, payload: bytes, language: Language) -> None:
        with pytest.raises(BatchRefused) as refused:
            check_batch([payload], partner_of())
        report = refused_report(refused.value, partner_of(), language)
        problem = catalogue()[refused.value.code]
        assert report.refusal is not None
        assert (report.refusal.text, report.refusal.remedy) == (problem.text.of(language), problem.remedy.of(language))
        assert (report.verdict, report.received) == ("refused", 0)
        for form in told(report).values():
            assert refused.value.code in form
            assert "CANARY" not in form

    def test_where_and_what_is_allowed_are_told_in_the_language(self) -> None:
        refused = refusal("file_empty", where=say("the batch of {partner}", partner="one"), allowed=say("at least one file"))
        assert report_text(refused_report(refused, None, "fr")) == (
            "Ce fichier est refusé\u00a0: file_empty\n"
            "  Le fichier est vide.\n"
            "  où\u00a0: le lot de one\n"
            "  admis\u00a0: au moins un fichier\n"
            "  à faire\u00a0: Exportez-le de nouveau et vérifiez qu'il contient des lignes.\n"
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_cell_stands_in_any_shared_report(language: Language) -> None:
    """Every cell of a file with every fault is a canary: as it came, as it was folded, and in part."""
    canaries: list[str] = []

    def planted(cell: re.Match[str]) -> str:
        canaries.append(f"Kanari{len(canaries):03d}vogel")
        return canaries[-1]

    body = rows().splitlines(keepends=True)
    text = "".join(line if line.startswith("Case;") else re.sub(r'[^;|"\n]+', planted, line) for line in body)
    report = report_of(text, language)
    assert len(canaries) > 60
    assert report.received == 16
    assert len(report.findings) >= 8
    for form in told(report).values():
        assert "kanari" not in form.casefold()
        assert "vogel" not in form.casefold()


def test_a_report_shows_the_first_rows_and_the_document_more() -> None:
    text = ";".join(HEADERS["en"]) + "\n" + "".join(f"{number};01/02/2020;?;20;2000;FR;\n" for number in range(SHOWN_ROWS + 5))
    report = report_of(text)
    (found,) = [finding for finding in report.findings if finding.code == "category_unknown"]
    assert found.rows == tuple(range(2, SHOWN_ROWS + 7))
    assert "11 and 5 more" in report_text(report)
    assert "11 and 5 more" in report_page(report)
