"""The labelled tables of reports that linkage is measured on: where each comes from, and who must not be told the truth.

Here: generating, halving, and hiding names behind tokens. Never here: a measurement. Every table has unique_id and cluster, which is
the truth. Needs the folder ../shared/bench/linkage; what is made is kept in a folder that git ignores.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import polars as pl

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT.parent / "shared" / "bench" / "linkage"
KEPT = ROOT / ".benchmarks" / "linkage"
EXAMPLES = ROOT / "docs" / "examples"
MILLION, BATCH = 1_000_000, 10_000


@dataclass(frozen=True)
class Corpus:
    """One table: how it is made into a file, how Casehouse reads its columns, and which peers are tried on it (Splink as which kind)."""

    name: str
    title: str
    make: Callable[[Path], None]
    mapping: Path | None = None
    splink: str | None = None
    goldenmatch: bool = False
    finds_reasons: bool = True
    short: str = ""  # what a row of a table about several corpora calls it

    def table(self) -> Path:
        """Its file, made when it is not there."""
        path = KEPT / "tables" / f"{self.name}.parquet"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            waiting = path.with_suffix(".waiting")
            self.make(waiting)
            waiting.replace(path)
        return path


def generated(rows: int, seed: int) -> Callable[[Path], None]:
    """Reports of `person_reports.py`."""

    def make(path: Path) -> None:
        subprocess.run([sys.executable, str(BENCH / "person_reports.py"), str(rows), str(seed), str(path)], check=True)

    return make


def given(name: str) -> Callable[[Path], None]:
    """A file of the folder, as it is."""

    def make(path: Path) -> None:
        path.write_bytes((BENCH / name).read_bytes())

    return make


def tokens_only(rows: int, seed: int) -> Callable[[Path], None]:
    """The same reports with the composite tokens of one round in place of names, dates, documents and telephones."""

    def make(path: Path) -> None:
        from linkage.private.rounds import round_key
        from linkage.private.tokens import token_only
        from pipelines.linking_tables import read_reports

        named = path.with_suffix(".named")
        generated(rows, seed)(named)
        reports = named.rename(named.with_suffix(".parquet"))
        encoded = token_only(read_reports(reports, {}).reports.frame, ROUND, round_key(bytes(range(200, 232)), ROUND))
        truth = truth_of(reports).rename({"unique_id": "record_key"})
        encoded.join(truth, on="record_key").rename({"record_key": "unique_id"}).write_parquet(path)
        reports.unlink()

    return make


def not_trained_on(name: str) -> Callable[[Path], None]:
    """The persons of a file whom the model was not made of: those with an odd hash. The model saw the others (see its `made_by`)."""

    def make(path: Path) -> None:
        table = pl.read_parquet(BENCH / name)
        is_odd = [blake2b(str(person).encode(), digest_size=2).digest()[0] % 2 == 1 for person in table["cluster"]]
        table.filter(pl.Series(is_odd)).write_parquet(path)

    return make


ROUND = "bench"
HISTORICAL = "historical_figures_with_errors_50k.parquet"
REPORTING_SEEDS = (7, 23, 29, 31)
CORPORA = (
    *(
        Corpus(
            f"ctdc20k-{seed}",
            f"CTDC-like, 20,000 reports, seed {seed}",
            generated(20_000, seed),
            splink="reports",
            goldenmatch=True,
            short=f"CTDC-like, seed {seed}",
        )
        for seed in REPORTING_SEEDS
    ),
    Corpus(
        "historical",
        "historical_50k, 50,578 records",
        given(HISTORICAL),
        EXAMPLES / "linkage-historical.yml",
        splink="historical",
        goldenmatch=True,
        short="historical_50k",
    ),
    Corpus(
        "historical-other",
        "historical_50k, the half of its persons that the model was not made of",
        not_trained_on(HISTORICAL),
        EXAMPLES / "linkage-historical.yml",
        short="its half that the model was not made of",
    ),
    *(
        Corpus(
            f"febrl{number}",
            f"FEBRL {number}, {records} records",
            given(f"febrl{number}.parquet"),
            EXAMPLES / "linkage-febrl.yml",
            splink="febrl",
            goldenmatch=True,
            short=f"FEBRL {number}",
        )
        for number, records in ((3, "5,000"), (4, "10,000"))
    ),
    *(
        Corpus(
            f"febrl{number}-other",
            f"FEBRL {number}, the half of its persons that the model was not made of",
            not_trained_on(f"febrl{number}.parquet"),
            EXAMPLES / "linkage-febrl.yml",
            finds_reasons=False,
        )
        for number in (3, 4)
    ),
    Corpus(
        "tokens20k-7",
        "The same 20,000 reports of seed 7, with keyed tokens, gender and citizenship alone",
        tokens_only(20_000, 7),
        short="seed 7 as tokens alone",
    ),
    Corpus("ctdc1m-101", "CTDC-like, 1,000,000 reports, seed 101", generated(MILLION, 101), splink="reports", finds_reasons=False),
)


def truth_of(table: Path) -> pl.DataFrame:
    """unique_id and cluster."""
    return pl.read_parquet(table, columns=["unique_id", "cluster"])
