"""Validate a batch: every received row accepted, quarantined, rejected or no data, and the account balanced.

Here: the way from the bytes of a batch to its accepted reports, its problems and its ledger, whole frames for the pipeline.
Never here: raising for a bad row, or a row in two places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ingest.mapping.applied import ACTION, OUTCOME
from ingest.mapping.compiled import REPLACE, WITHDRAW
from ingest.mapping.numbering import RECORD_ID, with_ordinal
from ingest.reading.payloads import Payload
from ingest.reading.reader import ROW_NUMBER, Layout, identify
from ingest.reading.tables import CHUNK_BYTES
from ingest.validation.file_pass import Batch, Chunk, FilePass, files_of
from ingest.validation.reports import Sweep, reports_of_unit
from ingest.validation.whole_file import whole_files
from schemas.case import Provenance
from schemas.ledger import EMPTY_LEDGER, LedgerBroken, Outcome, RowLedger
from schemas.partner import Partner, PartnerFile
from schemas.problems import PROBLEM_SCHEMA, ProblemRow, problem_frame
from schemas.render import polars_schema
from schemas.units import Unit
from schemas.zones import Identified

PLACE = tuple(polars_schema(Provenance))
"""The columns that say where an accepted report stands, beside those of its model."""
WHOLE_BATCH = "*"
"""In place of a file's name, where a problem is the batch's."""
NOT_STORED = "check"
"""In place of the name of a batch that is read but not stored."""


@dataclass(frozen=True, repr=False)
class FileResult:
    """What became of the rows of one file."""

    accepted: Mapping[Unit, Identified]
    withdrawals: pl.DataFrame
    replacements: pl.DataFrame
    problems: pl.DataFrame
    ledger: RowLedger
    layout: Layout

    def __repr__(self) -> str:
        return f"<FileResult {self.ledger}>"


@dataclass(frozen=True, repr=False)
class BatchResult:
    """What became of the rows of a batch: its accepted reports by unit, its problems, its account and that of each file.

    `withdrawals`: file, row_number and source_record_id of the rows that withdraw a record; they are in no accepted frame.
    `replacements`: file and row_number of the accepted reports that replace a record; all others add one.
    """

    partner_code: str
    batch_id: str
    accepted: Mapping[Unit, Identified]
    withdrawals: Identified
    replacements: pl.DataFrame
    problems: pl.DataFrame
    ledger: RowLedger
    ledgers: Mapping[str, RowLedger]
    layouts: Mapping[str, Layout]

    def __repr__(self) -> str:
        return f"<BatchResult {self.batch_id} {self.ledger}>"


def validate_batch(
    payloads: Sequence[Payload],
    partner: Partner,
    batch_id: str,
    *,
    sweep: Sweep | None = None,
    withdraws: bool = False,
    chunk_bytes: int = CHUNK_BYTES,
) -> BatchResult:
    """Identify, read, map and validate the files of a batch.

    Each accepted frame has the columns of its unit's report model and `PLACE`, in the order of file and row. `sweep` looks
    through the reports that nothing of the row itself holds back. `withdraws`: every row withdraws its record, whatever the
    file says. `chunk_bytes`: about how much text is mapped at a time.
    Raises `BatchRefused` when the batch as a whole cannot be read, `LedgerBroken` when a row was lost (a bug).
    """
    found = identify(payloads, partner)
    with whole_files() as room:
        batch = Batch(found, files_of(partner), room, withdraws, sweep, chunk_bytes)
        results = {name: _file_result(batch, file, Place(partner.name, batch_id)) for name, file in batch.files.items()}
    problems = _sorted_problems([*(result.problems for result in results.values())])
    ledgers = {name: result.ledger for name, result in results.items()}
    units = dict.fromkeys(unit for file in partner.files for unit in file.units())
    accepted = {
        unit: Identified(pl.concat([result.accepted[unit].frame for result in results.values() if unit in result.accepted]))
        for unit in units
    }
    ledger = sum(ledgers.values(), EMPTY_LEDGER).check()
    set_aside = problems.filter(pl.col("code") == "unit_out_of_scope").height
    return BatchResult(
        partner.name,
        batch_id,
        accepted,
        Identified(pl.concat([result.withdrawals for result in results.values()])),
        pl.concat([result.replacements for result in results.values()]),
        _sorted_problems([problems, failed_assertions(partner, ledger, set_aside)]),
        ledger,
        ledgers,
        {name: result.layout for name, result in results.items()},
    )


@dataclass(frozen=True)
class Place:
    """Whose batch a report stands in."""

    partner_code: str
    batch_id: str


def _file_result(batch: Batch, file: PartnerFile, place: Place) -> FileResult:
    one_pass = FilePass(batch, file)
    kept: list[pl.DataFrame] = []
    problems: list[pl.DataFrame] = []
    for chunk in one_pass.chunks():
        kept.append(_accepted_so_far(chunk))
        problems.append(chunk.problems)
    end = one_pass.end
    frame = _settled(pl.concat(kept), end.whole.held_rows(), end.whole.ordinals())
    reports, withdrawals = frame.filter(pl.col(ACTION) != WITHDRAW), frame.filter(pl.col(ACTION) == WITHDRAW)
    accepted = {unit: Identified(_placed(reports_of_unit(reports, unit), place)) for unit in file.units()}
    ledger = end.ledger
    if ledger.accepted != withdrawals.height + sum(found.frame.height for found in accepted.values()):
        raise LedgerBroken(f"{ledger.accepted} rows accepted, {frame.height} rows kept")
    return FileResult(
        accepted,
        withdrawals.select("file", ROW_NUMBER, RECORD_ID),
        reports.filter(pl.col(ACTION) == REPLACE).select("file", ROW_NUMBER),
        _sorted_problems([*problems, end.problems, *(end.whole.frame_of(late) for late in end.late)]),
        ledger,
        end.layout,
    )


def _accepted_so_far(chunk: Chunk) -> pl.DataFrame:
    """The rows of a chunk that nothing in the row itself holds back."""
    return chunk.rows.frame.filter(pl.col(OUTCOME) == str(Outcome.ACCEPTED))


def _settled(frame: pl.DataFrame, held: pl.Series, ordinals: pl.DataFrame) -> pl.DataFrame:
    """The rows that the whole file does not hold back either, with the ordinals of shared numbers."""
    left = frame.join(held.to_frame(), on=ROW_NUMBER, how="anti", maintain_order="left")
    if ordinals.is_empty():
        return left
    numbered = left.join(ordinals, on=ROW_NUMBER, how="left", maintain_order="left")
    return numbered.with_columns(with_ordinal(pl.col(RECORD_ID), pl.col("ordinal").fill_null(1)).alias(RECORD_ID)).drop("ordinal")


def _placed(reports: pl.DataFrame, place: Place) -> pl.DataFrame:
    """The reports with whose batch they stand in."""
    where = {"partner_code": place.partner_code, "batch_id": place.batch_id}
    return reports.select(pl.exclude("file", ROW_NUMBER), *(pl.lit(value).alias(name) for name, value in where.items()), "file", ROW_NUMBER)


def failed_assertions(partner: Partner, ledger: RowLedger, set_aside: int) -> pl.DataFrame:
    """What the batch is unlike: the number of its rows that are data, or the share accepted of those in scope."""
    asserted = partner.assertions
    rows = ledger.received - ledger.non_data
    in_scope = rows - set_aside
    failed: list[ProblemRow] = []
    if not asserted.rows_min <= rows <= asserted.rows_max:
        failed.append((WHOLE_BATCH, None, "assertion_failed", "rows"))
    if in_scope > 0 and ledger.accepted < asserted.accepted_share_min * in_scope:
        failed.append((WHOLE_BATCH, None, "assertion_failed", "accepted_share"))
    return problem_frame(failed)


def _sorted_problems(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([frame.cast(PROBLEM_SCHEMA) for frame in frames]).unique().sort(PROBLEM_SCHEMA.names())
