"""Every partner file there is, found by itself: it loads, it fits the files the partner sends, and nothing sound is turned away."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
import yaml

from ingest.reading.reader import best_partner
from ingest.validation.batch import BatchResult, validate_batch
from pipelines.nameless import assert_names_nobody
from sample_data.generate import generate
from sample_data.refused import refused_batches
from schemas.errors import BatchRefused
from schemas.ledger import Outcome
from schemas.partner import Partner, load_partner, load_partners
from schemas.problems import ROW_OUTCOMES, Severity, catalogue
from schemas.units import Unit

ROOT = Path(__file__).resolve().parents[2]
PARTNERS = ROOT / "partners"
REAL = ROOT.parent / "shared" / "data" / "argentina_linea_145"
NAMES = sorted(path.stem for path in PARTNERS.glob("*.yml"))
FOUND_LATER = "identifier_in_text"
"""Needs the search of free text, which comes after validation."""
RAISED_ELSEWHERE = {"layout_unknown", "batch_withdrawn"}
"""Of the problems that refuse a batch: that of a file checked without a partner, and that of one withdrawn (both in the leak test)."""

Place = tuple[str, str, int | None]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    generate(folder, reports=3_000, seed=11, linkage_key=b"a master secret of the tests, which protects nobody")
    return folder


@pytest.fixture(scope="module")
def partners() -> dict[str, Partner]:
    return load_partners(PARTNERS)


def batches_of(sample: Path, name: str) -> list[list[Path]]:
    """The partner's batches in the inbox: a file alone, or the files of a sub-folder."""
    folder = sample / "inbox" / name
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [sorted(entry.iterdir()) if entry.is_dir() else [entry] for entry in entries]


def validated(batch: list[Path], partner: Partner) -> BatchResult:
    return validate_batch([path.read_bytes() for path in batch], partner, "golden")


