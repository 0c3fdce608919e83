"""A hostile or damaged workbook is refused before it does harm, and never leaves a process behind."""

from __future__ import annotations

import os
import signal
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workbooks import (
    MAIN,
    ODS_TYPE,
    Rows,
    most_cells,
    ods_cell,
    ods_from,
    ods_row,
    ods_table,
    refused,
    rows_of,
    saved,
    two_sheets,
    xlsx_from,
    xlsx_of,
    zip_of,
)

from ingest.reading.spreadsheet import sheet_as_csv
from schemas.errors import BatchRefused

# What is refused


@pytest.mark.parametrize(
    "payload",
    [
        b"PK\x03\x04 no archive",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
        b"\xd0\xcf\x11\xe0",
        zip_of({"readme.txt": "no workbook"}),
        zip_of({"xl/workbook.xml": "<workbook"}),
        zip_of({"xl/workbook.xml": "<workbook/>", "xl/_rels/workbook.xml.rels": "<Relationships/>"}),
        zip_of({"mimetype": ODS_TYPE, "content.xml": "<a>", "META-INF/manifest.xml": "<a/>"}),
        zip_of({"mimetype": ODS_TYPE, "content.xml": "<a/>"}),
        xlsx_of([["id"], [1]])[:-30],
        xlsx_from(b"\xff\xfe<\x00w\x00"),
    ],
)
def test_what_is_no_workbook_is_unreadable(payload: bytes) -> None:
    assert refused(payload) in {"file_unreadable", "file_empty"}


def test_a_workbook_behind_a_password_is_unreadable() -> None:
    encrypted = ods_from(ods_table(), manifest="<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>")
    plain = two_sheets()
    package = compound_file("EncryptedPackage", saved(plain))
    old = xlwt.Workbook()
    old.add_sheet("S").write(0, 0, "id")
    locked = bytearray(saved(old))
    locked[512 + 20 : 512 + 22] = struct.pack("<H", 0x2F)  # the record after the first becomes the sign of encryption
    assert [refused(payload) for payload in (encrypted, package, bytes(locked))] == ["file_unreadable"] * 3


def compound_file(name: str, content: bytes) -> bytes:
    """A compound file of one stream: header, one sector of the table, one of the directory, then the stream."""
    sectors = -(-max(len(content), 4096) // 512)
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 0x18, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIII", header, 0x2C, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<109I", header, 0x4C, 0, *[0xFFFFFFFF] * 108)
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + sectors), 0xFFFFFFFE]
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    directory = directory_entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1) + directory_entry(name, 2, 2, sectors * 512) + bytes(256)
    return bytes(header) + table + directory + content.ljust(sectors * 512, b"\0")


