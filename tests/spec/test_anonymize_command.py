"""`casehouse anonymize`: a small table in a file, and what is published and reported of it.

Everyone in these tables is invented.
"""

from __future__ import annotations

import json
import random
import stat
from collections import Counter
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from desks import PERSONS, SECRETS, Desk, many


def sorted_rows(table: pl.DataFrame) -> list[tuple[object, ...]]:
    return sorted(table.rows(), key=str)


# What is published


def test_four_persons_alike_need_one_coarser_label_each(desk: Desk) -> None:
    assert desk.run(k="4") == 0
    assert desk.published().select("age", "place").rows() == [("20s", "France")] * 4 + [("30s", "Portugal")] * 4


def test_rows_keep_their_order_and_what_is_not_named_stays_as_it_is(desk: Desk) -> None:
    desk.put(PERSONS.sample(fraction=1.0, shuffle=True, seed=7), "other.parquet")
    assert desk.run(table="other.parquet") == 0
    assert desk.published().columns == PERSONS.columns
    before = pl.read_parquet(desk.folder / "other.parquet")
    assert desk.published().drop("age", "place").equals(before.drop("age", "place"))
    assert "published as they came" in desk.said()


def test_pairs_who_are_alike_keep_every_value(desk: Desk) -> None:
    assert desk.run(k="2") == 0
    assert desk.published().equals(PERSONS)


@pytest.mark.parametrize(("option", "shown"), [((), None), (("--suppressed", "null"), None), (("--suppressed", "*"), "*")])
def test_a_value_that_is_withheld_is_null_or_a_star(desk: Desk, option: tuple[str, ...], shown: str | None) -> None:
    assert desk.run(*option, k="8") == 0
    assert desk.published()["place"].to_list() == [shown] * 8


def test_one_age_alone_is_no_reason_to_withhold_a_place(desk: Desk) -> None:
    desk.put(PERSONS.with_columns(age=pl.Series(["20", "21", "22", "23", "30", "31", "32", "33"])))
    assert desk.run() == 0
    assert desk.published()["place"].equals(PERSONS["place"])
    assert set(desk.published()["age"]) == {"20s", "30s"}


def test_a_weight_says_which_column_matters_more(desk: Desk) -> None:
    crossed = PERSONS.with_columns(place=pl.Series(["Lyon", "Porto"] * 4))
    desk.put(crossed)
    assert desk.run("--weights", "age=9", k="4") == 0
    assert set(desk.published()["age"]) == {"20s", "30s"}
    assert desk.run("--weights", "place=9", k="4") == 0
    assert desk.published()["place"].equals(crossed["place"])


def test_csv_is_read_as_text_and_gives_the_same_table(desk: Desk) -> None:
    text = PERSONS.with_columns(pl.col("number").cast(pl.String))
    desk.put(text)
    assert desk.run(out="from_parquet.parquet", k="4") == 0
    for separator in ";,\t":
        text.write_csv(desk.folder / "persons.csv", separator=separator)
        assert desk.run(table="persons.csv", out="from_csv.parquet", k="4") == 0
        assert (desk.folder / "from_csv.parquet").read_bytes() == (desk.folder / "from_parquet.parquet").read_bytes()


def test_a_published_file_holds_no_label_that_no_row_shows(desk: Desk) -> None:
    """Neither do the dictionaries inside it: a value that is withheld from all is nowhere in its bytes."""
    assert desk.run(k="4") == 0
    columns = pq.ParquetFile(desk.folder / "out.parquet", read_dictionary=["age", "place"]).read()
    assert {column: columns[column].chunk(0).dictionary.to_pylist() for column in ("age", "place")} == {
        "age": ["20s", "30s"],
        "place": ["France", "Portugal"],
    }


def test_one_level_a_column_in_the_mode_uniform(desk: Desk) -> None:
    across = PERSONS.head(4).with_columns(place=pl.Series(["Porto", "Braga", "Porto", "Braga"]), age=pl.Series(["20", "21", "30", "31"]))
    across = across.with_columns(pl.when(pl.col("age") > "29").then(pl.lit("Lyon")).otherwise(pl.col("place")).alias("place"))
    desk.put(pl.concat([PERSONS, across]))
    assert desk.run("--mode", "uniform", "--weights", "place=1.5", k="4") == 0
    assert set(desk.published()["age"]) == {None}, "two of twenty and two of thirty live where the others do not"
    assert set(desk.published()["place"]) == {"France", "Portugal"}
    said = desk.said()
    assert "level of age, 1 for the values themselves" in said
    shown = [[cell.strip() for cell in line.split("│")[2:4]] for line in said.splitlines() if "level of" in line]
    assert shown == [["1 of 3", "3 of 3"], ["1 of 3", "2 of 3"]]
    assert "0 of 12 (0.0%), allowed 0.0%" in said
    assert desk.run("--mode", "uniform", "--weights", "place=1.5", "--suppress", "0.4", k="4") == 0
    assert Counter(desk.published()["place"]) == {"France": 4, "Portugal": 4, None: 4}
    assert "4 of 12 (33.3%), allowed 40.0%" in desk.said()


