"""What the code lists promise: every code once, with a text in four languages and a way up to 'withheld'."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from typing import ClassVar

import polars as pl
import pycountry
import pytest
import yaml

from ingest.mapping.derivation import DERIVED_FIELDS, derived_flag
from schemas.case import Person
from schemas.fields import fields_of
from schemas.vocabulary import (
    FOLDER,
    LANGUAGES,
    MISSING_CODES,
    SUPPRESSED,
    YEARS,
    Labels,
    Term,
    Vocabulary,
    held_codes,
    vocabulary,
    vocabulary_names,
    year_hierarchy,
)

NAMES = vocabulary_names()
BROKEN_UP = {"SUHH", "YUCS", "CSXX", "CSHH", "ANHH", "PCHH", "GEHH", "NTHH", "FQHH"}
"""Former countries that no country of today continues."""
EXPLOITATION_GROUPS = {
    "labour": {"forced_labour", "child_labour", "forced_begging"},
    "sexual": {"sexual_exploitation"},
    "other": {
        "forced_marriage", "servitude", "forced_military", "organ_removal",
        "forced_criminality", "forced_adoption", "surrogacy", "other_form",
    },
}  # fmt: skip


def same(text: str) -> Labels:
    return Labels(en=text, fr=text, es=text, ar=text)


def made_of(*terms: Term) -> Vocabulary:
    return Vocabulary("colour", same("Colour"), terms)


def test_there_are_lists_and_countries_are_one_of_them() -> None:
    assert {"country", "gender", "age_band", "yes_no", "exploitation_form", "missing"} <= set(NAMES)
    assert list(NAMES) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_code_and_title_has_a_text_in_each_language(name: str) -> None:
    texts = {"the title": vocabulary(name).title} | {term.code: term.labels for term in vocabulary(name).terms}
    assert [(code, language) for code, labels in texts.items() for language in LANGUAGES if not labels.of(language).strip()] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_code_stands_twice(name: str) -> None:
    codes = [term.code for term in vocabulary(name).terms]
    assert len(codes) == len(set(codes))
    assert vocabulary(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_every_parent_is_listed_and_none_is_its_own_ancestor(name: str) -> None:
    parents = {term.code: term.parent for term in vocabulary(name).terms}
    for code in parents:
        met: list[str] = []
        step: str | None = code
        while step is not None:
            assert step not in met, f"{code} is its own ancestor"
            met.append(step)
            step = parents[step]


@pytest.mark.parametrize("name", NAMES)
def test_every_leaf_goes_up_to_suppressed_by_as_many_steps(name: str) -> None:
    paths = vocabulary(name).hierarchy()
    assert set(paths) == {*vocabulary(name).leaves(), *MISSING_CODES}
    assert {path[-1] for path in paths.values()} == {SUPPRESSED}
    assert len({len(path) for path in paths.values()}) == 1
    assert all(path[0] == code for code, path in paths.items())


@pytest.mark.parametrize("name", NAMES)
def test_a_label_always_has_the_same_labels_above_it(name: str) -> None:
    """So each level is a partition of the one below, and a label can be coarsened wherever it stands."""
    above = defaultdict(set)
    for path in vocabulary(name).hierarchy().values():
        distinct = list(dict.fromkeys(path))
        for place, label in enumerate(distinct):
            above[label].add(tuple(distinct[place + 1 :]))
    assert {label: ways for label, ways in above.items() if len(ways) > 1} == {}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "missing"])
def test_the_reasons_for_a_missing_value_stay_apart_up_to_the_top(name: str) -> None:
    paths = vocabulary(name).hierarchy()
    for code in MISSING_CODES:
        assert set(paths[code][:-1]) == {code}
    assert not set(MISSING_CODES) & set(vocabulary(name).leaves())
    assert SUPPRESSED not in vocabulary(name).codes()


@pytest.mark.parametrize("name", NAMES)
def test_every_code_of_every_list_reaches_the_root(name: str) -> None:
    """Also the groups, at whatever depth: the last step of each is a code without a parent."""
    listed = vocabulary(name)
    for term in listed.terms:
        assert listed.term(listed.ancestors(term.code)[-1]).parent is None


@pytest.mark.parametrize("name", NAMES)
def test_a_code_and_its_label_are_read_as_the_code_and_never_as_another(name: str) -> None:
    """So what a template offers in any language comes back as the code it stood for."""
    readings = vocabulary(name).readings()
    for code in vocabulary(name).storable():
        texts = [code, *(vocabulary(name).label(code, language) for language in LANGUAGES)]
        assert [readings.get(text.strip().casefold()) for text in texts] == [code] * len(texts)


@pytest.mark.parametrize("name", NAMES)
def test_no_text_means_two_codes(name: str) -> None:
    """By an oracle of its own: whatever its case, accents and apostrophes, a text is read as one code, or as none."""
    meanings = defaultdict(set)
    for text, code in vocabulary(name).readings().items():
        letters = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
        meanings["".join(letters).replace("\u2019", "'").casefold()].add(code)
    assert {text: codes for text, codes in meanings.items() if len(codes) > 1} == {}


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        (
            "gender",
            {"F": "woman", "Féminin": "woman", "أنثى": "woman", "H": "man", "Male": "man", "varón": "man", "ذكر": "man"},
        ),
        ("majority", {"Mineure": "minor", "menor": "minor", "majeure": "adult", "mayor": "adult", "adulta": "adult", "بالغة": "adult"}),
        ("marital_status", {"Mariée": "married", "veuve": "widowed", "soltera": "single", "Divorcé": "divorced", "مطلقة": "divorced"}),
        (
            "country",
            {"gabonaise": "GA", "centrafricaine": "CF", "libérienne": "LR", "irlandaise": "IE", "burkina": "BF"},
        ),
        ("country", {"أردنية": "JO", "الأردنية": "JO", "عمانية": "OM", "بنغلادشية": "BD", "السورية": "SY", "الكورية الجنوبية": "KR"}),
    ],
)
def test_words_that_everyone_uses_are_read(name: str, texts: dict[str, str]) -> None:
    readings = vocabulary(name).readings()
    assert {text: readings.get(text.casefold()) for text in texts} == texts


def test_m_is_a_man_in_two_languages_and_a_woman_in_a_third() -> None:
    assert "m" not in vocabulary("gender").readings()


def test_codes_held_are_codes_of_a_list_and_stand_once() -> None:
    listed = [vocabulary(name).letter_codes for name in ("country", "spoken_language", "currency")]
    codes = {code.casefold() for codes in listed for code in codes}
    assert held_codes() <= codes | {"ns"}, "ns was a country's: kept, should it come back"
    assert not {text for name in ("country", "spoken_language") for text in vocabulary(name).names()} & held_codes()


class TestGroups:
    """A partner may say one of several things and not which (the merged flags of CTDC 2024)."""

    GROUPS: ClassVar = {
        "means_of_control": {"debt_or_earnings", "threatens", "abuse", "denies_needs"},
        "exploitation_form": {"labour", "other"},
        "recruiter_relation": {"family_or_partner", "stranger_or_other"},
        "perpetrator_role": {"recruiter_or_broker", "transaction", "control_or_abuse", "exploitation", "smuggling"},
        "transport_mode": {"road", "sea"},
        "world_region": {"americas_or_oceania"},
    }

    def test_a_group_of_several_codes_is_stored_where_the_list_says_so(self) -> None:
        found = {name: set(vocabulary(name).storable()) - set(vocabulary(name).leaves()) for name in NAMES}
        assert {name: groups for name, groups in found.items() if groups} == self.GROUPS

    def test_a_group_of_one_code_is_that_code(self) -> None:
        assert {"drugs", "deceives", "overworks"} & set(vocabulary("means_of_control").codes()) == set()
        assert "drugs" not in vocabulary("means_of_control").readings()

    def test_a_group_holds_itself_and_all_below_it(self) -> None:
        assert set(vocabulary("means_of_control").under("abuse")) == {"abuse", "psychological_abuse", "physical_abuse", "sexual_abuse"}
        assert "BE" in vocabulary("country").under("europe")
        assert vocabulary("gender").under("nobody") == ()

    def test_a_group_of_forms_sets_its_flag_and_denies_the_others(self) -> None:
        """A form of which only the group is known is still forced labour, or other exploitation."""
        flags = pl.DataFrame({"exploitation_codes": [["labour"], ["other"], ["unknown"]]}).select(
            **{name: derived_flag(group) for name, group in DERIVED_FIELDS.items()}
        )
        assert flags.rows() == [("yes", "no", "no"), ("no", "no", "yes"), ("unknown", "unknown", "unknown")]

    def test_no_published_quasi_identifier_stores_groups(self) -> None:
        """A published label and a group that came in would be one text for two things."""
        published = [field for field in fields_of(Person) if field.declared.vocabulary is not None]
        assert [field.name for field in published if vocabulary(str(field.declared.vocabulary)).stores_groups] == []


def test_an_unknown_code_or_list_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        vocabulary("gender").term("purple")
    with pytest.raises(KeyError):
        vocabulary("gender").label("purple", "en")
    with pytest.raises(KeyError):
        vocabulary("gender").ancestors("purple")
    with pytest.raises(KeyError, match="age_band"):
        vocabulary("../problems")


def test_a_reason_for_a_missing_value_has_its_text_in_every_list() -> None:
    assert vocabulary("gender").label("not_collected", "en") == "Not collected by the partner"
    assert vocabulary("country").label("suppressed", "fr") == "Masqué pour protéger les personnes"


class TestCountries:
    def test_every_country_of_iso_3166_stands_once(self) -> None:
        leaves = vocabulary("country").leaves()
        assert len(leaves) == len(set(leaves))
        assert set(leaves) == {country.alpha_2 for country in pycountry.countries} | {"XK"} | BROKEN_UP

    def test_na_is_namibia_and_no_missing_value(self) -> None:
        assert vocabulary("country").label("NA", "en") == "Namibia"
        assert vocabulary("country").readings()["na"] == "NA"
        assert vocabulary("country").hierarchy()["NA"] == ("NA", "southern_africa", "africa", "suppressed")

    def test_three_letters_and_names_in_four_languages_are_read(self) -> None:
        readings = vocabulary("country").readings()
        assert {readings[country.alpha_3.casefold()] for country in pycountry.countries} == {
            country.alpha_2 for country in pycountry.countries
        }
        assert {readings[text] for text in ("deu", "germany", "allemagne", "alemania", "ألمانيا")} == {"DE"}

    def test_the_first_other_code_of_a_country_is_alpha_3(self) -> None:
        for country in pycountry.countries:
            assert vocabulary("country").term(country.alpha_2).synonyms[0] == country.alpha_3

    @pytest.mark.parametrize(
        ("texts", "code"),
        [
            (("RDC", "République démocratique du Congo", "Congo (Kinshasa)", "DR Congo", "Zaïre", "زائير", "COD"), "CD"),
            (("Congo-Brazzaville", "République du Congo", "República del Congo", "COG"), "CG"),
            (("Ivory Coast", "Côte d'Ivoire", "Côte d\u2019Ivoire", "COTE D'IVOIRE", "Costa de Marfil", "ساحل العاج", "ivoirienne"), "CI"),
            (("Swaziland", "Eswatini", "Esuatini", "إسواتيني"), "SZ"),
            (("Burma", "Myanmar", "Birmanie", "BUR", "BU"), "MM"),
            (("Timor oriental", "East Timor", "TMP", "TP"), "TL"),
            (("UK", "Royaume-Uni", "Reino Unido", "England", "المملكة المتحدة"), "GB"),
            (("Czech Republic", "République tchèque", "Chequia"), "CZ"),
            (("Turkey", "Turquie", "TUR", "turca"), "TR"),
            (("Kosovo", "XKX", "كوسوفو"), "XK"),
            (("Taiwan", "Taïwan", "TWN"), "TW"),
            (("Nigerian", "nigériane", "nigeriana"), "NG"),
            (("Nigerien", "nigérienne", "nigerina"), "NE"),
            (("rumana", "roumaine", "Romanian", "رومانية"), "RO"),
            (("USSR", "URSS", "Soviet Union", "SUN", "SU"), "SUHH"),
            (("Yugoslavia", "Yougoslavie", "YU", "YUG"), "YUCS"),
        ],
    )
    def test_a_country_goes_by_many_names(self, texts: tuple[str, ...], code: str) -> None:
        readings = vocabulary("country").readings()
        assert {text: readings.get(text.casefold()) for text in texts} == dict.fromkeys(texts, code)

    @pytest.mark.parametrize(
        "text",
        [
            "Congo",
            "الكونغو",
            "Congolese",
            "congolaise",
            "congoleña",
            "Korea",
            "Corée",
            "coreana",
            "Dominican",
            "CS",
            "America",
            "00",
            "0",
            "EU",
        ],
    )
    def test_a_name_that_is_said_of_two_countries_or_of_none_is_read_as_none(self, text: str) -> None:
        assert text.casefold() not in vocabulary("country").readings()

    def test_a_code_of_today_is_never_that_of_a_former_country(self) -> None:
        """BY was Byelorussia's too, GE the Gilbert Islands', SK Sikkim's: ISO gave the letters again."""
        readings = vocabulary("country").readings()
        assert {code: readings[code.casefold()] for code in ("BY", "GE", "SK", "AI", "BQ", "ATF")} == {
            "BY": "BY", "GE": "GE", "SK": "SK", "AI": "AI", "BQ": "BQ", "ATF": "TF",
        }  # fmt: skip

    def test_every_former_country_has_a_place(self) -> None:
        """The last two letters of ISO 3166-3 name the country that continues it; HH, CS and XX that none does."""
        readings = vocabulary("country").readings()
        for former in pycountry.historic_countries:
            code = readings[former.alpha_4.casefold()]
            assert code == (
                former.alpha_4 if former.alpha_4 in BROKEN_UP else {"AA": former.alpha_2}.get(former.alpha_4[2:], former.alpha_4[2:])
            )
            assert vocabulary("country").hierarchy()[code][-1] == SUPPRESSED

    def test_territories_without_a_place_of_their_own_in_m49_have_one_here(self) -> None:
        paths = vocabulary("country").hierarchy()
        assert paths["XK"] == ("XK", "southern_europe", "europe", "suppressed")
        assert paths["TW"] == ("TW", "eastern_asia", "asia", "suppressed")
        assert paths["SUHH"] == ("SUHH", "eastern_europe", "europe", "suppressed")

    def test_forty_nationalities_and_more_are_read_in_four_languages(self) -> None:
        readings = vocabulary("country").readings()
        frequent = {
            "PH": ("Filipino", "philippine", "filipina", "فلبينية"), "UA": ("Ukrainian", "ukrainienne", "ucraniana", "أوكرانية"),
            "MD": ("Moldovan", "moldave", "moldava", "مولدوفية"), "BG": ("Bulgarian", "bulgare", "búlgara", "بلغارية"),
            "NG": ("Nigerian", "nigériane", "nigeriana", "نيجيرية"), "NP": ("Nepali", "népalaise", "nepalí", "نيبالية"),
            "VN": ("Vietnamese", "vietnamienne", "vietnamita", "فيتنامية"), "PY": ("Paraguayan", "paraguayenne", "paraguaya", "باراغوايية"),
            "SY": ("Syrian", "syrienne", "siria", "سورية"), "ET": ("Ethiopian", "éthiopienne", "etíope", "إثيوبية"),
        }  # fmt: skip
        assert {code: {readings.get(text.casefold()) for text in texts} for code, texts in frequent.items()} == {
            code: {code} for code in frequent
        }
        listed = yaml.safe_load((FOLDER / "countries" / "nationalities.yml").read_text(encoding="utf-8"))
        assert len(listed) >= 80

    def test_a_region_is_no_country(self) -> None:
        assert "africa" not in vocabulary("country").readings()
        assert "africa" not in vocabulary("country").codes()


