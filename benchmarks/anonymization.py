"""Loss, smallest class and time of the k-anonymity search on public inputs, scored by a scorer that shares no code with it.

    python benchmarks/anonymization.py [--quality] [--million]

Needs the folder ../shared/bench/anonymize (Adult with its hierarchies, the generator of the case-like table, the scorer).
Prints one line a case. The floor of the work is one GROUP BY over the quasi-identifiers, timed beside it. Compile first, or the
first case takes half a minute longer: python -c 'from anonymize.warming import main; main()'. `anonymizers.py` measures the whole
command beside its peers.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from anonymize.conditions import Conditions, Diversity
from anonymize.generalize import generalize
from anonymize.hierarchy import Hierarchy
from anonymize.search.finding import Effort
from schemas.vocabulary import SUPPRESSED

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench" / "anonymize"
ADULT = ["sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation", "salary-class"]
Q8 = ["year", "gender", "ageBand", "citizenship", "countryExploit", "isForcedLabour", "isSexualExploit", "isOtherExploit"]
CORE, FLAGS = Q8[:5], Q8[5:]


@dataclass(frozen=True)
class Case:
    """Columns of a table, and what is asked of their classes."""

    name: str
    columns: list[str]
    k: int
    sensitive: tuple[Diversity, ...] = ()


# NA is a value here, as in the measurements of others; where it is not known, diversity costs more.
CASES = [
    Case("8 columns, k=11", Q8, 11),
    Case("core, k=11", CORE, 11),
    Case("core, k=11, l=2", CORE, 11, tuple(Diversity(flag, distinct=2) for flag in FLAGS)),
    Case("core, k=11, entropy 1.2", CORE, 11, tuple(Diversity(flag, entropy=1.2) for flag in FLAGS)),
    Case("core, k=11, closeness .5", CORE, 11, tuple(Diversity(flag, closeness=0.5) for flag in FLAGS)),
]


def hierarchy(prefix: str, column: str) -> Hierarchy:
    """The hierarchy of a column from its file, with `*` as our word for withheld."""
    lines = Path(f"{prefix}{column}.csv").read_text(encoding="utf-8").splitlines()
    paths = [tuple(SUPPRESSED if label == "*" else label for label in line.split(";")) for line in lines]
    depth = max(map(len, paths))
    return Hierarchy(column, {path[0]: (path[0],) * (depth - len(path)) + path for path in paths})


def measure(case: Case, table: pl.DataFrame, prefix: str, effort: Effort) -> None:
    """One case: search, score, print."""
    columns, sensitive = case.columns, [each.field for each in case.sensitive]
    hierarchies = [hierarchy(prefix, column) for column in columns]
    table = table.select([*columns, *sensitive])
    started = time.process_time()
    table.group_by(columns).len()
    floor = time.process_time() - started
    started = time.process_time()
    found = generalize(table, hierarchies, Conditions(case.k, case.sensitive), effort=effort)
    seconds = time.process_time() - started
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.parquet", Path(folder) / "after.parquet"
        table.select(columns).write_parquet(before)
        found.table.select(pl.col(columns).replace(SUPPRESSED, "*")).write_parquet(after)
        command = [sys.executable, str(BENCH / "utility.py"), str(before), str(after), prefix, str(case.k), *columns]
        scored = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(
        f"{case.name:<42} loss {scored['loss']:.4f}  smallest class {scored['smallest_class']:>3}  "
        f"rows suppressed {scored['rows_suppressed']:.4f}  "
        f"search {seconds:.1f} CPU s (one GROUP BY {floor:.2f})  peak {memory} MB\n"
    )


def main() -> None:
    """All cases, smallest first."""
    effort: Effort = "quality" if "--quality" in sys.argv else "fast"
    adult = pl.read_csv(BENCH / "adult.csv", separator=";", infer_schema=False)
    measure(Case("Adult, 9 columns, k=5", ADULT, 5), adult, str(BENCH / "adult_hierarchy_"), effort)
    with tempfile.TemporaryDirectory() as folder:
        for rows in (200_000, 1_000_000) if "--million" in sys.argv else (200_000,):
            subprocess.run([sys.executable, str(BENCH / "ctdc_like.py"), str(rows), "7", folder], check=True)
            cases = pl.read_parquet(Path(folder) / "ctdc_like.parquet")
            for case in CASES if rows == 200_000 else CASES[:1]:
                measure(replace(case, name=f"{rows:,} case-like, {case.name}"), cases, f"{folder}/hierarchy_", effort)


if __name__ == "__main__":
    main()
