"""What holds for any text: it is cut the same in pieces of any size, no record is lost, and nothing sound is turned away."""

from __future__ import annotations

import csv
import io
from itertools import pairwise

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.reading import blocks
from ingest.reading.blocks import Grammar, split
from ingest.reading.reader import TextTable, open_reading
from schemas.errors import BatchRefused
from schemas.partner import PartnerFile
from schemas.problems import ROW_OUTCOMES, catalogue

HEADER = ["id", "date", "name", "note"]
FILE = PartnerFile.model_validate(
    {
        "name": "main",
        "columns": {"id": {"field": "source_record_id"}, "date": {"field": "registration_date"}, "name": {"field": "given_name"}},
        "ignored": {"note": "not needed"},
    }
)
SIGNS = st.text(alphabet=st.sampled_from('ab,;"\r\n é'), max_size=120)
FAULTS = [b'"', b"\n", b",", b"\0", b"\xe9", b"\xff", b"\r", b"", b";"]
Cut = list[tuple[bytes, int, bool]]


def cut(text: bytes, grammar: Grammar, size: int) -> Cut:
    """The records of a text that comes in pieces of one size: their text, their separators, and whether they are broken."""
    found: Cut = []
    rest, position = b"", 0
    while True:
        piece = text[position : position + size]
        position += len(piece)
        if not rest + piece:
            return found
        records = split(rest + piece, grammar, is_last=not piece)
        bounds = [0, *records.ends.tolist()]
        found += [
            (records.text[start:end], 0 if is_broken else separators, is_broken)
            for (start, end), separators, is_broken in zip(
                pairwise(bounds), records.separators.tolist(), records.is_broken.tolist(), strict=True
            )
        ]
        rest = (rest + piece)[bounds[-1] :]
        if not piece:
            assert not rest
            return found


@settings(max_examples=400, deadline=None)
@given(text=SIGNS, each=st.sampled_from([None, 1, 3, 6]), size=st.integers(1, 40), longest=st.sampled_from([4, 20, 1 << 20]))
@example(text='a,"b\r', each=None, size=5, longest=20)
@example(text='a,"b""', each=None, size=1, longest=20)
@example(text='"\na,b\n"', each=1, size=3, longest=20)
@example(text="a\r\r\n", each=None, size=2, longest=20)
@example(text='"\n' + 6 * "a,b\n" + '"\n', each=1, size=3, longest=1 << 20)
def test_pieces_of_any_size_give_the_same_records(text: str, each: int | None, size: int, longest: int) -> None:
    payload, grammar = text.encode(), Grammar(ord(","), each, longest)
    whole = cut(payload, grammar, len(payload) + 1)
    assert cut(payload, grammar, size) == whole
    if payload:
        one_by_one = blocks._split_one_by_one(payload, grammar, is_last=True)
        assert one_by_one.ends.tolist() == np.cumsum([len(record) for record, _, _ in whole]).tolist()
        assert one_by_one.is_broken.tolist() == [is_broken for _, _, is_broken in whole]
        assert one_by_one.separators.tolist() == [separators for _, separators, _ in whole]


FIRST_HALVES = "ÂÃÄÅâÐÑØÙÚÛ"
"""With what may follow by chance, these look like text that was encoded twice, which is held."""
CELL = st.one_of(
    st.sampled_from(["", " ", "7", "a", "été", "نعم", "a,b", 'say "x"', "two\nlines", "two\r\nlines", "\r", ";", "'", "Total", "\t"]),
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff\ufffd" + FIRST_HALVES), max_size=6),
)
TABLE = st.lists(st.tuples(st.sampled_from(["1", "23", "007", "A-1"]), CELL, CELL, CELL), max_size=12)


def written(rows: list[tuple[str, ...]], separator: str, line_end: str, *, all_quoted: bool) -> str:
    """The header and the rows as RFC 4180 says."""

    def cell(text: str) -> str:
        needs_quotes = all_quoted or any(sign in text for sign in (separator, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if needs_quotes else text

    return "".join(separator.join(map(cell, row)) + line_end for row in [tuple(HEADER), *rows])


def chunks_of(payload: bytes, file: PartnerFile, block_bytes: int, chunk_bytes: int) -> list[TextTable]:
    with open_reading(payload, file, block_bytes=block_bytes, chunk_bytes=chunk_bytes) as reading:
        return list(reading.chunks())


@settings(max_examples=150, deadline=None)
@given(
    rows=TABLE,
    separator=st.sampled_from([",", ";", "\t", "|"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    all_quoted=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
    block_bytes=st.integers(1, 80),
    chunk_bytes=st.sampled_from([1, 50, 1_000_000]),
)
def test_a_sound_table_is_read_as_the_standard_library_reads_it(
    rows: list[tuple[str, ...]], separator: str, line_end: str, all_quoted: bool, encoding: str, block_bytes: int, chunk_bytes: int
) -> None:
    text = written(rows, separator, line_end, all_quoted=all_quoted)
    agreed = FILE.model_copy(update={"format": FILE.format.model_copy(update={"separator": separator, "encoding": encoding})})
    found = chunks_of(text.encode(encoding), agreed, block_bytes, chunk_bytes)
    expected = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))[1:]
    assert [list(row) for table in found for row in table.frame.drop("row_number").iter_rows()] == expected
    assert [number for table in found for number in table.frame["row_number"]] == list(range(2, len(rows) + 2))
    assert sum(table.received for table in found) == len(rows)


@settings(max_examples=300, deadline=None)
@given(
    rows=TABLE,
    faults=st.lists(st.tuples(st.integers(0, 400), st.sampled_from(FAULTS)), max_size=4),
    block_bytes=st.integers(1, 60),
)
def test_a_table_with_faults_is_refused_or_every_row_of_it_accounted_for(
    rows: list[tuple[str, ...]], faults: list[tuple[int, bytes]], block_bytes: int
) -> None:
    payload = written(rows, ",", "\n", all_quoted=False).encode()
    for position, fault in faults:
        payload = payload[:position] + fault + payload[position + 1 :]
    try:
        whole = chunks_of(payload, FILE, 1 << 20, 1 << 20)
    except BatchRefused:
        return
    pieces = chunks_of(payload, FILE, block_bytes, 40)
    assert [row for table in pieces for row in table.frame.iter_rows()] == [row for table in whole for row in table.frame.iter_rows()]
    assert sorted(row for table in pieces for row in table.problems.iter_rows()) == sorted(whole[0].problems.rows())
    for table in [*whole, *pieces]:
        assert table.received == table.frame.height + table.problems.height
        assert all(catalogue()[code].severity in ROW_OUTCOMES for code in table.problems["code"])
    numbers = [number for table in whole for number in (*table.frame["row_number"], *table.problems["row_number"])]
    header = set(range(1, len(numbers) + 2)) - set(numbers)
    assert len(header) == 1  # every row from the first to the last once, but the header