class TestReadings:
    def test_a_label_of_two_codes_is_read_as_neither(self) -> None:
        readings = made_of(Term("dark_red", same("Red")), Term("light_red", same("red ")), Term("blue", same("Blue"))).readings()
        assert readings == {"dark_red": "dark_red", "light_red": "light_red", "blue": "blue"}

    def test_a_coarser_code_is_not_read(self) -> None:
        listed = made_of(Term("navy", same("Navy"), "blue", ("nv",)), Term("blue", same("Blue")))
        assert listed.readings() == {"navy": "navy", "nv": "navy"}

    def test_a_group_is_read_where_the_list_stores_groups(self) -> None:
        terms = (Term("navy", same("Navy"), "blue"), Term("azure", same("Azure"), "blue"), Term("blue", same("Any blue")))
        listed = Vocabulary("colour", same("Colour"), terms, stores_groups=True)
        assert listed.readings() == {"navy": "navy", "azure": "azure", "blue": "blue", "any blue": "blue"}
        assert listed.codes() == ("navy", "azure", "blue", *MISSING_CODES)

    def test_texts_that_differ_in_accents_alone_and_mean_two_codes_are_read_as_neither(self) -> None:
        assert made_of(Term("year", same("Año")), Term("ring", same("ano"))).readings() == {"year": "year", "ring": "ring"}

    def test_an_age_when_it_began_is_read_as_its_band(self) -> None:
        readings = vocabulary("age_at_start").readings()
        assert [readings.get(str(age)) for age in (0, 8, 9, 17, 18, 47, 48, 120, 121)] == [
            "00--08", "00--08", "09--17", "09--17", "18--20", "39--47", "48+", "48+", None,
        ]  # fmt: skip

    def test_a_code_listed_twice_is_refused(self) -> None:
        with pytest.raises(ValueError, match="twice: blue"):
            made_of(Term("blue", same("Blue")), Term("blue", same("Azure"))).term("blue")

    def test_paths_of_unequal_length_are_filled_at_the_fine_end(self) -> None:
        listed = made_of(Term("navy", same("Navy"), "blue"), Term("red", same("Red")), Term("blue", same("Blue")))
        assert listed.hierarchy()["navy"] == ("navy", "blue", "suppressed")
        assert listed.hierarchy()["red"] == ("red", "red", "suppressed")
        assert listed.hierarchy()["unknown"] == ("unknown", "unknown", "suppressed")


