"""Releases over time: whatever arrives, is withdrawn and corrected, no two releases tell fewer than k persons apart.

Random histories run on small tables; an oracle in plain Python subtracts every release from every other, cell by cell, and
remembers every published row. 60 histories, or 1,000 with CASEHOUSE_FUZZ=1.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import combinations, product

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anonymize.conditions import Conditions, Contributors, Diversity
from anonymize.releases.cohorts import SINCE, Patience, entry_of
from anonymize.releases.differences import PERSONS, ReleaseCounts, TableCounts, broken_differences
from anonymize.releases.errata import FIGURES, misfits, tell
from anonymize.releases.retirement import retiring
from tests.property.person_tables import HIERARCHIES, QUASI, TOP

K, LEAST, MONTHS = 3, 2, 2
COLUMNS = {hierarchy.column: hierarchy for hierarchy in HIERARCHIES}
CLASSES = ["cohort", *QUASI]
FORMS, PARTNERS = ("yes", "yes", "no", "unknown"), ("p", "p", "q", "p+q")
CONDITIONS = Conditions(K, (Diversity("form", distinct=2),), Contributors("by", LEAST, "+"))
PATIENCE = Patience(smallest_pool=6, largest_penalty=0.3, longest_wait=MONTHS)
HISTORIES = 1_000 if os.environ.get("CASEHOUSE_FUZZ") else 60

Row = tuple[object, ...]
newcomer = st.tuples(
    *(st.sampled_from([*values.paths, *list(values.paths)[:2] * 2]) for values in HIERARCHIES),
    st.sampled_from(FORMS),
    st.sampled_from(PARTNERS),
)
month = st.tuples(
    st.lists(newcomer, max_size=25),
    st.lists(st.integers(0, 10_000), max_size=4),
    st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(list(HIERARCHIES[0].paths))), max_size=5),
)


class History:
    """What the library decides, step by step, and what the oracle remembers of it."""

    def __init__(self) -> None:
        self.known = pl.DataFrame(schema={"person_key": pl.String, **dict.fromkeys([*QUASI, "form", "by"], pl.String)})
        self.published = self.known.with_columns(cohort=pl.lit(1, pl.Int64)).clear()
        self.waiting = pl.DataFrame(schema={"person_key": pl.String, SINCE: pl.Date})
        self.figures, self.told = pl.DataFrame(schema=FIGURES), pl.DataFrame(schema={"person_key": pl.String, "column": pl.String})
        self.enrolled: dict[str, Row] = {}
        self.retired: set[str] = set()
        self.releases: list[ReleaseCounts] = []
        self.tables: list[pl.DataFrame] = []
        self.cohorts = self.people = 0

    def live(self, arrivals: list[tuple[str, ...]], withdrawals: list[int], corrections: list[tuple[int, str]]) -> None:
        keys = [f"n{self.people + number:04d}" for number in range(len(arrivals))]
        self.people += len(arrivals)
        came = [(key, *row) for key, row in zip(keys, arrivals, strict=True)]
        rows = [*self.known.iter_rows(), *came]
        for place, value in corrections:
            if rows:
                changed = rows[place % len(rows)]
                rows[place % len(rows)] = (changed[0], value, *changed[2:])
        for place in withdrawals:
            if rows:
                rows.pop(place % len(rows))
        self.known = pl.DataFrame(rows, schema=self.known.schema, orient="row")

    def release(self, day: date) -> None:
        lost = self.published.join(self.known, on="person_key", how="anti")["person_key"]
        gone = retiring(self.published, lost, classes=CLASSES, conditions=CONDITIONS)
        assert set(lost) <= set(gone["person_key"])
        assert not set(gone["person_key"]) & self.retired
        self.hides_how_many_were_lost(set(lost), set(gone["person_key"]))
        self.retired |= set(gone["person_key"])
        self.published = self.published.join(gone, on="person_key", how="anti")
        self.enter(day)
        wrong = misfits(self.published, self.known, COLUMNS, ["form"]).join(self.told, on=["person_key", "column"], how="anti")
        found = tell(wrong, self.published, self.figures, COLUMNS, K)
        self.figures, self.told = pl.concat([self.figures, found.figures]), pl.concat([self.told, found.persons])
        counts = self.published.group_by(CLASSES).len(PERSONS).with_columns(pl.col(PERSONS).cast(pl.Int64))
        figures = self.figures.group_by("cohort", "column", "label").agg(pl.col(PERSONS).sum())
        self.releases.append(ReleaseCounts(day.isoformat(), (TableCounts("all", counts), TableCounts("errata", figures, "figures"))))
        self.tables.append(self.published)

    def hides_how_many_were_lost(self, lost: set[str], gone: set[str]) -> None:
        """Of each class nobody goes, or the lost ones and at least k others, or all of it."""
        members: dict[Row, set[str]] = {}
        for person, *labels in self.published.select("person_key", *CLASSES).iter_rows():
            members.setdefault(tuple(labels), set()).add(person)
        for persons in members.values():
            assert bool(persons & gone) == bool(persons & lost)
            assert not persons & gone or persons <= gone or len((persons & gone) - lost) >= K

    def enter(self, day: date) -> None:
        pool = self.known.filter(~pl.col("person_key").is_in(list(self.enrolled))).join(self.waiting, on="person_key", how="left")
        is_first = not self.enrolled
        if pool.is_empty() or (is_first and (pool.height < 2 * K or pool["by"].n_unique() < 2)):
            return
        entry = entry_of(pool, HIERARCHIES, CONDITIONS, PATIENCE, day=day, is_first=is_first)
        self.waiting = entry.waiting.select("person_key", SINCE)
        self.waits_no_longer_than_it_may(entry.waiting, pool, day)
        self.cohorts += 1
        rows = entry.entering.drop(SINCE).with_columns(pl.lit(self.cohorts, pl.Int64).alias("cohort"))
        self.published = pl.concat([self.published, rows.select(self.published.columns)])
        assert not set(rows["person_key"]) & set(self.enrolled), "published twice"
        self.enrolled |= {row[0]: row for row in rows.iter_rows()}

    @staticmethod
    def waits_no_longer_than_it_may(waiting: pl.DataFrame, pool: pl.DataFrame, day: date) -> None:
        """Whose time is up waits only when a contributor of nearly all others could tell it from its own, or there are not k."""
        due = [
            key
            for key, since in waiting.select("person_key", SINCE).iter_rows()
            if (day.month - since.month) + 12 * (day.year - since.year) >= MONTHS
        ]
        few = [sum(partner not in by.split("+") for by in pool["by"]) for partner in ("p", "q")]
        assert not due or pool.height < K or any(0 < strangers < LEAST for strangers in few)

    def is_unedited(self) -> None:
        for row in self.published.iter_rows():
            assert row[0] not in self.retired
            assert row == self.enrolled[str(row[0])]


def cells(table: pl.DataFrame) -> Iterator[Counter[Row]]:
    """Every cell of one to three columns in a cohort, by its lower and its upper bound, person by person."""
    for width in (1, 2, 3):
        for columns in combinations(QUASI, width):
            for is_upper in (False, True):
                count: Counter[Row] = Counter()
                for cohort, *labels in table.select("cohort", *columns).iter_rows():
                    count.update(
                        (cohort, *cell) for cell in product(*(around(c, label, is_upper) for c, label in zip(columns, labels, strict=True)))
                    )
                yield count


def around(column: str, label: str, is_upper: bool) -> list[str]:
    """The values and coarser labels within which a label lies, or could lie."""
    paths = [path for path in COLUMNS[column].paths.values() if label in path]
    above = {each for path in paths for each in path[len(path) - 1 - path[::-1].index(label) :]}
    below = {each for path in paths for each in path}
    return sorted(below if is_upper else above | {label})


def oracle(tables: list[pl.DataFrame]) -> int:
    """How many cells of the last table differ from an earlier one, or from none, by one to k - 1 persons."""
    counted = [list(cells(table)) for table in tables]
    none = [Counter[Row]() for _ in counted[-1]]
    broken = 0
    for before in [*counted[:-1], none]:
        for new, old in zip(counted[-1], before, strict=True):
            broken += sum(0 < abs(new[cell] - old[cell]) < K for cell in {*new, *old})
    return broken


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=st.lists(newcomer, min_size=12, max_size=50), months=st.lists(month, min_size=1, max_size=4))
def test_no_history_tells_fewer_than_k_persons_apart(
    first: list[tuple[str, ...]], months: list[tuple[list[tuple[str, ...]], list[int], list[tuple[int, str]]]]
) -> None:
    history = History()
    for number, (arrivals, withdrawals, corrections) in enumerate([(first, [], []), *months]):
        history.live(arrivals, withdrawals, corrections)
        history.release(date(2026, 1 + number, 1))
        history.is_unedited()
        assert oracle(history.tables) == 0
        assert broken_differences(history.releases[-1], history.releases[:-1], K, COLUMNS) == ()


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 2), *(st.sampled_from([*values.paths, "a", TOP]) for values in HIERARCHIES[:1])), max_size=14),
        min_size=2,
        max_size=3,
    )
)
def test_the_vectorized_differences_are_those_of_the_oracle(drawn: list[list[tuple[int, str]]]) -> None:
    """Any tables at all, most of them broken: found broken exactly when a plain count finds a cell or a combination broken."""
    tables = [
        pl.DataFrame(
            [(cohort, place, "2000", "f") for cohort, place in rows],
            schema={"cohort": pl.Int64, **dict.fromkeys(QUASI, pl.String)},
            orient="row",
        )
        for rows in drawn
    ]
    releases = [
        ReleaseCounts(str(place), (TableCounts("all", table.group_by(CLASSES).len(PERSONS).with_columns(pl.col(PERSONS).cast(pl.Int64))),))
        for place, table in enumerate(tables)
    ]
    found = broken_differences(releases[-1], releases[:-1], K, COLUMNS)
    exact = [Counter(table.iter_rows()) for table in tables]
    combos = sum(0 < abs(exact[-1][row] - old[row]) < K for old in [*exact[:-1], Counter[Row]()] for row in {*exact[-1], *old})
    assert bool(found) == bool(oracle(tables) + combos)
