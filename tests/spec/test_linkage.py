"""Who is the same person: small tables in, groups of records out."""

from __future__ import annotations

import logging

import polars as pl
import pytest

from linkage.link import Linked, link
from linkage.model import LinkageModel, load_model
from linkage.private.rounds import round_key
from linkage.private.tokens import person_tokens
from linkage.scoring import LinkageFailed
from linkage.table import INPUT
from schemas.errors import LeakStopped
from schemas.zones import Identified

ROUND = {"r1": round_key(bytes(range(200, 232)), "r1")}
SHORT = {
    "key": "record_key",
    "partner": "partner_code",
    "number": "source_person_id",
    "given": "given_name",
    "family": "family_name",
    "born": "birth_date",
    "document": "document_number",
    "phone": "phone",
    "gender": "gender_code",
    "citizenship": "citizenship_code",
    "token": "person_token",
}


def reports(*rows: dict[str, str]) -> Identified:
    """Reports r1, r2 ... of one partner unless a row says otherwise."""
    whole = [
        {"record_key": f"r{number}", "partner_code": "north", **{SHORT[name]: value for name, value in row.items()}}
        for number, row in enumerate(rows, 1)
    ]
    return Identified(pl.DataFrame(whole, schema=dict.fromkeys(INPUT, pl.String)))


def run(records: Identified, model: LinkageModel | None = None) -> Linked:
    return link(records, model, round_keys=ROUND)


def groups(records: Identified) -> list[list[str]]:
    found = run(records).clusters
    return sorted(found.group_by("cluster").agg(pl.col("record_key").sort())["record_key"].to_list())


SELAM = {"given": "Selam", "family": "Bekele Haile", "born": "1998-04-17", "gender": "female", "citizenship": "ET"}


@pytest.mark.parametrize(
    ("why", "other"),
    [
        ("the same report twice", {}),
        ("another script and other vowels", {"given": "Salam", "family": "Bekelle"}),
        ("names in the other fields", {"given": "Bekele Haile", "family": "Selam"}),
        ("a typing error", {"given": "Selma"}),
        ("day and month swapped", {"born": "1998-17-04"}),
        ("only the year known, written as 1 January", {"born": "1998-01-01"}),
        ("one family name left out, nothing known of citizenship", {"family": "Haile", "citizenship": ""}),
    ],
)
def test_spellings_of_one_person_are_one_person(why: str, other: dict[str, str]) -> None:
    assert groups(reports(SELAM, SELAM | {"partner": "south"} | other)) == [["r1", "r2"]], why


@pytest.mark.parametrize(
    ("why", "one", "other"),
    [
        ("Arabic", ("محمد", "حسين"), ("Mohammed", "Hussein")),
        ("Arabic article and long vowels", ("يوسف", "الحسن"), ("Yousef", "al-Hassan")),
        ("Cyrillic", ("Наталья", "Ковальчук"), ("Natalya", "Kovalchuk")),
        ("Latin marks", ("Łucja", "Żółtowska"), ("Lucja", "Zoltowska")),
    ],
)
def test_scripts_meet(why: str, one: tuple[str, str], other: tuple[str, str]) -> None:
    born = {"born": "1994-08-21", "gender": "female", "citizenship": "SY"}
    first, second = ({"given": given, "family": family} | born for given, family in (one, other))
    assert groups(reports(first, second)) == [["r1", "r2"]], why


@pytest.mark.parametrize(
    ("why", "other"),
    [
        ("another person", {"given": "Maria", "family": "Popescu", "born": "1987-01-30", "citizenship": "RO"}),
        ("twins", {"given": "Hodan"}),
        ("another year of birth, over three years off", {"born": "1985-04-17"}),
        ("another name at the same address", {"given": "Dawit", "family": "Tesfaye"}),
    ],
)
def test_two_persons_stay_two(why: str, other: dict[str, str]) -> None:
    assert groups(reports(SELAM, SELAM | other)) == [["r1"], ["r2"]], why


def test_different_documents_forbid_what_everything_else_suggests() -> None:
    assert groups(reports(SELAM | {"document": "ET 123-456"}, SELAM | {"document": "ET999999"})) == [["r1"], ["r2"]]


def test_a_document_is_compared_without_its_separators() -> None:
    assert groups(reports({"document": "et 12-34.56", "given": "S."}, {"document": "ET123456", "given": "S."})) == [["r1", "r2"]]


def test_a_third_report_cannot_bridge_two_documents() -> None:
    found = groups(reports(SELAM | {"document": "ET123456"}, SELAM, SELAM | {"document": "ET999999"}))
    assert len(found) == 2
    assert ["r1", "r3"] not in found


