"""Find the header of a file among its first rows, and tell by headers which file is which.

Here: comparing the columns that are there with those a partner's file says. Never here: the rows below the header.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.refusals import refusal
from ingest.rows import Row, rows_of
from schemas.errors import BatchRefused
from schemas.partner import Partner, PartnerFile

SEARCHED_ROWS = 20
SHARE_NEEDED = 0.5
_GLANCE_ROWS = 200  # enough for a header under a preamble and blank rows, when only the kind of file is asked


@dataclass(frozen=True)
class HeaderFit:
    """How well one row serves as the header of a partner's file."""

    index: int  # among the rows of the file, blank ones counted
    mapped_share: float  # of the columns the file needs, how many are there
    likeness: float  # Dice's coefficient of the columns there and the columns known


def folded(header: str) -> str:
    """A header as it is compared: composed (NFC), trimmed, without a byte order mark, case folded."""
    return unicodedata.normalize("NFC", header).replace("\ufeff", "").strip().casefold()


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
    if not fits and len(refusals) == len(partner.files):
        raise refusals[0]
    if not fits:
        files = ", ".join(file.name for file in partner.files)
        raise refusal("header_not_found", where=where, allowed=f"a header row with at least half of the columns of {files}")
    return max(fits, key=lambda fit: fit[0])[1]


def _share(payload: bytes, file: PartnerFile) -> float:
    try:
        fit = best_header(rows_of(payload, file.format, file.name, at_most=_GLANCE_ROWS), file)
    except BatchRefused:
        return 0.0
    return fit.mapped_share if fit else 0.0
