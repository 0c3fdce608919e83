"""Small tables for the terminal: an SQL answer over the latest release, the problems of a batch, the batches.

Here: reading for display. Never here: a table of the restricted zone.
"""

from __future__ import annotations

import duckdb
import polars as pl
from rich.table import Table

from engine.duck import connect
from engine.parquet import decode
from pipelines.instance import Instance
from pipelines.publishing import latest_release
from schemas.errors import UserError
from schemas.problems import catalogue
from warehouse.store import open_store

ROWS_SHOWN = 200


def table_of_query(instance: Instance, sql: str) -> Table:
    """The answer to a query over the products of the latest release, each a view named with _ for -; 200 rows at most."""
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
    for name, table in views.items():
        connection.register(name, table.to_arrow(compat_level=pl.CompatLevel.oldest()))
    try:
        answer = connection.execute(sql)
        rows = answer.fetchmany(ROWS_SHOWN)
    except duckdb.Error as error:
        # A release is public and the query is the person's own: the engine's message may be shown.
        raise UserError(
            str(error).splitlines()[0], where="the query", allowed=f"SQL over {', '.join(views)}", next_step="mend the query"
        ) from None
    shown = Table(*[column[0] for column in answer.description or ()])
    for row in rows:
        shown.add_row(*[str(cell) for cell in row])
    return shown


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
