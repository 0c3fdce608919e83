"""What attacks reach on a case-like table: as it is, under k alone, and under the conditions of the policy.

    python benchmarks/attacks.py [ROWS]

Needs ../shared/bench/anonymize (the generator of the case-like table). Nine invented contributors: most persons of a country
of exploitation are of one of them. Prints one line an attack with succeeded / tried for each table, and the CPU seconds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from anonymize.attacks.holdings import Reenactment, Shown, Truth
from anonymize.attacks.outcome import Limits
from anonymize.attacks.running import Verdict, run_attacks
from anonymize.conditions import Conditions
from anonymize.generalize import generalize
from anonymize.hierarchy import Hierarchy
from anonymize.policy import Policy, load_policy
from schemas.vocabulary import SUPPRESSED, UNKNOWN

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench" / "anonymize"
QUASI = ("year", "gender", "ageBand", "citizenship", "countryExploit")
SENSITIVE = ("isForcedLabour", "isSexualExploit", "isOtherExploit")
CONTRIBUTORS, AT_HOME = 9, 0.8


def hierarchy(folder: Path, column: str) -> Hierarchy:
    """The hierarchy of a column from its file, with `*` as our word for withheld."""
    lines = (folder / f"hierarchy_{column}.csv").read_text(encoding="utf-8").splitlines()
    paths = [tuple(SUPPRESSED if label == "*" else label for label in line.split(";")) for line in lines]
    depth = max(map(len, paths))
    return Hierarchy(column, {path[0]: (path[0],) * (depth - len(path)) + path for path in paths})


def case_like(rows: int) -> tuple[pl.DataFrame, dict[str, Hierarchy]]:
    """Persons with their contributors, and the hierarchies."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(BENCH / "ctdc_like.py"), str(rows), "7", folder], check=True)
        table = pl.read_parquet(Path(folder) / "ctdc_like.parquet").select(*QUASI, *SENSITIVE)
        hierarchies = {column: hierarchy(Path(folder), column) for column in QUASI}
    random = np.random.default_rng(7)
    home = table["countryExploit"].rank("dense").to_numpy() % CONTRIBUTORS
    sender = np.where(random.random(rows) < AT_HOME, home, random.integers(0, CONTRIBUTORS, rows))
    known = table.with_columns(pl.col(field).replace("NA", UNKNOWN) for field in SENSITIVE)
    return known.with_columns(partner=pl.Series(sender).cast(pl.Int64).cast(pl.String)), hierarchies


def attack(table: pl.DataFrame, hierarchies: dict[str, Hierarchy], conditions: Conditions | None, policy: Policy) -> Verdict:
    """All attacks on the table under the conditions; on the raw table without."""

    def method(persons: pl.DataFrame) -> pl.DataFrame:
        return generalize(persons, list(hierarchies.values()), conditions).table if conditions else persons

    labels = method(table)
    columns = [*QUASI, *SENSITIVE]
    truth = Truth(table.select(QUASI), labels.select(columns), table["partner"])
    played = Reenactment(table, labels, QUASI, SENSITIVE, method) if conditions else None
    limits = Limits(policy.k.value, policy.strangers.value, likelihood=policy.likelihood.value)
    return run_attacks([Shown("table", labels.select(columns), QUASI, SENSITIVE)], truth, hierarchies, limits, reenactment=played)


def main(rows: int) -> None:
    """Attack the three tables and print what was reached."""
    policy = load_policy()
    table, hierarchies = case_like(rows)
    tables = {"raw": None, "k": Conditions(policy.k.value), "policy": policy.conditions(SENSITIVE, "partner")}
    reached: dict[str, dict[str, str]] = {}
    for name, conditions in tables.items():
        started = time.process_time()
        for each in attack(table, hierarchies, conditions, policy).outcomes:
            beside = f" (chance {each.expected:.0f})" if each.expected else ""
            reached.setdefault(f"{each.attack}: {each.knowledge}", {})[name] = f"{each.succeeded}/{each.tried}{beside}"
        sys.stdout.write(f"{name}: {time.process_time() - started:.1f} CPU s\n")
    for line, by_table in reached.items():
        sys.stdout.write(f"{line:<100} " + "  ".join(f"{by_table.get(name, '-'):>24}" for name in tables) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
