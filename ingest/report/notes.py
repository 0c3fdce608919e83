"""What is said beside each row of a file that goes back to its partner: the codes of its problems, and what to do.

Here: the problems of one file, row by row, in the reader's language. Never here: the row.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import polars as pl

from ingest.report.allowed import allowed_texts
from ingest.report.words import labelled
from schemas.messages import spoken
from schemas.partner import Partner
from schemas.problems import Severity, catalogue
from schemas.vocabulary import Language

_TOLD = frozenset({Severity.REJECT, Severity.QUARANTINE, Severity.WARN})
_ALLOWED_TOLD = frozenset({"date_invalid", "date_out_of_range", "date_is_serial", "number_invalid", "number_out_of_range"})
"""Where what is allowed is short enough to stand beside every row."""


class RowNotes:
    """The notes on one file; `problems` is the whole frame of a check."""

    def __init__(self, file: str, partner: Partner, problems: pl.DataFrame, language: Language) -> None:
        self._file, self._partner, self._language = file, partner, language
        self._problems = problems.filter((pl.col("file") == file) & pl.col("row_number").is_not_null())
        self._texts: dict[tuple[str, str | None, str | None], tuple[str, str]] = {}

    @cached_property
    def non_data(self) -> frozenset[int]:
        """The rows that are no data."""
        return self._rows(code for code, problem in catalogue().items() if problem.severity is Severity.NON_DATA)

    @cached_property
    def header_repeated(self) -> frozenset[int]:
        """The rows that repeat the header, or explain it."""
        return self._rows(["header_repeated"])

    @cached_property
    def undecodable(self) -> frozenset[int]:
        """The rows that hold bytes of another encoding."""
        return self._rows(["text_undecodable"])

    @cached_property
    def quote_unclosed(self) -> frozenset[int]:
        """The rows whose quotation marks are out of place, so that nobody knows their cells."""
        return self._rows(["quote_unclosed"])

    def of(self, number: int) -> tuple[str, str]:
        """The codes of a row's problems, each with its column, and what to do about each; both empty where all is well."""
        told = [self._told(*problem) for problem in self._by_row.get(number, ())]
        return ", ".join(codes for codes, _ in told), " ".join(dict.fromkeys(remedy for _, remedy in told))

    @cached_property
    def _by_row(self) -> dict[int, list[tuple[str, str | None, str | None]]]:
        told = [code for code, problem in catalogue().items() if problem.severity in _TOLD]
        found: dict[int, list[tuple[str, str | None, str | None]]] = {}
        rows = self._problems.filter(pl.col("code").is_in(told)).select("row_number", "code", "column", "field").unique(maintain_order=True)
        for number, code, column, field in rows.iter_rows():
            found.setdefault(number, []).append((code, column, field))
        return found

    def _told(self, code: str, column: str | None, field: str | None) -> tuple[str, str]:
        """One problem's code with its column, and its remedy with what is allowed where that is short."""
        key = (code, column, field)
        if key not in self._texts:
            remedy = catalogue()[code].remedy.of(self._language)
            if code in _ALLOWED_TOLD:
                allowed = allowed_texts(code, self._partner, self._file, column, field, self._language)
                remedy = f"{remedy} ({'; '.join(allowed)})"
            named = remedy if column is None else spoken(labelled(column, remedy), self._language)
            self._texts[key] = (code if column is None else f"{code} ({column})", named)
        return self._texts[key]

    def _rows(self, codes: Iterable[str]) -> frozenset[int]:
        return frozenset(self._problems.filter(pl.col("code").is_in(list(codes)))["row_number"].to_list())
