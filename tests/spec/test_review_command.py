"""The command `review` at a terminal: what is shown, what each key keeps, and what is refused."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from linkage.review.queue import Question, verdict_of
from linkage.scoring import LinkageFailed
from pipelines import linkage_objects, linking
from pipelines.cli import app
from pipelines.commands.reviewing import review
from pipelines.instance import Instance
from pipelines.reviewing import Page, Sitting, checked_name, read_answers, user_name
from schemas.errors import InstanceBusy, SpecificationError, UserError, VaultError
from tests.undecided import REPORTS, VALUES, Desk, Script, environment_of, settings_in, undecided_instance

CASEHOUSE = str(Path(sys.executable).with_name("casehouse"))
QUIT = "[q] quit"
ENTERED, LEFT = "\x1b[?1049h", "\x1b[?1049l"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    return undecided_instance(tmp_path_factory.mktemp("undecided"))


@pytest.fixture
def house(made: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """A copy of the instance, and the environment that a command finds it by."""
    folder = tmp_path / "copy"
    shutil.copytree(made.home.parent, folder, symlinks=True)
    found = Instance(settings_in(folder))
    for name, value in environment_of(found).items():
        monkeypatch.setenv(name, value)
    return found


def sit(script: Script, *arguments: str, rows: int = 50, columns: int = 160) -> tuple[str, int]:
    """The command in this process, its standard streams a pseudo terminal: what was on it, and the exit code."""
    with Desk(script, rows, columns) as desk, pytest.MonkeyPatch.context() as patched:
        streams = [os.fdopen(os.dup(desk.slave), mode, encoding="utf-8") for mode in ("r", "w")]
        for name, stream in zip(("stdin", "stdout"), streams, strict=True):
            patched.setattr(sys, name, stream)
        code = run(*arguments)
        for stream in streams:
            stream.close()
    return desk.text, code


def run(*arguments: str) -> int:
    alone = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    alone.command("review")(review)
    return int(typer.main.get_command(alone)(list(arguments), standalone_mode=False) or 0)


def told(house: Instance) -> list[tuple[str, str]]:
    """Verdict and who gave it, in the order of the log."""
    return [(verdict, by) for verdict, by in linking.judgements(house).sort("number").select("verdict", "by").iter_rows()]


def interrupt(number: int) -> None:
    """Send this process a signal."""
    os.kill(os.getpid(), number)


class TestAtTheTerminal:
    def test_both_reports_stand_side_by_side_and_each_key_is_kept_at_once(self, house: Instance) -> None:
        text, _ = sit([(QUIT, "s"), (QUIT, "d"), (QUIT, "u")], "--by", "Asker")
        assert told(house) == [("same", "Asker"), ("different", "Asker"), ("unsure", "Asker")]
        for said in ("question 1 of 3", "question 3 of 3", "judging as Asker", "first-ngo", "second-ngo", "Given name", "together"):
            assert said in text
        assert all(value in text.replace("\x1b[0m", "").replace("\x1b[1;4m", "") for value in ("Bartholomixa", "Ximenarel"))
        assert "3 judgements are kept" in text
        assert "persons before:" in text

    def test_the_pages_are_on_a_screen_that_is_gone_when_it_ends(self, house: Instance) -> None:
        text, _ = sit([(QUIT, "q")])
        before, shown, after = text.partition(ENTERED)[0], text.partition(ENTERED)[2].partition(LEFT)[0], text.partition(LEFT)[2]
        assert [value for value in VALUES if value in before + after] == []
        assert [value for value in VALUES if value in shown] != []
        assert shown.endswith("\x1b[2J\x1b[H")
        assert "0 judgements are kept" in after
        assert told(house) == []

    def test_back_shows_the_question_before_and_a_new_answer_replaces_the_first(self, house: Instance) -> None:
        text, _ = sit([(QUIT, "b"), (QUIT, "s"), (QUIT, "b"), (QUIT, "d"), (QUIT, "q")], "--by", "Asker")
        assert "your answer so far: same person" in text
        assert told(house) == [("same", "Asker"), ("different", "Asker")]
        assert linking.judgements(house)["record_key_left"].n_unique() == 1
        assert len(Sitting(house, "Asker").queue) == 2

    def test_a_page_that_is_longer_than_the_window_is_shown_in_parts(self, house: Instance) -> None:
        text, _ = sit([("space: the rest", " "), ("[q]", "q")], rows=14)
        assert text.index("space: the rest") < text.index("[q]")

    def test_enter_and_other_keys_do_nothing_and_an_arabic_keyboard_is_understood(self, house: Instance) -> None:
        text, _ = sit([(QUIT, "\r\nxé7س"), (QUIT, "Q")], "--by", "Asker")
        assert told(house) == [("same", "Asker")]
        assert "1 judgement is kept" in text

    @pytest.mark.parametrize(
        "end",
        ["\x04", *(partial(interrupt, each) for each in (signal.SIGINT, signal.SIGHUP))],
        ids=["ctrl-d", "ctrl-c", "window closed"],
    )
    def test_who_leaves_otherwise_quits(self, house: Instance, end: str | Callable[[], None]) -> None:
        text, _ = sit([(QUIT, "s"), (QUIT, end)], "--by", "Asker")
        assert LEFT in text
        assert told(house) == [("same", "Asker")]

    def test_a_key_that_was_pressed_before_the_page_stood_there_is_no_answer(self, house: Instance) -> None:
        text, _ = sit([(ENTERED, "s"), (QUIT, "q")], "--by", "Asker")
        assert text.index(ENTERED) < text.rindex("reading the reports") < text.index("question 1 of 3")
        assert told(house) == []
        assert "0 judgements are kept" in text

    def test_a_key_without_a_meaning_says_which_there_are(self, house: Instance) -> None:
        text, _ = sit([(QUIT, "x"), ("the keys are: s, d, u, b, q", "q")])
        assert "question 2 of 3" not in text
        assert told(house) == []

    @pytest.mark.parametrize("failure", [KeyboardInterrupt, LinkageFailed, RuntimeError])
    def test_ctrl_c_while_a_page_is_worked_out_quits_and_groups_by_what_was_judged(
        self, house: Instance, monkeypatch: pytest.MonkeyPatch, failure: type[BaseException]
    ) -> None:
        """The database turns an interruption into a failure of its own."""
        worked_out = Sitting.page

        def interrupted(sitting: Sitting, question: Question, following: Sequence[Question] = ()) -> Page:
            if sitting.judged:
                with contextlib.suppress(KeyboardInterrupt):
                    interrupt(signal.SIGINT)
                    time.sleep(1)
                raise failure("stopped")
            return worked_out(sitting, question, following)

        monkeypatch.setattr(Sitting, "page", interrupted)
        text, code = sit([(QUIT, "s")], "--by", "Asker")
        after = text.partition(LEFT)[2]
        assert "1 judgement is kept" in after
        assert "persons before:" in after
        assert (code, told(house)) == (0, [("same", "Asker")])

    def test_a_failure_that_nobody_caused_by_leaving_is_not_hidden(self, house: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
        def failing(*_: object) -> None:
            raise LinkageFailed("stopped")

        monkeypatch.setattr(Sitting, "page", failing)
        with pytest.raises(LinkageFailed):
            sit([])

    def test_when_a_run_is_at_work_the_answer_is_asked_again(self, house: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
        judge, calls = linking.judge, [True]

        def busy_once(*given: object, **named: object) -> int:
            if calls and calls.pop():
                raise InstanceBusy("busy", where="here", allowed="one", next_step="wait")
            return judge(*given, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(linking, "judge", busy_once)
        text, _ = sit([(QUIT, "s"), ("not kept yet", ""), (QUIT, "s"), (QUIT, "q")], "--by", "Asker")
        assert "press the key again" in text
        assert told(house) == [("same", "Asker")]

    def test_when_a_run_is_at_work_at_the_end_the_next_linkage_groups_persons(
        self, house: Instance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def busy(*_: object) -> None:
            raise InstanceBusy("busy", where="here", allowed="one", next_step="wait")

        monkeypatch.setattr(linking, "regroup", busy)
        text, code = sit([(QUIT, "s"), (QUIT, "q")], "--by", "Asker")
        assert "the next linkage groups persons by these judgements" in text
        assert (code, told(house)) == (2, [("same", "Asker")])

    def test_a_page_is_in_the_language_that_was_asked_for(self, house: Instance) -> None:
        text, _ = sit([("[q] ", "q")], "--lang", "ar")
        assert "الاسم" in text

    def test_one_pair_by_its_number(self, house: Instance) -> None:
        sitting = Sitting(house, "Asker")
        number = sitting.number(sitting.queue[1].pair)
        text, _ = sit([(QUIT, "s")], "--pair", number[:6], "--by", "Asker")
        assert "question 1 of 1" in text
        assert number in text
        text, _ = sit([(QUIT, "d")], "--pair", number, "--by", "Asker")
        assert "your answer so far: same person" in text
        assert told(house) == [("same", "Asker"), ("different", "Asker")]

    def test_what_is_judged_holds_after_persons_are_grouped_anew(self, house: Instance) -> None:
        before = len(Sitting(house, "Asker").queue)
        text, _ = sit([(QUIT, "s"), (QUIT, "s"), (QUIT, "s")], "--by", "Asker")
        assert before == 3
        assert "now: 3" in text
        assert Sitting(house, "Asker").queue == ()
        text, _ = sit([], "--by", "Asker")
        assert "0 questions wait" in text

    def test_that_the_review_was_opened_is_in_the_log_with_who_and_how_many_were_shown(self, house: Instance) -> None:
        sit([(QUIT, "u"), (QUIT, "q")], "--by", "Asker")
        log = linkage_objects.load_registry(house.vault).registry.event
        assert log.filter(pl.col("kind") == "reviewed").select("by", "amount").rows() == [("Asker", 0), ("Asker", 2)]

    def test_the_real_command_killed_in_the_middle_has_kept_every_answer(self, house: Instance) -> None:
        with Desk([(QUIT, "s"), (QUIT, "d"), (QUIT, "\x00")]) as desk:
            streams = {"stdin": desk.slave, "stdout": desk.slave, "stderr": desk.slave}
            process = subprocess.Popen([CASEHOUSE, "review", "--by", "Asker"], **streams)  # type: ignore[call-overload]
            while process.poll() is None and "question 3 of 3" not in desk.text:
                time.sleep(0.05)
            process.kill()
            process.wait()
            text = desk.text
        assert "question 3 of 3" in text, text
        assert told(house) == [("same", "Asker"), ("different", "Asker")]
        assert len(Sitting(house, "Asker").queue) == 1


class TestWithoutATerminal:
    def test_nothing_is_shown_into_a_pipe(self, house: Instance) -> None:
        done = CliRunner().invoke(app, ["review"])
        assert isinstance(done.exception, UserError)
        assert "terminal" in str(done.exception)

    def test_the_list_holds_numbers_and_weights_and_no_value(self, house: Instance) -> None:
        done = CliRunner().invoke(app, ["review", "--list"])
        sitting = Sitting(house, "Asker")
        assert done.exit_code == 0
        assert all(sitting.number(question.pair) in done.output for question in sitting.queue)
        assert "3 questions wait" in done.output
        keys = {key for question in sitting.queue for key in question.pair}
        assert [text for text in (*VALUES, *keys) if text in done.output] == []

    def test_a_long_list_is_cut_unless_all_is_asked_for(self, house: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("pipelines.commands.reviewing.LISTED", 2)
        assert "only the first 2" in CliRunner().invoke(app, ["review", "--list"]).output
        assert "only the first" not in CliRunner().invoke(app, ["review", "--list", "--all"]).output

    def test_answers_from_a_file_are_kept_once_however_often_it_is_given(self, house: Instance, tmp_path: Path) -> None:
        sitting = Sitting(house, "Asker")
        numbers = [sitting.number(question.pair) for question in sitting.queue]
        file = tmp_path / "answers.csv"
        file.write_text(f"pair,verdict\n{numbers[0]},same\n{numbers[1][:7]},different\n\n", encoding="utf-8")
        first = CliRunner().invoke(app, ["review", "--answers", str(file), "--by", "Asker"])
        again = CliRunner().invoke(app, ["review", "--answers", str(file), "--by", "Asker"])
        assert (first.exit_code, again.exit_code) == (0, 0)
        assert "2 judgements are kept" in first.output
        assert "0 judgements are kept" in again.output
        assert told(house) == [("same", "Asker"), ("different", "Asker")]

    def test_judgements_that_newer_ones_contradict_are_counted(self, house: Instance, tmp_path: Path) -> None:
        sitting = Sitting(house, "Asker")
        one, two = sitting.queue[0].pair
        three = sitting.queue[1].record_key_left
        for left, right, verdict in ((one, two, "same"), (two, three, "same"), (one, three, "different")):
            linking.judge(house, left, right, verdict_of(verdict), by="Other", at="2026-01-01T00:00:00+00:00")
        file = tmp_path / "answers.csv"
        file.write_text(f"pair,verdict\n{sitting.number(sitting.queue[2].pair)},same\n", encoding="utf-8")
        done = CliRunner().invoke(app, ["review", "--answers", str(file), "--by", "Asker"])
        assert "1 judgement is not applied, since newer ones contradict it" in done.output
        [contradicted] = Sitting(house, "Asker").contradicted()
        assert contradicted.number == sitting.number((one, two))
        assert f"not applied: {contradicted.number}" in done.output
        listed = CliRunner().invoke(app, ["review", "--list"]).output.partition("not applied")[2]
        assert [text in listed for text in (contradicted.number, "same", "Other", "2026-01-01")] == [True] * 4
        again = Sitting(house, "Asker")
        question = again.named(contradicted.number)
        assert again.page(question).is_contradicted
        again.judge(question.pair, "different")
        assert not again.page(question).is_contradicted

    def test_a_pair_that_is_judged_twice_and_differently_is_refused_by_its_rows(self, house: Instance, tmp_path: Path) -> None:
        sitting = Sitting(house, "Asker")
        number = sitting.number(sitting.queue[0].pair)
        file = tmp_path / "answers.csv"
        file.write_text(f"pair,verdict\n{number},same\n\n{number},same\n{number[:7]},different\n", encoding="utf-8")
        done = CliRunner().invoke(app, ["review", "--answers", str(file), "--by", "Asker"])
        assert isinstance(done.exception, SpecificationError)
        assert "rows 2 and 5 judge one pair differently" in str(done.exception)
        assert told(house) == []

    def test_one_unknown_pair_and_nothing_of_the_file_is_kept(self, house: Instance, tmp_path: Path) -> None:
        sitting = Sitting(house, "Asker")
        file = tmp_path / "answers.csv"
        file.write_text(f"pair,verdict\n{sitting.number(sitting.queue[0].pair)},same\nzzzz,same\n", encoding="utf-8")
        done = CliRunner().invoke(app, ["review", "--answers", str(file), "--by", "Asker"])
        assert isinstance(done.exception, UserError)
        assert told(house) == []

    @pytest.mark.parametrize("content", [b"pair;verdict\n1;same\n", b"\xff\xfe", b"", b"pair,verdict\nab,Zephyrelle\ncd\n"])
    def test_a_wrong_file_of_answers_is_refused_by_rows_and_never_quoted(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "answers.csv"
        file.write_bytes(content)
        with pytest.raises(SpecificationError) as caught:
            read_answers(file)
        assert "Zephyrelle" not in str(caught.value)

    def test_the_last_judgement_is_taken_back_by_a_new_one(self, house: Instance) -> None:
        sit([(QUIT, "s"), (QUIT, "q")], "--by", "Asker")
        before = len(Sitting(house, "Asker").queue)
        done = CliRunner().invoke(app, ["review", "--undo", "--by", "Asker"])
        assert "the verdict is now unsure" in done.output
        assert told(house) == [("same", "Asker"), ("unsure", "Asker")]
        assert len(Sitting(house, "Asker").queue) == before + 1
        assert isinstance(CliRunner().invoke(app, ["review", "--undo", "--by", "Other"]).exception, UserError)

    def test_the_picture_of_a_pair_holds_no_value(self, house: Instance, tmp_path: Path) -> None:
        sitting = Sitting(house, "Asker")
        file = tmp_path / "pair.svg"
        command = ["review", "--pair", sitting.number(sitting.queue[0].pair), "--picture", str(file), "--lang", "fr"]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.exception
        text = file.read_text(encoding="utf-8")
        assert ElementTree.fromstring(text) is not None
        assert [value for value in (*VALUES, *REPORTS) if value in text + done.output] == []

    def test_a_picture_that_cannot_be_written_is_said_so(self, house: Instance, tmp_path: Path) -> None:
        sitting = Sitting(house, "Asker")
        command = ["review", "--pair", sitting.number(sitting.queue[0].pair), "--picture", str(tmp_path / "no" / "folder.svg")]
        assert isinstance(CliRunner().invoke(app, command).exception, UserError)


class TestRefusals:
    @pytest.mark.parametrize("options", [["--list", "--undo"], ["--picture", "x.svg"], ["--pair", "ab", "--list"]])
    def test_options_that_do_not_go_together(self, house: Instance, options: list[str]) -> None:
        done = CliRunner().invoke(app, ["review", *options])
        assert isinstance(done.exception, UserError)
        assert "do not go together" in str(done.exception)

    def test_where_nothing_was_taken_in_there_is_nothing_to_review_and_nothing_is_made(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CASEHOUSE_HOME", str(tmp_path / "nowhere"))
        done = CliRunner().invoke(app, ["review", "--list"])
        assert isinstance(done.exception, UserError)
        assert not (tmp_path / "nowhere").exists()

    def test_without_the_key_of_the_vault(self, house: Instance) -> None:
        (house.home / "keys" / "vault.key").unlink()
        assert isinstance(CliRunner().invoke(app, ["review", "--list"]).exception, VaultError)

    def test_a_pair_that_is_not_there_or_meant_twice(self, house: Instance) -> None:
        sitting = Sitting(house, "Asker")
        for beginning in ("", "zz"):
            with pytest.raises(UserError, match="no pair, or more than one"):
                sitting.named(beginning)

    def test_who_judges_is_known(self) -> None:
        assert checked_name("  Asker  of  the house ") == "Asker of the house"
        for name in ("", " ", "a" * 61, "a\x1b[31m"):
            with pytest.raises(UserError, match="--by"):
                checked_name(name)
        assert user_name() != ""

    def test_a_user_without_a_name_must_say_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "getuid", lambda: 4_000_000_001)
        assert user_name() == ""

    def test_a_report_that_was_withdrawn_since_is_not_asked_about(self, house: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
        sitting = Sitting(house, "Asker")
        gone, number = sitting.queue[0].record_key_left, sitting.number(sitting.queue[0].pair)
        every = linking.standing_reports

        def without(instance: Instance) -> object:
            reports = every(instance)
            return type(reports)(reports.frame.filter(pl.col("record_key") != gone))

        monkeypatch.setattr(linking, "standing_reports", without)
        assert len(Sitting(house, "Asker").standing(sitting.queue)) == 2
        done = CliRunner().invoke(app, ["review", "--pair", number, "--picture", "x.svg"])
        assert isinstance(done.exception, UserError)
        assert "withdrawn" in str(done.exception)
