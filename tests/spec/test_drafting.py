"""A draft proposes what headers and cells agree on, asks about the rest, and never holds a cell."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from ingest.drafting.draft import THRESHOLD, FileDraft, draft_file
from ingest.drafting.headers import header_index
from ingest.drafting.text import draft_text
from ingest.mapping.date_formats import sense_of
from ingest.reading.headers import SEARCHED_ROWS
from ingest.reading.reader import open_reading
from pipelines.cli import app
from schemas.errors import BatchRefused, UserError
from schemas.fields import fields_of
from schemas.partner import Partner, load_partner, load_partners
from schemas.template import standard_partner
from schemas.template_columns import headers
from schemas.units import MODELS, Unit
from schemas.vocabulary import LANGUAGES, Language, vocabulary

PARTNERS = Path(__file__).resolve().parents[2] / "partners"
NOBODY: dict[str, Partner] = {}


def payload(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(rows).encode(encoding) + b"\r\n"


def draft(content: bytes, partners: dict[str, Partner] = NOBODY, unit: Unit = Unit.VICTIM) -> FileDraft:
    return draft_file(content, "records", unit, partners)


def applied(found: FileDraft) -> dict[str, str]:
    return {column.header: column.applied.field for column in found.columns if column.applied}


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_of_every_language_are_known_headers(language: Language) -> None:
    wanted = {header: field for field, header in headers(Unit.VICTIM, language).items()}
    index = header_index(fields_of(MODELS[Unit.VICTIM].report), NOBODY)
    found = {header: index.guesses(header)[0].field for header in wanted}
    assert found == wanted


def test_a_column_is_given_its_field_when_header_and_cells_agree() -> None:
    found = draft(
        payload(
            "Case ID;Date de signalement;Sexe;Nationalité;Fruit",
            "A1;31/01/2024;Femme;France;fig",
            "A2;01/02/2024;Homme;Pérou;fig",
            encoding="cp1252",
        )
    )
    assert applied(found) == {
        "Case ID": "source_case_id",
        "Date de signalement": "registration_date",
        "Sexe": "gender_code",
        "Nationalité": "citizenship_code",
    }
    assert (found.format.separator, found.format.encoding) == (";", "cp1252")
    text = draft_text("some", [found])
    assert "date_format: '%d/%m/%Y'" in text
    assert "#   Fruit: no field is like it; 2 cells filled" in text
    assert "\n    ignored:" not in text, "nothing is ignored without a person's reason"


def test_a_header_above_a_preamble_is_found() -> None:
    found = draft(payload("Report of the office,,", "", "Record number,Date of registration,Gender", "7,2024-01-31,man"))
    assert applied(found) == {"Record number": "source_record_id", "Date of registration": "registration_date", "Gender": "gender_code"}


def test_dates_that_could_be_either_way_round_are_asked_about() -> None:
    text = draft_text("some", [draft(payload("Record number,Date of registration", "1,01/02/2024", "2,03/04/2024"))])
    assert "Date of registration: {field: registration_date}" in text
    assert "day and month could stand either way round" in text


def test_cells_that_speak_against_a_header_keep_its_field_away() -> None:
    found = draft(payload("Record number,Gender", *(f"{number},a text number {number}" for number in range(40))))
    assert applied(found) == {"Record number": "source_record_id"}
    (doubted,) = [column for column in found.columns if column.header == "Gender"]
    assert (doubted.doubt, doubted.guesses[0].field) == ("not sure enough", "gender_code")
    assert doubted.guesses[0].confidence < THRESHOLD


def test_few_categories_under_a_known_header_wait_for_their_codes() -> None:
    """The field is sure, the codes are not: a person types them, from the row numbers."""
    text = draft_text("some", [draft(payload("Record number,Gender", *(f"{number},{'QZ'[number % 2]}" for number in range(1, 41))))])
    assert "Gender: {field: gender_code}" in text
    assert "40 cells are not read yet (rows 2, 3, 4" in text
    assert "QZ" not in text
    assert "'Q'" not in text


def test_a_field_is_given_to_one_column() -> None:
    found = draft(payload("Sex,Gender,Record number", "woman,woman,1", "man,woman,2"))
    assert sorted(applied(found).values()) == ["gender_code", "source_record_id"]
    assert "gender_code is filled by" in next(column.doubt for column in found.columns if column.applied is None)


def test_columns_of_yes_and_no_are_found_by_the_codes_they_are_named_after() -> None:
    found = draft(payload("Record number,means_threats,means_debt_bondage,extra", "1,1,0,1", "2,0,-99,0", "3,0,1,0"))
    (group,) = found.flags
    assert (group.field, dict(group.columns)) == ("means_codes", {"means_threats": "threats", "means_debt_bondage": "debt_bondage"})
    assert (group.yes, group.no) == (("1",), ("0",))


def test_several_values_of_a_cell_are_told_by_what_makes_them_codes() -> None:
    found = draft(payload("Record number,Forms of exploitation", "1,Forced labour|Servitude", "2,Servitude", "3,Organ removal|Surrogacy"))
    assert "separator: '|'" in draft_text("some", [found])


def test_a_last_row_of_totals_and_a_decimal_comma_are_seen() -> None:
    """A row of totals in numbers is known without a marker; one with texts is not."""
    found = draft(payload("Record number;Age in years", "1;27,0", "2;31,0", "Total;see below"))
    assert (found.format.totals_marker, found.format.decimal) == ("total", ",")


def test_a_table_of_counts_is_said_to_be_one() -> None:
    rows = [f"{country},{sex},{age},5" for country in ("AR", "PE") for sex in ("Total", "Female") for age in ("Total", "0 to 17")]
    content = payload("Country,Sex,Age,Value", *rows)
    assert "THIS SEEMS TO BE A TABLE OF COUNTS" in draft_text("some", [draft(content)])
    assert "TABLE OF COUNTS" not in draft_text("some", [draft(content, unit=Unit.OBSERVATION)])


def test_signs_for_no_value_are_offered_and_not_applied() -> None:
    text = draft_text("some", [draft(payload("Record number,Gender", "1,N/A", "2,woman", "3,-99", "4,man"))])
    assert "\n    # missing: {\"\": unknown, '-99': unknown, n/a: not_applicable} # in 2 cells" in text


def test_a_header_that_looks_like_a_cell_is_named_by_its_place() -> None:
    text = draft_text("some", [draft(payload("Record number,ana@example.org,Gender", "1,x,woman", "2,y,man"))])
    assert "ana@example.org" not in text
    assert "#   column 2:" in text


@pytest.mark.parametrize("content", [b"", b"\r\n;;\r\n", b"PAR1xxxxPAR1"])
def test_what_has_no_header_is_refused(content: bytes) -> None:
    with pytest.raises(BatchRefused):
        draft(content)


PERSON = ("A1", "01/02/2024", "Ozmandine", "Vintzgard", "F", "Peru", "30")
WITHOUT_HEADER = {
    "one record": [PERSON],
    "several": [PERSON, ("A2", "03/02/2024", "Qorvane", "Ulloqueta", "M", "France", "41")],
    "below a preamble": [("Cases of the office", "restricted"), PERSON, ("A2", "03/02/2024", "Qorvane", "Ulloqueta", "M", "France", "41")],
    "names alone": [("Ozmandine", "Vintzgard"), ("Qorvane", "Ulloqueta")],
    "a number and a name": [("1", "Ozmandine"), ("2", "Qorvane")],
    "a known header among the cells": [("Gender", *PERSON), ("x", "A2", "03/02/2024", "Qorvane", "Ulloqueta", "M", "France", "41")],
    "names and a category": [("Ozmandine", "woman", "Peru"), ("Qorvane", "man", "France"), ("Ximenara", "woman", "Chad")],
}


@pytest.mark.parametrize("rows", WITHOUT_HEADER.values(), ids=WITHOUT_HEADER)
def test_a_file_without_a_header_is_refused_and_nobody_is_named(rows: list[tuple[str, ...]]) -> None:
    """Its first record is no header: a header is printed and written down."""
    with pytest.raises(BatchRefused) as caught:
        draft(payload(*(",".join(row) for row in rows)))
    assert caught.value.code == "header_not_found"
    assert not [cell for row in rows for cell in row if len(cell) > 6 and cell in str(caught.value)]


def test_unknown_headers_over_dates_and_numbers_are_a_header() -> None:
    found = draft(payload("Kennung,Tag,Wert", "A1,01/02/2024,7", "A2,03/02/2024,8"))
    assert [column.header for column in found.columns] == ["Kennung", "Tag", "Wert"]


@pytest.mark.parametrize("rows_above", [0, SEARCHED_ROWS - 1, SEARCHED_ROWS, 40])
def test_a_header_is_sought_where_the_reader_seeks_it(rows_above: int) -> None:
    """What is drafted can be read; a header that lies too deep is refused as such, and by no column's name."""
    content = payload(*(["a note"] * rows_above), "Record number,Gender", "A1,woman", "A2,man")
    if rows_above < SEARCHED_ROWS:
        assert set(applied(draft(content)).values()) == {"source_record_id", "gender_code"}
    else:
        with pytest.raises(BatchRefused):
            draft(content)


