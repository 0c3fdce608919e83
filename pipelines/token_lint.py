"""Tell of tokens in a batch that can be guessed, or that no open round made, when it is checked and when it is taken in.

Here: gathering a batch's tokens and the problems that come of them. Never here: what makes a token guessable
(`linkage.private.lint`), a token in a problem.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import polars as pl

from anonymize.sweep import identifiers_in_text
from ingest.validation.batch import WHOLE_BATCH, BatchResult
from ingest.validation.checking import BatchCheck
from ingest.validation.findings import ROWS_KEPT, Finding
from linkage.private.lint import Linter
from linkage.private.rounds import TAG_DIGITS
from schemas.problems import catalogue, problem_frame
from schemas.units import Unit
from schemas.zones import Identified

CODE, FIELD = "tokens_guessable", "person_token"
OF_NO_ROUND = "tokens_of_no_round"
_TAGGED = rf"(?:^|\s)[0-9a-f]{{{TAG_DIGITS}}}\."


class SweepWithTokens:
    """The sweep of texts, which also looks at the tokens of the reports that pass by."""

    def __init__(self, tags: Collection[str] | None = None) -> None:
        """`tags` of the open rounds; without them, as at a partner's, nobody can say of which round a token is."""
        self._linter, self._tags = Linter(), tags
        self._strays: list[pl.DataFrame] = []

    def __call__(self, reports: Identified, unit: Unit) -> pl.DataFrame:
        """What `identifiers_in_text` finds."""
        if FIELD in reports.frame.columns and reports.frame[FIELD].null_count() < reports.frame.height:
            self._linter.add(reports.frame[FIELD])
            self._strays.append(strays(reports.frame, self._tags))
        return identifiers_in_text(reports, unit)

    def added_to(self, check: BatchCheck) -> BatchCheck:
        """The check with the problem of the whole batch, where its tokens can be guessed, and the rows with tokens of no open round."""
        faults = len(self._linter.end().findings)
        found = pl.concat(self._strays) if self._strays else problem_frame([])
        findings = [_finding(WHOLE_BATCH, CODE, faults, ())] if faults else []
        problems = [problem_frame([(WHOLE_BATCH, None, CODE, FIELD)])] if faults else []
        for (file,), rows in found.group_by("file", maintain_order=True):
            numbers = rows["row_number"].sort()
            findings.append(_finding(str(file), OF_NO_ROUND, rows.height, tuple(numbers.head(ROWS_KEPT).to_list())))
        if not findings:
            return check
        kept = check.problems if check.problems is None else pl.concat([check.problems, *_as(check.problems, *problems, found)])
        return replace(check, findings=(*check.findings, *findings), problems=kept)


def with_token_lint(result: BatchResult, tags: Collection[str] | None = None) -> BatchResult:
    """The validated batch with the problem of the whole batch, where the tokens of its accepted reports can be guessed.

    With the `tags` of the open rounds, also with a problem for each row that has a token of no open round.
    """
    linter = Linter()
    problems: list[pl.DataFrame] = []
    for reports in result.accepted.values():
        if FIELD in reports.frame.columns and reports.frame[FIELD].null_count() < reports.frame.height:
            linter.add(reports.frame[FIELD])
            problems.append(strays(reports.frame, tags))
    if linter.end().findings:
        problems.append(problem_frame([(WHOLE_BATCH, None, CODE, FIELD)]))
    if not any(frame.height for frame in problems):
        return result
    every = pl.concat([result.problems, *_as(result.problems, *problems)])
    return replace(result, problems=every.sort(result.problems.columns))


def strays(reports: pl.DataFrame, tags: Collection[str] | None) -> pl.DataFrame:
    """A problem for each row with a token whose beginning is none of the `tags`; none where these are not known."""
    if tags is None:
        return problem_frame([])
    begins = pl.col(FIELD).str.extract_all(_TAGGED).list.eval(pl.element().str.strip_chars(" \t.")).list.set_difference(list(tags))
    rows = reports.filter(begins.list.len() > 0).select("file", "row_number")
    return problem_frame([(file, number, OF_NO_ROUND, FIELD) for file, number in rows.iter_rows()])


def _finding(file: str, code: str, count: int, rows: tuple[int, ...]) -> Finding:
    return Finding(str(catalogue()[code].severity), code, file, None, FIELD, count, None, rows)


def _as(like: pl.DataFrame, *frames: pl.DataFrame) -> list[pl.DataFrame]:
    return [frame.cast(like.schema) for frame in frames]