def directory_entry(name: str, kind: int, first: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    entry = bytearray(128)
    text = (name + "\0").encode("utf-16-le")
    entry[: len(text)] = text
    struct.pack_into("<HBBIII", entry, 0x40, len(text), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    struct.pack_into("<II", entry, 0x74, first, size)
    return bytes(entry)


def test_a_workbook_without_content_is_empty() -> None:
    book = two_sheets()
    for page in book.worksheets[1:]:
        page.sheet_state = "hidden"
    book["Cover"].delete_rows(1)
    assert [refused(payload) for payload in (saved(book), xlsx_of([]), ods_from(ods_table()), ods_from(""))] == ["file_empty"] * 4


# Bombs: small to send, huge to open


def repeated(unit: str, times: int) -> str:
    return unit * times


def cells_of_one_string(cells: int) -> bytes:
    rows = "".join(
        f'<row r="{row}">' + "".join(f'<c r="{letter}{row}" t="s"><v>0</v></c>' for letter in "ABCDEFGHIJ") + "</row>"
        for row in range(1, cells // 10 + 1)
    )
    return xlsx_from(rows, f"<si><t>{'x' * 32_767}</t></si>")


def lying_directory() -> bytes:
    """The directory says a hundred bytes where sixty million unfold."""
    payload = bytearray(xlsx_from(b" " * 60_000_000))
    entry = payload.rfind(b"PK\x01\x02")
    struct.pack_into("<I", payload, entry + 24, 100)
    return bytes(payload)


def overlapping_entries() -> bytes:
    """A thousand entries of the directory, all of the same ten million zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(10_000_000)) + packer.flush()
    sizes = (zlib.crc32(bytes(10_000_000)), len(packed), 10_000_000)
    entry = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 0, *sizes, 1, 0) + b"a"
    central = (struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 8, 0, 0, *sizes, 1, 0, 0, 0, 0, 0, 0) + b"a") * 1_000
    return entry + packed + central + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1_000, 1_000, len(central), len(entry + packed), 0)


def entity_expansion() -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    sheet = f'<!DOCTYPE l [<!ENTITY e0 "lol">{entities}]><worksheet xmlns="{MAIN}"><sheetData>'
    return xlsx_from(f'{sheet}<row r="1"><c r="A1" t="inlineStr"><is><t>&e11;</t></is></c></row></sheetData></worksheet>'.encode())


def stray_cell(kind: str) -> bytes:
    if kind == "xls":
        old = xlwt.Workbook()
        page = old.add_sheet("S")
        page.write(0, 0, 1)
        page.write(65_535, 255, 1)
        wide = bytearray(saved(old))
        at = wide.find(struct.pack("<HHHH", 0x27E, 10, 65_535, 255))
        struct.pack_into("<H", wide, at + 6, 65_535)  # a column that no program has, where sixteen bits still have it
        return bytes(wide)
    last = {"corner": 'r="XFD1048576"', "beyond": 'r="ZZZ9999999"', "nameless": ""}[kind]
    return xlsx_from(f'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">{"<c><v>1</v></c>" * 16_383}<c {last}><v>1</v></c></row>')


def ods_of_repeats(rows: str, columns: str, text: str = "x", times: int = 1) -> bytes:
    cell = ods_cell(text, f"table:number-columns-repeated='{columns}'")
    return ods_from(ods_table(ods_row(cell, about=f"table:number-rows-repeated='{rows}'") * times))


def deep_nesting() -> bytes:
    return zip_of({"mimetype": ODS_TYPE, "META-INF/manifest.xml": "<a/>", "content.xml": "<a>" * 4_000_000})


BOMBS: dict[str, Callable[[], bytes]] = {
    "rows that pack to a three hundredth": lambda: xlsx_from(
        repeated('<row><c t="inlineStr"><is><t>aaaaaaaa</t></is></c></row>', 1_500_000)
    ),
    "a directory that lies": lying_directory,
    "entries that share their bytes": overlapping_entries,
    "twenty thousand entries": lambda: zip_of({f"xl/{number}.xml": "" for number in range(20_000)}),
    "entities of entities": entity_expansion,
    "a stray cell in the last corner": lambda: stray_cell("corner"),
    "a stray cell beyond the last corner": lambda: stray_cell("beyond"),
    "a wide last row whose cells have no names": lambda: stray_cell("nameless"),
    "a stray cell in the last corner of an .xls": lambda: stray_cell("xls"),
    "one long string in a hundred thousand cells": lambda: cells_of_one_string(100_000),
    "a cell longer than any program writes": lambda: xlsx_from(f'<row r="1"><c r="A1" t="str"><v>{"ab" * 1_000_000}</v></c></row>'),
    "a repeated cell in a repeated row": lambda: ods_of_repeats("1048576", "16384"),
    "a row repeated a thousand million times": lambda: ods_of_repeats("999999999", "1"),
    "a repetition of five thousand digits": lambda: ods_of_repeats("9" * 5_000, "1"),
    "a long text in many repeated cells": lambda: ods_of_repeats("100000", "20", "x" * 30_000),
    "many rows of many repeated cells": lambda: ods_of_repeats("1", "16384", times=10_000),
    "spaces by number": lambda: ods_from(ods_table(ods_row(ods_cell("<text:s text:c='999999999'/>" * 1_000)))),
    "elements four million deep": deep_nesting,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused(bomb: str) -> None:
    payload = BOMBS[bomb]()
    assert len(payload) < 4_000_000
    assert refused(payload) == "file_unsafe"


def test_an_xls_whose_cells_share_a_long_string_dies_in_the_child_alone() -> None:
    old = xlwt.Workbook()
    page = old.add_sheet("S")
    for row in range(1_000):
        for column in range(20):
            page.write(row, column, "x" * 32_000)
    assert refused(saved(old)) == "file_unsafe"


def test_a_format_without_content_in_the_last_corner_is_no_bomb() -> None:
    sheet = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert rows_of(xlsx_from(sheet)) == [["1"]]


# The child


def many_rows() -> bytes:
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="B{row}"><v>{row}</v></c></row>' for row in range(2, 30_000))
    names = "".join(f'<c r="{place}" t="inlineStr"><is><t>{name}</t></is></c>' for place, name in (("A1", "id"), ("B1", "name")))
    return xlsx_from(f'<row r="1">{names}</row>{rows}')


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_nothing_is_left_running_by_one_who_reads_a_line_and_leaves(tmp_path: Path) -> None:
    before = children()
    file = tmp_path / "cases.xlsx"
    file.write_bytes(many_rows())
    with sheet_as_csv(file, None, most_cells, "cases") as found:
        assert found.stream.readline() == b"id,name\n"
        assert children() > before
    assert children() == before
    assert [path.name for path in tmp_path.iterdir()] == ["cases.xlsx"]


def test_nothing_is_left_running_by_a_refusal() -> None:
    before = children()
    assert refused(b"PK\x03\x04 no archive") == "file_unreadable"
    assert children() == before


def test_a_reader_that_fails_ends_the_child_too() -> None:
    before = children()
    with pytest.raises(ZeroDivisionError), sheet_as_csv(xlsx_of([["id"]]), None, lambda _: 1 / 0, "cases"):
        pass
    assert children() == before


def test_a_child_that_dies_halfway_is_a_refusal_and_no_short_file() -> None:
    before = children()
    with sheet_as_csv(many_rows(), None, most_cells, "cases") as found:
        found.stream.readline()
        (child,) = children() - before
        os.kill(int(child), signal.SIGKILL)
        with pytest.raises(BatchRefused) as error:
            found.stream.read()
    assert error.value.code == "file_unsafe"


# Whatever comes


def samples() -> Iterator[bytes]:
    yield xlsx_of([["id", "day"], [1, date(2020, 1, 31)], ["x", None]])
    old = xlwt.Workbook()
    old.add_sheet("S").write(0, 0, "id")
    old.get_sheet(0).write(1, 1, 2.5)
    yield saved(old)
    yield ods_from(ods_table(ods_row(ods_cell("id"), ods_cell("1", 'office:value-type="float" office:value="1"'))))


SAMPLES = list(samples())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6),
)
def test_a_damaged_workbook_is_read_or_refused(payload: bytes, damages: list[tuple[float, bytes]]) -> None:
    damaged = bytearray(payload)
    for place, piece in damages:
        at = int(place * len(damaged))
        damaged[at : at + len(piece)] = piece
    read = read_or_code(bytes(damaged))
    if isinstance(read, str):
        assert read in {"file_unreadable", "file_unsafe", "file_empty"}
    else:
        assert len({len(row) for row in read}) <= 1


def read_or_code(payload: bytes) -> Rows | str:
    try:
        return rows_of(payload)
    except BatchRefused as error:
        return error.code