def test_a_date_format_that_is_drafted_is_one_that_the_reader_finds() -> None:
    found = draft(payload("Record number,Date of registration", "A1,31-Jan-2024", "A2,02-Feb-2024"))
    (day,) = [column.applied for column in found.columns if column.applied and column.applied.field == "registration_date"]
    assert day.fit.date_format == "%d-%b-%Y"
    texts = pl.Series(["31-Jan-2024", "02-Feb-2024"])
    assert sense_of(texts, {}, {}, is_spreadsheet=False).formats[0] == "%d-%b-%Y"
    assert sense_of(pl.Series(["31-Jan-24"]), {}, {}, is_spreadsheet=False).formats == ("%d-%b-%y",), "not of the year 24"


cell = st.text(st.sampled_from("abxyzéß0123456789 -/"), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(cell, cell, cell, cell), min_size=1, max_size=12))
def test_a_draft_never_holds_a_cell(rows: list[tuple[str, str, str, str]]) -> None:
    """Whatever stands below the header: each cell carries a mark that no list of ours has, and the draft does not."""
    written = io.StringIO()
    csv.writer(written).writerows(
        [["Record number", "Gender", "Date of registration", "Given name"], *([f"Qzj {text}" for text in row] for row in rows)]
    )
    assert "qzj" not in draft_text("some", [draft(written.getvalue().encode())]).casefold()


