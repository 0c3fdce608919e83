"""Tokens against a second implementation in plain Python, letter by letter, as a partner without polars would write it."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from datetime import date
from itertools import combinations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.private.normaliser import _LETTERS, PARTICLES
from linkage.private.rounds import round_key, round_tag
from linkage.private.slots import COLUMNS, common_parts
from linkage.private.tokens import person_tokens

KEY = round_key(b"a master secret of the tests, which protects nobody", "r1")
NAMES = ("given_name", "middle_name", "family_name")
Person = dict[str, str | None]


def folded(name: str) -> list[str]:
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if unicodedata.category(each)[0] != "M")
    plain = "".join(each for each in plain.lower() if unicodedata.category(each)[0] != "M")
    words = re.split(r"([^\W\d_]+)", plain)
    # Arabic words: the article is parted from a longer word, a leading waw or yeh is a consonant.
    words = [re.sub(r"^[يی]", "y", re.sub(r"^و", "w", re.sub(r"^ال(?=[^\W\d_]{3})", "al ", word))) for word in words]
    letters = "".join(_LETTERS.get(each, each) for each in "".join(words))
    letters = re.sub("['’‘ʼ`´ʿʾ]", "", letters)
    letters = "".join(each if unicodedata.category(each)[0] == "L" else " " for each in letters)
    return letters.split()


def skeleton(word: str) -> str:
    sounds = re.sub(r"^(?:al|el)([^aeiouy][a-z]{4,})$", r"\1", word)
    groups = {
        "sch": "s",
        "tch": "s",
        "dj": "j",
        "kh": "h",
        "gh": "g",
        "dh": "d",
        "th": "t",
        "ph": "f",
        "sh": "s",
        "ch": "s",
        "zh": "s",
        "ck": "k",
    }
    sounds = re.sub("|".join(groups), lambda found: groups[found[0]], sounds)
    sounds = re.sub("c([eiy])", r"s\1", sounds)
    sounds = sounds.translate(str.maketrans({"c": "k", "q": "k", "w": "v", "z": "s", "x": "ks"}))
    sounds = re.sub("^[aeiou]+", "A", re.sub("^y", "j", sounds))
    sounds = re.sub("h+$", "", re.sub("[aeiouy]+", "", sounds)).lower()
    sounds = re.sub(r"([bdfghjklmnprstv])\1+", r"\1", sounds)
    return sounds if len(sounds) > 1 else word


def parts(person: Person) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for column in NAMES:
        words = folded(person[column] or "")
        own = [word for word in words if word not in PARTICLES] or words
        for word in own:
            if not re.fullmatch("[a-z]", word):
                found.setdefault(skeleton(word), set()).add(column)
    return {part: found[part] for part in sorted(found, key=lambda part: part.encode())[:5]}


def born(text: str) -> tuple[str | None, list[int]]:
    """The full date in either order, and the years."""
    found = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", text)
    if not found:
        return None, []
    year, month, day = found.groups()
    if month and day and (month, day) != ("01", "01") and (is_date(year, month, day) or is_date(year, day, month)):
        return f"{year}-{min(month, day)}-{max(month, day)}", [int(year)]
    return None, [int(year)] if month and not day else [int(year) + off for off in range(-2, 3)]


def is_date(year: str, month: str, day: str) -> bool:
    try:
        return bool(date(int(year), int(month), int(day)))
    except ValueError:
        return False


def texts(person: Person) -> set[str]:
    known = parts(person)
    rare = {part for part in known if part not in common_parts() and len(part) > 2}
    columns = set().union(*known.values()) if known else set()
    day, years = born(person["birth_date"] or "")
    found: set[str] = set()
    for one, other in combinations(known, 2):
        if day:
            found.add(f"nnd|{one}|{other}|{day}")
        if len(known[one] | known[other]) > 1 or len(columns) == 1:
            slot = {2: "rry", 1: "nry"}.get(len({one, other} & rare))
            found |= {f"{slot}|{one}|{other}|{year}" for year in years if slot}
    for part in known if day else ():
        if person["citizenship_code"]:
            found.add(f"ncd|{part}|{person['citizenship_code']}|{person['birth_date']}")
        if person["gender_code"] and part in rare:
            found.add(f"rgd|{part}|{ {'woman': 'W', 'man': 'M'}[person['gender_code']] }|{day}")
    document = "".join(each for each in person["document_number"] or "" if each.isalnum()).upper()
    phone = "".join(each for each in person["phone"] or "" if each.isdigit())[-9:]
    found |= {f"idy|{document}|{year}" for year in years if len(document) >= 5}
    return found | {f"tey|{phone}|{year}" for year in years if len(phone) >= 7}


def expected(person: Person) -> str | None:
    tag = round_tag(KEY)
    made = sorted(
        f"{tag}.{text[:3]}." + hmac.new(KEY, f"casehouse token 2|r1|{text}".encode(), hashlib.sha256).hexdigest()[:32]
        for text in texts(person)
    )
    return " ".join(made) or None


SOME_WORDS = """
    Yasmin Zwolińska MOHAMMED al-Hassan Hassan Ould Ahmed O’Connor Łukasz İbrahim Straße de la Cruz van Beek A. Tiara
    محمد الحسن عبد وليد يوسف Юлия Щербакова 伟 王 Nguyễn Dž Schäfer Tchaikovsky Quique Xuxa Yves Elkarim Anna-Maria Jean2Paul Ng
"""
WORDS = st.sampled_from(SOME_WORDS.split())
LETTERS = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzäéñçøşطهيحعоиж -'"), max_size=12)
NAME = st.none() | st.lists(WORDS | LETTERS, min_size=1, max_size=3).map(" ".join)
DATE = (
    st.none()
    | st.dates(date(1950, 1, 1), date(2010, 12, 31)).map(str)
    | st.sampled_from(["1990", "1990-05", "1990-01-01", "1990-17-05", "1990-13-41", "1990-02-30", "17/05/1990", "", "199"])
)
PERSON = st.fixed_dictionaries(
    {
        **dict.fromkeys(NAMES, NAME),
        "birth_date": DATE,
        "gender_code": st.sampled_from([None, "woman", "man"]),
        "citizenship_code": st.sampled_from([None, "SO", "VN"]),
        "document_number": st.sampled_from([None, "AB-12 345", "1234", "ab12345"]),
        "phone": st.sampled_from([None, "+252 61 234 5678", "061 234 5678", "112", "0000000"]),
    }
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PERSON, min_size=1, max_size=6))
def test_tokens_equal_those_of_the_second_implementation(persons: list[Person]) -> None:
    made = person_tokens(pl.DataFrame(persons, schema=dict.fromkeys(COLUMNS, pl.String)), "r1", KEY)
    assert made.to_list() == [expected(person) for person in persons]


@settings(max_examples=40, deadline=None)
@given(st.lists(PERSON, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_a_records_tokens_depend_on_it_alone(persons: list[Person], chance) -> None:  # type: ignore[no-untyped-def]
    schema = dict.fromkeys(COLUMNS, pl.String)
    order = list(range(len(persons)))
    chance.shuffle(order)
    together = person_tokens(pl.DataFrame([persons[place] for place in order], schema=schema), "r1", KEY).to_list()
    assert together == [person_tokens(pl.DataFrame([persons[place]], schema=schema), "r1", KEY)[0] for place in order]
