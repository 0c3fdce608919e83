"""Addresses and homes of persons in a text: the patterns that find them, and what each needs to be there at all.

Here: words of streets, dwellings and homes in the languages partners write, and the patterns over them. Never here: the search
itself (`anonymize.sweep`). The patterns read a text without accents, in its own case, with the digits 0 to 9.

A word of a street is no address yet: many places are called Rue, Calle or Avenue. A number beside it makes one, or a name
behind it in Arabic, where streets and buildings mostly have names. A home is one when a name follows.
"""

from __future__ import annotations

from schemas.folding import folded_label

_NUMBERED_STREETS = (
    *("rue", "avenue", "av", "ave", "boulevard", "blvd", "bd", "impasse", "ruelle", "allee", "quartier", "chemin", "venelle"),
    *("calle", "cll", "carrera", "cra", "kra", "avenida", "avda", "transversal", "diagonal", "jiron", "pasaje", "callejon"),
    *("street", "st", "road", "rd", "lane", "ln", "alley", "rua", "travessa", "alameda", "viale", "piazza", "vicolo", "corso"),
    *("улица", "улице", "ул", "проспект", "пр-т", "переулок", "пер", "вулиця", "вулиці", "вул", "провулок"),
    *("شارع", "طريق", "حي", "زنقة", "زقاق", "نهج", "درب"),
)
"""Ways and quarters, of which one with a number is an address: a few words may stand between the two."""
_NUMBERED_DWELLINGS = (
    *("porte", "lot", "appartement", "appart", "appt", "apt", "apto", "maison", "chambre", "immeuble"),
    *("manzana", "mz", "lote", "departamento", "depto", "casa", "habitacion", "piso", "edificio", "interno", "bloco"),
    *("flat", "apartment", "house", "hse", "plot", "room", "building", "bldg"),
    *("дом", "д", "квартира", "кв", "будинок", "буд", "корпус"),
    *("بناية", "عمارة", "شقة", "مبنى", "منزل", "بيت", "دار", "غرفة", "طابق", "قطعة"),
)
"""Parts of an address whose number follows at once."""
_WAYS_BEHIND = ("rue", "avenue", "boulevard", "bd", "blvd", "impasse", "ruelle", "allee", "chemin", "place", "quai", "улица", "вулиця")
"""Ways whose number stands right before them: "12 rue"."""
_WAYS_AT_THE_END = ("street", "road", "lane", "alley", "avenue", "boulevard")
"""Ways whose number stands before their name: "45 Elm Street"."""
_SHORT_WAYS_BEHIND = ("st", "rd", "ln", "ave", "dr")
"""Abbreviations of the same; they are also Saint and Doctor, so that nothing may follow them."""
_AREAS = (
    *("district", "districts", "zone", "zones", "ward", "wards", "sector", "sectors", "secteur", "secteurs", "region", "regions"),
    *("arrondissement", "arrondissements", "distrito", "distritos", "sectores", "zona", "zonas", "comuna", "comunas", "commune"),
    *("communes", "camp", "camps", "campo", "km", "kms", "kilometre", "kilometer", "kilometro", "mile", "miles", "milla", "route"),
    *("area", "areas", "block", "blocks", "phase", "cercle", "canton", "circuit", "lga", "stage", "barrio", "villa", "villas"),
    *("район", "зона"),
    *("منطقة", "قطاع", "مخيم", "دائرة", "كم", "كيلومتر"),
)
"""Words whose numbers count areas and distances."""
_NO_WORDS_OF_A_NAME = ("on", "along", "near", "from", "by", "at", "in", "to", "off")
"""What stands between a count and a street that it does not count: "2 villages on the road"."""

_NAMED_STREETS = ("شارع", "زنقة", "زقاق", "نهج", "بناية", "عمارة")
_HOMES = {
    "chez": r"(?:l[ea]s?|une?|l'|m\.?|mr|mme|mlle|monsieur|madame|tante|oncle|el hadj)",
    r"casa\s+d(?:e|el|i|o|a|os|as|ella|ei)": r"(?:don|dona|el|la|sr\.?|sra\.?|senora?|tio|tia|sig\.?|signora?)",
    r"(?:home|house|flat|apartment|residence|compound|room)\s+of": r"(?:the|mr\.?|mrs\.?|ms\.?|miss|madam|uncle|aunt|chief|alhaji|hajia)",
    r"(?:maison|domicile|appartement)\s+de": r"(?:m\.?|mr|mme|mlle|monsieur|madame|la famille)",
    r"(?:доме|домі|квартир[еі])": r"(?:семьи|сім'і|пана|пані)",
}
"""The words of a home, and the titles and articles that may stand before the name; the name begins with a capital."""
_NO_HOSTS = (
    *("des?", "du", "l[ea]s?", "une?", "leurs?", "s[aeo]n?", "ses", "ce", "cette", "elles?", "lui", "eux", "soi", "particuliers?"),
    *("employeurs?", "exploitants?", "patrons?", "patronnes?", "clients?", "habitants?", "tuteurs?"),
)
"""Words behind "chez" that are nobody's name; any other is taken for one, in small letters too."""
_SIGNS_OF_A_HOME = (
    *("chez", "casa", "maison", "domicile", "appartement", "home", "house", "flat", "apartment", "residence", "compound", "room"),
    *("доме", "домі", "квартир", "عند", "منزل", "بيت", "شارع", "زنقة", "زقاق", "نهج", "بناية", "عمارة"),
)
_NO_NAMES = ("Campo", "Piedra", "Representatives", "Lords", "Commons")
"""What follows "casa de" and "house of" in names of places."""
_NO_OWNERS = ("children", "women", "men", "girls", "boys", "people", "king", "queen")
"""Whose house is an institution."""

