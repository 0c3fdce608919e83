"""The rows of a file as reports of their unit, and the look through their texts for a person's identifiers.

Here: which columns a report has, and what becomes of a row whose text points at a person. Never here: how such a text is
found; the sweep is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl

from ingest.mapping.applied import ACTION, OUTCOME, MappedRows
from ingest.mapping.compiled import WITHDRAW, CompiledMapping
from ingest.reading.reader import ROW_NUMBER
from schemas.fields import RecordModel
from schemas.ledger import Outcome
from schemas.problems import PROBLEM_SCHEMA
from schemas.render import polars_schema
from schemas.units import MODELS, Unit
from schemas.zones import Identified

Sweep = Callable[[Identified, Unit], pl.DataFrame]
"""Reports of one unit -> file, row_number and field of the texts that point at a person."""
_CODE = "identifier_in_text"


def reports_of_unit(frame: pl.DataFrame, unit: Unit) -> pl.DataFrame:
    """The rows of one unit, in the columns of its report model, then file and row_number."""
    model: type[RecordModel] = MODELS[unit].report
    fields = (pl.col(name).cast(kind) for name, kind in polars_schema(model).items())
    return frame.filter(pl.col("unit") == str(unit)).select(*fields, "file", ROW_NUMBER)


def swept(rows: MappedRows, mapping: CompiledMapping, sweep: Sweep) -> MappedRows:
    """The rows with those quarantined whose passing texts hold an identifier.

    Looked through are the reports that nothing of the row itself holds back; what the whole file says comes afterwards.
    """
    looked_through = rows.frame.filter(pl.col(OUTCOME) == str(Outcome.ACCEPTED), pl.col(ACTION) != WITHDRAW)
    hits = [sweep(Identified(reports_of_unit(looked_through, unit)), unit) for unit in mapping.file.units()]
    problems = pl.concat([PROBLEM_SCHEMA.to_frame(), *(_problems(hit, mapping) for hit in hits if hit.height)]).unique()
    if problems.is_empty():
        return rows
    is_hit = pl.col(ROW_NUMBER).is_in(problems[ROW_NUMBER].unique().implode())
    outcome = pl.when(is_hit).then(pl.lit(str(Outcome.QUARANTINED))).otherwise(pl.col(OUTCOME)).alias(OUTCOME)
    return replace(rows, frame=rows.frame.with_columns(outcome), problems=pl.concat([rows.problems, problems]))


def _problems(hits: pl.DataFrame, mapping: CompiledMapping) -> pl.DataFrame:
    header = pl.col("field").replace_strict(dict(mapping.headers), default=None, return_dtype=pl.String).alias("column")
    return hits.select("file", ROW_NUMBER, pl.lit(_CODE).alias("code"), "field", header).cast(PROBLEM_SCHEMA).select(PROBLEM_SCHEMA.names())
