"""The clean table: invented victims, the same every time, with the words that each language writes for their codes.

Here: what is true of each row. Never here: how a partner writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

ROWS = 12
"""Enough that every fault meets rows above and below it; few, since hundreds of files are read."""

NAMES = {
    "en": (("Zoë", "Anaïs", "Renée", "José", "Chloé", "Inès"), ("Brontë", "O'Hara", "Núñez", "Smith-Lévy", "Grønn", "Çelik")),
    "fr": (
        ("Hélène", "François", "Noël", "Aïcha", "Benoît", "Cécile"),
        ("Lefèvre", "D'Août", "Forêt", "Gonçalvès", "Müller", "Etchegoïen"),
    ),
    "es": (("María", "Íñigo", "Begoña", "Ángel", "Lucía", "Raúl"), ("Muñoz", "Ibáñez", "Pérez de la Cruz", "Güell", "Núñez", "Solís")),
    "ar": (("فاطمة", "أحمد", "ليلى", "يوسف", "زينب", "هدى"), ("الحداد", "منصور", "خوري", "عبد الله", "النجار", "سعيد")),
    "uk": (("Оксана", "Андрій", "Марія", "Ігор", "Наталія", "Юрій"), ("Шевчук", "Коваль", "Мельник", "Бондаренко", "Ткаченко", "Їжак")),
}
NOTES = {
    "en": ("Came alone; asked for help, twice", "No papers", "Was told the café paid well", "Speaks little, écrit en français"),
    "fr": ("Venue seule ; a demandé de l'aide, deux fois", "Sans papiers", "Croyait à un emploi de café", "Hébergée dès août"),
    "es": ("Llegó sola; pidió ayuda, dos veces", "Sin papeles", "Creía que era un trabajo en un café", "Vive con su tía, mañana llama"),
    "ar": ("جاءت وحدها، وطلبت المساعدة", "بلا أوراق", "ظنت أنه عمل في مقهى", "تتكلم قليلا"),
    "uk": ("Прийшла сама; просила допомоги, двічі", "Без паперів", "Думала, що це робота в кафе", "Говорить мало"),
}
COUNTRIES = {
    "NG": {"en": "Nigeria", "fr": "Nigéria", "es": "Nigeria", "ar": "نيجيريا", "uk": "Нігерія"},
    "NA": {"en": "Namibia", "fr": "Namibie", "es": "Namibia", "ar": "ناميبيا", "uk": "Намібія"},
    "UA": {"en": "Ukraine", "fr": "Ukraine", "es": "Ucrania", "ar": "أوكرانيا", "uk": "Україна"},
    "VN": {"en": "Vietnam", "fr": "Viêt Nam", "es": "Vietnam", "ar": "فيتنام", "uk": "В'єтнам"},
    "ES": {"en": "Spain", "fr": "Espagne", "es": "España", "ar": "إسبانيا", "uk": "Іспанія"},
    "LB": {"en": "Lebanon", "fr": "Liban", "es": "Líbano", "ar": "لبنان", "uk": "Ліван"},
    "FR": {"en": "France", "fr": "France", "es": "Francia", "ar": "فرنسا", "uk": "Франція"},
}
GENDERS = {
    "woman": {"en": "Woman", "fr": "Femme", "es": "Mujer", "ar": "امرأة", "uk": "Жінка"},
    "man": {"en": "Man", "fr": "Homme", "es": "Hombre", "ar": "رجل", "uk": "Чоловік"},
}
FORMS = {
    "forced_labour": {"en": "Forced labour", "fr": "Travail forcé", "es": "Trabajo forzoso", "ar": "العمل القسري", "uk": "Примусова праця"},
    "sexual_exploitation": {
        "en": "Sexual exploitation",
        "fr": "Exploitation sexuelle",
        "es": "Explotación sexual",
        "ar": "الاستغلال الجنسي",
        "uk": "Сексуальна експлуатація",
    },
    "servitude": {"en": "Servitude", "fr": "Servitude", "es": "Servidumbre", "ar": "الاسترقاق", "uk": "Підневільний стан"},
}
GROUP_OF_FORM = {"forced_labour": "labour", "sexual_exploitation": "sexual", "servitude": "other"}


@dataclass(frozen=True)
class Victim:
    """One row of the clean table; None where the partner asked and nobody knew."""

    number: str
    registered: date
    given: str
    family: str
    born: date | None
    gender: str | None
    citizenship: str | None
    country: str
    forms: tuple[str, ...]
    document: str
    note: str

    @property
    def age(self) -> int | None:
        """Completed years on the day of registration."""
        if self.born is None:
            return None
        had_birthday = (self.registered.month, self.registered.day) >= (self.born.month, self.born.day)
        return self.registered.year - self.born.year - (not had_birthday)


def victims(language: str, rows: int = ROWS, seed: int = 7, *, first_day: date = date(2023, 1, 3), days_apart: int = 11) -> list[Victim]:
    """The clean table in one language's names. Numbers and documents begin with zeros; days lie on both sides of the 12th."""
    rng = Random(seed)
    given, family = NAMES[language]
    found = []
    for row in range(rows):
        found.append(
            Victim(
                number=f"{1001 + row:07d}",
                registered=first_day + timedelta(days=days_apart * (row % 60)),
                given=given[row % len(given)],
                family=family[(row // 2) % len(family)],
                born=None if row % 6 == 4 else date(1975 + rng.randrange(25), 1 + rng.randrange(12), 1 + rng.randrange(28)),
                gender=None if row % 7 == 5 else ("woman", "man")[rng.randrange(2)],
                citizenship=None if row % 9 == 8 else tuple(COUNTRIES)[row % len(COUNTRIES)],
                country=("ES", "FR", "LB")[row % 3],
                forms=(("forced_labour",), ("sexual_exploitation", "servitude"), ("forced_labour", "servitude"), ())[row % 4],
                document=f"00{71_234_000 + 17 * row}",
                note=NOTES[language][row % len(NOTES[language])],
            )
        )
    return found
