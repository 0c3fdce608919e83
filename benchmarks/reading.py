"""How right and how dear reading is, beside polars, DuckDB and frictionless: one run, each reader in a process of its own.

    python benchmarks/reading.py [ROWS]

Scores 24 files of one fault each and measures ROWS rows (1,000,000 by default) of 20 columns, then writes docs/reading.md.
`make bench` installs what it needs.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from readers import READERS, ROOT  # which finds the packages of the tests

# isort: split
from faults.files import FaultFile, Line
from faults.one_fault import DAMAGED, NOT_RECORDS, one_fault_files
from faults.people import victims
from faults.real_layouts import harbour

NAMES = {
    "casehouse": "Casehouse",
    "polars": "polars",
    "duckdb": "DuckDB",
    "duckdb-text": "DuckDB, all text, rejects stored",
    "frictionless": "frictionless",
}
RIGHT, REFUSED, WRONG, CRASHED = "right", "refused", "wrong", "crashed"


@dataclass(frozen=True)
class Cost:
    """CPU seconds of a whole process and the peak of its memory."""

    seconds: float
    megabytes: float


def outcome(file: FaultFile, found: dict | None) -> str:
    """What a reader made of a file: right, refused as a whole, silently wrong, or crashed."""
    if found is None:
        return CRASHED
    if "refused" in found:
        return RIGHT if file.outcome == "refused" else REFUSED
    if file.outcome == "refused":
        return WRONG if found["rows"] else RIGHT
    if found["reported"] >= max(1, sum(_counts(line) for line in file.lines)):
        return REFUSED
    if [header.replace("\ufeff", "").strip() for header in found["header"]] != list(file.layout.headers):
        return WRONG
    missing = _unmatched(file.lines, found["rows"])
    return RIGHT if missing is not None and missing <= found["reported"] else WRONG


def _unmatched(lines: Sequence[Line], rows: Sequence[Sequence[object]]) -> int | None:
    """How many records and damaged rows of the file are not in the rows; None when a row is in the rows and not in the file."""
    place = missing = 0
    for row in rows:
        while place < len(lines) and not _is_row(lines[place], row):
            missing += _counts(lines[place])
            place += 1
        if place == len(lines):
            return None
        place += 1
    return missing + sum(_counts(line) for line in lines[place:])


def _counts(line: Line) -> bool:
    """Whether a reader must have the row, or name it."""
    return not line.is_header and (line.record is not None or bool(line.codes & DAMAGED))


def _is_row(line: Line, row: Sequence[object]) -> bool:
    if line.is_header:
        return False
    cells = [str(cell) for cell in line.cells]
    if line.codes & NOT_RECORDS:
        cells += [""] * (len(row) - len(cells))
    return len(cells) == len(row) and all(_is_cell(text, cell) for text, cell in zip(cells, row, strict=True))


def _is_cell(text: str, cell: object) -> bool:
    """Whether a cell says what was written: the same text, the same day, or the same number without lost zeros."""
    if cell is None:
        return not text.strip()
    if isinstance(cell, str):
        return cell.replace("\r\n", "\n").strip() == text.strip()
    assert isinstance(cell, dict)
    if "date" in cell:
        return str(cell["date"])[:10] == _day(text)
    if "number" in cell:
        said = str(cell["number"]).removesuffix(".0")
        return said in (text, text.removesuffix(",0").removesuffix(".0"))
    return str(cell.get("other")) == text


def _day(text: str) -> str | None:
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, pattern).date().isoformat()
        except ValueError:
            continue
    return None


def read_all(reader: str, files: Sequence[FaultFile], folder: Path) -> list[str]:
    """The outcome of each file; a reader that takes its process down goes on with the next file."""
    paths = [folder / f"{number:02d}.csv" for number in range(len(files))]
    lines: list[dict | None] = []
    while len(lines) < len(paths):
        child = _child("read", reader, *map(str, paths[len(lines) :]))
        lines += [json.loads(line) for line in child.stdout.splitlines()]
        if child.returncode != 0:
            lines.append(None)
    return [outcome(file, found) for file, found in zip(files, lines, strict=True)]


def measured(reader: str, path: Path, folder: Path) -> Cost:
    """What the large file costs a reader."""
    child = _child("cost", reader, str(path), str(folder))
    if child.returncode != 0:
        raise SystemExit(child.stderr)
    return Cost(**json.loads(child.stdout))


def _child(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "readers.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def write_large(path: Path, rows: int) -> None:
    """A file of Harbour's twenty mapped columns; number, document and note are of each row alone, the rest of 600 persons."""
    layout = harbour()
    kept = len(layout.headers) - 1
    document, note = layout.place("document"), layout.place("note")
    with path.open("w", encoding="utf-8", newline="") as sink:
        table = csv.writer(sink)
        table.writerow(layout.headers[:kept])
        people = [list(layout.cells(victim)[:kept]) for victim in victims("en", 600)]
        for number in range(rows):
            cells = people[number % len(people)]
            cells[0], cells[document] = f"{number:08d}", f"P{number:09d}"
            cells[note] = f"{number} came alone, asked for help; speaks little"
            table.writerow(cells)


