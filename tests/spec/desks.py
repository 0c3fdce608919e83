"""A folder with a small table of invented persons, and `casehouse anonymize` run in it."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from pipelines.cli import main

PLACES = {"Lyon": "France", "Nice": "France", "Porto": "Portugal", "Braga": "Portugal"}
PERSONS = pl.DataFrame(
    {
        "age": ["20", "20", "21", "21", "30", "30", "31", "31"],
        "place": ["Lyon", "Lyon", "Nice", "Nice", "Porto", "Porto", "Braga", "Braga"],
        "means": ["debt", "threat", "debt", "threat", "debt", "threat", "debt", "threat"],
        "sent_by": ["north", "north", "south", "south", "north", "north", "south", "south"],
        "number": [1, 2, 3, 4, 5, 6, 7, 8],
    }
)
SECRETS = ["Lyon", "Nice", "Porto", "Braga", "France", "Portugal", "debt", "threat", "north", "south", "Atlantis"]


@dataclass(frozen=True)
class Desk:
    """A folder with the table and its hierarchies, and the command run in it."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def put(self, table: pl.DataFrame, name: str = "persons.parquet") -> Path:
        path = self.folder / name
        table.write_parquet(path)
        return path

    def run(self, *options: str, table: str = "persons.parquet", quasi: str = "age,place", out: str = "out.parquet", k: str = "2") -> int:
        """Type the command; its exit code. What it said is in `said`."""
        typed = ["casehouse", "anonymize", str(self.folder / table), "--qi", quasi, "--hierarchies", f"{self.folder}/above_", "-k", k]
        self.monkeypatch.setattr(sys, "argv", [*typed, "--out", str(self.folder / out), *options])
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    def said(self) -> str:
        captured = self.capsys.readouterr()
        return captured.out + captured.err

    def published(self, name: str = "out.parquet") -> pl.DataFrame:
        return pl.read_parquet(self.folder / name)

    def files(self) -> set[str]:
        return {path.name for path in self.folder.iterdir() if not path.name.startswith("above_")}


def many(rows: int, seed: int = 3) -> pl.DataFrame:
    draw = random.Random(seed)
    return pl.DataFrame(
        {
            "age": [str(draw.randint(20, 39)) for _ in range(rows)],
            "place": draw.choices(list(PLACES), [5, 3, 2, 1], k=rows),
            "means": draw.choices(["debt", "threat", "NA"], k=rows),
            "number": [draw.randint(0, 3) for _ in range(rows)],
        }
    )
