"""Which texts count as holding an identifier, and which names of places must pass.

Here: one text a line. Never here: what becomes of a row that is found.
"""

from __future__ import annotations

import gettext
import logging
import subprocess
import sys
import unicodedata
from time import process_time

import polars as pl
import pycountry
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    "17º de mayo de 1990",
    "3 fevrier 1991",
    # a story in the wrong column
    "She lived behind the market and " * 10,
)

ADDRESSES = (
    # a word of a street or of a dwelling, then a number
    *("Calle 45 #12-34", "CALLE 45", "Calle de la Luna, 5", "C/ Mayor 5", "c/Mayor, 5", "Cra 7 # 12-34 apto 301", "Carrera 7 No. 12"),
    *("Kra 15 N° 93-60", "Av. Jiménez 7-65", "Avenida Corrientes 1234", "Avenida Corrientes 1999", "Avda. de la Constitución, 12"),
    *("Transversal 3", "diagonal 25g", "manzana 4 lote 12", "Mz. 4", "Jirón de la Unión 300", "Jiron de la Union 300"),
    *("Rue 245 porte 33, Hamdallaye", "bd du 20 Août n° 14", "Impasse 12", "quartier Hamdallaye, 245", "Quartier du Fleuve porte n°12"),
    *("lot n° 45", "villa n° 214", "Villa 2145, Sicap", "maison 45", "Street 12", "Mombasa Road 45", "rd no. 5", "flat 3, Kilimani"),
    *("Apt 4B", "House No 12, Kilimani", "Plot 45", "via Roma 12", "viale Monza 5", "Rua Augusta 15000", "Travessa do Carmo, 5"),
    *("ул. Ленина, 5", "проспект Мира 12", "вулиця Хрещатик 22", "буд. 5, кв. 12", "улица Строителей, дом ٣"),
    *("طريق المطار ١٢", "حي السلام رقم 15", "عمارة ١٢ شقة ٣", "شقة رقم ٧", "المنزل 7"),
    # a number, then a word of a street
    *("12 rue de la Paix", "12 bis, rue Victor Hugo", "245, avenue Modibo Keïta", "45 Elm Street", "45B Old Kampala Road"),
    *("12345 Elm Street", "5th Avenue", "10 Downing St", "10 Downing St., London"),
    # numbers of houses alone
    *("Jiménez 7-65", "#12-34", "Hamdallaye #45"),
    # streets and buildings that have names, in Arabic
    *("شارع الحمرا بناية ٤", "شارع الحمرا", "بشارع فلسطين", "شـارع الرشيد", "بناية النور", "نهج مرسيليا"),
)
HOMES = (
    *("chez Fatoumata Coulibaly", "CHEZ FATOUMATA", "chez fatoumata", "chez M. Diallo", "Chez Mme Traoré", "chez l'oncle Moussa"),
    *("chez la tante Awa", "domicile de M. Keita", "maison de Marie", "casa de María Pérez", "Casa de Doña Rosa", "casa da Maria"),
    *("casa di Maria", "c/o Ana Ruiz", "C / O Ana", "℅ Ana", "at the home of John Smith", "home of Mrs Smith", "house of Chief Okafor"),
    *("Maria's house", "Maria’s house", "в доме Ивановых"),
    *("عند فاطمة", "عند السيدة", "بيت أم خالد", "بيت آل خوري", "بيت سعد", "في بيت الحاج أحمد", "منزل محمد علي", "منزل شاكر القاسمي"),
)
NO_ADDRESSES = (
    # words of streets that are places, or that nothing points at
    *("Saint-Louis", "Rue", "Rue (Sierra Leone)", "Rue, Zone 3", "Calle", "Calle Larga", "La Calle, Algérie", "Avenue", "Avenida"),
    *("Avenue, District 9", "Km 45, Calle", "Porte de Clignancourt", "Quartier latin", "Road to Kampala", "Lane County", "Plateau"),
    *("Lot", "Lot-et-Garonne", "Plot", "Room", "Residence", "Flat Rock", "Place", "Corso", "Piazza Armerina", "via Agadez"),
    *("via Libya 2019", "Villa Clara", "Villa de Leyva", "Villa 31", "Villas 21-24", "улица", "Дом", "Домодедово"),
    *("حي الزهور", "طريق ليبيا", "العمارة", "الدار البيضاء", "دار السلام"),
    # numbers of areas, saints, distances, counts
    *("Districts 1-12", "Wards 3-5", "District #9", "Camp #5", "Block 9", "Comuna 13", "barrio 18", "Route 66", "10-15 km", "13-Avril"),
    *("75013 St Denis", "Zone 3 near St Louis", "2 villages on the road to Sebha", "Parcelles Assainies Unité 15"),
    # homes of nobody in particular, institutions, towns whose names begin like a home
    *("chez l'employeur", "chez un particulier", "chez sa tante", "chez le patron", "casa de familia", "Casa de Campo", "Casablanca"),
    *("Maison Carrée", "House of hope", "Children's Home", "بيت إيواء", "عند أحد الأقارب", "عند الحدود", "عند معبر رفح"),
    *("بيت لحم", "منطقة بيت لحم", "بيت حانون", "بيت الدين", "منزل بورقيبة", "منزل تميم، نابل", "منزل عبد الرحمن"),
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


@pytest.mark.parametrize("text", [*IDENTIFIERS, *ADDRESSES, *HOMES])
def test_an_identifier_is_found(text: str) -> None:
    assert swept(text, None, "Córdoba") == [0]


@pytest.mark.parametrize("text", [*REGIONS, *NO_ADDRESSES])
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
    assert swept(*names) == []
    numbered = [f"{name} {number}" for number, name in enumerate(names) if name != "Lot"]  # "Lot 46" is a plot, or the department
    assert swept(*numbered) == []


def test_the_official_names_of_all_countries_pass() -> None:
    names = [getattr(country, "official_name", country.name) for country in pycountry.countries]
    assert swept(*names, *(country.name for country in pycountry.countries)) == []


def test_no_first_level_region_of_the_world_is_held() -> None:
    names = sorted({part.name for part in pycountry.subdivisions})
    assert len(names) > 4_500
    assert swept(*names) == []


@pytest.mark.parametrize("language", ["es", "fr", "it", "ru", "uk"])
def test_no_first_level_region_is_held_in_its_translation(language: str) -> None:
    translated = gettext.translation("iso3166-2", pycountry.LOCALES_DIR, languages=[language]).gettext
    names = sorted({part.name for part in pycountry.subdivisions})
    in_language = sorted({translated(name) for name in names} - set(names))
    assert len(in_language) > 90
    assert swept(*in_language) == []


@settings(deadline=None)  # the first example loads Presidio
@given(st.sampled_from([*ADDRESSES, *HOMES]), st.sampled_from(["upper", "unaccented", "decomposed", "arabic digits", "behind a place"]))
def test_an_address_is_found_however_it_is_written(text: str, manner: str) -> None:
    written = {
        "upper": text.upper(),
        "unaccented": "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign)),
        "decomposed": unicodedata.normalize("NFD", text),
        "arabic digits": text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
        "behind a place": f"Bamako, {text}",
    }
    assert swept(written[manner]) == [0]


@pytest.mark.parametrize("address", ["Calle 45 #12-34", "casa de María Pérez", "شارع الحمرا"])
def test_the_name_of_another_person_alone_is_not_found_but_its_home_is(address: str) -> None:
    """What the sweep cannot do, written down: there is no list of the names of everybody."""
    assert swept("María Pérez", "Fatoumata Coulibaly", "rue de la Paix", address) == [3]


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
