"""Loss, smallest class and time of the k-anonymity search on public inputs, scored by a scorer that shares no code with it.

    python benchmarks/anonymization.py

Needs the folder ../shared/bench/anonymize (Adult with its hierarchies, the generator of the case-like table, the scorer).
Prints one line a case. The floor of the work is one GROUP BY over the quasi-identifiers, timed beside it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from anonymize.conditions import Conditions
from anonymize.generalize import generalize
from anonymize.hierarchy import Hierarchy
from schemas.vocabulary import SUPPRESSED

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench" / "anonymize"
ADULT = ["sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation", "salary-class"]
Q8 = ["year", "gender", "ageBand", "citizenship", "countryExploit", "isForcedLabour", "isSexualExploit", "isOtherExploit"]
CORE, FLAGS = Q8[:5], Q8[5:]


def hierarchy(prefix: str, column: str) -> Hierarchy:
    """The hierarchy of a column from its file, with `*` as our word for withheld."""
    lines = Path(f"{prefix}{column}.csv").read_text(encoding="utf-8").splitlines()
    paths = [tuple(SUPPRESSED if label == "*" else label for label in line.split(";")) for line in lines]
    depth = max(map(len, paths))
    return Hierarchy(column, {path[0]: (path[0],) * (depth - len(path)) + path for path in paths})


def measure(name: str, table: pl.DataFrame, prefix: str, columns: list[str], k: int, sensitive: list[str]) -> None:
    """One case: search, score, print."""
    hierarchies = [hierarchy(prefix, column) for column in columns]
    table = table.select([*columns, *sensitive])
    started = time.process_time()
    table.group_by(columns).len()
    floor = time.process_time() - started
    started = time.process_time()
    found = generalize(table, hierarchies, Conditions.with_distinct_values(k, 2 if sensitive else 1, sensitive))
    seconds = time.process_time() - started
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.parquet", Path(folder) / "after.parquet"
        table.select(columns).write_parquet(before)
        found.table.select(pl.col(columns).replace(SUPPRESSED, "*")).write_parquet(after)
        command = [sys.executable, str(BENCH / "utility.py"), str(before), str(after), prefix, str(k), *columns]
        scored = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(
        f"{name:<34} loss {scored['loss']:.4f}  smallest class {scored['smallest_class']:>3}  "
        f"rows suppressed {scored['rows_suppressed']:.4f}  "
        f"search {seconds:.1f} CPU s (one GROUP BY {floor:.2f})  peak {memory} MB\n"
    )


def main() -> None:
    """All cases, smallest first."""
    adult = pl.read_csv(BENCH / "adult.csv", separator=";", infer_schema=False)
    measure("Adult, 9 columns, k=5", adult, str(BENCH / "adult_hierarchy_"), ADULT, 5, [])
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(BENCH / "ctdc_like.py"), "200000", "7", folder], check=True)
        cases = pl.read_parquet(Path(folder) / "ctdc_like.parquet")
        prefix = f"{folder}/hierarchy_"
        measure("200k case-like, 8 columns, k=11", cases, prefix, Q8, 11, [])
        measure("200k case-like, core, k=11", cases, prefix, CORE, 11, [])
        measure("200k case-like, core, k=11, l=2", cases, prefix, CORE, 11, FLAGS)


if __name__ == "__main__":
    main()
