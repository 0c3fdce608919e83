"""The standard template: filled in under the headers of any language it is read the same, without a partner file."""

from __future__ import annotations

import csv
import io
from datetime import date

import openpyxl
import pytest

from ingest.mapping.codes import readings
from ingest.mapping.derivation import DERIVED_FIELDS
from ingest.validation.batch import BatchResult, validate_batch
from schemas.errors import BatchRefused, SpecificationError
from schemas.fields import Kind
from schemas.folding import folded_header, folded_label
from schemas.partner import Partner, load_partner
from schemas.template import choices_of, standard_partner, template_named, template_of
from schemas.template_columns import headers, other_headers, template_fields
from schemas.template_sheets import template_csv, template_workbook
from schemas.units import Unit
from schemas.vocabulary import LANGUAGES, MISSING_CODES, Language, vocabulary

FILLED = {"source_record_id": "A-1", "registration_date": "2024-03-17", "given_name": "Amina", "birth_date": "1998-11-02"}
CODES = {
    "gender_code": "woman",
    "citizenship_code": "NA",
    "exploitation_codes": "forced_labour;servitude",
    "means_codes": "threats",
    "victim_status_code": "not_applicable",
}


def label(field: str, code: str, language: Language) -> str:
    name = next(one for one in template_fields(Unit.VICTIM) if one.name == field).declared.vocabulary
    assert name is not None
    return ";".join(vocabulary(name).label(each, language) for each in code.split(";"))


def row_in(language: Language) -> dict[str, str]:
    """One filled-in row by field, categories as the drop-down lists of the language show them."""
    return FILLED | {field: label(field, code, language) for field, code in CODES.items()}


def filled_csv(language: Language, fields: list[str] | None = None) -> bytes:
    """The template with one row under its header, or with some of its columns alone."""
    header = next(csv.reader(io.StringIO(template_csv(Unit.VICTIM, language).decode("utf-8-sig"))))
    by_header = {header: field for field, header in headers(Unit.VICTIM, language).items()}
    kept = [name for name in header if fields is None or by_header[name] in fields]
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(kept)
    rows.writerow([row_in(language).get(by_header[name], "") for name in kept])
    return written.getvalue().encode("utf-8-sig")


def accepted(result: BatchResult) -> list[dict[str, object]]:
    assert result.ledger.accepted == result.ledger.received == 1, result.problems
    return result.accepted[Unit.VICTIM].frame.drop("partner_code").to_dicts()


def read(payload: bytes, language: Language) -> list[dict[str, object]]:
    return accepted(validate_batch([payload], standard_partner(language), "test"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_filled_in_is_read_the_same_in_every_language(language: Language) -> None:
    (report,) = read(filled_csv(language), language)
    assert report["gender_code"] == "woman"
    assert report["citizenship_code"] == "NA", "Namibia, not a missing value"
    assert report["exploitation_codes"] == ["forced_labour", "servitude"]
    assert report["forced_labour_code"] == "yes", "worked out, since the template does not ask it twice"
    assert report["victim_status_code"] == "not_applicable"
    assert [report] == read(filled_csv("en"), "en")
    assert [report] == read(filled_csv(language), "en"), "headers of another language than the partner's"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workbook_filled_in_is_read_like_the_text(language: Language) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_workbook(Unit.VICTIM, language)))
    sheet = book.worksheets[0]
    place = {field: position for position, field in enumerate(headers(Unit.VICTIM, language), start=1)}
    for field, text in row_in(language).items():
        sheet.cell(2, place[field], date.fromisoformat(text) if field.endswith("_date") else text)
    written = io.BytesIO()
    book.save(written)
    assert read(written.getvalue(), language) == read(filled_csv("en"), "en")


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_header_stands_for_two_fields(unit: Unit, language: Language) -> None:
    own = list(headers(unit, language).values())
    others = [text for texts in other_headers(unit, language).values() for text in texts]
    folded = [folded_header(text) for text in (*own, *others)]
    assert len(folded) == len(set(folded))


