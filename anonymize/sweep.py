"""Identifiers that a partner typed into a column where none belongs: the last look before a text leaves the vault.

Here: which columns are looked through, the patterns, and their tuned limits. Never here: what becomes of a row that is
found, or a text in a result: a finding is a file, a row and a field.

Presidio runs its recognizers without a language model: the texts are names of places in any language, for which there is
none. Its recognizers for e-mail and web addresses are replaced: they look up public suffixes on the network.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from anonymize.addresses import address_patterns, signs_of_a_home
from schemas.fields import Kind, Sensitivity, fields_of
from schemas.folding import folded_label
from schemas.units import MODELS, Unit
from schemas.vocabulary import LANGUAGES
from schemas.zones import Identified

if TYPE_CHECKING:
    from presidio_analyzer import PatternRecognizer

LEAST_DIGITS = 6
"""A run of so many digits is a number of a person or a telephone: postal codes have five in most countries, years four.
The six digits of an Indian, Chinese or Russian postal code are found too: they point at a few streets."""
LEAST_TOKEN = 6
LEAST_TOKEN_DIGITS = 4
"""Letters and digits in one word: numbers of passports and identity cards have four digits or more, names of districts
(13e, 4A, M25, SW1A) fewer."""
LEAST_NAME_LETTERS = 4
"""Shorter words of names (de, Al, Li, San) are also words of places."""
LONGEST_PLACE = 200
"""A longer text is a story in the wrong column, and no pattern finds the persons in a story."""
LEAST_SCORE = 0.35
"""Presidio gives .4 to a telephone number without context and .3 to a card number before its check digit is verified."""
OWN_SCORE = 0.9
"""Of a match of our patterns; they are exact enough to need no context."""

NAME_FIELDS = ("given_name", "family_name")
FINDING = pl.Schema({"file": pl.String, "row_number": pl.Int64, "field": pl.String})

_LANGUAGE = "en"  # Presidio asks for one; the recognizers below read no language
_DOMAINS = "com|org|net|info|biz|edu|gov|int|io"
_HAS_ANY_SIGN = r"[\p{N}@:/]|\.\p{L}"
"""What each pattern needs at least one of, or a word of a home; most names of places have none and are not handed to Presidio."""

_UNSEEN = r"[\p{Mn}\p{Cf}\x{0640}]"
"""Accents, signs without a width, and the stroke that draws an Arabic word out: a text is searched without them."""


def identifiers_in_text(reports: Identified, unit: Unit) -> pl.DataFrame:
    """Where a text that passes on holds an identifier: columns file, row_number, field; each once, in that order.

    Looked through is every field of kind text, not direct, that report and record both declare. Found are telephone and other
    long numbers, e-mail, web and IP addresses, handles, IBANs, card numbers, document numbers, dates with a day and a year,
    in any script of digits; numbers of streets and houses, and homes of named persons (`anonymize.addresses`);
    and a word of four letters or more that is also a word of the same row's own names.
    A text longer than `LONGEST_PLACE` counts as found.
    """
    found = [pl.DataFrame(schema=FINDING)]
    for field in _passing_texts(unit):
        if field in reports.frame.columns:
            column = reports.frame[field]
            is_found = _holds_pattern(column) | _holds_own_name(reports.frame, field) | _is_story(column)
            rows = reports.frame.filter(is_found).select("file", "row_number", field=pl.lit(field))
            found.append(rows.cast(FINDING))
    return pl.concat(found).unique().sort("file", "row_number", "field")


def _passing_texts(unit: Unit) -> tuple[str, ...]:
    kept = {field.name for field in fields_of(MODELS[unit].record)}
    return tuple(
        field.name
        for field in fields_of(MODELS[unit].report)
        if field.kind is Kind.TEXT and field.sensitivity is not Sensitivity.DIRECT and field.name in kept
    )


def _holds_pattern(column: pl.Series) -> pl.Series:
    """Row by row: does Presidio find anything in the text? Each distinct text is read once."""
    texts = column.cast(pl.String)
    plain = texts.str.normalize("NFKD").str.replace_all(_UNSEEN, "").str.replace_all("[\u2018\u2019]", "'")
    suspects = plain.filter(plain.str.contains(rf"{_HAS_ANY_SIGN}|(?i:{signs_of_a_home()})")).drop_nulls().unique()
    if suspects.is_empty():
        return pl.Series([False] * column.len(), dtype=pl.Boolean)
    is_identifier = _analyzer()
    _silence()
    hits = [text for text in suspects.to_list() if is_identifier(_with_ascii_digits(text))]
    return plain.is_in(hits).fill_null(value=False)


def _is_story(column: pl.Series) -> pl.Series:
    return (column.cast(pl.String).str.len_chars() > LONGEST_PLACE).fill_null(value=False)


def _with_ascii_digits(text: str) -> str:
    """The text with the digits of every script (Arabic-Indic, Persian, Devanagari) as 0 to 9."""
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)


def _holds_own_name(frame: pl.DataFrame, field: str) -> pl.Series:
    """Row by row: is a word of the text also a word of the names that the row itself carries?"""
    names = [_words(name) for name in NAME_FIELDS if name in frame.columns]
    if not names:
        return pl.Series([False] * frame.height, dtype=pl.Boolean)
    common = _words(field).list.set_intersection(pl.concat_list(names))
    return frame.select((common.list.len() > 0).fill_null(value=False)).to_series()


def _words(column: str) -> pl.Expr:
    """The words of a text that are long enough, lower-case and without accents; none for null."""
    folded = pl.col(column).cast(pl.String).fill_null("").str.normalize("NFKD").str.replace_all(r"[\p{M}\p{Cf}]", "").str.to_lowercase()
    return folded.str.extract_all(rf"\p{{L}}{{{LEAST_NAME_LETTERS},}}")


def _silence() -> None:
    """Disable Presidio's loggers, which write the text they read: a failed IBAN, the words around a finding.

    Before every sweep, not once: whatever configures logging in this process later (a database migration of Dagster's
    storage does) enables all loggers again that it does not know.
    """
    for name in ("presidio-analyzer", "decision_process"):
        logging.getLogger(name).disabled = True


@cache
def _analyzer() -> Callable[[str], bool]:
    """Presidio's engine over its own and our recognizers, built once a process, without a model, a network or a log."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NoOpNlpEngine
    from presidio_analyzer.predefined_recognizers import CreditCardRecognizer, IbanRecognizer, IpRecognizer, PhoneRecognizer

    _silence()
    recognizers = [
        CreditCardRecognizer(),
        IbanRecognizer(),
        IpRecognizer(),
        PhoneRecognizer(supported_regions=("ZZ",)),  # no region: numbers with a plus sign, of any country
        *_own_recognizers(),
    ]
    engine = AnalyzerEngine(
        registry=RecognizerRegistry(recognizers=recognizers, supported_languages=[_LANGUAGE]),
        nlp_engine=NoOpNlpEngine(models=[{"lang_code": _LANGUAGE, "model_name": "none"}]),
        supported_languages=[_LANGUAGE],
    )

    def is_identifier(text: str) -> bool:
        return bool(engine.analyze(text, language=_LANGUAGE, score_threshold=LEAST_SCORE))

    return is_identifier


