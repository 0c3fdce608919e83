"""The keyed token: pinned vectors, and what it refuses to be made from."""

from __future__ import annotations

import hashlib
import hmac

import polars as pl
import pytest

from linkage.tokens import person_token, token_column
from schemas.errors import UserError

KEY = bytes(range(32))

# Made once with Python's hmac over the text beside each; they must never change, or tokens sent before no longer match.
VECTORS = [
    ("Amina", "Khan", "1990-05-17", "amina|khan|1990-05-17", "be7a0f619540daf92aa50cc054970be967a21d828b09aba665652f77dada12a4"),
    ("Ngọc Ánh", "Nguyễn", "2003-11-02", "ngoc anh|nguyen|2003-11-02", "2a00d3bcf72fb2d6d26fd8635e53f81af6cb2787ca89acd36dfa36e0e0eb5a4d"),
    (
        "İbrahim",
        "O’Connor-Łukasz",
        "1985-02-03",
        "ibrahim|oconnor lukasz|1985-02-03",
        "f0bdecbb9be8f044f6f2104a09611dd2c0d923ca0c95b9fc578810e5763644a2",
    ),
    ("محمد", "عبد الله", "1999-12-31", "mhmd|abd allh|1999-12-31", "57f8f1ff2c795bfcc0678eec4c3ab858c5e12e5f92f0935fe62e9d3f4726a4b1"),
    ("Юлия", "Щербакова", "1977-07-07", "yuliya|sherbakova|1977-07-07", "0dbec6d4a2e81fe3b3d7a739569756e018c71448b2d36c467e95d60ecf968b74"),
]


@pytest.mark.parametrize(("given", "family", "born", "text", "token"), VECTORS)
def test_the_pinned_vectors_hold(given: str, family: str, born: str, text: str, token: str) -> None:
    assert person_token(KEY, given, family, born) == token
    assert hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest() == token


def test_spelling_that_folds_alike_gives_one_token() -> None:
    assert person_token(KEY, "José", "DE LA CRUZ", "1990-05-17") == person_token(KEY, " jose ", "De-la Cruz", "1990-05-17")


def test_names_of_a_script_without_a_table_still_differ() -> None:
    assert person_token(KEY, "伟", "王", "1990-05-17") != person_token(KEY, "芳", "李", "1990-05-17") is not None


@pytest.mark.parametrize(
    ("given", "family", "born"),
    [
        (None, "Khan", "1990-05-17"),
        ("Amina", None, "1990-05-17"),
        ("Amina", " ", "1990-05-17"),
        ("Amina", "Khan", None),
        ("Amina", "Khan", "1990"),
        ("Amina", "Khan", "1990-05"),
        ("Amina", "Khan", "1990-01-01"),
        ("Amina", "Khan", "1990-13-41"),
        ("Amina", "Khan", "17/05/1990"),
    ],
)
def test_no_token_without_both_names_and_a_full_birth_date(given: str | None, family: str | None, born: str | None) -> None:
    assert person_token(KEY, given, family, born) is None


def test_another_key_gives_another_token() -> None:
    assert person_token(KEY, "Amina", "Khan", "1990-05-17") != person_token(KEY[::-1], "Amina", "Khan", "1990-05-17")


def test_a_short_key_is_refused_without_being_shown() -> None:
    with pytest.raises(UserError) as refused:
        person_token(b"short-secret", "Amina", "Khan", "1990-05-17")
    assert "short-secret" not in str(refused.value)


def test_the_column_is_the_token_of_every_row() -> None:
    rows = [("Amina", "Khan", "1990-05-17"), ("Amina", None, "1990-05-17"), ("محمد", "الحسن", "2001-02-28")]
    frame = pl.DataFrame(rows, schema=["given_name", "family_name", "birth_date"], orient="row")
    assert token_column(frame, KEY).to_list() == [person_token(KEY, *row) for row in rows]


def test_an_empty_table_has_no_tokens() -> None:
    frame = pl.DataFrame(schema={"given_name": pl.String, "family_name": pl.String, "birth_date": pl.String})
    assert token_column(frame, KEY).to_list() == []
