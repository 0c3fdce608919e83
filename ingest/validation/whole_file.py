"""What only a whole file tells: rows that repeat another, numbers that stand on different rows, the order of day and month.

Here: a fingerprint a row, in memory that does not grow with the file, and the one judgement at its end. Never here: a cell;
a record's number is kept as a hash under a salt of the run, a row's cells as a hash.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import polars as pl

from engine.duck import connect_spilling
from ingest.mapping.applied import ACTION, CONTENT, EITHER, OUTCOME, UNIT, MappedRows
from ingest.mapping.compiled import REPLACE, WITHDRAW, CompiledMapping
from ingest.mapping.numbering import RECORD_ID
from ingest.reading.reader import ROW_NUMBER
from schemas.ledger import Outcome

MEMORY_MEGABYTES = 100
BYTES_WITHOUT_DATABASE = 4_000_000
"""Fingerprints of so much text wait in memory; when no number is shared among them no database is opened at all."""
SHARE_OF_DOUBT = 0.05
"""Of the dates that tell an order of day and month, the share in the other order from which none of the column is trusted."""
_NO_PART, _SET_ASIDE, _REPORT, _WITHDRAWAL = range(4)
_TABLE = """create or replace temp table fact (
    row_number uinteger, id ubigint, id_check ubigint, content ubigint, role utinyint, is_accepted boolean, is_replacement boolean,
    either uinteger)"""


@dataclass(frozen=True)
class LateProblem:
    """A problem that only the whole file shows: how many rows have it."""

    code: str
    field: str | None
    column: str | None
    count: int


class Room:
    """Room for the fingerprints of one file after the other, opened when a file first needs it."""

    def __init__(self, stack: ExitStack, megabytes: int) -> None:
        self._stack, self._megabytes = stack, megabytes

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The database; what does not fit into its memory lies in a private folder."""
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="casehouse-"))
        connection = connect_spilling(Path(folder), megabytes=self._megabytes)
        self._stack.callback(connection.close)
        return connection


@contextmanager
def whole_files(megabytes: int = MEMORY_MEGABYTES) -> Iterator[Room]:
    """Room for the files of a batch; nothing of them is left behind."""
    with ExitStack() as stack:
        yield Room(stack, megabytes)


