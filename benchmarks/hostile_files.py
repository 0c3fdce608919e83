"""What a hostile file costs before it is refused or accounted for, and what an honest one costs to read.

    python benchmarks/hostile_files.py            # workbooks, by the reader alone
    python benchmarks/hostile_files.py command    # workbooks and texts, by `casehouse check FILE` in a process of its own

Makes the bombs of tests/spec/test_hostile_workbooks.py and two honest workbooks in a temporary folder and reads each in a process of
its own. Prints a line a file: bytes, megabytes that its archive unpacks to (as far as its directory says), seconds on the wall,
seconds of processor, peak megabytes of the child, megabytes by which the parent grew, and the code or the rows. With `command`
the seconds and the peak are those of the whole command, no partner named, and the child's within them.
"""

from __future__ import annotations

import io
import json
import os
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


def _grid_far_out(columns: int, rows: int = 1) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.append(_HEADER.strip().split(","))
    page.cell(row=rows + 2, column=columns, value="x")
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


_HEADER = (
    "Case Ref,Client ID,Date of referral,First name,Surname,DOB,Gender,Nationality,Passport or ID no,Phone,Address,"
    "Country of exploitation,Region,Types of exploitation,Means of control,Work sector,Recruiter,Status,Notes,Caseworker,Intake remark\n"
)
_FIRST = _HEADER.encode()
_BAD_ROW = "{},x,31/31/2024,a,b,zz,Q,QQ,,,,ZZ,r,q,q,q,q,q,n,c,i\n"
TEXTS: dict[str, Callable[[], bytes]] = {
    "300,000 rows, all of them bad": lambda: b"".join([_FIRST, *(_BAD_ROW.format(row).encode() for row in range(300_000))]),
    "10,000,000 blank lines": lambda: _FIRST + b"\n" * 10_000_000,
    "10,000,000 rows of one cell": lambda: _FIRST + b"a\n" * 10_000_000,
    "40 MB after an open quote": lambda: _FIRST + b'"' + b"x,y\n" * 10_000_000,
    "a line of 100 MB": lambda: _FIRST + b"a" * 100_000_000,
    "a line of 100 MB of commas": lambda: _FIRST + b"," * 100_000_000,
    "100 MB of zero bytes": lambda: _FIRST + bytes(100_000_000),
    "one cell in column XFD": lambda: _grid_far_out(16_384),
}


def measure_command(file: Path) -> tuple[float, float, int, int, str]:
    """Check one file as a partner would, and what the whole command cost."""
    command = [str(Path(sys.executable).with_name("casehouse")), "check", str(file), "--json", "-"]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.DEVNULL)
        _, _, used = os.wait4(process.pid, 0)
        said.seek(0)
        text = said.read()
    seconds = time.perf_counter() - started
    report = json.loads(text) if text else {}
    refused = (report.get("refusal") or {}).get("code")
    outcome = refused or f"{report['received']:,} rows" if report else "no report"
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss >> 10, 0, outcome


def measure_reader(file: Path) -> tuple[float, float, int, int, str]:
    """Read one file by the reader alone, in a process whose child it is."""
    answer = subprocess.run([sys.executable, __file__, str(file)], capture_output=True, check=True)
    seconds, cpu, child, parent, outcome = json.loads(answer.stdout)
    return seconds, cpu, child, parent, outcome


def main(*, is_command: bool) -> None:
    """Make the files, measure each, print the table."""
    sys.path.insert(0, str(_SPECS))
    from test_hostile_workbooks import BOMBS

    files: dict[str, Callable[[], bytes]] = {
        **(TEXTS if is_command else {}),
        **BOMBS,
        "honest: 20,000 x 30": lambda: honest(20_000, 30),
        "honest: 200,000 x 20": lambda: honest(200_000, 20),
    }
    sys.stdout.write(f"{'file':45} {'bytes':>11} {'unpacked MB':>12} {'s':>6} {'cpu s':>6} {'child MB':>9} {'parent +MB':>10}  outcome\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in files.items():
            file = Path(folder) / "file"
            file.write_bytes(make())
            seconds, cpu, child, parent, outcome = measure_command(file) if is_command else measure_reader(file)
            size, unpacked = f"{file.stat().st_size:,}", unpacked_megabytes(file.read_bytes())
            sys.stdout.write(f"{name:45} {size:>11} {unpacked:>12} {seconds:6.2f} {cpu:6.2f} {child:9} {parent:10}  {outcome}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] != "command":
        measure(Path(sys.argv[1]))
    else:
        main(is_command=len(sys.argv) > 1)