_ARABIC_HOMES = ("عند", "منزل", "بيت")
_ARABIC_TITLES = (
    *("السيد", "السيدة", "الحاج", "الحاجة", "الشيخ", "الشيخة", "الأستاذ", "الأستاذة", "الدكتور", "الدكتورة", "العم", "العمة"),
    *("الخال", "الخالة", "المعلم", "المدعو", "المدعوة"),
)
_ARABIC_NO_NAMES = (
    *("حدود", "معبر", "منفذ", "مدخل", "مخرج", "نقطة", "حاجز", "مطار", "ميناء", "قرية", "مدينة", "منطقة", "محطة", "سوق", "جسر"),
    *("مفرق", "دوار", "باب", "بوابة", "شاطئ", "ساحل", "نهر", "مخيم", "ولاية", "محافظة", "خط"),
    *("ضيافة", "إيواء", "أيتام", "رعاية", "دعارة", "خاص", "صاحب", "صاحبة", "مشغل", "مشغلة", "كفيل", "عائلة", "أسرة"),
    *("أهل", "أهله", "أهلها", "أقارب", "قريب", "صديق", "صديقة", "أحد", "بعض", "زوج", "زوجها"),
)
"""Words behind those of homes that name a place, an institution or nobody in particular."""
_ARABIC_TOWNS = (
    *("بيت لحم", "بيت حانون", "بيت لاهيا", "بيت جالا", "بيت ساحور", "بيت حنينا", "بيت أمر", "بيت ريما", "بيت مري", "بيت شباب"),
    *("بيت شان", "بيت شيمش", "بيت عنان", "بيت فجار", "بيت ليد", "بيت فوريك", "بيت ياحون", "بيت ليف", "بيت جن", "بيت صفافا"),
    *("بيت أومر", "بيت أولا", "بيت إجزا", "بيت إكسا", "بيت إمرين", "بيت إيبا", "بيت إيدس", "بيت تعمر", "بيت حنون", "بيت دجن"),
    *("بيت دقو", "بيت سوريك", "بيت سيرا", "بيت عمرة", "بيت عوا", "بيت عور", "بيت عينون", "بيت فلوح", "بيت قاد", "بيت كاحل"),
    *("بيت لقيا", "بيت وزن", "بيت ياشوط", "بيت يافا"),
)
"""Towns that are called "house of"; Bethlehem is the first."""
_ARABIC_TOWNS_LIKE_PERSONS = (
    *(
        "منزل بورقيبة",
        "منزل تميم",
        "منزل جميل",
        "منزل كامل",
        "منزل شاكر",
        "منزل بوزيان",
        "منزل بوزلفة",
        "منزل عبد الرحمن",
        "منزل عبد الرحمان",
    ),
    *("منزل حر", "منزل نور", "منزل فارسي"),
)
"""The same, when no further word follows: the second half is a given name as well."""

_NUMBER = r"(?:(?:no|num|nr|nro|numero|number|n|رقم|№)\b[\s.:°]*|[°#]\s*)?\d"
"""Where a number begins, a number sign before it or not."""


def _any(words: tuple[str, ...]) -> str:
    """One of the words, as an alternative of a pattern, the longest first, folded as the texts are."""
    folded = {folded_label(word) for word in words}
    return "(?:" + "|".join(sorted(folded, key=lambda word: (-len(word), word))) + ")"


_START = r"(?<![^\W_])"
_AFTER_NO_AREA = rf"(?<!\b{_any(_AREAS)}[\s.]*(?:no|n|nr)?[\s.°:#]*)"
"""Where a number begins that does not count areas or distances."""


