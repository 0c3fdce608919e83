"""Which texts count as holding an identifier, and which names of places must pass.

Here: one text a line. Never here: what becomes of a row that is found.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from time import process_time

import polars as pl
import pycountry
import pytest

from anonymize.sweep import FINDING, LONGEST_PLACE, identifiers_in_text
from schemas.units import Unit
from schemas.vocabulary import LANGUAGES, Language, vocabulary
from schemas.zones import Identified

IDENTIFIERS = (
    # telephone and other long numbers, in any digits, behind any separators
    "call +33 6 12 34 56 78",
    "+1 212-555-0123 Queens",
    "tel. 0612345678",
    "Buenos Aires (011) 4321-9876",
    "هاتف ٠٦١٢٣٤٥٦٧٨",
    "تلفن ۰۹۱۲۳۴۵۶",
    "１２３４５６７",
    "12\u200b34\u200b56",
    "48.8566, 2.3522",
    "CASE-2021-0017",
    # addresses of the network
    "maria.quispe@example.org",
    "maria @ example.org",
    "@maria_90",
    "www.example.ma",
    "https://example.ma/p/1",
    "facebook.com/maria",
    "10.0.0.1",
    "fe80::1ff:fe23:4567:890a",
    # accounts and documents
    "DE89 3704 0044 0532 0130 00",
    "4111-1111-1111-1111",
    "AB123456",
    "passport x1234z",
    # dates of a life
    "born 1990-05-17",
    "17/5/1990",
    "17.5.90",
    "May 17, 1990",
    "17 May 1990",
    "17 de mayo de 1990",
    "1er janvier 1991",
    "17 مايو 1990",
    "17 كانون الثاني 1990",
    # a story in the wrong column
    "She lived behind the market and " * 10,
)

REGIONS = (
    *("Paris 13e", "District 9", "Buenos Aires", "75013 Paris", "D-10115 Berlin", "Nairobi, 00100", "SW1A 1AA", "Sector 17B", "Km 45"),
    *("Wards 12, 13, 14, 15", "Zone 1/2/3", "2019-2021", "St. Petersburg", "N.W.F.P.", "U.S./Mexico border", "Region: north", "A/B"),
    *("25 de Mayo", "9 de Julio", "3 de Febrero", "Québec (QC)", "Región IV", "Catalonia", "Bavaria", "Tuscany", "Central Luzon"),
    *("Upper West Side", "Greater Accra", "Cox's Bazar", "Île-de-France", "Provence-Alpes-Côte d'Azur", "Grand Est", "Rhône 69"),
    *("Haut-Katanga", "Nord-Kivu", "Côte-d'Or", "Andalucía", "Cataluña", "Nuevo León", "Valle del Cauca", "Madre de Dios", "Ñuble"),
    *("Ciudad de México", "La Guajira", "Castilla-La Mancha", "القاهرة", "شمال سيناء", "المنطقة ٩", "الدار البيضاء-سطات", "جبل لبنان"),
    *("نينوى", "مكة المكرمة", "دبي", "السودان", "Московская область", "新疆维吾尔自治区", "Región Metropolitana de Santiago"),
)


def swept(*texts: str | None, **columns: list[str | None]) -> list[int]:
    """The rows, counted from 0, whose region of exploitation holds an identifier."""
    origin = {"file": ["main"] * len(texts), "row_number": list(range(len(texts)))}
    frame = pl.DataFrame(origin).with_columns(pl.Series("exploitation_region", texts, dtype=pl.String))
    others = [pl.Series(name, cells, dtype=pl.String) for name, cells in columns.items()]
    return identifiers_in_text(Identified(frame.with_columns(others)), Unit.VICTIM)["row_number"].to_list()


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_an_identifier_is_found(text: str) -> None:
    assert swept(text, None, "Córdoba") == [0]


@pytest.mark.parametrize("text", REGIONS)
def test_a_region_passes(text: str) -> None:
    assert swept(text) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_country_passes_in_every_language(language: Language) -> None:
    country = vocabulary("country")
    assert swept(*(term.labels.of(language) for term in country.terms)) == []


@pytest.mark.parametrize("country", ["AR", "FR"])
def test_the_provinces_of_argentina_and_the_departments_of_france_pass(country: str) -> None:
    names = [part.name for part in pycountry.subdivisions if part.country_code == country]
    assert len(names) > 23
    assert swept(*names, *(f"{name} {number}" for number, name in enumerate(names))) == []


def test_the_official_names_of_all_countries_pass() -> None:
    names = [getattr(country, "official_name", country.name) for country in pycountry.countries]
    assert swept(*names, *(country.name for country in pycountry.countries)) == []


@pytest.mark.parametrize(
    ("text", "given", "family", "is_found"),
    [
        ("with Maria in Salta", "María", "Quispe", True),
        ("QUISPE farm, Salta", "María", "Condori Quispe", True),
        ("مزرعة فاطمة", "فاطمة", None, True),
        ("Mariana province", "Maria", "Quispe", False),  # another word
        ("Los Ríos", "Ana", "de los Ríos", True),  # a place that is also the name of the row's person
        ("La Paz", "Paz", "de la O", False),  # words too short to tell
        ("Salta", None, None, False),
    ],
)
def test_a_word_of_the_rows_own_names_is_found(text: str, given: str | None, family: str | None, is_found: bool) -> None:
    assert swept(text, given_name=[given], family_name=[family]) == ([0] if is_found else [])


def test_a_name_of_another_row_is_no_finding() -> None:
    assert swept("Santiago", "Salta", given_name=["Ana", "Santiago"], family_name=[None, None]) == []


def test_a_finding_is_a_file_a_row_and_a_field() -> None:
    frame = pl.DataFrame({"file": ["b", "a", "a"], "row_number": [3, 9, 2], "exploitation_region": ["AB123456", "0612345678", "Salta"]})
    found = identifiers_in_text(Identified(frame), Unit.PERPETRATOR)
    assert found.schema == FINDING
    assert found.rows() == [("a", 9, "exploitation_region"), ("b", 3, "exploitation_region")]


def test_the_longest_names_of_places_pass_and_longer_texts_do_not() -> None:
    assert swept("n" * LONGEST_PLACE, "n" * (LONGEST_PLACE + 1)) == [1]


def test_fields_that_stay_in_the_vault_are_not_looked_through() -> None:
    frame = pl.DataFrame({"file": ["a"], "row_number": [1], "phone": ["0612345678"], "narrative": ["0612345678"]})
    assert identifiers_in_text(Identified(frame), Unit.VICTIM).is_empty()


def test_no_text_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    loggers = [logging.getLogger(name) for name in ("presidio-analyzer", "decision_process")]
    swept("call +34 612 345 678")  # the engine is built
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.disabled = False  # as logging.config does to loggers it does not know
    swept("DE89 3704 0044 0532 0130 0Z", "call maria 0612345678", "card 4111-1111-1111-1111")
    assert not any(logger.isEnabledFor(logging.CRITICAL) for logger in loggers)
    shown = caplog.text + "".join(capfd.readouterr())
    assert not [part for part in ("3704", "maria", "0612", "4111") if part in shown]


def test_presidio_is_not_loaded_where_no_text_could_hold_an_identifier() -> None:
    program = (
        "import sys, polars as pl\n"
        "from anonymize.sweep import identifiers_in_text\n"
        "from schemas.units import Unit\n"
        "from schemas.zones import Identified\n"
        "frame = pl.DataFrame({'file': ['a'] * 2, 'row_number': [1, 2], 'exploitation_region': [None, 'Salta']})\n"
        "identifiers_in_text(Identified(frame), Unit.VICTIM)\n"
        "sys.exit(int('presidio_analyzer' in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_two_thousand_distinct_texts_take_under_three_seconds() -> None:
    swept("0612345678")
    start = process_time()
    assert swept(*(f"District {number} / zone {number % 97}" for number in range(2_000))) == []
    assert process_time() - start < 3
