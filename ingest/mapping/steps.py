"""Working columns of a chunk: what each text of one column means by itself, with equal texts read once.

Here: how the steps from texts to values are taken. Never here: what a step means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import polars as pl

_SHARE_WORTH_JOINING = 0.5  # of distinct texts among the rows; above it each row is read by itself


@dataclass(frozen=True)
class Step:
    """A working column, out of one column of text and of earlier steps from the same column."""

    name: str
    column: str
    value: pl.Expr


def read_steps(frame: pl.DataFrame, steps: Iterable[Step], needed: Collection[str]) -> pl.DataFrame:
    """The frame with the working columns that are `needed`, in its own order of rows.

    A step that is true nowhere is a constant, which takes neither time nor memory for its rows.
    """
    by_column: dict[str, list[Step]] = {}
    for step in steps:
        by_column.setdefault(step.column, []).append(step)
    for column, its_steps in by_column.items():
        wanted = [step.name for step in its_steps if step.name in needed]
        if wanted:
            frame = _with_steps(frame, column, its_steps, wanted)
    return frame


def _with_steps(frame: pl.DataFrame, column: str, steps: list[Step], wanted: list[str]) -> pl.DataFrame:
    distinct = frame.select(pl.col(column).unique())
    is_joined = distinct.height <= 1 or distinct.height < _SHARE_WORTH_JOINING * frame.height
    texts = distinct if is_joined else frame.select(column)
    for step in steps:
        texts = texts.with_columns(step.value.alias(step.name))
    false = [name for name in wanted if texts.schema[name] == pl.Boolean and not texts[name].any()]
    kept = [name for name in wanted if name not in false]
    if kept and is_joined:
        frame = frame.join(texts.select(column, *kept), on=column, how="left", nulls_equal=True, maintain_order="left")
    elif kept:
        frame = frame.hstack(texts.select(kept))
    return frame.with_columns(pl.lit(False).alias(name) for name in false)
