"""A table of reports in any file, as linkage takes it: which of its columns is read as what, its rows as text, its ids.

Here: the columns that are known by name, a mapping for others, every fault of both at once. Never here: a comparison of two
reports, or a cell in a message; names of columns and counts may be said.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import yaml

from anonymize.files.source import Source, open_source, quoted, reading
from linkage.table import INPUT, REQUIRED
from pipelines.linking_values import CellsRead, readable
from schemas.errors import SpecificationError, UserError
from schemas.zones import Identified

if TYPE_CHECKING:
    import duckdb

KEY, PARTNER = REQUIRED
IGNORED = "ignored"
"""What a mapping says of a column that must not be read, though its name is known."""
ID_COLUMN = "unique_id"
SOLE_PARTNER = "table"
"""The partner of every report of a table that does not say who sent it."""

KNOWN: Mapping[str, str] = {
    **{name: name for name in INPUT},
    ID_COLUMN: KEY,
    "partner": PARTNER,
    "surname": "family_name",
    "dob": "birth_date",
    "dob_quality": "birth_date_precision",
    "sex": "gender_code",
    "nationality": "citizenship_code",
    "document": "document_number",
}
"""Columns that are read without being mapped: ours, and those of tables of reports as they are often made."""

_SAYS_NOTHING_ALONE = {KEY, PARTNER, "birth_date_precision"}
_ROWS_NAMED = 5
ALLOWED = f"{', '.join(INPUT)}; {IGNORED} (the column is not read)"


@dataclass(frozen=True)
class Reading:
    """From a column of linkage to the columns of the table that it is read from, in the order of the table; and the columns not read."""

    columns: Mapping[str, tuple[str, ...]]
    unread: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class ReportTable:
    """A table that was read: the reports, the ids in the order of its rows and of its own type, how columns and cells were understood."""

    reports: Identified
    ids: pl.Series
    reading: Reading
    cells: tuple[CellsRead, ...]


def mapping_of(file: Path | None, typed: Sequence[str]) -> tuple[Mapping[str, str], list[str]]:
    """From a column of the table to ours: first what the file says, then what was typed as `theirs=ours`; and the faults of both.

    Ours may be said by any name in `KNOWN`.
    """
    mapping, faults = ({}, []) if file is None else _mapping_in(file)
    for each in typed:
        theirs, equals, ours = (part.strip() for part in each.partition("="))
        if equals and theirs and ours:
            mapping[theirs] = ours
        else:
            faults.append("--map: not of the form theirs=ours")
    return {theirs: KNOWN.get(ours, ours) for theirs, ours in mapping.items()}, faults


def _mapping_in(file: Path) -> tuple[dict[str, str], list[str]]:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError:
        return {}, [f"{file.name}: cannot be read"]
    except (UnicodeDecodeError, yaml.YAMLError):
        return {}, [f"{file.name}: is no YAML"]
    if not isinstance(found, dict):
        return {}, [f"{file.name}: is no mapping of columns, one line each: theirs: ours"]
    return {str(theirs): str(ours) for theirs, ours in found.items()}, []


def understood(columns: Sequence[str], mapping: Mapping[str, str]) -> tuple[Reading, list[str]]:
    """How the columns of a table are read under a mapping, and every fault of the two.

    A column that is not mapped is read where its name is `KNOWN`, unless the mapping reads another column as the same. Several columns
    that are mapped to one of ours are joined with a space, in the order of the table; an id is never joined.
    """
    faults = [f"{theirs}: the table has no such column" for theirs in mapping if theirs not in columns]
    faults += [f"{theirs}: read as {ours}, which is no column of linkage" for theirs, ours in mapping.items() if not _is_target(ours)]
    said = set(mapping.values())
    found: dict[str, tuple[str, ...]] = {}
    for column in columns:
        target = mapping.get(column) or (KNOWN.get(column, IGNORED) if KNOWN.get(column) not in said else IGNORED)
        if target != IGNORED and _is_target(target):
            found[target] = (*found.get(target, ()), column)
    faults += _faults_of_reading(found)
    read = {column for sources in found.values() for column in sources}
    return Reading(found, tuple(column for column in columns if column not in read)), faults


def _is_target(name: str) -> bool:
    return name in INPUT or name == IGNORED


def _faults_of_reading(found: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if KEY not in found:
        yield f"no column is the id of a report; it is called {ID_COLUMN} or {KEY}, or mapped to {KEY}"
    for only in REQUIRED:
        if len(found.get(only, ())) > 1:
            yield f"{', '.join(found[only])}: all read as {only}, which is of one column"
    if not set(found) - _SAYS_NOTHING_ALONE:
        yield "no column can be compared"


def read_reports(path: Path, mapping: Mapping[str, str], faults: Sequence[str] = ()) -> ReportTable:
    """Read a table of reports from .parquet, or from .csv or .txt with a header.

    Raises `UserError` for a file that cannot be read, and `SpecificationError` with every fault: those that are handed over, those of
    the mapping, and ids that are empty or repeated.
    """
    with tempfile.TemporaryDirectory(prefix="casehouse-") as spill, open_source(path, spill=Path(spill)) as source:
        plan, found = understood(tuple(source.columns), mapping)
        found = [*faults, *found]
        if len(plan.columns.get(KEY, ())) != 1:
            raise _refused(path, found)
        frame = _rows(source, plan)
    found += _faults_of_ids(frame[KEY], plan.columns[KEY][0])
    if found:
        raise _refused(path, found)
    reports, cells = readable(frame.drop(ID_COLUMN))
    return ReportTable(Identified(reports), frame[ID_COLUMN], plan, cells)


def _rows(source: Source, plan: Reading) -> pl.DataFrame:
    """All rows in their order: our columns as text, a blank cell null, and the id once more as the table has it."""
    cells = [_joined(columns, target) for target, columns in plan.columns.items()]
    if PARTNER not in plan.columns:
        cells.append(f"'{SOLE_PARTNER}' as {PARTNER}")
    cells.append(f"{quoted(plan.columns[KEY][0])} as {quoted(ID_COLUMN)}")
    with reading(source.path):
        table: duckdb.DuckDBPyRelation = source.relation().project(", ".join(cells))
        return pl.DataFrame(table.to_arrow_table())


def _joined(columns: Sequence[str], target: str) -> str:
    texts = [f"nullif(trim(cast({quoted(column)} as varchar)), '')" for column in columns]
    return f"nullif(concat_ws(' ', {', '.join(texts)}), '') as {quoted(target)}"


def _faults_of_ids(ids: pl.Series, column: str) -> Iterator[str]:
    if ids.null_count():
        yield f"{column}: {ids.null_count():,} row(s) without an id: {_rows_where(ids.is_null())}"
    repeated = ids.is_not_null() & ~ids.is_first_distinct()
    if repeated.any():
        yield f"{column}: {repeated.sum():,} row(s) repeat the id of another: {_rows_where(repeated)}"
    if not ids.len():
        yield "the table has no row"


def _rows_where(is_so: pl.Series) -> str:
    """The numbers of rows, the first below the header being 1."""
    numbers = [f"{position + 1:,}" for position in is_so.arg_true().head(_ROWS_NAMED)]
    more = " and more" if is_so.sum() > _ROWS_NAMED else ""
    return f"row {', '.join(numbers)}{more}, counted below the header"


def _refused(path: Path, faults: Sequence[str]) -> SpecificationError:
    return SpecificationError(
        faults,
        where=f"the request to link {path.name}",
        allowed=f"a column read as one of: {ALLOWED}; an id in every row, each once",
        next_step="map the columns with --map theirs=ours or --columns FILE.yml, then run again; nothing was written",
    )


VERDICTS = ("same", "different", "unsure")
SIDES = (f"{ID_COLUMN}_left", f"{ID_COLUMN}_right")


def read_judgements(path: Path, ids: pl.Series) -> pl.DataFrame:
    """The judgements of a file, in its order, as `linkage.clusters` takes them; a row without a verdict is not judged yet.

    The file has the columns of the pairs that `--review` writes, with a verdict: same, different or unsure; `by` and `at` may be there.
    Of two verdicts on one pair the lower row is the newer. `ids` are the record keys of the table. Raises `UserError`,
    `SpecificationError`.
    """
    with tempfile.TemporaryDirectory(prefix="casehouse-") as spill, open_source(path, spill=Path(spill)) as source:
        missing = [f"there is no column {name}" for name in (*SIDES, "verdict") if name not in source.columns]
        if missing:
            raise _unusable(path, missing)
        names = (*SIDES, "verdict", "by", "at")
        with reading(path):
            cells = [_joined([name], name) if name in source.columns else f"cast(null as varchar) as {name}" for name in names]
            frame = pl.DataFrame(source.relation().project(", ".join(cells)).to_arrow_table())
    judged = frame.drop_nulls("verdict")
    if faults := list(_faults_of_judgements(judged, ids)):
        raise _unusable(path, faults)
    left, right = SIDES
    return judged.with_row_index("number", offset=1).select(
        pl.col("number").cast(pl.Int64),
        pl.min_horizontal(left, right).alias("record_key_left"),
        pl.max_horizontal(left, right).alias("record_key_right"),
        "verdict",
        pl.col("by").fill_null(""),
        pl.col("at").fill_null(""),
    )


def _faults_of_judgements(judged: pl.DataFrame, ids: pl.Series) -> Iterator[str]:
    left, right = (pl.col(side) for side in SIDES)
    known = ids.implode()
    for fault, is_so in (
        ("row(s) with another verdict", ~pl.col("verdict").is_in(VERDICTS)),
        ("row(s) name a report that the table does not hold", ~(left.is_in(known) & right.is_in(known)).fill_null(value=False)),
        ("row(s) name one report twice", left == right),
    ):
        if count := judged.filter(is_so).height:
            yield f"{count:,} {fault}"


def _unusable(path: Path, faults: Sequence[str]) -> SpecificationError:
    return SpecificationError(
        faults,
        where=path.name,
        allowed=f"columns {', '.join(SIDES)}, verdict ({', '.join(VERDICTS)}, or blank); ids of the table",
        next_step="write the pairs with --review, fill in the column verdict, then run again; nothing was written",
    )


def refuse_existing(paths: Sequence[Path]) -> None:
    """Raise `UserError` when any of the files is already there."""
    there = [path.name for path in paths if path.exists()]
    if there:
        raise UserError(
            "an output is already there",
            where=", ".join(there),
            allowed="a file that does not exist yet, or --force",
            next_step="name another file, or run again with --force to replace it",
        )