def _own_recognizers() -> list[PatternRecognizer]:
    from presidio_analyzer import Pattern, PatternRecognizer

    return [
        PatternRecognizer(supported_entity=entity, patterns=[Pattern(f"{entity} {number}", regex, OWN_SCORE)])
        for entity, regexes in _patterns().items()
        for number, regex in enumerate(regexes)
    ]


def _patterns() -> dict[str, tuple[str, ...]]:
    """What Presidio lacks, or looks up on the network, by the name of what is found; matched without accents and regard to case."""
    month = _month_names()
    return {
        "EMAIL_ADDRESS": (r"(?<![\w.+%-])[\w.+%-]+\s?@\s?[\w-]+(?:\.[\w-]+)+",),
        "HANDLE": (r"(?<![\w.])@[\w.]{3,}",),
        "URL": (r"(?<![\w+.-])[a-z][a-z0-9+.-]*://\S+", r"\bwww\d?\.\S+", rf"(?<![\w-])[\w-]+\.(?:{_DOMAINS})\b(?!\.\w)"),
        # Digits with at most two separators between any two of them; a span of years ("2019-2021") is no number of anyone.
        "LONG_NUMBER": (
            r"(?<![\d])(?!(?:19|20)\d{2}\s?[-/‐-―]\s?(?:19|20)\d{2}(?!\d))"
            rf"\d(?:[\s.()/_‐-―-]{{0,2}}\d){{{LEAST_DIGITS - 1},}}",
        ),
        "DOCUMENT_NUMBER": (rf"\b(?=\d*[^\W\d_])(?=(?:[^\W\d_]*\d){{{LEAST_TOKEN_DIGITS}}})[^\W_]{{{LEAST_TOKEN},}}\b",),
        # A day and a month alone name streets and towns ("25 de Mayo"): the year is what makes a date of a person's life.
        "DATE": (
            r"(?<!\d)\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})(?!\d)",
            r"(?<!\d)\d{4}([./-])\d{1,2}\1\d{1,2}(?!\d)",
            rf"(?<!\d)\d{{1,2}}(?:st|nd|rd|th|er|o|°)?[\s.-]*(?:(?:de|of|من)\s+)?(?:{month})[\s.,-]*(?:(?:de|del)\s+)?\d{{4}}(?!\d)",
            rf"\b(?:{month})[\s.-]*\d{{1,2}}(?:st|nd|rd|th)?[\s,]+\d{{4}}(?!\d)",
        ),
        **address_patterns(),
    }


def _month_names() -> str:
    """The months in the four languages, long and short, as alternatives of a pattern (Unicode CLDR)."""
    from babel.dates import get_month_names

    locales: Iterable[str] = (*LANGUAGES, "ar_SY", "ar_DZ", "ar_MA")  # months have three more sets of names in Arabic
    names = {
        re.escape(folded_label(get_month_names(width, locale=locale)[month].rstrip(".")))
        for locale in locales
        for width in ("wide", "abbreviated")
        for month in range(1, 13)
    }
    return "|".join(sorted(names, key=lambda name: (-len(name), name)))
