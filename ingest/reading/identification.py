"""Tell by headers which file of a batch is which, and whose file it is.

Here: the heads of files compared with what partners' files say. Never here: the rows below the header.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingest.reading.headers import mapped_headers
from ingest.reading.payloads import Payload
from ingest.reading.sources import open_source
from ingest.refusals import refusal
from schemas.errors import BatchRefused
from schemas.messages import say
from schemas.partner import Partner, PartnerFile


def identify(payloads: Sequence[Payload], partner: Partner) -> dict[str, Payload]:
    """Which payload is which file of the partner, by its header; the names of the files on the disk do not matter.

    Raises `BatchRefused`: header_not_found when a payload has half the columns of no file, file_missing when a file is
    absent or came twice, file_empty and file_unreadable when nothing can be read from the bytes.
    """
    found: dict[str, Payload] = {}
    for position, payload in enumerate(payloads, start=1):
        where = say("file {position} of {count} of {partner}", position=position, count=len(payloads), partner=partner.name)
        file = _best_file(payload, partner, where)
        if file.name in found:
            raise refusal("file_missing", where=where, allowed=say("one file {name} a batch", name=file.name))
        found[file.name] = payload
    absent = [file.name for file in partner.files if file.name not in found]
    if absent:
        raise refusal(
            "file_missing", where=say("the batch of {partner}", partner=partner.name), allowed=say("also {names}", names=", ".join(absent))
        )
    return found


def best_partner(payload: Payload, partners: Mapping[str, Partner], where: str = "the file") -> list[tuple[str, float]]:
    """Each partner with the share of its mapped columns found in the payload (its best file's), best first.

    Of equal shares the one with fewer other columns comes first, then the one earlier in the alphabet. Raises `BatchRefused`
    file_empty, file_unreadable or file_unsafe when it is no table, whoever sent it.
    """
    fits = dict.fromkeys(partners, (0.0, 0.0))
    for files in _by_sheet([(name, file) for name, partner in partners.items() for file in partner.files]):
        with open_source(payload, [file for _, file in files], where) as source:
            is_binary = source.head.is_binary
            for name, file in files:
                header = source.likest_header(file)
                if header is not None:
                    fits[name] = max(fits[name], (header.mapped_share, header.likeness))
        if is_binary and not any(share for share, _ in fits.values()):
            raise header_not_found((), where, is_binary=True)
    names = sorted(fits, key=lambda name: (-fits[name][0], -fits[name][1], name))
    return [(name, fits[name][0]) for name in names]


def _by_sheet(files: Sequence[tuple[str, PartnerFile]]) -> list[list[tuple[str, PartnerFile]]]:
    """The files whose sheet has the same name together, so that a workbook is opened once for them."""
    sheets: dict[str | None, list[tuple[str, PartnerFile]]] = {}
    for name, file in files:
        sheets.setdefault(file.format.sheet, []).append((name, file))
    return list(sheets.values())


def _best_file(payload: Payload, partner: Partner, where: str) -> PartnerFile:
    fits: list[tuple[float, PartnerFile]] = []
    refusals: list[BatchRefused] = []
    is_binary = False
    groups = _by_sheet([(partner.name, file) for file in partner.files])
    for files in groups:
        try:
            with open_source(payload, [file for _, file in files], where) as source:
                for _, file in files:
                    found = source.recognised_as(file)
                    if found is not None:
                        fits.append((found.header.likeness, file))
                is_binary = source.head.is_binary
        except BatchRefused as error:
            refusals.append(error)
    if fits:
        return max(fits, key=lambda fit: fit[0])[1]
    if len(refusals) == len(groups):
        raise refusals[0]
    raise header_not_found(partner.files, where, is_binary=is_binary)


def header_not_found(files: Sequence[PartnerFile], where: str, *, is_binary: bool = False) -> BatchRefused:
    """The refusal that names the columns that were sought, or says that this is no table at all."""
    if is_binary:
        return refusal("file_unreadable", where=where, allowed=say("text (.csv) or a spreadsheet (.xlsx, .xls, .ods)"))
    columns = "; ".join(", ".join(sorted(mapped_headers(file))) for file in files)
    return refusal(
        "header_not_found", where=where, allowed=say("a header row with at least half of the columns {columns}", columns=columns)
    )
