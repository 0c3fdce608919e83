"""Who is the same person: small tables in, groups of records out."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import polars as pl
import pytest

from linkage.features import INPUT, features
from linkage.link import Linked, link
from linkage.model import LinkageModel, load_model
from linkage.registry import empty_registry
from linkage.scoring import LinkageFailed
from linkage.tokens import person_token
from schemas.errors import LeakStopped, SpecificationError
from schemas.zones import Identified

KEY = bytes(range(32))
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
    return link(records, empty_registry(), token_key=KEY, model=model)


def groups(records: Identified) -> list[list[str]]:
    members = run(records).registry.members
    return sorted(members.group_by("person_key").agg(pl.col("record_key").sort())["record_key"].to_list())


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
        ("another year of birth, over three years off", {"born": "1992-04-17"}),
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


def test_a_token_meets_its_like_and_the_named_report_it_stands_for() -> None:
    token = person_token(KEY, "Selam", "Bekele Haile", "1998-04-17")
    assert token is not None
    silent = {"partner": "south", "token": token}
    assert groups(reports(silent, silent | {"partner": "east"})) == [["r1", "r2"]]
    assert groups(reports(SELAM, silent)) == [["r1", "r2"]]
    # Through the named report the token also meets a spelling whose own token is another.
    assert groups(reports(SELAM, silent, SELAM | {"given": "Salam"})) == [["r1", "r2", "r3"]]
    assert groups(reports(SELAM | {"given": "Hodan"}, silent)) == [["r1"], ["r2"]]


def test_a_block_too_large_to_compare_is_counted() -> None:
    model = load_model().model_copy(update={"block_cap": 3})
    same_name = [{"given": "Maria", "family": "Silva", "born": str(1950 + year)} for year in range(4)]
    assert run(reports(*same_name), model).dropped_blocks == 1
    assert run(reports(*same_name)).dropped_blocks == 0


def test_pairs_near_the_threshold_wait_for_a_person() -> None:
    found = run(reports(SELAM, SELAM | {"born": "1999", "given": "Salma", "family": "Bekele", "citizenship": ""}))
    assert found.persons == 2
    assert found.review.select("record_key_left", "record_key_right").rows() == [("r1", "r2")]
    assert set(found.review.columns) == {"record_key_left", "record_key_right", "weight"}


def test_the_counts_add_up() -> None:
    found = run(reports(SELAM, SELAM, SELAM | {"given": "Maria", "family": "Popescu"}))
    assert (found.records, found.persons) == (3, 2)
    assert sum(pairs for _, pairs in found.pairs_by_weight) == found.candidate_pairs


def test_an_empty_table_links_to_nothing() -> None:
    found = run(reports())
    assert (found.records, found.persons, found.candidate_pairs) == (0, 0, 0)


def test_features_state_only_what_is_known() -> None:
    known = features(
        reports({"born": "1990"}, {"born": "1990-05"}, {"born": "1990-05-17"}, {"born": "1990-01-01"}, {"born": "May 1990"}), KEY
    )
    assert known.select("birth_year", "birth_month", "birth_day").rows() == [
        (1990, None, None),
        (1990, 5, None),
        (1990, 5, 17),
        (1990, None, None),
        (None, None, None),
    ]


def test_nothing_is_printed_or_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        run(reports(SELAM, SELAM))
    assert not [record for record in caplog.records if record.name.startswith(("splink", "linkage"))]
    assert capfd.readouterr() == ("", "")


def test_a_table_without_unique_keys_is_stopped_without_a_value() -> None:
    with pytest.raises(LeakStopped) as stopped:
        run(reports(SELAM | {"key": "CANARY"}, SELAM | {"key": "CANARY"}))
    assert "CANARY" not in str(stopped.value)
    with pytest.raises(LeakStopped, match="family_name"):
        run(Identified(reports(SELAM).frame.drop("family_name")))


def test_a_model_that_asks_for_nonsense_fails_without_a_value() -> None:
    model = load_model()
    given = model.comparisons[0]
    broken = given.model_copy(
        update={"levels": (*given.levels[:-1], given.levels[-1].model_copy(update={"condition": "cast(given_l as int) = 1"}))}
    )
    with pytest.raises(LinkageFailed) as failed:
        run(reports(SELAM, SELAM | {"given": "Canary"}), model.model_copy(update={"comparisons": (broken,)}))
    assert "selam" not in str(failed.value).lower()
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


def test_a_faulty_model_file_names_every_fault(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text('{"version": "9", "prior": 2}', encoding="utf-8")
    with pytest.raises(SpecificationError) as refused:
        load_model(path)
    assert {fault.split(":")[0] for fault in refused.value.faults} >= {"prior", "comparisons", "thresholds"}
    with pytest.raises(SpecificationError, match="cannot be read"):
        load_model(tmp_path / "absent.json")


def test_a_model_must_be_whole_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    good = load_model().model_dump(mode="json", exclude_none=True)
    for fault in ("no missing level", "m without u", "no last level", "thresholds fall"):
        bad = json.loads(json.dumps(good))
        levels = bad["comparisons"][0]["levels"]
        if fault == "no missing level":
            del levels[0]
        elif fault == "m without u":
            del levels[1]["u"]
        elif fault == "no last level":
            del levels[-1]
        else:
            bad["thresholds"]["link"] = -20
        path.write_text(json.dumps(bad), encoding="utf-8")
        with pytest.raises(SpecificationError):
            load_model(path)


def test_the_registry_holds_keys_and_nothing_else() -> None:
    registry = run(reports(SELAM, SELAM)).registry
    assert registry.members.columns == registry.retired.columns == ["record_key", "person_key"]
