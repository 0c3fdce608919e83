"""Loss, cost and memory of `casehouse anonymize` beside the anonymizers that install from PyPI: same tables, same scorer, one run.

    make peers                              the peers, each in an environment of its own
    python benchmarks/anonymizers.py        all cases, then docs/anonymizers.md
    python benchmarks/anonymizers.py --who casehouse        Casehouse alone; the peers' rows stay as the page has them, marked
    python benchmarks/anonymizers.py --cases adult          prints, writes nothing

Needs the folder ../shared/bench/anonymize (Adult with its hierarchies, the generator of the case-like tables, the scorer). Every
run is a child process: its processor time and peak memory are those the system counted for it, start and end included.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import polars as pl
from peers.children import Cost, Limits, run_child
from peers.scores import Score, score

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BENCH = ROOT.parent / "shared" / "bench" / "anonymize"
PAGE = ROOT / "docs" / "anonymizers.md"
PEERS = {
    "anjana": ("anjana", "run_anjana.py"),
    "anonypy": ("anonypy", "run_anonypy.py"),
    "anonypyx": ("anonypyx", "run_anonypyx.py"),
    "lighthouse": ("project-lighthouse-anonymize", "run_lighthouse.py"),
    "umbra-k": ("umbra-k", "run_umbra_k.py"),
}
ADULT = ("sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation", "salary-class")
Q8 = ("year", "gender", "ageBand", "citizenship", "countryExploit", "isForcedLabour", "isSexualExploit", "isOtherExploit")
CORE, FORMS = Q8[:5], Q8[5:]
MOST_MEGABYTES = 4096


@dataclass(frozen=True)
class Case:
    """One table to anonymize, with what is asked and how Casehouse and the peers are to do it."""

    name: str
    title: str
    columns: tuple[str, ...]
    k: int
    ours: dict[str, tuple[str, ...]]  # what a row of the page is called, and the options of the command
    peer_seconds: int  # processor time after which a peer is stopped; 0 where none is tried
    rows: int = 0  # of the case-like table; 0 for Adult
    sensitive: tuple[str, ...] = ()
    earlier: tuple[str, ...] = field(default=())  # rows of figures that were measured earlier, elsewhere


FAST, QUALITY, SETS = {"fast (default)": ()}, {"quality": ("--quality",)}, {"fast, value sets": ("--labels", "sets")}
UNIFORM = {
    "uniform, nobody suppressed": ("--mode", "uniform"),
    "uniform, at most 5 % suppressed": ("--mode", "uniform", "--suppress", "0.05"),
}
CASES = (
    Case(
        "adult",
        "Adult, 30,162 persons, 9 columns, k = 5",
        ADULT,
        5,
        {**FAST, **QUALITY, **SETS, **UNIFORM},
        peer_seconds=180,
        earlier=(
            "| *ARX, local recoding, 100 iterations* | tree | *.192* | | | *15* | *566* |",
            "| *ARX, optimum of one level a column, 5 %* | tree | *.281* | | | *5.6* | |",
            "| *ARX, optimum of one level a column, 0 %* | tree | *.636* | | | | |",
            "| *proven lower bound of any local recoding* | tree | *.0333* | | | | |",
        ),
    ),
    Case(
        "200k",
        "200,000 case-like persons, 8 columns, k = 11",
        Q8,
        11,
        {**FAST, **QUALITY, **SETS, **UNIFORM},
        peer_seconds=90,
        rows=200_000,
        earlier=(
            "| *ARX, local recoding* | tree | *.211* | | | *47 to 58* | *1,200* |",
            "| *proven lower bound of any local recoding* | tree | *.0559* | | | | |",
        ),
    ),
    Case(
        "1M",
        "1,000,000 case-like persons, 8 columns, k = 11",
        Q8,
        11,
        {**FAST, **QUALITY},
        peer_seconds=0,
        rows=1_000_000,
        earlier=(
            "| *ARX* | tree | | | | *stopped unfinished at 60* | |",
            "| *proven lower bound of any local recoding* | tree | *.0252* | | | | |",
        ),
    ),
    Case("core", "The same 200,000, five columns, k = 11", CORE, 11, {**FAST}, peer_seconds=0, rows=200_000),
    Case(
        "core-l2",
        "The same five columns, and two known values of each of three forms of exploitation in every class (l = 2)",
        CORE,
        11,
        {**FAST},
        peer_seconds=0,
        rows=200_000,
        sensitive=FORMS,
    ),
)


@dataclass(frozen=True)
class Table:
    """A case's files."""

    parquet: Path
    csv: Path
    prefix: str