def test_every_text_of_a_list_is_read_as_its_code() -> None:
    names = {field.declared.vocabulary for unit in Unit for field in template_fields(unit)} - {None}
    for name in sorted(str(name) for name in names):
        known = readings({}, {}, name)
        for language in LANGUAGES:
            listed = {vocabulary(name).label(code, language): code for code in (*vocabulary(name).leaves(), *MISSING_CODES)}
            assert set(listed) == set(choices_of(name, language))
            wrong = {text for text, code in listed.items() if known.exact.get(text, known.by_folded.get(folded_label(text))) != code}
            assert not wrong, (name, language)


def test_a_caseworker_may_delete_what_is_never_asked() -> None:
    """A column that is deleted was not collected; one that is empty was asked, and nobody knows."""
    (whole,), (part,) = read(filled_csv("fr"), "fr"), read(filled_csv("fr", [*FILLED, "means_codes"]), "fr")
    assert (whole["recruiter_codes"], part["recruiter_codes"]) == (["unknown"], ["not_collected"])
    assert part["means_codes"] == ["threats"]


@pytest.mark.parametrize("kept", [["source_record_id", "registration_date"], [*FILLED, "gender_code", "age_years"]])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_number_and_date_are_all_that_a_template_needs(language: Language, separator: str, kept: list[str]) -> None:
    payload = filled_csv(language, kept).replace(b",", separator.encode())
    result = validate_batch([payload], standard_partner(language), "test")
    assert result.ledger.accepted == 1
    assert "column_missing" not in result.problems["code"].to_list()


@pytest.mark.parametrize("missing", ["source_record_id", "registration_date"])
def test_without_number_or_date_there_is_no_template(missing: str) -> None:
    with pytest.raises(BatchRefused) as refused:
        read(filled_csv("es", [field for field in [*FILLED, "gender_code"] if field != missing]), "es")
    assert refused.value.code == "column_required_missing"


def rows_of(*days: str) -> bytes:
    lines = [",".join(headers(Unit.VICTIM, "fr")[field] for field in ("source_record_id", "registration_date"))]
    return "\n".join([*lines, *(f"A-{number},{day}" for number, day in enumerate(days)), ""]).encode()


def test_dates_as_a_spreadsheet_program_wrote_them_back_are_read_where_one_order_fits() -> None:
    result = validate_batch([rows_of("31/05/2024", "01/06/2024")], standard_partner("fr"), "test")
    assert result.accepted[Unit.VICTIM].frame["registration_date"].to_list() == ["2024-05-31", "2024-06-01"]
    assert "date_format_found" in result.problems["code"].to_list()


def test_dates_that_two_orders_fit_are_asked() -> None:
    result = validate_batch([rows_of("05/04/2024", "01/06/2024")], standard_partner("fr"), "test")
    assert result.ledger.accepted == 0
    assert set(result.problems["code"]) >= {"date_order_ambiguous"}


@pytest.mark.parametrize("sign", [";", "\u061b", "\uff1b"])
def test_a_semicolon_of_any_keyboard_separates_values(sign: str) -> None:
    (report,) = read(filled_csv("ar").decode("utf-8-sig").replace(";", sign).encode(), "ar")
    assert report["exploitation_codes"] == ["forced_labour", "servitude"]


