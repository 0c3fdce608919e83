"""The closed catalogue of what can be wrong with a batch, and the frame that problems travel in.

Here: codes, severities, texts in four languages (from problems.yml beside this module).
Never here: an attribute for a cell value. A problem says which rule, which row, which field; the partner looks the value up.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict

from schemas.ledger import Outcome
from schemas.vocabulary import Labels

PROBLEM_SCHEMA = pl.Schema({"file": pl.String, "row_number": pl.Int64, "code": pl.String, "field": pl.String, "column": pl.String})
"""Which file of the batch, which row as a spreadsheet counts it (null: the whole file), which rule, which field of ours, and
which of the partner's columns in the spelling of its specification (null: the whole row or file)."""


class Severity(StrEnum):
    """What a problem does, worst first."""

    BLOCK = "block"  # the whole batch is refused
    REJECT = "reject"  # the row can never become a record as it is
    QUARANTINE = "quarantine"  # the row is held until it is mended or confirmed
    NON_DATA = "non_data"  # the row is no record at all
    WARN = "warn"  # nothing is held; someone should look
    NOTE = "note"  # nothing is wrong; it is said so that nothing happens silently


ROW_OUTCOMES = {Severity.REJECT: Outcome.REJECTED, Severity.QUARANTINE: Outcome.QUARANTINED, Severity.NON_DATA: Outcome.NON_DATA}
"""The outcome that a row's problem gives the row; other severities leave it as it is."""


class ProblemType(BaseModel):
    """One rule of the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str
    severity: Severity
    text: Labels
    remedy: Labels


@cache
def catalogue() -> dict[str, ProblemType]:
    """Every problem there is, by code, in the order of the file."""
    listed = yaml.safe_load((Path(__file__).parent / "problems.yml").read_text(encoding="utf-8"))
    problems = [ProblemType.model_validate({"code": code, **row}) for code, row in listed.items()]
    return {problem.code: problem for problem in problems}


ProblemRow = tuple[str, int | None, str, str | None] | tuple[str, int | None, str, str | None, str | None]
"""File, row, code and field, and the column where there is one."""


def problem_frame(rows: Sequence[ProblemRow] = ()) -> pl.DataFrame:
    """Problems as a frame; `KeyError` for a code outside the catalogue."""
    for row in rows:
        catalogue()[row[2]]
    return pl.DataFrame([(*row, None)[:5] for row in rows], schema=PROBLEM_SCHEMA, orient="row")
