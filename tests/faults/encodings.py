"""Faults of encoding: the same table in bytes that nobody agreed on.

Here: whole files in another encoding, single rows in another, lost and doubled characters. Never here: separators or rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from faults.files import FaultFile, Line, agreed, changed, clean, data_at, encoded, fault, row, text_bytes, text_file, text_of
from faults.layouts import Layout, arabic, csv_layouts, english, french, spanish, ukrainian
from faults.real_layouts import harbour, hotline, police, real_csv_layouts, shelter

UNDECODABLE = "text_undecodable"
NOT_READ = ("file_unreadable", "header_not_found", "column_required_missing")
OTHERWISE = {"format_differs"}


def plain() -> Iterator[FaultFile]:
    """No fault at all: every partner's clean file."""
    for layout in (*csv_layouts(), *real_csv_layouts()):
        yield fault("plain", layout, clean(layout))


def byte_order_mark() -> Iterator[FaultFile]:
    """UTF-8 with its mark."""
    for layout in (*csv_layouts(), *real_csv_layouts()):
        yield fault("byte-order-mark", layout, clean(layout), agreed(layout, encoding="utf-8", mark=b"\xef\xbb\xbf"))


def mark_semicolons_decimal_comma() -> Iterator[FaultFile]:
    """What a European spreadsheet saves: mark, semicolons, decimal commas."""
    for layout in (french(), police()):
        yield fault("mark-semicolons-comma", layout, clean(layout), agreed(layout, encoding="utf-8", mark=b"\xef\xbb\xbf", separator=";"))


def cp1252() -> Iterator[FaultFile]:
    """The Western encoding of Windows where UTF-8 was agreed, and where it was agreed itself."""
    for layout in (french(), police()):
        yield fault("cp1252", layout, clean(layout), agreed(layout, encoding="cp1252"), variant="agreed")
    for layout in (spanish(), hotline(), french().declared(encoding="utf-8"), police().declared(encoding="utf-8")):
        yield fault("cp1252", layout, clean(layout), agreed(layout, encoding="cp1252"), says=OTHERWISE, variant="utf-8-agreed")


def cp1252_under_plain_headers() -> Iterator[FaultFile]:
    """Western names in cp1252 under headers that look alike in all encodings: nothing but the names could tell."""
    for layout in (english(), harbour()):
        lines = clean(layout)
        lines = [line if line.record is None else line.right_or(UNDECODABLE) for line in lines]
        dialect = agreed(layout, encoding="cp1252")
        yield fault("cp1252-plain-headers", layout, lines, dialect, outcome="either", refusals=NOT_READ)


def cp1256() -> Iterator[FaultFile]:
    """The Arabic encoding of Windows."""
    for layout in (arabic(), shelter()):
        yield fault("cp1256", layout, clean(layout), agreed(layout, encoding="cp1256"), says=OTHERWISE, variant="utf-8-agreed")
        yield fault("cp1256", layout.declared(encoding="cp1256"), clean(layout), agreed(layout, encoding="cp1256"), variant="agreed")


def cp1251() -> Iterator[FaultFile]:
    """The Cyrillic encoding of Windows."""
    layout = ukrainian()
    yield fault("cp1251", layout, clean(layout), agreed(layout, encoding="cp1251"), says=OTHERWISE, variant="utf-8-agreed")
    yield fault("cp1251", layout.declared(encoding="cp1251"), clean(layout), agreed(layout, encoding="cp1251"), variant="agreed")


def other_script_under_plain_headers() -> Iterator[FaultFile]:
    """Arabic or Cyrillic names in their own encoding under English headers: right, or held; never Western nonsense."""
    from faults.people import victims

    layout = english()
    for words, encoding in (("ar", "cp1256"), ("uk", "cp1251")):
        lines = [line if line.record is None else line.right_or(UNDECODABLE) for line in clean(layout, people=victims(words))]
        dialect = agreed(layout, encoding=encoding)
        yield fault("other-script-plain-headers", layout, lines, dialect, outcome="either", refusals=NOT_READ, variant=encoding)


def utf_16() -> Iterator[FaultFile]:
    """UTF-16 in both orders, with and without its mark, with tabs: what "Unicode text" of a spreadsheet is."""
    for layout in (english(), french(), spanish(), arabic(), ukrainian(), harbour(), hotline(), shelter()):
        for order, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
            for its_mark in (mark, b""):
                dialect = agreed(layout, encoding=order, mark=its_mark, separator="\t")
                variant = f"{order[-2:]}-{'marked' if its_mark else 'unmarked'}"
                yield fault("utf-16", layout, clean(layout), dialect, says=OTHERWISE, variant=variant)


def utf_16_odd() -> Iterator[FaultFile]:
    """UTF-16 cut in the middle of a character: an odd number of bytes."""
    layout = english()
    payload = text_bytes(clean(layout), agreed(layout, encoding="utf-16-le", mark=b"\xff\xfe", ends=False))[:-1]
    lines = changed(clean(layout), -1, row(clean(layout), -1).held(UNDECODABLE, "row_ragged", "quote_unclosed"))
    yield fault("utf-16-odd", layout, lines, payload, outcome="either", refusals=NOT_READ)


def one_row_of_cp1252() -> Iterator[FaultFile]:
    """One row of a UTF-8 file pasted from a system of Windows."""
    for layout in (english(), spanish(), french().declared(encoding="utf-8"), harbour(), hotline()):
        yield _one_row_otherwise("one-row-of-cp1252", layout, "utf-8", "cp1252")


