"""The words partners use for codes: the vocabularies' own labels, and the way they are joined in a cell.

Here: what several layouts share. Never here: a word only one partner uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from random import Random

from sample_data.world import world
from schemas.vocabulary import Language, vocabulary

ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
"""ASCII digits to the Arabic-Indic ones (Unicode U+0660 to U+0669)."""


@cache
def label(vocabulary_name: str, code: str, language: Language) -> str:
    """The vocabulary's text for a code."""
    return vocabulary(vocabulary_name).label(code, language)


@cache
def alpha_3(country: str) -> str:
    """The ISO 3166-1 alpha-3 code of an alpha-2 code."""
    return vocabulary("country").term(country).synonyms[0]


def labels(vocabulary_name: str, codes: Iterable[str], language: Language, separator: str) -> str:
    """The texts of several codes in one cell; empty when there is none."""
    return separator.join(label(vocabulary_name, code, language) for code in codes)


def said(words: Mapping[str, tuple[str, ...]], codes: Iterable[str], separator: str, rng: Random) -> str:
    """A partner's own words for several codes in one cell; where it has several for one code, one of them by chance."""
    return separator.join(rng.choice(words[code]) for code in codes)


def iso(day: date) -> str:
    """A day as ISO 8601."""
    return day.isoformat()


def full_date(birth: str | None, pattern: str) -> str:
    """A birth date by a strptime pattern; a year alone becomes the first of January, as registers write it; empty when not known."""
    if birth is None:
        return ""
    return date.fromisoformat(birth if len(birth) == 10 else f"{birth}-01-01").strftime(pattern)


def year_of(birth: str | None) -> str:
    """The year of a birth date; empty when not known."""
    return "" if birth is None else birth[:4]


def band(age: int | None, bands: tuple[str, ...]) -> str | None:
    """The CTDC age band that holds an age, in the given spelling of the nine bands."""
    if age is None:
        return None
    return next(text for limit, text in zip((8, 17, 20, 23, 26, 29, 38, 47, 999), bands, strict=True) if age <= limit)


def region_of(country: str, rng: Random) -> str:
    """A region of the country, or nothing where the world lists none."""
    known = world().regions.get(country)
    return rng.choice(known) if known else ""
