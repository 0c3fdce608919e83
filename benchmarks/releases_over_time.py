"""Two years of releases: what publish-once cohorts cost, what they give away (nothing), and what anonymizing all afresh gives away.

    python benchmarks/releases_over_time.py [MONTHS_BETWEEN_RELEASES] [policy]

Needs the generator of the folder ../shared/bench/anonymize. 150,000 case-like persons with five quasi-identifiers, three sensitive
flags and ten partners are published at first; then 2,000 arrive, 50 are withdrawn and 100 are corrected every month, and what the
policy allows is published every quarter (or so many months). Prints one line a release, for either way of publishing: at k alone,
or with all conditions of the policy on the flags and the partners.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl

from anonymize.conditions import Conditions
from anonymize.generalize import generalize
from anonymize.hierarchy import Hierarchy
from anonymize.policy import Policy, load_policy
from anonymize.releases.cohorts import SINCE, Patience, entry_of
from anonymize.releases.differences import PERSONS, ReleaseCounts, TableCounts, broken_differences
from anonymize.releases.errata import FIGURES, misfits, tell
from anonymize.releases.retirement import retiring
from anonymize.risk import loss
from schemas.vocabulary import SUPPRESSED, UNKNOWN

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench" / "anonymize"
CORE = ["year", "gender", "ageBand", "citizenship", "countryExploit"]
FLAGS = ["isForcedLabour", "isSexualExploit", "isOtherExploit"]
ARCHIVE, MONTHS, ARRIVALS, WITHDRAWALS, CORRECTIONS, PARTNERS = 150_000, 24, 2_000, 50, 100, 10
ROWS = 200_000
"""Of the generated table; the first are the archive, the next arrive."""
KEY, COHORT, BY = "person_key", "cohort", "by"
START = (2026, 1)


def hierarchy(folder: Path, column: str) -> Hierarchy:
    """The hierarchy of a column from its file, with our word for withheld."""
    lines = (folder / f"hierarchy_{column}.csv").read_text(encoding="utf-8").splitlines()
    paths = [tuple(SUPPRESSED if label == "*" else label for label in line.split(";")) for line in lines]
    return Hierarchy(column, {path[0]: path for path in paths})


def day_of(month: int) -> date:
    """The first of a month of the history."""
    years, months = divmod(START[1] - 1 + month, 12)
    return date(START[0] + years, months + 1, 1)


class World:
    """Who is known, month by month; the same history for both ways of publishing."""

    def __init__(self, table: pl.DataFrame) -> None:
        self.dice = np.random.default_rng(11)
        by = [f"partner-{number}" for number in self.dice.integers(0, PARTNERS, table.height)]
        known = table.with_columns(pl.col(FLAGS).replace("NA", UNKNOWN), pl.Series(BY, by))
        self.everyone = known.with_row_index(KEY).with_columns(pl.format("p{}", pl.col(KEY)).alias(KEY))
        self.known = self.everyone.head(ARCHIVE)

    def live(self, month: int) -> None:
        """Arrivals, withdrawals and corrections of one month (from 1)."""
        first = ARCHIVE + (month - 1) * ARRIVALS
        stay = np.ones(self.known.height, dtype=np.bool_)
        stay[self.dice.choice(self.known.height, WITHDRAWALS, replace=False)] = False
        known = pl.concat([self.known.filter(pl.Series(stay)), self.everyone.slice(first, ARRIVALS)])
        rows = self.dice.choice(known.height, CORRECTIONS, replace=False)
        donors = self.dice.integers(0, known.height, CORRECTIONS)
        for column in CORE:
            mine = [place for number, place in enumerate(rows) if CORE[number % len(CORE)] == column]
            given = known[column][[int(donors[number]) for number in range(CORRECTIONS) if CORE[number % len(CORE)] == column]]
            known = known.with_columns(known[column].scatter(mine, given))
        self.known = known


@dataclass
class Cohorts:
    """The library's way: newcomers among themselves, rows that are never edited."""

    policy: Policy
    conditions: Conditions
    hierarchies: list[Hierarchy]
    published: pl.DataFrame
    enrolled: set[str] = field(default_factory=set)
    waiting: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={KEY: pl.String, SINCE: pl.Date}))
    ledger: list[ReleaseCounts] = field(default_factory=list)
    figures: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FIGURES))
    told: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={KEY: pl.String, "column": pl.String}))
    cohorts: int = 0
    entered_cells: float = 0.0
    entered: int = 0
    days_waited: int = 0

    def release(self, known: pl.DataFrame, day: date) -> str:
        """Retire, enter, tell, compare; what became of it, in one line."""
        lost = self.published.join(known, on=KEY, how="anti")[KEY]
        gone = retiring(self.published, lost, classes=[COHORT, *CORE], conditions=self.conditions, key=KEY)
        self.published = self.published.join(gone, on=KEY, how="anti")
        line = f"retired {gone.height:>5,} with {len(lost):>3} withdrawn | {self.enter(known, day)}"
        errata = self.tell(known)
        counts = self.published.group_by(COHORT, *CORE).len(PERSONS).with_columns(pl.col(PERSONS).cast(pl.Int64))
        now = ReleaseCounts(day.isoformat(), (TableCounts("core", counts), TableCounts("errata", self.figures_now(), "figures")))
        started = time.process_time()
        broken = broken_differences(now, self.ledger, self.policy.k.value, {each.column: each for each in self.hierarchies})
        self.ledger.append(now)
        return f"{line} | {errata} | violations {len(broken)} ({time.process_time() - started:.1f} CPU s)"

    def enter(self, known: pl.DataFrame, day: date) -> str:
        """The newcomers, and who of them waits."""
        pool = known.filter(~pl.col(KEY).is_in(list(self.enrolled))).join(self.waiting, on=KEY, how="left", maintain_order="left")
        patience = Patience(self.policy.smallest_pool.value, self.policy.largest_penalty.value, self.policy.longest_wait.value)
        entry = entry_of(pool, self.hierarchies, self.conditions, patience, day=day, is_first=not self.enrolled)
        lost = 0.0
        if entry.entering.height:
            self.cohorts += 1
            original = entry.entering.select(KEY).join(pool, on=KEY, how="left", maintain_order="left")
            lost = loss(original, entry.entering, self.hierarchies).mean
            self.enrolled |= set(entry.entering[KEY])
            self.published = pl.concat(
                [self.published, entry.entering.drop(SINCE).with_columns(pl.lit(self.cohorts, pl.Int64).alias(COHORT))]
            )
            waited = (pl.lit(day) - pl.col(SINCE)).dt.total_days().sum()
            self.days_waited += int(entry.entering.select(waited).item() or 0)
            if self.cohorts > 1:
                self.entered_cells, self.entered = self.entered_cells + lost * entry.entering.height, self.entered + entry.entering.height
        self.waiting = entry.waiting.select(KEY, SINCE)
        since = entry.waiting[SINCE].min() if entry.waiting.height else "-"
        entered, waiting = entry.entering.height, entry.waiting.height
        return f"newcomers {pool.height:>7,} entered {entered:>7,} loss {lost:.3f} wait {waiting:>5,} since {since}"

    def tell(self, known: pl.DataFrame) -> str:
        """The errata of corrected persons."""
        by_column = {each.column: each for each in self.hierarchies}
        wrong = misfits(self.published, known, by_column, FLAGS, key=KEY).join(self.told, on=[KEY, "column"], how="anti")
        found = tell(wrong, self.published, self.figures, by_column, self.policy.k.value, key=KEY)
        self.figures, self.told = pl.concat([self.figures, found.figures]), pl.concat([self.told, found.persons])
        return f"labels wrong by now: {found.persons.height:>3} told, {wrong.height - found.persons.height:>3} too few yet"

    def figures_now(self) -> pl.DataFrame:
        """The errata table as it stands."""
        return self.figures.group_by("cohort", "column", "label").agg(pl.col(PERSONS).sum())


