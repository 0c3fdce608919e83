"""One pass over the rows of one file, chunk by chunk: read, mapped, accounted for, and judged as a whole at the end.

Here: the way of a row that the pipeline and the check command share. Never here: what becomes of the chunks; they are handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import duckdb
import polars as pl

from ingest.mapping.applied import OUTCOME, MappedRows, map_rows
from ingest.mapping.codes import trimmed
from ingest.mapping.columns import JOINED, Companion, check_required, column_problems, companion_of, is_unnamed
from ingest.mapping.compiled import CompiledMapping, compile_mapping, undated_columns
from ingest.mapping.date_formats import ROWS_LOOKED_AT, DateSense, sense_of
from ingest.mapping.numbering import RECORD_ID
from ingest.reading.headers import folded
from ingest.reading.payloads import Payload
from ingest.reading.reader import BLOCK_BYTES, CHUNK_BYTES, ROW_NUMBER, Layout, Reading, TextTable, column_name, open_reading, read
from ingest.validation.whole_file import LateProblem, WholeFile
from schemas.ledger import EMPTY_LEDGER, Outcome, RowLedger
from schemas.partner import Column, Partner, PartnerFile
from schemas.problems import ROW_OUTCOMES, catalogue, problem_frame


@dataclass(frozen=True)
class Batch:
    """The files of a batch as a pass needs them: their bytes and specifications by name, and room for fingerprints."""

    payloads: Mapping[str, Payload]
    files: Mapping[str, PartnerFile]
    connection: duckdb.DuckDBPyConnection
    withdraws: bool = False
    chunk_bytes: int = CHUNK_BYTES

    @classmethod
    def of(cls, payloads: Mapping[str, Payload], partner: Partner, connection: duckdb.DuckDBPyConnection, *, withdraws: bool) -> Batch:
        """The batch of a partner; each file knows the columns that another file looks up in it."""
        return cls(payloads, {file.name: _knowing_what_others_take(file, partner) for file in partner.files}, connection, withdraws)


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file: as reports, with the problems of reading and mapping them, and their own account."""

    rows: MappedRows
    problems: pl.DataFrame
    ledger: RowLedger


@dataclass(frozen=True)
class FileEnd:
    """What is known of a file at its end: its layout, the problems of the file and its columns, and the late ones of its rows."""

    file: PartnerFile
    layout: Layout
    problems: pl.DataFrame
    whole: WholeFile
    late: tuple[LateProblem, ...]


class FilePass:
    """The pass over one file: iterate `chunks` to its end, then ask for `end`.

    `fields`: those of the reports that are wanted, None for all. `inspect` may hold back more rows of a chunk before they
    are counted. Raises `BatchRefused` when the file cannot be read as its specification says.
    """

    def __init__(
        self,
        batch: Batch,
        file: PartnerFile,
        *,
        fields: Collection[str] | None = None,
        inspect: Callable[[MappedRows], MappedRows] | None = None,
    ) -> None:
        self._batch, self._file, self._fields, self._inspect = batch, file, fields, inspect
        self._end: FileEnd | None = None

    def chunks(self) -> Iterator[Chunk]:
        """Every row of the file in exactly one chunk, in order."""
        joined, companion = self._companion()
        senses = self._date_senses(joined)
        with self._open() as reading:
            file = self._file.model_copy(update={"format": reading.layout.format})
            mapping = compile_mapping(
                file, self._batch.files[file.join.file] if file.join else None, senses, withdraws=self._batch.withdraws
            )
            headers = reading.layout.headers
            check_required(headers, file, _required(mapping, headers, withdraws=self._batch.withdraws))
            whole = WholeFile(self._batch.connection, mapping)
            blank = {name for position, name in enumerate(headers, start=1) if is_unnamed(name, position)}
            for table in reading.chunks():
                blank -= _filled(table.frame, blank)
                rows = map_rows(table, mapping, companion, self._fields)
                rows = self._inspect(rows) if self._inspect else rows
                whole.add(rows)
                yield Chunk(rows, pl.concat([table.problems, rows.problems]), _account(table, rows))
            problems = [reading.layout.problems, column_problems(headers, blank, file), _formats_found(file, senses)]
            problems += [companion.problems] if companion else []
            self._end = FileEnd(file, reading.layout, pl.concat(problems), whole, whole.judge())

    @property
    def end(self) -> FileEnd:
        """What is known once every chunk was taken."""
        if self._end is None:
            raise ValueError("the chunks of the file were not all taken")
        return self._end

    def _open(self) -> AbstractContextManager[Reading]:
        payload, chunk_bytes = self._batch.payloads[self._file.name], self._batch.chunk_bytes
        return open_reading(payload, self._file, block_bytes=min(BLOCK_BYTES, chunk_bytes), chunk_bytes=chunk_bytes)

    def _companion(self) -> tuple[TextTable | None, Companion | None]:
        """The rows of the companion's file, which are held as a whole; the main file streams beside them."""
        join = self._file.join
        if join is None:
            return None, None
        table = read(self._batch.payloads[join.file], self._batch.files[join.file])
        return table, companion_of(join, table)

    def _date_senses(self, joined: TextTable | None) -> dict[str, DateSense]:
        """How to read each date column whose format the specification leaves open, from the file's own first rows."""
        companion = self._batch.files[self._file.join.file] if self._file.join else None
        undated = undated_columns(self._file, companion)
        own = {name: column for name, column in undated.items() if not name.startswith(JOINED)}
        senses: dict[str, DateSense] = {}
        if own:
            file, texts = self._first_texts(own)
            senses |= {name: _sense(texts[name], column, file) for name, column in own.items()}
        if companion is not None and joined is not None:
            spelling = {folded(name): name for name in joined.frame.columns if name != ROW_NUMBER}
            for name, column in undated.items():
                if name.startswith(JOINED):
                    there = spelling.get(folded(name.removeprefix(JOINED)))
                    empty = pl.Series(name, [], dtype=pl.String)
                    senses[name] = _sense(joined.frame[there] if there else empty, column, companion)
        return senses

    def _first_texts(self, columns: Mapping[str, Column]) -> tuple[PartnerFile, dict[str, pl.Series]]:
        """The distinct texts of columns over the first rows of the file, and the file as it really is."""
        texts = {name: pl.Series(name, [], dtype=pl.String) for name in columns}
        left = ROWS_LOOKED_AT
        with self._open() as reading:
            file = self._file.model_copy(update={"format": reading.layout.format})
            for table in reading.chunks():
                there = table.frame.head(left)
                texts |= {name: pl.concat([texts[name], there[name].unique()]).unique() for name in columns if name in there.columns}
                left -= there.height
                if left == 0:
                    break
        return file, texts


