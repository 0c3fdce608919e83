"""The batches in the store: what each said of its records, and the records that stand because of it.

Here: taking a batch in, out, and records out, each in one transaction. Never here: which event counts (`events`), a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from schemas.ledger import EMPTY_LEDGER, LedgerBroken, RowLedger
from schemas.problems import PROBLEM_SCHEMA
from schemas.units import Unit
from schemas.zones import Pseudonymised
from warehouse.admission import admitted_events, admitted_problems, admitted_records
from warehouse.events import HELD, OUTDATED, UNKNOWN, WITHDRAWAL_SCHEMA, Action, Delivery, Taken, standing_query
from warehouse.session import Session
from warehouse.tables import LEDGER_COLUMNS, version_table

RECORD_NUMBER = "source_record_id"
"""The field that problems of correction are about."""


@dataclass(frozen=True)
class Batch:
    """A batch as it stands: its account of rows, how many rows withdraw, and how many of its records stand.

    `superseded` counts its other accepted rows: another batch said the same before, or something else since, or the record
    was withdrawn.
    """

    batch_id: str
    partner_code: str
    ledger: RowLedger
    withdrawals: int
    records: int

    @property
    def superseded(self) -> int:
        """Accepted rows of which no record stands."""
        return self.ledger.accepted - self.withdrawals - self.records


class Batches(Session):
    """The tables of batches, events and records."""

    def replace_batch(self, delivery: Delivery) -> Taken:
        """Put the batch in the place of whatever stood under its id, in one transaction; what stands is worked out anew.

        Each frame of records holds the columns of its unit's record model and those of `admission.PROVENANCE`. Rows of a
        record that was withdrawn before are held: `Taken` has the account and the problems with them.
        The assignment of records to persons is void until the next linkage.
        Raises `TypeError`, `LeakStopped` or `CasehouseError` as `admission` does, and `LedgerBroken` when the account
        does not balance or does not count the events; nothing is changed then.
        """
        batch_id = delivery.batch_id
        place: dict[str, str | int] = {"batch": batch_id, "sequence": delivery.sequence}
        frames = {
            unit: admitted_records(unit, zoned, partner_code=delivery.partner_code, batch_id=batch_id)
            for unit, zoned in delivery.records.items()
        }
        events, problems = admitted_events(delivery.events, frames), admitted_problems(delivery.problems)
        if delivery.ledger.check().accepted != events.height:
            raise LedgerBroken(f"the account says {delivery.ledger.accepted} accepted rows, the batch holds {events.height}")
        withdrawing = events.filter(pl.col("action") == Action.WITHDRAW).select("record_key")
        with self._transaction("replacing a batch") as connection:
            before = self._standing_among(withdrawing)
            _touch(connection, "select record_key from event where batch_id = ?", [batch_id])
            connection.execute("delete from event where batch_id = ?", [batch_id])
            self._insert("event", events.with_columns(batch_id=pl.lit(batch_id), sequence=pl.lit(delivery.sequence, pl.Int64)))
            self._touch_frame(connection, events)
            self._insert_versions(frames, events)
            held = self._problem_rows(HELD, "record_withdrawn", place)
            if held.height:
                self._drop_events(connection, batch_id, held)
            unknown = self._problem_rows(UNKNOWN, "record_to_withdraw_unknown", place) if withdrawing.height else held.clear()
            self._work_out(connection)
            outdated = self._problem_rows(OUTDATED, "record_outdated", place)
            ledger = _with_held(delivery.ledger, held.height)
            found = pl.concat([problems, held, unknown, outdated]).unique(maintain_order=True)
            self._write_batch(connection, delivery, ledger, found)
            withdrawn = before - self._standing_among(withdrawing)
        return Taken(ledger, found, withdrawn)

    def remove_batch(self, batch_id: str) -> None:
        """Take the batch out as if it had never been sent; records that another batch holds fall back to what that one says.

        Records that it withdrew stay withdrawn. Nothing happens when the batch is not there.
        """
        with self._transaction("removing a batch") as connection:
            _touch(connection, f"select record_key from event where batch_id = ? and action <> '{Action.WITHDRAW}'", [batch_id])  # noqa: S608 - a constant
            connection.execute(f"delete from event where batch_id = ? and action <> '{Action.WITHDRAW}'", [batch_id])  # noqa: S608 - a constant
            for table in ("batch", "problem"):
                connection.execute(f"delete from {table} where batch_id = ?", [batch_id])  # noqa: S608 - constants
            self._work_out(connection)

    def withdraw_records(self, withdrawals: pl.DataFrame) -> int:
        """Take these records out for good (`events.WITHDRAWAL_SCHEMA`); how many of them stood until now.

        Nothing is changed by what is known already.
        """
        frame = withdrawals.select(WITHDRAWAL_SCHEMA.names()).cast(WITHDRAWAL_SCHEMA)
        if frame.is_empty():
            return 0
        query = f"select record_key, batch_id from event where action = '{Action.WITHDRAW}'"  # noqa: S608 - a constant
        new = frame.join(self._query(query), on=["record_key", "batch_id"], how="anti")
        if new.is_empty():
            return 0
        with self._transaction("withdrawing records") as connection:
            before = self._standing_among(new)
            self._insert("event", new.with_columns(action=pl.lit(str(Action.WITHDRAW))))
            _touch(connection, "select record_key from event limit 0", [])
            self._touch_frame(connection, new)
            self._work_out(connection)
        return before

    def withdrawn_keys(self) -> pl.Series:
        """The keys of every withdrawn record, in order."""
        query = f"select distinct record_key from event where action = '{Action.WITHDRAW}' order by all"  # noqa: S608 - a constant
        return self._query(query)["record_key"]

    def holders_of(self, record_keys: pl.Series) -> tuple[str, ...]:
        """The batches that ever said anything of these records, in the order of landing."""
        with self._registered(pl.DataFrame({"record_key": record_keys.cast(pl.String)})):
            found = self._query(
                "select batch_id, min(sequence) as s from event semi join incoming using (record_key) group by all order by s"
            )
        return tuple(found["batch_id"].to_list())

    def records_of(self, batch_id: str, unit: Unit) -> Pseudonymised:
        """The records of one unit that stand because of a batch, with their provenance, by record key."""
        return self._records(f"from {unit} where batch_id = ? order by record_key", [batch_id])

    def accounted_rows(self, batch_id: str) -> int:
        """Accepted rows of a batch that the store accounts for: each withdraws, is of a withdrawn record, or has its content here."""
        contents = " union all ".join(f"select record_key, content from {version_table(unit)}" for unit in Unit)  # noqa: S608 - constants
        query = f"select count(*) from event where batch_id = ? and (content is null or (record_key, content) in ({contents}))"  # noqa: S608 - constants
        return self._count(query, [batch_id])

    def batches(self) -> tuple[Batch, ...]:
        """Every batch that is in the store, in the order of landing."""
        found = self._query(
            f"""select b.*, (select count(*) from event e where e.batch_id = b.batch_id and e.action = '{Action.WITHDRAW}') as withdrawals,
                (select count(*) from standing s where s.batch_id = b.batch_id) as records from batch b order by sequence, batch_id"""  # noqa: S608 - a constant
        )
        rows = found.iter_rows(named=True)
        return tuple(Batch(row["batch_id"], row["partner_code"], _ledger_of(row), row["withdrawals"], row["records"]) for row in rows)

    def ledgers(self) -> dict[str, RowLedger]:
        """The account of every batch, by batch id, in the order of landing."""
        rows = self._query("from batch order by sequence, batch_id").iter_rows(named=True)
        return {row["batch_id"]: _ledger_of(row) for row in rows}

    def totals(self) -> RowLedger:
        """The account of all batches together."""
        return sum(self.ledgers().values(), start=EMPTY_LEDGER)

    def problems(self, batch_id: str) -> pl.DataFrame:
        """The problems of one batch, in the columns of PROBLEM_SCHEMA."""
        order = 'file nulls first, row_number nulls first, code, field nulls first, "column" nulls first'
        chosen = 'file, row_number, code, field, "column"'
        return self._query(f"select {chosen} from problem where batch_id = ? order by {order}", [batch_id])  # noqa: S608 - constants

    def _work_out(self, connection: duckdb.DuckDBPyConnection) -> None:
        """What stands of the touched records, from all events of them; contents that no event speaks of any more are gone."""
        gone = f"select record_key from event where action = '{Action.WITHDRAW}' and record_key in (from touched)"  # noqa: S608 - a constant
        connection.execute(f"update event set content = null where content is not null and record_key in ({gone})")  # noqa: S608 - as above
        for unit in Unit:
            connection.execute(
                f"""delete from {version_table(unit)} where record_key in (from touched) and (record_key, content) not in
                    (select record_key, content from event where content is not null and record_key in (from touched))"""  # noqa: S608 - constants
            )
        connection.execute("delete from standing where record_key in (from touched)")
        connection.execute(f"insert into standing {standing_query('record_key in (from touched)')}")
        for table in ("membership", "person_interval"):  # who is who is of all batches, or of none
            connection.execute(f"delete from {table}")  # noqa: S608 - constants

    def _insert_versions(self, frames: Mapping[Unit, pl.DataFrame], events: pl.DataFrame) -> None:
        said = events.drop_nulls("content").select("record_key", "content")
        for unit, frame in frames.items():
            versions = frame.drop("partner_code", "batch_id", "file", "row_number").join(said, on="record_key")
            table = version_table(unit)
            with self._registered(versions):
                self._connection.execute(f"delete from {table} where (record_key, content) in (select record_key, content from incoming)")  # noqa: S608 - a constant
                self._connection.execute(f"insert into {table} by name select * from incoming")  # noqa: S608 - a constant

    def _write_batch(self, connection: duckdb.DuckDBPyConnection, delivery: Delivery, ledger: RowLedger, problems: pl.DataFrame) -> None:
        for table in ("batch", "problem"):
            connection.execute(f"delete from {table} where batch_id = ?", [delivery.batch_id])  # noqa: S608 - constants
        row = [delivery.batch_id, delivery.partner_code, delivery.sequence, *(getattr(ledger, name) for name in LEDGER_COLUMNS)]
        connection.execute(f"insert into batch values ({', '.join('?' * len(row))})", row)  # noqa: S608 - only question marks
        self._insert("problem", problems.with_columns(batch_id=pl.lit(delivery.batch_id)))

    def _problem_rows(self, query: str, code: str, place: Mapping[str, str | int]) -> pl.DataFrame:
        """The rows that a query finds in a batch, as problems of one code."""
        known = {name: value for name, value in place.items() if f"${name}" in query}
        rows = self._query(query, known)
        named = rows.with_columns(code=pl.lit(code), field=pl.lit(RECORD_NUMBER), column=pl.lit(None, pl.String))
        return named.select(PROBLEM_SCHEMA.names()).cast(PROBLEM_SCHEMA).sort("file", "row_number")

    def _drop_events(self, connection: duckdb.DuckDBPyConnection, batch_id: str, rows: pl.DataFrame) -> None:
        with self._registered(rows):
            place = "(file, row_number) in (select file, row_number from incoming)"
            connection.execute(f"delete from event where batch_id = ? and {place}", [batch_id])  # noqa: S608 - a constant

    def _standing_among(self, keys: pl.DataFrame) -> int:
        if keys.is_empty():
            return 0
        with self._registered(keys.select("record_key")):
            return self._count("select count(*) from standing semi join incoming using (record_key)")

    def _touch_frame(self, connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> None:
        with self._registered(frame.select("record_key")):
            connection.execute("insert into touched select record_key from incoming")


def _touch(connection: duckdb.DuckDBPyConnection, query: str, parameters: list[str]) -> None:
    """Begin the list of records that a transaction works out anew."""
    connection.execute(f"create or replace temp table touched as {query}", parameters)


def _with_held(ledger: RowLedger, held: int) -> RowLedger:
    return ledger.model_copy(update={"accepted": ledger.accepted - held, "quarantined": ledger.quarantined + held}).check()


def _ledger_of(row: Mapping[str, int]) -> RowLedger:
    return RowLedger.model_validate({name: row[name] for name in LEDGER_COLUMNS})
