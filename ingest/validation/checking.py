"""Check a batch in memory that does not grow with it: what validation would find, as counts and findings.

Here: the same pass as validation's, with nothing of the rows kept. Never here: a rule, or an accepted report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from ingest.mapping.applied import ACTION, CONTENT, OUTCOME, MappedRows
from ingest.mapping.compiled import WITHDRAW
from ingest.reading.payloads import Payload, size_of
from ingest.reading.reader import CHUNK_BYTES, ROW_NUMBER, Layout, identify
from ingest.validation.batch import NOT_STORED, Place, failed_assertions, reports_of_unit
from ingest.validation.file_pass import Batch, Chunk, FileEnd, FilePass, ledger_of
from ingest.validation.findings import ROWS_KEPT, Finding, Tally
from ingest.validation.whole_file import whole_files
from schemas.ledger import EMPTY_LEDGER, Outcome, RowLedger
from schemas.partner import Partner, PartnerFile
from schemas.problems import PROBLEM_SCHEMA
from schemas.units import Unit
from schemas.zones import Identified

Sweep = Callable[[Identified, Unit], pl.DataFrame]
"""Reports of one unit -> file, row_number and field of the texts that point at a person."""
Progress = Callable[[int, int], None]
"""Bytes done, bytes in all."""
_SWEPT = "identifier_in_text"


@dataclass(frozen=True, repr=False)
class BatchCheck:
    """What a check says of a batch; `problems` is whole where it was asked for, else None."""

    partner_code: str
    ledger: RowLedger
    ledgers: Mapping[str, RowLedger]
    findings: tuple[Finding, ...]
    layouts: Mapping[str, Layout]
    problems: pl.DataFrame | None = None

    def __repr__(self) -> str:
        return f"<BatchCheck {self.partner_code} {self.ledger}>"


def check_batch(
    payloads: Sequence[Payload],
    partner: Partner,
    *,
    sweep: Sweep | None = None,
    keep_problems: bool = False,
    progress: Progress | None = None,
    withdraws: bool = False,
    chunk_bytes: int = CHUNK_BYTES,
) -> BatchCheck:
    """Identify, read, map and validate the files of a batch, chunk by chunk, and keep counts only.

    `sweep` looks through the reports of each chunk that nothing else holds back. `keep_problems` keeps every problem of
    every row, which takes memory with their number. A file that another one joins is held as a whole.
    Raises `BatchRefused` when the batch as a whole cannot be read, `LedgerBroken` when a row was lost (a bug).
    """
    found = identify(payloads, partner)
    total = sum(size_of(payload) for payload in found.values())
    told = _Told(Tally(), [] if keep_problems else None)
    ledgers: dict[str, RowLedger] = {}
    layouts: dict[str, Layout] = {}
    done = 0
    with whole_files() as connection:
        batch = replace(Batch.of(found, partner, connection, withdraws=withdraws), chunk_bytes=chunk_bytes)
        for name, file in batch.files.items():
            meter = _Meter(progress, done, size_of(found[name]), total)
            ledgers[name], layouts[name] = _check_file(batch, file, partner.name, sweep, told, meter)
            done += size_of(found[name])
            meter.file_is_done()
    ledger = sum(ledgers.values(), EMPTY_LEDGER).check()
    told.add(failed_assertions(partner, ledger, told.tally.count("unit_out_of_scope")))
    return BatchCheck(partner.name, ledger, ledgers, told.tally.findings(ledgers), layouts, told.whole())


@dataclass(frozen=True)
class _Told:
    """Problems as they come in: counted, and kept where all are wanted."""

    tally: Tally
    kept: list[pl.DataFrame] | None

    def add(self, problems: pl.DataFrame) -> None:
        self.tally.add(problems)
        if self.kept is not None:
            self.kept.append(problems)

    def add_late(self, end: FileEnd) -> None:
        for late in end.late:
            if self.kept is not None:
                self.add(end.whole.frame_of(late))
            else:
                key = (end.file.name, late.code, late.field, late.column)
                self.tally.add_counted(key, late.count, end.whole.rows_of(late, ROWS_KEPT))

    def whole(self) -> pl.DataFrame | None:
        return None if self.kept is None else pl.concat([PROBLEM_SCHEMA.to_frame(), *self.kept]).unique().sort(PROBLEM_SCHEMA.names())


class _Meter:
    """How far the check has come: the text of the rows is nearly all of a file's bytes."""

    def __init__(self, progress: Progress | None, before: int, size: int, total: int) -> None:
        self._progress, self._done, self._end, self._total = progress, before, before + size, total

    def chunk_is_done(self, chunk: Chunk) -> None:
        if self._progress is not None:
            content = chunk.rows.facts[CONTENT]
            self._done = min(self._end, self._done + int(content.str.len_bytes().sum()) + content.len())
            self._progress(self._done, self._total)

    def file_is_done(self) -> None:
        if self._progress is not None:
            self._progress(self._end, self._total)


def _check_file(
    batch: Batch, file: PartnerFile, partner_code: str, sweep: Sweep | None, told: _Told, meter: _Meter
) -> tuple[RowLedger, Layout]:
    place = Place(partner_code, NOT_STORED)
    inspect = None if sweep is None else lambda rows: _swept(rows, file, place, sweep)
    one_pass = FilePass(batch, file, fields=() if sweep is None else None, inspect=inspect)
    ledger = EMPTY_LEDGER
    for chunk in one_pass.chunks():
        told.add(chunk.problems)
        ledger += chunk.ledger
        meter.chunk_is_done(chunk)
    end = one_pass.end
    told.add(end.problems)
    told.add_late(end)
    return ledger_of([ledger], end.whole.newly_held()), end.layout


def _swept(rows: MappedRows, file: PartnerFile, place: Place, sweep: Sweep) -> MappedRows:
    """The rows with those held whose passing texts hold an identifier."""
    accepted = rows.frame.filter(pl.col(OUTCOME) == str(Outcome.ACCEPTED), pl.col(ACTION) != WITHDRAW)
    hits = [sweep(Identified(reports_of_unit(accepted, unit, place)), unit) for unit in file.units()]
    found = pl.concat([hit.select("file", pl.col(ROW_NUMBER).cast(pl.Int64), "field") for hit in hits if hit.height] or [_NO_HITS])
    if found.is_empty():
        return rows
    is_hit = pl.col(ROW_NUMBER).is_in(found[ROW_NUMBER].unique().implode())
    outcome = pl.when(is_hit).then(pl.lit(str(Outcome.QUARANTINED))).otherwise(pl.col(OUTCOME)).alias(OUTCOME)
    no_column = pl.lit(None, dtype=pl.String).alias("column")
    problems = found.unique().select("file", ROW_NUMBER, pl.lit(_SWEPT).alias("code"), "field", no_column)
    return replace(rows, frame=rows.frame.with_columns(outcome), problems=pl.concat([rows.problems, problems]))


_NO_HITS = pl.DataFrame(schema={"file": pl.String, ROW_NUMBER: pl.Int64, "field": pl.String})
