"""The code lists of a case: stable codes, labels in four languages, hierarchies from a value up to 'withheld'.

Here: reading the lists beside this module and the countries of ISO 3166 under the regions of UN M49.
Never here: guessing; a value that is no code stays unknown to the vocabulary and its caller says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict

Language = Literal["en", "fr", "es", "ar"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

UNKNOWN = "unknown"
NOT_COLLECTED = "not_collected"
NOT_APPLICABLE = "not_applicable"
SUPPRESSED = "suppressed"
MISSING_CODES = (UNKNOWN, NOT_COLLECTED, NOT_APPLICABLE)
"""Why a value is missing. They are codes of every vocabulary; `suppressed` is added by anonymization alone."""

FOLDER = Path(__file__).parent / "vocabularies"
YEARS = (1990, 2049)
"""First and last year a record may carry; the year hierarchy spans it in steps of 2, 4 and 8 years."""


class Labels(BaseModel):
    """One text in the four languages of the partners."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    en: str
    fr: str
    es: str
    ar: str

    def of(self, language: Language) -> str:
        """The text in one language."""
        return {"en": self.en, "fr": self.fr, "es": self.es, "ar": self.ar}[language]


@dataclass(frozen=True)
class Term:
    """One code, what it means, the coarser code above it, and other standard codes for the same thing."""

    code: str
    labels: Labels
    parent: str | None = None
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """A closed list of terms that forms a forest; its leaves are the codes a record may hold."""

    name: str
    title: Labels
    terms: tuple[Term, ...]

    def term(self, code: str) -> Term:
        """The term of a code; `KeyError` when the vocabulary has no such code."""
        return self._by_code[code]

    def leaves(self) -> tuple[str, ...]:
        """The finest codes, in the order of the list."""
        parents = {term.parent for term in self.terms}
        return tuple(term.code for term in self.terms if term.code not in parents)

    def codes(self) -> tuple[str, ...]:
        """What a record's cell may hold: the leaves and the reasons for a missing value."""
        return (*self.leaves(), *MISSING_CODES)

    def label(self, code: str, language: Language) -> str:
        """The text of a code, also of a reason for a missing value."""
        home = self if code in self._by_code else vocabulary("missing")
        return home.term(code).labels.of(language)

    def ancestors(self, code: str) -> tuple[str, ...]:
        """The code and every coarser one above it, finest first."""
        found: list[str] = []
        step: str | None = code
        while step is not None:
            found.append(step)
            step = self.term(step).parent
        return tuple(found)

    def hierarchy(self) -> dict[str, tuple[str, ...]]:
        """Each code a cell may hold -> its path to `suppressed`, all of one length.

        A reason for a missing value stands alone up to the root: missing is a value of its own.
        """
        paths = {leaf: self.ancestors(leaf) for leaf in self.leaves()}
        depth = max(len(path) for path in paths.values())
        padded = {leaf: (path[0],) * (depth - len(path)) + path for leaf, path in paths.items()}
        missing = {code: (code,) * depth for code in MISSING_CODES}
        return {code: (*path, SUPPRESSED) for code, path in (padded | missing).items()}

    def readings(self) -> dict[str, str]:
        """Folded text -> code, for every code, synonym and label that means one leaf only."""
        meanings: dict[str, set[str]] = {}
        for leaf in self.leaves():
            term = self.term(leaf)
            for text in (term.code, *term.synonyms, *(term.labels.of(language) for language in LANGUAGES)):
                meanings.setdefault(text.strip().casefold(), set()).add(leaf)
        return {text: next(iter(codes)) for text, codes in meanings.items() if len(codes) == 1}

    @cached_property
    def _by_code(self) -> Mapping[str, Term]:
        doubled = [code for code, times in Counter(term.code for term in self.terms).items() if times > 1]
        if doubled:
            raise ValueError(f"vocabulary {self.name}: codes listed twice: {', '.join(doubled)}")
        return {term.code: term for term in self.terms}


class _TermRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str
    en: str
    fr: str
    es: str
    ar: str
    parent: str | None = None


class _VocabularyFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    title: Labels
    terms: tuple[_TermRow, ...]


class _Subregion(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    m49: str
    countries: str


class _Region(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    m49: str
    subregions: dict[str, _Subregion]


@cache
def vocabulary(name: str) -> Vocabulary:
    """The vocabulary of that name; `KeyError` with the known names when there is none."""
    if name == "country":
        return _countries()
    path = FOLDER / f"{name}.yml"
    if name not in vocabulary_names():
        raise KeyError(f"no vocabulary of that name; there are: {', '.join(vocabulary_names())}")
    listed = _VocabularyFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    terms = tuple(Term(row.code, Labels(en=row.en, fr=row.fr, es=row.es, ar=row.ar), row.parent) for row in listed.terms)
    return Vocabulary(listed.name, listed.title, terms)


@cache
def vocabulary_names() -> tuple[str, ...]:
    """Every vocabulary, in alphabetical order."""
    return tuple(sorted({path.stem for path in FOLDER.glob("*.yml")} - {"m49"} | {"country"}))


def year_hierarchy() -> dict[str, tuple[str, ...]]:
    """Each year -> spans of 2, 4 and 8 years -> `suppressed`, and the reasons for a missing year."""
    first, last = YEARS

    def span(year: int, width: int) -> str:
        start = first + (year - first) // width * width
        return f"{start}-{start + width - 1}"

    years = {str(year): (str(year), *(span(year, width) for width in (2, 4, 8)), SUPPRESSED) for year in range(first, last + 1)}
    return years | {code: (code,) * 4 + (SUPPRESSED,) for code in MISSING_CODES}


def _countries() -> Vocabulary:
    """ISO 3166-1 under UN M49, names from the Unicode CLDR. Serbia, China and others are as ISO 3166-1 lists them."""
    import pycountry
    from babel import Locale

    names = {language: Locale(language).territories for language in LANGUAGES}

    def labels(territory: str) -> Labels:
        return Labels(en=names["en"][territory], fr=names["fr"][territory], es=names["es"][territory], ar=names["ar"][territory])

    alpha_3 = {country.alpha_2: country.alpha_3 for country in pycountry.countries}
    listed = yaml.safe_load((FOLDER / "m49.yml").read_text(encoding="utf-8"))
    countries: list[Term] = []
    above: list[Term] = []
    for region_code, row in listed.items():
        region = _Region.model_validate(row)
        above.append(Term(region_code, labels(region.m49)))
        for code, subregion in region.subregions.items():
            above.append(Term(code, labels(subregion.m49), region_code))
            countries += [Term(alpha, labels(alpha), code, (alpha_3[alpha],)) for alpha in subregion.countries.split()]
    title = Labels(en="Country", fr="Pays", es="País", ar="البلد")
    return Vocabulary("country", title, (*sorted(countries, key=lambda term: term.code), *above))
