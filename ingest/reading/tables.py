"""The rows below a header as tables of text of bounded size, and the reason of each row that is in none.

Here: blocks of bytes cut into records, the sound ones parsed together, the count of both compared.
Never here: where the header is, or how the file was saved.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from ingest.reading.blocks import Grammar, Positions, Records, split
from ingest.reading.dialects import Recognised
from ingest.reading.encodings import Stream, as_utf_8, is_read_directly
from ingest.reading.headers import MOST_COLUMNS, ROW_NUMBER, column_names
from ingest.reading.non_records import RowRules
from ingest.reading.taken_out import REASONS, Reasons, Width, taken_out, without
from ingest.refusals import refusal
from schemas.messages import say
from schemas.partner import RETURNED_COLUMNS, PartnerFile
from schemas.problems import PROBLEM_SCHEMA, catalogue

LONGEST_LINE = 4 << 20
MOST_RECORDS = 50_000
"""How many rows a table holds, about: what is said of a row weighs more than a short row."""
MOST_OTHERS = 500_000
"""Or how many rows that it does not hold, of which a number and a reason are kept."""
BLOCK_BYTES = 1 << 18
"""How much is cut into records at a time: it stays in the processor's cache."""
CHUNK_BYTES = 16 << 20
"""How much text a table holds, about."""
_INDEX = "index "


@dataclass(frozen=True, repr=False)
class TextTable:
    """Rows of a file as text.

    `frame`: `row_number`, then one String column a header, in the file's order. `problems`: each row that is not in
    the frame, with its reason. `received`: all rows but the header, so frame rows + rows with a problem = received.
    """

    frame: pl.DataFrame
    problems: pl.DataFrame
    received: int

    def __repr__(self) -> str:
        return f"<TextTable {self.frame.height} of {self.received} rows>"


@dataclass(frozen=True)
class BodyFormat:
    """How the rows below the header are read."""

    file: str
    encoding: str
    separator: str
    header: tuple[str, ...]
    names: tuple[str, ...]  # of the columns, one a cell of the header
    totals_marker: str | None
    label_rows: int
    block_bytes: int
    chunk_bytes: int


def body_format(file: PartnerFile, found: Recognised, *, block_bytes: int = BLOCK_BYTES, chunk_bytes: int = CHUNK_BYTES) -> BodyFormat:
    """How the rows below the header that was found are read. Raises `BatchRefused` column_repeated, file_unsafe for too many columns."""
    if len(found.header.cells) > MOST_COLUMNS:
        raise refusal("file_unsafe", where=file.name, allowed=say("at most {count} columns", count=f"{MOST_COLUMNS:,}"))
    return BodyFormat(
        file=file.name,
        encoding=found.encoding if is_read_directly(found.encoding) else "utf-8",
        separator=found.separator,
        header=found.header.cells,
        names=column_names(found.header.cells, file),
        totals_marker=file.format.totals_marker,
        label_rows=file.format.label_rows,
        block_bytes=block_bytes,
        chunk_bytes=chunk_bytes,
    )


@dataclass(repr=False)
class _Gathered:
    """What waits to become a table: sound text, the numbers of its rows, and the other rows."""

    texts: list[bytes] = field(default_factory=list)
    numbers: list[Positions] = field(default_factory=list)
    others: list[Positions] = field(default_factory=list)
    reasons: list[Reasons] = field(default_factory=list)
    size: int = 0

    @property
    def is_full_of_rows(self) -> bool:
        """Whether there are enough rows for a table, however short they are."""
        return sum(map(len, self.numbers)) >= MOST_RECORDS or sum(map(len, self.others)) >= MOST_OTHERS

    def take_out(self, numbers: Positions, reasons: Reasons) -> None:
        self.others.append(numbers)
        self.reasons.append(reasons)


def tables_of(body: Stream, above: Sequence[Sequence[str]], form: BodyFormat) -> Iterator[TextTable]:
    """The tables of the text below a header, at least one; the rows above the header are accounted for in the first.

    Raises `BatchRefused` file_unreadable for a line longer than `LONGEST_LINE`.
    """
    rules = RowRules(form.header, form.totals_marker)
    gathered = _Gathered()
    reasons_above = [REASONS.index(_reason_above(cells)) for cells in above]
    gathered.take_out(np.arange(1, len(above) + 1, dtype=np.int64), np.array(reasons_above, np.uint8))
    width = Width(len(form.header) - 1, form.separator, form.encoding)
    next_row = len(above) + 2
    label_rows = form.label_rows
    for records in blocks_of(body, form):
        numbers = np.arange(next_row, next_row + len(records), dtype=np.int64)
        others = taken_out(records, rules, width, label_rows)
        gathered.take_out(numbers[others.mask], others.reasons)
        label_rows = max(0, label_rows - len(records))
        if not others.mask.all():
            gathered.texts.append(as_utf_8(without(records, others.mask), form.encoding))
            gathered.numbers.append(numbers[~others.mask])
        next_row += len(records)
        gathered.size += len(records.text)  # rows that are taken out weigh something too
        if gathered.size >= form.chunk_bytes or gathered.is_full_of_rows:
            yield _table(gathered, rules, form)
            gathered = _Gathered()
    if gathered.texts or any(map(len, gathered.others)) or next_row == len(above) + 2:
        yield _table(gathered, rules, form)


