"""Small tables for the terminal: an SQL answer over the latest release, the problems of a batch, the batches.

Here: reading for display. Never here: a table of the restricted zone.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
from rich.markup import escape
from rich.table import Table

from engine.duck import connect
from engine.parquet import decode
from ingest.report.words import severity_word
from pipelines.condition import Condition
from pipelines.inbox import arrivals
from pipelines.instance import Instance
from pipelines.publishing import latest_release
from pipelines.refusals import Refused, described, still_refused, unreadable
from pipelines.runner import stored_ledgers
from pipelines.summary import totals
from schemas.errors import UserError
from schemas.messages import say, spoken
from schemas.problems import catalogue
from schemas.release import PersonInterval
from schemas.shown import shown
from schemas.vocabulary import Language
from warehouse.enrolment import Waiting
from warehouse.release_files import ERRATA, TOTALS
from warehouse.store import open_store

ROWS_SHOWN = 200


@dataclass(frozen=True)
class Answer:
    """The rows a query gave, and whether there were more than are held here."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    is_cut: bool


def answer_of(instance: Instance, sql: str, *, limit: int | None = ROWS_SHOWN) -> Answer:
    """The answer to one query over the tables of the latest release, errata and totals of flags too, each a view named with _ for -."""
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
    views = {_view(file.name): decode(file.read_bytes()) for file in sorted(folder.glob("*.parquet"))}
    views |= {_view(name): _counts(folder / name) for name in (ERRATA, TOTALS) if (folder / name).exists()}
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


def _view(file: str) -> str:
    return Path(file).stem.replace("-", "_")


def _counts(file: Path) -> pl.DataFrame:
    """A table of counts, which is published as CSV alone."""
    return pl.read_csv(file, infer_schema=False).with_columns(pl.col("persons").cast(pl.Int64))


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


def table_of_problems(instance: Instance, batch_id: str, language: Language = "en") -> Table:
    """File, row, code, column, field and remedy of everything that was found in a batch, in the reader's language."""
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
    headings = (say("file"), say("row"), say("outcome"), say("code"), say("column"), say("field"), say("do next"))
    table = Table(*[spoken(heading, language) for heading in headings])
    for file, row_number, code, column, field in problems.select("file", "row_number", "code", "column", "field").iter_rows():
        listed = catalogue()[code]
        severity = spoken(severity_word(listed.severity), language)
        table.add_row(
            shown(file), str(row_number or ""), severity, code, escape(shown(column or "")), field or "", listed.remedy.of(language)
        )
    return table


def table_of_batches(instance: Instance) -> Table:
    """Every batch in the warehouse with its account, how many of its rows withdraw and of how many the record stands."""
    table = Table("batch", "partner", "received", "accepted", "quarantined", "rejected", "no data", "withdraw", "stand")
    if instance.warehouse_file.exists():
        with open_store(instance.warehouse_file, read_only=True) as store:
            batches = store.batches()
        for batch in batches:
            ledger = batch.ledger
            counts = (ledger.received, ledger.accepted, ledger.quarantined, ledger.rejected, ledger.non_data)
            table.add_row(batch.batch_id, batch.partner_code, *[f"{count:,}" for count in (*counts, batch.withdrawals, batch.records)])
    return table


def table_of_refused(instance: Instance, condition: Condition) -> Table | None:
    """What was refused and lies in the inbox, or in the vault alone, with its reason; None when nothing was."""
    refused = (*_refused_in_inbox(instance), *unreadable(instance, condition.unstored))
    if not refused:
        return None
    table = Table("refused", "why")
    for each in refused:
        table.add_row(described(instance, each), each.reason)
    return table


def state_json(instance: Instance, condition: Condition) -> str:
    """Counts for a monitor: batches stored, rows by outcome, victim records and persons with their interval, the latest release, who
    waits, what is not whole.

    Of the batches that are not stored each counts once: waiting, refused (in the inbox), or unreadable (in the vault alone).
    """
    batches, ledger, records, persons = totals(instance)
    interval = interval_of(instance)
    folder = latest_release(instance.releases)
    refused, lost = _refused_in_inbox(instance), unreadable(instance, condition.unstored)
    waits = waiting_of(instance)
    settled = {each.batch_id for each in (*refused, *lost)} | set(stored_ledgers(instance))
    found = [each.batch_id for code in instance.partners for each in arrivals(instance.inbox, code)]
    state = {
        "batches_waiting": len({*found, *(each.batch_id for each in condition.unstored)} - settled),
        "batches": batches,
        **ledger.model_dump(),
        "victim_records": records,
        "persons": persons,
        "persons_fewest": interval.fewest if interval else None,
        "persons_most": interval.most if interval else None,
        "refused": len(refused),
        "batches_unreadable": len(lost),
        "linking_pending": condition.is_linking_pending,
        "release_possible": condition.is_release_possible,
        "release": folder.name if folder else None,
        "waiting_persons": waits.persons,
        "waiting_since": waits.since.isoformat() if waits.since else None,
    }
    return json.dumps(state, indent=1)


def interval_of(instance: Instance) -> PersonInterval | None:
    """How sure the number of persons is, since the last linkage; None before it, or where records changed since."""
    if not instance.warehouse_file.exists():
        return None
    with open_store(instance.warehouse_file, read_only=True) as store:
        return store.person_interval()


def waiting_of(instance: Instance) -> Waiting:
    """Who waits to be published since the last release."""
    if not instance.warehouse_file.exists():
        return Waiting()
    with open_store(instance.warehouse_file, read_only=True) as store:
        return store.waiting_count()


def _refused_in_inbox(instance: Instance) -> tuple[Refused, ...]:
    return still_refused(instance) if instance.inbox.is_dir() else ()