def test_sets_name_the_values_of_a_class(desk: Desk) -> None:
    assert desk.run("--labels", "sets", k="4") == 0
    assert desk.published()["age"].to_list() == ["{20, 21}"] * 4 + ["{30, 31}"] * 4
    assert desk.run("--labels", "sets", k="8") == 0
    assert desk.published()["age"].to_list() == [None] * 8


def test_more_effort_keeps_the_same_promise(desk: Desk) -> None:
    assert desk.run("--quality", k="4") == 0
    assert desk.published().group_by("age", "place").len()["len"].min() == 4


# Conditions beyond k


def test_every_class_holds_two_known_values_of_a_sensitive_field(desk: Desk) -> None:
    alike = PERSONS.with_columns(means=pl.Series(["debt", "debt", "threat", "threat", "debt", "NA", "threat", None]))
    desk.put(alike)
    assert desk.run("--sensitive", "means", "-l", "2") == 0
    classes = desk.published().filter(pl.col("means").is_in(["debt", "threat"])).group_by("age", "place").agg(pl.col("means").n_unique())
    assert classes["means"].min() == 2
    assert desk.published()["means"].equals(alike["means"])


def test_which_codes_tell_nothing_can_be_said(desk: Desk) -> None:
    desk.put(PERSONS.with_columns(means=pl.Series(["debt", "?"] * 4)))
    assert desk.run("--sensitive", "means", "-l", "2") == 0
    assert desk.published().select("age", "place").equals(PERSONS.select("age", "place")), "two values in every pair"
    desk.said()
    assert desk.run("--sensitive", "means", "-l", "2", "--missing", "?", "--waive", "means") == 0
    said = desk.said()
    assert said.startswith("WAIVED: the whole table holds too few known values of means")
    assert "not known: null, unknown, " in said
    assert ", NA, ?;" in said, "a code is one more, and keeps the others"


@pytest.mark.parametrize("option", [("--entropy", "1.5"), ("--closeness", "0.2"), ("--entropy", "1.9", "--closeness", "0.1")])
def test_a_class_is_as_uncertain_and_as_close_as_was_asked(desk: Desk, option: tuple[str, ...]) -> None:
    desk.put(PERSONS.with_columns(means=pl.Series(["debt", "debt", "debt", "threat", "threat", "threat", "threat", "debt"])))
    assert desk.run("--sensitive", "means", "-l", "1", *option, k="2") == 0
    shares = desk.published().group_by("age", "place").agg((pl.col("means") == "debt").mean().alias("share"))
    assert shares["share"].is_between(0.2, 0.8).all()


def test_no_contributor_can_subtract_its_own(desk: Desk) -> None:
    mixed = PERSONS.with_columns(sent_by=pl.Series(["north", "south", "south", "north+south", "north", "north", "south", "south"]))
    desk.put(mixed)
    assert desk.run("--contributor", "sent_by", "--contributor-separator", "+", "--strangers", "2") == 0
    assert "sent_by" not in desk.published().columns, "who sent a person in is not published"
    table = desk.published().with_columns(mixed["sent_by"].str.split("+"))
    for name in ("north", "south"):
        left = table.group_by("age", "place").agg((~pl.col("sent_by").list.contains(name)).sum().alias("left"))["left"]
        assert left.is_in([0, *range(2, 9)]).all()


def test_flags_stand_in_a_table_of_their_own(desk: Desk) -> None:
    flagged = PERSONS.with_columns(debt=pl.Series(["1", "0"] * 4), threat=pl.Series(["1", "0", "0", "0", "0", "0", "0", None]))
    desk.put(flagged)
    flags = ["--flags", "debt,threat", "--flags-out", str(desk.folder / "flags.parquet"), "--flag-group", "4", "--flag-width", "2"]
    assert desk.run(*flags) == 0
    assert "out.parquet got the column group, which flags.parquet has too" in desk.said()
    table, apart = desk.published(), desk.published("flags.parquet")
    assert table.columns == ["age", "place", "means", "sent_by", "number", "group"]
    assert apart.columns == ["group", "debt", "threat"]
    assert Counter(table["group"]) == Counter(apart["group"])
    assert min(Counter(apart["group"]).values()) >= 4
    assert apart["threat"].null_count() > 0, "one of a group would be told by its threat"
    assert apart["debt"].to_list().count("1") == 4, "half of a group are no one"


