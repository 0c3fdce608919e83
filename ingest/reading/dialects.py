"""Recognise how a file was saved: its encoding, its separator and its header row, by the columns and texts it is known by.

Here: the head of a file tried as agreed and in the other usual ways. Never here: the rows below the header, or a way of
reading that no known column speaks for.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from ingest.reading.blocks import Grammar, split
from ingest.reading.encodings import AsUtf8, family, is_one_byte, is_read_directly, marked_encoding, plausible_encodings, undecided
from ingest.reading.headers import SHARE_NEEDED, HeaderFit, best_header, spellings
from schemas.fields import fields_of
from schemas.folding import folded_header
from schemas.partner import FileFormat, PartnerFile
from schemas.units import MODELS
from schemas.vocabulary import LANGUAGES, MISSING_CODES, vocabulary

HEAD_BYTES = 1 << 20
SHARE_CONVINCING = 0.8
"""Of the needed columns, found under another separator than agreed: then the file is read so."""
SEPARATORS = (";", ",", "\t", "|")
_HEADER_BYTES = 1 << 18  # the header is sought within
_HEADER_ROWS = 200
_SEPARATOR_LINE = "sep="
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, repr=False)
class Row:
    """One record near the beginning of a file."""

    cells: list[str]
    end: int  # how many bytes of the UTF-8 text, or of the file where it is read directly, stand up to its end


@dataclass(frozen=True, repr=False)
class Recognised:
    """How a file was saved and where its header is."""

    encoding: str
    separator: str
    mark: int  # bytes of the byte order mark
    header: HeaderFit
    rows: tuple[Row, ...]  # up to and with the header

    def differs_from(self, agreed: FileFormat) -> bool:
        """Whether it was saved in another way than agreed."""
        return self.separator != agreed.separator or family(self.encoding) != family(agreed.encoding)


class Head:
    """The first bytes of a file, read in many ways, each once."""

    def __init__(self, head: bytes, *, is_whole: bool) -> None:
        self.marked = marked_encoding(head)
        self.mark = self.marked[1] if self.marked else 0
        self.bytes = head[self.mark :]
        self.is_whole = is_whole
        self._rows: dict[tuple[str, str], list[Row]] = {}

    @cached_property
    def named_separators(self) -> tuple[str, ...]:
        """The separator of Excel's line `sep=;`, when the file begins with one."""
        line = self.bytes[:32].replace(b"\0", b"").split(b"\n")[0].strip(b'\r"').decode("ascii", "replace").lower()
        rest = line.removeprefix(_SEPARATOR_LINE)
        return (rest,) if line != rest and len(rest) == 1 else ()

    @property
    def is_binary(self) -> bool:
        """Whether it holds signs that stand in no text of one byte a character."""
        return self.marked is None and _CONTROL.search(self.bytes) is not None

    def rows(self, encoding: str, separator: str) -> list[Row]:
        """The first records when read in this way."""
        way = (encoding, separator)
        if way not in self._rows:
            self._rows[way] = list(self._read(encoding, separator))
        return self._rows[way]

    def _read(self, encoding: str, separator: str) -> Iterator[Row]:
        is_direct = is_read_directly(encoding)
        text = self.bytes if is_direct else AsUtf8(io.BytesIO(self.bytes), encoding).read(-1)
        is_last = self.is_whole and len(text) <= _HEADER_BYTES
        records = split(text[:_HEADER_BYTES], Grammar(ord(separator)), is_last=is_last) if text else None
        if records is None:
            return
        start = 0
        for end in records.ends[:_HEADER_ROWS].tolist():
            record = records.text[start:end].decode(encoding if is_direct else "utf-8", "replace")
            yield Row(cells_of(record, separator), end)
            start = end


def cells_of(record: str, separator: str) -> list[str]:
    """The cells of one record, in whatever state its quotation marks are."""
    csv.field_size_limit(HEAD_BYTES * 100)
    text = io.StringIO(record.removesuffix("\n").removesuffix("\r"), newline="")
    rows = list(csv.reader(text, delimiter=separator))
    return [cell for row in rows for cell in row] if rows else [""]


