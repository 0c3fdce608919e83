"""What linkage reads out of a report: small values in, what they are compared by out."""

from __future__ import annotations

import polars as pl
import pytest

from linkage.births import births
from linkage.contacts import email, number, phones
from linkage.features import features
from linkage.folding import folded_values
from linkage.model import load_model
from linkage.names import RARITY, stable_number
from linkage.table import INPUT, REQUIRED, checked
from schemas.errors import LeakStopped
from schemas.missing import MISSING_CODES
from schemas.zones import Identified

MODEL = load_model()


def known(*rows: dict[str, str | None]) -> pl.DataFrame:
    """The features of reports r1, r2 ... of one partner."""
    whole = [{"record_key": f"r{place}", "partner_code": "north", **row} for place, row in enumerate(rows, 1)]
    return features(Identified(pl.DataFrame(whole, infer_schema_length=None)), MODEL)


def keys_of(*names: str) -> list[set[int]]:
    return [set(keys) for keys in known(*({"given_name": name} for name in names))["given_keys"]]


@pytest.mark.parametrize(
    ("script", "name", "latin"),
    [
        ("Arabic", "محمد", "Muhammad"),
        ("Cyrillic", "Ковальчук", "Kovalchuk"),
        ("Greek", "Μαρία", "Maria"),
        ("Georgian", "ნინო", "Nino"),
        ("Devanagari", "अमित", "amit"),
        ("Korean", "김", "gim"),
        ("Turkish capitals", "İPEK IŞIK", "ipek isik"),
        ("Polish", "Żółtowska", "Zoltowska"),
    ],
)
def test_every_script_meets_latin(script: str, name: str, latin: str) -> None:
    one, other = keys_of(name, latin)
    assert one == other, script


def test_a_name_without_letters_is_none() -> None:
    assert folded_values(pl.Series(["..", "", " 17 ", None, "Ana"])).to_list() == [None, None, None, None, "ana"]


def test_a_digit_between_letters_is_a_typing_error() -> None:
    assert folded_values(pl.Series(["r0bert", "maria 2"])).to_list() == ["rbert", "maria"]


def test_particles_carry_no_key_unless_they_are_the_whole_name() -> None:
    with_particle, without, alone = keys_of("Ould Ahmed", "Ahmed", "Ould")
    assert with_particle == without
    assert alone


def test_the_names_of_a_record_are_keys_in_any_field() -> None:
    found = known(
        {"given_name": "Selam", "family_name": "Bekele"},
        {"given_name": "Bekele", "family_name": "Selam"},
        {"given_name": "Selam", "middle_name": "Bekele"},
    )
    assert found["name_keys"].n_unique() == 1


def test_how_rare_a_name_is_the_model_says_and_not_the_table() -> None:
    common = max(MODEL.frequencies.names, key=lambda name: MODEL.frequencies.names[name])
    found = known(*[{"given_name": "xqvbrtz"}] * 20, {"given_name": common}).sort("given")
    assert MODEL.frequencies.names[common] > max(RARITY.values())
    for name in RARITY:
        assert found[f"given_{name}"].list.len().to_list() == [0] + [1] * 20, name
    assert found["given_keys"].list.len().to_list() == [1] * 21


@pytest.mark.parametrize(
    ("text", "year", "month", "day"),
    [
        ("1990-05-17", 1990, 5, 17),
        ("19900517", 1990, 5, 17),
        ("1990/05/17", 1990, 5, 17),
        ("1990-05-17T00:00:00", 1990, 5, 17),
        ("1990-5-7", 1990, 5, 7),
        ("1990-05", 1990, 5, None),
        ("1990", 1990, None, None),
        ("1990-01-01", 1990, None, None),
        ("1790-06-02", 1790, 6, 2),
        ("1990-17-05", 1990, 5, 17),
        ("1990-02-31", 1990, 2, 31),
        ("1857-21-31", 1857, 21, 31),
        ("May 1990", None, None, None),
    ],
)
def test_a_birth_date_states_as_much_as_it_says(text: str, year: int | None, month: int | None, day: int | None) -> None:
    found = births(pl.Series([text])).select("birth_year", "birth_month", "birth_day")
    assert found.row(0) == (year, month, day)


def test_the_stated_digits_are_kept_for_typing_errors() -> None:
    assert births(pl.Series(["1990-17-05", "1990", "1990-01-01"]))["birth_text"].to_list() == ["19901705", None, "19900101"]


