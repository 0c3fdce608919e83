"""What a partner or product file must be: every fault is told at once, with its place, and nothing is guessed."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from pipelines.documentation import pages
from schemas.errors import SpecificationError
from schemas.partner import Partner, load_partner, load_partners
from schemas.product import load_product, load_products
from schemas.specification import PlainLoader
from schemas.vocabulary import vocabulary

ROOT = Path(__file__).resolve().parents[2]
PARTNERS = sorted((ROOT / "partners").glob("*.yml"))
PRODUCTS = sorted((ROOT / "products").glob("*.yml"))

HEAD = """\
name: some-partner
title: Some partner
language: en
agreement: An agreement of 2024
"""
SOUND = f"""{HEAD}files:
  - name: cases
    columns:
      id: {{field: source_record_id}}
      date: {{field: registration_date, date_format: "%Y-%m-%d"}}
      sex: {{field: gender_code, lookup: {{F: woman, M: man}}}}
"""
PRODUCT = """\
name: some-product
title: {en: a, fr: a, es: a, ar: a}
description: {en: a, fr: a, es: a, ar: a}
columns: [registration_year, gender_code]
"""


def partner(folder: Path, text: str, name: str = "some-partner") -> Partner:
    path = folder / f"{name}.yml"
    path.write_text(text, encoding="utf-8")
    return load_partner(path)


def refused(folder: Path, text: str, name: str = "some-partner") -> tuple[str, ...]:
    """The faults of the file; that the error speaks for itself and shows no other is looked at here."""
    with pytest.raises(SpecificationError) as caught:
        partner(folder, text, name)
    return faults_told(caught.value, f"{name}.yml")


def faults_told(error: SpecificationError, file: str) -> tuple[str, ...]:
    assert error.__cause__ is None
    assert "pydantic" not in "".join(traceback.format_exception(error))
    assert "During handling" not in "".join(traceback.format_exception(error))
    text = str(error)
    assert text.startswith(f"{len(error.faults)} fault(s)")
    assert all(f"  - {fault}" in text for fault in error.faults)
    assert error.where == file
    assert "where:" in text
    assert "allowed:" in text
    assert "do next:" in text
    return error.faults


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    found = partner(tmp_path, SOUND)
    assert found.file("cases").columns["sex"].lookup == {"F": "woman", "M": "man"}
    assert found.file("cases").missing == {"": "unknown"}
    with pytest.raises(KeyError):
        found.file("persons")


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        ("title: Some", "titel: x\ntitle: Some", ("titel: Extra inputs are not permitted",)),
        ("{field: gender_code,", "{field: gender_code, seperator: x,", ("files.0.columns.sex.seperator: Extra inputs are not permitted",)),
        ("gender_code", "gender", ("the file: cases: no field gender in a report about victim",)),
        ("M: man", "M: male", ("the file: cases.gender_code: male is no code of gender",)),
        ("source_record_id", "phone", ("the file: cases: nothing fills source_record_id, which every report needs",)),
        ("lookup: {F", "date_format: x, lookup: {F", ("the file: cases.gender_code: date_format is for date columns only",)),
        ("language: en", "language: de", ("language: Input should be 'en', 'fr', 'es' or 'ar'",)),
        ("agreement: An agreement of 2024\n", "", ("agreement: Field required",)),
        ("title: Some", "title: One\ntitle: Some", ("the key title is given twice, line 3",)),
        ("F: woman,", "F: woman, F: man,", ("the key F is given twice, line 10",)),
        ("{F: woman", "[F: woman", ("expected ',' or ']', but got '}', line 10",)),
        ("some-partner", "another", ("name: is not the name of the file, some-partner",)),
        ("some-partner", "Some Partner", ("name: String should match pattern '^[a-z][a-z0-9-]*$'",)),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(tmp_path: Path, old: str, new: str, faults: tuple[str, ...]) -> None:
    assert SOUND.count(old) >= 1
    assert refused(tmp_path, SOUND.replace(old, new, 1)) == faults


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = f"""{HEAD}colour: blue
files:
  - name: cases
    columns:
      id: {{field: person_number}}
      date: {{field: registration_date, pattern: x}}
      sex: {{field: gender_code, lookup: {{F: female, M: male}}}}
    constants: {{source_type_code: radio}}
    join: {{file: persons, on: id, take: {{}}}}
