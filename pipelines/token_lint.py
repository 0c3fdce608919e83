"""Tell of tokens in a batch that can be guessed, when it is checked and when it is taken in.

Here: gathering a batch's tokens and the problem that comes of them. Never here: what makes a token guessable
(`linkage.private.lint`), a token in a problem.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from anonymize.sweep import identifiers_in_text
from ingest.validation.batch import WHOLE_BATCH, BatchResult
from ingest.validation.checking import BatchCheck
from ingest.validation.findings import Finding
from linkage.private.lint import Linter
from schemas.problems import catalogue, problem_frame
from schemas.units import Unit
from schemas.zones import Identified

CODE, FIELD = "tokens_guessable", "person_token"


class SweepWithTokens:
    """The sweep of texts, which also looks at the tokens of the reports that pass by."""

    def __init__(self) -> None:
        self._linter = Linter()

    def __call__(self, reports: Identified, unit: Unit) -> pl.DataFrame:
        """What `identifiers_in_text` finds."""
        if FIELD in reports.frame.columns and reports.frame[FIELD].null_count() < reports.frame.height:
            self._linter.add(reports.frame[FIELD])
        return identifiers_in_text(reports, unit)

    def added_to(self, check: BatchCheck) -> BatchCheck:
        """The check with the problem of the whole batch, where its tokens can be guessed."""
        faults = len(self._linter.end().findings)
        if not faults:
            return check
        problem = problem_frame([(WHOLE_BATCH, None, CODE, FIELD)])
        problems = check.problems if check.problems is None else pl.concat([check.problems, problem.cast(check.problems.schema)])
        finding = Finding(str(catalogue()[CODE].severity), CODE, WHOLE_BATCH, None, FIELD, faults, None, ())
        return replace(check, findings=(*check.findings, finding), problems=problems)


def with_token_lint(result: BatchResult) -> BatchResult:
    """The validated batch with the problem of the whole batch, where the tokens of its accepted reports can be guessed."""
    linter = Linter()
    for reports in result.accepted.values():
        if FIELD in reports.frame.columns and reports.frame[FIELD].null_count() < reports.frame.height:
            linter.add(reports.frame[FIELD])
    if not linter.end().findings:
        return result
    problem = problem_frame([(WHOLE_BATCH, None, CODE, FIELD)]).cast(result.problems.schema)
    return replace(result, problems=pl.concat([result.problems, problem]).sort(result.problems.columns))
