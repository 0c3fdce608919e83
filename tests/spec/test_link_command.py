"""`casehouse link`: a small table of reports in a file, and who is found to be the same person.

Everyone in these tables is invented.
"""

from __future__ import annotations

import json
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from linkage.model import MODEL_PATH
from linkage.private.rounds import key_file, round_key
from linkage.private.tokens import person_tokens
from pipelines.cli import main
from pipelines.commands.linking import link
from pipelines.linking_files import Outcome, Request
from pipelines.linking_summary import summary
from pipelines.linking_tables import KNOWN

# Three reports of one woman, two of one man whose document says so, and one person alone.
REPORTS = pl.DataFrame(
    [
        ("r1", "1", "north", "Zeynab", "Qaradaghi", "1988-03-17", "F", "IQ", None),
        ("r2", "1", "south", "Zaynab", "Qaradaghi", "1988-03-17", "F", "IQ", None),
        ("r3", "1", "coast", "zeinab", "al-Qaradaghi", "1988-03-17", None, "IQ", None),
        ("r4", "2", "north", "Tesfaye", "Woldemichael", "1979-11-02", "M", "ER", "ER1234567"),
        ("r5", "2", "coast", "Tesfay", "Woldemichael", "1979-11-02", "M", "ER", "ER1234567"),
        ("r6", "3", "south", "Ilona", "Brzezicka", "1995-06-30", "F", "PL", None),
    ],
    schema=["unique_id", "cluster", "partner", "given_name", "surname", "dob", "sex", "nationality", "document"],
    orient="row",
)
VALUES = ("Zeynab", "Qaradaghi", "Tesfay", "Woldemichael", "1988", "1979", "ER1234567", "Ilona", "zzcanary")


