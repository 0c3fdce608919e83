"""What breaks a file at random: bytes flipped, cut, moved and spliced; rows moved and cells rewritten.

Here: mutations, each a function of a seeded source of chance. Never here: what must become of a mutated file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from faults.files import Line

Mutation = Callable[[Random, bytes, bytes], bytes]
SIGNS = (
    b'"',
    b"'",
    b",",
    b";",
    b"\t",
    b"|",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"sep=;\n",
    b"\x1a",
    b"=",
    b"\x80",
)
LETTERS = "aZé€ÿñłاب٣Ж中\u200b\u200f\u00a0\ufeff\ufffd\u0301𝒳0"
"""Letters of several scripts and planes, marks that nobody sees, a sign of loss, a combining accent."""


def _place(rng: Random, payload: bytes) -> int:
    return rng.randrange(len(payload) + 1)


def _block(rng: Random, payload: bytes) -> tuple[int, int]:
    start = _place(rng, payload)
    return start, min(len(payload), start + rng.choice((1, 2, 7, 40, 200)))


def flip(rng: Random, payload: bytes, _: bytes) -> bytes:
    """One byte becomes another."""
    if not payload:
        return payload
    at = rng.randrange(len(payload))
    return payload[:at] + bytes([rng.randrange(256)]) + payload[at + 1 :]


def delete(rng: Random, payload: bytes, _: bytes) -> bytes:
    """A block is gone."""
    start, end = _block(rng, payload)
    return payload[:start] + payload[end:]


def insert(rng: Random, payload: bytes, _: bytes) -> bytes:
    """Bytes without meaning somewhere."""
    at = _place(rng, payload)
    return payload[:at] + rng.randbytes(rng.choice((1, 2, 5, 30))) + payload[at:]


def insert_sign(rng: Random, payload: bytes, _: bytes) -> bytes:
    """A quote, a separator, a line end, a mark somewhere, perhaps many times."""
    at = _place(rng, payload)
    return payload[:at] + rng.choice(SIGNS) * rng.choice((1, 1, 1, 2, 50)) + payload[at:]


def replace_sign(rng: Random, payload: bytes, _: bytes) -> bytes:
    """One kind of sign becomes another, everywhere or once."""
    old, new = rng.sample(SIGNS, 2)
    return payload.replace(old, new, rng.choice((1, -1)))


def repeat(rng: Random, payload: bytes, _: bytes) -> bytes:
    """A block stands several times."""
    start, end = _block(rng, payload)
    return payload[:end] + payload[start:end] * rng.choice((1, 2, 30)) + payload[end:]


def move(rng: Random, payload: bytes, _: bytes) -> bytes:
    """A block stands elsewhere."""
    start, end = _block(rng, payload)
    rest = payload[:start] + payload[end:]
    at = _place(rng, rest)
    return rest[:at] + payload[start:end] + rest[at:]


def truncate(rng: Random, payload: bytes, _: bytes) -> bytes:
    """The file ends early, or begins late."""
    at = _place(rng, payload)
    return payload[:at] if rng.random() < 0.8 else payload[at:]


def splice(rng: Random, payload: bytes, other: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    return payload[: _place(rng, payload)] + other[_place(rng, other) :]


def insert_text(rng: Random, payload: bytes, _: bytes) -> bytes:
    """Letters of any script in some encoding."""
    at = _place(rng, payload)
    text = "".join(rng.choice(LETTERS) for _ in range(rng.choice((1, 3, 12))))
    return payload[:at] + text.encode(rng.choice(("utf-8", "utf-16-le", "cp1252", "cp1256")), "ignore") + payload[at:]


def encode_again(rng: Random, payload: bytes, _: bytes) -> bytes:
    """The whole file passed through another program's idea of its encoding."""
    read, written = rng.choice((("utf-8", "utf-16"), ("cp1252", "utf-8"), ("utf-8", "cp1252"), ("utf-8", "cp1256"), ("utf-16", "utf-8")))
    return payload.decode(read, "replace").encode(written, "replace")


MUTATIONS: tuple[Mutation, ...] = (
    flip, delete, insert, insert_sign, replace_sign, repeat, move, truncate, splice, insert_text, encode_again
)  # fmt: skip


def mutated(rng: Random, payload: bytes, other: bytes) -> bytes:
    """A file after one to four mutations."""
    for _ in range(rng.choice((1, 1, 2, 3, 4))):
        payload = rng.choice(MUTATIONS)(rng, payload, other)
    return payload


def reshaped(rng: Random, lines: Sequence[Line]) -> tuple[list[Line], set[int]]:
    """Lines with rows dropped, repeated, moved and rewritten by cells that keep the table's shape; the header stays.

    Returns the lines and where those stand that nobody touched.
    """
    header, *rows = lines
    kept: list[tuple[Line, bool]] = [(line, True) for line in rows]
    for _ in range(rng.choice((1, 2, 3, 5))):
        at = rng.randrange(len(kept)) if kept else 0
        match rng.randrange(5):
            case 0 if kept:
                kept.pop(at)
            case 1 if kept:
                kept.insert(rng.randrange(len(kept) + 1), kept[at])
            case 2:
                rng.shuffle(kept)
            case 3 if kept and kept[at][0].cells:
                line = kept[at][0]
                kept[at] = (line.with_cell(rng.randrange(len(line.cells)), _text(rng)), False)
            case _:
                width = rng.choice((0, 1, len(header.cells), len(header.cells) + 2))
                kept.insert(at, (Line(tuple(_text(rng) for _ in range(width))), False))
    return [header, *(line for line, _ in kept)], {place for place, (_, is_whole) in enumerate(kept, start=1) if is_whole}


def _text(rng: Random) -> str:
    """A cell of letters; never a sign that parts cells or rows, and never none, which alone on a line would be two quotes."""
    return "x" + "".join(rng.choice(LETTERS) for _ in range(rng.choice((0, 1, 4, 20))))
