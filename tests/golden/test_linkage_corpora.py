"""Labelled tables of reports: the mappings that Casehouse ships fit them, and linkage keeps a floor on them.

Floors, not figures: docs/linkage.md has what is reached, beside other systems. Scored by the scorer of the bench, which shares no code.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.linking_files import Outcome, Request, link_file
from pipelines.linking_tables import mapping_of, read_reports

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT.parent / "shared" / "bench" / "linkage"
EXAMPLES = ROOT / "docs" / "examples"
SILENT = lambda doing, share: None  # noqa: E731 - nobody watches
pytestmark = pytest.mark.skipif(not BENCH.is_dir(), reason="the folder shared/bench/linkage is not beside the repository")


@pytest.mark.parametrize(
    ("table", "mapping", "read", "unread"),
    [
        (
            "febrl3.parquet",
            "linkage-febrl.yml",
            {
                "address": ("street_number", "address_1", "address_2", "suburb", "state"),
                "document_number": ("doc",),
                "postal_code": ("postcode",),
            },
            {"cluster"},
        ),
        ("febrl4.parquet", "linkage-febrl.yml", {"partner_code": ("src",), "birth_date": ("dob",)}, {"cluster"}),
        (
            "historical_figures_with_errors_50k.parquet",
            "linkage-historical.yml",
            {"given_name": ("first_name",), "family_name": ("surname",), "postal_code": ("postcode_fake",), "gender_code": ("gender",)},
            {"cluster", "first_and_surname"},
        ),
    ],
)
def test_a_shipped_mapping_fits_its_table(table: str, mapping: str, read: dict[str, tuple[str, ...]], unread: set[str]) -> None:
    found = read_reports(BENCH / table, *mapping_of(EXAMPLES / mapping, ())).reading
    assert read.items() <= found.columns.items()
    assert set(found.unread) == unread


def linked(table: Path, folder: Path, mapping: str | None = None) -> tuple[dict[str, float], Outcome]:
    """What the scorer says of the best estimate, and the counts."""
    out = folder / "persons.parquet"
    outcome = link_file(Request(table, out, columns=EXAMPLES / mapping if mapping else None), SILENT)
    said = subprocess.run([sys.executable, str(BENCH / "pairwise.py"), str(table), str(out)], capture_output=True, text=True, check=True)
    score: dict[str, float] = json.loads(said.stdout)
    return score, outcome


def test_reports_of_partners_that_no_threshold_was_chosen_on(tmp_path: Path) -> None:
    table = tmp_path / "reports.parquet"
    subprocess.run([sys.executable, str(BENCH / "person_reports.py"), "20000", "7", str(table)], check=True)
    score, outcome = linked(table, tmp_path)
    assert score["f1"] >= 0.85
    assert score["precision"] >= 0.92
    assert abs(score["person_count_error"]) <= 0.05
    assert outcome.asked_records <= 0.05 * outcome.records
    assert outcome.fewest <= outcome.persons <= outcome.most


def test_febrl_3(tmp_path: Path) -> None:
    score, _ = linked(BENCH / "febrl3.parquet", tmp_path, "linkage-febrl.yml")
    assert score["f1"] >= 0.995
