"""What a hostile workbook costs before it is refused, and what an honest one costs to read.

    python benchmarks/hostile_files.py

Makes the bombs of tests/spec/test_hostile_workbooks.py and two honest workbooks in a temporary folder and reads each in a process of
its own. Prints a line a file: bytes, megabytes that its archive unpacks to (as far as its directory says), seconds on the wall,
seconds of processor, peak megabytes of the child, megabytes by which the parent grew, and the code or the rows.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import openpyxl

from ingest.reading.spreadsheet import sheet_as_csv
from schemas.errors import BatchRefused

_SPECS = Path(__file__).parents[1] / "tests" / "spec"
_PIECE = 1 << 20


def honest(rows: int, columns: int) -> bytes:
    """A workbook of so many rows of numbers and texts."""
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("Cases")
    for row in range(rows):
        page.append([f"text {row % 50} {column}" if column % 3 == 0 else row * column for column in range(columns)])
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def unpacked_megabytes(payload: bytes) -> str:
    """What the archive's directory promises; a dash for what is no archive."""
    with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(payload)) as archive:
        return f"{sum(entry.file_size for entry in archive.infolist()) / 1e6:,.1f}"
    return "-"


def measure(file: Path) -> None:
    """Read one file in this process's child and print what it cost, as JSON."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    try:
        with sheet_as_csv(file, None, len, "file") as found:
            rows = 0
            while piece := found.stream.read(_PIECE):
                rows += piece.count(b"\n")
        outcome = f"{rows:,} rows"
    except BatchRefused as error:
        outcome = error.code
    seconds = time.perf_counter() - started
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    figures = (seconds, child.ru_utime + child.ru_stime, child.ru_maxrss >> 10, grown >> 10, outcome)
    sys.stdout.write(json.dumps(figures))


def main() -> None:
    """Make the files, measure each, print the table."""
    sys.path.insert(0, str(_SPECS))
    from test_hostile_workbooks import BOMBS

    files: dict[str, Callable[[], bytes]] = {
        **BOMBS,
        "honest: 20,000 x 30": lambda: honest(20_000, 30),
        "honest: 200,000 x 20": lambda: honest(200_000, 20),
    }
    sys.stdout.write(f"{'file':45} {'bytes':>11} {'unpacked MB':>12} {'s':>6} {'cpu s':>6} {'child MB':>9} {'parent +MB':>10}  outcome\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in files.items():
            file = Path(folder) / "file"
            file.write_bytes(make())
            answer = subprocess.run([sys.executable, __file__, str(file)], capture_output=True, check=True)
            seconds, cpu, child, parent, outcome = json.loads(answer.stdout)
            size, unpacked = f"{file.stat().st_size:,}", unpacked_megabytes(file.read_bytes())
            sys.stdout.write(f"{name:45} {size:>11} {unpacked:>12} {seconds:6.2f} {cpu:6.2f} {child:9} {parent:10}  {outcome}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
    else:
        main()
