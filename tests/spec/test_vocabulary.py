"""What the code lists promise: every code once, with a text in four languages and a way up to 'withheld'."""

from __future__ import annotations

from collections import defaultdict

import pycountry
import pytest

from schemas.vocabulary import (
    LANGUAGES,
    MISSING_CODES,
    SUPPRESSED,
    YEARS,
    Labels,
    Term,
    Vocabulary,
    vocabulary,
    vocabulary_names,
    year_hierarchy,
)

NAMES = vocabulary_names()
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
def test_every_code_of_a_cell_goes_up_to_suppressed_by_as_many_steps(name: str) -> None:
    paths = vocabulary(name).hierarchy()
    assert set(paths) == set(vocabulary(name).codes())
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
def test_a_code_is_read_as_itself_and_never_as_another(name: str) -> None:
    readings = vocabulary(name).readings()
    assert {leaf: readings[leaf.casefold()] for leaf in vocabulary(name).leaves()} == {leaf: leaf for leaf in vocabulary(name).leaves()}


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
        assert set(vocabulary("country").leaves()) == {country.alpha_2 for country in pycountry.countries}

    def test_na_is_namibia_and_no_missing_value(self) -> None:
        assert vocabulary("country").label("NA", "en") == "Namibia"
        assert vocabulary("country").readings()["na"] == "NA"
        assert vocabulary("country").hierarchy()["NA"] == ("NA", "southern_africa", "africa", "suppressed")

    def test_three_letters_and_names_in_four_languages_are_read(self) -> None:
        readings = vocabulary("country").readings()
        assert {readings[country.alpha_3.casefold()] for country in pycountry.countries} == set(vocabulary("country").leaves())
        assert {readings[text] for text in ("deu", "germany", "allemagne", "alemania", "ألمانيا")} == {"DE"}

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