def test_a_stated_precision_bounds_the_date() -> None:
    found = known(*({"birth_date": "1998-07-09", "birth_date_precision": precision} for precision in ("day", "month", "Year", None)))
    stated = [(1998, 7, 9), (1998, 7, None), (1998, None, None), (1998, 7, 9)]
    assert found.select("birth_year", "birth_month", "birth_day").rows() == stated


def test_telephones_come_to_e164_where_the_country_is_stated() -> None:
    written = ["+32 2 123 45 67", "0032 2 1234567", "+44 (0)20 7946 0958", "02/123.45.67", "+39 06 698 1234", "+999 0 12", "12", None]
    assert phones(pl.Series(written)).to_list() == [
        "+3221234567",
        "+3221234567",
        "+442079460958",
        "21234567",
        "+39066981234",
        "999012",
        None,
        None,
    ]


def test_numbers_are_compared_without_separators() -> None:
    assert number(pl.Series(["et 12-34.56", "n/a", "１２３４", None])).to_list() == ["ET123456", None, "1234", None]


def test_an_email_is_one_or_nothing() -> None:
    frame = pl.DataFrame({"email": ["Ana@Example.ORG ", "none", "a@b", None]})
    assert frame.select(email(pl.col("email")))["email"].to_list() == ["ana@example.org", None, None, None]


def test_places_are_words_and_parts() -> None:
    row = known(
        {"address": "12 Wallaby Place, Delmar", "postal_code": "tq13 8df", "birth_place": "Saint-Pétersbourg", "occupation": "Nurse "}
    )
    assert row.select("address", "street", "postal_code", "postal_area", "postal_sorted", "birth_place", "occupation").row(0) == (
        "wallaby place delmar",
        "vlbpls",
        "TQ138DF",
        "TQ13",
        "138DFQT",
        "saint petersbourg",
        "nurse",
    )
    assert stable_number("12") in row["address_keys"][0]
    assert known({"postal_code": "4215"})["postal_area"].to_list() == ["42"]


def test_a_number_of_a_text_never_changes() -> None:
    assert stable_number("mhmd") == -3_058_558_345_746_920_057


def test_a_record_has_the_same_features_in_any_table() -> None:
    first: dict[str, str | None] = {"given_name": "Selam", "family_name": "Bekele", "birth_date": "1998-04-17", "phone": "+251 911 123456"}
    others: list[dict[str, str | None]] = [{"given_name": f"Name{place}", "birth_date": "1998"} for place in range(30)]
    alone = known(first)
    beside = known(first, *others).filter(pl.col("record_key") == "r1")
    assert beside.select(alone.columns).equals(alone)


def test_rows_may_come_in_any_order() -> None:
    frame = pl.DataFrame({"record_key": ["b", "a"], "partner_code": ["n", "n"], "given_name": ["Ana", "Bea"]})
    assert features(Identified(frame), MODEL).equals(features(Identified(frame.reverse()), MODEL))


def test_an_empty_table_has_the_same_columns() -> None:
    empty = pl.DataFrame(schema=dict.fromkeys(INPUT, pl.String))
    assert features(Identified(empty), MODEL).schema == known({"given_name": "Ana"}).schema


def test_absent_columns_are_missing_and_blank_cells_too() -> None:
    table = checked(Identified(pl.DataFrame({"record_key": ["r1"], "partner_code": ["n"], "given_name": [" "], "extra": [1]})))
    assert tuple(table.columns) == INPUT
    assert table["given_name"].null_count() == table["phone"].null_count() == 1


def test_codes_of_what_is_not_known_are_missing() -> None:
    found = known(*({"gender_code": code, "citizenship_code": code} for code in (*MISSING_CODES, "FR")))
    for name in ("gender_code", "citizenship_code"):
        assert found[name].drop_nulls().to_list() == ["FR"]


@pytest.mark.parametrize("written", ["namatjiar drive", "12 Namatjira Dr.ive", "namatj ira drive"])
def test_a_street_is_the_same_however_it_is_typed(written: str) -> None:
    assert known({"address": "Namatjira Drive 12"})["street"].to_list() == known({"address": written})["street"].to_list()


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_table_without_a_required_column_is_stopped(missing: str) -> None:
    frame = pl.DataFrame({"record_key": ["r1"], "partner_code": ["n"]}).drop(missing)
    with pytest.raises(LeakStopped, match=missing):
        checked(Identified(frame))


def test_keys_must_be_there_once_and_are_not_shown() -> None:
    for keys in (["CANARY", "CANARY"], ["CANARY", None]):
        with pytest.raises(LeakStopped) as stopped:
            checked(Identified(pl.DataFrame({"record_key": keys, "partner_code": ["n", "n"]})))
        assert "CANARY" not in str(stopped.value)
