"""The closed catalogue of what can be wrong with a batch, and the frame that problems travel in.

Here: codes, severities, texts in four languages (from problems.yml beside this module).
Never here: an attribute for a cell value. A problem says which rule, which row, which field; the partner looks the value up.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict

from schemas.ledger import Outcome
from schemas.vocabulary import Labels

PROBLEM_SCHEMA = pl.Schema({"file": pl.String, "row_number": pl.Int64, "code": pl.String, "field": pl.String})
"""Which file of the batch, which row as a spreadsheet counts it (null: the whole file), which rule, which column or field."""


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


def problem_frame(rows: list[tuple[str, int | None, str, str | None]] | None = None) -> pl.DataFrame:
    """Problems as a frame; `KeyError` for a code outside the catalogue."""
    for _, _, code, _ in rows or []:
        catalogue()[code]
    return pl.DataFrame(rows or [], schema=PROBLEM_SCHEMA, orient="row")
