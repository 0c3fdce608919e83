"""One pass over the rows of one file, chunk by chunk: read, mapped, accounted for, and judged as a whole at the end.

Here: the way of a row that the pipeline and the check command share. Never here: what becomes of the chunks; they are handed on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import polars as pl

from ingest.mapping.actions import check_no_unagreed_action
from ingest.mapping.applied import ACTION, OUTCOME, MappedRows, map_rows
from ingest.mapping.codes import trimmed
from ingest.mapping.columns import JOINED, Companion, check_required, column_problems, companion_of, is_unnamed
from ingest.mapping.compiled import REPLACE, WITHDRAW, CompiledMapping, compile_mapping, undated_columns
from ingest.mapping.date_formats import ROWS_LOOKED_AT, DateSense, sense_of
from ingest.mapping.numbering import RECORD_ID
from ingest.reading.payloads import Payload
from ingest.reading.reader import ROW_NUMBER, Layout, Reading, TextTable, column_name, open_reading, read
from ingest.reading.tables import BLOCK_BYTES, CHUNK_BYTES
from ingest.validation.reports import Sweep, swept
from ingest.validation.whole_file import LateProblem, Room, WholeFile
from schemas.folding import folded_header
from schemas.ledger import EMPTY_LEDGER, Outcome, RowLedger
from schemas.partner import Column, Partner, PartnerFile
from schemas.problems import ROW_OUTCOMES, catalogue, problem_frame


@dataclass(frozen=True)
class Batch:
    """The files of a batch as a pass needs them: their bytes and specifications by name, and room for fingerprints.

    `withdraws`: every row withdraws its record. `sweep` looks through the reports that nothing of the row holds back.
    """

    payloads: Mapping[str, Payload]
    files: Mapping[str, PartnerFile]
    room: Room
    withdraws: bool = False
    sweep: Sweep | None = None
    chunk_bytes: int = CHUNK_BYTES


@dataclass(frozen=True)
class Corrections:
    """Of the accepted rows, how many withdraw the record that they name, and how many replace it; all others add one."""

    withdrawals: int = 0
    replacements: int = 0

    def __add__(self, other: Corrections) -> Corrections:
        """Those of two files together."""
        return Corrections(self.withdrawals + other.withdrawals, self.replacements + other.replacements)


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file: as reports, with the problems of reading, mapping and sweeping them."""

    rows: MappedRows
    problems: pl.DataFrame


@dataclass(frozen=True)
class FileEnd:
    """What is known of a file at its end: its layout and account, the problems of its columns, and the late ones of its rows."""

    file: PartnerFile
    layout: Layout
    ledger: RowLedger
    corrections: Corrections
    problems: pl.DataFrame
    whole: WholeFile
    late: tuple[LateProblem, ...]


class FilePass:
    """The pass over one file: iterate `chunks` to its end, then ask for `end`.

    `fields`: those of the reports that are wanted, None for all; a sweep needs all. Raises `BatchRefused` when the file
    cannot be read as its specification says.
    """

    def __init__(self, batch: Batch, file: PartnerFile, *, fields: Collection[str] | None = None) -> None:
        self._batch, self._file, self._fields = batch, file, fields
        self._ledger, self._corrections = EMPTY_LEDGER, Corrections()
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
            check_no_unagreed_action(headers, file)
            check_required(headers, file, _required(mapping, headers, withdraws=self._batch.withdraws))
            whole = WholeFile(self._batch.room, mapping)
            blank = {name for position, name in enumerate(headers, start=1) if is_unnamed(name, position)}
            nothing: MappedRows | None = None  # of a table without a sound row; one file may be a million times blank
            for table in reading.chunks():
                blank -= _filled(table.frame, blank)
                rows = nothing if nothing is not None and table.frame.is_empty() else map_rows(table, mapping, companion, self._fields)
                if table.frame.is_empty():
                    nothing = rows
                else:
                    rows = swept(rows, mapping, self._batch.sweep) if self._batch.sweep else rows
                    whole.add(rows)
                self._ledger += _account(table, rows)
                self._corrections += _corrections(rows)
                yield Chunk(rows, pl.concat([table.problems, rows.problems]))
            problems = [reading.layout.problems, column_problems(headers, blank, file), _formats_found(file, senses)]
            problems += [companion.problems] if companion else []
            self._end = self._judged(file, reading.layout, pl.concat(problems), whole)

    @property
    def end(self) -> FileEnd:
        """What is known once every chunk was taken."""
        if self._end is None:
            raise ValueError("the chunks of the file were not all taken")
        return self._end

    def _judged(self, file: PartnerFile, layout: Layout, problems: pl.DataFrame, whole: WholeFile) -> FileEnd:
        """The file at its end: the rows that only the whole of it holds are moved in its account."""
        late = whole.judge()
        ledger = self._ledger.held_back(whole.newly_held())
        corrections = self._corrections + Corrections(replacements=-whole.newly_held_replacements())
        return FileEnd(file, layout, ledger, corrections, problems, whole, late)

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
            spelling = {folded_header(name): name for name in joined.frame.columns if name != ROW_NUMBER}
            for name, column in undated.items():
                if name.startswith(JOINED):
                    there = spelling.get(folded_header(name.removeprefix(JOINED)))
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
    there = set(names).intersection(frame.columns)
    if not there or frame.is_empty():
        return set()
    is_filled = frame.select((trimmed(name) != "").any() for name in sorted(there)).row(0, named=True)
    return {name for name, has_text in is_filled.items() if has_text}


def _account(table: TextTable, rows: MappedRows) -> RowLedger:
    outcomes = dict(rows.frame[OUTCOME].value_counts().iter_rows())
    by_code = {code: ROW_OUTCOMES[problem.severity] for code, problem in catalogue().items() if problem.severity in ROW_OUTCOMES}
    for code, count in table.problems["code"].value_counts().iter_rows():  # one problem a row that is in no frame
        if code not in by_code:
            continue
        outcome = str(by_code[code])
        outcomes[outcome] = outcomes.get(outcome, 0) + count
    return RowLedger(received=table.received, **{str(outcome): outcomes.get(str(outcome), 0) for outcome in Outcome}).check()


def _corrections(rows: MappedRows) -> Corrections:
    asked = rows.frame.filter(pl.col(OUTCOME) == str(Outcome.ACCEPTED))[ACTION]
    return Corrections(int((asked == WITHDRAW).sum()), int((asked == REPLACE).sum()))


def files_of(partner: Partner) -> dict[str, PartnerFile]:
    """The partner's files by name; each knows the columns that another file looks up in it."""
    return {file.name: _knowing_what_others_take(file, partner) for file in partner.files}


def _knowing_what_others_take(file: PartnerFile, partner: Partner) -> PartnerFile:
    """The file with the columns that another file of the batch looks up in it: they are not unknown."""
    taken = [name for other in partner.files if other.join and other.join.file == file.name for name in (other.join.on, *other.join.take)]
    known = file.known_headers()
    added = {name: "looked up by another file of the batch" for name in taken if name not in known}
    return file.model_copy(update={"ignored": {**file.ignored, **added}}) if added else file
