"""Files broken at random: every one is refused in words or accounted for row by row; none crashes, hangs or loses a row.

`CASEHOUSE_FUZZ_FILES` says how many (2,000 by default, 100,000 by `make fuzz`). The chance is seeded: the same files each
time. A file that fails is kept in `var/fuzz` for replay; all people in it are invented.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from random import Random

import pytest
from faults.files import Dialect, Line, agreed, clean, text_bytes
from faults.judging import accepted_records, faults_of_record, held_codes
from faults.layouts import Layout, arabic, english, french, sheet
from faults.mutations import mutated, reshaped
from faults.people import victims
from faults.workbooks import KINDS, Sheet, typed, workbook

from ingest.reading.reader import identify, read
from ingest.validation.batch import BatchResult, validate_batch
from schemas.errors import BatchRefused

FILES = int(os.environ.get("CASEHOUSE_FUZZ_FILES", "2000"))
SHARDS = 7
SECONDS = 10
KEPT = Path(__file__).resolve().parents[2] / "var" / "fuzz"
WORKBOOK_EACH, SHAPED_EACH, VALIDATED_EACH = 80, 10, 6
"""One file in so many is a workbook, which a child process unpacks; one in so many keeps its shape, so that its rows can be
counted; of the others one in so many is validated to the end, all are identified and read, which is a tenth of the work."""
COLUMNS = ("number", "day", "name", "gender", "note")
"""Few columns: what is tested is how bytes become rows."""


class Hang(Exception):
    """A file took longer than anyone waits."""


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Raise `Hang` in the block when it takes too long."""

    def stop(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@cache
def layouts() -> tuple[Layout, ...]:
    """Three partners with few columns: commas, semicolons and cp1252, Arabic."""
    return tuple(layout.only(*COLUMNS) for layout in (english(), french(), arabic()))


@cache
def texts(partner: int) -> tuple[bytes, ...]:
    """The clean table of one of the partners, in the dialects that partners send."""
    layout = layouts()[partner]
    lines = clean(layout, rows=6)
    quoted = [line if line.record is None else line.with_cell(4, f'said "{layout.separator}"\nand left') for line in lines]
    blank, above = Line((), codes=frozenset({"row_blank"})), Line(("Title",), codes=frozenset({"preamble"}))
    dialects: tuple[Dialect, ...] = (
        agreed(layout),
        agreed(layout, line_end="\r"),
        agreed(layout, encoding="utf-8", mark=b"\xef\xbb\xbf", separator=";"),
        agreed(layout, encoding="utf-16-le", mark=b"\xff\xfe", separator="\t"),
        agreed(layout, separator="|", quotes_all=True, line_end="\n"),
        agreed(layout, before="sep=;\r\n", separator=";", ends=False),
    )
    plain = text_bytes(lines, agreed(layout))
    end = agreed(layout).separator.encode()
    faulty = (
        text_bytes(quoted, agreed(layout)),
        text_bytes([above, blank, *lines, blank, blank, lines[0]], agreed(layout)),
        plain.replace(end, end + b'"', 9),  # quotes that open and never close
        plain + text_bytes(lines[1:], agreed(layout, encoding="utf-16-be")),
        b"",
    )
    return (*(text_bytes(lines, dialect) for dialect in dialects), *faulty)


@cache
def workbooks() -> tuple[bytes, ...]:
    """The clean table as each kind of workbook."""
    layout = sheet().only(*COLUMNS)
    rows = typed(layout, clean(layout, rows=6), victims("en", 6))
    return tuple(workbook(kind, [Sheet("Data", rows)]) for kind in KINDS)


def checked(payload: bytes, layout: Layout, name: str) -> BatchResult | None:
    """What became of the bytes, None when refused; anything else keeps the bytes and fails."""
    with kept_if_it_fails(payload, layout, name), suppress(BatchRefused):
        with deadline(SECONDS):
            result = validate_batch([payload], layout.partner, "0" * 16)
        account(result)
        return result
    return None


def check_reading(payload: bytes, layout: Layout, name: str) -> None:
    """Identify and read the bytes; refused, or every row in the table or named with its reason."""
    with kept_if_it_fails(payload, layout, name), suppress(BatchRefused), deadline(SECONDS):
        identify([payload], layout.partner)
        table = read(payload, layout.partner.files[0])
        rows, named = set(table.frame["row_number"]), set(table.problems["row_number"].drop_nulls())
        assert table.received == len(rows | named), "rows unaccounted for"
        assert table.frame.height == len(rows), "a row stands twice"


@contextmanager
def kept_if_it_fails(payload: bytes, layout: Layout, name: str) -> Iterator[None]:
    """Keep the bytes, and say where, when the block raises anything."""
    try:
        yield
    except BaseException as error:
        KEPT.mkdir(parents=True, exist_ok=True)
        (KEPT / f"{name}.bin").write_bytes(payload)
        error.add_note(f"the bytes are kept in {KEPT / name}.bin, sent by {layout.name}")
        raise


def account(result: BatchResult) -> None:
    """The account, counted a second time from the accepted frames and the problems."""
    ledger, accepted, held = result.ledger, accepted_records(result), held_codes(result)
    assert not set(accepted) & set(held), "rows both accepted and held"
    assert ledger.accepted == len(accepted)
    assert ledger.received == len(accepted) + len(held), "rows unaccounted for"
    assert all(number >= 1 for number in (*accepted, *held))


def shard_of(numbers: range, shard: int) -> range:
    """Every seventh number: seven shares no factor with what one file in so many is."""
    return numbers[shard::SHARDS]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_broken_bytes_are_refused_or_accounted_for(shard: int) -> None:
    for number in shard_of(range(FILES), shard):
        rng = Random(f"bytes {number}")
        partner = rng.randrange(len(layouts()))
        layout, sources = layouts()[partner], texts(partner)
        if number % WORKBOOK_EACH == WORKBOOK_EACH - 1:
            layout, sources = sheet().only(*COLUMNS), workbooks()
        elif number % SHAPED_EACH == 0:
            continue
        payload = mutated(rng, rng.choice(sources), rng.choice(sources))
        check = checked if number % VALIDATED_EACH == 1 else check_reading
        check(payload, layout, f"bytes-{number}")


@pytest.mark.parametrize("shard", range(SHARDS))
def test_rows_that_keep_their_shape_are_all_counted_and_whole_ones_stay_right(shard: int) -> None:
    """Rows dropped, repeated, moved and rewritten: the number of rows is known, and an untouched row is right or held."""
    for number in shard_of(range(0, FILES, SHAPED_EACH), shard):
        rng = Random(f"rows {number}")
        layout = rng.choice(layouts()).declared(encoding="utf-8")
        lines, whole = reshaped(rng, clean(layout, rows=6))
        dialect = agreed(layout, line_end=rng.choice(("\n", "\r\n")), quotes_all=rng.random() < 0.3)
        payload = text_bytes(lines, dialect)
        result = checked(payload, layout, f"rows-{number}")
        if result is not None:
            faults = _misread(lines, whole, result)
            assert not faults, (number, faults)


def _misread(lines: list[Line], whole: set[int], result: BatchResult) -> list[str]:
    """The rows that are not as they must be; the header is the first line."""
    records: Mapping[int, Mapping[str, object]] = accepted_records(result)
    received = len(lines) - 1
    found = [] if result.ledger.received == received else [f"received {result.ledger.received}, the file has {received}"]
    for place in whole:
        record, line = records.get(place + 1), lines[place]
        if record is not None and line.record is not None:
            found += [f"row {place + 1}: {fault}" for fault in faults_of_record(line.record, record)]
    return found
