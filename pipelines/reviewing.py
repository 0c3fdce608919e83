"""A sitting of review: which questions wait, what is shown of each, and how an answer is kept.

Here: what a person asks of the vault while judging, each answer kept at once. Never here: a terminal, a key that is pressed,
a cell of a report in anything that outlives the sitting.

The instance is held only while something is written, so that a run can go on while a person thinks.
"""

from __future__ import annotations

import csv
import io
import os
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from anonymize.keys import key_of
from linkage.bonds import JUDGEMENTS
from linkage.features import features
from linkage.registry.judging import Standing, Verdict
from linkage.review.explanation import Explanation, explained
from linkage.review.queue import PAIR, VERDICTS, Question, judgement_to_take_back, verdict_of, waiting
from pipelines import linking
from pipelines.instance import Instance
from pipelines.rounds import open_keys
from schemas.errors import SpecificationError, UserError
from schemas.zones import Identified

NUMBER_CHARACTERS = 8
EXPLAINED_AT_ONCE = 20
LONGEST_NAME = 60
ANSWER_COLUMNS = ["pair", "verdict"]
IS_CONTRADICTED = pl.col("standing") == Standing.CONTRADICTED


@dataclass(frozen=True, repr=False)
class Page:
    """What is shown of one question. `left` and `right`: field to cell, as the partners wrote them; never to be kept or printed."""

    number: str
    explanation: Explanation
    left: Mapping[str, str | None]
    right: Mapping[str, str | None]
    is_contradicted: bool = False
    """Whether the newest answer on the pair is not applied, since newer ones on other pairs leave no room for it."""

    def __repr__(self) -> str:
        return f"<Page {self.number}>"


@dataclass(frozen=True)
class Answer:
    """A line of a file of answers: the pair's number, or its beginning, the verdict, and which row of the file it is."""

    pair: str
    verdict: Verdict
    row: int


@dataclass(frozen=True)
class Contradicted:
    """A judgement that is not applied: the pair's number, what was said, by whom and when."""

    number: str
    verdict: Verdict
    by: str
    at: str


class Sitting:
    """One person at the queue. Opening it asks for the vault's key (`VaultError`) and reads the questions of the last linkage."""

    def __init__(self, instance: Instance, by: str) -> None:
        assert_linked(instance)
        assert_remembered(instance)
        self.instance, self.by = instance, checked_name(by)
        self.model = linking.model_in_use(instance)
        self._secret = instance.pseudonym_secret
        judgements = linking.judgements(instance)
        self._judgements = judgements.select(list(JUDGEMENTS))
        self._contradicted = set(judgements.filter(IS_CONTRADICTED).select(PAIR).iter_rows())
        self._questions = linking.questions(instance)
        self.queue: tuple[Question, ...] = waiting(self._questions, self._judgements, self.model.thresholds.link)
        self.shown = self.judged = 0
        self._pages: dict[tuple[str, str], Page] = {}
        self._reports: pl.DataFrame | None = None

    def number(self, pair: tuple[str, str]) -> str:
        """The pair's number: stays the same from sitting to sitting, and tells nothing without the instance's secret."""
        return key_of(self._secret, "question", *pair)[:NUMBER_CHARACTERS]

    def named(self, beginning: str) -> Question:
        """The one question that waits, or that was judged, whose number begins so; `UserError` when there is none or more than one."""
        known = {question.pair: question for question in (*waiting(self._questions, self._judgements.clear(), 0.0), *self.queue)}
        for left, right in self._judgements.select(PAIR).unique(maintain_order=True).iter_rows():
            known.setdefault((left, right), Question(left, right, 0, 1, 1, is_joined=None))
        found = [question for pair, question in known.items() if beginning and self.number(pair).startswith(beginning)]
        if len(found) != 1:
            raise UserError(
                "no pair, or more than one, has this number",
                where="the review queue",
                allowed="a number that casehouse review --list shows, or so much of it that only one pair is meant",
                next_step="casehouse review --list",
            )
        return found[0]

    def verdict_on(self, pair: tuple[str, str]) -> Verdict | None:
        """The newest verdict on a pair, or None."""
        said = self._judgements.filter((pl.col(PAIR[0]) == pair[0]) & (pl.col(PAIR[1]) == pair[1])).sort("number")["verdict"]
        return verdict_of(said[-1]) if len(said) else None

    def has_page(self, question: Question) -> bool:
        """Whether the page of a question is worked out already, so that nobody has to wait for it."""
        return question.pair in self._pages

    def page(self, question: Question, following: Sequence[Question] = ()) -> Page:
        """What is shown of a question; those that follow are worked out along with it."""
        if not self.has_page(question):
            self._pages = self._pages_of((question, *following[: EXPLAINED_AT_ONCE - 1]))
        return replace(self._pages[question.pair], is_contradicted=question.pair in self._contradicted)

    def standing(self, questions: Sequence[Question]) -> tuple[Question, ...]:
        """Those of which both reports still stand; a report that was withdrawn since the last linkage is never asked about."""
        there = set(self._standing()["record_key"])
        return tuple(question for question in questions if there.issuperset(question.pair))

    def open(self) -> None:
        """Write into the log that this person opened the review, before anything is shown."""
        self._log_access()

    def close(self) -> None:
        """Write into the log how many questions this person was shown."""
        self._log_access()

    def judge(self, pair: tuple[str, str], verdict: Verdict) -> None:
        """Keep a judgement; on return it is on the disk. `InstanceBusy` when a run is at work: then nothing is kept."""
        at = now()
        with self.instance.hold():
            number = linking.judge(self.instance, *pair, verdict, by=self.by, at=at)
        row = pl.DataFrame([(number, *pair, verdict, self.by, at)], schema=JUDGEMENTS, orient="row")
        self._judgements = pl.concat([self._judgements, row])
        self._contradicted.discard(pair)
        self.judged += 1

    def take_back(self) -> tuple[str, Verdict]:
        """Take back the last judgement of this person by a new one that restores what stood before: its pair and what holds now."""
        found = judgement_to_take_back(self._judgements, self.by)
        if found is None:
            raise UserError(
                "there is no judgement of yours to take back",
                where=f"judgements by {self.by}",
                allowed="your last judgement, unless someone judged the same pair since",
                next_step="casehouse review --pair NUMBER, to judge a pair anew",
            )
        left, right, verdict = found
        self.judge((left, right), verdict)
        return self.number((left, right)), verdict

    def regroup(self) -> linking.Regrouped:
        """Group persons anew with what was judged; the persons before and after."""
        with self.instance.hold():
            return linking.regroup(self.instance)

    def contradicted(self) -> tuple[Contradicted, ...]:
        """The judgements of all that are not applied, since newer ones leave no room for them; oldest first."""
        found = linking.judgements(self.instance).filter(IS_CONTRADICTED).sort("number")
        rows = found.select(*PAIR, "verdict", "by", "at").iter_rows()
        return tuple(Contradicted(self.number((left, right)), verdict_of(verdict), by, at) for left, right, verdict, by, at in rows)

    def _log_access(self) -> None:
        with self.instance.hold():
            linking.record_access(self.instance, by=self.by, at=now(), shown=self.shown)

    def _standing(self) -> pl.DataFrame:
        if self._reports is None:
            keys = pl.concat([self._questions.select(PAIR), self._judgements.select(PAIR)])
            asked = pl.concat([keys[PAIR[0]], keys[PAIR[1]]]).unique().implode()
            self._reports = linking.standing_reports(self.instance).frame.filter(pl.col("record_key").is_in(asked))
        return self._reports

    def _pages_of(self, questions: Sequence[Question]) -> dict[tuple[str, str], Page]:
        keys = {key for question in questions for key in question.pair}
        reports = self._standing().filter(pl.col("record_key").is_in(list(keys)))
        known = features(Identified(reports), self.model, open_keys(self.instance))
        cells = {row["record_key"]: row for row in reports.iter_rows(named=True)}
        explanations = explained(known, questions, self.model)
        return {
            (left, right): Page(self.number((left, right)), each, cells[left], cells[right])
            for each in explanations
            for left, right in [each.question.pair]
        }