def address_patterns() -> dict[str, tuple[str, ...]]:
    """The patterns by the name of what they find; matched without regard to case, except for the capital of a name."""
    return {
        "STREET_NUMBER": (*_numbers_behind(), *_numbers_before()),
        "HOUSE_NUMBER": (
            rf"{_AFTER_NO_AREA}#\s?\d",
            rf"(?<=[^\W\d_][\s.,]+){_AFTER_NO_AREA}\d{{1,3}}[a-d]?\s?[-‐-―]\s?\d{{1,3}}(?![\w-])",
        ),
        "ARABIC_STREET": (rf"{_START}[وبلف]?{_any(_NAMED_STREETS)}\s+\p{{L}}{{2,}}",),
        "HOME_OF": (*_homes_in_latin(), *_homes_in_arabic(), rf"{_START}c\s?/\s?o\b[\s.:]*\p{{L}}{{2,}}"),
    }


def signs_of_a_home() -> str:
    """What a text without a digit needs one of, to hold any of these: a pattern without looking around, case and accents apart."""
    return _any(_SIGNS_OF_A_HOME)


def _numbers_behind() -> tuple[str, ...]:
    """Word, then number: "Calle de la Luna 45", "porte 33", "C/ Mayor 5", "villa n° 7", "via Roma 12"."""
    words = _words_except(_AREAS)
    return (
        rf"{_START}(?:[وبلف]?(?:ال)?){_any(_NUMBERED_STREETS)}(?!\p{{L}})[\s.,]*{words}{_NUMBER}",
        rf"{_START}(?:[وبلف]?(?:ال)?){_any(_NUMBERED_DWELLINGS)}(?!\p{{L}})[\s.,]*{_NUMBER}",
        rf"{_START}c/\s*{words}{_NUMBER}",
        rf"{_START}villa\s+(?=\D|\d{{3}}){_NUMBER}",
        rf"{_START}via\s+\p{{L}}{words}\d{{1,3}}[a-d]?\s*(?:,|$)",  # "via" is also English: a number ends the address, or a comma follows
    )


def _numbers_before() -> tuple[str, ...]:
    """Number, then word: "12 bis, rue", "45 Elm Street", "3rd Avenue", "10 Downing St"."""
    number = rf"{_AFTER_NO_AREA}(?<![\w/-])\d{{1,5}}"
    words = _words_except((*_AREAS, *_NO_WORDS_OF_A_NAME))
    return (
        rf"{number}\s*(?:[a-d]|bis|ter|quater)?\b[\s,]*{_any(_WAYS_BEHIND)}\b",
        rf"{number}(?:st|nd|rd|th|[a-d])?,?\s+{words}{_any(_WAYS_AT_THE_END)}\b",
        rf"{number}(?:st|nd|rd|th|[a-d])?,?\s+{words}{_any(_SHORT_WAYS_BEHIND)}\b(?=\.?\s*(?:[,;)]|$))",
    )


def _homes_in_latin() -> tuple[str, ...]:
    name = rf"(?!(?:{'|'.join(_NO_NAMES)})\b)(?-i:\p{{Lu}})\p{{L}}+"
    owner = rf"(?!(?:{'|'.join(_NO_OWNERS)})')(?-i:\p{{Lu}})\p{{L}}+(?:'s|s')"
    phrases = tuple(rf"{_START}{home}\s+(?:{titles}\s*\b)*{name}" for home, titles in _HOMES.items())
    host = rf"{_START}chez\s+(?!(?:{'|'.join(_NO_HOSTS)}|l'\p{{L}}+)\b)\p{{L}}{{2,}}"
    return (*phrases, host, rf"{_START}{owner}\s+(?:house|home|flat|apartment|compound|room)\b")


def _homes_in_arabic() -> tuple[str, ...]:
    """A word of a home, then a title, a family, or a word without an article (names have none) that is no place."""
    towns = rf"{_any(_ARABIC_TOWNS)}(?!\p{{L}})|{_any(_ARABIC_TOWNS_LIKE_PERSONS)}(?!\s*\p{{L}})"
    name = rf"(?!(?:ال|{_any(_ARABIC_NO_NAMES)}(?!\p{{L}})))\p{{L}}{{2,}}"
    family = r"(?:ال|ام|ابو|ابي|ابن|بنت)\s+\p{L}{2,}"
    title = rf"{_any(_ARABIC_TITLES)}(?!\p{{L}})"
    return (rf"{_START}[وبلف]?(?!{towns}){_any(_ARABIC_HOMES)}\s+(?:{title}|{family}|{name})",)


def _words_except(stops: tuple[str, ...]) -> str:
    """Up to four words, none of which stops."""
    return rf"(?:(?!{_any(stops)}\b)\p{{L}}[\p{{L}}'.-]*[\s,]+){{0,4}}?"
