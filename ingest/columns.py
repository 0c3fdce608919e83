"""The columns a file has against those its specification names, and the columns of its companion.

Here: absent and unknown columns, and the companion's columns put beside the file's own. Never here: what a cell means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from ingest.codes import trimmed
from ingest.headers import folded
from ingest.reading import ROW_NUMBER, TextTable, column_name
from ingest.refusals import refusal
from schemas.partner import Join, PartnerFile
from schemas.problems import problem_frame

JOINED, MATCHED = "joined\x1f", "matched\x1f"
"""Prefix of the companion's columns in the working frame, and the column that says whether the companion had the number."""
_MAY_NAME_A_PERSON = re.compile(r"\d{5}|@|.{81}", re.DOTALL)


def column_problems(frame: pl.DataFrame, file: PartnerFile, required: Sequence[tuple[str, ...]]) -> pl.DataFrame:
    """What is absent and what is unknown among the columns of a file.

    Raises `BatchRefused` column_required_missing when all columns of a required group are absent.
    """
    there = set(frame.columns)
    for group in required:
        if not any(column_name(name) in there for name in group):
            raise refusal("column_required_missing", where=file.name, allowed=f"the column {' or '.join(group)}")
    expected = file.known_headers() - set(file.ignored)
    absent = [name for name in sorted(expected) if column_name(name) not in there]
    known = {column_name(name) for name in file.known_headers()}
    unknown = [
        _safe_name(name, position)
        for position, name in enumerate(frame.columns)
        if position > 0 and name not in known and not _is_unnamed_and_blank(frame, name, position)
    ]
    rows: list[tuple[str, int | None, str, str | None]] = [(file.name, None, "column_missing", name) for name in absent]
    rows += [(file.name, None, "column_unknown", name) for name in unknown]
    return problem_frame(rows)


def with_absent(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The frame with the columns it lacks, all null: null is a column that is not there, never an empty cell."""
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in names if name not in frame.columns)


def with_companion(frame: pl.DataFrame, join: Join, companion: TextTable) -> pl.DataFrame:
    """The frame beside the companion's columns; where the companion has a number twice, its first row by content counts."""
    spelling = {folded(name): name for name in companion.frame.columns if name != ROW_NUMBER}
    taken = {name: spelling[folded(name)] for name in join.take if folded(name) in spelling}
    key = spelling.get(folded(join.on))
    if key is None:
        raise refusal("column_required_missing", where=join.file, allowed=f"the column {join.on}")
    content = pl.concat_str([trimmed(name) for name in sorted(spelling.values())], separator="\x1f")
    looked_up = (
        companion.frame.with_columns(content.alias("content\x1f"), trimmed(key).alias("key\x1f"))
        .filter(pl.col("key\x1f") != "")
        .sort("key\x1f", "content\x1f")
        .unique("key\x1f", keep="first", maintain_order=True)
        .select("key\x1f", *(pl.col(there).alias(JOINED + name) for name, there in taken.items()), pl.lit(True).alias(MATCHED))
    )
    keyed = frame.with_columns(trimmed(column_name(join.on)).alias("key\x1f"))
    beside = keyed.join(looked_up, on="key\x1f", how="left", maintain_order="left").drop("key\x1f")
    return with_absent(beside.with_columns(pl.col(MATCHED).fill_null(False)), [JOINED + name for name in join.take])


def companion_problems(join: Join, companion: TextTable) -> pl.DataFrame:
    """The columns that a file takes from its companion and the companion lacks."""
    there = {folded(name) for name in companion.frame.columns if name != ROW_NUMBER}
    return problem_frame([(join.file, None, "column_missing", name) for name in join.take if folded(name) not in there])


def _safe_name(name: str, position: int) -> str:
    """The header, or its position when it looks like a value that slipped into the header's row."""
    return f"column {position}" if _MAY_NAME_A_PERSON.search(name) else name


def _is_unnamed_and_blank(frame: pl.DataFrame, name: str, position: int) -> bool:
    return name.rstrip("'") == f"column {position}" and not frame.select((trimmed(name) != "").any()).item()
