"""Invented persons: who they are and what happened to them, before any partner wrote it down.

Here: drawing a person. Never here: spelling variants, typing errors, files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sample_data.world import Lottery, NamePool, Spelling, come_from, exploited_in, world

FIRST_YEAR, LAST_YEAR = 2015, 2024
# Identified victims rise over the ten years (CTDC: about threefold).
YEARS = Lottery.of({str(year): 4 + (year - FIRST_YEAR) for year in range(FIRST_YEAR, LAST_YEAR + 1)})
GENDERS = Lottery.of({"woman": 68, "man": 29, "trans_or_nonconforming": 3})
# Ages in the CTDC bands: first and last age, weight.
AGES = Lottery.of({"2-8": 4, "9-17": 22, "18-20": 13, "21-23": 12, "24-26": 11, "27-29": 10, "30-38": 18, "39-47": 7, "48-64": 3})
EXPLOITED_AT_HOME = 0.4
FORMS = Lottery.of(
    {
        "sexual_exploitation": 46,
        "forced_labour": 34,
        "forced_begging": 5,
        "forced_criminality": 4,
        "forced_marriage": 4,
        "servitude": 4,
        "child_labour": 2,
        "organ_removal": 1,
    }
)
LABOUR_FORMS = frozenset({"forced_labour", "child_labour", "forced_begging"})
"""The forms that CTDC counts as forced labour; the vocabulary has the same group."""
MEANS = Lottery.of(
    {
        "psychological_abuse": 14,
        "restricts_movement": 13,
        "threats": 12,
        "false_promises": 12,
        "withholds_documents": 9,
        "takes_earnings": 9,
        "debt_bondage": 8,
        "physical_abuse": 8,
        "excessive_working_hours": 8,
        "psychoactive_substances": 4,
        "sexual_abuse": 4,
        "restricts_medical_care": 3,
        "withholds_necessities": 3,
    }
)
SECTORS = Lottery.of(
    {
        "domestic_work": 30,
        "construction": 16,
        "agriculture": 18,
        "manufacturing": 10,
        "hospitality": 12,
        "aquafarming": 3,
        "begging": 8,
        "other_sector": 3,
    }
)
SERVICES = Lottery.of({"prostitution": 80, "pornography": 10, "private_sexual_services": 6, "remote_interactive_services": 4})
RECRUITERS = Lottery.of({"friend": 35, "intimate_partner": 25, "family": 15, "other_relation": 25})


@dataclass(frozen=True)
class InventedPerson:
    """One person of the truth. Names carry every spelling; codes are those of the vocabularies."""

    number: int
    given: Spelling
    family: Spelling
    second_family: Spelling | None
    gender: str
    born: date
    citizenship: str
    country: str
    first_report: date
    document: str
    phone: str
    email: str
    address: str
    forms: tuple[str, ...]
    means: tuple[str, ...]
    sectors: tuple[str, ...]
    services: tuple[str, ...]
    recruiters: tuple[str, ...]
    is_canary: bool = False


def draw_person(number: int, home_partner: str, pools: dict[str, NamePool], rng: Random) -> InventedPerson:
    """A person first known to `home_partner`, exploited where that partner works."""
    country = exploited_in(home_partner).draw(rng)
    citizenship = country if rng.random() < EXPLOITED_AT_HOME else come_from(home_partner).draw(rng)
    gender = GENDERS.draw(rng)
    pool = pools[citizenship]
    given = rng.choice(pool.man if gender == "man" else pool.woman)
    family = rng.choice(pool.family)
    has_second = citizenship in world().surnames_joined or rng.random() < 0.15
    year = int(YEARS.draw(rng))
    first_report = date(year, 1, 1) + timedelta(days=rng.randrange(365))
    low, high = (int(age) for age in AGES.draw(rng).split("-"))
    born = first_report - timedelta(days=365 * rng.randint(low, high) + rng.randrange(1, 365))
    forms = draw_forms(rng)
    return InventedPerson(
        number=number,
        given=given,
        family=family,
        second_family=rng.choice(pool.family) if has_second else None,
        gender=gender,
        born=born,
        citizenship=citizenship,
        country=country,
        first_report=first_report,
        document=f"{citizenship}{rng.randrange(10**7, 10**8)}",
        # Country code 999 belongs to nobody (ITU-T E.164), so no invented number rings anywhere.
        phone=f"+999{rng.randrange(10**8, 10**9)}",
        email=f"{given[1].split()[0].lower()}.{number}@example.org",
        address=f"{rng.randint(1, 220)} {rng.choice(pool.family)[1]} Street",
        forms=forms,
        means=_some(rng, MEANS, rng.choice((0, 1, 2, 2, 3, 4))),
        sectors=_some(rng, SECTORS, 1) if {*LABOUR_FORMS, "servitude"} & set(forms) else (),
        services=_some(rng, SERVICES, 1) if "sexual_exploitation" in forms else (),
        recruiters=_some(rng, RECRUITERS, 1) if rng.random() < 0.5 else (),
    )


def draw_forms(rng: Random) -> tuple[str, ...]:
    """One form of exploitation, sometimes a second."""
    return _some(rng, FORMS, 2 if rng.random() < 0.08 else 1)


def _some(rng: Random, lottery: Lottery, times: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lottery.draw(rng) for _ in range(times)))