def table_of(case: Case, folder: Path) -> Table:
    """The input in both formats; the case-like tables are generated once."""
    made = folder / (str(case.rows) if case.rows else "adult")
    source, prefix = BENCH / "adult.csv", str(BENCH / "adult_hierarchy_")
    if case.rows:
        prefix = str(made / "hierarchy_")
        if not made.exists():
            subprocess.run([sys.executable, str(BENCH / "ctdc_like.py"), str(case.rows), "7", str(made)], check=True)
        frame = pl.read_parquet(made / "ctdc_like.parquet")
    else:
        made.mkdir(exist_ok=True)
        frame = pl.read_csv(source, separator=";", infer_schema=False)
    table = Table(made / f"{case.name}.parquet", made / f"{case.name}.csv", prefix)
    frame = frame.select(*case.columns, *case.sensitive)
    frame.write_parquet(table.parquet)
    frame.write_csv(table.csv, separator=";")
    return table


def ours(case: Case, table: Table, options: Sequence[str], sink: Path) -> Cost:
    """The whole command, from one Parquet file to the other."""
    asked = ["--sensitive", ",".join(case.sensitive), "-l", "2"] if case.sensitive else []
    command = [str(Path(sys.executable).with_name("casehouse")), "anonymize", str(table.parquet), "--qi", ",".join(case.columns)]
    command += ["--hierarchies", table.prefix, "-k", str(case.k), *asked, *options, "--out", str(sink)]
    return run_child(command, Limits(600, MOST_MEGABYTES))


def floor(case: Case, table: Table) -> Cost:
    """Reading the columns and counting their combinations, in a process of its own."""
    columns = ", ".join(f'"{column}"' for column in case.columns)
    query = f"select count(*) from (select {columns}, count(*) from '{table.parquet}' group by all)"  # noqa: S608 (our own column names)
    return run_child([sys.executable, "-c", f"import duckdb; duckdb.sql({query!r}).fetchall()"], Limits(60, MOST_MEGABYTES))


def peer(name: str, case: Case, table: Table, sink: Path) -> Cost:
    """A peer in its own environment, through its adapter."""
    environment, script = PEERS[name]
    python = ROOT / ".venv-peers" / environment / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"{environment} is not installed; next: make peers")
    command = [str(python), str(HERE / "peers" / script), str(table.csv), table.prefix, str(case.k), str(sink), *case.columns]
    return run_child(command, Limits(case.peer_seconds, MOST_MEGABYTES))


def lines_of(case: Case, folder: Path, who: str, page: str) -> Iterator[str]:
    """The rows of a case's table, each as soon as it is measured; those that are not measured now, as they stand on the page."""
    table = table_of(case, folder)
    for title, options in case.ours.items():
        name = f"**Casehouse**, {title}"
        if who in ("all", "casehouse"):
            sink = folder / "out.parquet"
            cost = ours(case, table, options, sink)
            yield row(name, cost, scored(case, table, sink, cost))
        else:
            yield from kept(case, name, page)
    for name in PEERS if case.peer_seconds else ():
        if who in ("all", "peers", name):
            sink = folder / "out.csv"
            cost = peer(name, case, table, sink)
            yield row(name, cost, scored(case, table, sink, cost))
        else:
            yield from kept(case, name, page)
    yield from case.earlier
    cost = floor(case, table)
    yield f"| one GROUP BY of the same file | | | | | {cost.seconds:.2f} | {cost.megabytes:,.0f} |"


def kept(case: Case, name: str, page: str) -> Iterator[str]:
    """The row of an earlier run, marked as such."""
    _, _, section = page.partition(f"## {case.title}\n")
    for line in section.partition("\n## ")[0].splitlines():
        if line.startswith((f"| {name} |", f"| {name}{EARLIER} |")):
            yield line.replace(f"| {name} |", f"| {name}{EARLIER} |")


