"""Who was published: each person once, under the labels of its cohort, until it is retired; who waits; which errata were told.

Here: the memory of all releases. Never here: a choice of labels, of who waits or is retired, or a published row that is edited.

A person of whom no record is left must be out of later releases, and others of its class go with it. Who was retired
stays enrolled, and so does whoever holds a record that somebody was published from, also when a later linkage says that it
is somebody else: nobody is published a second time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import polars as pl

from schemas.errors import CasehouseError
from schemas.flags import FLAG_COLUMNS, FLAG_GROUP
from schemas.release import CohortProof
from schemas.zones import Pseudonymised
from warehouse.admission import PERSON_COLUMNS, admitted_flags, admitted_persons
from warehouse.events import Action, Effect, standing_query
from warehouse.session import Session
from warehouse.tables import QUASI_IDENTIFIERS, contributors_query

CLASS = ", ".join(("cohort", *QUASI_IDENTIFIERS))
"""The columns whose labels the persons of one equivalence class share."""

LOST = """
    select person_key from published_person p
    where not exists (from membership m where m.person_key = p.person_key and m.record_key not in (from gone))
    and exists (from published_record r where r.person_key = p.person_key
        and (r.record_key not in (select record_key from standing) or r.record_key in (from gone)))
"""
"""Published persons to whom no record belongs any more, and one at least of those they were published from is gone: not
those whom a later linkage found to be one with another, whose records all stand. `gone` is taken for gone too."""

NOTHING_GONE = pl.DataFrame(schema={"record_key": pl.String})
TOTALS_SCHEMA = pl.Schema({"cohort": pl.Int64, "flag": pl.String, "column": pl.String, "label": pl.String, "persons": pl.Int64})
NO_TOTALS = pl.DataFrame(schema=TOTALS_SCHEMA)
NO_FLAGS = pl.DataFrame(schema={FLAG_GROUP: pl.Int64, **dict.fromkeys(FLAG_COLUMNS, pl.String)})


ERRATA_COLUMNS = ("cohort", "column", "label", "persons")


@dataclass(frozen=True)
class Waiting:
    """How many persons wait to be published, and since when the first of them does."""

    persons: int = 0
    since: date | None = None


@dataclass(frozen=True)
class Retired:
    """How many published rows were taken out, and of how many classes."""

    persons: int
    classes: int


class Enrolment(Session):
    """The tables of cohorts and published persons."""

    def enroll(
        self, cohort: int, rows: pl.DataFrame, facts: CohortProof, flags: pl.DataFrame = NO_FLAGS, totals: pl.DataFrame = NO_TOTALS
    ) -> None:
        """Publish persons for the first and only time: their labels, under a new cohort, and from which records.

        `rows` holds person_key, the columns of `Person` as labels, and flag_group where `flags` has the flags of its persons,
        shuffled; `totals` the counts of those flags (`TOTALS_SCHEMA`), which never change. Raises `CasehouseError` when a person is
        enrolled already, the cohort exists, or the facts count other persons; nothing is changed then.
        """
        frame = admitted_persons(rows)
        shuffled = admitted_flags(flags, frame[FLAG_GROUP])
        if (facts.cohort, facts.persons) != (cohort, frame.height):
            raise CasehouseError(f"the facts are of cohort {facts.cohort} with {facts.persons} persons, not {cohort} with {frame.height}")
        again = frame.join(self.enrolled(), on="person_key", how="semi").height
        taken = self._count("select count(*) from cohort where cohort = ?", [cohort])
        if again or taken:
            raise CasehouseError(f"cohort {cohort}: {again} person(s) enrolled already, {taken} cohort(s) of that number")
        with self._transaction("enrolling a cohort") as connection, self._registered(frame):
            connection.execute("insert into cohort values (?, ?)", [cohort, facts.model_dump_json()])
            connection.execute("insert into published_person by name select *, ? as cohort from incoming", [cohort])
            with self._registered(shuffled, "shuffled"), self._registered(totals, "counted"):
                connection.execute("insert into published_flags by name from shuffled")
                connection.execute("insert into flag_total by name from counted")
            connection.execute(
                "insert into published_record select person_key, record_key from membership semi join incoming using (person_key)"
            )
            connection.execute(f"insert into published_contributors from ({contributors_query()}) semi join incoming using (person_key)")

    def published(self) -> Pseudonymised:
        """Every published person: person_key, cohort and the labels of `Person`; ordered by person_key."""
        return self._records("from published_person order by person_key")

    def published_flags(self) -> pl.DataFrame:
        """The flags of the published persons, in total order, by group: nothing says which row is whose."""
        return self._query("from published_flags order by all")

    def flag_totals(self) -> pl.DataFrame:
        """Of how many persons of each cohort each flag was stated when the cohort entered (`TOTALS_SCHEMA`), in total order."""
        return self._query('select cohort, flag, "column", label, persons from flag_total order by all')

    def published_contributors(self) -> pl.DataFrame:
        """Who had sent in each published person when it was published: person_key, contributors; ordered by person_key."""
        return self._query("from published_contributors semi join published_person using (person_key) order by person_key")

    def enrolled(self) -> pl.DataFrame:
        """person_key of everyone who counts as published: who ever was, also the retired, and who holds a record of theirs."""
        return self._query(
            """select person_key from published_person union select person_key from retired_person
                union select person_key from membership semi join published_record using (record_key) order by all"""
        )

    def lost(self) -> pl.Series:
        """Published persons of whom no record is left, by key: later releases must not show them.

        Asked for when every record belongs to a person; `CasehouseError` when linkage has not been done.
        """
        unlinked = self._count("select count(*) from victim anti join membership using (record_key)")
        if unlinked:
            raise CasehouseError(f"{unlinked} victim record(s) belong to no person; link all batches before retiring persons")
        with self._registered(NOTHING_GONE, "gone"):
            return self._query(f"from ({LOST}) order by person_key")["person_key"]

    def retire(self, person_keys: pl.Series) -> Retired:
        """Take these persons out of what is published; the same call again changes nothing."""
        keys = pl.DataFrame({"person_key": person_keys.cast(pl.String)})
        with self._transaction("retiring persons") as connection, self._registered(keys, "leaving"):
            found = connection.execute(
                f"""select count(*), count(distinct ({CLASS})) from published_person semi join leaving using (person_key)"""  # noqa: S608 - columns of a model
            ).fetchall()
            connection.execute(
                """insert into retired_person
                    select person_key, cohort, (select coalesce(max(round), 0) + 1 from retired_person)
                    from published_person semi join leaving using (person_key)"""
            )
            # A group loses its flags as a whole: of which of its rows the leaving persons were, nobody knows.
            touched = f"select {FLAG_GROUP} from published_person semi join leaving using (person_key)"  # noqa: S608 - a constant
            connection.execute(f"delete from published_flags where {FLAG_GROUP} in ({touched})")  # noqa: S608 - as above
            for table in ("published_person", "published_contributors", "erratum"):
                connection.execute(f"delete from {table} where person_key in (select person_key from leaving)")  # noqa: S608 - constants
        persons, classes = found[0]
        return Retired(int(persons), int(classes))

    def keep_waiting(self, waiting: pl.DataFrame) -> None:
        """Put those who wait (person_key, and `since` as a date) in the place of those who waited."""
        with self._transaction("keeping who waits") as connection:
            connection.execute("delete from waiting_person")
            self._insert("waiting_person", waiting.select("person_key", pl.col("since").cast(pl.Date)))

    def waiting(self) -> pl.DataFrame:
        """Who waited after the last release: person_key, since; ordered by person_key."""
        return self._query("from waiting_person order by person_key")

    def waiting_count(self) -> Waiting:
        """How many wait since the last release that looked at them, and since when the first of them does."""
        persons, since = self._query("select count(*) as persons, min(since) as since from waiting_person").row(0)
        return Waiting(int(persons), since)

    def tell_errata(self, figures: pl.DataFrame, persons: pl.DataFrame) -> None:
        """Remember errata as told: the figures that were added, and which labels of whom they count (person_key, column).

        Nothing happens without figures.
        """
        if figures.is_empty():
            return
        with self._transaction("telling errata"):
            number = pl.lit(self._count("select coalesce(max(round), 0) + 1 from errata_figure"), pl.Int64)
            self._insert("errata_figure", figures.select(*ERRATA_COLUMNS, round=number))
            self._insert("erratum", persons.select("person_key", "column", round=number))

    def errata_figures(self) -> pl.DataFrame:
        """Every figure that errata ever added: cohort, column, label, persons; in total order."""
        return self._query('select cohort, "column", label, persons from errata_figure order by all')

    def told_errata(self) -> pl.DataFrame:
        """Which labels of which published persons are told as wrong: person_key, column."""
        return self._query('select person_key, "column" from erratum order by all')

    def cohorts(self) -> tuple[CohortProof, ...]:
        """What is known of every cohort, in the order of their numbers, and how many of its rows were retired since."""
        rows = self._query(
            "select facts, (select count(*) from retired_person r where r.cohort = c.cohort) as retired from cohort c order by cohort"
        )
        found = ((CohortProof.model_validate_json(facts), retired) for facts, retired in rows.iter_rows())
        return tuple(facts.model_copy(update={"retired": retired}) for facts, retired in found)

    def editions(self) -> int:
        """How often what is published has changed: the number of cohorts, and of times that rows were retired or errata told."""
        return self._count(
            """select (select count(*) from cohort) + (select count(distinct round) from retired_person)
                + (select count(distinct round) from errata_figure)"""
        )

    def content_digest(self) -> str:
        """SHA-256 over what a release is made of: how many persons each cohort publishes under which labels, the cohorts, the errata.

        Person keys are no part of it, so it depends neither on them nor on any order of insertion.
        """
        labels = ", ".join(("cohort", FLAG_GROUP, *PERSON_COLUMNS))
        rows = self._query(f"select {labels}, count(*) as persons from published_person group by all order by all")  # noqa: S608 - columns of a model
        digest = hashlib.sha256()
        for cohort in self.cohorts():
            digest.update(cohort.model_dump_json().encode() + b"\n")
        others = (self.published_flags(), self.flag_totals(), self.errata_figures())
        for row in (*rows.iter_rows(), *(row for each in others for row in each.iter_rows())):
            digest.update("\t".join(map(str, row)).encode() + b"\n")
        return digest.hexdigest()

    def merged_count(self) -> int:
        """Published persons who are no person of their own any more, since a later linkage found them to be one with another."""
        with self._registered(NOTHING_GONE, "gone"):
            return self._count(
                f"select count(*) from published_person p anti join membership using (person_key) where person_key not in ({LOST})"  # noqa: S608 - constants
            )

    def split_count(self) -> int:
        """Persons who are not published as such, since they hold a record that somebody else was published from: a later linkage
        split them off."""
        return self._count(
            """select count(distinct person_key) from membership semi join published_record using (record_key)
                where person_key not in (select person_key from published_person union select person_key from retired_person)"""
        )

    def effect_of_withdrawing(self, record_keys: pl.Series) -> Effect:
        """What withdrawing these records would do; nothing is changed."""
        with self._registered(pl.DataFrame({"record_key": record_keys.cast(pl.String)}), "asked"):
            vanished = self._query("select record_key from standing semi join asked using (record_key)")
        return self._effect(vanished, NOTHING_GONE)

    def effect_of_removing(self, batch_id: str) -> Effect:
        """What taking a batch out would do; nothing is changed."""
        of_batch = f"record_key in (select record_key from event where batch_id = $batch and action <> '{Action.WITHDRAW}')"  # noqa: S608 - a constant
        after = standing_query(f"batch_id <> $batch and {of_batch}")
        changed = f"""
            select s.record_key, a.record_key is null as is_gone from standing s left join ({after}) a using (record_key)
            where s.{of_batch} and (a.record_key is null or a.content <> s.content)
        """  # noqa: S608 - constants of this room
        found = self._query(changed, {"batch": batch_id})
        is_gone = pl.col("is_gone")
        return self._effect(found.filter(is_gone).select("record_key"), found.filter(~is_gone).select("record_key"))

    def _effect(self, vanished: pl.DataFrame, fallen: pl.DataFrame) -> Effect:
        with self._registered(vanished, "gone"), self._registered(pl.concat([vanished, fallen]), "asked"):
            persons = self._count("select count(distinct person_key) from membership semi join asked using (record_key)")
            lost = self._count(f"select count(*) from ({LOST})")  # noqa: S608 - a constant
            rows = self._count(
                f"""select count(*) from published_person
                    where ({CLASS}) in (select {CLASS} from published_person where person_key in ({LOST}))"""  # noqa: S608 - constants
            )
            published = self._count("select count(*) from published_person")
        return Effect(vanished.height, fallen.height, persons, lost, rows, published)