def recognised(head: Head, file: PartnerFile) -> Recognised | None:
    """How the file was saved, as far as its columns tell; None when it has too few of them in every way of reading.

    The agreed separator is taken as soon as half of the needed columns are there; another one needs four in five.
    """
    found = _by_separators(head, file, _encodings(head, file))
    if found is None or not _is_doubtful(head, found, file):
        return found
    return _by_separators(head, file, (undecided(file.format.encoding),))


def _by_separators(head: Head, file: PartnerFile, encodings: Sequence[str]) -> Recognised | None:
    agreed = file.format
    others = [separator for separator in dict.fromkeys((*head.named_separators, *SEPARATORS)) if separator != agreed.separator]
    found = _best(head, file, encodings, [agreed.separator], SHARE_NEEDED)
    return found or _best(head, file, encodings, others, SHARE_CONVINCING)


def _is_doubtful(head: Head, found: Recognised, file: PartnerFile) -> bool:
    """Whether another encoding than agreed leaves a needed column missing beside an unknown header beyond ASCII.

    The two may be one header: é is the same byte in Western and Central European text, so that one column of a file is
    recognised while the names below another would be read as those of someone else.
    """
    if head.marked is not None or not is_one_byte(found.encoding) or family(found.encoding) == family(file.format.encoding):
        return False
    known = spellings(file)
    has_unknown = any(not cell.isascii() and folded_header(cell) not in known for cell in found.header.cells)
    return has_unknown and found.header.mapped_share < 1


def _encodings(head: Head, file: PartnerFile) -> tuple[str, ...]:
    if head.marked is not None:
        return (head.marked[0],)
    return plausible_encodings(head.bytes, file.format.encoding, lambda: expected_texts(file))


def _can_separate(separator: str) -> bool:
    return separator.isascii() and separator not in '"\r\n'


def _best(head: Head, file: PartnerFile, encodings: Sequence[str], separators: Sequence[str], needed: float) -> Recognised | None:
    best: Recognised | None = None
    for encoding in encodings:
        for separator in filter(_can_separate, separators):
            rows = head.rows(encoding, separator)
            fit = best_header([row.cells for row in rows], file)
            if fit is not None and fit.mapped_share >= needed and (best is None or fit.likeness > best.header.likeness):
                best = Recognised(encoding, separator, head.mark, fit, tuple(rows[: fit.index + 1]))
    return best


def likest_header(head: Head, file: PartnerFile) -> HeaderFit | None:
    """The header that holds most of the columns the file needs, when a head is read in the best way; None without any."""
    found = recognised(head, file)
    if found is not None:
        return found.header
    fits = [
        best_header([row.cells for row in head.rows(encoding, separator)], file)
        for encoding in _encodings(head, file)
        for separator in dict.fromkeys((file.format.separator, *SEPARATORS))
        if _can_separate(separator)
    ]
    return max((fit for fit in fits if fit is not None), key=lambda fit: fit.mapped_share, default=None)


def expected_texts(file: PartnerFile) -> frozenset[str]:
    """What may stand in the file beyond ASCII: its headers, the texts of its lookups, and the labels of its vocabularies."""
    texts = {*file.known_headers(), *file.synonyms(), *file.missing}
    for column in file.columns.values():
        texts |= set(column.lookup)
    for flags in file.flags.values():
        texts |= {*flags.yes, *flags.no}
    lists = {field.declared.vocabulary for unit in file.units() for field in fields_of(MODELS[unit].report)}
    own = frozenset(folded_header(text) for text in texts if not text.isascii())
    return own.union(_labels_beyond_ascii("missing"), *(_labels_beyond_ascii(name) for name in lists if name is not None))


@cache
def _labels_beyond_ascii(name: str) -> frozenset[str]:
    """What a vocabulary may show in a file that is not ASCII; the reasons for a missing value are no list a cell's codes come from."""
    if name == "missing":
        texts = {vocabulary(name).label(code, language) for code in MISSING_CODES for language in LANGUAGES}
    else:
        texts = set(vocabulary(name).readings())
    return frozenset(folded_header(text) for text in texts if not text.isascii())
