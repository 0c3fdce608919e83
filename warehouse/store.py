"""The store: every record that left the vault without its identity, and the persons that were published.

Here: one DuckDB file, and the persons that its records make. Never here: an identified record, a row that is appended
without replacing what it repeats, or a choice of what is published.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from engine.duck import connect
from schemas.errors import CasehouseError, StorageError
from schemas.release import PersonInterval
from schemas.zones import Pseudonymised
from warehouse.admission import admitted_members
from warehouse.batches import Batch, Batches
from warehouse.counting import Counting
from warehouse.enrolment import Enrolment
from warehouse.events import Delivery, Taken
from warehouse.sealed import Sealed
from warehouse.seam import guarded
from warehouse.tables import MADE_FOR, contributors_query, definitions, definitions_digest, means_query, persons_query

__all__ = ["Batch", "Delivery", "Sources", "Store", "Taken", "open_store"]

_OTHERS = 0o077
"""The rights of everyone but the owner."""


@dataclass(frozen=True)
class Sources:
    """How many reports about victims stand, of how many partners, and how many of these reported as which kind of source."""

    reports: int
    partners: int
    partners_by_kind: Mapping[str, int]


class Store(Batches, Enrolment, Sealed, Counting):
    """The tables of the warehouse behind one connection; made by `open_store`."""

    def replace_membership(self, members: pl.DataFrame, interval: PersonInterval | None = None) -> None:
        """Put the whole assignment of records to persons (record_key, person_key) in the place of the last one.

        `interval` is how many persons there are by the same linkage; None where it does not say. Raises `CasehouseError` when
        it counts other persons than the assignment.
        """
        frame = admitted_members(members)
        if interval and interval.persons != (found := frame["person_key"].n_unique()):
            raise CasehouseError(f"membership: {found} person(s), the interval is of {interval.persons}")
        with self._transaction("replacing the membership") as connection:
            connection.execute("delete from membership")
            connection.execute("delete from person_interval")
            self._insert("membership", frame)
            if interval:
                self._insert("person_interval", pl.DataFrame([interval.model_dump()]))

    def person_interval(self) -> PersonInterval | None:
        """How many persons the linkage found, as it was told with the membership; None where it was not, or records changed since."""
        rows = self._query("from person_interval").to_dicts()
        return PersonInterval.model_validate(rows[0]) if rows else None

    def persons(self) -> Pseudonymised:
        """The master table before anonymization: one row a person over all victim records of it, every column text.

        Columns: person_key and those of `schemas.case.Person`; ordered by person_key. Raises `CasehouseError` with
        the number of victim records that no person is known for.
        """
        if lost := self._unlinked():
            raise CasehouseError(f"{lost} victim record(s) belong to no person; link all batches before asking for persons")
        return self._records(persons_query())

    def contributors(self) -> pl.DataFrame:
        """Who sent in each person, by the records that stand: person_key, contributors (partners joined by +); by person key."""
        return self._query(f"from ({contributors_query()}) order by person_key")

    def means(self) -> pl.DataFrame:
        """The means of control of each person, by the records that stand: person_key, the columns of `Means`; by person key."""
        return self._query(f"from ({means_query()}) order by person_key")

    def is_linked(self) -> bool:
        """Whether every standing victim record belongs to a person: nothing changed since the last linkage."""
        return self._unlinked() == 0

    def record_batches(self) -> pl.DataFrame:
        """Because of which batch each victim record stands: record_key, batch_id; by record key."""
        return self._query("select record_key, batch_id from victim order by record_key")

    def members(self) -> pl.DataFrame:
        """Which person each record is about: record_key, person_key."""
        return self._query("select record_key, person_key from membership order by record_key")

    def linked_counts(self) -> tuple[int, int]:
        """How many victim records there are, and how many persons those are that a person is known for."""
        query = "select count(*) as records, count(distinct person_key) as persons from victim left join membership using (record_key)"
        records, persons = self._query(query).row(0)
        return int(records), int(persons)

    def sources(self, by_form: Collection[tuple[str, str]] = ()) -> Sources:
        """Who the standing victim records come from, in counts of partners and reports; the rows of the files `by_form` (partner, file)
        are person x form, and no reports."""
        partners = self._count("select count(distinct partner_code) from victim")
        kinds = self._query("select source_type_code, count(distinct partner_code) as n from victim group by all order by all")
        return Sources(self.victim_reports(by_form), partners, {str(kind): int(number) for kind, number in kinds.iter_rows()})

    def _unlinked(self) -> int:
        return self._count("select count(*) from victim anti join membership using (record_key)")


@contextmanager
def open_store(path: Path, read_only: bool = False) -> Iterator[Store]:
    """The store of one file, made when it does not stand yet; closed at the end of the block. Its owner alone may read it.

    Raises `StorageError` when another process holds the file, or it is no database, or it is absent and `read_only`,
    or another version of Casehouse made it.
    """
    former = None if read_only else os.umask(_OTHERS)  # DuckDB makes its log anew whenever it needs one, with the rights of the process
    try:
        with _opened(path, read_only=read_only) as store:
            yield store
    finally:
        if former is not None:
            os.umask(former)


@contextmanager
def _opened(path: Path, *, read_only: bool) -> Iterator[Store]:
    with guarded("opening the warehouse", where=str(path)):
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = connect(path, read_only=read_only)
    try:
        _assert_made_for_these_models(connection, path)
        if not read_only:
            with guarded("making the tables of the warehouse", where=str(path)):
                _close_to_others(path)
                connection.execute(MADE_FOR)
                connection.execute("insert into made_for select ? where not exists (from made_for)", [definitions_digest()])
                for definition in definitions():
                    connection.execute(definition)
        yield Store(connection, str(path))
    finally:
        with suppress(duckdb.Error):
            connection.close()


def _assert_made_for_these_models(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """A warehouse holds the columns it was made with; other models must not be read into it by chance."""
    with guarded("opening the warehouse", where=str(path)):
        tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
        # fetchone would leave the connection in use
        known = connection.execute("select definitions from made_for").fetchall() if "made_for" in tables else []
    is_new = tables <= {"made_for"} and not known
    if not is_new and known != [(definitions_digest(),)]:
        raise StorageError(
            "the warehouse was made by an older version of Casehouse, or for other record models than this version has",
            where=str(path),
            allowed="a warehouse that this version made",
            next_step="nothing was changed: use the version it was made with, or set CASEHOUSE_HOME to a new folder and send the batches "
            "there again",
        )


def _close_to_others(path: Path) -> None:
    """Take the file and its log from everyone but their owner, also where an earlier version made them."""
    for file in (path, path.with_name(f"{path.name}.wal")):
        if file.exists():
            file.chmod(0o600)
