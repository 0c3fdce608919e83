"""Check a batch in memory that does not grow with it: what validation would find, as counts and findings.

Here: the same pass as validation's, with nothing of the rows kept. Never here: a rule, or an accepted report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ingest.mapping.applied import CONTENT
from ingest.reading.payloads import Payload, size_of
from ingest.reading.reader import Layout, identify
from ingest.reading.tables import CHUNK_BYTES
from ingest.validation.batch import failed_assertions
from ingest.validation.file_pass import Batch, Chunk, Corrections, FileEnd, FilePass, files_of
from ingest.validation.findings import ROWS_KEPT, Finding, Tally
from ingest.validation.reports import Sweep
from ingest.validation.whole_file import whole_files
from schemas.ledger import EMPTY_LEDGER, RowLedger
from schemas.partner import Partner, PartnerFile
from schemas.problems import PROBLEM_SCHEMA

Progress = Callable[[int, int], None]
"""Bytes done, bytes in all."""


@dataclass(frozen=True, repr=False)
class BatchCheck:
    """What a check says of a batch; `problems` is whole where it was asked for, else None."""

    partner_code: str
    ledger: RowLedger
    ledgers: Mapping[str, RowLedger]
    findings: tuple[Finding, ...]
    layouts: Mapping[str, Layout]
    corrections: Corrections = Corrections()  # noqa: RUF009 - frozen
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

    `sweep` looks through the reports of each chunk that nothing of the row itself holds back. `keep_problems` keeps every problem of
    every row, which takes memory with their number. A file that another one joins is held as a whole.
    Raises `BatchRefused` when the batch as a whole cannot be read, `LedgerBroken` when a row was lost (a bug).
    """
    found = identify(payloads, partner)
    total = sum(size_of(payload) for payload in found.values())
    told = _Told(Tally(), [] if keep_problems else None)
    ends: dict[str, FileEnd] = {}
    done = 0
    with whole_files() as room:
        batch = Batch(found, files_of(partner), room, withdraws, sweep, chunk_bytes)
        for name, file in batch.files.items():
            meter = _Meter(progress, done, size_of(found[name]), total)
            ends[name] = _check_file(batch, file, told, meter)
            done += size_of(found[name])
            meter.file_is_done()
    ledgers = {name: end.ledger for name, end in ends.items()}
    ledger = sum(ledgers.values(), EMPTY_LEDGER).check()
    told.add(failed_assertions(partner, ledger, told.tally.count("unit_out_of_scope")))
    layouts = {name: end.layout for name, end in ends.items()}
    corrections = sum((end.corrections for end in ends.values()), Corrections())
    return BatchCheck(partner.name, ledger, ledgers, told.tally.findings(ledgers), layouts, corrections, told.whole())


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


def _check_file(batch: Batch, file: PartnerFile, told: _Told, meter: _Meter) -> FileEnd:
    one_pass = FilePass(batch, file, fields=() if batch.sweep is None else None)
    for chunk in one_pass.chunks():
        told.add(chunk.problems)
        meter.chunk_is_done(chunk)
    end = one_pass.end
    told.add(end.problems)
    told.add_late(end)
    return end
