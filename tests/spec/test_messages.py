"""Texts in four languages: every text a person reads is translated, with its gaps, its plurals and its digits."""

from __future__ import annotations

import ast
import gettext
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from schemas.messages import CATALOGUES, DOMAIN, list_text, number_text, percent_text, say, say_count, spoken
from schemas.problems import catalogue
from schemas.vocabulary import Language

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("schemas", "engine", "ingest", "linkage", "anonymize", "warehouse", "pipelines", "portal", "sample_data")
SAYING = {"say": None, "say_count": (1, 2)}
TRANSLATED: tuple[Language, ...] = ("fr", "es", "ar")
FORMS = {"fr": (1, 2), "es": (1, 2), "ar": (0, 1, 2, 5, 15, 100)}
"""For each form of a catalogue's plural a number that takes it, in the order of the forms."""
ISOLATED = re.compile("\u2068[^\u2069]*\u2069")
Pattern = str | tuple[str, str]


def patterns() -> set[Pattern]:
    """Every pattern that the code says."""
    found: set[Pattern] = set()
    for package in PACKAGES:
        for _, _, pattern, _, _ in extract_from_dir(ROOT / package, [("**.py", "python")], keywords=SAYING):
            found.add(pattern if isinstance(pattern, str) else (pattern[0], pattern[1]))
    return found


def read(language: Language) -> Catalog:
    with (CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as stream:
        return read_po(stream, locale=language, abort_invalid=True)


def entries(language: Language) -> Iterator[tuple[Entry, list[tuple[str, str]]]]:
    """Each entry of a catalogue with its pairs of what is said in English and in the language."""
    for entry in read(language):
        if entry.id:
            one, many = (entry.id, entry.id) if isinstance(entry.id, str) else entry.id
            said = [entry.string] if isinstance(entry.string, str) else list(entry.string)
            yield entry, [(one if number == 1 else many, form) for number, form in zip(FORMS[language], said, strict=False)]


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_the_code_is_translated_and_nothing_else(language: Language) -> None:
    """A text is missing: add it to `schemas/locale/<language>/LC_MESSAGES/casehouse.po`; superfluous: take it out."""
    listed = {entry.id if isinstance(entry.id, str) else tuple(entry.id) for entry, _ in entries(language)}
    assert listed == patterns()


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_empty_doubtful_or_lacks_a_plural_form(language: Language) -> None:
    poor = [entry.id for entry, pairs in entries(language) if entry.fuzzy or not all(said.strip() for _, said in pairs)]
    forms = {len(pairs) for entry, pairs in entries(language) if entry.pluralizable}
    assert (poor, forms) == ([], {len(FORMS[language])})


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_gaps_of_a_translation_are_those_of_its_text(language: Language) -> None:
    """A form for one certain number may say the number in a word."""
    for entry, pairs in entries(language):
        for english, said in pairs:
            spelt_out = {"count"} if entry.pluralizable else set()
            assert gaps(said) | spelt_out == gaps(english) | spelt_out, entry.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_each_number_takes_the_form_that_is_written_for_it(language: Language) -> None:
    """The rule of the catalogue is that of the Unicode CLDR, as gettext numbers its forms."""
    rule = gettext.c2py(read(language).plural_expr)  # type: ignore[attr-defined]
    assert [rule(number) for number in FORMS[language]] == list(range(len(FORMS[language])))
    assert rule(30) == rule(FORMS[language][-2] if language == "ar" else 2)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_pattern_is_written_out_where_it_is_said(package: str) -> None:
    """What is put together at run time cannot be found by a translator."""
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
                count = 2 if node.func.id == "say_count" else 1
                assert all(isinstance(given, ast.Constant) for given in node.args[:count]), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("package", ["ingest", "pipelines"])
def test_a_refusal_says_where_and_what_is_allowed_in_words_that_can_be_translated(package: str) -> None:
    """An English text that is put together on the spot would reach a reader of Arabic as it is."""
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"refusal", "refusal_of"}:
                told = [given.value for given in node.keywords if given.arg in {"where", "allowed"}]
                assert not [text for text in told if holds_words(text)], f"{path.name}:{node.lineno}"


def holds_words(written: ast.expr) -> bool:
    """Whether words are written here themselves; names and signs between them are the same in all languages."""
    parts = written.values if isinstance(written, ast.JoinedStr) else [written]
    return any(isinstance(part, ast.Constant) and re.search("[a-z]{2}", str(part.value)) is not None for part in parts)


def test_dates_options_and_commands_keep_their_direction_in_arabic() -> None:
    """Between Arabic words 2024-12-31 would be shown as 31-12-2024, so it stands between marks that isolate it."""
    texts = [text for entry in catalogue().values() for text in (entry.text.ar, entry.remedy.ar)]
    texts += [said for _, pairs in entries("ar") for _, said in pairs]
    assert [text for text in texts if re.search(r"[0-9]-[0-9]|--[a-z]|casehouse |\.[a-z]{3}", ISOLATED.sub("", text))] == []
    assert spoken(say("a date such as {example}", example="2024-12-31"), "ar").endswith("\u20682024-12-31\u2069")


def test_a_text_is_said_in_the_language_and_in_english_where_it_is_not_known() -> None:
    text = say_count("{count} row", "{count} rows", count=30)
    assert [spoken(text, language) for language in get_args(Language)] == ["30 rows", "30 lignes", "30 filas", "30 صفا"]
    assert [spoken(say_count("{count} row", "{count} rows", count=count), "ar") for count in (0, 1, 2, 3)] == [
        "لا صفوف",
        "صف واحد",
        "صفان",
        "3 صفوف",
    ]
    assert spoken("no message", "fr") == "no message"
    unknown = "in no {place}"
    assert spoken(say(unknown, place="catalogue"), "fr") == "in no catalogue"


def test_a_part_that_is_a_text_itself_is_said_in_the_language_too() -> None:
    part = say("tab")
    assert str(say("between several of them: {sign}", sign=part)) == "between several of them: tab"
    assert spoken(say("between several of them: {sign}", sign=part), "es") == "entre varias de ellas: tabulador"


def test_a_text_survives_the_way_out_of_a_child_process() -> None:
    text = pickle.loads(pickle.dumps(say_count("{count} row", "{count} rows", count=3)))
    assert (text, spoken(text, "fr")) == ("3 rows", "3 lignes")


@pytest.mark.parametrize(
    ("language", "number", "shares"),
    [
        ("en", "1,234,567", ("0%", "under 0.1%", "12.3%", "over 99.9%", "100%")),
        ("fr", "1\u202f234\u202f567", ("0\u00a0%", "moins de 0,1\u00a0%", "12,3\u00a0%", "plus de 99,9\u00a0%", "100\u00a0%")),
        ("es", "1.234.567", ("0\u00a0%", "menos de 0,1\u00a0%", "12,3\u00a0%", "más de 99,9\u00a0%", "100\u00a0%")),
    ],
)
def test_numbers_are_written_as_the_language_does(language: Language, number: str, shares: tuple[str, ...]) -> None:
    assert number_text(1_234_567, language) == number
    assert number_text(2024, language) == "2024"
    assert tuple(percent_text(share, language) for share in (0, 0.0004, 0.1234, 0.99996, 1)) == shares


def test_arabic_numbers_have_the_digits_that_spreadsheets_show() -> None:
    assert number_text(1_234_567, "ar") == "1,234,567"
    assert re.search("[\u0660-\u0669]", percent_text(0.1234, "ar")) is None
    assert list_text(["أ", "ب"], "ar") == "أ، ب"