def test_the_forms_of_exploitation_stand_under_the_three_published_groups() -> None:
    groups = defaultdict(set)
    for leaf in vocabulary("exploitation_form").leaves():
        groups[vocabulary("exploitation_form").ancestors(leaf)[-1]].add(leaf)
    assert groups == EXPLOITATION_GROUPS


def test_an_age_is_minor_under_18_and_adult_from_18() -> None:
    bands = vocabulary("age_band")
    assert {leaf: bands.ancestors(leaf)[-1] for leaf in bands.leaves() if leaf < "18"} == {"00--08": "minor", "09--17": "minor"}
    assert {bands.ancestors(leaf)[-1] for leaf in bands.leaves() if leaf >= "18"} == {"adult"}


class TestYears:
    def test_every_year_has_spans_of_two_four_and_eight_years_around_it(self) -> None:
        first, last = YEARS
        for year in range(first, last + 1):
            own, *spans, top = year_hierarchy()[str(year)]
            assert (own, top) == (str(year), SUPPRESSED)
            bounds = [tuple(int(end) for end in span.split("-")) for span in spans]
            assert [high - low + 1 for low, high in bounds] == [2, 4, 8]
            assert all(low <= year <= high for low, high in bounds)

    def test_a_span_lies_whole_within_the_next_one(self) -> None:
        for _, *spans, _ in (path for code, path in year_hierarchy().items() if code not in MISSING_CODES):
            (low_2, high_2), (low_4, high_4), (low_8, high_8) = [tuple(map(int, span.split("-"))) for span in spans]
            assert low_8 <= low_4 <= low_2 < high_2 <= high_4 <= high_8

    def test_two_years_share_a_span_or_their_spans_lie_apart(self) -> None:
        for level in (1, 2, 3):
            spans = {path[level] for code, path in year_hierarchy().items() if code not in MISSING_CODES}
            years = [year for span in spans for year in range(int(span[:4]), int(span[5:]) + 1)]
            assert len(years) == len(set(years))

    def test_a_missing_year_stays_missing_up_to_the_top(self) -> None:
        assert year_hierarchy()["unknown"] == ("unknown",) * 4 + (SUPPRESSED,)
