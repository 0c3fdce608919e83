"""Turn a partner's file into one that names nobody: record numbers, keyed tokens, and the columns that may stay.

Here: which columns are read and which stay, the order of the steps, counts of the outcome. Never here: how a token is made
(`linkage.private`), what is shown on the terminal, or anything that needs an instance's keys or the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ingest.disk import create_file
from ingest.reading.reader import ROW_NUMBER, column_name, read
from ingest.validation.checking import Progress
from ingest.validation.file_pass import Batch, FilePass
from ingest.validation.whole_file import whole_files
from linkage.private.clk import clk_column
from linkage.private.lint import Finding, lint
from linkage.private.normaliser import birth_years, name_parts
from linkage.private.rounds import KeyFile, read_key_file
from linkage.private.slots import COLUMNS
from linkage.private.tokens import TOKEN_PATTERN, person_tokens
from pipelines.encoding_columns import TOKEN_FIELD, Plan, refuse_existing
from pipelines.instance import storage_error
from pipelines.kept_cells import assert_names_nobody_in

NO_BIRTH_YEAR = "no birth date and no birth year could be read"
NO_PART = "a birth date, but neither a name of two parts, nor a document, nor a telephone number"
DATE_FIELD = "registration_date"
TOO_COMMON = "a birth year only, and no rare name, document or telephone number"


@dataclass(frozen=True)
class Encoded:
    """What was written, in counts.

    `by_count`: (fewest, most, records) by number of tokens. `without`: (reason, records) for those that got none.
    """

    round: str
    records: int
    tokens: int
    by_count: tuple[tuple[int, int, int], ...]
    without: tuple[tuple[str, int], ...]
    kept: tuple[str, ...]
    left_out: int
    findings: tuple[Finding, ...] = field(default=())


def encode_file(plan: Plan, key_path: Path, out: Path, *, with_clk: bool, progress: Progress | None = None) -> Encoded:
    """Encode the file of the plan with a round's key file and write the result as CSV (UTF-8); nothing is ever written over.

    Raises `UserError` for a key file or a plan that does not fit, `BatchRefused` when the table cannot be read.
    """
    refuse_existing(out)
    key = read_key_file(_bytes_of(key_path), key_path.name)
    records = _records(plan, progress)
    raw = read(plan.table, plan.file).frame
    records = _with_bare_years(records, raw, plan)
    made = _made(records, key, with_clk=with_clk)
    kept = plan.kept(raw.columns)
    dates = {column_name(name) for name, column in plan.file.columns.items() if column.field == DATE_FIELD}
    assert_names_nobody_in(raw.select(ROW_NUMBER, *(name for name in kept if name not in dates)), records)
    written = raw.select(ROW_NUMBER, *kept).join(made, on=ROW_NUMBER, how="left", maintain_order="left").drop(ROW_NUMBER)
    written = written.rename({name: name.strip() for name in kept}).rename({TOKEN_FIELD: plan.token_header})
    if not create_file(out, written.write_csv().encode()):
        refuse_existing(out)
    counts = made[TOKEN_FIELD].str.count_matches(TOKEN_PATTERN).fill_null(0)
    return Encoded(
        round=key.round,
        records=records.height,
        tokens=int(counts.sum()),
        by_count=_by_count(counts),
        without=_without(records.filter(counts == 0)),
        kept=tuple(kept),
        left_out=len(raw.columns) - 1 - len(kept),
        findings=lint(made[TOKEN_FIELD]).findings,
    )


def _records(plan: Plan, progress: Progress | None) -> pl.DataFrame:
    """row_number and the identifying fields of every row, as the plan's file says; null where a cell cannot be read."""
    frames: list[pl.DataFrame] = []
    done, size = 0, plan.table.stat().st_size
    with whole_files() as room:
        one = FilePass(Batch({plan.file.name: plan.table}, {plan.file.name: plan.file}, room), plan.file, fields=COLUMNS)
        for chunk in one.chunks():
            frame = chunk.rows.frame
            frames.append(frame.select(ROW_NUMBER, *(name for name in COLUMNS if name in frame.columns)))
            done += int(chunk.rows.facts["content"].str.len_bytes().sum())
            _tell(progress, min(done, size), size)
    _tell(progress, size, size)
    return pl.concat(frames)


def _with_bare_years(records: pl.DataFrame, raw: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """The records with a year for a birth date where the cell is four digits and nothing else, whatever form dates have."""
    headers = [column_name(name) for name, column in plan.file.columns.items() if column.field == "birth_date"]
    there = [name for name in headers if name in raw.columns]
    if not there or "birth_date" not in records.columns:
        return records
    cell = pl.col(there[0]).str.strip_chars()
    years = raw.select(ROW_NUMBER, pl.when(cell.str.contains(r"^(?:19|20)\d{2}$")).then(cell).alias("bare year"))
    joined = records.join(years, on=ROW_NUMBER, how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("birth_date", "bare year").alias("birth_date")).drop("bare year")


def _tell(progress: Callable[[int, int], None] | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _made(records: pl.DataFrame, key: KeyFile, *, with_clk: bool) -> pl.DataFrame:
    """row_number and person_token."""
    tokens = person_tokens(records, key.round, key.secret)
    if with_clk:
        filters = clk_column(records, key.round, key.secret)
        both = pl.concat_str(pl.col(TOKEN_FIELD), pl.col("clk"), separator=" ", ignore_nulls=True)
        joined = pl.DataFrame([tokens, filters]).select(pl.when(both != "").then(both).alias(TOKEN_FIELD))
        tokens = joined[TOKEN_FIELD]
    return pl.DataFrame([records[ROW_NUMBER], tokens])


def _by_count(counts: pl.Series) -> tuple[tuple[int, int, int], ...]:
    steps = ((1, 2), (3, 5), (6, 10), (11, 1_000))
    return tuple((fewest, most, int(counts.is_between(fewest, most).sum())) for fewest, most in steps)


def _without(records: pl.DataFrame) -> tuple[tuple[str, int], ...]:
    """Why records have no token, in the order in which the reasons are asked."""
    born = records.select(birth_years(pl.col("birth_date")).is_not_null()).to_series() if "birth_date" in records.columns else None
    undated = records.height if born is None else int((~born).sum())
    dated = records.clear() if born is None else records.filter(born)
    has_pair = _with_two_parts(dated)
    found = ((NO_BIRTH_YEAR, undated), (NO_PART, dated.height - has_pair), (TOO_COMMON, has_pair))
    return tuple((reason, count) for reason, count in found if count)


def _with_two_parts(records: pl.DataFrame) -> int:
    names = [name for name in ("given_name", "middle_name", "family_name") if name in records.columns]
    parts = name_parts(records.with_row_index("position").select("position", *names)) if names else records.clear()
    return parts.group_by("position").len().filter(pl.col("len") > 1).height if names else 0


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise storage_error(error, path) from None