def only_with_number(file: PartnerFile) -> tuple[tuple[str, ...], ...]:
    """The groups of columns that a withdrawal needs."""
    own = tuple(name for name, column in file.columns.items() if column.field == RECORD_ID)
    return (own,) if own else tuple((name,) for name in file.record_id)


def _required(mapping: CompiledMapping, headers: Collection[str], *, withdraws: bool) -> tuple[tuple[str, ...], ...]:
    action = mapping.file.action
    if withdraws or (action is not None and column_name(action.column) in headers):
        return only_with_number(mapping.file)
    return mapping.required_columns


def _sense(texts: pl.Series, column: Column, file: PartnerFile) -> DateSense:
    return sense_of(texts, file.missing, column.lookup, is_spreadsheet=file.format.kind == "spreadsheet")


def _formats_found(file: PartnerFile, senses: Mapping[str, DateSense]) -> pl.DataFrame:
    names = {column_name(name): (name, column.field) for name, column in file.columns.items()}
    if file.join is not None:
        names |= {JOINED + name: (name, column.field) for name, column in file.join.take.items()}
    found = [names[name] for name, sense in senses.items() if sense.is_found]
    return problem_frame([(file.name, None, "date_format_found", field, header) for header, field in found])


def _filled(frame: pl.DataFrame, names: Collection[str]) -> set[str]:
    """Which of some columns have a text in any row."""
    there = [name for name in names if name in frame.columns]
    return {name for name in there if frame.select((trimmed(name) != "").any()).item()}


def _account(table: TextTable, rows: MappedRows) -> RowLedger:
    outcomes = dict(rows.frame[OUTCOME].value_counts().iter_rows())
    by_code = {code: ROW_OUTCOMES[problem.severity] for code, problem in catalogue().items() if problem.severity in ROW_OUTCOMES}
    unread = table.problems.filter(pl.col("code").is_in(list(by_code))).unique("row_number")
    for code in unread["code"]:
        outcome = str(by_code[code])
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return RowLedger(received=table.received, **{str(outcome): outcomes.get(str(outcome), 0) for outcome in Outcome}).check()


def _knowing_what_others_take(file: PartnerFile, partner: Partner) -> PartnerFile:
    """The file with the columns that another file of the batch looks up in it: they are not unknown."""
    taken = [name for other in partner.files if other.join and other.join.file == file.name for name in (other.join.on, *other.join.take)]
    known = file.known_headers()
    added = {name: "looked up by another file of the batch" for name in taken if name not in known}
    return file.model_copy(update={"ignored": {**file.ignored, **added}}) if added else file


def ledger_of(chunks: Collection[RowLedger], newly_held: int) -> RowLedger:
    """The account of a file: that of its chunks, with the rows that only the whole file holds moved."""
    return sum(chunks, EMPTY_LEDGER).held_back(newly_held)
