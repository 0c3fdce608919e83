"""Validate a batch: every received row accepted, quarantined, rejected or no data, and the account balanced.

Here: the way from the bytes of a batch to its accepted reports, its problems and its ledger.
Never here: raising for a bad row, or a row in two places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from ingest.mapping import compile_mapping, map_rows
from ingest.reading import TextTable, identify, read
from schemas.case import Provenance
from schemas.fields import RecordModel
from schemas.ledger import EMPTY_LEDGER, Outcome, RowLedger
from schemas.partner import Partner, PartnerFile
from schemas.problems import PROBLEM_SCHEMA, ROW_OUTCOMES, Severity, catalogue, problem_frame
from schemas.render import polars_schema
from schemas.units import MODELS, Unit
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
    problems: pl.DataFrame
    ledger: RowLedger

    def __repr__(self) -> str:
        return f"<FileResult {self.ledger}>"


@dataclass(frozen=True, repr=False)
class BatchResult:
    """What became of the rows of a batch: its accepted reports by unit, its problems, its account and that of each file."""

    partner_code: str
    batch_id: str
    accepted: Mapping[Unit, Identified]
    problems: pl.DataFrame
    ledger: RowLedger
    ledgers: Mapping[str, RowLedger]

    def __repr__(self) -> str:
        return f"<BatchResult {self.batch_id} {self.ledger}>"


def validate_batch(payloads: Sequence[bytes], partner: Partner, batch_id: str) -> BatchResult:
    """Identify, read, map and validate the files of a batch.

    Each accepted frame has the columns of its unit's report model and `PLACE`, in the order of file and row.
    Raises `BatchRefused` when the batch as a whole cannot be read, `LedgerBroken` when a row was lost (a bug).
    """
    found = identify(payloads, partner)
    files = {file.name: _knowing_what_others_take(file, partner) for file in partner.files}
    tables = {name: read(found[name], file) for name, file in files.items()}
    results = {name: _validate_file(file, files, tables, Place(partner.name, batch_id)) for name, file in files.items()}
    problems = _sorted_problems([*(result.problems for result in results.values())])
    ledgers = {name: result.ledger for name, result in results.items()}
    units = dict.fromkeys(unit for file in partner.files for unit in file.units())
    accepted = {
        unit: Identified(pl.concat([result.accepted[unit].frame for result in results.values() if unit in result.accepted]))
        for unit in units
    }
    ledger = sum(ledgers.values(), EMPTY_LEDGER).check()
    problems = _sorted_problems([problems, _failed_assertions(partner, ledger, problems)])
    return BatchResult(partner.name, batch_id, accepted, problems, ledger, ledgers)


def quarantine(result: BatchResult, rows: pl.DataFrame, code: str = "identifier_in_text") -> BatchResult:
    """The result with further accepted rows held back: `rows` names them by `file`, `row_number` and `field`.

    Rows that were not accepted are left as they are. Raises `ValueError` when the catalogue does not quarantine for the code.
    """
    if catalogue()[code].severity is not Severity.QUARANTINE:
        raise ValueError(f"{code} does not quarantine a row")
    place = ["file", "row_number"]
    accepted_places = pl.concat([found.frame.select(place) for found in result.accepted.values()])
    held = rows.select("file", pl.col("row_number").cast(pl.Int64), "field").unique().join(accepted_places, on=place, how="semi")
    accepted = {
        unit: Identified(found.frame.join(held, on=place, how="anti", maintain_order="left")) for unit, found in result.accepted.items()
    }
    moved = held.unique(place).group_by("file").len().rows()
    ledgers = dict(result.ledgers)
    for file, count in moved:
        before = ledgers[file]
        ledgers[file] = before.model_copy(update={"accepted": before.accepted - count, "quarantined": before.quarantined + count}).check()
    added = held.select("file", "row_number", pl.lit(code).alias("code"), "field")
    ledger = sum(ledgers.values(), EMPTY_LEDGER).check()
    problems = _sorted_problems([result.problems, added])
    return replace(result, accepted=accepted, problems=problems, ledger=ledger, ledgers=ledgers)


@dataclass(frozen=True)
class Place:
    """Whose batch a report stands in."""

    partner_code: str
    batch_id: str


def _validate_file(file: PartnerFile, files: Mapping[str, PartnerFile], tables: Mapping[str, TextTable], place: Place) -> FileResult:
    companion = None if file.join is None else file.join.file
    mapping = compile_mapping(file, None if companion is None else files[companion])
    table = tables[file.name]
    mapped = map_rows(table, mapping, None if companion is None else tables[companion])
    problems = _sorted_problems([table.problems, mapped.problems])
    held = _rows_with(mapped.problems, Outcome.QUARANTINED)
    rejected = _rows_with(mapped.problems, Outcome.REJECTED)
    frame = mapped.frame.filter(~pl.col("row_number").is_in(list(held | rejected)))
    accepted = {unit: Identified(_reports(frame, unit, place)) for unit in file.units()}
    of_reading = {outcome: len(_rows_with(table.problems, outcome)) for outcome in Outcome}
    ledger = RowLedger(
        received=table.received,
        accepted=sum(found.frame.height for found in accepted.values()),
        quarantined=len(held - rejected) + of_reading[Outcome.QUARANTINED],
        rejected=len(rejected) + of_reading[Outcome.REJECTED],
        non_data=of_reading[Outcome.NON_DATA],
    )
    return FileResult(accepted, problems, ledger.check())


def _reports(frame: pl.DataFrame, unit: Unit, place: Place) -> pl.DataFrame:
    """The accepted rows of one unit, in the columns of its report model."""
    model: type[RecordModel] = MODELS[unit].report
    schema = polars_schema(model)
    where = {"partner_code": place.partner_code, "batch_id": place.batch_id}
    return (
        frame.filter(pl.col("unit") == str(unit))
        .sort("row_number")
        .select(
            *(pl.col(name).cast(kind) for name, kind in schema.items()),
            *(pl.lit(value).alias(name) for name, value in where.items()),
            "file",
            "row_number",
        )
    )


def _rows_with(problems: pl.DataFrame, outcome: Outcome) -> set[int]:
    codes = [code for code, problem in catalogue().items() if ROW_OUTCOMES.get(problem.severity) is outcome]
    return set(problems.filter(pl.col("code").is_in(codes))["row_number"].drop_nulls().to_list())


def _knowing_what_others_take(file: PartnerFile, partner: Partner) -> PartnerFile:
    """The file with the columns that another file of the batch looks up in it: they are not unknown."""
    taken = [name for other in partner.files if other.join and other.join.file == file.name for name in (other.join.on, *other.join.take)]
    known = file.known_headers()
    added = {name: "looked up by another file of the batch" for name in taken if name not in known}
    return file.model_copy(update={"ignored": {**file.ignored, **added}}) if added else file


def _failed_assertions(partner: Partner, ledger: RowLedger, problems: pl.DataFrame) -> pl.DataFrame:
    """What the batch is unlike: the number of its rows that are data, or the share accepted of those in scope."""
    asserted = partner.assertions
    rows = ledger.received - ledger.non_data
    set_aside = problems.filter(pl.col("code") == "unit_out_of_scope").height
    in_scope = rows - set_aside
    failed: list[tuple[str, int | None, str, str | None]] = []
    if not asserted.rows_min <= rows <= asserted.rows_max:
        failed.append((WHOLE_BATCH, None, "assertion_failed", "rows"))
    if in_scope > 0 and ledger.accepted < asserted.accepted_share_min * in_scope:
        failed.append((WHOLE_BATCH, None, "assertion_failed", "accepted_share"))
    return problem_frame(failed)


def _sorted_problems(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([frame.cast(PROBLEM_SCHEMA) for frame in frames]).unique().sort(PROBLEM_SCHEMA.names())