def test_one_number_of_one_partner_is_one_person_whatever_the_rest_says() -> None:
    other = {"given": "Maria", "family": "Popescu", "born": "1987-01-30", "document": "RO777777", "number": "17"}
    assert groups(reports(SELAM | {"number": "17", "document": "ET123456"}, other)) == [["r1", "r2"]]


def test_the_same_number_of_two_partners_says_nothing() -> None:
    other = {"given": "Maria", "family": "Popescu", "partner": "south", "number": "17"}
    assert groups(reports(SELAM | {"number": "17"}, other)) == [["r1"], ["r2"]]


def test_two_numbers_of_one_partner_are_two_persons() -> None:
    assert groups(reports(SELAM | {"number": "17"}, SELAM | {"number": "18"})) == [["r1"], ["r2"]]


def test_reports_with_nothing_to_compare_are_a_person_each() -> None:
    nothing = {"gender": "female", "citizenship": "ET"}
    assert groups(reports(nothing, nothing, nothing)) == [["r1"], ["r2"], ["r3"]]


def token_of(person: dict[str, str]) -> str:
    """What a partner without names would send of the person in round r1."""
    found = person_tokens(reports(person).frame, "r1", ROUND["r1"])[0]
    assert isinstance(found, str)
    return found


def test_a_token_meets_its_like_and_the_named_report_it_stands_for() -> None:
    silent = {"partner": "south", "token": token_of(SELAM)}
    assert groups(reports(silent, silent | {"partner": "east"})) == [["r1", "r2"]]
    assert groups(reports(SELAM, silent)) == [["r1", "r2"]]
    assert groups(reports(SELAM | {"given": "Hodan", "family": "Farah"}, silent)) == [["r1"], ["r2"]]


def test_a_block_too_large_to_compare_is_counted() -> None:
    model = load_model().model_copy(update={"block_cap": 4})
    same_name = reports(*({"given": "Maria", "family": "Silva", "born": str(1950 + 9 * year)} for year in range(4)))
    assert [tuple(dropped) for dropped in run(same_name, model).dropped] == [("two names", 1, 4, 6)]
    assert run(same_name).dropped == ()


def test_what_is_unsure_is_asked() -> None:
    model = load_model()
    wide = model.thresholds.model_copy(update={"review": -7.9, "link": 0.0, "asked": 11.8, "automatic": 11.9})
    two = reports(SELAM, SELAM | {"born": "1999", "given": "Salma", "family": "Bekele", "citizenship": ""})
    found = run(two, model.model_copy(update={"thresholds": wide}))
    asked = found.questions.row(0, named=True)
    assert (asked["record_key_left"], asked["record_key_right"], asked["size_left"], asked["size_right"]) == ("r1", "r2", 1, 1)
    assert -7900 <= asked["weight"] < 11800
    assert asked["is_joined"] == (found.persons == 1)


def test_the_counts_add_up() -> None:
    steps: list[tuple[str, float]] = []
    found = link(
        reports(SELAM, SELAM, SELAM | {"given": "Maria", "family": "Popescu"}), watch=lambda step, share: steps.append((step, share))
    )
    assert (found.records, found.persons) == (3, 2)
    assert 1 <= found.pairs_compared <= 3
    assert [step for step, _ in steps] == ["features", "blocks", "scores", "scores", "groups", "done"]
    assert [share for _, share in steps] == sorted(share for _, share in steps)


def test_an_empty_table_links_to_nothing() -> None:
    found = run(reports())
    assert (found.records, found.persons, found.pairs_compared, found.questions.height) == (0, 0, 0, 0)


def test_nothing_is_printed_or_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        run(reports(SELAM, SELAM))
    assert not [record for record in caplog.records if record.name.startswith(("splink", "linkage"))]
    assert capfd.readouterr() == ("", "")


def test_a_table_without_unique_keys_is_stopped_without_a_value() -> None:
    with pytest.raises(LeakStopped) as stopped:
        run(reports(SELAM | {"key": "CANARY"}, SELAM | {"key": "CANARY"}))
    assert "CANARY" not in str(stopped.value)
    with pytest.raises(LeakStopped, match="partner_code"):
        run(Identified(reports(SELAM).frame.drop("partner_code")))


def test_a_model_that_asks_for_nonsense_fails_without_a_value() -> None:
    model = load_model()
    some = model.comparisons[0]
    conditions = zip(
        (some.levels[0], some.levels[1], some.levels[-1]), ("given_l IS NULL", "cast(given_l as int) = 1", "ELSE"), strict=True
    )
    broken = some.model_copy(update={"levels": tuple(level.model_copy(update={"condition": text}) for level, text in conditions)})
    with pytest.raises(LinkageFailed) as failed:
        run(reports(SELAM, SELAM | {"given": "Canary"}), model.model_copy(update={"comparisons": (broken,)}))
    assert "selam" not in str(failed.value).lower()
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
