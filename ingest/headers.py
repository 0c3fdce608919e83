"""Find the header of a file among its first rows, and tell by headers which file is which.

Here: comparing the columns that are there with those a partner's file says. Never here: the rows below the header.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from ingest.refusals import refusal
from ingest.rows import Row, glance, rows_of
from schemas.errors import BatchRefused
from schemas.partner import Partner, PartnerFile

SEARCHED_ROWS = 20
SHARE_NEEDED = 0.5
SHARE_CONVINCING = 0.8  # of the columns, found under another separator or encoding: then that is said
SEPARATORS = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "pipes"}
_GLANCE_ROWS = 200  # enough for a header under a preamble and blank rows, when only the kind of file is asked


@dataclass(frozen=True)
class HeaderFit:
    """How well one row serves as the header of a partner's file."""

    index: int  # among the rows of the file, blank ones counted
    mapped_share: float  # of the columns the file needs, how many are there
    likeness: float  # Dice's coefficient of the columns there and the columns known


def folded(header: str) -> str:
    """A header as it is compared: composed (NFC), trimmed, no byte order mark, straight apostrophes, case folded."""
    return unicodedata.normalize("NFC", header).replace("\ufeff", "").replace("\u2019", "'").strip().casefold()


def mapped_headers(file: PartnerFile) -> frozenset[str]:
    """The columns the file needs: all it knows but those it ignores on purpose."""
    needed = file.known_headers() - set(file.ignored)
    return needed | set(file.record_id)


def best_header(rows: Sequence[Row], file: PartnerFile) -> HeaderFit | None:
    """The row among the first non-blank ones that holds most of the known columns; None when no row holds any."""
    known = {folded(name) for name in file.known_headers()}
    mapped = {folded(name) for name in mapped_headers(file)}
    best: HeaderFit | None = None
    most = 0
    searched = 0
    for index, row in enumerate(rows):
        there = {name for name in map(folded, row.cells) if name}
        if not there:
            continue
        found = len(there & known)
        if found > most:
            most = found
            best = HeaderFit(index, len(there & mapped) / len(mapped), 2 * found / (len(there) + len(known)))
        searched += 1
        if searched == SEARCHED_ROWS:
            break
    return best


def identify(payloads: Sequence[bytes], partner: Partner) -> dict[str, bytes]:
    """Which payload is which file of the partner, by its header; the names of the files on the disk do not matter.

    Raises `BatchRefused`: header_not_found when a payload has half the columns of no file, file_missing when a file is
    absent or came twice, file_empty and file_unreadable when no file of the partner can be read from the bytes.
    """
    found: dict[str, bytes] = {}
    for position, payload in enumerate(payloads, start=1):
        where = f"file {position} of {len(payloads)} of {partner.name}"
        file = _best_file(payload, partner, where)
        if file.name in found:
            raise refusal("file_missing", where=where, allowed=f"one file {file.name} a batch")
        found[file.name] = payload
    absent = [file.name for file in partner.files if file.name not in found]
    if absent:
        raise refusal("file_missing", where=f"the batch of {partner.name}", allowed=f"also {', '.join(absent)}")
    return found


def best_partner(payload: bytes, partners: Mapping[str, Partner]) -> list[tuple[str, float]]:
    """Each partner with the share of its mapped columns found in the payload (its best file's), best first, then by name."""
    shares = [(name, max(_share(payload, file) for file in partner.files)) for name, partner in partners.items()]
    return sorted(shares, key=lambda found: (-found[1], found[0]))


def _best_file(payload: bytes, partner: Partner, where: str) -> PartnerFile:
    fits: list[tuple[float, PartnerFile]] = []
    refusals: list[BatchRefused] = []
    for file in partner.files:
        try:
            fit = best_header(rows_of(payload, file.format, where, at_most=_GLANCE_ROWS), file)
        except BatchRefused as error:
            refusals.append(error)
            continue
        if fit is not None and fit.mapped_share >= SHARE_NEEDED:
            fits.append((fit.likeness, file))
    if fits:
        return max(fits, key=lambda fit: fit[0])[1]
    hint = _seems_to_be(payload, partner)
    if hint is None and len(refusals) == len(partner.files):
        raise refusals[0]
    columns = "; or of ".join(", ".join(sorted(mapped_headers(file))) for file in partner.files)
    seems = f". The file seems to be {hint}" if hint else ""
    raise refusal("header_not_found", where=where, allowed=f"a header row with at least half of the columns {columns}{seems}")


def _seems_to_be(payload: bytes, partner: Partner) -> str | None:
    """How the file would fit if it were saved otherwise than agreed: the usual accident of a spreadsheet's export."""
    head = glance(payload)
    fits = [(_share(head, other), file.format, other.format) for file in partner.files for other in _saved_otherwise(file)]
    share, agreed, other = max(fits, key=lambda fit: fit[0], default=(0.0, None, None))
    if agreed is None or other is None or share < SHARE_CONVINCING or other == agreed:
        return None
    differences = []
    if other.separator != agreed.separator:
        differences.append(f"separated by {SEPARATORS[other.separator]}, not {SEPARATORS.get(agreed.separator, 'as agreed')}")
    if other.encoding != agreed.encoding:
        differences.append(f"in the encoding {other.encoding}, not {agreed.encoding}")
    return " and ".join(differences)


def _saved_otherwise(file: PartnerFile) -> list[PartnerFile]:
    """The file as agreed, then with other encodings, then with other separators too; a spreadsheet has neither."""
    if file.format.kind != "csv":
        return []
    separators = dict.fromkeys((file.format.separator, *SEPARATORS))
    encodings = dict.fromkeys((file.format.encoding, "utf-8", "cp1252"))
    formats = [
        file.format.model_copy(update={"separator": separator, "encoding": encoding})
        for separator, encoding in product(separators, encodings)
    ]
    return [file.model_copy(update={"format": one}) for one in formats]


def _share(payload: bytes, file: PartnerFile) -> float:
    try:
        fit = best_header(rows_of(payload, file.format, file.name, at_most=_GLANCE_ROWS), file)
    except BatchRefused:
        return 0.0
    return fit.mapped_share if fit else 0.0
