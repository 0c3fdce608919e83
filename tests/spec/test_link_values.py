"""How `casehouse link` reads birth dates, genders and countries that are not written as Casehouse writes them.

Everyone in these tables is invented.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.linking_tables import read_reports


def written(birth_date: list[str | None], sex: list[str | None] | None = None, country: list[str | None] | None = None) -> pl.DataFrame:
    """Reports of one partner that differ in nothing but how these are written."""
    rows = len(birth_date)
    return pl.DataFrame(
        {
            "unique_id": [f"r{number}" for number in range(rows)],
            "given_name": ["Zeynab"] * rows,
            "surname": ["Qaradaghi"] * rows,
            "dob": birth_date,
            "sex": sex or [None] * rows,
            "nationality": country or [None] * rows,
        },
        schema_overrides={"dob": pl.String, "sex": pl.String, "nationality": pl.String},
    )


def read_as(folder: Path, table: pl.DataFrame) -> pl.DataFrame:
    table.write_parquet(folder / "written.parquet")
    return read_reports(folder / "written.parquet", {}).reports.frame


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (["31/12/1979", "04/05/1990", "1990-05"], ["1979-12-31", "1990-05-04", "1990-05"]),
        (["31.12.1979", "4.5.1990"], ["1979-12-31", "1990-05-04"]),
        (["12/31/1979", "04/05/1990"], ["1979-12-31", "1990-04-05"]),
        (["٣١/١٢/١٩٧٩", "1990-05-04"], ["1979-12-31", "1990-05-04"]),
        # nothing shows the order, or both orders are shown
        (["04/05/1990", "31.12.1979"], ["04/05/1990", "1979-12-31"]),
        (["31/12/1979", "12/31/1979", "04/05/1990"], ["31/12/1979", "12/31/1979", "04/05/1990"]),
        # 31 February shows nothing
        (["31/02/1979", "04/05/1990"], ["31/02/1979", "04/05/1990"]),
    ],
)
def test_a_date_with_the_year_last_is_read_where_other_dates_show_which_number_is_the_day(
    tmp_path: Path, sent: list[str | None], read: list[str]
) -> None:
    assert read_as(tmp_path, written(sent))["birth_date"].to_list() == read


def test_the_dates_of_one_partner_show_nothing_of_those_of_another(tmp_path: Path) -> None:
    table = written(["31/12/1979", "04/05/1990"]).with_columns(partner=pl.Series(["north", "south"]))
    assert read_as(tmp_path, table)["birth_date"].to_list() == ["1979-12-31", "04/05/1990"]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (["F", "M", "Female", "male", "mujer", "أنثى"], ["woman", "man", "woman", "man", "woman", "woman"]),
        (["H", "M", "hombre"], ["man", "woman", "man"]),
        (["M", "H", "F"], ["M", "man", "woman"]),
        (["M", "M"], ["M", "M"]),
        (["F", "unknown", "n/a", "t2227949951"], ["woman", "unknown", "unknown", "t2227949951"]),
    ],
)
def test_genders_are_read_by_their_names_and_m_by_the_letter_beside_it(tmp_path: Path, sent: list[str | None], read: list[str]) -> None:
    assert read_as(tmp_path, written([None] * len(sent), sex=sent))["gender_code"].to_list() == read


def test_countries_are_read_by_their_names_and_codes(tmp_path: Path) -> None:
    sent = ["UA", "Ukraine", "UKR", "ucrania", "العراق", "Syria", "NA", "na", "Atlantis"]
    read = ["UA", "UA", "UA", "UA", "IQ", "SY", "NA", "unknown", "Atlantis"]
    assert read_as(tmp_path, written([None] * len(sent), country=[*sent]))["citizenship_code"].to_list() == read
