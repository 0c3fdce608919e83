"""From a refusal to the report in the reader's language.

Here: a batch that cannot be read, of which nothing is counted. Never here: why a batch is refused, or how a report looks.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.report.document import CheckReport, Fit, Refusal
from schemas.errors import BatchRefused
from schemas.messages import spoken
from schemas.partner import Partner
from schemas.problems import catalogue
from schemas.vocabulary import Language


def refused_report(refused: BatchRefused, partner: Partner | None, language: Language, fits: Sequence[Fit] = ()) -> CheckReport:
    """The report on a batch that is refused whole: nothing of it is counted."""
    told = refusal_told(refused, language)
    return CheckReport(
        received=0,
        accepted=0,
        quarantined=0,
        rejected=0,
        non_data=0,
        language=language,
        verdict="refused",
        verdict_text=told.text,
        next_step=told.remedy,
        partner=partner.name if partner else None,
        partner_title=partner.title if partner else None,
        fits=tuple(fits),
        refusal=told,
    )


def refusal_told(refused: BatchRefused, language: Language) -> Refusal:
    """A refusal in the reader's language."""
    problem = catalogue()[refused.code]
    return Refusal(
        code=refused.code,
        text=problem.text.of(language),
        where=spoken(refused.where, language),
        allowed=spoken(refused.allowed, language),
        remedy=problem.remedy.of(language),
    )