def within_cells(published: pl.DataFrame, columns: tuple[str, ...], hierarchies: dict[str, Hierarchy]) -> pl.DataFrame:
    """Each cell of these columns at every level, and how many published rows surely lie within it."""
    found = published.group_by(columns).len(PERSONS)
    for column in columns:
        pairs = {
            (label, above) for path in hierarchies[column].paths.values() for level, label in enumerate(path) for above in path[level:]
        }
        ladder = pl.DataFrame(sorted(pairs), schema=[column, "above"], orient="row")
        found = found.join(ladder, on=column).drop(column).rename({"above": column})
        found = found.group_by(columns).agg(pl.col(PERSONS).sum())
    return found


def given_away(
    before: pl.DataFrame, after: pl.DataFrame, newcomers: pl.DataFrame, hierarchies: dict[str, Hierarchy], k: int
) -> tuple[int, int]:
    """Cells of one to three columns and of all by which two tables of everybody differ by fewer than k persons, and newcomers who
    are alone in a cell that grew by exactly one."""
    few, alone = 0, set[str]()
    for columns in (chosen for width in (1, 2, 3, len(CORE)) for chosen in combinations(CORE, width)):
        old, new = (within_cells(table, columns, hierarchies) for table in (before, after))
        beside = new.join(old, on=columns, how="full", coalesce=True, suffix=" before").fill_null(0)
        change = (pl.col(PERSONS).cast(pl.Int64) - pl.col(f"{PERSONS} before").cast(pl.Int64)).alias("change")
        changed = beside.select(*columns, change).filter(pl.col("change") != 0)
        few += changed.filter(pl.col("change").abs() < k).height
        ones = changed.filter(pl.col("change") == 1).select(columns)
        true = within_cells(newcomers, columns, hierarchies).filter(pl.col(PERSONS) == 1).join(ones, on=columns, how="semi")
        alone |= set(_holders(true, newcomers, columns, hierarchies))
    return few, len(alone)