class WholeFile:
    """The fingerprints of one file's rows, and what they say together."""

    def __init__(self, room: Room, mapping: CompiledMapping) -> None:
        self._room, self._mapping = room, mapping
        self._seeds = [secrets.randbits(63) for _ in range(2)]
        self._orders = [[0, 0] for _ in mapping.orders]
        self._waiting: list[pl.DataFrame] = []
        self._has_table = False

    def add(self, rows: MappedRows) -> None:
        """Remember a chunk; its rows come in the order of the file."""
        for known, (agreed, other) in zip(self._orders, rows.orders, strict=True):
            known[0], known[1] = known[0] + agreed, known[1] + other
        self._waiting.append(_facts(rows, self._seeds))
        if self._has_table or sum(facts.estimated_size() for facts in self._waiting) > BYTES_WITHOUT_DATABASE:
            self._store_waiting()

    def _store_waiting(self) -> None:
        connection = self._room.connection
        if not self._has_table:
            connection.execute(_TABLE).fetchall()
            self._has_table = True
        for facts in self._waiting:
            connection.register("incoming", facts.to_arrow(compat_level=pl.CompatLevel.oldest()))
            # MD5, since which of two rows is kept follows from the order of content: DuckDB's own hash may change with its version.
            connection.execute(
                f"""insert into fact
                select row_number::uinteger, id, id_check, md5_number_lower({CONTENT}), role, is_accepted, is_replacement, {EITHER}
                from incoming"""  # noqa: S608 - names of this room
            ).fetchall()
            connection.unregister("incoming")
        self._waiting.clear()

    def _is_plain(self) -> bool:
        """Whether nothing is to be judged: no two rows share a number, and no date column is in doubt."""
        if self._has_table or any(self._is_in_doubt(position) for position in range(len(self._orders))):
            return False
        return not self._waiting or bool(pl.concat(facts["id"] for facts in self._waiting).drop_nulls().is_unique().all())

    def judge(self) -> tuple[LateProblem, ...]:
        """Once all rows are in: which problems there are. A row that withdraws has none of them.

        Of equal rows the first by row number stays. Of rows that share the file's own number but differ, the one that
        comes first by the hash of its content stays, so that the order of rows changes nothing; none stays beside a row
        that withdraws the number. A number made of columns gets an ordinal in the order of content when different rows
        share it (equal ones too, where each counts). Rows without a unit or a number take no part; of rows set aside only
        repeats are told.
        """
        if self._is_plain():
            self._waiting.clear()
            return ()
        self._store_waiting()
        self._fetch(self._marks())
        header = self._mapping.headers.get(RECORD_ID)
        marked = [("row_repeated", None, None, "is_repeated"), ("record_id_repeated", RECORD_ID, header, "is_conflicting")]
        late = [LateProblem(code, field, column, self._count(f"from mark where {flag}")) for code, field, column, flag in marked]
        late += [
            LateProblem("date_order_ambiguous", order.field, order.column, self._count(f"from fact where {_bit(position)}"))
            for position, order in enumerate(self._mapping.orders)
            if self._is_in_doubt(position)
        ]
        return tuple(problem for problem in late if problem.count)

    def rows_of(self, problem: LateProblem, at_most: int | None = None) -> list[int]:
        """The rows that have a problem, in order, all or the first so many."""
        limit = "" if at_most is None else f"limit {at_most}"
        return [row for (row,) in self._fetch(f"select row_number {self._source(problem)} order by row_number {limit}")]

    def frame_of(self, problem: LateProblem) -> pl.DataFrame:
        """All rows that have a problem, as a frame of problems."""
        rows = pl.Series(ROW_NUMBER, self.rows_of(problem), dtype=pl.Int64)
        told = {"file": self._mapping.file.name, "code": problem.code, "field": problem.field, "column": problem.column}
        literals = {name: pl.lit(text, dtype=pl.String).alias(name) for name, text in told.items()}
        return rows.to_frame().select(literals["file"], ROW_NUMBER, literals["code"], literals["field"], literals["column"])

    def newly_held(self) -> int:
        """How many rows that nothing held before are held now."""
        return self._count(f"from fact where is_accepted and ({self._is_held()})")

    def newly_held_replacements(self) -> int:
        """How many of those would have replaced a record."""
        return self._count(f"from fact where is_accepted and is_replacement and ({self._is_held()})")

    def held_rows(self) -> pl.Series:
        """The numbers of all rows that only the whole file holds."""
        rows = [row for (row,) in self._fetch(f"select row_number from fact where {self._is_held()}")]  # noqa: S608 - names of this room
        return pl.Series(ROW_NUMBER, rows, dtype=pl.Int64)

    def ordinals(self) -> pl.DataFrame:
        """Of rows whose number is made of columns and shared: row_number and ordinal, from 2."""
        rows = self._fetch("select row_number, ordinal from mark where ordinal > 1") if self._mapping.numbering.columns else []
        return pl.DataFrame(rows, schema={ROW_NUMBER: pl.Int64, "ordinal": pl.Int64}, orient="row")

    def _marks(self) -> str:
        of_columns = bool(self._mapping.numbering.columns)
        counted = of_columns and self._mapping.file.repeats == "counted"
        place = "row_number() over (number order by content, row_number)" if counted else "dense_rank() over (number order by content)"
        repeated = "false" if counted else f"role in ({_SET_ASIDE}, {_REPORT}) and row_number > first_row"
        other = "false" if of_columns else "place > 1"
        return f"""create or replace temp table mark as
            with shared as (
                select * from fact where id in (select id from fact where id is not null group by id having count(*) > 1)
            ),
            placed as (
                select row_number, role, {place} as place,
                    min(row_number) over (partition by id, id_check, role, content) as first_row,
                    bool_or(role = {_WITHDRAWAL}) over (partition by id, id_check) as is_withdrawn
                from shared window number as (partition by id, id_check, role)
            ),
            told as (select row_number, role, place, is_withdrawn, {repeated} as is_repeated from placed)
            select row_number, is_repeated,
                role = {_REPORT} and not is_repeated and ({other} or is_withdrawn) as is_conflicting,
                case when role = {_REPORT} then place else 1 end as ordinal
            from told where is_repeated or role = {_REPORT} and (place > 1 or is_withdrawn)"""  # noqa: S608 - names of this room

    def _source(self, problem: LateProblem) -> str:
        if problem.code == "date_order_ambiguous":
            position = next(at for at, order in enumerate(self._mapping.orders) if order.column == problem.column)
            return f"from fact where {_bit(position)}"
        return f"from mark where {'is_repeated' if problem.code == 'row_repeated' else 'is_conflicting'}"

    def _is_held(self) -> str:
        in_doubt = [_bit(position) for position in range(len(self._orders)) if self._is_in_doubt(position)]
        marked = "row_number in (select row_number from mark where is_repeated or is_conflicting)"
        return " or ".join([marked, *in_doubt])

    def _is_in_doubt(self, position: int) -> bool:
        agreed, other = self._orders[position]
        return other > SHARE_OF_DOUBT * (agreed + other)

    def _count(self, source: str) -> int:
        return sum(count for (count,) in self._fetch(f"select count(*) {source}"))

    def _fetch(self, query: str) -> Sequence[tuple[int, ...]]:
        """What the database says; nothing where no table was needed, since then nothing is wrong."""
        return self._room.connection.execute(query).fetchall() if self._has_table else []


def _bit(position: int) -> str:
    return f"({EITHER} & {1 << position}) > 0"


def _facts(rows: MappedRows, seeds: Sequence[int]) -> pl.DataFrame:
    """What is kept of each row of a chunk."""
    is_withdrawal = (pl.col(ACTION) == WITHDRAW).fill_null(False)
    role = (
        pl.when(pl.col(RECORD_ID).is_null())
        .then(_NO_PART)
        .when(is_withdrawal)
        .then(_WITHDRAWAL)
        .when(pl.col("is_set_aside"))
        .then(_SET_ASIDE)
        .when(pl.col(UNIT).is_null())
        .then(_NO_PART)
        .otherwise(_REPORT)
    )
    told = rows.frame.select(
        ROW_NUMBER,
        RECORD_ID,
        role.cast(pl.UInt8).alias("role"),
        (pl.col(OUTCOME) == str(Outcome.ACCEPTED)).alias("is_accepted"),
        (pl.col(ACTION) == REPLACE).fill_null(False).alias("is_replacement"),
    )
    number = pl.when(pl.col("role") != _NO_PART).then(pl.col(RECORD_ID))
    hashes = [
        pl.when(number.is_not_null()).then(number.hash(seed)).alias(name) for name, seed in zip(("id", "id_check"), seeds, strict=True)
    ]
    return told.select(ROW_NUMBER, *hashes, "role", "is_accepted", "is_replacement").hstack(rows.facts.select(CONTENT, EITHER))
