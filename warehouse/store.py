"""The store: every record that left the vault without its identity, and the persons that were published.

Here: one DuckDB file, changed in whole transactions. Never here: an identified record, a row that is appended without
replacing what it repeats, or a choice of what is published.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from engine.duck import connect
from schemas.errors import CasehouseError, StorageError
from schemas.ledger import EMPTY_LEDGER, LedgerBroken, RowLedger
from schemas.release import CohortProof
from schemas.units import Unit
from schemas.zones import Pseudonymised
from warehouse.admission import PERSON_COLUMNS, admitted_members, admitted_persons, admitted_problems, admitted_records
from warehouse.seam import guarded
from warehouse.tables import BATCH_TABLES, LEDGER_COLUMNS, definitions, definitions_digest, persons_query


@dataclass(frozen=True)
class Batch:
    """A batch as it stands: its account of rows, and how many of its records a later batch has replaced."""

    batch_id: str
    partner_code: str
    ledger: RowLedger
    records: int
    superseded: int


@dataclass(frozen=True)
class Sources:
    """How many reports about victims stand, of how many partners, and how many of these reported as which kind of source."""

    reports: int
    partners: int
    partners_by_kind: Mapping[str, int]


class Store:
    """The tables of the warehouse behind one connection; made by `open_store`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, place: str) -> None:
        self._connection, self._place = connection, place

    def replace_batch(
        self, batch_id: str, partner_code: str, ledger: RowLedger, records: Mapping[Unit, Pseudonymised], problems: pl.DataFrame
    ) -> None:
        """Put the batch in the place of whatever stood under its id, in one transaction.

        Each frame holds the columns of its unit's record model and those of `admission.PROVENANCE`. A record that another
        batch holds under the same key is replaced by this one, so that it stands once (`Batch.superseded` counts it).
        The assignment of records to persons is void until the next linkage.
        Raises `TypeError`, `LeakStopped` or `CasehouseError` as `admission` does, and `LedgerBroken` when the account
        does not balance or does not count the records; nothing is changed then.
        """
        frames = {unit: admitted_records(unit, zoned, partner_code=partner_code, batch_id=batch_id) for unit, zoned in records.items()}
        listed = admitted_problems(problems)
        stored = sum(frame.height for frame in frames.values())
        if ledger.check().accepted != stored:
            raise LedgerBroken(f"the account says {ledger.accepted} accepted rows, the batch holds {stored} records")
        with self._transaction("replacing a batch") as connection:
            for table in ("batch", *BATCH_TABLES):
                connection.execute(f"delete from {table} where batch_id = ?", [batch_id])  # noqa: S608 - constants of this room
            connection.execute("delete from membership")  # who is who is of all batches, or of none
            row = [batch_id, partner_code, *(getattr(ledger, name) for name in LEDGER_COLUMNS)]
            connection.execute(f"insert into batch values ({', '.join('?' * len(row))})", row)  # noqa: S608 - only question marks
            for unit, frame in frames.items():
                self._insert(unit.value, frame, instead_of="record_key")
            self._insert("problem", listed.with_columns(batch_id=pl.lit(batch_id)))

    def replace_membership(self, members: pl.DataFrame) -> None:
        """Put the whole assignment of records to persons (record_key, person_key) in the place of the last one."""
        frame = admitted_members(members)
        with self._transaction("replacing the membership") as connection:
            connection.execute("delete from membership")
            self._insert("membership", frame)

    def persons(self) -> Pseudonymised:
        """The master table before anonymization: one row a person over all victim records of it, every column text.

        Columns: person_key and those of `schemas.case.Person`; ordered by person_key. Raises `CasehouseError` with
        the number of victim records that no person is known for.
        """
        lost = self._query("select count(*) as records from victim anti join membership using (record_key)").item()
        if lost:
            raise CasehouseError(f"{lost} victim record(s) belong to no person; link all batches before asking for persons")
        return Pseudonymised(self._query(persons_query()))

    def is_linked(self) -> bool:
        """Whether every standing victim record belongs to a person: no batch came since the last linkage."""
        lost = self._query("select count(*) as records from victim anti join membership using (record_key)")
        return bool(lost.item() == 0)

    def records_of(self, batch_id: str, unit: Unit) -> Pseudonymised:
        """The records of one unit that a batch holds now, with their provenance, by record key."""
        return Pseudonymised(self._query(f"from {unit} where batch_id = ? order by record_key", [batch_id]))

    def record_batches(self) -> pl.DataFrame:
        """Which batch holds each victim record now: record_key, batch_id; by record key."""
        return self._query("select record_key, batch_id from victim order by record_key")

    def members(self) -> pl.DataFrame:
        """Which person each record is about: record_key, person_key."""
        return self._query("select record_key, person_key from membership order by record_key")

    def linked_counts(self) -> tuple[int, int]:
        """How many victim records there are, and how many persons those are that a person is known for."""
        query = "select count(*) as records, count(distinct person_key) as persons from victim left join membership using (record_key)"
        records, persons = self._query(query).row(0)
        return int(records), int(persons)

    def sources(self) -> Sources:
        """Who the standing victim records come from, in counts of partners and records."""
        found = self._query("select count(*) as reports, count(distinct partner_code) as partners from victim").row(0)
        kinds = self._query("select source_type_code, count(distinct partner_code) as n from victim group by all order by all")
        return Sources(int(found[0]), int(found[1]), {str(kind): int(partners) for kind, partners in kinds.iter_rows()})

    def merged_count(self) -> int:
        """Published persons who are no person of their own any more, since a later linkage found them to be one with another."""
        lost = self._query("select count(*) as persons from published_person anti join membership using (person_key)")
        return int(lost.item())

    def batches(self) -> tuple[Batch, ...]:
        """Every batch that stands, by its id."""
        standing = " union all ".join(f"select batch_id from {unit}" for unit in Unit)  # noqa: S608 - names of the units
        found = self._query(
            f"""select b.*, count(r.batch_id) as records
                from batch b left join ({standing}) r using (batch_id) group by all order by batch_id"""  # noqa: S608 - constants of this room
        )
        rows = found.iter_rows(named=True)
        return tuple(
            Batch(row["batch_id"], row["partner_code"], _ledger_of(row), row["records"], row["accepted"] - row["records"]) for row in rows
        )

    def ledgers(self) -> dict[str, RowLedger]:
        """The account of every batch, by batch id."""
        return {batch.batch_id: batch.ledger for batch in self.batches()}

    def totals(self) -> RowLedger:
        """The account of all batches together."""
        return sum(self.ledgers().values(), start=EMPTY_LEDGER)

    def problems(self, batch_id: str) -> pl.DataFrame:
        """The problems of one batch: file, row_number, code, field."""
        order = "file nulls first, row_number nulls first, code, field nulls first"
        return self._query(f"select file, row_number, code, field from problem where batch_id = ? order by {order}", [batch_id])  # noqa: S608 - a constant

    def enroll(self, cohort: int, rows: pl.DataFrame, facts: CohortProof) -> None:
        """Publish persons for the first and only time: their labels, under a new cohort.

        `rows` holds person_key and the columns of `Person` as labels. Raises `CasehouseError` when a person is enrolled
        already, the cohort exists, or the facts count other persons; nothing is changed then.
        """
        frame = admitted_persons(rows)
        if (facts.cohort, facts.persons) != (cohort, frame.height):
            raise CasehouseError(f"the facts are of cohort {facts.cohort} with {facts.persons} persons, not {cohort} with {frame.height}")
        with self._transaction("enrolling a cohort") as connection, self._registered(frame):
            again = _scalar(connection, "select count(*) from incoming semi join published_person using (person_key)")
            taken = _scalar(connection, "select count(*) from cohort where cohort = ?", [cohort])
            if again or taken:
                raise CasehouseError(f"cohort {cohort}: {again} person(s) enrolled already, {taken} cohort(s) of that number")
            connection.execute("insert into cohort values (?, ?)", [cohort, facts.model_dump_json()])
            connection.execute("insert into published_person by name select *, ? as cohort from incoming", [cohort])

    def published(self) -> Pseudonymised:
        """Every published person: person_key, cohort and the labels of `Person`; ordered by person_key."""
        return Pseudonymised(self._query("from published_person order by person_key"))

    def cohorts(self) -> tuple[CohortProof, ...]:
        """What is known of every cohort, in the order of their numbers."""
        rows = self._query("select facts from cohort order by cohort")
        return tuple(CohortProof.model_validate_json(facts) for facts in rows["facts"].to_list())

    def content_digest(self) -> str:
        """SHA-256 over what a release is made of: how many persons each cohort publishes under which labels, and the cohorts.

        Person keys are no part of it, so it depends neither on them nor on any order of insertion.
        """
        labels = ", ".join(("cohort", *PERSON_COLUMNS))
        rows = self._query(f"select {labels}, count(*) as persons from published_person group by all order by all")  # noqa: S608 - columns of a model
        digest = hashlib.sha256()
        for cohort in self.cohorts():
            digest.update(cohort.model_dump_json().encode() + b"\n")
        for row in rows.iter_rows():
            digest.update("\t".join(map(str, row)).encode() + b"\n")
        return digest.hexdigest()

    def _query(self, query: str, parameters: list[str] | None = None) -> pl.DataFrame:
        with guarded("reading the warehouse", where=self._place):
            return pl.DataFrame(self._connection.sql(query, params=parameters).to_arrow_table())

    def _insert(self, table: str, frame: pl.DataFrame, *, instead_of: str | None = None) -> None:
        with self._registered(frame):
            if instead_of:
                self._connection.execute(f"delete from {table} where {instead_of} in (select {instead_of} from incoming)")  # noqa: S608 - constants of this room
            self._connection.execute(f"insert into {table} by name select * from incoming")  # noqa: S608 - a constant of this room

    @contextmanager
    def _registered(self, frame: pl.DataFrame) -> Iterator[None]:
        self._connection.register("incoming", frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
        try:
            yield
        finally:
            with suppress(duckdb.Error):
                self._connection.unregister("incoming")

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """All of the block or nothing of it."""
        is_done = False
        with guarded(doing, where=self._place):
            self._connection.begin()
            try:
                yield self._connection
                self._connection.commit()
                is_done = True
            finally:
                if not is_done:
                    with suppress(duckdb.Error):
                        self._connection.rollback()


@contextmanager
def open_store(path: Path, read_only: bool = False) -> Iterator[Store]:
    """The store of one file, made when it does not stand yet; closed at the end of the block.

    Raises `StorageError` when another process holds the file, or it is no database, or it is absent and `read_only`.
    """
    with guarded("opening the warehouse", where=str(path)):
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = connect(path, read_only=read_only)
    try:
        if not read_only:
            with guarded("making the tables of the warehouse", where=str(path)):
                for definition in definitions():
                    connection.execute(definition)
            _assert_made_for_these_models(connection, path)
        yield Store(connection, str(path))
    finally:
        with suppress(duckdb.Error):
            connection.close()


def _assert_made_for_these_models(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """A warehouse holds the columns it was made with; other models must not be read into it by chance."""
    known = connection.execute("select definitions from made_for").fetchall()  # fetchone would leave the connection in use
    if not known:
        connection.execute("insert into made_for values (?)", [definitions_digest()])
    elif known != [(definitions_digest(),)]:
        raise StorageError(
            "the warehouse was made for other record models than this version has",
            where=str(path),
            allowed="the models it was made for",
            next_step="use the version it was made with, or start a new instance and send the batches again",
        )


def _ledger_of(row: Mapping[str, int]) -> RowLedger:
    return RowLedger.model_validate({name: row[name] for name in LEDGER_COLUMNS})


def _scalar(connection: duckdb.DuckDBPyConnection, query: str, parameters: list[int] | None = None) -> int:
    found = connection.execute(query, parameters).fetchone()
    return int(found[0]) if found else 0
