"""Precision, recall and cost of `casehouse link` beside the linkers that install from PyPI: same tables, same scorer, one run.

    make peers                                      the peers, each in an environment of its own
    python benchmarks/linkers.py                    what is not measured yet, then docs/linkage.md
    python benchmarks/linkers.py --page             the page alone, of what is measured
    python benchmarks/linkers.py --corpora febrl3 --who casehouse
    python benchmarks/linkers.py --again            everything anew

Needs the folder ../shared/bench/linkage (tables, their generator, the scorer). Every run is a child process: its processor time and
peak memory are those the system counted for it, start and end included. Each result is kept in .benchmarks until the code that made
it changes, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import polars as pl
from linkage_corpora import BENCH, CORPORA, KEPT, ROOT, Corpus, truth_of
from linkage_failures import reasons_result
from linkage_page import write_page
from linkage_thresholds import best_components
from peers.children import Cost, Limits, run_child

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
LIMITS = Limits(seconds=900, megabytes=8_000)
OURS, AUTOMATIC, SPLINK, GOLDENMATCH = "casehouse", "casehouse-automatic", "splink", "goldenmatch"


@dataclass(frozen=True)
class Result:
    """A system on a corpus. Shares are of 1; `review` is the share of records in questions; `note` is said beside the figures."""

    corpus: str
    system: str
    seconds: float
    wall: float
    megabytes: float
    ended: str = ""
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    person_count_error: float | None = None
    review: float | None = None
    note: str = ""


def ours(corpus: Corpus, table: Path, folder: Path) -> list[Result]:
    """The whole command, at the best estimate and at automatic links alone."""
    out, review, report = folder / "out.parquet", folder / "pairs.parquet", folder / "report.json"
    command = [str(Path(sys.executable).with_name("casehouse")), "link", str(table), "--out", str(out)]
    command += ["--review", str(review), "--report", str(report), *(["--columns", str(corpus.mapping)] if corpus.mapping else [])]
    cost = run_child(command, LIMITS)
    if cost.ended:
        return [_result(corpus, system, cost) for system in (OURS, AUTOMATIC)]
    counts = json.loads(report.read_text(encoding="utf-8"))
    share = counts["records_in_questions"] / counts["records"]
    found = pl.read_parquet(out)
    interval = f"{counts['persons']['fewest']:,} to {counts['persons']['most']:,} persons"
    by_cut = ((OURS, found.select("unique_id", "person")), (AUTOMATIC, found.select("unique_id", person="automatic")))
    notes = {OURS: interval, AUTOMATIC: ""}
    return [_result(corpus, system, cost, scored(table, frame, folder), share, notes[system]) for system, frame in by_cut]


def splink(corpus: Corpus, table: Path, folder: Path) -> list[Result]:
    """Splink's own example settings and training; the threshold that is best on the corpus."""
    pairs = folder / "pairs.parquet"
    cost = run_child([sys.executable, str(PEERS / "link_splink.py"), str(table), str(corpus.splink), str(pairs)], LIMITS)
    if cost.ended:
        return [_result(corpus, SPLINK, cost)]
    found, threshold = best_components(pl.read_parquet(pairs), truth_of(table))
    return [_result(corpus, SPLINK, cost, scored(table, found, folder), None, f"threshold {threshold:g} bits, the best for this table")]


def goldenmatch(corpus: Corpus, table: Path, folder: Path) -> list[Result]:
    """goldenmatch with no settings."""
    python = ROOT / ".venv-peers" / "goldenmatch" / "bin" / "python"
    if not python.exists():
        raise SystemExit("goldenmatch is not installed; next: make peers")
    out = folder / "out.parquet"
    cost = run_child([str(python), str(PEERS / "link_goldenmatch.py"), str(table), str(out)], LIMITS)
    score = None if cost.ended else scored(table, pl.read_parquet(out), folder)
    return [_result(corpus, GOLDENMATCH, cost, score)]


def scored(table: Path, found: pl.DataFrame, folder: Path) -> dict[str, float]:
    """What the scorer of the bench says, as its own process."""
    path = folder / "scored.parquet"
    found.write_parquet(path)
    said = subprocess.run([sys.executable, str(BENCH / "pairwise.py"), str(table), str(path)], capture_output=True, text=True, check=True)
    score: dict[str, float] = json.loads(said.stdout)
    return score


def _result(
    corpus: Corpus, system: str, cost: Cost, score: dict[str, float] | None = None, review: float | None = None, note: str = ""
) -> Result:
    figures = {name: score[name] for name in ("precision", "recall", "f1", "person_count_error")} if score else {}
    return Result(corpus.name, system, cost.seconds, cost.wall, cost.megabytes, ended=cost.ended, review=review, note=note, **figures)


