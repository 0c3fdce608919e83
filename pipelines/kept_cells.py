"""Look through what stays beside the tokens for a row's own names, document number and birth date.

Here: which rows hold one. Never here: a cell in an error; which columns stay (`pipelines.encoding_columns`).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ingest.reading.reader import ROW_NUMBER
from linkage.private.normaliser import document, folded
from schemas.errors import UserError

LEAST_LETTERS = 4
"""Shorter words of names are also words of places and codes."""
ROWS_SAID = 10
_NAMES = ("given_name", "middle_name", "family_name")
_DATE_FORMS = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d")


def assert_names_nobody_in(kept: pl.DataFrame, records: pl.DataFrame) -> None:
    """Pass cells that stay (with row_number) beside records (with row_number and identifying fields) when none repeats an identifier.

    Raises `UserError` with row numbers and the columns' headers otherwise.
    """
    columns = [name for name in kept.columns if name != ROW_NUMBER]
    rows = kept.join(_identifiers(records), on=ROW_NUMBER)
    found = {name: rows.filter(_holds(name))[ROW_NUMBER].to_list() for name in columns}
    faulty = [name for name in columns if found[name]]
    if faulty:
        numbers = sorted({row for name in faulty for row in found[name]})
        raise _refused(faulty, numbers)


def _identifiers(records: pl.DataFrame) -> pl.DataFrame:
    """row_number, own words, own_document, own_dates: null or empty where there are none."""
    there = [pl.col(name) for name in _NAMES if name in records.columns] or [pl.lit(None, pl.String)]
    words = folded(pl.concat_str(there, separator=" ", ignore_nulls=True)).str.split(" ")
    number = document(pl.col("document_number")) if "document_number" in records.columns else pl.lit(None, pl.String)
    day = pl.col("birth_date").str.to_date("%Y-%m-%d", strict=False) if "birth_date" in records.columns else pl.lit(None, pl.Date)
    dates = pl.concat_list([day.dt.strftime(form) for form in _DATE_FORMS])
    is_long = pl.element().str.len_chars() >= LEAST_LETTERS
    return records.select(
        ROW_NUMBER,
        words.list.eval(pl.element().filter(is_long)).alias("own\x1fwords"),
        number.alias("own\x1fdocument"),
        dates.alias("own\x1fdates"),
    )


def _holds(name: str) -> pl.Expr:
    cell = pl.col(name).cast(pl.String)
    has_name = folded(cell).str.split(" ").list.set_intersection(pl.col("own\x1fwords")).list.len() > 0
    has_document = document(cell).str.contains(pl.col("own\x1fdocument"), literal=True)
    has_date = pl.any_horizontal(cell.str.contains(pl.col("own\x1fdates").list.get(each), literal=True) for each in range(len(_DATE_FORMS)))
    return has_name.fill_null(value=False) | has_document.fill_null(value=False) | has_date.fill_null(value=False)


def _refused(headers: Sequence[str], rows: Sequence[int]) -> UserError:
    more = ", ..." if len(rows) > ROWS_SAID else ""
    return UserError(
        f"{len(rows)} row(s) hold their person's name, document number or birth date in a column that stays",
        where=f"column(s) {', '.join(headers)}; row(s) {', '.join(map(str, rows[:ROWS_SAID]))}{more}",
        allowed="columns that name nobody, in every row",
        next_step="mend these cells, or leave the column out of --keep; nothing was written",
    )