def assert_linked(instance: Instance) -> None:
    """`UserError` where there is nothing to review, before a key is asked for or a folder made."""
    if not instance.warehouse_file.exists():
        raise UserError(
            "there is nothing to review: no batch was taken in here",
            where=str(instance.home),
            allowed="an instance that linked persons at least once",
            next_step="casehouse run, or set CASEHOUSE_HOME to the instance's folder",
        )


def assert_remembered(instance: Instance) -> None:
    """`UserError` where what linkage knew of the reports is gone, so that no question could be shown though there may be many."""
    if linking.is_forgotten(instance):
        raise UserError(
            "linking persons is pending, so nobody knows yet which questions there are",
            where=str(instance.home),
            allowed="an instance whose persons were linked since its records came",
            next_step="casehouse run, which links persons; then casehouse review",
        )


def user_name() -> str:
    """The name under which the operating system knows who sits here; not what the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


def checked_name(by: str) -> str:
    """The name as it is kept with each judgement; `UserError` when it is none."""
    name = " ".join(by.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UserError(
            "it is not known who judges",
            where="--by",
            allowed=f"a name of 1 to {LONGEST_NAME} printable signs",
            next_step="casehouse review --by NAME",
        )
    return name


def now() -> str:
    """The time in UTC to the second, as the log of judgements has it (ISO 8601)."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_answers(path: Path) -> tuple[Answer, ...]:
    """The lines of a CSV file with the columns pair and verdict. `SpecificationError` with every row that is wrong; no cell is quoted."""
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError, csv.Error):
        rows = []
    faults = [] if rows and rows[0] == ANSWER_COLUMNS else ["the first row is not pair,verdict in UTF-8"]
    if not faults:
        faults = [f"row {number}" for number, row in enumerate(rows[1:], 2) if row and (len(row) != 2 or row[1] not in VERDICTS)]
    if faults:
        raise SpecificationError(
            faults,
            where=path.name,
            allowed=f"rows of a pair's number and one of {', '.join(VERDICTS)}",
            next_step="mend the file and run the command again: nothing was kept",
        )
    return tuple(Answer(row[0], verdict_of(row[1]), number) for number, row in enumerate(rows[1:], 2) if row)


def assert_one_verdict_a_pair(found: Sequence[tuple[tuple[str, str], Answer]], file: str) -> None:
    """`SpecificationError` with the rows of a file of answers that say otherwise of a pair than a row before them."""
    first: dict[tuple[str, str], Answer] = {}
    faults = []
    for pair, answer in found:
        before = first.setdefault(pair, answer)
        if before.verdict != answer.verdict:
            faults.append(f"rows {before.row} and {answer.row} judge one pair differently")
    if faults:
        raise SpecificationError(
            faults,
            where=file,
            allowed="one verdict a pair",
            next_step="leave the row that is meant and run the command again: nothing was kept",
        )
