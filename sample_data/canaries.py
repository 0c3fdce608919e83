"""Unmistakable values planted in the sample: found anywhere outside the vault, they prove a leak.

Here: the canary persons and cells. Never here: the search for them (`tests/leak`).
"""

from __future__ import annotations

from datetime import date

from sample_data.persons import InventedPerson

# Cells that break a rule, or stand where no identifier belongs; layouts plant them.
BAD_CATEGORY = "Zyxquarn-Kategorie Olbramovic"
BAD_CATEGORY_ARABIC = "زعفرشيات الخزعبل"
BAD_DATE = "le lendemain de Vexlibourne"
BAD_NUMBER = "quarante-Zorvane"
UNKNOWN_COLUMN_CELL = "Qwibblestone intake clerk 020 7946 0421"
REGION_WITH_PHONE = "Leeds, ask for Perpetua Xandrovane on 020 7946 0987"
REGION_WITH_EMAIL = "Paris, contacter quillonde.zarvette@example.net"
REGION_WITH_NAME = "Madrid, preguntar por Eufrasia Zumbalde, tel. +44 20 7946 0765"
UNDECODABLE_NAME = "Zéphyrinéa"
BEHIND_OPEN_MARK = "Brenzabelle Quavistrom says he is called Ignatz"
BEFORE_STRAY_MARK = "Thrupplewick Zandorf"
DAY_NUMBER = "31847,7740901"
SHORTENED_PHONE = "9,99646077E+11"
SHORTENED_PASSPORT = "7.74900118E+12"
HELD_NAME = "Ottokarine Vlessenbrug"
HELD_NAME_SPANISH = "Ulpiana Zarrabeitxo"
CELLS = (
    BAD_CATEGORY,
    BAD_CATEGORY_ARABIC,
    BAD_DATE,
    BAD_NUMBER,
    UNKNOWN_COLUMN_CELL,
    REGION_WITH_PHONE,
    REGION_WITH_EMAIL,
    REGION_WITH_NAME,
    UNDECODABLE_NAME,
    BEHIND_OPEN_MARK,
    BEFORE_STRAY_MARK,
    DAY_NUMBER,
    SHORTENED_PHONE,
    SHORTENED_PASSPORT,
    HELD_NAME,
    HELD_NAME_SPANISH,
)

# Given name and family name (own script, Latin), country pair, document, telephone, e-mail, address; one a script and partner at least.
_PERSONS = (
    (
        ("", "Zephyrelle"),
        ("", "Quorndyke"),
        "GB",
        "GB",
        "XQZ7740012",
        "+442079460611",
        "zephyrelle.quorndyke@example.com",
        "9 Umberlough Mews",
    ),
    (("", "Bartholomeus"), ("", "Vintzgard"), "RO", "FR", "XQZ7740023", "+33639980123", "b.vintzgard@example.com", "77 quai Ozmandine"),
    (("", "Ximenara"), ("", "Ulloqueta"), "CO", "ES", "XQZ7740034", "+999699123987", "x.ulloqueta@example.com", "3 calle Zurrunbilde"),
    (
        ("زهرنجلاء", "Zahranjala"),
        ("القنطراوي", "Qantrawiyan"),
        "SY",
        "LB",
        "XQZ7740045",
        "+999103998877",
        "zahranjala@example.com",
        "١٧ شارع الظفرنوق",
    ),
    (
        ("ضحوكان", "Dahukanne"),
        ("الزعفرشي", "Zafarshiya"),
        "IQ",
        "JO",
        "XQZ7740056",
        "+999799887766",
        "dahukanne@example.com",
        "٢٣ زقاق الخزعبلوت",
    ),
    (
        ("Жвилена", "Zhvylena"),
        ("Щукобрій", "Shchukobrii"),
        "UA",
        "UA",
        "XQZ7740067",
        "+999380887123",
        "zhvylena@example.com",
        "вулиця Хмаролиська 5",
    ),
    (
        ("Ґерасина", "Gerasyna"),
        ("Крижмовська", "Kryzhmovska"),
        "UA",
        "MD",
        "XQZ7740078",
        "+999380887456",
        "gerasyna@example.com",
        "провулок Зорянчин 8",
    ),
    (
        ("", "Wilhelmijntje"),
        ("", "Oostrovanck"),
        "BG",
        "BE",
        "XQZ7740089",
        "+999460998877",
        "w.oostrovanck@example.com",
        "41 Vlinderzandkaai",
    ),
)
HOMES = (
    "en-harbour-ngo",
    "fr-police",
    "es-linea-ayuda",
    "ar-shelter",
    "ar-shelter",
    "htcds-caseworks",
    "htcds-caseworks",
    "be-court",
)
"""The partner each canary person is planted at, beside en-harbour-ngo, which has them all."""


def canary_record(person: int) -> str:
    """The last part of the record number of a canary person's reports."""
    return f"XQZREF{person:02d}"


def canary_persons(first_number: int) -> tuple[InventedPerson, ...]:
    """The canary persons, numbered upward from `first_number`."""
    return tuple(
        InventedPerson(
            number=first_number + index,
            given=given,
            family=family,
            second_family=None,
            gender="woman",
            born=date(1987, 3, 11 + index),
            citizenship=citizenship,
            country=country,
            first_report=date(2019, 2 + index, 5),
            document=document,
            phone=phone,
            email=email,
            address=address,
            forms=("sexual_exploitation",) if index % 2 else ("forced_labour",),
            means=("threats", "withholds_documents"),
            sectors=("hospitality",),
            services=(),
            recruiters=("friend",),
            is_canary=True,
        )
        for index, (given, family, citizenship, country, document, phone, email, address) in enumerate(_PERSONS)
    )


def canary_values() -> list[str]:
    """Every planted value, in the spelling that stands in the files."""
    of_persons = [value for given, family, _, _, *identifiers in _PERSONS for value in (*given, *family, *identifiers) if value]
    records = [canary_record(number) for number in range(1, len(_PERSONS) + 1)]
    return [*of_persons, *records, *CELLS]