"""
    assert refused(tmp_path, text) == (
        "files.0.columns.date.pattern: Extra inputs are not permitted",
        "colour: Extra inputs are not permitted",
        "the file: cases: no field person_number in a report about victim",
        "the file: cases.gender_code: female is no code of gender",
        "the file: cases.gender_code: male is no code of gender",
        "the file: cases.source_type_code: radio is no code of source_type",
        "the file: cases: nothing fills source_record_id, which every report needs",
        "the file: cases.join: no other file persons in this partner",
    )


@pytest.mark.parametrize("file", ["cases", "nowhere"])
def test_a_file_is_joined_to_another_one_of_its_partner(tmp_path: Path, file: str) -> None:
    joined = SOUND + f"    join: {{file: {file}, on: id, take: {{}}}}\n"
    assert refused(tmp_path, joined) == (f"the file: cases.join: no other file {file} in this partner",)


def test_columns_of_yes_and_no_need_a_field_that_holds_a_list(tmp_path: Path) -> None:
    text = SOUND.replace("sex: {field: gender_code, lookup: {F: woman, M: man}}", "note: {field: narrative}")
    flags = text + "    flags: {gender_code: {columns: {is_woman: woman, is_x: other}}}\n"
    assert refused(tmp_path, flags) == (
        "the file: cases.gender_code: several columns of yes and no need a field that holds a list of codes",
        "the file: cases.gender_code: other is no code of gender",
    )


def test_a_field_of_another_unit_is_unknown(tmp_path: Path) -> None:
    text = SOUND.replace("    columns:", "    unit: incident\n    columns:", 1)
    assert refused(tmp_path, text) == ("the file: cases: no field gender_code in a report about incident",)


def test_what_a_row_counts_is_something_of_its_unit(tmp_path: Path) -> None:
    counted = SOUND.replace("  - name: cases\n", "  - name: cases\n    counts: {unit: convicted, rule: person_by_form}\n")
    assert refused(tmp_path, counted) == ("the file: cases.counts: convicted is counted in a file about perpetrator",)
    found = partner(tmp_path, counted.replace("convicted", "victim")).files[0].counts
    assert found is not None
    assert found.unit in vocabulary("counting_unit").leaves()
    assert found.rule in vocabulary("count_rule").leaves()


def test_a_reason_for_a_missing_value_may_be_looked_up_and_suppressed_may_not(tmp_path: Path) -> None:
    partner(tmp_path, SOUND.replace("M: man", "M: not_applicable"))
    assert refused(tmp_path, SOUND.replace("M: man", "M: suppressed")) == ("the file: cases.gender_code: suppressed is no code of gender",)


def test_on_no_and_yes_stay_texts(tmp_path: Path) -> None:
    """YAML 1.1 reads them as true and false, so that Norway is lost and a column `on` has another name."""
    text = SOUND + '      citizenship: {field: citizenship_code, lookup: {NO: "NO", no: NO, on: SE, yes: FI, Off: DK, N: IS}}\n'
    found = partner(tmp_path, text).file("cases").columns["citizenship"].lookup
    assert found == {"NO": "NO", "no": "NO", "on": "SE", "yes": "FI", "Off": "DK", "N": "IS"}


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        (b"", "the file: Input should be a valid dictionary or instance of Partner"),
        (b"- a\n", "the file: Input should be a valid dictionary or instance of Partner"),
        (b"title: \xff\n", "the file is not readable YAML"),
        (b"title: *b\n", "found undefined alias 'b', line 1"),
        (b"title: !!python/none x\n", "could not determine a constructor for the tag 'tag:yaml.org,2002:python/none', line 1"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_specification_is_refused(tmp_path: Path, payload: bytes, fault: str) -> None:
    path = tmp_path / "some-partner.yml"
    path.write_bytes(payload)
    with pytest.raises(SpecificationError) as caught:
        load_partner(path)
    assert fault in faults_told(caught.value, path.name)


def test_an_absent_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError) as caught:
        load_partner(tmp_path / "absent.yml")
    assert caught.value.faults == ("there is no such file",)


class TestProducts:
    @pytest.mark.parametrize(
        ("old", "new", "faults"),
        [
            ("columns:", "colums: [cohort]\ncolumns:", ("colums: Extra inputs are not permitted",)),
            ("gender_code]", "given_name]", ("the file: no column given_name in the master table",)),
            ("gender_code]", "gender_code]\ncoarsen: {age_band_code: 1}", ("the file: age_band_code is coarsened but not chosen",)),
            (
                "gender_code]",
                "forced_labour_code]\nfilters: {forced_labour_code: [yes]}",
                ("the file: forced_labour_code is no quasi-identifier: only those may be coarsened or filtered",),
            ),
            ("ar: a}", "xx: a}", ("title.ar: Field required", "title.xx: Extra inputs are not permitted")),
            ("some-product", "another", ("name: is not the name of the file, some-product",)),
        ],
    )
    def test_a_fault_is_told_with_its_place(self, tmp_path: Path, old: str, new: str, faults: tuple[str, ...]) -> None:
        path = tmp_path / "some-product.yml"
        path.write_text(PRODUCT, encoding="utf-8")
        load_product(path)
        path.write_text(PRODUCT.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(SpecificationError) as caught:
            load_product(path)
        assert faults_told(caught.value, path.name) == faults


class TestJsonSchema:
    """What an editor shows while a file is written: the page in docs/generated that `casehouse docs` keeps up to date."""

    @pytest.mark.parametrize("path", [*PARTNERS, *PRODUCTS], ids=lambda path: f"{path.parent.name}/{path.name}")
    def test_every_file_there_is_fits_its_schema(self, path: Path) -> None:
        assert [error.message for error in validator(path).iter_errors(content(path))] == []
        assert path.read_text(encoding="utf-8").splitlines()[0].endswith(f"docs/generated/{kind(path)}.schema.json")

    @pytest.mark.parametrize("path", [*PARTNERS, *PRODUCTS], ids=lambda path: f"{path.parent.name}/{path.name}")
    def test_an_unknown_key_and_an_absent_one_do_not(self, path: Path) -> None:
        assert [error.validator for error in validator(path).iter_errors({**content(path), "colour": "blue"})] == ["additionalProperties"]
        without_name = {key: value for key, value in content(path).items() if key != "name"}
        assert [error.validator for error in validator(path).iter_errors(without_name)] == ["required"]

    def test_an_unknown_key_deep_inside_does_not(self) -> None:
        some = yaml.load(SOUND, Loader=PlainLoader)
        some["files"][0]["columns"]["sex"]["seperator"] = ";"
        assert [list(error.absolute_path) for error in validator(PARTNERS[0]).iter_errors(some)] == [["files", 0, "columns", "sex"]]


def kind(path: Path) -> str:
    return path.parent.name.removesuffix("s")


def validator(path: Path) -> Draft202012Validator:
    schema = json.loads(pages()[f"{kind(path)}.schema.json"])
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def content(path: Path) -> dict[str, object]:
    found = yaml.load(path.read_text(encoding="utf-8"), Loader=PlainLoader)
    assert isinstance(found, dict)
    return found


def test_every_partner_and_product_there_is_loads() -> None:
    assert list(load_partners(ROOT / "partners")) == [path.stem for path in PARTNERS]
    assert list(load_products(ROOT / "products")) == [path.stem for path in PRODUCTS]