def planted(sample: Path, name: str, batch: list[Path]) -> list[tuple[int | None, str]]:
    """Row and code of what is planted in a batch, the search of free text left aside."""
    within = {path.relative_to(sample / "inbox" / name).as_posix() for path in batch}
    with (sample / "broken.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["partner_code"] == name and row["file"] in within]
    return [(int(row["row_number"]) if row["row_number"] else None, row["code"]) for row in rows if row["code"] != FOUND_LATER]


@pytest.mark.parametrize("name", NAMES)
def test_a_partner_file_loads_and_says_how_it_is_checked(name: str) -> None:
    partner = load_partner(PARTNERS / f"{name}.yml")
    lines = (PARTNERS / f"{name}.yml").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../docs/generated/partner.schema.json"
    assert lines[1].startswith("# "), "the layout and its oddities in a comment"
    assert all(reason.strip() for file in partner.files for reason in file.ignored.values())


@pytest.mark.parametrize("name", NAMES)
def test_no_key_is_written_twice_in_a_partner_file(name: str) -> None:
    """YAML keeps the last of two equal keys and says nothing; a lookup would silently lose its first entry."""

    def check(node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            times = Counter(key.value for key, _ in node.value)
            assert not [key for key, count in times.items() if count > 1]
            for key, value in node.value:
                check(key)
                check(value)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                check(item)

    node = yaml.compose((PARTNERS / f"{name}.yml").read_text(encoding="utf-8"))
    assert node is not None
    check(node)


HIDDEN = "rows_hidden"
"""Said of every workbook of the sample: it hides its row of field names, as the standard's template does."""
EITHER_ROW = {"record_id_repeated"}
"""Of two rows with one number the one held follows from a hash of their content: either may be the planted one."""


@pytest.mark.parametrize("name", NAMES)
def test_exactly_the_planted_problems_are_found(name: str, sample: Path, partners: dict[str, Partner]) -> None:
    batches = batches_of(sample, name)
    if not batches:
        pytest.skip(f"{name} has no sample; its real files are tested below")
    for batch in batches:
        result = validated(batch, partners[name])
        said = [
            (None if code in EITHER_ROW else row, code)
            for row, code in result.problems.select("row_number", "code").rows()
            if catalogue()[code].severity is not Severity.NOTE and code != HIDDEN
        ]
        expected = [(None if code in EITHER_ROW else row, code) for row, code in planted(sample, name, batch)]
        assert sorted(said, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_a_batch_is_accounted_for(name: str, sample: Path, partners: dict[str, Partner]) -> None:
    for batch in batches_of(sample, name):
        ledger = validated(batch, partners[name]).ledger
        outcomes = Counter(ROW_OUTCOMES.get(catalogue()[code].severity) for _, code in planted(sample, name, batch))
        held = [outcomes[outcome] for outcome in (Outcome.QUARANTINED, Outcome.REJECTED, Outcome.NON_DATA)]
        assert [ledger.quarantined, ledger.rejected, ledger.non_data] == held
        assert ledger.accepted == ledger.received - sum(held)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_known_for_its_partners(name: str, sample: Path, partners: dict[str, Partner]) -> None:
    for batch in batches_of(sample, name):
        for path in batch:
            (best, share), *others = best_partner(path.read_bytes(), partners)
            assert best == name
            assert share > 0.9
            # two generations of one publisher share column names, and the first two share all of them
            assert max(other for second, other in others if {name, second} != {"ctdc-flat-2020", "ctdc-flat-2021"}) < 0.7


def test_a_column_that_is_mapped_fills_its_field_somewhere(sample: Path, partners: dict[str, Partner]) -> None:
    """A field that no row ever fills would be a column read wrongly, or a sample that does not show it."""
    for name, partner in partners.items():
        mapped = {field for file in partner.files for field in file.filled_fields()}
        filled: set[str] = set()
        for batch in batches_of(sample, name):
            for found in validated(batch, partner).accepted.values():
                filled |= {column for column in found.frame.columns if found.frame[column].null_count() < found.frame.height}
        if filled:
            assert mapped <= filled, name


def taken_in(files: list[Path], partner: Partner) -> BatchResult:
    assert_names_nobody(files, partner)
    return validated(files, partner)


def test_every_blocking_problem_refuses_a_batch(tmp_path: Path, partners: dict[str, Partner]) -> None:
    batches = refused_batches(tmp_path)
    blocking = {code for code, problem in catalogue().items() if problem.severity is Severity.BLOCK}
    assert {batch.code for batch in batches} == blocking - RAISED_ELSEWHERE
    for batch in batches:
        with pytest.raises(BatchRefused) as refused:
            taken_in(list(batch.files), partners[batch.partner])
        if batch.code == "file_of_another_partner":  # known only by asking whose it is
            assert refused.value.code == "header_not_found"
            assert best_partner(batch.files[0].read_bytes(), partners)[0][0] == "it-tokens"
        else:
            assert refused.value.code == batch.code


@pytest.fixture(scope="module")
def hotline(partners: dict[str, Partner]) -> BatchResult:
    if not REAL.is_dir():
        pytest.skip("the real files of Argentina's hotline are not beside this checkout")
    return validated(sorted(REAL.glob("*.csv")), partners["ar-linea-145"])


def test_the_real_hotline_is_read_whole(hotline: BatchResult) -> None:
    """2,616 persons: 121 equal rows (one of them a relative, who is set aside anyway), 187 relatives, and no category unknown."""
    assert (hotline.ledger.received, hotline.ledger.non_data) == (3_352 + 2_616, 0)
    codes = Counter(hotline.problems["code"].to_list())
    assert {code: count for code, count in codes.items() if code != "value_declared_unknown"} == {
        "row_repeated": 121,
        "unit_out_of_scope": 187,
    }
    assert {unit: found.frame.height for unit, found in hotline.accepted.items()} == {
        Unit.INCIDENT: 3_352,
        Unit.VICTIM: 1_156,
        Unit.PERPETRATOR: 1_153,
    }


def test_an_age_of_zero_is_unknown(hotline: BatchResult) -> None:
    """Of the 1,206 direct victims, 299 have no age and 49 the age 0: 348. Without the 50 equal rows 274 and 43 are left."""
    with (next(REAL.glob("*referidos*.csv"))).open(encoding="utf-8-sig", newline="") as file:
        ages = [row["edad_aparente"] for row in csv.DictReader(file) if row["referido_tipo"] == "Victima directa"]
    assert (len(ages), ages.count(""), ages.count("0")) == (1_206, 299, 49)
    victims = hotline.accepted[Unit.VICTIM].frame
    assert victims["age_years"].null_count() == 274 + 43
    assert 0 not in victims["age_years"].to_list()


def test_topics_that_are_no_exploitation_say_nothing_about_its_form(hotline: BatchResult) -> None:
    victims = hotline.accepted[Unit.VICTIM].frame
    forms = {code for codes in victims["exploitation_codes"].to_list() for code in codes}
    assert forms == {
        "unknown",
        "sexual_exploitation",
        "forced_labour",
        "child_labour",
        "servitude",
        "forced_marriage",
        "organ_removal",
        "other_form",
    }
    assert all(codes == ["unknown"] or "unknown" not in codes for codes in victims["exploitation_codes"].to_list())
