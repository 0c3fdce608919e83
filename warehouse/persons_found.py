"""How many persons the linkage found, as a release tells it: a sentence, a section in four languages, and what must hold of it.

Here: the words, and the one promise that verification holds against them. Never here: an exact number of persons
(`schemas.release.PersonInterval.told` rounds it).
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

import yaml
from babel.numbers import format_decimal

from schemas.release import FoundPersons, ReleaseProof
from schemas.vocabulary import LANGUAGES, Labels, Language

_MEANING = Path(__file__).parent / "templates" / "persons_found.yml"
_NOT_SAID = "How many distinct persons were found, and how sure that is, the linkage of this release does not say."


def found_sentence(proof: ReleaseProof) -> str:
    """How many persons were found, in one English sentence."""
    if (found := proof.persons_found) is None:
        return _NOT_SAID
    figures = _figures(found, "en")
    return f"Persons found: about {figures['persons']}, at least {figures['fewest']} and fewer than {figures['most']}."


def found_section(proof: ReleaseProof) -> str:
    """What the interval means, one paragraph a language."""
    if (found := proof.persons_found) is None:
        return f"<p>{_NOT_SAID}</p>"
    meaning = Labels.model_validate(yaml.safe_load(_MEANING.read_text(encoding="utf-8")))
    texts = {language: meaning.of(language).format(**_figures(found, language)) for language in LANGUAGES}
    directions = {language: ' dir="rtl"' if language == "ar" else "" for language in LANGUAGES}
    return "\n".join(f'<p lang="{language}"{directions[language]}>{escape(text, quote=False)}</p>' for language, text in texts.items())


def found_members(proof: ReleaseProof) -> dict[str, int] | None:
    """The interval for machines, each figure by what it is: the most is never reached, so it is named for that."""
    if (found := proof.persons_found) is None:
        return None
    return {"atLeast": found.fewest, "about": found.persons, "fewerThan": found.most, "step": found.step}


def broken_interval(proof: ReleaseProof) -> Iterator[str]:
    """The interval is told in steps that are wide enough for every table of the release, from the number of persons that all know."""
    found, k = proof.persons_found, max((product.k for product in proof.products), default=0)
    if found and found.step < 2 * k:
        yield f"tells the number of persons found in steps of {found.step}, under 2k = {2 * k}"
    if found and not found.is_counted_from(proof.published_persons):
        yield f"does not tell the number of persons found in whole steps from the {proof.published_persons} published"


def _figures(found: FoundPersons, language: Language) -> dict[str, str]:
    """The figures as the language writes them, by the Unicode CLDR."""
    return {name: format_decimal(figure, locale=language, numbering_system="latn") for name, figure in found.model_dump().items()}