def test_what_a_condition_costs_is_said_when_asked(desk: Desk) -> None:
    desk.put(PERSONS.with_columns(means=pl.Series(["debt"] * 4 + ["threat"] * 4)))
    both = ["--sensitive", "means", "-l", "2", "--contributor", "sent_by", "--strangers", "2", "--explain"]
    assert desk.run(*both) == 0
    said = desk.said()
    for condition in ("what is asked of means", "strangers to each sent_by"):
        assert f"without {condition} the loss would be" in said or f"{condition}: costs no more than the search's own noise" in said
    assert "without all conditions but k the loss would be 0.0000, not 1.0000" in said


@pytest.mark.parametrize("options", [(), ("--labels", "sets"), ("--mode", "uniform"), ("--quality",)])
def test_what_would_be_lost_without_a_condition_is_what_is_lost_without_it(desk: Desk, options: tuple[str, ...]) -> None:
    desk.put(many(300).with_columns(sent_by=pl.Series(["north", "south", "west"] * 100)))
    report = desk.folder / "report.json"
    asked = ["--sensitive", "means", "-l", "2", "--contributor", "sent_by", "--strangers", "4", "--explain", "--report", str(report)]
    assert desk.run(*asked, *options, "--weights", "age=2", k="5") == 0
    costs = {cost["condition"]: cost["loss_without"] for cost in json.loads(report.read_text())["costs"]}
    assert desk.run(*options, "--weights", "age=2", "--report", str(report), k="5") == 0
    plain = json.loads(report.read_text())["loss"]
    assert plain["mean_as_weighed"] == costs["all conditions but k"]
    assert plain["mean"] != plain["mean_as_weighed"]
    assert desk.run(*asked[:4], *options, "--weights", "age=2", "--report", str(report), k="5") == 0
    assert json.loads(report.read_text())["loss"]["mean_as_weighed"] == costs["strangers to each sent_by"]


# The same bytes


def shuffled(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    order = list(range(table.height))
    random.Random(seed).shuffle(order)
    return table[order]


def test_shuffled_rows_are_the_same_bytes_for_any_order_of_the_input(desk: Desk) -> None:
    """Tuples are cut here, and rows of one tuple go to several classes."""
    outputs = set()
    for seed in range(3):
        desk.put(shuffled(many(400), seed))
        assert desk.run("--shuffle", "--sensitive", "means", k="7") == 0
        outputs.add((desk.folder / "out.parquet").read_bytes())
    assert len(outputs) == 1


def test_any_order_of_the_input_gives_the_same_rows(desk: Desk) -> None:
    outputs = []
    for seed in range(3):
        desk.put(shuffled(many(400), seed))
        assert desk.run(k="7") == 0
        outputs.append(sorted_rows(desk.published()))
    assert outputs[0] == outputs[1] == outputs[2]


def test_any_number_of_threads_gives_the_same_bytes(desk: Desk) -> None:
    desk.put(many(300_000), "many.parquet")
    outputs = set()
    for threads in ("1", "2", "8"):
        assert desk.run("--threads", threads, table="many.parquet", k="11") == 0
        outputs.add((desk.folder / "out.parquet").read_bytes())
    assert len(outputs) == 1
    assert desk.published().drop("age", "place").equals(many(300_000).drop("age", "place")), "in the order of the input"


# What is reported


def test_the_report_holds_figures_and_names_of_columns_alone(desk: Desk) -> None:
    report = desk.folder / "report.json"
    options = ["--sensitive", "means", "--contributor", "sent_by", "--strangers", "2", "--report", str(report)]
    report.touch(mode=0o644)
    assert desk.run(*options, k="4") == 0
    text = report.read_text()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600, "it counts the table as it was"
    assert [secret for secret in SECRETS if f'"{secret}' in text] == []
    found: dict[str, Any] = json.loads(text)
    assert found["before"]["classes"] == 4
    assert found["after"]["smallest_class"] == 4
    assert found["after"]["homogeneous_classes"] == 0
    assert found["loss"]["by_column"] == {"age": 0.3333, "place": 0.3333}
    assert found["strangers"]["smallest"] == 2


def test_it_ends_with_before_and_after_and_what_to_change(desk: Desk) -> None:
    assert desk.run(k="8") == 0
    said = desk.said()
    for expected in ("smallest class", "cells suppressed", "16 of 16", "loss of place", "1.0000", "--quality", "--labels sets"):
        assert expected in said
    assert "bears 50% of the loss" in said
    assert [secret for secret in SECRETS if secret in said] == []