def _reason_above(cells: Sequence[str]) -> str:
    return "preamble" if any(cell.strip() for cell in cells) else "row_blank"


def blocks_of(body: Stream, form: BodyFormat) -> Iterator[Records]:
    """The records of a stream, block after block; what a block leaves undecided begins the next."""
    grammar = Grammar(ord(form.separator), len(form.header) - 1)
    rest = b""
    while True:
        piece = body.read(max(form.block_bytes, len(rest)))
        text = rest + piece
        if not text:
            return
        records = split(text, grammar, is_last=not piece)
        if len(records):
            yield records
            rest = text[int(records.ends[-1]) :]
        else:
            rest = text
        if not piece:
            return
        if len(rest) > LONGEST_LINE:
            raise refusal("file_unreadable", where=form.file, allowed=say("lines of at most {size} MB", size=LONGEST_LINE >> 20))


def _table(gathered: _Gathered, rules: RowRules, form: BodyFormat) -> TextTable:
    numbers = np.concatenate(gathered.numbers) if gathered.numbers else np.array([], np.int64)
    text = _parsed(b"".join(gathered.texts), form, len(numbers))
    reasons = rules.reasons(text).select(pl.lit(pl.Series(numbers)).gather(pl.col("index")).alias(ROW_NUMBER), "code")
    frame = text.insert_column(0, pl.Series(ROW_NUMBER, numbers))
    if reasons.height:
        frame = frame.join(reasons, on=ROW_NUMBER, how="anti", maintain_order="left")
    others = _others(gathered)
    problems = _problems(pl.concat([others, reasons]).sort(ROW_NUMBER) if reasons.height else others, form.file)
    return TextTable(frame.drop(RETURNED_COLUMNS, strict=False), problems, received=len(numbers) + others.height)


def _others(gathered: _Gathered) -> pl.DataFrame:
    """The rows that were taken out: number and code, in order."""
    if not gathered.others:
        return pl.DataFrame(schema={ROW_NUMBER: pl.Int64, "code": pl.String})
    codes = pl.Series("code", REASONS, dtype=pl.String).gather(pl.Series(np.concatenate(gathered.reasons)).cast(pl.UInt32))
    return pl.DataFrame([pl.Series(ROW_NUMBER, np.concatenate(gathered.others), dtype=pl.Int64), codes])


def _problems(rows: pl.DataFrame, file: str) -> pl.DataFrame:
    for code in rows["code"].unique():
        catalogue()[code]
    found = rows.with_columns(pl.lit(file).alias("file"))
    return found.select(pl.col(name) if name in found.columns else pl.lit(None, kind).alias(name) for name, kind in PROBLEM_SCHEMA.items())


def _parsed(text: bytes, form: BodyFormat, count: int) -> pl.DataFrame:
    """So many records as columns of text. Polars is believed only when it finds as many as were cut."""
    schema = dict.fromkeys(form.names, pl.String)
    if not count:
        return pl.DataFrame(schema=schema)
    try:
        frame = pl.read_csv(
            text,
            has_header=False,
            separator=form.separator,
            schema=schema,
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError:  # its message may hold a cell
        frame = None
    return frame if frame is not None and frame.height == count else _parsed_slowly(text, form, count)


def _parsed_slowly(text: bytes, form: BodyFormat, count: int) -> pl.DataFrame:
    csv.field_size_limit(len(text) + 1)
    rows = list(csv.reader(io.StringIO(text.decode(), newline=""), delimiter=form.separator))
    rows = [row or [""] for row in rows]
    if len(rows) != count:
        raise RuntimeError("records were cut in another way than they were parsed")
    columns = zip(*rows, strict=True)
    return pl.DataFrame([pl.Series(name, cells, dtype=pl.String) for name, cells in zip(form.names, columns, strict=True)])
