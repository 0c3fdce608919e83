"""What is wrong with a batch, told once a rule, a column and a file: how often, in what share of the rows, and where.

Here: problems counted together, chunk after chunk, in memory that does not grow with the rows. Never here: words for a
reader, or a cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from schemas.ledger import EMPTY_LEDGER, RowLedger
from schemas.problems import Severity, catalogue

ROWS_KEPT = 1_000
"""How many row numbers a finding names, the first ones."""
_ORDER = list(Severity)
_Key = tuple[str, str, str | None, str | None]


@dataclass(frozen=True)
class Finding:
    """One rule on one column of one file: how often it was broken, and the first rows that broke it.

    `column` is the partner's own header as its specification spells it, `field` what it fills; both are null where a whole
    row or file is meant. `share` is the share of the file's rows of data, null where no row is named.
    """

    severity: str
    code: str
    file: str
    column: str | None
    field: str | None
    count: int
    share: float | None
    rows: tuple[int, ...]


@dataclass
class _Count:
    count: int = 0
    rows: list[int] = field(default_factory=list)


class Tally:
    """Problems counted together as they come in."""

    def __init__(self) -> None:
        self._counts: dict[_Key, _Count] = {}

    def add(self, problems: pl.DataFrame) -> None:
        """Count a frame of problems, each row of it once; frames come in any order."""
        if problems.is_empty():
            return
        rows = pl.col("row_number").drop_nulls()
        grouped = problems.group_by("file", "code", "field", "column").agg(pl.len(), rows.bottom_k(ROWS_KEPT).sort())
        for file, code, its_field, column, count, first in grouped.iter_rows():
            self.add_counted((file, code, its_field, column), count, first)

    def add_counted(self, key: _Key, count: int, first_rows: list[int]) -> None:
        """Count what was counted elsewhere; `key` is file, code, field and column."""
        if count:
            known = self._counts.setdefault(key, _Count())
            known.count += count
            known.rows = sorted(known.rows + first_rows)[:ROWS_KEPT]

    def count(self, code: str) -> int:
        """How often a rule was broken, over all files."""
        return sum(known.count for key, known in self._counts.items() if key[1] == code)

    def findings(self, ledgers: Mapping[str, RowLedger]) -> tuple[Finding, ...]:
        """Worst first, then the most frequent; `ledgers` by file tell the rows of data."""
        found = [
            Finding(str(catalogue()[code].severity), code, file, column, its_field, known.count, None, tuple(known.rows))
            if not known.rows
            else Finding(
                str(catalogue()[code].severity),
                code,
                file,
                column,
                its_field,
                known.count,
                _share(known.count, ledgers.get(file, EMPTY_LEDGER)),
                tuple(known.rows),
            )
            for (file, code, its_field, column), known in self._counts.items()
        ]
        return tuple(sorted(found, key=_worst_first))


def findings_of(problems: pl.DataFrame, ledgers: Mapping[str, RowLedger]) -> tuple[Finding, ...]:
    """The findings of a whole frame of problems."""
    tally = Tally()
    tally.add(problems)
    return tally.findings(ledgers)


def _share(count: int, ledger: RowLedger) -> float | None:
    rows = ledger.received - ledger.non_data
    return None if rows == 0 else min(1.0, count / rows)


def _worst_first(one: Finding) -> tuple[int, int, str, str, str, str]:
    return (_ORDER.index(Severity(one.severity)), -one.count, one.code, one.file, one.column or "", one.field or "")
