"""Which language a narrative is in, and how long it is.

Here: texts written for the purpose. Never here: a narrative of a case.
"""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymize.freetext import LEADING_CHARACTERS, language_code, length_count
from schemas.vocabulary import UNKNOWN, vocabulary

ENGLISH = "The victim was recruited by a friend of her mother and taken to the city, where she had to work in a house."
FRENCH = "La victime a été recrutée par un ami de sa mère et conduite à la ville, où elle devait travailler dans une maison."
SPANISH = "La víctima fue captada por un amigo de su madre y llevada a la ciudad, donde tenía que trabajar en una casa."
ARABIC = "تم تجنيد الضحية من قبل صديق والدتها ونقلها إلى المدينة حيث كان عليها أن تعمل في منزل"


def codes(*texts: str | None) -> list[str]:
    """The codes of some narratives."""
    return language_code(pl.Series("narrative", texts, dtype=pl.String)).to_list()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH, "en"),
        (FRENCH, "fr"),
        (SPANISH, "es"),
        (ARABIC, "ar"),
        (FRENCH.upper(), "fr"),
        ("LA VICTIMA FUE CAPTADA POR UN AMIGO DE SU MADRE Y LLEVADA A LA CIUDAD", "es"),
        ("Elle dit qu'il l'a enfermée jusqu'à la fin de l'année.", "fr"),
        ("She met Juan Carlos de la Cruz in San José and was taken to Santa Cruz de la Sierra by him.", "en"),
        ("A vítima foi recrutada por um amigo da sua mãe e levada para a cidade, onde tinha de trabalhar.", "other_language"),
        ("La vittima è stata reclutata da un amico di sua madre e portata in città per lavorare in una casa.", "other_language"),
        ("Das Opfer wurde von einem Freund ihrer Mutter angeworben und in die Stadt gebracht.", "other_language"),
        ("Korban direkrut oleh teman ibunya dan dibawa ke kota untuk bekerja di sebuah rumah.", "other_language"),
        ("قربانی توسط یکی از دوستان مادرش به شهر برده شد و باید در خانه کار می‌کرد", "other_language"),
        ("متاثرہ کو اس کی ماں کے دوست نے شہر لے جا کر گھر میں کام کرایا", "other_language"),
        ("Пострадавшая была завербована другом её матери и увезена в город.", "other_language"),
        ("受害者被她母亲的一个朋友招募并带到城市里在一所房子里工作", "other_language"),
        ("Kathmandu Sindhupalchok Gorkha Dolakha", "other_language"),
        ("", UNKNOWN),
        ("   \n", UNKNOWN),
        (None, UNKNOWN),
        ("n/a", UNKNOWN),
        ("see the file", UNKNOWN),
        ("2019-03-31 / 17:45 / 0044 123 456 789", UNKNOWN),
    ],
)
def test_a_language_is_told_by_script_and_function_words(text: str | None, code: str) -> None:
    assert codes(text) == [code]


def test_an_even_mixture_is_not_given_to_the_first_language_of_a_list() -> None:
    assert codes("when could them donde pero habia") == ["other_language"]


def test_no_narrative_at_all_gives_a_code_for_each_row() -> None:
    assert codes(None, None) == [UNKNOWN, UNKNOWN]
    assert codes() == []
    assert language_code(pl.Series("narrative", [None], dtype=pl.Null)).to_list() == [UNKNOWN]


def test_only_the_beginning_is_read() -> None:
    beginning = (ENGLISH + " ") * (LEADING_CHARACTERS // len(ENGLISH) + 1)
    assert codes(beginning + SPANISH * 500) == ["en"]


def test_the_length_is_counted_in_characters_not_bytes() -> None:
    assert length_count(pl.Series("narrative", ["abc", "قصة", "", None])).to_list() == [3, 3, 0, 0]


@given(st.lists(st.none() | st.sampled_from([ENGLISH, FRENCH, SPANISH, ARABIC]) | st.text(max_size=60), max_size=8))
@settings(max_examples=60, deadline=None)
def test_every_narrative_gets_one_code_of_its_own_text_in_its_place(texts: list[str | None]) -> None:
    found = codes(*texts)
    allowed = vocabulary("language").codes()
    assert all(code in allowed for code in found)
    assert found == [codes(text)[0] for text in texts]
