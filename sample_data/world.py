"""The invented world as read from world.yml and narratives.yml: places, weights, spelling families, and pools of names.

Here: reading those files and drawing pools from Faker once per locale. Never here: a person, a report.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random

import yaml
from pydantic import BaseModel, ConfigDict

Spelling = tuple[str, ...]
"""One name: first in its own script (empty when that is Latin), then the ways partners write it in Latin letters."""


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SpellingFamilies(_Read):
    """Names of one group of scripts or sounds."""

    woman: tuple[Spelling, ...]
    man: tuple[Spelling, ...]
    family: tuple[Spelling, ...]


class World(_Read):
    """What world.yml holds; each key is explained there."""

    locales: dict[str, str]
    families_of: dict[str, str]
    families: dict[str, SpellingFamilies]
    catchments: dict[str, dict[str, int]]
    origins: dict[str, dict[str, int]]
    regions: dict[str, tuple[str, ...]]
    surnames_joined: tuple[str, ...]


class Narratives(_Read):
    """Templates by language and what fills them."""

    en: tuple[str, ...]
    fr: tuple[str, ...]
    es: tuple[str, ...]
    ar: tuple[str, ...]
    employers: tuple[str, ...]
    recruiters: tuple[str, ...]
    places: dict[str, tuple[str, ...]]

    def templates(self, language: str) -> tuple[str, ...]:
        """The templates of one language."""
        return {"en": self.en, "fr": self.fr, "es": self.es, "ar": self.ar}[language]


@dataclass(frozen=True)
class NamePool:
    """Names of one citizenship, each with its spellings."""

    woman: tuple[Spelling, ...]
    man: tuple[Spelling, ...]
    family: tuple[Spelling, ...]


@cache
def world() -> World:
    """The world of world.yml."""
    return World.model_validate(_yaml("world.yml"))


@cache
def narratives() -> Narratives:
    """The templates of narratives.yml."""
    return Narratives.model_validate(_yaml("narratives.yml"))


def name_pools(seed: int) -> dict[str, NamePool]:
    """Citizenship -> its names. Faker is asked once per locale, since a call per row would take most of the run."""
    known = world()
    by_locale = {locale: _pool_of_locale(locale, seed) for locale in sorted(set(known.locales.values()))}
    pools = {citizenship: by_locale[locale] for citizenship, locale in known.locales.items()}
    for citizenship, group in known.families_of.items():
        family = known.families[group]
        pools[citizenship] = NamePool(family.woman, family.man, family.family)
    return pools


@dataclass(frozen=True)
class Lottery:
    """Choices by weight, summed up once: persons draw a hundred thousand times."""

    choices: tuple[str, ...]
    sums: tuple[int, ...]

    @classmethod
    def of(cls, weights: Mapping[str, int]) -> Lottery:
        """The lottery of choices and their weights."""
        return cls(tuple(weights), tuple(accumulate(weights.values())))

    def draw(self, rng: Random) -> str:
        """One choice."""
        return self.choices[bisect(self.sums, rng.random() * self.sums[-1])]


@cache
def exploited_in(partner: str) -> Lottery:
    """Where the persons first known to a partner are exploited."""
    return Lottery.of(world().catchments[partner])


@cache
def come_from(partner: str) -> Lottery:
    """The citizenship of those of them who are exploited abroad."""
    return Lottery.of(world().origins[partner])


def _pool_of_locale(locale: str, seed: int) -> NamePool:
    from faker import Faker

    # Persons alone: the other providers of a locale take longer to import than the names take to draw.
    fake = Faker(locale, providers=["faker.providers.person"])
    fake.seed_instance(seed)
    women = tuple(("", fake.first_name_female()) for _ in range(250))
    men = tuple(("", fake.first_name_male()) for _ in range(200))
    families = tuple(("", fake.last_name()) for _ in range(500))
    return NamePool(women, men, families)


def _yaml(name: str) -> object:
    return yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))