def code_of(*paths: Path) -> str:
    """A fingerprint of files and folders of Python, JSON and YAML: results of other code are not kept."""
    every = (file for path in paths for file in ([path] if path.is_file() else path.rglob("*")))
    files = sorted(file for file in every if file.suffix in _CODE and not _ASIDE & set(file.parts))
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


_CODE = {".py", ".json", ".yml", ".txt"}
_ASIDE = {"review", "registry"}  # of linkage: what `casehouse link` does not use
_COMMAND = (ROOT / "linkage", *(ROOT / "pipelines" / f"linking_{part}.py" for part in ("tables", "values", "files")))


def keep(name: str, code: str, measure: Callable[[], object], *, again: bool) -> object:
    """The kept result of that name, or the measured one, which is then kept."""
    path = KEPT / "results" / f"{name}.json"
    if path.exists() and not again:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["code"] == code:
            return kept["result"]
    sys.stdout.write(f"measuring {name} ...\n")
    sys.stdout.flush()
    result = measure()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"code": code, "result": result}, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"  {json.dumps(result)[:400]}\n")
    return result


Measure = Callable[[Corpus, Path, Path], "list[Result]"]


def systems_of(corpus: Corpus, who: str) -> list[tuple[str, Measure, str]]:
    """Name, measure and fingerprint of each system that is tried on a corpus."""
    tried: list[tuple[str, Measure, str]] = []
    if who in ("all", OURS):
        tried.append((OURS, ours, code_of(*_COMMAND)))
    if who in ("all", "peers", SPLINK) and corpus.splink:
        tried.append((SPLINK, splink, code_of(PEERS / "link_splink.py")))
    if who in ("all", "peers", GOLDENMATCH) and corpus.goldenmatch:
        adapter = (PEERS / "link_goldenmatch.py", PEERS / "requirements" / "goldenmatch.txt")
        tried.append((GOLDENMATCH, goldenmatch, code_of(*adapter)))
    return tried


def measured(corpus: Corpus, measure: Measure) -> list[dict[str, object]]:
    """The results of one system in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return [asdict(result) for result in measure(corpus, corpus.table(), Path(folder))]


def main(typed: Sequence[str] | None = None) -> None:
    """Measure what is asked and not kept; then write the page of all that is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", nargs="*", default=[corpus.name for corpus in CORPORA], choices=[corpus.name for corpus in CORPORA])
    parser.add_argument("--who", default="all", choices=["all", "peers", OURS, SPLINK, GOLDENMATCH])
    parser.add_argument("--again", action="store_true", help="measure anew what is kept")
    parser.add_argument("--page", action="store_true", help="measure nothing")
    parser.add_argument("--only-corpora", action="store_true", help="neither sample, batch nor Spark")
    chosen = parser.parse_args(typed)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if not chosen.page:
        _measure(chosen)
    write_page(ROOT / "docs" / "linkage.md", KEPT / "results")


def _measure(chosen: argparse.Namespace) -> None:
    again = chosen.again
    for corpus in CORPORA:
        if corpus.name not in chosen.corpora:
            continue
        for system, measure, code in systems_of(corpus, chosen.who):
            keep(f"{corpus.name}--{system}", code, lambda corpus=corpus, measure=measure: measured(corpus, measure), again=again)
        if corpus.finds_reasons and chosen.who in ("all", OURS):
            code = code_of(*_COMMAND, HERE / "linkage_failures.py")
            keep(f"{corpus.name}--reasons", code, lambda corpus=corpus: reasons_result(corpus), again=again)
    if chosen.who in ("all", OURS) and not chosen.only_corpora:
        for extra in EXTRAS:
            # Imported when needed: what they import takes seconds.
            result = getattr(import_module(extra.module), extra.function)
            keep(f"extra--{extra.name}", code_of(*extra.depends_on, HERE / f"{extra.module}.py"), result, again=again)


@dataclass(frozen=True)
class Extra:
    """A measurement that is no system on a corpus: its name, who makes it, and what its result depends on."""

    name: str
    module: str
    function: str
    depends_on: tuple[Path, ...] = _COMMAND


EXTRAS = (
    Extra("sample", "linkage_sample", "sample_result", (*_COMMAND, ROOT / "sample_data", ROOT / "pipelines" / "linking.py")),
    Extra("batch", "linkage_batch", "batch_result"),
    Extra("spark", "linkage_spark", "spark_result"),
    Extra("tokens", "token_attack", "attacks_result", (ROOT / "linkage" / "private",)),
)


if __name__ == "__main__":
    main()
