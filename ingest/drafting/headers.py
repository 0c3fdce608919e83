"""Which field a header of an unknown file may stand for, by every header that is known for it.

Here: labels in four languages, names of fields, names in HTCDS and CTDC, common headers, and the headers of all known partner
files; the same header, or one like it. Never here: the cells below a header (`ingest.drafting.values`).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from rapidfuzz import fuzz

from schemas.fields import Field
from schemas.partner import Partner
from schemas.vocabulary import LANGUAGES, Language

LEAST_LIKENESS = 0.7
"""Below it two headers have letters in common and no more."""
_AFTER_OPENING, _HEADERS_OF_OPENING = 0.7, 3  # whose it is, the opening may say: a witness, a caller
OF_A_PARTNER = "a header of"
_CONTAINED = 0.85  # what a known header is worth that stands within a longer one
_PREFIX = re.compile(r"^(prs|vic|cco|x)_")  # whose field it is, in HTCDS; x_ is an organisation's own
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_LETTER = re.compile(r"[^\w]+|_+")


@dataclass(frozen=True)
class HeaderGuess:
    """A field that a header may stand for: 1 the same header as one known, below it a likeness; and where it is known from."""

    field: str
    likeness: float
    source: str

    @property
    def is_of_one_partner(self) -> bool:
        """Whether only a partner's own file has it for the field: what it means there it need not mean elsewhere."""
        return self.source.startswith(OF_A_PARTNER)


@dataclass(frozen=True)
class HeaderIndex:
    """Every header that is known, as it is compared -> the fields it stands for and where it is known from."""

    known: Mapping[str, Mapping[str, str]]

    def holds(self, header: str) -> bool:
        """Whether the header is known for any field."""
        return header_words(header) in self.known

    def guesses(self, header: str, openings: frozenset[str] = frozenset()) -> tuple[HeaderGuess, ...]:
        """The fields a header may stand for, likeliest first; those of one likeness by name.

        `openings` are words with which several headers of the file begin: a known header after one of them is a hint.
        """
        opening, _, rest = header_words(header).partition(" ")
        within = self.known.get(rest, {}) if opening in openings else {}
        wanted = header_words(header)
        if not wanted:
            return ()
        best = {field: HeaderGuess(field, _AFTER_OPENING, source) for field, source in within.items()}
        for text, fields in self.known.items():
            likeness = _likeness(wanted, text)
            if likeness < LEAST_LIKENESS:
                continue
            for field, source in fields.items():
                if field not in best or likeness > best[field].likeness:
                    best[field] = HeaderGuess(field, likeness, source)
        return tuple(sorted(best.values(), key=lambda guess: (-guess.likeness, guess.field)))


def header_index(fields: Iterable[Field], partners: Mapping[str, Partner]) -> HeaderIndex:
    """The index of the fields of a unit, with the headers that the known partners' files have for them."""
    names = {field.name: field for field in fields}
    known: dict[str, dict[str, str]] = {}

    def add(text: str | None, field: str, source: str) -> None:
        if text and header_words(text):
            known.setdefault(header_words(text), {}).setdefault(field, source)

    for name, field in names.items():
        declared = field.declared
        for language in LANGUAGES:
            add(declared.labels.of(language), name, f"its label ({language})")
        add(name, name, "the name of the field")
        add(declared.htcds, name, "HTCDS")
        add(declared.ctdc, name, "CTDC")
    for name, texts in _common().items():
        for text in texts if name in names else ():
            add(text, name, "a common header")
    for partner in partners.values():
        for header, name in _headers_of(partner):
            if name in names:
                add(header, name, f"{OF_A_PARTNER} {partner.name}")
    return HeaderIndex(known)


def openings_of(headers: Iterable[str]) -> frozenset[str]:
    """The words with which three headers of a file or more begin, and go on."""
    counts = Counter(header_words(header).split()[0] for header in headers if " " in header_words(header))
    return frozenset(word for word, count in counts.items() if count >= _HEADERS_OF_OPENING)


def language_of(headers: Iterable[str], fields: Iterable[Field]) -> Language | None:
    """The language whose labels most of the headers are; None where none or two are ahead."""
    there = {header_words(header) for header in headers}
    listed = tuple(fields)
    counts = {language: sum(header_words(field.declared.labels.of(language)) in there for field in listed) for language in LANGUAGES}
    most = max(counts.values())
    ahead = [language for language in LANGUAGES if counts[language] == most]
    return ahead[0] if most and len(ahead) == 1 else None


def header_words(header: str) -> str:
    """A header as it is compared: words apart, in small letters, without accents and signs."""
    plain = unicodedata.normalize("NFKD", _PREFIX.sub("", header.strip()))
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(_NO_LETTER.sub(" ", _CAMEL.sub(" ", letters)).casefold().split())


def _likeness(wanted: str, known: str) -> float:
    """1 for the same words; a known header within a longer one, or one with other letters, is worth less."""
    if wanted == known:
        return 1.0
    alike = fuzz.token_sort_ratio(wanted, known) / 100
    is_within = len(known) > 3 and f" {known} " in f" {wanted} "
    return min(max(alike, _CONTAINED if is_within else 0.0), 0.99)


def _headers_of(partner: Partner) -> Iterable[tuple[str, str]]:
    for file in partner.files:
        joined = file.join.take if file.join else {}
        for header, column in (*file.columns.items(), *joined.items()):
            for text in (header, *column.also):
                yield text, column.field


def _common() -> dict[str, list[str]]:
    listed = yaml.safe_load((Path(__file__).parent / "header_synonyms.yml").read_text(encoding="utf-8"))
    return {str(name): [str(text) for text in texts] for name, texts in listed.items()}
