"""The report as a document for machines, which text and page are made of.

Here: the model behind `casehouse check --json`; its JSON Schema stands in docs/generated. Never here: a cell of a file.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.ledger import EMPTY_LEDGER, RowLedger
from schemas.problems import Severity
from schemas.vocabulary import Language

Verdict = Literal["accepted", "partly_accepted", "nothing_accepted", "refused"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fit(_Part):
    """How well a known partner's columns fit the file."""

    partner: str
    title: str
    share: float = Field(ge=0, le=1, description="Of the columns that the partner's file needs, how many are there")


class LayoutSeen(_Part):
    """How a file was really read."""

    kind: str
    encoding: str | None = Field(description="Null for a spreadsheet")
    separator: str | None = Field(description="Null for a spreadsheet")
    sheet: str | None
    header_row: int
    text: str = Field(description="The same in the reader's language")
    is_noteworthy: bool = Field(description="Saved otherwise than agreed, or its header is not in the first row")


class FileAccount(RowLedger):
    """The account of one file: received = accepted + quarantined + rejected + non_data."""

    name: str = Field(description="As the partner's specification names it")
    layout: LayoutSeen | None = None


class FindingTold(_Part):
    """One rule on one column of one file."""

    severity: Severity
    severity_text: str
    code: str
    file: str | None = Field(description="Null: the whole batch")
    column: str | None = Field(description="The partner's own header")
    field: str | None = Field(description="The field that it fills")
    label: str | None = Field(description="The field in the reader's language")
    count: int = Field(ge=1)
    share: float | None = Field(description="Of the file's rows that are data; null where no row is meant")
    rows: tuple[int, ...] = Field(description="The first rows, numbered as a spreadsheet counts them")
    text: str
    allowed: tuple[str, ...] = Field(description="What the column accepts; empty where the text says all")
    remedy: str


class Refusal(_Part):
    """Why the whole batch cannot be read."""

    code: str
    text: str
    where: str
    allowed: str
    remedy: str


class CheckReport(RowLedger):
    """What became of a batch that was checked: received = accepted + quarantined + rejected + non_data.

    Of a batch that is refused nothing is counted: all five are 0. No part of it holds a value of a record.
    """

    format: Literal["casehouse-check-1"] = "casehouse-check-1"
    language: Language = Field(description="Of every text in it; codes are the same in all languages")
    verdict: Verdict
    verdict_text: str
    next_step: str
    withdrawals: int = Field(0, ge=0, description="Of the accepted rows, those that withdraw the record they name, for good")
    replacements: int = Field(0, ge=0, description="Of the accepted rows, those that replace a record; all others add one")
    corrections: tuple[str, ...] = Field((), description="The two counts in the reader's language, each where there are any")
    partner: str | None = Field(description="Null when none fits")
    partner_title: str | None
    fits: tuple[Fit, ...] = Field((), description="The partners that fit best, when none was named")
    files: tuple[FileAccount, ...] = ()
    findings: tuple[FindingTold, ...] = Field((), description="Worst first")
    refusal: Refusal | None = None

    @model_validator(mode="after")
    def _balances(self) -> Self:
        accounts: tuple[RowLedger, ...] = (self, *self.files)
        for account in accounts:
            account.check()
        together = sum((RowLedger(**_counts(file)) for file in self.files), EMPTY_LEDGER)
        if together.model_dump() != _counts(self):
            raise ValueError("the files' accounts do not add up to the batch's")
        return self


def _counts(account: RowLedger) -> dict[str, int]:
    return {name: getattr(account, name) for name in RowLedger.model_fields}