@pytest.mark.parametrize(("name", "sample", "least"), [("en-harbour-ngo", "cases.csv", 15), ("fr-police", "register.csv", 10)])
def test_a_known_partner_drafted_anew_is_given_the_fields_of_its_file(name: str, sample: str, least: int) -> None:
    """As if it were new: without its own file among those that are learnt from."""
    partners = load_partners(PARTNERS)
    truth = {header: column.field for header, column in partners.pop(name).files[0].columns.items()}
    found = applied(draft_file(PARTNERS / "samples" / name / sample, "records", Unit.VICTIM, partners))
    assert {header: field for header, field in found.items() if truth.get(header) != field} == {}
    assert len(found) >= least


class TestCommand:
    """`casehouse partner draft`: writes a file, says what is left to decide, overwrites nothing."""

    @pytest.fixture
    def partners(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = tmp_path / "partners"
        folder.mkdir()
        monkeypatch.setenv("CASEHOUSE_PARTNERS", str(folder))
        return folder

    def run(self, folder: Path, *rows: str) -> str:
        file = folder.parent / "theirs.csv"
        file.write_bytes(payload(*rows))
        result = CliRunner().invoke(app, ["partner", "draft", str(file), "--name", "some-new"], catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    def test_a_draft_that_is_whole_is_a_partner_file(self, partners: Path) -> None:
        self.run(partners, "Record number,Date of registration,Gender", "1,2024-01-31,woman")
        assert set(load_partner(partners / "some-new.yml").files[0].columns) == {"Record number", "Date of registration", "Gender"}

    def test_a_draft_with_faults_lies_apart_and_says_them(self, partners: Path) -> None:
        said = self.run(partners, "Record number,Gender", "1,woman")
        assert "nothing fills registration_date" in said
        assert (partners / "drafts" / "some-new.yml").exists()
        assert load_partners(partners) == {}, "a draft with faults stops nobody's work"

    def test_nothing_is_overwritten(self, partners: Path) -> None:
        self.run(partners, "Record number,Date of registration", "1,2024-01-31")
        with pytest.raises(UserError, match="there is such a file already"):
            self.run(partners, "Record number,Date of registration", "1,2024-01-31")

    @pytest.mark.parametrize(("language", "suffix"), [("ar", "xlsx"), ("fr", "csv")])
    def test_a_template_is_written(self, tmp_path: Path, language: Language, suffix: str) -> None:
        target = tmp_path / f"template.{suffix}"
        CliRunner().invoke(app, ["template", "--lang", language, "--out", str(target)], catch_exceptions=False)
        with open_reading(target, standard_partner(language).files[0]) as reading:
            assert set(reading.layout.headers) == set(headers(Unit.VICTIM, language).values())


def test_our_lists_hold_no_mark_of_the_tests() -> None:
    for name in ("gender", "country"):
        assert not [text for text in vocabulary(name).readings() if "qzj" in text]