@pytest.mark.parametrize("hidden", ["visible", "veryHidden"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workbook_of_the_template_is_as_agreed_and_has_no_sheet_unread(language: Language, hidden: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_workbook(Unit.VICTIM, language)))
    for position, field in enumerate(headers(Unit.VICTIM, language), start=1):
        book.worksheets[0].cell(2, position, FILLED.get(field))
    book.worksheets[-1].sheet_state = hidden
    written = io.BytesIO()
    book.save(written)
    result = validate_batch([written.getvalue()], standard_partner("en"), "test")
    assert result.ledger.accepted == 1
    assert not {"sheets_unread", "format_differs"} & set(result.problems["code"])


def test_another_sheet_is_still_said() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_workbook(Unit.VICTIM, "en")))
    book.create_sheet("More cases").append(["B-1", "2024-03-18"])
    for position, field in enumerate(headers(Unit.VICTIM, "en"), start=1):
        book.worksheets[0].cell(2, position, FILLED.get(field))
    written = io.BytesIO()
    book.save(written)
    assert "sheets_unread" in validate_batch([written.getvalue()], standard_partner("en"), "test").problems["code"].to_list()


def test_the_template_is_known_by_the_name_that_a_check_shows() -> None:
    assert [template_named(standard_partner(language).name) for language in LANGUAGES] == list(map(standard_partner, LANGUAGES))
    assert template_named("template-de") is template_named("template") is None


def test_what_follows_from_another_column_is_not_asked() -> None:
    for unit in Unit:
        asked = {field.name for field in template_fields(unit)}
        assert not asked & set(DERIVED_FIELDS) or "exploitation_codes" not in asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_field_has_its_list_to_choose_from(language: Language) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_workbook(Unit.VICTIM, language)))
    sheet = book.worksheets[0]
    found = {str(one.sqref).split(":")[0]: one for one in sheet.data_validations.dataValidation}
    for position, column in enumerate(template_of(Unit.VICTIM, language), start=1):
        cell = sheet.cell(2, position)
        assert sheet.cell(1, position).value == column.header
        if column.field.kind in (Kind.CODE, Kind.CODES):
            name, area = str(found[cell.coordinate].formula1).split("!")
            texts = [row[0].value for row in book[name.strip("'")][area.replace("$", "")]]
            assert tuple(texts) == column.choices
        if column.field.kind is Kind.DATE:
            assert sheet.column_dimensions[cell.column_letter].number_format == "yyyy-mm-dd"
    assert sheet.freeze_panes == "B2"
    assert {page.sheet_view.rightToLeft for page in book.worksheets} == {language == "ar"}
    assert len(book.worksheets) == 3


def test_the_same_template_is_the_same_bytes() -> None:
    assert template_workbook(Unit.VICTIM, "es") == template_workbook(Unit.VICTIM, "es")
    assert template_csv(Unit.INCIDENT, "ar").startswith(b"\xef\xbb\xbf")
    assert template_csv(Unit.INCIDENT, "ar").count(b"\n") == 1


class TestPartnerFile:
    HEAD = "name: some-partner\ntitle: Some\nlanguage: es\nagreement: of 2024\n"

    def load(self, folder: object, text: str) -> Partner:
        from pathlib import Path

        path = Path(str(folder)) / "some-partner.yml"
        path.write_text(text, encoding="utf-8")
        return load_partner(path)

    def test_a_partner_that_fills_in_the_template_needs_four_lines(self, tmp_path: object) -> None:
        found = self.load(tmp_path, self.HEAD)
        assert [file.name for file in found.files] == ["victim"]
        assert accepted(validate_batch([filled_csv("es")], found, "test"))

    def test_it_may_send_other_units_too(self, tmp_path: object) -> None:
        found = self.load(tmp_path, self.HEAD + "template: [victim, incident]\n")
        assert [file.units() for file in found.files] == [(Unit.VICTIM,), (Unit.INCIDENT,)]

    @pytest.mark.parametrize(
        ("more", "fault"),
        [
            ("template: [person]\n", "template.0: Input should be"),
            ("template: [victim]\nfiles: []\n", "template and files exclude each other"),
            ("files: []\n", "files: Tuple should have at least 1 item"),
        ],
    )
    def test_a_fault_is_told(self, tmp_path: object, more: str, fault: str) -> None:
        with pytest.raises(SpecificationError) as caught:
            self.load(tmp_path, self.HEAD + more)
        assert any(fault in one for one in caught.value.faults)
