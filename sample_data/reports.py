"""What one partner writes of a person: another spelling, a typing error, half a birth date, or nothing.

Here: the variance between reports about the same person. Never here: a partner's columns or words.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from sample_data.persons import LAST_YEAR, InventedPerson
from sample_data.world import Spelling, narratives

# Shares of reports with a defect, as in person registers (own reading of linkage studies; the exact numbers are a choice).
TYPED_WRONG, SWAPPED, DROPPED, INITIAL_ONLY = 0.08, 0.04, 0.03, 0.01
BIRTH_MISSING, BIRTH_YEAR_ONLY, DAY_MONTH_SWAPPED = 0.18, 0.12, 0.03
NEIGHBOURS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuiopqsdfghjklaxcvbnmz", strict=True))

STROKED = str.maketrans("đĐłŁɔƆɛƐŋŊ", "dDlLoOeEnN")
"""Letters that do not decompose into a plain letter and a mark."""


@dataclass(frozen=True)
class Report:
    """One person as one partner knows it. None is what the partner does not know; codes are the vocabularies'."""

    person: InventedPerson
    registered: date
    given: str | None
    family: str | None
    birth: str | None
    """ISO 8601, or a year alone."""
    gender: str | None
    citizenship: str | None
    country: str
    document: str | None
    phone: str | None
    email: str | None
    address: str | None
    forms: tuple[str, ...]
    means: tuple[str, ...]
    sectors: tuple[str, ...]
    services: tuple[str, ...]
    recruiters: tuple[str, ...]
    narrative: str | None = None
    token: str | None = None

    def age(self) -> int | None:
        """Age at registration as the partner would count it, in whole years."""
        if self.birth is None:
            return None
        born = date.fromisoformat(self.birth if len(self.birth) == 10 else f"{self.birth}-07-01")
        return max(0, (self.registered - born).days // 365)


def write_down(person: InventedPerson, rng: Random, *, native_script: bool = False, narrative_language: str | None = None) -> Report:
    """A report about the person, in the script of the name if `native_script`, with a narrative now and then."""
    registered = min(person.first_report + timedelta(days=int(rng.random() ** 2 * 500)), date(LAST_YEAR, 12, 31))
    report = Report(
        person=person,
        registered=registered,
        given=_spelled(person.given, rng, native_script=native_script),
        family=_family(person, rng, native_script=native_script),
        birth=_birth(person.born, registered, rng),
        gender=person.gender if rng.random() < 0.96 else None,
        citizenship=person.citizenship if rng.random() < 0.94 else None,
        country=person.country,
        document=_sometimes(person.document, 0.2, rng),
        phone=_sometimes(person.phone, 0.25, rng),
        email=_sometimes(person.email, 0.1, rng),
        address=_sometimes(person.address, 0.2, rng),
        forms=person.forms if rng.random() < 0.88 else (),
        means=person.means if rng.random() < 0.7 else (),
        sectors=person.sectors if rng.random() < 0.85 else (),
        services=person.services if rng.random() < 0.7 else (),
        recruiters=person.recruiters,
    )
    report = _all_of(report, person, native_script=native_script) if person.is_canary else _mangled(report, rng)
    if narrative_language is not None and (person.is_canary or rng.random() < 0.5):
        report = replace(report, narrative=_narrative(report, narrative_language, rng))
    return report


def mistype(text: str, rng: Random) -> str:
    """The text with one letter left out, struck beside, exchanged with the next, or doubled."""
    if len(text) < 3:
        return text
    at, kind = rng.randrange(len(text) - 1), rng.randrange(4)
    head, letter, tail = text[:at], text[at], text[at + 1 :]
    return (
        head + tail,
        head + NEIGHBOURS.get(letter.lower(), letter) + tail,
        head + tail[0] + letter + tail[1:],
        head + letter + letter + tail,
    )[kind]


def plain_letters(text: str) -> str:
    """The text without accents, as a system that knows none stores it."""
    decomposed = unicodedata.normalize("NFKD", text.translate(STROKED))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _all_of(report: Report, person: InventedPerson, *, native_script: bool) -> Report:
    """A canary's report holds everything, exactly as planted."""
    first = 0 if native_script and person.given[0] else 1
    return replace(
        report,
        given=person.given[first],
        family=person.family[first],
        birth=person.born.isoformat(),
        document=person.document,
        phone=person.phone,
        email=person.email,
        address=person.address,
    )


def _spelled(spelling: Spelling, rng: Random, *, native_script: bool) -> str:
    if native_script and spelling[0]:
        return spelling[0]
    return spelling[1] if len(spelling) == 2 else rng.choice(spelling[1:])


def _family(person: InventedPerson, rng: Random, *, native_script: bool) -> str:
    name = _spelled(person.family, rng, native_script=native_script)
    if person.second_family is not None and rng.random() < 0.5:
        return f"{name} {_spelled(person.second_family, rng, native_script=native_script)}"
    return name


def _birth(born: date, registered: date, rng: Random) -> str | None:
    fate = rng.random()
    if fate < BIRTH_MISSING:
        return None
    if fate < BIRTH_MISSING + BIRTH_YEAR_ONLY:
        # A year is often a guess; never one after the registration.
        return str(min(born.year + rng.choice((-1, 0, 0, 0, 1)), registered.year - 1))
    if fate < BIRTH_MISSING + BIRTH_YEAR_ONLY + DAY_MONTH_SWAPPED and born.day <= 12 and born.year < registered.year:
        return f"{born.year}-{born.day:02d}-{born.month:02d}"
    return born.isoformat()


def _mangled(report: Report, rng: Random) -> Report:
    given, family = report.given or "", report.family or ""
    if rng.random() < TYPED_WRONG:
        given = mistype(given, rng)
    if rng.random() < TYPED_WRONG:
        family = mistype(family, rng)
    fate = rng.random()
    if fate < SWAPPED:
        given, family = family, given
    elif fate < SWAPPED + DROPPED:
        return replace(report, given=given, family=None)
    elif fate < SWAPPED + 2 * DROPPED:
        return replace(report, given=None, family=family)
    elif fate < SWAPPED + 2 * DROPPED + INITIAL_ONLY:
        given = given[:1]
    return replace(report, given=given, family=family)


def _narrative(report: Report, language: str, rng: Random) -> str:
    told = narratives()
    text = rng.choice(told.templates(language)) if not report.person.is_canary else told.templates(language)[0] + " {phone}"
    return text.format(
        name=" ".join(part for part in (report.given, report.family) if part),
        phone=report.person.phone,
        place=rng.choice(told.places[language]),
        day=report.registered.strftime("%d/%m/%Y"),
        employer=rng.choice(told.employers),
        recruiter=rng.choice(told.recruiters),
    )


def _sometimes(text: str, share: float, rng: Random) -> str | None:
    return text if rng.random() < share else None
