"""Countries and currencies: ISO 3166-1 under UN M49, what they are called in partners' files, and ISO 4217.

Here: codes, labels and every other text that means a country, from pycountry and the Unicode CLDR (babel) and from the data
beside `schemas.vocabulary`. Never here: a guess; a name that is said of two countries is read as neither.
"""

from __future__ import annotations

import gettext
import re
from functools import cache

import pycountry
import yaml
from babel import Locale
from pydantic import BaseModel, ConfigDict, TypeAdapter

from schemas.folding import folded_label
from schemas.vocabulary import FOLDER, LANGUAGES, Labels, Language, Term, Vocabulary

PLACE = FOLDER / "countries"
KOSOVO = {"XK": "XKX"}
"""User-assigned codes of ISO 3166-1 in common use: alpha-2 -> alpha-3."""


class _Subregion(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    m49: str
    countries: str


class _Region(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    m49: str
    subregions: dict[str, _Subregion]


class _Names(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    labels: dict[str, dict[Language, str]]
    ambiguous: tuple[str, ...]
    names: dict[str, tuple[str, ...]]


class _Former(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    parent: str
    en: str
    fr: str
    es: str
    ar: str
    also: tuple[str, ...] = ()


def countries() -> Vocabulary:
    """Every country of ISO 3166-1 and Kosovo, the former countries that no country of today continues, subregions, regions.

    Alpha-2 codes; alpha-3 is the first synonym of each. A former country that one of today continues (ISO 3166-3) is read
    as that one, and its own codes too unless a country of today has them.
    """
    named = _Names.model_validate(_data("names"))
    leaves: list[Term] = []
    above: list[Term] = []
    other = _other_names(named)
    for region_code, row in _data("m49").items():
        region = _Region.model_validate(row)
        above.append(Term(region_code, _territory(region.m49)))
        for code, subregion in region.subregions.items():
            above.append(Term(code, _territory(subregion.m49), region_code))
            leaves += [Term(alpha, _territory(alpha, named.labels.get(alpha)), code, other[alpha]) for alpha in subregion.countries.split()]
    leaves += _broken_up()
    title = Labels(en="Country", fr="Pays", es="País", ar="البلد")
    terms = (*sorted(leaves, key=lambda term: term.code), *above)
    return Vocabulary("country", title, terms, letter_codes=_letter_codes(leaves, named))


def currencies() -> Vocabulary:
    """The currencies of ISO 4217 that the Unicode CLDR names in the four languages."""
    names = {language: Locale(language).currencies for language in LANGUAGES}
    codes = sorted(currency.alpha_3 for currency in pycountry.currencies)
    terms = (
        Term(code, Labels(en=names["en"][code], fr=names["fr"][code], es=names["es"][code], ar=names["ar"][code]))
        for code in codes
        if all(code in names[language] for language in LANGUAGES)
    )
    title = Labels(en="Currency", fr="Monnaie", es="Moneda", ar="العملة")
    return Vocabulary("currency", title, tuple(terms), letter_codes=frozenset(codes))


def _letter_codes(countries: list[Term], named: _Names) -> frozenset[str]:
    """The codes of ISO 3166 among the texts of the countries, but for those that are names as well, such as USA."""
    names = {text.casefold() for texts in named.names.values() for text in texts}
    texts = {text for country in countries for text in (country.code, *country.synonyms)}
    codes = {text for text in texts if re.fullmatch("[A-Z]{2,4}", text)}
    return frozenset(code for code in codes if code.casefold() not in names)


def _territory(code: str, mended: dict[Language, str] | None = None) -> Labels:
    names = {language: Locale(language).territories[code] for language in LANGUAGES} | (mended or {})
    return Labels(en=names["en"], fr=names["fr"], es=names["es"], ar=names["ar"])


def _other_names(named: _Names) -> dict[str, tuple[str, ...]]:
    """Alpha-2 -> alpha-3, then every other text that may mean the country, each once."""
    ambiguous = {folded_label(text) for text in named.ambiguous}
    found = {country.alpha_2: [country.alpha_3, *_official(country)] for country in pycountry.countries}
    found |= {alpha_2: [alpha_3] for alpha_2, alpha_3 in KOSOVO.items()}
    nationalities = TypeAdapter(dict[str, tuple[str, ...]]).validate_python(_data("nationalities"))
    for source in (named.names, nationalities):
        for code, texts in source.items():
            found[code] += texts
    for code, texts in nationalities.items():
        found[code] += [_with_article(text) for text in texts if re.match("[\u0621-\u064a]", text)]
    for code, former in _continued().items():
        found[code] += former
    return {code: tuple(dict.fromkeys(text for text in texts if folded_label(text) not in ambiguous)) for code, texts in found.items()}


def _with_article(arabic: str) -> str:
    """An Arabic nationality as it follows a noun with the article: each of its words takes the article too."""
    return " ".join("ال" + word for word in arabic.split())


def _official(country: pycountry.db.Country) -> list[str]:
    """The names of ISO 3166-1, in English and as Debian's iso-codes translate them.

    The common names are left to the CLDR: some of their Arabic translations are of another country.
    """
    names = [getattr(country, key) for key in ("name", "official_name") if hasattr(country, key)]
    return [*names, *(_translation("iso3166-1", language).gettext(name) for language in LANGUAGES if language != "en" for name in names)]


def _continued() -> dict[str, list[str]]:
    """Country of today -> the codes and names of the former countries that it continues."""
    today = {country.alpha_2 for country in pycountry.countries}
    taken = today | {country.alpha_3 for country in pycountry.countries}
    found: dict[str, list[str]] = {}
    for former in pycountry.historic_countries:
        successor = former.alpha_4[2:] if former.alpha_4[2:] in today else former.alpha_2  # AA: the code itself goes on
        if successor in today and former.alpha_4 not in _data("former"):
            found.setdefault(successor, []).extend([*_codes_of(former, taken), former.name])
    return found


def _broken_up() -> list[Term]:
    """The former countries that no country of today continues, each in its place."""
    taken = {code for country in pycountry.countries for code in (country.alpha_2, country.alpha_3)}
    known = {former.alpha_4: former for former in pycountry.historic_countries}
    found = []
    for code, row in _data("former").items():
        listed = _Former.model_validate(row)
        texts = (*_codes_of(known[code], taken), known[code].name, *listed.also)
        labels = Labels(en=listed.en, fr=listed.fr, es=listed.es, ar=listed.ar)
        found.append(Term(code, labels, listed.parent, tuple(text for text in texts if text != code)))
    return found


def _codes_of(former: pycountry.db.Country, taken: set[str]) -> list[str]:
    return [code for code in (former.alpha_3, former.alpha_4, former.alpha_2) if code not in taken]


@cache
def _translation(domain: str, language: Language) -> gettext.NullTranslations:
    return gettext.translation(domain, pycountry.LOCALES_DIR, languages=[language])


@cache
def _data(name: str) -> dict[str, object]:
    found: dict[str, object] = yaml.load((PLACE / f"{name}.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return found
