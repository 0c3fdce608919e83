"""The code lists of a case: stable codes, labels in four languages, hierarchies from a value up to 'withheld'.

Here: what a list promises, and reading the lists beside this module; long lists are made by `schemas.countries` and
`schemas.languages`. Never here: guessing; a value that is no code stays unknown to the vocabulary and its caller says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict

from schemas.folding import folded_label
from schemas.missing import MISSING_CODES as MISSING_CODES  # noqa: PLC0414 - read from here too
from schemas.missing import NOT_APPLICABLE as NOT_APPLICABLE  # noqa: PLC0414 - read from here too
from schemas.missing import NOT_COLLECTED as NOT_COLLECTED  # noqa: PLC0414 - read from here too
from schemas.missing import SUPPRESSED as SUPPRESSED  # noqa: PLC0414 - read from here too
from schemas.missing import UNKNOWN as UNKNOWN  # noqa: PLC0414 - read from here too

Language = Literal["en", "fr", "es", "ar"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

FOLDER = Path(__file__).parent / "vocabularies"
OLDEST = 120
"""Above any age in years that a list of ages spells out."""
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

    def texts(self) -> tuple[str, ...]:
        """Every text that may mean the code: itself, its synonyms, its labels."""
        return (self.code, *self.synonyms, *(self.labels.of(language) for language in LANGUAGES))


@dataclass(frozen=True)
class Vocabulary:
    """A closed list of terms that forms a forest; its leaves are the codes a record may hold.

    With `stores_groups` a cell may also hold a group of several leaves, for partners that say one of several things and
    not which. Never for a quasi-identifier: a published label and a group that came in would be one text for two things.
    """

    name: str
    title: Labels
    terms: tuple[Term, ...]
    stores_groups: bool = False
    letter_codes: frozenset[str] = frozenset()
    """Codes of a few letters that are words in other letters: read in capitals or as listed here only (NE, ne is a word)."""

    def term(self, code: str) -> Term:
        """The term of a code; `KeyError` when the vocabulary has no such code."""
        return self._by_code[code]

    def leaves(self) -> tuple[str, ...]:
        """The finest codes, in the order of the list."""
        parents = {term.parent for term in self.terms}
        return tuple(term.code for term in self.terms if term.code not in parents)

    def codes(self) -> tuple[str, ...]:
        """What a record's cell may hold: the leaves, the groups where these are stored, the reasons for a missing value."""
        return (*self.storable(), *MISSING_CODES)

    def storable(self) -> tuple[str, ...]:
        """The codes that say something: the leaves, and the groups of several codes where the list stores groups.

        A group of one says no more than that one, so there is no second way to store it.
        """
        if not self.stores_groups:
            return self.leaves()
        members = Counter(term.parent for term in self.terms)
        return (*self.leaves(), *(term.code for term in self.terms if members[term.code] > 1))

    def under(self, group: str) -> tuple[str, ...]:
        """The group itself and every code below it."""
        return tuple(term.code for term in self.terms if group in self.ancestors(term.code))

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
        """Each leaf and each reason for a missing value -> its path to `suppressed`, all of one length.

        A reason for a missing value stands alone up to the root: missing is a value of its own.
        """
        paths = {leaf: self.ancestors(leaf) for leaf in self.leaves()}
        depth = max(len(path) for path in paths.values())
        padded = {leaf: (path[0],) * (depth - len(path)) + path for leaf, path in paths.items()}
        missing = {code: (code,) * depth for code in MISSING_CODES}
        return {code: (*path, SUPPRESSED) for code, path in (padded | missing).items()}

    def readings(self) -> dict[str, str]:
        """Text in small letters -> code, for every code, synonym and label that means one storable code only.

        Texts that differ in accents or the shape of an apostrophe alone count as one here too (`folded_label`): where they mean
        two codes, none of them is read.
        """
        return self._readings

    def names(self) -> dict[str, str]:
        """The readings but for the codes of letters: what is read in any case of letters."""
        codes = {code.casefold() for code in self.letter_codes}
        return {text: code for text, code in self._readings.items() if text not in codes}

    def codes_as_written(self, *, holds_codes: bool) -> dict[str, str]:
        """Text -> code, for the codes of letters: in capitals, or as listed.

        Without `holds_codes` those that people also write for no answer, or for yes and no, are left out.
        """
        held = frozenset() if holds_codes else held_codes()
        texts = (text for text in sorted(self.letter_codes) if text.casefold() not in held and text.casefold() in self._readings)
        return {spelling: self._readings[text.casefold()] for text in texts for spelling in (text, text.upper())}

    @cached_property
    def _readings(self) -> dict[str, str]:
        meanings: dict[str, set[str]] = {}
        spellings: dict[str, set[str]] = {}
        for code in self.storable():
            for text in self.term(code).texts():
                meanings.setdefault(folded_label(text), set()).add(code)
                spellings.setdefault(folded_label(text), set()).add(text.strip().casefold())
        return {text: next(iter(codes)) for fold, codes in meanings.items() if len(codes) == 1 for text in sorted(spellings[fold])}

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
    also: tuple[str, ...] = ()


