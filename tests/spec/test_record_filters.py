"""Record-level Bloom filters: alike for alike names of one birth year, of no use without the key, and only ever a suggestion."""

from __future__ import annotations

import re

import polars as pl
import pytest

from linkage.private.clk import BITS, CLK_PATTERN, Filters, candidates, clk_column, grams
from linkage.private.rounds import round_key
from schemas.errors import UserError

KEY = round_key(b"a master secret of the tests, which protects nobody", "r1")
PINNED = "78a2d201.clk.6854f8a24100c2304040601713228804"


def filters(*rows: tuple[str | None, str | None, str | None], key: bytes = KEY, name: str = "r1") -> pl.DataFrame:
    frame = pl.DataFrame(list(rows), schema=["given_name", "family_name", "birth_date"], orient="row")
    keys = pl.Series("record_key", [chr(97 + number) for number in range(len(rows))])
    return pl.DataFrame([keys, clk_column(frame, name, key).alias("person_token")])


def test_alike_names_of_one_year_are_a_candidate_and_others_not() -> None:
    found = candidates(
        filters(
            ("Fatima", "al-Hassan", "1990-05-17"),
            ("Fatimah", "Al Hassan", "1990-05-17"),
            ("Fatima", "al-Hassan", "1991-05-17"),
            ("Selam", "Bekele", "1990-05-17"),
        )
    )
    assert found.select("record_key_left", "record_key_right").rows() == [("a", "b")]
    assert 0.8 <= found["similarity"][0] < 1


def test_the_same_person_is_alike_in_full() -> None:
    assert candidates(filters(("Selam", "Bekele", "1990-05-17"), ("selam", "BEKELE", "1990-05-17")))["similarity"].to_list() == [1.0]


def test_similarity_is_the_dice_coefficient_of_the_set_bits() -> None:
    frame = filters(("Fatima", "Hassan", "1990-05-17"), ("Fatma", "Hasan", "1990-05-17"))
    one, other = (bin(int(cell[13:], 16)) for cell in frame["person_token"])
    one, other = (each[2:].zfill(BITS) for each in (one, other))
    shared = sum(left == right == "1" for left, right in zip(one, other, strict=True))
    dice = 2 * shared / (one.count("1") + other.count("1"))
    assert candidates(frame, least=0.0)["similarity"].to_list() == [pytest.approx(dice, abs=1e-4)]


def test_bigrams_are_padded_and_the_day_counts() -> None:
    assert grams("ab c", "1990-05-17") == [" a", " c", "#05", "#17", "ab", "b ", "c "]
    assert grams("ab", None) == [" a", "ab", "b "]


def test_each_bigram_sets_up_to_twenty_bits() -> None:
    packed = Filters("r1", KEY).of("a", "1990", None)
    bits = bin(int(packed.tobytes().hex(), 16)).count("1")
    assert 20 < bits <= 40


def test_its_written_form_is_pinned() -> None:
    cell = filters(("Selam", "Bekele", "1990-05-17"))["person_token"][0]
    assert re.fullmatch(CLK_PATTERN, cell)
    assert cell.startswith(PINNED)


def test_another_key_or_round_gives_another_filter_and_rounds_are_not_compared() -> None:
    row = ("Selam", "Bekele", "1990-05-17")
    other = round_key(b"a master secret of the tests, which protects nobody", "r2")
    first, second, third = (filters(row, key=key, name=name)["person_token"][0] for key, name in ((KEY, "r1"), (other, "r2"), (KEY, "r2")))
    assert len({first[13:], second[13:], third[13:]}) == 3
    both = pl.DataFrame({"record_key": ["a", "b"], "person_token": [first, second]})
    assert candidates(both).is_empty()


@pytest.mark.parametrize("row", [(None, None, "1990-05-17"), ("Selam", "Bekele", None), ("Selam", "Bekele", "in 1990")])
def test_no_filter_without_a_name_or_a_birth_year(row: tuple[str | None, str | None, str | None]) -> None:
    assert filters(row)["person_token"].to_list() == [None]


def test_records_without_a_filter_have_no_candidates() -> None:
    assert candidates(pl.DataFrame({"record_key": ["a", "b"], "person_token": ["x", None]})).is_empty()


def test_a_weak_key_is_refused() -> None:
    with pytest.raises(UserError):
        filters(("Selam", "Bekele", "1990-05-17"), key=bytes(32))


def test_many_filters_are_compared_in_parts_with_the_same_result() -> None:
    rows = [(f"Selam{chr(97 + number % 26)}{chr(97 + number // 26)}", "Bekele", "1990-05-17") for number in range(600)]
    frame = pl.DataFrame(rows, schema=["given_name", "family_name", "birth_date"], orient="row")
    keys = pl.Series("record_key", [f"{number:04d}" for number in range(600)])
    made = pl.DataFrame([keys, clk_column(frame, "r1", KEY).alias("person_token")])
    every = candidates(made, least=0.0)
    assert every.height == 600 * 599 // 2
    assert every["record_key_left"].to_list() <= every["record_key_right"].to_list()
    assert candidates(made.reverse(), least=0.9).equals(candidates(made, least=0.9))
