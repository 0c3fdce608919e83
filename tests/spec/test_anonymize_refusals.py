"""`casehouse anonymize`: what is refused, and what would be published by mistake.

Everyone in these tables is invented.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from desks import PERSONS, SECRETS, Desk, many

# What is refused


FAULTS: list[tuple[Sequence[str], dict[str, str], str]] = [
    ([], {"k": "1"}, "k is 1, under 2"),
    ([], {"k": "9"}, "k is 9, more than the 8 row(s)"),
    ([], {"quasi": "age,plce"}, "the table has no column plce"),
    ([], {"quasi": "age,plce"}, "there is no file above_plce.csv"),
    ([], {"quasi": "age,number"}, "column number is not text"),
    ([], {"quasi": "age,age"}, "column age is named as quasi-identifier 2 times"),
    ([], {"quasi": ","}, "no quasi-identifier is named"),
    ([], {"out": "persons.parquet"}, "persons.parquet would be written over an input"),
    ([], {"out": "above_age.csv"}, "above_age.csv would be written over an input"),
    ([], {"out": "nowhere/out.parquet"}, "the folder of out.parquet does not exist"),
    ([], {"out": "out.csv"}, "its name must end in .parquet"),
    ([], {"out": "folder"}, "folder is a folder"),
    (["--report", "{folder}/out.parquet"], {}, "out.parquet is named for two outputs"),
    (["--sensitive", "age"], {}, "column age is named as quasi-identifier and sensitive field"),
    (["--sensitive", "means", "-l", "0"], {}, "l is under 1"),
    (["--sensitive", "means", "--entropy", "0.5"], {}, "the entropy l is under 1"),
    (["--sensitive", "means", "--closeness", "1.5"], {}, "the closeness is not between 0 and 1"),
    (["--weights", "plce=2"], {}, "a weight is given for plce, which is no quasi-identifier"),
    (["--weights", "age=much"], {}, "the weight of age is not a number above 0"),
    (["--weights", "age=-1"], {}, "the weight of age is not a number above 0"),
    (["--suppress", "0.1"], {}, "which only the mode uniform asks for"),
    (["--mode", "uniform", "--suppress", "2"], {}, "the share that may be suppressed is not between 0 and 1"),
    (["--mode", "uniform", "--labels", "sets"], {}, "labels as sets are asked for in the mode uniform"),
    (["--mode", "uniform", "--quality"], {}, "more effort is asked for in the mode uniform"),
    (["-l", "2", "--entropy", "0.5"], {}, "-l, --entropy: asked of no column"),
    (["--closeness", "7"], {}, "the closeness is not between 0 and 1"),
    (["--missing", "?"], {}, "--missing: said of no column"),
    (["--waive", "means"], {}, "--waive names means, which is no sensitive column"),
    (["--sensitive", "means", "--missing", "debt,unbekannt"], {}, "code 2 of --missing occurs in no sensitive column and no flag"),
    (["--strangers", "3"], {}, "not in which column they are"),
    (["--contributor", "sent_by", "--strangers", "0"], {}, "the least number of strangers is under 1"),
    (["--contributor", "sent_by", "--contributor-separator", ""], {}, "the separator of contributors is empty"),
    (["--contributor", "sent_by", "--strangers", "6"], {}, "fewer than 6 person(s) are left of the whole table"),
    (["--flags", "means"], {}, "flags need both"),
    (["--flag-width", "2"], {}, "flags need both"),
    (["--flags", "means", "--flags-out", "out.parquet", "--flag-group", "1"], {}, "a group of flags is smaller than k"),
    (["--flags", "means", "--flags-out", "f.parquet", "--flag-width", "0"], {}, "the width of flags is under 1"),
    (["--flags", "means,age", "--flags-out", "f.parquet"], {}, "column age is named as quasi-identifier and flag"),
]


@pytest.mark.parametrize(("options", "changes", "fault"), FAULTS, ids=[fault for _, _, fault in FAULTS])
def test_bad_input_is_refused_before_anything_is_written(desk: Desk, options: Sequence[str], changes: dict[str, str], fault: str) -> None:
    (desk.folder / "folder").mkdir()
    before = desk.files()
    table = (desk.folder / "persons.parquet").read_bytes()
    assert desk.run(*(option.format(folder=desk.folder) for option in options), **changes) == 2
    assert fault in desk.said()
    assert desk.files() == before
    assert (desk.folder / "persons.parquet").read_bytes() == table


def test_all_faults_are_told_at_once_and_no_value(desk: Desk) -> None:
    desk.put(PERSONS.with_columns(place=pl.Series(["Lyon", "Atlantis", "Atlantis", None, "Porto", "Porto", "Braga", "Braga"])))
    (desk.folder / "above_age.csv").write_text("20;20s;*\n21;20s;30s\n")
    assert desk.run("--weights", "plac=3", "--sensitive", "means,mean", k="1", quasi="age,place,plce") == 2
    said = desk.said()
    for fault in (
        "k is 1, under 2",
        "a weight is given for plac",
        "the table has no column mean",
        "the table has no column plce",
        "above_age.csv: 1 line(s) do not end in * (line 2)",
        "column place has 1 null cell(s): a missing value needs a code and a line in the hierarchy (row 4)",
        "column place has 2 cell(s) with a value that its hierarchy does not hold (rows 2, 3)",
        "column age has 4 cell(s) with a value that its hierarchy does not hold (rows 5, 6, 7, ...)",
    ):
        assert fault in said
    assert [secret for secret in SECRETS if secret in said] == []
    assert not (desk.folder / "out.parquet").exists()


def test_a_value_that_its_hierarchy_lacks_is_counted(desk: Desk) -> None:
    desk.put(PERSONS.with_columns(place=pl.Series(["Lyon"] * 7 + ["Atlantis"])))
    assert desk.run() == 2
    said = desk.said()
    assert "column place has 1 cell(s) with a value that its hierarchy does not hold" in said
    assert "Atlantis" not in said


def test_a_table_of_quasi_identifiers_alone_is_published_too(desk: Desk) -> None:
    """Persons who are alike in all columns cannot be told apart, so it does not matter which of them is given away."""
    desk.put(many(40).select("age", "place"))
    assert desk.run(k="3") == 0
    assert "published as they came" not in desk.said()
    assert desk.published().group_by("age", "place").len()["len"].min() == 3


def test_a_number_with_a_hierarchy_is_still_no_text(desk: Desk) -> None:
    (desk.folder / "above_number.csv").write_text("1;*\n2;*\n")
    assert desk.run(quasi="age,number") == 2
    said = desk.said()
    assert "column number is not text" in said
    assert "does not hold" not in said


def test_a_person_without_a_contributor_is_refused(desk: Desk) -> None:
    desk.put(PERSONS.with_columns(sent_by=pl.Series(["north", None, "", "+"] * 2)))
    assert desk.run("--contributor", "sent_by", "--contributor-separator", "+") == 2
    assert "column sent_by names no contributor in 6 cell(s)" in desk.said()


def test_columns_that_differ_in_capitals_alone_are_refused(desk: Desk) -> None:
    desk.put(PERSONS.with_columns(Age=pl.lit("x")))
    assert desk.run() == 2
    assert "the name of column Age differs from another in capitals alone" in desk.said()
    (desk.folder / "capitals.csv").write_text("age;place;Age\n20;Lyon;x\n21;Lyon;x\n")
    assert desk.run(table="capitals.csv") == 2
    assert "a header of different names" in desk.said()


def test_a_column_called_group_leaves_no_name_for_the_groups_of_flags(desk: Desk) -> None:
    desk.put(PERSONS.with_columns(group=pl.lit("x")))
    assert desk.run("--flags", "means", "--flags-out", str(desk.folder / "flags.parquet")) == 2
    assert "the table has a column group" in desk.said()


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("", "it has no values"),
        ("20;20s;*\n20;20s;*\n", "above_age.csv: 1 value(s) have a line already (line 2)"),
        ("20;20s\n21;*\n\n22;20s\n", "above_age.csv: 2 line(s) do not end in * (lines 1, 4)"),
        ("20,20s,*\n", "above_age.csv: 1 line(s) have commas and no semicolon; cells are apart by ; (line 1)"),
        ("20;a;b;*\n21;a;c;*\n", "above_age.csv: 1 label(s) at level 1 have more than one parent (line 2)"),
        ("20;a;b;*\n21;b;c;*\n", "above_age.csv: 1 label(s) mean different sets of values at different levels (line 2)"),
        ('20;"a;*\n', "above_age.csv is not readable"),
        (b"\xff\xfe20;*\n", "above_age.csv is not readable"),
    ],
)
def test_a_broken_hierarchy_is_refused(desk: Desk, lines: str | bytes, fault: str) -> None:
    (desk.folder / "above_age.csv").write_bytes(lines.encode() if isinstance(lines, str) else lines)
    assert desk.run() == 2
    assert fault in desk.said()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("no.parquet", b"this is no Parquet file of Atlantis", "as a table\n"),
        ("torn.csv", b"age;place\n20;Lyon\n21;Nice;Atlantis\n", "line 3 has 3 cell(s), the header 2"),
        ("short.csv", b"age;place\n\n20;Lyon\n21\n", "line 4 has 1 cell(s), the header 2"),
        ("twice.csv", b"age;place;age\n20;Lyon;20\n", "columns 1 and 3 have one name"),
        ("empty.csv", b"", "it has no header"),
        ("quote.csv", b'age;place\n20;"Lyon\n', "its quotation marks do not close"),
        ("latin.csv", "age;place\n20;Besançon\n".encode("cp1252"), "line 2 is not UTF-8"),
        ("latin_header.csv", "âge;place\n20;Lyon\n".encode("cp1252"), "line 1 is not UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_refused_without_a_word_of_it(desk: Desk, name: str, content: bytes, why: str) -> None:
    (desk.folder / name).write_bytes(content)
    assert desk.run(table=name) == 2
    said = desk.said()
    assert "cannot be read as a table" in said
    assert why in said
    assert [secret for secret in SECRETS if secret in said] == []


def test_what_the_whole_table_cannot_reach_is_refused_unless_it_is_given_up(desk: Desk) -> None:
    asked = ["--sensitive", "means", "-l", "9", "--entropy", "3.9"]
    assert desk.run(*asked, "--weights", "age=0") == 2
    said = desk.said()
    assert "column means has 2 known value(s) in all, fewer than l = 9" in said
    assert "column means as a whole, with 2 known value(s), is under entropy = 3.9" in said
    assert "the weight of age is not a number above 0" in said, "with all other faults"
    assert desk.run(*asked, "--waive", "means") == 0
    assert desk.said().startswith("WAIVED")
    assert desk.run(*asked[:2], "-l", "2", "--waive", "means") == 0
    assert "WAIVED" not in desk.said()


def test_a_star_in_a_cell_is_called_one(desk: Desk) -> None:
    desk.put(PERSONS.with_columns(place=pl.Series(["Lyon"] * 7 + ["*"])))
    assert desk.run() == 2
    said = desk.said()
    assert "column place has 1 cell(s) that are *, which is how a withheld value is shown" in said
    assert "does not hold" not in said


def test_an_empty_table_has_no_rows_before_all_else(desk: Desk) -> None:
    desk.put(PERSONS.clear())
    assert desk.run("--sensitive", "means", "-l", "2", "--strangers", "3") == 2
    said = desk.said()
    assert "\n  - the table has no rows\n" in said
    assert said.index("has no rows") < said.index("in which column they are")
    assert "known value" not in said
    assert "more than" not in said


def test_a_folder_is_no_table(desk: Desk) -> None:
    assert desk.run(table=".") == 2
    assert "the table is a folder" in desk.said()


def test_what_was_asked_is_said_with_every_default(desk: Desk) -> None:
    assert desk.run("--sensitive", "means", "--contributor", "sent_by", "--strangers", "2", "--weights", "age=2,place=2", k="4") == 0
    said = desk.said()
    line = next(line for line in said.splitlines() if line.startswith("asked: "))
    assert line.startswith("asked: k 4; means: l 2, entropy 1, closeness 1; 2 strangers to each sent_by; not known: null, unknown, ")
    assert line.endswith("; weight of age 2; weight of place 2; mode local; effort fast; labels hierarchy")
    assert said.index("asked:") < said.index("smallest class")
    assert "loss, the mean of the columns" in said
    assert "loss, the mean as weighed" in said
    assert "--weights age=" not in said, "no weight is advised that was given"
    assert "use --shuffle" in said
    assert desk.run("--shuffle") == 0
    assert "use --shuffle" not in desk.said()


def test_the_help_names_the_numbers_of_the_policy() -> None:
    from typing import get_args

    from anonymize.policy import load_policy
    from pipelines.commands import anonymizing_options as options

    policy = load_policy()
    named = [(options.K, policy.k), (options.L, policy.l), (options.Strangers, policy.strangers)]
    for option, number in [*named, (options.FlagGroup, policy.flag_group), (options.FlagWidth, policy.flag_width)]:
        assert get_args(option)[1].help.endswith(f"by default the policy's, {number.value}")


def test_a_table_that_is_not_there_is_refused(desk: Desk) -> None:
    assert desk.run(table="nobody.parquet") == 2
    assert "there is no such file" in desk.said()


def test_a_folder_that_cannot_be_written_is_named(desk: Desk) -> None:
    locked = desk.folder / "locked"
    locked.mkdir()
    # Whoever may write anywhere is kept from it by a file that stands where the files would wait.
    desk.monkeypatch.setattr("anonymize.files.staging.secrets.token_hex", lambda _: "taken")
    (locked / ".out.parquet.taken").write_text("")
    assert desk.run(out="locked/out.parquet") == 2
    assert "the output could not be written" in desk.said()
    (locked / ".out.parquet.taken").unlink(missing_ok=True)


# What would be published by mistake


def broken_labels(found: Any) -> Any:
    """As if the search had found every label too fine."""
    return replace(
        found, labels=tuple(tuple("20" if column == 0 else "Lyon" for _ in labels) for column, labels in enumerate(found.labels))
    )


def test_labels_that_do_not_cover_their_values_are_found_in_the_bytes(desk: Desk) -> None:
    mistaken(desk, broken_labels)
    assert desk.run(k="4") == 1
    said = desk.said()
    assert "6 label(s) of age do not cover the value they stand for" in said
    assert "6 label(s) of place do not cover the value they stand for" in said
    assert not (desk.folder / "out.parquet").exists()


@pytest.mark.parametrize(
    ("options", "broken"),
    [
        ([], "the smallest class holds 2 person(s), under 8"),
        (["--shuffle"], "the smallest class holds 2 person(s), under 8"),
        (["--sensitive", "means", "-l", "2"], "a class holds 1 known value(s) of means, under 2"),
        (["--sensitive", "means", "-l", "1", "--entropy", "1.5"], "the entropy l of means is 1.0000, under 1.5"),
        (["--sensitive", "means", "-l", "1", "--closeness", "0.1"], "a class is 0.5000 from the whole table in means, over 0.1"),
        (["--contributor", "sent_by", "--strangers", "3"], "a contributor leaves too few persons of others"),
    ],
)
def test_a_condition_that_the_bytes_break_stops_the_publication(desk: Desk, options: list[str], broken: str) -> None:
    """As if the search had been asked for less than the person asked."""
    from anonymize.conditions import Conditions
    from anonymize.files import staging

    as_it_is: Callable[..., Any] = staging.search
    desk.put(PERSONS.with_columns(means=pl.Series(["debt", "debt", "threat", "threat"] * 2), sent_by=pl.Series(["north", "south"] * 4)))
    desk.monkeypatch.setattr(staging, "search", lambda planted, request, _, *rest: as_it_is(planted, request, Conditions(2), *rest))
    assert desk.run(*options, k="8") == 1
    assert broken in desk.said()
    assert not (desk.folder / "out.parquet").exists()


def test_flags_that_point_at_few_stop_the_publication(desk: Desk) -> None:
    """As if nothing had been withheld of the flags, and their groups were smaller than was asked."""
    from anonymize.files import flagging

    as_it_is: Callable[..., Any] = flagging.nest_flags

    def careless(core: pl.DataFrame, flags: pl.DataFrame, spec: Any, hierarchies: Any) -> Any:
        found = as_it_is(core, flags, replace(spec, group=2), hierarchies)
        return replace(found, table=flags.head(7).with_columns(found.group.head(7)))

    desk.monkeypatch.setattr(flagging, "nest_flags", careless)
    options = ["--flags", "means", "--flags-out", str(desk.folder / "flags.parquet"), "--flag-group", "4", "--flag-width", "1"]
    assert desk.run(*options) == 1
    said = desk.said()
    assert "7 row(s) of flags were written of 8" in said
    assert "the smallest group of flags holds 1 person(s), under 4" in said
    assert "combination(s) of 1 flag(s) point at fewer than 2 persons" in said
    assert {path.name for path in desk.folder.glob("*.parquet")} == {"persons.parquet"}


def test_rows_that_are_lost_stop_the_publication(desk: Desk) -> None:
    from anonymize.files import writing

    as_it_is: Callable[..., Any] = writing.regrouped
    desk.monkeypatch.setattr(writing, "regrouped", lambda batches: (batch.slice(1) for batch in as_it_is(batches)))
    assert desk.run() == 1
    assert "7 row(s) were written of 8" in desk.said()


def test_a_full_disk_leaves_nothing(desk: Desk) -> None:
    from anonymize.files import writing

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    desk.monkeypatch.setattr(writing, "write_row_groups", full)
    assert desk.run() == 2
    assert "the disk is full" in desk.said()
    assert desk.files() == {"persons.parquet"}


def test_too_little_memory_and_disk_is_said_in_words(desk: Desk) -> None:
    desk.put(many(200_000))
    desk.monkeypatch.setattr("anonymize.files.source.MEGABYTES", 1)
    assert desk.run() == 2
    assert "the disk or the memory ran out" in desk.said()
    assert desk.files() == {"persons.parquet"}


def test_a_terminal_sees_how_far_the_work_is(desk: Desk) -> None:
    desk.monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert desk.run() == 0
    assert "written:" in desk.said()


def mistaken(desk: Desk, mistake: Callable[[Any], Any]) -> None:
    from anonymize.files import staging

    as_it_is: Callable[..., Any] = staging.as_labels
    desk.monkeypatch.setattr(staging, "as_labels", lambda *given: mistake(as_it_is(*given)))
