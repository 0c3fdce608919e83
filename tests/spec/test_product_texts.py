"""What the house's own products say of themselves, in every language: what a row is, and what not stated means."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.product import load_products
from schemas.vocabulary import LANGUAGES, Language, vocabulary

PRODUCTS = load_products(Path(__file__).resolve().parents[2] / "products")
ROW: dict[Language, str] = {"en": "one row a person", "fr": "une ligne par personne", "es": "una fila por persona", "ar": "صف لكل شخص"}
ABSENT: dict[Language, tuple[str, ...]] = {
    "en": ("said to be absent", "not known", "not asked"),
    "fr": ("dit absent", "inconnu", "demandé"),
    "es": ("se dijo que no lo hubo", "no se sabe", "no se preguntó"),
    "ar": ("قيل إن", "عرف", "يُسأل عن"),
}


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_says_that_a_row_is_a_person(name: str, language: Language) -> None:
    assert ROW[language] in PRODUCTS[name].title.of(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_means_that_is_not_stated_may_have_been_said_to_be_absent(language: Language) -> None:
    """A partner's no is not told apart from a means that nobody knows of or asked about."""
    described = PRODUCTS["means-of-control"].description.of(language)
    label = vocabulary("stated").label("not_stated", language)
    absent, unknown, unasked = ABSENT[language]
    assert all(word in described for word in (absent, unknown, unasked))
    assert all(word in label for word in (absent, unknown, unasked))
