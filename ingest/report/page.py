"""The report as one page that stands by itself: no script, nothing fetched, fit for paper, dark rooms and screen readers.

Here: filling the template beside this module; everything that goes in is escaped. Never here: words, or what the document
does not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ingest.report.document import CheckReport, FindingTold
from ingest.report.words import headings, outcome_meaning, outcome_word, rows_listed
from schemas.ledger import Outcome, RowLedger
from schemas.messages import list_text, number_text, percent_text, spoken
from schemas.shown import shown_lines
from schemas.vocabulary import Language

SHOWN_ROWS = 10
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class _OutcomePart:
    """One outcome as the bar and the table show it."""

    name: str
    count: int
    word: str
    meaning: str
    share: str


def report_page(report: CheckReport) -> str:
    """The whole page, `lang` and direction of the reader's language."""
    from babel import Locale
    from jinja2 import Environment, StrictUndefined

    language = report.language
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
        (_FOLDER / "page.html.jinja").read_text(encoding="utf-8")
    )
    return shown_lines(
        template.render(
            report=report,
            direction=Locale(language).text_direction,
            style=(_FOLDER / "page.css").read_text(encoding="utf-8").strip(),
            words={name: spoken(word, language) for name, word in headings().items()},
            parts=_parts(report, language),
            account=partial(_account_said, language=language),
            account_said=_account_said(report, language),
            number=lambda count: number_text(count, language),
            percent=lambda share: percent_text(share, language),
            listed=partial(_listed, language=language),
        )
        + "\n"
    )


def _parts(account: RowLedger, language: Language) -> list[_OutcomePart]:
    return [
        _OutcomePart(
            name=outcome.value,
            count=getattr(account, outcome.value),
            word=spoken(outcome_word(outcome), language),
            meaning=spoken(outcome_meaning(outcome), language),
            share=percent_text(getattr(account, outcome.value) / account.received, language) if account.received else "",
        )
        for outcome in Outcome
    ]


def _account_said(account: RowLedger, language: Language) -> str:
    """The account in one sentence, for those who do not see the bar."""
    return list_text([f"{number_text(part.count, language)} {part.word}" for part in _parts(account, language)], language)


def _listed(finding: FindingTold, language: Language) -> str:
    return rows_listed(finding.rows, finding.count, SHOWN_ROWS, language)