def page(files: Sequence[FaultFile], outcomes: dict[str, list[str]], costs: dict[str, Cost], rows: int, size: int) -> str:
    """docs/reading.md."""
    signs = {RIGHT: "right", REFUSED: "refused", WRONG: "**wrong**", CRASHED: "**crashed**"}
    base = costs["duckdb-text"]
    versions = ", ".join(f"{name} {version(name)}" for name in ("polars", "duckdb", "frictionless"))
    return "\n".join(
        [
            "# Reading, beside other readers",
            "",
            "Written by `make bench` (`benchmarks/reading.py`): one run on two shared cores, each reader in a process of its own,",
            f"with {versions}. Compare ratios of CPU, never single seconds.",
            "",
            "## How right",
            "",
            f"{len(files)} files of 100 rows and 8 columns with one fault each (`tests/faults/one_fault.py`). The same measure for all:",
            "",
            "- **right**: the header and every row as written, cell by cell, blanks around values aside; a number or date read as such",
            "  counts when it is the same number or day; rows that are not whole are named one by one; titles, blank rows, totals and",
            "  repeated headers may stay or go. An empty file is right when it is refused or gives no row.",
            "- **refused**: the reader says in its own documented error that it cannot read the file, or names every row as not read.",
            "- **wrong**: a row or a cell differs from what was written, or is lost, and nothing says so.",
            "",
            "Casehouse has what the others lack, a partner's specification with the names of the columns; the other readers run as they",
            "come. What is compared is reading alone. What cells mean, such as the order of day and month, is checked afterwards.",
            "",
            "| reader | right | refused | silently wrong | crashed |",
            "|---|---|---|---|---|",
            *(
                f"| {NAMES[reader]} | {' | '.join(str(found.count(kind)) for kind in (RIGHT, REFUSED, WRONG, CRASHED))} |"
                for reader, found in outcomes.items()
            ),
            "",
            "| fault | " + " | ".join(NAMES[reader] for reader in outcomes) + " |",
            "|---" * (len(outcomes) + 1) + "|",
            *(
                f"| {file.family} | " + " | ".join(signs[outcomes[reader][number]] for reader in outcomes) + " |"
                for number, file in enumerate(files)
            ),
            "",
            "## How dear",
            "",
            f"{rows:,} rows of 20 columns, {size / 1e6:,.0f} MB of CSV. Casehouse checks the file (reads, maps, validates, accounts for",
            "every row); the others read it into Parquet or, as frictionless does, validate it with a schema it infers.",
            "",
            "| reader | CPU, DuckDB all text = 1 | peak memory, MB |",
            "|---|---|---|",
            *(
                f"| {NAMES[reader].removesuffix(', rejects stored')} | {cost.seconds / base.seconds:.1f} | {cost.megabytes:,.0f} |"
                for reader, cost in costs.items()
            ),
            "",
        ]
    )


def main() -> None:
    """Score, measure, write the page."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    files = one_fault_files()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, file in enumerate(files):
            (folder / f"{number:02d}.csv").write_bytes(file.payload)
        outcomes = {reader: read_all(reader, files, folder) for reader in READERS}
        large = folder / "large.csv"
        write_large(large, rows)
        costs: dict[str, Cost] = {}
        for reader in READERS:
            costs[reader] = measured(reader, large, folder)
            sys.stdout.write(f"{reader}: {outcomes[reader].count(RIGHT)} of {len(files)} right, {costs[reader]}\n")
        text = page(files, outcomes, costs, rows, large.stat().st_size)
    (ROOT / "docs" / "reading.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