@dataclass(frozen=True)
class Linking:
    """A folder with the table, and the command run in it."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def put(self, table: pl.DataFrame, name: str = "reports.parquet") -> Path:
        path = self.folder / name
        table.write_csv(path) if path.suffix == ".csv" else table.write_parquet(path)
        return path

    def run(self, *options: str, table: str = "reports.parquet", out: str = "persons.parquet") -> int:
        """Type the command; its exit code. `@name` among the options is a file of the folder."""
        typed = ["casehouse", "link", str(self.folder / table), "--out", str(self.folder / out)]
        placed = [str(self.folder / each[1:]) if each.startswith("@") else each for each in options]
        self.monkeypatch.setattr(sys, "argv", [*typed, *placed])
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    def said(self) -> str:
        captured = self.capsys.readouterr()
        return captured.out + captured.err

    def persons(self, name: str = "persons.parquet") -> dict[str, str]:
        found = pl.read_parquet(self.folder / name)
        return dict(found.select("unique_id", "person").iter_rows())


@pytest.fixture
def linking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Linking:
    desk = Linking(tmp_path, monkeypatch, capsys)
    desk.put(REPORTS)
    return desk


FOUND = {"r1": "r1", "r2": "r1", "r3": "r1", "r4": "r4", "r5": "r4", "r6": "r6"}


# What is written


def test_a_person_is_named_by_the_smallest_id_of_their_reports(linking: Linking) -> None:
    assert linking.run() == 0
    assert linking.persons() == FOUND


def test_the_output_has_a_row_a_report_in_the_order_of_the_table_and_only_its_owner_may_read_it(linking: Linking) -> None:
    linking.put(REPORTS.reverse())
    assert linking.run() == 0
    found = pl.read_parquet(linking.folder / "persons.parquet")
    assert found.columns == ["unique_id", "person", "automatic"]
    assert found["unique_id"].to_list() == ["r6", "r5", "r4", "r3", "r2", "r1"]
    assert dict(found.select("unique_id", "person").iter_rows()) == FOUND
    assert stat.S_IMODE((linking.folder / "persons.parquet").stat().st_mode) == 0o600


def test_what_is_joined_automatically_is_never_more_than_the_best_estimate_joins(linking: Linking) -> None:
    assert linking.run() == 0
    found = pl.read_parquet(linking.folder / "persons.parquet")
    assert found.group_by("automatic").agg(pl.col("person").n_unique())["person"].max() == 1


def test_the_truth_in_a_column_called_cluster_changes_nothing(linking: Linking) -> None:
    linking.put(REPORTS.drop("cluster"), "blind.parquet")
    assert linking.run() == 0
    assert linking.run(table="blind.parquet", out="blind_persons.parquet") == 0
    assert (linking.folder / "persons.parquet").read_bytes() == (linking.folder / "blind_persons.parquet").read_bytes()


def test_numbers_as_ids_stay_numbers_so_that_the_result_joins_the_table(linking: Linking) -> None:
    linking.put(REPORTS.with_columns(pl.Series("unique_id", [11, 12, 13, 14, 15, 16])))
    assert linking.run() == 0
    found = pl.read_parquet(linking.folder / "persons.parquet")
    assert found["unique_id"].to_list() == [11, 12, 13, 14, 15, 16]
    assert found["person"].to_list() == ["11", "11", "11", "14", "14", "16"]


def test_csv_in_and_csv_out_say_the_same(linking: Linking) -> None:
    linking.put(REPORTS, "reports.csv")
    assert linking.run(table="reports.csv", out="persons.csv") == 0
    found = pl.read_csv(linking.folder / "persons.csv", infer_schema=False)
    assert dict(found.select("unique_id", "person").iter_rows()) == FOUND


# What is said


def test_the_summary_gives_the_interval_of_persons_and_shows_no_value(linking: Linking) -> None:
    assert linking.run("--report", "@report.json") == 0
    said = linking.said()
    assert "6 reports are of 3 persons: no fewer than" in said
    assert "pairs of reports were compared" in said
    assert "columns not read: cluster" in said
    report = json.loads((linking.folder / "report.json").read_text(encoding="utf-8"))
    assert report["records"] == 6
    assert report["persons"]["fewest"] <= report["persons"]["best"] == 3 <= report["persons"]["most"]
    assert report["columns_read"]["family_name"] == ["surname"]
    for value in VALUES:
        assert value not in said
        assert value not in json.dumps(report)


def test_one_is_said_in_the_singular() -> None:
    one = Outcome("2", records=1, fewest=1, persons=1, most=1, questions=1, asked_records=1, judgements=1, contradicted=0,
                  pairs_compared=1, dropped=())  # fmt: skip
    assert summary(one, Request(Path("a.csv"), Path("b.csv"), review=Path("c.csv")))[:4] == [
        "1 report is of 1 person: no fewer than 1, no more than 1",
        "1 question about 1 report (100.0%) is for a human to answer",
        "1 pair of reports was compared, by model 2",
        "1 judgement, 0 of them not applied: newer ones say otherwise",
    ]


def test_the_table_of_the_documentation_shows_what_linking_can_and_cannot_tell(linking: Linking) -> None:
    """Scripts, halves of dates, a swapped day and month and documents are seen through; one pair is left to a human."""
    example = Path(__file__).resolve().parents[2] / "docs" / "examples" / "reports.csv"
    linking.put(pl.read_csv(example, infer_schema=False), "reports.csv")
    assert linking.run("--review", "@pairs.csv", table="reports.csv") == 0
    said = linking.said()
    assert "30 reports are of 21 persons: no fewer than 20, no more than 22" in said
    assert "1 question about 2 reports (6.7%) is for a human to answer" in said
    assert "not read" not in said
    found = linking.persons().items()
    groups = {person: {report for report, of in found if of == person} for _, person in found}
    assert {frozenset(group) for group in groups.values() if len(group) > 1} == {
        frozenset({"a01", "b01"}),  # Latin and Arabic
        frozenset({"a02", "b02"}),  # a document, and half a date
        frozenset({"a03", "c01"}),  # Latin and Cyrillic, 5 July and 7 May
        frozenset({"a04", "b06"}),
        frozenset({"a06", "c02", "c07"}),  # a document, a month, two spellings
        frozenset({"a08", "b07"}),  # 12 September and 9 December
        frozenset({"b03", "c05"}),
        frozenset({"c04", "c09"}),
    }
    pairs = pl.read_csv(linking.folder / "pairs.csv", infer_schema=False)
    assert pairs.select("unique_id_left", "unique_id_right").rows() == [("a09", "b04")]


def test_what_is_not_understood_is_counted_and_shown_to_nobody(linking: Linking) -> None:
    linking.put(
        pl.DataFrame(
            {
                "unique_id": [f"r{row}" for row in range(8)],
                "surname": ["Qaradaghi"] * 8,
                "dob": ["31/12/1979", "04/05/1990", "04.05.1990", "zzcanary", "unknown", "0000-00-00", "1990", None],
                "sex": ["F", "zzcanary", "Female", "unknown", None, None, None, None],
                "nationality": ["UA", "Ukraine", "zzcanary", "zzcanary", None, None, None, None],
            }
        ),
        "written.csv",
    )
    assert linking.run("--report", "@report.json", table="written.csv") == 0
    said = linking.said()
    assert "\ndob: 2 of 7 have the year last; dates of that partner show which number is the day" in said
    assert "- dob: 2 of 7 could not be read and are not compared; write YYYY-MM-DD" in said
    assert "- sex: 1 of 4 are no gender that is known and are compared as written; write woman or man" in said
    assert "- nationality: 2 of 4 are no country that is known and are compared as written; write two letters of ISO 3166-1" in said
    report = json.loads((linking.folder / "report.json").read_text(encoding="utf-8"))
    assert report["cells"] == {
        "birth_date": {"filled": 7, "not_understood": 2},
        "gender_code": {"filled": 4, "not_understood": 1},
        "citizenship_code": {"filled": 4, "not_understood": 2},
    }
    assert "zzcanary" not in said + json.dumps(report)


def test_what_is_understood_is_not_spoken_of(linking: Linking) -> None:
    assert linking.run() == 0
    said = linking.said()
    assert "could not be read" not in said
    assert "year last" not in said
    assert "as written" not in said


# Tables with other columns


def test_a_column_may_be_mapped_to_any_known_name(linking: Linking) -> None:
    names = {"unique_id": "no", "surname": "apellido", "dob": "born", "partner": "office"}
    linking.put(REPORTS.rename(names), "other.parquet")
    maps = [option for ours, theirs in names.items() for option in ("--map", f"{theirs}={ours}")]
    assert linking.run(*maps, table="other.parquet") == 0
    assert linking.persons() == FOUND


def test_the_help_names_every_column_that_is_known() -> None:
    words = set(re.findall(r"\w+", link.__doc__ or ""))
    assert set(KNOWN) <= words


def test_other_columns_are_mapped_one_by_one_or_in_a_file(linking: Linking) -> None:
    other = REPORTS.rename({"unique_id": "no", "surname": "apellido", "given_name": "nombre", "dob": "born"})
    linking.put(other, "other.parquet")
    maps = ("--map", "no=record_key", "--map", "apellido=family_name", "--map", "nombre=given_name")
    (linking.folder / "rest.yml").write_text("born: birth_date\n", encoding="utf-8")
    assert linking.run(*maps, "--columns", "@rest.yml", table="other.parquet") == 0
    assert linking.persons() == FOUND


def test_our_own_names_of_columns_need_no_mapping(linking: Linking) -> None:
    ours = {"unique_id": "record_key", "partner": "partner_code", "surname": "family_name", "dob": "birth_date", "sex": "gender_code"}
    linking.put(REPORTS.rename({**ours, "nationality": "citizenship_code", "document": "document_number"}), "ours.parquet")
    assert linking.run(table="ours.parquet") == 0
    assert linking.persons() == FOUND


def test_several_columns_read_as_one_are_joined(linking: Linking) -> None:
    halves = REPORTS.with_columns(pl.lit("Woldemichael").alias("second"), pl.lit(None, pl.String).alias("surname"))
    linking.put(halves, "halves.parquet")
    assert (
        linking.run("--map", "surname=family_name", "--map", "second=family_name", "--report", "@report.json", table="halves.parquet") == 0
    )
    report = json.loads((linking.folder / "report.json").read_text(encoding="utf-8"))
    assert report["columns_read"]["family_name"] == ["surname", "second"]


def test_a_known_column_may_be_left_out(linking: Linking) -> None:
    assert linking.run("--map", "document=ignored", "--report", "@report.json") == 0
    report = json.loads((linking.folder / "report.json").read_text(encoding="utf-8"))
    assert "document_number" not in report["columns_read"]
    assert "document" in report["columns_not_read"]


# Questions and judgements


def test_questions_are_pairs_of_ids_with_a_column_for_the_answer(linking: Linking) -> None:
    assert linking.run("--review", "@pairs.parquet") == 0
    pairs = pl.read_parquet(linking.folder / "pairs.parquet")
    assert pairs.columns == ["unique_id_left", "unique_id_right", "weight", "is_joined", "size_left", "size_right", "verdict"]
    assert pairs["verdict"].null_count() == pairs.height


def undecided(linking: Linking) -> str:
    """A model that joins what it always joined, but sure of nothing."""
    model = json.loads(MODEL_PATH.read_text(encoding="utf-8"))
    limits = model["thresholds"]
    limits.update(review=limits["lowest"] + 0.1, link=limits["lowest"] + 0.2, asked=900, automatic=900, highest=1000)
    (linking.folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
    return "@model.json"


def test_what_is_likely_and_not_sure_is_a_question_until_a_human_answers(linking: Linking) -> None:
    model = undecided(linking)
    assert linking.run("--model", model) == 0
    assert "- to answer the questions, run again with --review PAIRS.csv" in linking.said()
    assert linking.run("--model", model, "--review", "@pairs.csv", "--force") == 0
    assert "- fill in the column verdict of pairs.csv" in linking.said()
    pairs = pl.read_csv(linking.folder / "pairs.csv", infer_schema=False)
    assert pairs.height > 0
    pairs.with_columns(pl.lit("different").alias("verdict")).write_csv(linking.folder / "answers.csv")
    assert linking.run("--model", model, "--judgements", "@answers.csv", "--force") == 0
    apart = linking.persons()
    assert all(apart[left] != apart[right] for left, right in pairs.select("unique_id_left", "unique_id_right").iter_rows())


def test_a_person_who_watches_sees_how_far_it_is(linking: Linking) -> None:
    linking.monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert linking.run() == 0
    assert linking.persons() == FOUND


def judged(*rows: tuple[str, str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"unique_id_left": pl.String, "unique_id_right": pl.String, "verdict": pl.String}, orient="row")


def test_a_human_has_the_last_word_and_the_lower_row_is_the_newer(linking: Linking) -> None:
    linking.put(judged(("r4", "r5", "same"), ("r5", "r4", "different"), ("r1", "r6", "same"), ("r2", "r3", None)), "judged.csv")
    assert linking.run("--judgements", "@judged.csv") == 0
    found = linking.persons()
    assert found["r4"] != found["r5"]
    assert found["r1"] == found["r6"]
    assert "3 judgements, 0 of them not applied" in linking.said()


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (("r1", "r2", "zzcanary"), "1 row(s) with another verdict"),
        (("r1", "zzcanary", "same"), "1 row(s) name a report that the table does not hold"),
        (("r1", "r1", "same"), "1 row(s) name one report twice"),
    ],
)
def test_judgements_that_cannot_be_meant_are_refused_without_their_text(linking: Linking, row: tuple[str, str, str], fault: str) -> None:
    linking.put(judged(row), "judged.csv")
    assert linking.run("--judgements", "@judged.csv") == 2
    said = linking.said()
    assert fault in said
    assert "zzcanary" not in said
    assert not (linking.folder / "persons.parquet").exists()


def test_judgements_without_their_columns_are_refused(linking: Linking) -> None:
    linking.put(REPORTS, "judged.csv")
    assert linking.run("--judgements", "@judged.csv") == 2
    assert "there is no column unique_id_left" in linking.said()


# Tokens


def test_a_report_of_tokens_alone_meets_a_named_one_where_the_key_of_the_round_is_given(linking: Linking) -> None:
    master = bytes(range(100, 132))
    (linking.folder / "round.json").write_bytes(key_file(master, "spring"))
    sent = REPORTS.select(
        given_name="given_name", family_name="surname", birth_date="dob", gender_code="sex", citizenship_code="nationality"
    )
    token = person_tokens(sent, "spring", round_key(master, "spring"))[0]
    encoded = REPORTS.head(1).with_columns(
        pl.lit("r7").alias("unique_id"), *(pl.lit(None, pl.String).alias(name) for name in ("given_name", "surname", "dob"))
    )
    both = pl.concat(
        [REPORTS.with_columns(pl.lit(None, pl.String).alias("person_token")), encoded.with_columns(person_token=pl.lit(token))]
    )
    linking.put(both, "both.parquet")
    assert linking.run("--key-file", "@round.json", table="both.parquet") == 0
    assert linking.persons()["r7"] == "r1"
    assert linking.run(table="both.parquet", out="without_key.parquet") == 0
    assert linking.persons("without_key.parquet")["r7"] == "r7"


@pytest.mark.parametrize(("name", "fault"), [("absent.json", "a key file cannot be read"), ("reports.parquet", "is no key file")])
def test_a_key_file_that_is_none_is_refused(linking: Linking, name: str, fault: str) -> None:
    assert linking.run("--key-file", f"@{name}") == 2
    assert fault in linking.said()


# Refusals


def test_every_fault_of_the_request_and_the_table_is_told_at_once(linking: Linking) -> None:
    linking.put(REPORTS.with_columns(pl.Series("unique_id", ["r1", "r1", None, "zzcanary", "zzcanary", " "])))
    options = ("--map", "surname=last", "--map", "absent=phone", "--map", "nothing", "--columns", "@none.yml")
    assert linking.run(*options) == 2
    said = linking.said()
    for fault in (
        "surname: read as last, which is no column of linkage",
        "absent: the table has no such column",
        "--map: not of the form theirs=ours",
        "none.yml: cannot be read",
        "unique_id: 2 row(s) without an id: row 3, 6, counted below the header",
        "unique_id: 2 row(s) repeat the id of another: row 2, 5, counted below the header",
        "ignored (the column is not read)",
        "given_name",
    ):
        assert fault in said
    assert "zzcanary" not in said
    assert {path.name for path in linking.folder.iterdir()} == {"reports.parquet"}


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (REPORTS.drop("unique_id"), "no column is the id of a report"),
        (REPORTS.select("unique_id", "cluster"), "no column can be compared"),
        (REPORTS.clear(), "the table has no row"),
    ],
)
def test_a_table_that_cannot_be_linked_is_refused(linking: Linking, table: pl.DataFrame, fault: str) -> None:
    linking.put(table)
    assert linking.run() == 2
    assert fault in linking.said()


def test_of_many_repeated_ids_the_first_rows_are_named(linking: Linking) -> None:
    linking.put(pl.concat([REPORTS, REPORTS]))
    assert linking.run() == 2
    assert "6 row(s) repeat the id of another: row 7, 8, 9, 10, 11 and more" in linking.said()


def test_two_columns_cannot_both_be_the_id(linking: Linking) -> None:
    assert linking.run("--map", "document=record_key", "--map", "surname=record_key") == 2
    assert "surname, document: all read as record_key" in linking.said()


@pytest.mark.parametrize(("text", "fault"), [("- a\n", "is no mapping of columns"), ("a: [", "is no YAML")])
def test_a_mapping_file_that_is_none_is_refused(linking: Linking, text: str, fault: str) -> None:
    (linking.folder / "columns.yml").write_text(text, encoding="utf-8")
    assert linking.run("--columns", "@columns.yml") == 2
    assert fault in linking.said()


def test_a_missing_table_is_named(linking: Linking) -> None:
    assert linking.run(table="absent.parquet") == 2
    assert "there is no such file" in linking.said()


def test_an_output_that_is_there_is_replaced_only_when_that_is_asked_for(linking: Linking) -> None:
    linking.put(REPORTS, "persons.parquet")
    assert linking.run() == 2
    assert "--force" in linking.said()
    assert pl.read_parquet(linking.folder / "persons.parquet").equals(REPORTS)
    assert linking.run("--force") == 0
    assert linking.persons() == FOUND


def test_outputs_must_be_tables_and_files_of_their_own(linking: Linking) -> None:
    assert linking.run("--review", "@persons.txt", "--report", "@reports.parquet") == 2
    said = linking.said()
    assert "--review: does not end in .parquet or .csv" in said
    assert "are not files of their own" in said
    assert pl.read_parquet(linking.folder / "reports.parquet").equals(REPORTS)


def test_a_folder_that_is_not_there_is_told_and_nothing_is_left(linking: Linking) -> None:
    assert linking.run(out="absent/persons.parquet") == 2
    assert "could not be written" in linking.said()
    assert {path.name for path in linking.folder.iterdir()} == {"reports.parquet"}


def test_a_model_file_that_is_none_is_refused(linking: Linking) -> None:
    (linking.folder / "model.json").write_text("{}", encoding="utf-8")
    assert linking.run("--model", "@model.json") == 2
    assert "model.json" in linking.said()