def _holders(cells: pl.DataFrame, newcomers: pl.DataFrame, columns: tuple[str, ...], hierarchies: dict[str, Hierarchy]) -> Iterator[str]:
    """The newcomers whose true values lie within the cells."""
    known = newcomers.select(KEY, *columns)
    for column in columns:
        pairs = sorted({(path[0], above) for path in hierarchies[column].paths.values() for above in path})
        known = known.join(pl.DataFrame(pairs, schema=[column, "above"], orient="row"), on=column).drop(column).rename({"above": column})
        known = known.join(cells.select(column).unique(), on=column, how="semi")
    yield from known.join(cells, on=columns, how="semi")[KEY]


def main() -> None:
    """Both ways over the same two years."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    policy = load_policy()
    conditions = policy.conditions(FLAGS, BY) if "policy" in sys.argv else Conditions(policy.k.value)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(BENCH / "ctdc_like.py"), str(ROWS), "7", folder], check=True)
        world = World(pl.read_parquet(Path(folder) / "ctdc_like.parquet").select(CORE + FLAGS))
        hierarchies = [hierarchy(Path(folder), column) for column in CORE]
    by_column = {each.column: each for each in hierarchies}
    empty = world.known.clear().with_columns(pl.lit(0, pl.Int64).alias(COHORT))
    cohorts = Cohorts(policy, conditions, hierarchies, empty)
    afresh: pl.DataFrame | None = None
    former: set[str] = set()
    for month in range(MONTHS + 1):
        if month:
            world.live(month)
        if month % step:
            continue
        day = day_of(month)
        sys.stdout.write(f"{day} cohorts | {cohorts.release(world.known, day)}\n")
        found = generalize(world.known, hierarchies, conditions).table
        newcomers = world.known.filter(~pl.col(KEY).is_in(list(former)))
        if afresh is not None:
            few, alone = given_away(afresh, found, newcomers, by_column, policy.k.value)
            lost = loss(newcomers, newcomers.select(KEY).join(found, on=KEY, how="left", maintain_order="left"), hierarchies).mean
            share = alone / max(newcomers.height, 1)
            sys.stdout.write(
                f"{day} afresh  | newcomers {newcomers.height:>7,} loss {lost:.3f} | differences under k {few:>6,} | "
                f"newcomers alone in a cell that grew by one {alone:>5,} ({share:.0%})\n"
            )
        afresh, former = found, set(world.known[KEY])
        sys.stdout.flush()
    left = cohorts.waiting.height
    sys.stdout.write(
        f"newcomers of two years: {cohorts.entered:,} entered at a mean loss of {cohorts.entered_cells / max(cohorts.entered, 1):.3f}; "
        f"they waited {cohorts.days_waited / max(cohorts.entered, 1) / 30.4:.1f} months behind the first release after they came; "
        f"{left:,} wait at the end\n"
    )


if __name__ == "__main__":
    main()
