"""Whether what became of a file is what must become of it.

Here: the comparison, cell by cell and row by row, and the account. Never here: how a file is made, or how it is read.
"""

from __future__ import annotations

from collections.abc import Mapping

from faults.files import FaultFile, Line
from faults.layouts import Record
from ingest.validation.batch import BatchResult, validate_batch
from schemas.errors import BatchRefused
from schemas.ledger import RowLedger
from schemas.problems import ROW_OUTCOMES, catalogue

BATCH = "0" * 16
NOTHING = (None, "not_collected", ["not_collected"], "unknown", [])
"""What a field may hold that the partner does not fill: the fault put no value there."""
PLACES = {"partner_code", "batch_id", "file", "row_number"}


def faults_of(file: FaultFile) -> list[str]:
    """Everything that is not as it must be; the people are invented, so values may be shown."""
    try:
        result = validate_batch([file.payload], file.partner, BATCH)
    except BatchRefused as error:
        if file.outcome == "right":
            return [f"refused as {error.code}, must be read"]
        return [] if error.code in file.refusals else [f"refused as {error.code}, not one of {sorted(file.refusals)}"]
    if file.outcome == "refused":
        return [f"read, must be refused: {result.ledger}"]
    return [*_unsaid(file, result), *_miscounted(file, result), *_misread(file, result)]


def _unsaid(file: FaultFile, result: BatchResult) -> list[str]:
    said = set(result.problems["code"])
    return [f"{code} not said" for code in sorted(file.says - said)]


def _miscounted(file: FaultFile, result: BatchResult) -> list[str]:
    ledger: RowLedger = result.ledger
    found = [] if ledger.received == file.received else [f"received {ledger.received}, the file has {file.received}"]
    accounted = ledger.accepted + ledger.quarantined + ledger.rejected + ledger.non_data
    return found + ([] if accounted == ledger.received else [f"{accounted} rows accounted for of {ledger.received}"])


def _misread(file: FaultFile, result: BatchResult) -> list[str]:
    accepted = accepted_records(result)
    held = held_codes(result)
    found: list[str] = []
    for number, line in file.truth().items():
        found += [f"row {number}: {fault}" for fault in _faults_of_row(line, accepted.pop(number, None), held.pop(number, set()))]
    found += [f"row {number} accepted, the file has no such row" for number in accepted]
    found += [f"row {number} held by {sorted(codes)}, the file has no such row" for number, codes in held.items()]
    numbers = [record["source_record_id"] for record in accepted_records(result).values()]
    return found + ([] if len(set(numbers)) == len(numbers) else ["a record number was accepted twice"])


def _faults_of_row(line: Line, record: Record | None, codes: set[str]) -> list[str]:
    if record is not None and codes:
        return [f"both accepted and held by {sorted(codes)}"]
    if record is None:
        if not codes:
            return ["neither accepted nor held"]
        unexpected = codes - line.codes
        wanted = sorted(line.codes) or "accepting it"
        return [f"held by {sorted(unexpected)}, not {wanted}"] if unexpected else []
    if line.record is None:
        return [f"accepted, must be held by one of {sorted(line.codes)}"]
    return faults_of_record(line.record, record)


def faults_of_record(expected: Record, record: Record) -> list[str]:
    """The cells of an accepted report that are not as expected, those from nowhere among them."""
    wrong = [
        f"WRONG CELL {name}: {record.get(name)!r}, not {value!r}"
        for name, value in expected.items()
        if _comparable(record.get(name)) != _comparable(value)
    ]
    beside = set(record) - set(expected) - PLACES - {"age_band_code"}
    return wrong + [f"WRONG CELL {name}: {record[name]!r} from nowhere" for name in sorted(beside) if record[name] not in NOTHING]


def _comparable(value: object) -> object:
    """An empty text is no text; a line end within a cell may be any."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").strip() or None
    return list(value) if isinstance(value, tuple) else value


def accepted_records(result: BatchResult) -> dict[int, Record]:
    """Row number -> the accepted report, of whichever unit."""
    rows: Mapping[int, Record] = {row["row_number"]: row for found in result.accepted.values() for row in found.frame.to_dicts()}
    return dict(rows)


def held_codes(result: BatchResult) -> dict[int, set[str]]:
    """Row number -> the codes that keep it from being a record."""
    holding = {code for code, problem in catalogue().items() if problem.severity in ROW_OUTCOMES}
    found: dict[int, set[str]] = {}
    for problem in result.problems.iter_rows(named=True):
        if problem["row_number"] is not None and problem["code"] in holding:
            found.setdefault(problem["row_number"], set()).add(problem["code"])
    return found
