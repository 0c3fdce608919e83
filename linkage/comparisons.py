"""What is compared of two records: the comparisons and their levels, each a condition over `linkage.features`, without weights.

Here: labels, conditions in SQL, and the limits that a fitted weight must keep. Never here: a weight; data; a condition that only one
database understands (Spark runs them too, by sqlglot).
"""

from __future__ import annotations

from linkage.model import Comparison, Level

_YEAR = "birth_year_l = birth_year_r"
_YEARS_APART = "abs(birth_year_l - birth_year_r)"
_DAYLESS = "(birth_day_l IS NULL OR birth_day_r IS NULL)"
_BOTH_DAYLESS = "birth_day_l IS NULL AND birth_day_r IS NULL"
_DIGITS = "levenshtein(birth_text_l, birth_text_r)"
_CROSSED = "list_has_any(given_keys_l, family_keys_r)", "list_has_any(family_keys_l, given_keys_r)"
_ADDRESS = "len(list_intersect(address_keys_l, address_keys_r))"

# Levels in the order in which they are tried; the first is the missing one. Labels are what a reviewer reads.
_LEVELS: dict[str, tuple[tuple[str, str], ...]] = {
    "given_name": (
        ("missing", "given_keys_l IS NULL OR given_keys_r IS NULL"),
        ("same words, rare", "given_l = given_r AND list_has_any(given_rare_l, given_rare_r)"),
        ("same words, uncommon", "given_l = given_r AND list_has_any(given_uncommon_l, given_uncommon_r)"),
        ("same words, common", "given_l = given_r AND list_has_any(given_common_l, given_common_r)"),
        ("same words, very common", "given_l = given_r"),
        ("same sounds, rare", "list_has_any(given_rare_l, given_rare_r)"),
        ("same sounds, uncommon", "list_has_any(given_uncommon_l, given_uncommon_r)"),
        ("same sounds, common", "list_has_any(given_common_l, given_common_r)"),
        ("same sounds, very common", "list_has_any(given_keys_l, given_keys_r)"),
        ("stands as a family name", f"{_CROSSED[0]} AND {_CROSSED[1]}"),
        ("stands as a family name on one side", f"{_CROSSED[0]} OR {_CROSSED[1]}"),
        ("nearly the same letters", "jaro_winkler_similarity(given_l, given_r) >= 0.9"),
        ("much the same letters", "jaro_winkler_similarity(given_l, given_r) >= 0.8"),
        ("initial only", "(length(given_l) = 1 OR length(given_r) = 1) AND substr(given_l, 1, 1) = substr(given_r, 1, 1)"),
        (
            "different, though family name and day of birth agree",
            "family_l = family_r AND birth_day_l = birth_day_r AND birth_text_l = birth_text_r",
        ),
        ("different", "ELSE"),
    ),
    "family_name": (
        ("missing", "family_keys_l IS NULL OR family_keys_r IS NULL"),
        ("two words or more the same", "len(list_intersect(family_keys_l, family_keys_r)) >= 2"),
        (
            "one of several words the same",
            "len(family_keys_l) >= 2 AND len(family_keys_r) >= 2 AND list_has_any(family_keys_l, family_keys_r)",
        ),
        ("same words, rare", "family_l = family_r AND list_has_any(family_rare_l, family_rare_r)"),
        ("same words, uncommon", "family_l = family_r AND list_has_any(family_uncommon_l, family_uncommon_r)"),
        ("same words, common", "family_l = family_r AND list_has_any(family_common_l, family_common_r)"),
        ("same words, very common", "family_l = family_r"),
        ("same sounds, rare", "list_has_any(family_rare_l, family_rare_r)"),
        ("same sounds, uncommon", "list_has_any(family_uncommon_l, family_uncommon_r)"),
        ("same sounds, common", "list_has_any(family_common_l, family_common_r)"),
        ("same sounds, very common", "list_has_any(family_keys_l, family_keys_r)"),
        ("stands as a given name", f"{_CROSSED[0]} AND {_CROSSED[1]}"),
        ("stands as a given name on one side", f"{_CROSSED[0]} OR {_CROSSED[1]}"),
        ("nearly the same letters", "jaro_winkler_similarity(family_l, family_r) >= 0.9"),
        ("much the same letters", "jaro_winkler_similarity(family_l, family_r) >= 0.8"),
        ("different", "ELSE"),
    ),
    "birth_date": (
        ("missing", "birth_year_l IS NULL OR birth_year_r IS NULL"),
        ("same day", f"{_YEAR} AND birth_month_l = birth_month_r AND birth_day_l = birth_day_r"),
        ("same year, neither states a day", f"{_YEAR} AND {_BOTH_DAYLESS}"),
        ("day and month exchanged", f"{_YEAR} AND birth_month_l = birth_day_r AND birth_day_l = birth_month_r"),
        ("same year, one states no day", f"{_YEAR} AND {_DAYLESS}"),
        ("same month, a digit of the day differs", f"{_YEAR} AND birth_month_l = birth_month_r AND {_DIGITS} = 1"),
        ("same month", f"{_YEAR} AND birth_month_l = birth_month_r"),
        ("a digit differs", f"NOT ({_BOTH_DAYLESS}) AND {_DIGITS} = 1"),
        ("a year apart, one states no day", f"{_YEARS_APART} = 1 AND {_DAYLESS}"),
        ("two years apart, one states no day", f"{_YEARS_APART} = 2 AND {_DAYLESS}"),
        ("two digits differ", f"NOT {_DAYLESS} AND {_DIGITS} = 2"),
        ("same year", _YEAR),
        ("up to four years apart, neither states a day", f"{_YEARS_APART} <= 4 AND {_BOTH_DAYLESS}"),
        ("different", "ELSE"),
    ),
    "gender": (
        ("missing", "gender_code_l IS NULL OR gender_code_r IS NULL"),
        ("same", "gender_code_l = gender_code_r"),
        ("different", "ELSE"),
    ),
    "citizenship": (
        ("missing", "citizenship_code_l IS NULL OR citizenship_code_r IS NULL"),
        ("same", "citizenship_code_l = citizenship_code_r"),
        ("different", "ELSE"),
    ),
    "document": (
        ("missing", "document_l IS NULL OR document_r IS NULL"),
        ("same", "document_l = document_r"),
        ("nearly the same", "levenshtein(document_l, document_r) <= 2"),
        ("different", "ELSE"),
    ),
    "phone": (
        ("missing", "phone_l IS NULL OR phone_r IS NULL"),
        ("same", "phone_l = phone_r"),
        ("different", "ELSE"),
    ),
    "email": (
        ("missing", "email_l IS NULL OR email_r IS NULL"),
        ("same", "email_l = email_r"),
        ("different", "ELSE"),
    ),
    "address": (
        ("missing", "address_keys_l IS NULL OR address_keys_r IS NULL"),
        ("six words or more the same", f"{_ADDRESS} >= 6"),
        ("four words or more the same", f"{_ADDRESS} >= 4"),
        ("three words the same", f"{_ADDRESS} = 3"),
        ("two words the same", f"{_ADDRESS} = 2"),
        ("different", "ELSE"),
    ),
    "postal_code": (
        ("missing", "postal_code_l IS NULL OR postal_code_r IS NULL"),
        ("same", "postal_code_l = postal_code_r"),
        ("nearly the same", "postal_sorted_l = postal_sorted_r OR levenshtein(postal_code_l, postal_code_r) = 1"),
        ("same area", "postal_area_l = postal_area_r"),
        ("different", "ELSE"),
    ),
    "birth_place": (
        ("missing", "birth_place_l IS NULL OR birth_place_r IS NULL"),
        ("same", "birth_place_l = birth_place_r"),
        ("nearly the same letters", "jaro_winkler_similarity(birth_place_l, birth_place_r) >= 0.9"),
        ("different", "ELSE"),
    ),
    "occupation": (
        ("missing", "occupation_l IS NULL OR occupation_r IS NULL"),
        ("same", "occupation_l = occupation_r"),
        ("different", "ELSE"),
    ),
    # Between two named records the names speak; their tokens would say the same again.
    "person_token": (
        ("missing", "NOT (is_token_only_l OR is_token_only_r) OR tokens_l IS NULL OR tokens_r IS NULL"),
        ("strong token agrees", "list_has_any(tokens_strong_l, tokens_strong_r)"),
        ("fair token agrees", "list_has_any(tokens_fair_l, tokens_fair_r)"),
        ("different", "ELSE"),
    ),
}

