"""Measure one published table in SQL, from its bytes alone and by a path of its own.

Here: columns, cells, classes and the twin file, counted by DuckDB. Never here: code of the anonymizer or the gate,
whose faults must not be able to hide here, or a judgement of what was counted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from schemas.vocabulary import MISSING_CODES, SUPPRESSED
from warehouse.release_files import BYTE_ORDER_MARK


@dataclass(frozen=True)
class CellFaults:
    """How many cells of a column are null, or no label that the column may hold."""

    column: str
    nulls: int
    strange: int


@dataclass(frozen=True)
class ClassMeasures:
    """A class is all persons that share every quasi-identifier, also when all of them are suppressed.

    It is homogeneous in a sensitive field when it holds one known value only of it. Shares are of classes.
    """

    rows: int
    classes: int
    smallest_class: int
    homogeneous_share: float
    homogeneous_share_by_field: Mapping[str, float]
    suppressed_cells: int


class MeasuredTable:
    """One Parquet file, loaded once as text and numbers; every method is one query over it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, parquet: Path) -> None:
        """Load the file; `duckdb.Error` when it is no Parquet file."""
        self._connection = connection
        connection.execute("create or replace temp table published as select * from read_parquet(?)", [str(parquet)])

    def column_types(self) -> dict[str, str]:
        """Column -> type as DuckDB names it, in the order of the file."""
        rows = self._connection.execute("select column_name, column_type from (describe published)").fetchall()
        return {str(name): str(kind) for name, kind in rows}

    def cell_faults(self, column: str, allowed: Collection[str] | None) -> CellFaults:
        """Cells of one column that are null or outside `allowed`; without it, any whole number from 0 is allowed."""
        counts = self.counts(column)
        held = {label: rows for label, rows in counts.items() if label is not None}
        strange = sum(rows for label, rows in held.items() if (label not in allowed if allowed is not None else not label.isdecimal()))
        return CellFaults(column, counts.get(None, 0), strange)

    def counts(self, column: str) -> dict[str | None, int]:
        """Label as text -> rows."""
        query = f"select cast({_quoted(column)} as varchar), count(*) from published group by all"  # noqa: S608 - a column of the models
        return {label: int(rows) for label, rows in self._connection.execute(query).fetchall()}

    def classes(self, quasi: Sequence[str], sensitive: Sequence[str]) -> ClassMeasures:
        """k-anonymity (Sweeney 2002) and homogeneity (Machanavajjhala et al. 2007), counted by GROUP BY."""
        unknown = ", ".join(f"'{code}'" for code in (*MISSING_CODES, SUPPRESSED))
        shared = [
            f"count(distinct {_quoted(name)}) filter ({_quoted(name)} not in ({unknown})) = 1 as shared_{place}"
            for place, name in enumerate(sensitive)
        ]
        hidden = " + ".join(f"count(*) filter (cast({_quoted(name)} as varchar) = '{SUPPRESSED}')" for name in quasi) or "0"
        in_class = ", ".join(["count(*) as persons", f"{hidden} as hidden", *shared])
        of_fields = [f"count(*) filter (shared_{place})" for place in range(len(sensitive))]
        in_any = " or ".join(f"shared_{place}" for place in range(len(sensitive))) or "false"
        over_classes = ", ".join(["sum(persons)", "count(*)", "min(persons)", "sum(hidden)", f"count(*) filter ({in_any})", *of_fields])
        by = ", ".join(_quoted(name) for name in quasi) or "()"
        query = f"select {over_classes} from (select {in_class} from published group by {by})"  # noqa: S608 - columns of the models
        found = self._connection.execute(query).fetchone() or ()
        rows, classes, smallest, suppressed, homogeneous, *by_field = (int(number or 0) for number in found)
        shares = {name: number / max(classes, 1) for name, number in zip(sensitive, by_field, strict=True)}
        return ClassMeasures(rows, classes, smallest, homogeneous / max(classes, 1), shares, suppressed)

    def rows_unlike(self, csv: Path) -> int | None:
        """Rows of the CSV file that the table lacks, and the other way round; None when its header is another.

        Raises `duckdb.Error` when a line has another number of cells.
        """
        columns = tuple(self.column_types())
        header = BYTE_ORDER_MARK + ",".join(columns).encode() + b"\r\n"
        with csv.open("rb") as file:
            if file.read(len(header)) != header:
                return None
        types = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
        self._connection.execute(
            f"""create or replace temp table twin as select * from read_csv(?, auto_detect = false, header = false, skip = 1,
                columns = {{{types}}}, delim = ',', quote = '"', escape = '"', new_line = '\\r\\n')""",  # noqa: S608 - columns of the models
            [str(csv)],
        )
        texts = ", ".join(f"cast({_quoted(name)} as varchar)" for name in columns)
        self._connection.execute(f"create or replace temp table plain as select {texts} from published")  # noqa: S608 - as above
        found = self._connection.execute(
            "select (select count(*) from (from twin except all from plain)) + (select count(*) from (from plain except all from twin))"
        ).fetchone()
        return int(found[0]) if found else 0


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
