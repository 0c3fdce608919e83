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

from ingest.reading.blocks import Grammar, Mask, Positions, Records, split
from ingest.reading.dialects import cells_of
from ingest.reading.encodings import Stream, as_utf_8, undecodable
from ingest.reading.headers import ROW_NUMBER
from ingest.reading.non_records import RowRules
from ingest.refusals import refusal
from schemas.messages import say
from schemas.partner import RETURNED_COLUMNS
from schemas.problems import PROBLEM_SCHEMA, catalogue

LONGEST_LINE = 64 << 20
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


@dataclass(repr=False)
class _Gathered:
    """What waits to become a table: sound text, the numbers of its rows, and the other rows."""

    texts: list[bytes] = field(default_factory=list)
    numbers: list[Positions] = field(default_factory=list)
    others: list[tuple[int, str]] = field(default_factory=list)
    size: int = 0


def tables_of(body: Stream, above: Sequence[Sequence[str]], form: BodyFormat) -> Iterator[TextTable]:
    """The tables of the text below a header, at least one; the rows above the header are accounted for in the first.

    Raises `BatchRefused` file_unreadable for a line longer than `LONGEST_LINE`.
    """
    rules = RowRules(form.header, form.totals_marker)
    gathered = _Gathered()
    gathered.others += [(number, _reason_above(cells)) for number, cells in enumerate(above, start=1)]
    next_row = len(above) + 2
    label_rows = form.label_rows
    for records in blocks_of(body, form):
        numbers = np.arange(next_row, next_row + len(records), dtype=np.int64)
        is_other = _take_out(records, numbers, gathered, rules, form, label_rows)
        label_rows = max(0, label_rows - len(records))
        if not is_other.all():
            gathered.texts.append(as_utf_8(_without(records, is_other), form.encoding))
            gathered.numbers.append(numbers[~is_other])
        next_row += len(records)
        gathered.size += len(records.text)  # rows that are taken out weigh something too
        if gathered.size >= form.chunk_bytes:
            yield _table(gathered, rules, form)
            gathered = _Gathered()
    if gathered.texts or gathered.others or next_row == len(above) + 2:
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


def _take_out(records: Records, numbers: Positions, gathered: _Gathered, rules: RowRules, form: BodyFormat, label_rows: int) -> Mask:
    """Which records no table can hold; each is put among the other rows with its reason."""
    is_undecodable = undecodable(records, form.encoding)
    is_other: Mask = records.is_broken | is_undecodable | (records.separators != len(form.header) - 1)
    is_other[:label_rows] = True
    starts = records.starts
    for each in np.flatnonzero(is_other).tolist():
        if each < label_rows:
            code = "header_repeated"
        elif records.is_broken[each]:
            code = "quote_unclosed"
        elif is_undecodable[each]:
            code = "text_undecodable"
        else:
            record = records.text[starts[each] : records.ends[each]].decode(form.encoding)
            code = rules.reason(cells_of(record, form.separator)) or "row_ragged"
        gathered.others.append((int(numbers[each]), code))
    return is_other


def _without(records: Records, is_other: Mask) -> bytes:
    """The text of all other records, each with a line end."""
    text = records.text[: int(records.ends[-1])]
    if is_other.any():
        lengths = np.diff(records.ends, prepend=0)
        text = np.frombuffer(text, np.uint8)[np.repeat(~is_other, lengths)].tobytes()
    return text if text.endswith(b"\n") else text + b"\n"


def _table(gathered: _Gathered, rules: RowRules, form: BodyFormat) -> TextTable:
    numbers = np.concatenate(gathered.numbers) if gathered.numbers else np.array([], np.int64)
    text = _parsed(b"".join(gathered.texts), form, len(numbers))
    reasons = rules.reasons(text).select(pl.lit(pl.Series(numbers)).gather(pl.col("index")).alias(ROW_NUMBER), "code")
    frame = text.insert_column(0, pl.Series(ROW_NUMBER, numbers))
    if reasons.height:
        frame = frame.join(reasons, on=ROW_NUMBER, how="anti", maintain_order="left")
    others = pl.DataFrame(gathered.others, schema={ROW_NUMBER: pl.Int64, "code": pl.String}, orient="row")
    problems = _problems(pl.concat([others, reasons]).sort(ROW_NUMBER), form.file)
    return TextTable(frame.drop(RETURNED_COLUMNS, strict=False), problems, received=len(numbers) + len(gathered.others))


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
