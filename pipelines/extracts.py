"""Small tables for the terminal: an SQL answer over the latest release, the problems of a batch, the batches.

Here: reading for display. Never here: a table of the restricted zone.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass

import duckdb
import polars as pl
from rich.table import Table

from engine.duck import connect
from engine.parquet import decode
from pipelines.inbox import arrivals
from pipelines.instance import Instance
from pipelines.publishing import latest_release
from pipelines.summary import totals
from schemas.errors import UserError
from schemas.problems import catalogue
from warehouse.store import open_store

ROWS_SHOWN = 200


@dataclass(frozen=True)
class Answer:
    """The rows a query gave, and whether there were more than are held here."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    is_cut: bool


def answer_of(instance: Instance, sql: str, *, limit: int | None = ROWS_SHOWN) -> Answer:
    """The answer to one query over the products of the latest release, each a view named with _ for -."""
    folder = latest_release(instance.releases)
    if folder is None:
        raise UserError(
            "there is no release yet",
            where=str(instance.releases),
            allowed="a query after the first release",
            next_step="casehouse release",
        )
    # Handed over as tables: where a connection may read a folder it may write there too, and a release is never changed.
    connection = connect()
    views = {file.stem.replace("-", "_"): decode(file.read_bytes()) for file in sorted(folder.glob("*.parquet"))}
    for name, frame in views.items():
        connection.register(name, frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
    try:
        found = connection.execute(sql)
        rows = found.fetchall() if limit is None else found.fetchmany(limit + 1)
    except duckdb.Error as error:
        # A release is public and the query is the person's own: the engine's message may be shown.
        raise UserError(
            str(error).splitlines()[0], where="the query", allowed=f"SQL over {', '.join(views)}", next_step="mend the query"
        ) from None
    return Answer(tuple(column[0] for column in found.description or ()), rows[:limit], limit is not None and len(rows) > limit)


def table_of_answer(answer: Answer) -> Table:
    """The rows as a table for the terminal."""
    table = Table(*answer.columns)
    for row in answer.rows:
        table.add_row(*[str(cell) for cell in row])
    return table


def csv_of_answer(answer: Answer) -> str:
    """The rows as CSV with a header."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)
    return sink.getvalue()


def table_of_problems(instance: Instance, batch_id: str) -> Table:
    """File, row, code, field and remedy of everything that was found in a batch."""
    with open_store(instance.warehouse_file, read_only=True) as store:
        known = store.ledgers()
        found = [batch for batch in known if batch.startswith(batch_id)]
        if len(found) != 1:
            raise UserError(
                "no batch, or more than one, has this number",
                where="the warehouse",
                allowed="a batch that casehouse status lists",
                next_step="casehouse status",
            )
        problems = store.problems(found[0])
    table = Table("file", "row", "severity", "code", "field", "what to do")
    for file, row_number, code, field in problems.select("file", "row_number", "code", "field").iter_rows():
        listed = catalogue()[code]
        table.add_row(file, str(row_number or ""), listed.severity.value, code, field or "", listed.remedy.en)
    return table


def table_of_batches(instance: Instance) -> Table:
    """Every batch in the warehouse with its account."""
    table = Table("batch", "partner", "received", "accepted", "quarantined", "rejected", "no data")
    if instance.warehouse_file.exists():
        with open_store(instance.warehouse_file, read_only=True) as store:
            batches = store.batches()
        for batch in batches:
            ledger = batch.ledger
            counts = (ledger.received, ledger.accepted, ledger.quarantined, ledger.rejected, ledger.non_data)
            table.add_row(batch.batch_id, batch.partner_code, *[f"{count:,}" for count in counts])
    return table


def state_json(instance: Instance) -> str:
    """Counts for a monitor: batches waiting and stored, rows by outcome, victim records and persons, the latest release."""
    batches, ledger, records, persons = totals(instance)
    folder = latest_release(instance.releases)
    waiting = sum(len(arrivals(instance.inbox, code)) for code in instance.partners) if instance.inbox.is_dir() else 0
    state = {
        "batches_waiting": waiting,
        "batches": batches,
        **ledger.model_dump(),
        "victim_records": records,
        "persons": persons,
        "release": folder.name if folder else None,
    }
    return json.dumps(state, indent=1)
