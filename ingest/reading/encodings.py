"""Which encoding a file's bytes are in, and which of its records are in another.

Here: byte order marks, the ladder of encodings and what it takes to leave the agreed one, text as UTF-8, rows that do not
decode. Never here: separators, or which row is the header.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Sequence, Set
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.reading.blocks import Mask, Positions, Records
from schemas.folding import folded_header

UTF_8 = "utf-8"
LADDER = ("cp1252", "cp1256", "cp1251", "cp1250", "cp1254", "cp1253")
"""Encodings of one byte a character that a spreadsheet writes where French and Spanish, Arabic, Russian, Czech and Romanian,
Turkish, and Greek are spoken; of those that read a file the same the first is taken."""
HOLDING = "ascii"
"""What a file of one-byte characters is read as when nothing tells which: its rows beyond ASCII are held."""
WIDE = ("utf-16-le", "utf-16-be")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LOST = "\ufffd".encode()
_RARE_HALF = rb"(?:\xc2[\x80-\x9f]|\xe2[\x80-\x84].|\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe]|\xc6\x92|\xcb[\x86\x9c])"
_SECOND_HALF = rb"(?:\xc2[\xa0-\xbf]|" + _RARE_HALF + rb")"
_ENCODED_TWICE = re.compile(
    rb"\xc3(?:[\x82\x83]" + _SECOND_HALF + rb"|[\x84\x85]" + _RARE_HALF + rb"|\xa2(?:\xe2\x82\xac|\xc2\x80)" + _SECOND_HALF
    + rb"|[\x90\x91\x98-\x9b]" + _SECOND_HALF + rb"\xc3[\x90\x91\x98-\x9b]" + _SECOND_HALF + rb")",
    re.DOTALL,
)  # fmt: skip
_FIRST_HALVES = np.isin(np.arange(256), [0x82, 0x83, 0x84, 0x85, 0xA2, 0x90, 0x91, *range(0x98, 0x9C)])
"""UTF-8 of text that was UTF-8 and was taken for a Western encoding: an accented letter, a typographer's mark, two letters of
Cyrillic or Arabic in a row. Such a row is readable and wrong."""
_WESTERN_LETTERS = frozenset("àâäáçèéêëíîïñóôöœùúûüßªºÀÂÄÁÇÈÉÊËÍÎÏÑÓÔÖŒÙÚÛÜ")
"""What French, Spanish and German write. Central European text taken for Western shows others: ì for ě, ø for ř, æ for ć."""
_BETWEEN_TEXTS = re.compile(r"[;,\t|،/\"\r\n]+")


class Stream(Protocol):
    """Bytes that are read one after the other."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


def marked_encoding(head: bytes) -> tuple[str, int] | None:
    """The encoding that a byte order mark names, and how many bytes the mark takes."""
    return next(((name, len(mark)) for mark, name in _MARKS if head.startswith(mark)), None)


def family(encoding: str) -> str | None:
    """The encoding without its byte order and mark, to compare two names; None when there is no such encoding."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        return None
    return re.sub("-(sig|le|be)$", "", name)


def is_one_byte(encoding: str) -> bool:
    """Whether each byte is a character by itself and ASCII is among them; in others, such as GBK, bytes join."""
    text = bytes(range(256)).decode(encoding, "replace")
    return len(text) == 256 and text[:128].isascii() and text[:128].encode() == bytes(range(128))


def plausible_encodings(head: bytes, agreed: str, is_known: Callable[[], Set[str]]) -> tuple[str, ...]:
    """The encodings to look for a header in, best first, for a head without a byte order mark.

    `is_known` gives the texts, folded, that are expected in the file. A one-byte encoding other than the agreed one is
    taken only when it turns more of the head's texts into expected ones than any other encoding does.
    """
    name = family(agreed)
    narrow = agreed if name is not None and (name == UTF_8 or is_one_byte(agreed)) else UTF_8
    found = [_narrow_encoding(head, UTF_8 if family(narrow) == UTF_8 else narrow, is_known)]
    if name is not None and narrow != agreed:
        found = [*({"utf-16": WIDE, "utf-32": ("utf-32-le", "utf-32-be")}.get(codecs.lookup(agreed).name, (agreed,))), *found]
    if b"\0" in head:
        found = [*found[:-1], *WIDE, found[-1]]
    return tuple(dict.fromkeys(found))


def _narrow_encoding(head: bytes, agreed: str, is_known: Callable[[], Set[str]]) -> str:
    if head.isascii():
        return agreed
    lines = [line for line in head.splitlines()[:-1] or [head] if not line.isascii()]
    if sum(_decodes(line, UTF_8) for line in lines) * 2 > len(lines) or is_utf_8_head(head):
        return UTF_8
    known = is_known()
    scores = {encoding: _readable(head, encoding, known) for encoding in dict.fromkeys((agreed, UTF_8, *LADDER))}
    most = max(scores.values())
    best = [encoding for encoding, score in scores.items() if score == most]
    if agreed in best or len(best) == 1:
        return best[0] if len(best) == 1 else agreed
    return _likeliest(head, best) or undecided(agreed)


def undecided(agreed: str) -> str:
    """What to read by when it is not the agreed encoding, and nothing tells which one it is: bytes beyond ASCII are held, not guessed."""
    return UTF_8 if family(agreed) == UTF_8 else HOLDING


def _readable(head: bytes, encoding: str, known: Set[str]) -> int:
    """How many different texts beyond ASCII become such as the partner's file knows."""
    return len({folded_header(text) for text in _texts_beyond_ascii(head, encoding)} & known)