# What a weight may be at least and at most, in bits, where corpora do not show what partners' files do: two nationalities, a gender
# entered wrongly, a new telephone, a family's telephone, twins (all the same but the given name), a lost passport, a village from
# which many come.
LIMITS: dict[tuple[str, str], tuple[float, float]] = {
    ("given_name", "different, though family name and day of birth agree"): (-19.0, -18.0),
    ("given_name", "different"): (-14.0, -8.0),
    ("birth_date", "same day"): (4.0, 12.0),
    ("gender", "same"): (0.0, 1.0),
    ("gender", "different"): (-4.0, -1.0),
    ("citizenship", "same"): (0.0, 4.0),
    ("citizenship", "different"): (-6.0, -1.0),
    ("document", "same"): (9.0, 12.0),
    ("document", "nearly the same"): (3.0, 9.0),
    ("document", "different"): (-6.0, -4.0),
    ("phone", "same"): (4.0, 8.0),
    ("phone", "different"): (-1.5, 0.0),
    ("email", "same"): (9.0, 9.0),
    ("email", "different"): (-0.5, -0.5),
    ("postal_code", "same"): (0.0, 10.0),
    ("postal_code", "different"): (-2.0, 0.0),
    ("birth_place", "same"): (0.0, 7.0),
    ("birth_place", "different"): (-2.0, 0.0),
    ("occupation", "same"): (0.0, 4.0),
    ("occupation", "different"): (-2.0, 0.0),
    ("person_token", "different"): (-1.0, -1.0),
}
DEFAULT_LIMITS = (-14.0, 14.0)
"""Of any other weight, so that no one field ever decides alone against all others."""


def unweighted() -> tuple[Comparison, ...]:
    """Every comparison with levels of weight 0, as training begins."""
    return tuple(
        Comparison(
            name=name,
            levels=tuple(
                Level(label=label, condition=condition, m=None if number == 0 else 0.5, u=None if number == 0 else 0.5)
                for number, (label, condition) in enumerate(levels)
            ),
        )
        for name, levels in _LEVELS.items()
    )
