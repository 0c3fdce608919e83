"""Every partner file has an invented sample, and the sample comes to what is kept beside it; a new partner needs no code."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from anonymize.sweep import identifiers_in_text
from ingest.validation.expectation import ACCEPTED, ACCOUNT, Expectation, differences, observed
from pipelines.cli import app
from pipelines.instance import Instance
from pipelines.settings import Settings
from schemas.errors import UserError
from schemas.partner import Partner, load_partner

PARTNERS = Path(__file__).resolve().parents[2] / "partners"
NAMES = sorted(path.stem for path in PARTNERS.glob("*.yml"))
MOST_ROWS = 45
NEW = """\
name: new-partner
title: New partner
language: es
agreement: of 2030, invented
files:
  - name: casos
    format: {separator: ";", encoding: cp1252}
    columns:
      Número: {field: source_record_id}
      Día: {field: registration_date, date_format: "%d/%m/%Y"}
      Sexo: {field: gender_code, lookup: {M: woman, H: man}}
      Explotación: {field: exploitation_codes, separator: "+"}
"""
BATCH = (
    "Número;Día;Sexo;Explotación\r\n007;31/01/2024;M;Trabajo forzoso+Servidumbre\r\n008;31/02/2024;H;Servidumbre\r\n009;01/02/2024;H;\r\n"
)


def files_of(sample: Path) -> list[Path]:
    return sorted(path for path in sample.glob("*") if path.name not in (ACCOUNT, ACCEPTED))


def kept(sample: Path) -> Expectation:
    return Expectation((sample / ACCOUNT).read_text(encoding="utf-8"), (sample / ACCEPTED).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_comes_to_what_is_expected(name: str) -> None:
    sample, partner = PARTNERS / "samples" / name, load_partner(PARTNERS / f"{name}.yml")
    assert {path.stem for path in files_of(sample)} == {file.name for file in partner.files}
    now = observed(files_of(sample), partner, identifiers_in_text)
    assert differences(kept(sample), now) == ()
    assert now == kept(sample), "the same to the byte"
    rows = now.accepted.count("\n") - 1
    assert 2 <= rows <= MOST_ROWS


def test_no_sample_is_left_behind() -> None:
    assert sorted(path.name for path in (PARTNERS / "samples").iterdir()) == NAMES


def changed(partner: Partner, **changes: object) -> Partner:
    file = partner.files[0]
    return partner.model_copy(update={"files": (file.model_copy(update=changes), *partner.files[1:])})


def test_a_changed_partner_file_is_seen() -> None:
    """A lookup that swaps two codes accepts the same rows; only what stands in them tells."""
    sample, partner = PARTNERS / "samples" / "en-harbour-ngo", load_partner(PARTNERS / "en-harbour-ngo.yml")
    gender = partner.files[0].columns["Gender"].model_copy(update={"lookup": {"F": "man", "M": "woman", "Trans": "trans_or_nonconforming"}})
    swapped = changed(partner, columns={**partner.files[0].columns, "Gender": gender})
    lines = differences(kept(sample), observed(files_of(sample), swapped, identifiers_in_text))
    assert lines
    assert all(line.startswith("~ report cases row ") and line.endswith(": gender_code") for line in lines)
    unmapped = changed(partner, columns={**partner.files[0].columns, "Gender": gender.model_copy(update={"lookup": {}})})
    assert any(
        "quarantine category_unknown: cases, Gender" in line
        for line in differences(kept(sample), observed(files_of(sample), unmapped, identifiers_in_text))
    )


class TestAtRunTime:
    """A partner that nobody knew when the code was written: its file in a folder, and nothing else."""

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = tmp_path / "partners"
        (folder / "samples" / "new-partner").mkdir(parents=True)
        (folder / "new-partner.yml").write_text(NEW, encoding="utf-8")
        (folder / "samples" / "new-partner" / "casos.csv").write_bytes(BATCH.encode("cp1252"))
        monkeypatch.setenv("CASEHOUSE_PARTNERS", str(folder))
        return folder

    def test_its_sample_is_run_kept_and_compared(self, folder: Path) -> None:
        runner = CliRunner()
        assert runner.invoke(app, ["partner", "test", "new-partner"]).exit_code == 1, "nothing is expected yet"
        assert runner.invoke(app, ["partner", "test", "new-partner", "--accept"]).exit_code == 0
        assert runner.invoke(app, ["partner", "test"]).exit_code == 0
        assert "casos,2,victim,007,2024-01-31,woman" in (folder / "samples" / "new-partner" / ACCEPTED).read_text(encoding="utf-8")
        text = (folder / "new-partner.yml").read_text(encoding="utf-8")
        (folder / "new-partner.yml").write_text(text.replace("M: woman", "M: man"), encoding="utf-8")
        result = runner.invoke(app, ["partner", "test", "new-partner"])
        assert (result.exit_code, "~ report casos row 2: gender_code" in result.output) == (1, True)

    def test_a_partner_without_a_sample_is_said(self, folder: Path) -> None:
        (folder / "samples" / "new-partner" / "casos.csv").unlink()
        with pytest.raises(UserError, match="the partner has no sample"):
            CliRunner().invoke(app, ["partner", "test", "new-partner"], catch_exceptions=False)

    def test_its_batch_is_taken_in(self, folder: Path, tmp_path: Path) -> None:
        from pipelines.runner import open_runner, stored_ledgers

        instance = Instance(Settings(home=tmp_path / "home", partners=folder))
        with instance.hold():
            (instance.inbox / "new-partner").mkdir()
            (instance.inbox / "new-partner" / "casos.csv").write_bytes(BATCH.encode("cp1252"))
            with open_runner(instance) as runner:
                (arrival,) = runner.waiting()
                result = runner.ingest(arrival)
            assert result.has_succeeded, result.failure
            (ledger,) = stored_ledgers(instance).values()
        assert (ledger.received, ledger.accepted, ledger.quarantined) == (3, 2, 1)
