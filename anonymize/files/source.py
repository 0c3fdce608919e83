"""The table that is to be anonymized, as DuckDB reads it: its columns, its rows in their order, and nothing else on the disk.

Here: opening a Parquet file or a CSV file of text. Never here: what a column means, or a query about persons.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from anonymize.files.text_faults import fault_of_text, separator_of
from engine.duck import connect_spilling
from schemas.errors import StorageError, UserError

if TYPE_CHECKING:
    import pyarrow as pa

MEGABYTES = 2_000
"""What DuckDB may hold in memory; beyond it, it works on the disk."""
CSV_ENDINGS = (".csv", ".txt")


@dataclass(frozen=True)
class Source:
    """An open table. Types are DuckDB's; rows come in the order of the file, on any number of threads.

    `renamed` are columns whose names differ from another's in capitals alone: DuckDB calls them otherwise.
    """

    connection: duckdb.DuckDBPyConnection
    path: Path
    columns: Mapping[str, str]
    renamed: tuple[str, ...]
    rows: int

    def relation(self) -> duckdb.DuckDBPyRelation:
        """The table, as often as it is to be read."""
        return _relation(self.connection, self.path)

    def published(self, path: Path) -> duckdb.DuckDBPyRelation:
        """A Parquet file that was written beside it, read back; only one that was named when the table was opened."""
        return self.connection.read_parquet(str(path), hive_partitioning=False)

    def batches(self, relation: duckdb.DuckDBPyRelation, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows of a relation in their order, about so many at a time."""
        with reading(self.path):
            yield from relation.to_arrow_reader(rows)


@contextmanager
def open_source(path: Path, *, spill: Path, readable: Sequence[Path] = (), threads: int | None = None) -> Iterator[Source]:
    """Open the table of a .parquet, .csv or .txt file; of all other files only those of `readable` can be read with it.

    `spill` is a folder for what does not fit into memory. CSV is UTF-8 with a header, cells apart by semicolons, commas or
    tabs, every cell text, an empty one null. Raises `UserError` for a file that cannot be read so; no part of it is shown.
    """
    if path.is_dir():
        raise UserError(
            "the table is a folder", where=str(path), allowed="a .parquet file, or .csv with a header", next_step="name the table's file"
        )
    if not path.is_file():
        raise UserError(
            "there is no such file", where=str(path), allowed="a .parquet file, or .csv with a header", next_step="name the table's file"
        )
    connection = connect_spilling(spill, megabytes=MEGABYTES, readable=[path, *readable], threads=threads, keeps_order=True)
    try:
        with reading(path):
            relation = _relation(connection, path)
            columns = dict(zip(relation.columns, map(str, relation.types), strict=True))
            (rows,) = relation.count("*").fetchall()[0]
            renamed = tuple(name for name in _names_in(path) if name not in columns)
        yield Source(connection, path, columns, renamed, int(rows))
    finally:
        connection.close()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what DuckDB and Arrow say inside the block, which may quote a cell, into a `UserError` that does not."""
    import pyarrow as pa

    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException):
        raise StorageError(
            "the disk or the memory ran out, or refused, while the table was read",
            where=path.name,
            allowed="a readable file; free space in the folder for temporary files, several times the table",
            next_step="free space, or name another folder for temporary files in TMPDIR; nothing was written",
        ) from None
    except (duckdb.Error, pa.ArrowException, UnicodeDecodeError):
        raise _unreadable(path) from None


def _unreadable(path: Path) -> UserError:
    why = fault_of_text(path) if path.suffix.lower() in CSV_ENDINGS else ""
    return UserError(
        f"the file cannot be read as a table{': ' if why else ''}{why}",
        where=path.name,
        allowed="whole Parquet, or UTF-8 text with a header of different names and as many cells in each line, apart by one of ; , or tab",
        next_step="save it anew from what made it; nothing was written",
    )


def quoted(column: str) -> str:
    """The name of a column as SQL writes it."""
    return '"' + column.replace('"', '""') + '"'


def _names_in(path: Path) -> list[str]:
    """The columns as the file itself calls them."""
    if path.suffix.lower() in CSV_ENDINGS:
        return _header(path)[0]
    import pyarrow.parquet as pq

    names: list[str] = pq.read_schema(path).names
    return names


def _relation(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    if path.suffix.lower() not in CSV_ENDINGS:
        return connection.read_parquet(str(path), hive_partitioning=False)
    header, separator = _header(path)
    return connection.read_csv(
        str(path),
        columns=dict.fromkeys(header, "VARCHAR"),
        header=True,
        auto_detect=False,
        sep=separator,
        quotechar='"',
        escapechar='"',
        hive_partitioning=False,
    )


def _header(path: Path) -> tuple[list[str], str]:
    """The names of the columns, and what stands between them: what is most often in their line, a semicolon where nothing is."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline()
            separator = separator_of(line)
            file.seek(0)
            header = next(csv.reader(file, delimiter=separator), [])
    except (OSError, ValueError, csv.Error):
        raise _unreadable(path) from None
    if not header or len(set(header)) < len(header):
        raise _unreadable(path)
    return header, separator