class _VocabularyFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    title: Labels
    stores_groups: bool = False
    terms: tuple[_TermRow, ...]


@cache
def vocabulary(name: str) -> Vocabulary:
    """The vocabulary of that name; `KeyError` with the known names when there is none."""
    from schemas import countries, languages  # they need the classes above

    made = {"country": countries.countries, "currency": countries.currencies, "spoken_language": languages.spoken_languages}
    if name in made:
        return made[name]()
    if name == "age_at_start":
        return _ages_at_start()
    path = FOLDER / f"{name}.yml"
    if name not in vocabulary_names():
        raise KeyError(f"no vocabulary of that name; there are: {', '.join(vocabulary_names())}")
    listed = _VocabularyFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    terms = tuple(Term(row.code, Labels(en=row.en, fr=row.fr, es=row.es, ar=row.ar), row.parent, row.also) for row in listed.terms)
    return Vocabulary(listed.name, listed.title, terms, listed.stores_groups)


class _Signs(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    held_codes: dict[str, str]
    no_number: tuple[str, ...]


@cache
def _signs() -> _Signs:
    return _Signs.model_validate(yaml.load((FOLDER / "signs" / "no_answer.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader))


def held_codes() -> frozenset[str]:
    """Codes of countries, languages and currencies that people also write for no answer, or for yes and no; in small letters."""
    return frozenset(text.casefold() for text in _signs().held_codes)


def signs_of_no_number() -> frozenset[str]:
    """What people write in place of a number that they do not have, as `folded_label` gives it."""
    return frozenset(map(folded_label, _signs().no_number))


@cache
def vocabulary_names() -> tuple[str, ...]:
    """Every vocabulary, in alphabetical order."""
    return tuple(sorted({path.stem for path in FOLDER.glob("*.yml")} | {"age_at_start", "country", "currency", "spoken_language"}))


def year_hierarchy() -> dict[str, tuple[str, ...]]:
    """Each year -> spans of 2, 4 and 8 years -> `suppressed`, and the reasons for a missing year."""
    first, last = YEARS

    def span(year: int, width: int) -> str:
        start = first + (year - first) // width * width
        return f"{start}-{start + width - 1}"

    years = {str(year): (str(year), *(span(year, width) for width in (2, 4, 8)), SUPPRESSED) for year in range(first, last + 1)}
    return years | {code: (code,) * 4 + (SUPPRESSED,) for code in MISSING_CODES}


def _ages_at_start() -> Vocabulary:
    """The age bands once more, where every age in years is read as its band.

    A list of its own, since the band at registration is worked out from other fields where it is missing and this is not.
    """
    bands = vocabulary("age_band")
    firsts = {leaf: int(leaf.removesuffix("+").split("--")[0]) for leaf in bands.leaves()}
    ends = [*list(firsts.values())[1:], OLDEST + 1]
    ages = {leaf: tuple(str(age) for age in range(first, end)) for (leaf, first), end in zip(firsts.items(), ends, strict=True)}
    terms = tuple(replace(term, synonyms=(*term.synonyms, *ages.get(term.code, ()))) for term in bands.terms)
    title = Labels(en="Age when it began", fr="Âge au début des faits", es="Edad al comienzo", ar="العمر عند البداية")
    return Vocabulary("age_at_start", title, terms)
