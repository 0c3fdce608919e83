"""Keyed tokens: the vectors that anyone can check in another language, and what tokens are refused to be made from.

`linkage/private/vectors.json` must never change for one version of the normaliser, or tokens sent before match no more.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from linkage.private import normaliser
from linkage.private.rounds import round_key, round_tag, well_known_keys
from linkage.private.slots import CODES, COLUMNS, SLOTS, Strength, slot_texts
from linkage.private.tokens import TOKEN_PATTERN, person_tokens, token, token_columns, token_only
from schemas.errors import UserError

VECTORS = json.loads((Path(normaliser.__file__).parent / "vectors.json").read_text(encoding="utf-8"))
KEY = round_key(b"a master secret of the tests, which protects nobody", "r1")
SCHEMA = pl.Schema(dict.fromkeys(COLUMNS, pl.String))


def people(*rows: dict[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA)


def person(**changes: str | None) -> dict[str, str | None]:
    known = {
        "given_name": "Yasmin",
        "family_name": "Zwolińska",
        "birth_date": "1990-05-17",
        "gender_code": "woman",
        "citizenship_code": "SO",
    }
    return known | changes


def texts(**changes: str | None) -> set[str]:
    return set(slot_texts(people(person(**changes)).with_row_index("position"))["text"])


def tokens(**changes: str | None) -> set[str]:
    return set((person_tokens(people(person(**changes)), "r1", KEY)[0] or "").split())


def slot_of(written: str) -> str:
    return written.split(".")[1]


def value(function: Callable[[pl.Expr], pl.Expr], text: str) -> object:
    return pl.DataFrame({"text": [text]}).select(function(pl.col("text")).alias("made"))["made"].to_list()[0]


@pytest.mark.parametrize("vector", VECTORS["names"], ids=lambda vector: vector["name"])
def test_names_are_normalised_as_the_vectors_say(vector: dict[str, str]) -> None:
    assert value(normaliser.folded, vector["name"]) == vector["folded"]
    frame = pl.DataFrame({"position": [0], "given_name": [vector["name"]]})
    assert normaliser.name_parts(frame)["part"].to_list() == vector["parts"]


def test_dates_and_numbers_are_normalised_as_the_vectors_say() -> None:
    for vector in VECTORS["birth_dates"]:
        assert value(normaliser.birth_day, vector["birth_date"]) == vector["day"]
        assert value(normaliser.birth_day_as_stated, vector["birth_date"]) == vector["stated_day"]
        assert value(normaliser.birth_years, vector["birth_date"]) == vector["years"]
    for kind, function in (("document", normaliser.document), ("phone", normaliser.phone), ("gender", normaliser.gender)):
        for vector in VECTORS[f"{kind}s"]:
            assert value(function, vector[kind]) == vector["normalised"]
    assert VECTORS["normaliser"] == normaliser.NORMALISER_VERSION


@pytest.mark.parametrize("vector", VECTORS["rounds"], ids=lambda vector: vector["round"])
def test_keys_of_rounds_follow_from_the_master_by_hkdf(vector: dict[str, str]) -> None:
    """RFC 5869 with HMAC alone: extract with a salt of zeros, then one block of expansion."""
    extracted = hmac.new(bytes(32), bytes.fromhex(vector["master"]), hashlib.sha256).digest()
    info = b"casehouse linkage round 1|" + vector["round"].encode()
    assert hmac.new(extracted, info + b"\x01", hashlib.sha256).hexdigest() == vector["key"]
    key = round_key(bytes.fromhex(vector["master"]), vector["round"])
    assert key.hex() == vector["key"]
    assert round_tag(key) == vector["tag"] == hmac.new(key, b"casehouse round tag", hashlib.sha256).hexdigest()[:8]


@pytest.mark.parametrize("vector", VECTORS["persons"], ids=lambda vector: vector["record"]["birth_date"])
def test_tokens_are_those_of_the_vectors(vector: dict[str, dict[str, str]]) -> None:
    key, name = bytes.fromhex(VECTORS["rounds"][0]["key"]), VECTORS["rounds"][0]["round"]
    made = person_tokens(people(vector["record"]), name, key)[0]
    assert made.split() == sorted(vector["tokens"].values())
    for text, expected in vector["tokens"].items():
        digest = hmac.new(key, f"casehouse token 2|{name}|{text}".encode(), hashlib.sha256).hexdigest()
        assert token(key, name, text) == f"{VECTORS['rounds'][0]['tag']}.{text[:3]}.{digest[:32]}" == expected


def test_every_slot_joins_at_least_two_parts_the_last_a_birth_date() -> None:
    for slot in SLOTS:
        assert len(slot.parts) >= 2
        assert slot.parts[-1] in ("day", "stated_day", "year")
        assert "day" in slot.parts[-1] or {"part_2", "document", "phone"} & set(slot.parts)
    assert CODES["nnd"].strength is Strength.STRONG
    assert CODES["ncd"].strength is Strength.FAIR


def test_a_person_has_a_token_of_every_slot_it_has_the_parts_of() -> None:
    assert texts(document_number="AB-12345", phone="+252 61 234 5678") == {
        "nnd|jsmn|svlnsk|1990-05-17",
        "ncd|jsmn|SO|1990-05-17",
        "ncd|svlnsk|SO|1990-05-17",
        "rgd|svlnsk|W|1990-05-17",
        "nry|jsmn|svlnsk|1990",
        "idy|AB12345|1990",
        "tey|612345678|1990",
    }


def test_spelling_order_particles_and_swapped_days_give_the_same_tokens() -> None:
    usual = tokens()
    assert tokens(given_name="zwolinska", family_name="de YASMIN") == usual
    assert tokens(given_name="Jasmin A.") == usual
    assert tokens(given_name=None, family_name="Zwolińska", middle_name="Yasmîn") == usual
    assert tokens(gender_code="F") == usual
    swapped = tokens(birth_date="1990-17-05")
    assert {slot_of(each) for each in usual - swapped} == {"ncd"}
    assert {slot_of(each) for each in usual & swapped} == {"nnd", "rgd", "nry"}


def test_an_estimated_year_meets_full_dates_up_to_two_years_off() -> None:
    estimated = tokens(birth_date="1990-01-01")
    assert estimated == tokens(birth_date="1990")
    for year, is_near in ((1987, False), (1988, True), (1990, True), (1992, True), (1993, False)):
        assert bool(estimated & tokens(birth_date=f"{year}-05-17")) is is_near


@pytest.mark.parametrize(
    "changes",
    [
        {"birth_date": None, "document_number": "AB-12345", "phone": "+252 61 234 5678"},
        {"birth_date": "17/05/1990"},
        {"given_name": None, "family_name": None},
        {"given_name": "Y.", "family_name": None},
        {"given_name": "Zwolińska", "family_name": None, "gender_code": "unknown", "citizenship_code": "not_collected"},
        {"given_name": "Mohammed", "family_name": "Ahmed", "birth_date": "1990"},
        {"given_name": None, "family_name": None, "document_number": "1234", "phone": "112"},
    ],
    ids=["no birth date", "no date", "no name", "an initial", "one part and a date", "common names and a year", "numbers of nobody"],
)
def test_no_token_without_enough_parts(changes: dict[str, str | None]) -> None:
    assert texts(**changes) == set()
    assert person_tokens(people(person(**changes)), "r1", KEY).to_list() == [None]


def test_with_a_birth_year_alone_a_double_surname_is_one_name() -> None:
    assert texts(given_name=None, family_name="Casagrande Zwolińska", birth_date="1990", citizenship_code=None) == {
        f"rry|ksgrnd|svlnsk|{year}" for year in range(1988, 1993)
    }
    with_given = texts(given_name="Aloísia", family_name="Casagrande Zwolińska", birth_date="1990")
    assert {text.split("|")[1:3] == ["ksgrnd", "svlnsk"] for text in with_given} == {False}
    assert "nnd|ksgrnd|svlnsk|1990-05-17" in texts(given_name="Aloísia", family_name="Casagrande Zwolińska")


def test_a_part_of_two_letters_is_not_rare() -> None:
    assert {text[:3] for text in texts(given_name="Tiara", birth_date="1990")} == {"nry"}
    assert texts(given_name="Tiara", family_name="Tari", birth_date="1990") == set()


def test_at_most_five_parts_of_a_long_name_count() -> None:
    long = texts(given_name="Anna Berta Clara Dora", family_name="Emil Frida Gustav Hugo", birth_date="1990-05-17")
    assert len([text for text in long if text.startswith("nnd")]) == 10


def test_names_of_a_script_without_a_table_still_differ() -> None:
    assert not tokens(given_name="伟", family_name="王") & tokens(given_name="芳", family_name="李")


def test_another_round_or_key_gives_other_tokens() -> None:
    frame = people(person())
    other = round_key(b"a master secret of the tests, which protects nobody", "r2")
    made = [set(person_tokens(frame, name, key)[0].split()) for name, key in (("r1", KEY), ("r2", KEY), ("r1", other))]
    assert made[0].isdisjoint(made[1])
    assert made[0].isdisjoint(made[2])


@pytest.mark.parametrize("key", [b"", b"short-secret", bytes(32), bytes(range(32)), b"ab" * 16, *sorted(well_known_keys())[:3]])
def test_a_weak_key_is_refused_without_being_shown(key: bytes) -> None:
    with pytest.raises(UserError) as refused:
        person_tokens(people(person()), "r1", key)
    assert "short-secret" not in str(refused.value)
    assert key == b"" or key.hex() not in str(refused.value)
    with pytest.raises(UserError):
        token(key, "r1", "nnd|a|b|1990-05-17")


def test_linkage_gets_lists_by_strength_of_what_was_sent_and_what_names_give() -> None:
    sent = person_tokens(people(person()), "r1", KEY)[0]
    rows = {"position": [0, 1, 2, 3], "person_token": [sent, None, "ffff", None]}
    names = people(person(given_name=None, family_name=None), person(), person(given_name=None, family_name=None), person(birth_date=None))
    found = token_columns(pl.DataFrame(rows).hstack(names), {"r1": KEY})
    only, named, foreign, undated = found.rows(named=True)
    assert (only["is_token_only"], named["is_token_only"], foreign["is_token_only"]) == (True, False, False)
    assert only["tokens"] == named["tokens"] == sorted({int(each[13:29], 16) for each in sent.split()})
    strong = {int(each[13:29], 16) for each in sent.split() if each[9:12] == "nnd"}
    assert (set(only["tokens_strong"]), set(only["tokens_fair"])) == (strong, set(only["tokens"]) - strong)
    for row in (foreign, undated):
        assert row["tokens"] is row["tokens_strong"] is row["tokens_fair"] is None


def test_without_an_open_round_named_records_have_no_tokens() -> None:
    frame = people(person()).with_columns(position=pl.lit(0), person_token=pl.lit(None, pl.String))
    assert token_columns(frame, {})["tokens"].to_list() == [None]


def test_records_as_a_partner_without_names_sends_them() -> None:
    records = people(person(), person(birth_date=None)).with_columns(record_key=pl.Series(["b", "a"]), partner_code=pl.lit("p"))
    made = token_only(records, "r1", KEY)
    assert made.columns == ["record_key", "partner_code", "gender_code", "citizenship_code", "person_token"]
    assert made["record_key"].to_list() == ["b", "a"]
    assert made["person_token"].str.contains(f"^{TOKEN_PATTERN}( {TOKEN_PATTERN})*$").to_list() == [True, None]


def test_an_empty_table_has_no_tokens() -> None:
    assert person_tokens(people(), "r1", KEY).to_list() == []
    empty = people().with_columns(position=pl.lit(0), person_token=pl.lit(None, pl.String)).clear()
    assert token_columns(empty, {"r1": KEY}).height == 0
