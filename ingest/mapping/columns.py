"""The columns a file has against those its specification names, and the columns of its companion.

Here: absent and unknown columns, and the companion's columns put beside the file's own. Never here: what a cell means.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from ingest.mapping.codes import trimmed
from ingest.reading.headers import place_of
from ingest.reading.reader import ROW_NUMBER, TextTable, column_name
from ingest.refusals import refusal
from schemas.folding import folded_header
from schemas.messages import say
from schemas.partner import Join, PartnerFile
from schemas.problems import problem_frame

JOINED, MATCHED = "joined\x1f", "matched\x1f"
"""Prefix of the companion's columns in the working frame, and the column that says whether the companion had the number."""
_KEY, _CONTENT = "key\x1f", "content\x1f"


def check_required(headers: Sequence[str], file: PartnerFile, required: Sequence[tuple[str, ...]]) -> None:
    """Raise `BatchRefused` column_required_missing when all columns of a required group are absent."""
    for group in required:
        if not any(column_name(name) in headers for name in group):
            allowed = say("the column {columns}", columns=" / ".join(group))
            raise refusal("column_required_missing", where=file.name, allowed=allowed)


def column_problems(headers: Sequence[str], blank: Collection[str], file: PartnerFile) -> pl.DataFrame:
    """What is absent and what is unknown among the columns of a file; `blank` are those without a text in any row.

    An unknown column goes by its place alone: its header may be a value, since a file without a header has one there.
    """
    expected = file.known_headers() - set(file.ignored) - set(file.optional)
    known = {column_name(name) for name in file.known_headers()}
    unknown = [
        place_of(position)
        for position, name in enumerate(headers, start=1)
        if name not in known and not (is_unnamed(name, position) and name in blank)
    ]
    filled = {name: column.field for name, column in file.columns.items()}
    rows = [(file.name, None, "column_missing", filled.get(name), name) for name in sorted(expected) if column_name(name) not in headers]
    return problem_frame([*rows, *((file.name, None, "column_unknown", None, name) for name in unknown)])


def is_unnamed(name: str, position: int) -> bool:
    """Whether a column goes by its position, since its header is empty."""
    return name.rstrip("'") == f"column {position}"


def with_absent(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The frame with the columns it lacks, all null: null is a column that is not there, never an empty cell."""
    there = set(frame.columns)
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in names if name not in there)


@dataclass(frozen=True, repr=False)
class Companion:
    """What the companion's file says of each number: `number`, the columns taken from it, and the mark of a match."""

    join: Join
    rows: pl.DataFrame
    problems: pl.DataFrame

    def __repr__(self) -> str:
        return f"<Companion of {self.rows.height} numbers>"

    def beside(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of the main file with the companion's columns."""
        keyed = frame.with_columns(trimmed(column_name(self.join.on)).alias(_KEY))
        found = keyed.join(self.rows, on=_KEY, how="left", maintain_order="left").drop(_KEY)
        return with_absent(found.with_columns(pl.col(MATCHED).fill_null(False)), [JOINED + name for name in self.join.take])


def companion_of(join: Join, table: TextTable) -> Companion:
    """The companion's rows by number; where it has a number twice, its first row by content counts.

    Raises `BatchRefused` column_required_missing when it lacks the number's column.
    """
    spelling = {folded_header(name): name for name in table.frame.columns if name != ROW_NUMBER}
    taken = {name: spelling[folded_header(name)] for name in join.take if folded_header(name) in spelling}
    key = spelling.get(folded_header(join.on))
    if key is None:
        raise refusal("column_required_missing", where=join.file, allowed=say("the column {columns}", columns=join.on))
    content = pl.concat_str([trimmed(name) for name in sorted(spelling.values())], separator="\x1f")
    rows = (
        table.frame.with_columns(content.alias(_CONTENT), trimmed(key).alias(_KEY))
        .filter(pl.col(_KEY) != "")
        .sort(_KEY, _CONTENT)
        .unique(_KEY, keep="first", maintain_order=True)
        .select(_KEY, *(pl.col(there).alias(JOINED + name) for name, there in taken.items()), pl.lit(True).alias(MATCHED))
    )
    missing = [(join.file, None, "column_missing", column.field, name) for name, column in join.take.items() if name not in taken]
    return Companion(join, rows, problem_frame(missing))
