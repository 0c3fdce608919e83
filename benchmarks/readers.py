"""The readers that are compared, each run in a process of its own: what it makes of a file, and what a large file costs it.

Here: one adapter a reader, with the settings it has when nobody sets any, unless its name says otherwise.
Never here: what is right; that is scored by `reading.py`, which starts this.

    python benchmarks/readers.py read READER FILE...      one line of JSON a file
    python benchmarks/readers.py cost READER FILE FOLDER  one line of JSON: CPU seconds and the peak of memory
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
READERS = ("casehouse", "polars", "duckdb", "duckdb-text", "frictionless")


@dataclass(frozen=True)
class Table:
    """What a reader makes of a file, and how many rows it names as not read."""

    header: Sequence[str]
    rows: Iterable[Sequence[object]]
    reported: int


class Refused(Exception):
    """The reader says of the whole file that it cannot be read, in its own documented error."""


def casehouse(path: Path) -> Table:
    """Reading alone, before any meaning: the text of each row, with the partner's specification of the file."""
    from faults.one_fault import DAMAGED, one_fault_files

    from ingest.reading.reader import read
    from schemas.errors import BatchRefused

    file = one_fault_files()[int(path.stem)].partner.files[0]
    try:
        table = read(path.read_bytes(), file)
    except BatchRefused as error:
        raise Refused(error.code) from None
    held = table.problems.filter(table.problems["code"].is_in(list(DAMAGED)))["row_number"].n_unique()
    frame = table.frame.drop("row_number")
    return Table(frame.columns, frame.rows(), held)


def polars(path: Path) -> Table:
    """polars.read_csv as it comes."""
    import polars as pl

    try:
        frame = pl.read_csv(path)
    except pl.exceptions.PolarsError as error:
        raise Refused(type(error).__name__) from None
    return Table(frame.columns, frame.rows(), 0)


def duckdb(path: Path) -> Table:
    """read_csv of DuckDB as it comes."""
    return _duckdb(path, "")


def duckdb_text(path: Path) -> Table:
    """read_csv of DuckDB, every column a text, rows that cannot be read kept aside."""
    return _duckdb(path, ", all_varchar = true, store_rejects = true")


def frictionless(path: Path) -> Table:
    """frictionless as it comes: it infers a schema, reads the rows, and notes what is wrong with each."""
    from frictionless import FrictionlessException, Resource

    try:
        with Resource(str(path.name), basepath=str(path.parent)) as resource_:
            rows = list(resource_.row_stream)
            return Table(resource_.header.labels, [list(row.values()) for row in rows if row.valid], sum(not row.valid for row in rows))
    except FrictionlessException as error:
        raise Refused(error.error.type) from None


def _duckdb(path: Path, settings: str) -> Table:
    import duckdb as duck

    connection = duck.connect()
    try:
        found = connection.execute(f"FROM read_csv('{path}'{settings})")
        header, rows = [column[0] for column in found.description], found.fetchall()
        reported = connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone() if settings else (0,)
    except duck.Error as error:
        raise Refused(type(error).__name__) from None
    return Table(header, rows, reported[0] if reported else 0)


def cost_casehouse(path: Path, folder: Path) -> None:
    """Everything that checking does: read, map, validate, account."""
    from ingest.validation.checking import check_batch
    from schemas.partner import load_partner

    check = check_batch([path], load_partner(ROOT / "partners" / "en-harbour-ngo.yml"))
    (folder / "ledger").write_text(str(check.ledger), encoding="utf-8")


def cost_polars(path: Path, folder: Path) -> None:
    """Into Parquet, with inferred types."""
    import polars as pl

    pl.read_csv(path).write_parquet(folder / "polars.parquet")


def cost_duckdb(path: Path, folder: Path) -> None:
    """Into Parquet, with inferred types."""
    _copy(path, folder, "")


def cost_duckdb_text(path: Path, folder: Path) -> None:
    """Into Parquet, every column a text: what the others are measured by."""
    _copy(path, folder, ", all_varchar = true")


def cost_frictionless(path: Path, _: Path) -> None:
    """Validation with an inferred schema."""
    from frictionless import validate

    validate(str(path.name), basepath=str(path.parent))


def _copy(path: Path, folder: Path, settings: str) -> None:
    import duckdb as duck

    duck.connect().execute(f"COPY (FROM read_csv('{path}'{settings})) TO '{folder / 'duckdb.parquet'}' (FORMAT parquet)")


def _said(cell: object) -> object:
    """A cell as JSON that keeps its kind."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, datetime | date):
        return {"date": cell.isoformat()}
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        return {"number": str(cell)}
    return {"other": str(cell)}


def _read(reader: Callable[[Path], Table], paths: Sequence[Path]) -> None:
    for path in paths:
        try:
            table = reader(path)
            rows = [[_said(cell) for cell in row] for row in table.rows]
            line: dict[str, object] = {"header": list(table.header), "rows": rows, "reported": table.reported}
        except Refused as refused:
            line = {"refused": str(refused)}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def _cost(measured: Callable[[Path, Path], None], path: Path, folder: Path) -> None:
    measured(path, folder)
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    sys.stdout.write(json.dumps({"seconds": seconds, "megabytes": max(own.ru_maxrss, children.ru_maxrss) / 1024}) + "\n")


if __name__ == "__main__":
    task, name, *arguments = sys.argv[1:]
    adapter = name.replace("-", "_")
    if task == "read":
        _read(globals()[adapter], [Path(argument) for argument in arguments])
    else:
        _cost(globals()[f"cost_{adapter}"], Path(arguments[0]), Path(arguments[1]))
