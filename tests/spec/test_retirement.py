"""Who is retired with a withdrawn person: at least k others of its class, so that both who goes and who stays keep every condition."""

from __future__ import annotations

import polars as pl
import pytest

from anonymize.conditions import Conditions, Contributors, Diversity
from anonymize.releases.retirement import retiring

K = 3
CLASSES = ["cohort", "place"]


def persons(*classes: tuple[str, str, str]) -> pl.DataFrame:
    """A class each: its place, then one letter a person of what is known of it and of who reported it."""
    rows = [
        {"person_key": f"{place}{number:02d}", "cohort": 1, "place": place, "form": {"y": "yes", "n": "no", "?": "unknown"}[form], "by": by}
        for place, forms, reporters in classes
        for number, (form, by) in enumerate(zip(forms, reporters, strict=True))
    ]
    return pl.DataFrame(rows)


def retired(table: pl.DataFrame, *lost: str, **asked: object) -> list[str]:
    conditions = Conditions(K, **asked)  # type: ignore[arg-type]
    return retiring(table, pl.Series(lost, dtype=pl.String), classes=CLASSES, conditions=conditions)["person_key"].to_list()


def test_nobody_lost_nobody_retired() -> None:
    assert retired(persons(("aa", "yyynnn", "ppqqpp"))) == []


def test_of_a_large_class_k_others_are_retired_and_other_classes_stay() -> None:
    table = persons(("aa", "ynynynyn", "pppppppp"), ("bb", "ynynynyn", "pppppppp"))
    found = retired(table, "aa03")
    assert (len(found), "aa03" in found) == (1 + K, True)
    assert all(person.startswith("aa") for person in found)


@pytest.mark.parametrize("lost", range(1, 7))
def test_however_many_are_lost_of_a_class_k_others_hide_their_number_and_what_was_known_of_them(lost: int) -> None:
    table = persons(("aa", "yn" * 6, "pp" * 6))
    gone = [f"aa{number:02d}" for number in range(lost)]
    found = retired(table, *gone)
    assert set(gone) < set(found)
    assert len(found) == lost + K


@pytest.mark.parametrize(("size", "leave"), [(K, K), (2 * K, 2 * K), (2 * K + 1, 1 + K)])
def test_a_class_that_cannot_be_halved_goes_whole(size: int, leave: int) -> None:
    """One is lost: with k others it goes and k stay, or all of them go."""
    assert len(retired(persons(("aa", "yn" * size, "p" * 2 * size)).head(size), "aa00")) == leave


def test_so_many_are_lost_that_too_few_would_stay() -> None:
    assert len(retired(persons(("aa", "ynynynynn", "ppppppppp")), "aa00", "aa01", "aa02", "aa03")) == 9


def test_both_parts_keep_two_known_values_of_the_sensitive_field() -> None:
    """One no alone in the class: it would be in one part, so there is none; two nos: one in each."""
    asked = (Diversity("form", distinct=2),)
    assert len(retired(persons(("aa", "yyyyyyyyyn", "pppppppppp")), "aa00", sensitive=asked)) == 10
    table = persons(("aa", "yyyyyyyynn", "pppppppppp"))
    found = set(retired(table, "aa00", sensitive=asked))
    stays = table.filter(~pl.col("person_key").is_in(list(found)))
    assert 1 + K <= len(found) <= 10 - K
    assert set(stays["form"]) == set(table.filter(pl.col("person_key").is_in(list(found)))["form"]) == {"yes", "no"}


def test_what_the_class_itself_did_not_keep_is_not_asked_of_its_parts() -> None:
    assert len(retired(persons(("aa", "yyyyyy??", "pppppppp")), "aa00", sensitive=(Diversity("form", distinct=2),))) == 1 + K
    assert len(retired(persons(("aa", "????????", "pppppppp")), "aa00", sensitive=(Diversity("form", distinct=2),))) == 1 + K


def test_entropy_and_closeness_are_asked_of_both_parts() -> None:
    table = persons(("aa", "ynynynynynynynynyyyyyyyy", "p" * 24))
    for asked in (Diversity("form", entropy=1.8), Diversity("form", closeness=0.2)):
        found = retired(table, "aa00", sensitive=(asked,))
        for part in (table.filter(pl.col("person_key").is_in(found)), table.filter(~pl.col("person_key").is_in(found))):
            share = (part["form"] == "yes").mean()
            assert part.is_empty() or 0.4 < float(share) < 0.87  # type: ignore[arg-type]


def test_no_contributor_is_left_with_too_few_strangers_in_either_part() -> None:
    """p reported six of eight: two strangers, so q and r are together or the class goes whole."""
    asked = Contributors("by", 2)
    table = persons(("aa", "ynynynyn", "ppppppqr"))
    found = retired(table, "aa00", contributors=asked)
    both = {"aa06", "aa07"}
    assert len(found) == 8 or both <= set(found) or not both & set(found)


def test_a_person_may_have_several_contributors_or_none_that_is_known() -> None:
    table = persons(("aa", "ynynynyn", "pppppppp")).with_columns(by=pl.Series(["p+q", "p", "p+q", "p", "q", "q", None, "p"]))
    found = retired(table, "aa00", contributors=Contributors("by", 1, "+"))
    assert len(found) == 1 + K


def test_the_order_of_rows_does_not_matter() -> None:
    table = persons(("aa", "yn" * 12, "pq" * 12), ("bb", "yn" * 6, "pq" * 6))
    assert retired(table, "aa05", "bb01") == retired(table.sample(fraction=1, shuffle=True, seed=1), "bb01", "aa05")


def test_a_contributor_that_knew_nearly_all_of_the_class_before_asks_nothing_of_its_parts() -> None:
    """p reported all but one: the class did not leave it two strangers, so its parts need not."""
    assert len(retired(persons(("aa", "ynynynyn", "pppppppq")), "aa00", contributors=Contributors("by", 2))) == 1 + K