def _likeliest(head: bytes, encodings: Sequence[str]) -> str | None:
    """The one of equally good encodings by which the fewest words mix scripts; None when several do that read the head differently.

    French letters stand at the same places in the Western and in the Arabic encoding; other accents turn to Arabic signs.
    Between Latin encodings scripts tell nothing (è is č in another): there the Western one is taken when French, Spanish or
    German could have written every letter.
    """
    texts = {encoding: _texts_beyond_ascii(head, encoding) for encoding in encodings}
    mixed = {encoding: sum(map(_mixes_scripts, found)) for encoding, found in texts.items()}
    best = [encoding for encoding in encodings if mixed[encoding] == min(mixed.values())]
    if best[0] == LADDER[0] and all(map(_is_western, texts[best[0]])):
        best = [encoding for encoding in best if encoding in LADDER[:3]]
    return best[0] if all(texts[encoding] == texts[best[0]] for encoding in best) else None


def _is_western(text: str) -> bool:
    return "\ufffd" not in text and all(sign.isascii() or sign in _WESTERN_LETTERS or not sign.isalpha() for sign in text)


def _texts_beyond_ascii(head: bytes, encoding: str) -> set[str]:
    return {text for text in _BETWEEN_TEXTS.split(head.decode(encoding, "replace")) if not text.isascii()}


def _mixes_scripts(text: str) -> bool:
    """Whether letters of two alphabets stand in one word, or signs that are no letters of any; Spanish has such around words."""
    words = [word.strip("\"'(),.:").lstrip("¿¡").rstrip("ªº") for word in text.split()]
    scripts = [{unicodedata.name(sign, "?").split()[0] for sign in word if not sign.isascii() or sign.isalpha()} for word in words]
    return any(len(found) > 1 for found in scripts)


def is_utf_8_head(head: bytes) -> bool:
    """Whether it is UTF-8, but for a last character that the end of the head cuts."""
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


class AsUtf8:
    """A stream of another encoding as UTF-8; what does not decode becomes U+FFFD, which marks its record."""

    def __init__(self, stream: Stream, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def read(self, size: int, /) -> bytes:
        """About so many bytes; none at the end."""
        while True:
            piece = self._stream.read(size)
            text = self._decoder.decode(piece, final=not piece)
            if text or not piece:
                return text.encode(UTF_8, "surrogatepass")  # half a character stays undecodable


def is_read_directly(encoding: str) -> bool:
    """Whether records can be cut in the bytes as they are: separators and line ends are single bytes in them."""
    return family(encoding) == UTF_8 or is_one_byte(encoding)


def as_utf_8(text: bytes, encoding: str) -> bytes:
    """Sound text of a directly read encoding as UTF-8."""
    return text if family(encoding) == UTF_8 or text.isascii() else text.decode(encoding).encode(UTF_8)


def undecodable(records: Records, encoding: str) -> Mask:
    """Which records hold bytes of another encoding, a zero byte, text encoded twice, or a sign (U+FFFD) that characters were lost."""
    found = np.zeros(len(records), np.bool_)
    text = records.text
    signs = np.frombuffer(text, np.uint8)
    if b"\0" in text:
        _mark(found, records, np.flatnonzero(signs == 0))
    if text.isascii():
        return found
    if family(encoding) != UTF_8:
        _mark_unlike_one_byte(found, records, encoding)
    elif not _decodes(text, UTF_8):
        _mark_each(found, records, records.holding(np.flatnonzero(signs > 127)), lambda record: not _decodes(record, UTF_8))
    if family(encoding) == UTF_8 and _LOST in text:
        _mark_each(found, records, records.holding(np.flatnonzero(signs == _LOST[0])), lambda record: _LOST in record)
    if family(encoding) == UTF_8:
        _mark(found, records, _encoded_twice(text, signs))
    return found


def _encoded_twice(text: bytes, signs: NDArray[np.uint8]) -> Positions:
    first = np.flatnonzero(signs[:-1] == 0xC3)
    suspects = first[_FIRST_HALVES[signs[first + 1]]]
    return np.array([position for position in suspects.tolist() if _ENCODED_TWICE.match(text, position)], np.int64)


def _mark(found: Mask, records: Records, positions: Positions) -> None:
    holding = records.holding(positions)
    found[holding[holding < len(records)]] = True


def _mark_each(found: Mask, records: Records, candidates: Positions, is_so: Callable[[bytes], bool]) -> None:
    starts = records.starts
    for each in candidates[candidates < len(records)]:
        found[each] |= is_so(records.text[starts[each] : records.ends[each]])


def _mark_unlike_one_byte(found: Mask, records: Records, encoding: str) -> None:
    """Bytes the encoding has no character for; and records whose bytes beyond ASCII all form UTF-8, which no text does by chance."""
    signs = np.frombuffer(records.text, np.uint8)
    is_unused = np.array([not _decodes(bytes([sign]), encoding) for sign in range(256)])
    if is_unused[signs].any():
        _mark(found, records, np.flatnonzero(is_unused[signs]))
    beyond = np.flatnonzero(signs > 127)
    holder, first = np.unique(np.searchsorted(records.ends, beyond, side="right"), return_index=True)
    following = signs[np.minimum(beyond[first] + 1, len(signs) - 1)]
    may_be_utf_8 = (signs[beyond[first]] >= 0xC2) & (following >= 0x80) & (following <= 0xBF)
    _mark_each(found, records, holder[may_be_utf_8], lambda record: _decodes(record, UTF_8))


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeError:
        return False
    return True
