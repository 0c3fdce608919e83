"""Whose file it is, when nobody says: every known partner's columns against those of the files.

Here: how well each fits, and whether one fits clearly. Never here: a check, or a guess between two that fit alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ingest.reading.dialects import Recognised
from ingest.reading.identification import best_partner
from ingest.reading.kinds import kind_of
from ingest.reading.payloads import Payload, head_of, size_of
from ingest.reading.sources import open_source
from ingest.refusals import refusal
from ingest.report.document import Fit
from schemas.errors import BatchRefused
from schemas.messages import Message, Share, say, say_count
from schemas.partner import Partner

SHARE_CONVINCING = 0.8
"""Of the columns a partner's file needs: so many must be there."""
CLEARLY_AHEAD = 0.1
"""How much likelier than any other the best must be, by Dice's coefficient of the columns there and the columns known."""
LEAST_LIKENESS = 0.1
"""The template needs two columns only: a file that has these by chance, among many that nobody knows, is not one."""
LISTED = 3
_GLANCE_BYTES = 1 << 16


@dataclass(frozen=True)
class Choice:
    """The partner whose file it clearly is, None where none is, and the partners that fit best, best first."""

    partner: Partner | None
    fits: tuple[Fit, ...]


def choose_partner(payloads: Sequence[Payload], partners: Mapping[str, Partner], template: Partner | None = None) -> Choice:
    """Compare the files with every partner and the standard template.

    Where partners that fill in the template fit as well as the template itself, the template is chosen: in columns they
    are alike. Raises `BatchRefused` with the file's own reason when one is empty, unsafe or no table, whoever sent it.
    """
    payloads = [_beginning(payload) for payload in payloads]
    known = dict(partners) | ({template.name: template} if template else {})
    shares = _mean_of([dict(best_partner(payload, known, _where(at, len(payloads)))) for at, payload in enumerate(payloads, start=1)])
    best = sorted(known, key=lambda name: (-shares[name], name))
    likeness = {name: _likeness(payloads, known[name]) for name in best if shares[name] >= SHARE_CONVINCING}
    ranked = sorted(likeness, key=lambda name: (-likeness[name], name))
    order = [*ranked, *(name for name in best if name not in likeness)][:LISTED]
    fits = tuple(Fit(partner=name, title=known[name].title, share=shares[name]) for name in order if shares[name] > 0)
    nearest = max(LEAST_LIKENESS, likeness[ranked[0]] - CLEARLY_AHEAD) if ranked else 0.0
    leading = [name for name in ranked if likeness[name] > nearest]
    if template is not None and template.name in leading:
        is_alike = all(name == template.name or known[name].template for name in leading)
        leading = [template.name] if is_alike else leading
    if len(leading) > 1:  # alike in columns: then how the file was saved may tell
        leading = [name for name in leading if _is_saved_as_agreed(payloads, known[name])] or leading
    return Choice(known[leading[0]] if len(leading) == 1 else None, fits)


def unknown_layout(fits: Sequence[Fit], count: int) -> BatchRefused:
    """The refusal where no partner's columns fit clearly; names those that fit best."""
    share = Share(SHARE_CONVINCING)
    allowed = say("the columns of one partner or template, at least {share} of them", share=share)
    if fits:
        names = [say("{partner} ({share})", partner=fit.partner, share=Share(fit.share)) for fit in fits]
        allowed = say("the columns of one partner or template alone, at least {share} of them; best: {names}", share=share, names=names)
    return refusal(
        "layout_unknown", where=say_count("the header of the file", "the headers of {count} files", count=count), allowed=allowed
    )


def _beginning(payload: Payload) -> Payload:
    """Of a text the first lines, which hold its header; a workbook is needed whole."""
    head = head_of(payload, _GLANCE_BYTES)
    if len(head) == size_of(payload) or kind_of(head) != "csv":
        return payload
    if not head.strip():  # whether all of it is blank only the rest tells
        return payload
    if b"\0" in head:  # characters of two or four bytes
        return head[: len(head) // 4 * 4]
    return head[: head.rfind(b"\n") + 1] or head


def _where(position: int, count: int) -> Message:
    return say("file {position} of {count}", position=position, count=count) if count > 1 else say("the file")


def _mean_of(shares: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: sum(each[name] for each in shares) / len(shares) for name in shares[0]}


def _is_saved_as_agreed(payloads: Sequence[Payload], partner: Partner) -> bool:
    return all(any(is_so for is_so, _ in _recognised(payload, partner)) for payload in payloads)


def _likeness(payloads: Sequence[Payload], partner: Partner) -> float:
    """Dice's coefficient of the columns there and the columns known, of each file's best, on average."""
    return sum(max(_likeness_of(payload, partner), default=0.0) for payload in payloads) / len(payloads)


def _likeness_of(payload: Payload, partner: Partner) -> Iterable[float]:
    return (found.header.likeness for _, found in _recognised(payload, partner))


def _recognised(payload: Payload, partner: Partner) -> Iterable[tuple[bool, Recognised]]:
    """For each of the partner's files that the payload can be: whether its separator is the one expected, and how it was saved."""
    for file in partner.files:
        try:
            with open_source(payload, [file], file.name) as source:
                found, separator = source.recognised_as(file), source.expected_format(file).separator
        except BatchRefused:
            continue
        if found is not None:
            yield found.separator == separator, found