def one_row_of_utf_8() -> Iterator[FaultFile]:
    """One row of UTF-8 in a file of cp1252."""
    for layout in (french(), police(), spanish().declared(encoding="cp1252")):
        yield _one_row_otherwise("one-row-of-utf-8", layout, "cp1252", "utf-8")


def half_and_half() -> Iterator[FaultFile]:
    """Two exports pasted together: the first half UTF-8, the second half cp1252."""
    for layout in (english(), spanish()):
        lines = [line if line.record is None else line.right_or(UNDECODABLE) for line in clean(layout)]
        cut = data_at(lines, 6)
        text = [text_file(part, agreed(layout)) for part in (lines[:cut], lines[cut:])]
        payload = text[0].encode("utf-8") + text[1].encode("cp1252")
        yield fault("half-and-half", layout, lines, payload, outcome="either", refusals=NOT_READ)


def lost_characters() -> Iterator[FaultFile]:
    """Signs of characters that an earlier program lost (U+FFFD)."""
    for layout in [layout.declared(encoding="utf-8") for layout in (*csv_layouts(), harbour(), shelter())]:
        lines = clean(layout)
        broken = row(lines, 3).with_cell(layout.place("name"), "Zo\ufffd").held(UNDECODABLE)
        yield fault("lost-characters", layout, changed(lines, 3, broken), agreed(layout, encoding="utf-8"))


def encoded_twice() -> Iterator[FaultFile]:
    """UTF-8 read as cp1252 and saved as UTF-8 again: Ã© in place of é, in the whole file."""
    for layout in (spanish(), hotline(), french().declared(encoding="utf-8")):
        lines = [line if line.record is None else line.right_or(UNDECODABLE, "category_unknown") for line in clean(layout)]
        text = text_file(lines, agreed(layout)).encode("utf-8").decode("cp1252", "replace").replace("\ufffd", "\x8d")
        yield fault("encoded-twice", layout, lines, text.encode("utf-8"), outcome="either", refusals=NOT_READ)


def one_row_encoded_twice() -> Iterator[FaultFile]:
    """One row of an older export, encoded twice."""
    for layout in (english(), spanish(), french().declared(encoding="utf-8"), harbour()):
        lines = clean(layout)
        broken = row(lines, 0).right_or(UNDECODABLE, "category_unknown")
        lines = changed(lines, 0, broken)
        dialect = agreed(layout, encoding="utf-8")
        parts = [text_of(line, dialect) for line in lines]
        at = data_at(lines, 0)
        parts[at] = parts[at].encode("utf-8").decode("cp1252", "replace").replace("\ufffd", "\x8d")
        yield fault("one-row-encoded-twice", layout, lines, ("\r\n".join(parts) + "\r\n").encode("utf-8"))


def zero_bytes() -> Iterator[FaultFile]:
    """A NUL within a cell."""
    for layout in (english(), french(), arabic(), harbour()):
        lines = clean(layout)
        broken = row(lines, 2).with_cell(layout.place("name"), "Zo\0e").held(UNDECODABLE)
        yield fault("zero-byte", layout, changed(lines, 2, broken), outcome="either", refusals=NOT_READ)


def zero_bytes_at_the_end() -> Iterator[FaultFile]:
    """A file padded with NULs after a crash: its last row is one of zero bytes, or it is refused."""
    for layout in (english(), spanish()):
        lines = [*clean(layout), Line(("\0" * 64,), codes=frozenset({UNDECODABLE, "row_blank", "row_ragged"}))]
        payload = text_bytes(lines, agreed(layout, ends=False))
        yield fault("zero-bytes-at-end", layout, lines, payload, outcome="either", refusals=NOT_READ)


def cut_in_a_character() -> Iterator[FaultFile]:
    """The last row ends in the middle of a character of several bytes."""
    for layout in (english(), spanish(), arabic(), ukrainian()):
        lines = clean(layout)
        broken = row(lines, -1).with_cell(layout.place("note"), "né").held(UNDECODABLE, "row_ragged")
        lines = changed(lines, -1, broken)
        yield fault("cut-in-a-character", layout, lines, text_bytes(lines, agreed(layout, ends=False))[:-1])


def dos_code_page() -> Iterator[FaultFile]:
    """cp850, what "CSV (MS-DOS)" saves: to be told from cp1252 by headers and words, or refused."""
    for layout in (spanish(), french(), police(), hotline()):
        lines = [line if line.record is None else line.right_or(UNDECODABLE, "category_unknown") for line in clean(layout)]
        yield fault("dos-code-page", layout, lines, agreed(layout, encoding="cp850"), outcome="either", refusals=NOT_READ)


def _one_row_otherwise(family: str, layout: Layout, encoding: str, other: str) -> FaultFile:
    lines = clean(layout)
    lines = changed(lines, 4, row(lines, 4).right_or(UNDECODABLE, "category_unknown"))
    dialect, otherwise = agreed(layout, encoding=encoding), agreed(layout, encoding=other)
    at = data_at(lines, 4)
    parts = [encoded(text_of(line, dialect) + "\r\n", otherwise if place == at else dialect) for place, line in enumerate(lines)]
    return fault(family, layout, lines, b"".join(parts))


FAMILIES = (
    plain,
    byte_order_mark,
    mark_semicolons_decimal_comma,
    cp1252,
    cp1252_under_plain_headers,
    cp1256,
    cp1251,
    other_script_under_plain_headers,
    utf_16,
    utf_16_odd,
    one_row_of_cp1252,
    one_row_of_utf_8,
    half_and_half,
    lost_characters,
    encoded_twice,
    one_row_encoded_twice,
    zero_bytes,
    zero_bytes_at_the_end,
    cut_in_a_character,
    dos_code_page,
)