def scored(case: Case, table: Table, sink: Path, cost: Cost) -> Score | None:
    """The score, where there is anything to score."""
    return None if cost.ended else score(table.parquet, sink, table.prefix, case.k, case.columns, BENCH / "utility.py")


def row(name: str, cost: Cost, found: Score | None) -> str:
    """One line of a table."""
    if found is None:
        return f"| {name} | | {cost.ended} | | | {cost.seconds:.1f} | {cost.megabytes:,.0f} |"
    loss = f"{found.loss:.4f}".removeprefix("0")
    broken = "" if found.is_ok else " (**under k**)"
    return (
        f"| {name} | {found.labels} | {loss} | {found.rows_suppressed:.1%} | {found.smallest_class}{broken} "
        f"| {cost.seconds:.1f} | {cost.megabytes:,.0f} |"
    )


EARLIER = " †"
HEAD = "| | labels | loss | rows suppressed or left out | smallest class | CPU s | peak MB |\n|---|---|---|---|---|---|---|"


def main() -> None:
    """Measure and print; write the page when every case was gone through."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", default=[case.name for case in CASES], choices=[case.name for case in CASES])
    parser.add_argument("--who", default="all", choices=["all", "casehouse", "peers", *PEERS], help="the rest stays as the page has it")
    chosen = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    sections = []
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            if case.name not in chosen.cases:
                continue
            lines = [f"## {case.title}", "", *HEAD.splitlines()]
            sys.stdout.write("\n".join(lines) + "\n")
            for line in lines_of(case, Path(folder), chosen.who, page):
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
                lines.append(line)
            sections.append("\n".join(lines) + "\n")
    if len(sections) == len(CASES):
        PAGE.write_text(introduction() + "\n" + "\n".join(sections), encoding="utf-8")


def introduction() -> str:
    """What was measured, on what, and how to read it."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "polars", "numpy", "numba"))
    return INTRODUCTION.format(
        cores=os.cpu_count(),
        machine=platform.machine(),
        python=platform.python_version(),
        versions=versions,
        peers=", ".join(f"{name} {_pinned(name)}" for name, _ in PEERS.values()),
        megabytes=MOST_MEGABYTES,
        adult_seconds=CASES[0].peer_seconds,
        large_seconds=CASES[1].peer_seconds,
    )


def _pinned(package: str) -> str:
    """The version of a peer in its own list of requirements."""
    pins = (HERE / "peers" / "requirements" / f"{package}.txt").read_text(encoding="utf-8").split()
    return next(pin.removeprefix(f"{package}==") for pin in pins if pin.startswith(f"{package}=="))


INTRODUCTION = """# Anonymizers, side by side

Written by `make bench` (`benchmarks/anonymizers.py`) in one run, rows with † aside, on {cores} shared cores ({machine}),
Python {python}, {versions}. The peers are {peers},
each in an environment of its own (`make peers`). Compare ratios of CPU, never single seconds.

- **Loss** is Iyengar's metric: the mean over all cells of the share of the column's other values that a cell could stand for. 0 is nothing
  lost, 1 everything; a row that is suppressed or left out counts 1. One scorer judges every published table against the
  original, and shares no code with any of them.
- **Labels** says what a cell shows: a label of the given hierarchy (tree), or the values it may stand for (sets). By this measure
  sets lose less; they are harder to use, since two cells seldom show the same set. Compare each kind with its like.
- **CPU** is user and system time of the whole process, start, reading and writing included; **peak** is its largest resident
  set. Casehouse is measured as the command `casehouse anonymize`. A peer was stopped after {adult_seconds} CPU s on
  Adult, {large_seconds} on the larger table, or at {megabytes:,} MB.
- Rows in *italics* were measured earlier and not in this run: ARX is a Java program that no Python index has. They are of its release
  of September 2025, on the same inputs with the same scorer, on two shared cores. A lower bound is what every table loses in
  which each person shares all labels with k - 1 others.
- A dagger (†) marks rows that another run of the same script measured on this machine.
"""

if __name__ == "__main__":
    main()
