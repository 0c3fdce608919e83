"""The report as plain text for a terminal of 80 columns.

Here: lines and their order. Never here: words (`words`), or anything that the document does not say.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ingest.report.document import CheckReport, FileAccount, FindingTold, Refusal
from ingest.report.words import headings, labelled, outcome_meaning, outcome_word, rows_listed, rows_text
from schemas.ledger import Outcome, RowLedger
from schemas.messages import number_text, percent_text, spoken
from schemas.problems import Severity
from schemas.shown import shown_lines
from schemas.vocabulary import Language

SHOWN_ROWS = 10
WIDTH = 80


def report_text(report: CheckReport) -> str:
    """The whole report: partner, account, layouts, findings worst first, verdict and next step."""
    return shown_lines("\n".join(_Teller(report.language).whole(report)) + "\n")


def refusal_text(refusal: Refusal, language: Language) -> str:
    """The few lines on a refusal alone: code, what, where, what is allowed, what to do."""
    return shown_lines("\n".join(_Teller(language).refusal(refusal)))


class _Teller:
    """The lines of a report in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.words = {name: spoken(word, language) for name, word in headings().items()}
        self.outcomes = {outcome: spoken(outcome_word(outcome), language) for outcome in Outcome}

    def whole(self, report: CheckReport) -> Iterator[str]:
        yield from self.heading(report)
        if report.refusal is not None:
            yield from self.refusal(report.refusal)
            return
        yield from self.account(report)
        if report.corrections:
            yield from (line for told in report.corrections for line in _wrapped(told, 0))
            yield ""
        yield from self.files(report.files)
        if not report.findings:
            yield from (self.words["no_findings"], "")
        for position, finding in enumerate(report.findings, start=1):
            yield from self.finding(position, finding, is_file_named=len(report.files) > 1)
            yield ""
        yield from _wrapped(report.verdict_text, 0)
        yield from self.labelled(self.words["next"], report.next_step, 0)

    def heading(self, report: CheckReport) -> Iterator[str]:
        if report.partner is not None:
            yield from (f"{report.partner_title} ({report.partner})", "")
        if report.fits:
            yield self.words["fits"]
            for fit in report.fits:
                yield f"  {percent_text(fit.share, self.language):>7}  {fit.partner} ({fit.title})"
            yield ""

    def account(self, account: RowLedger) -> Iterator[str]:
        received = number_text(account.received, self.language)
        yield f"  {received} {self.words['received']}"
        counts = {outcome: getattr(account, outcome.value) for outcome in Outcome}
        shares = {each: percent_text(count / account.received, self.language) for each, count in counts.items() if account.received}
        wide, widest = max(map(len, self.outcomes.values())), max(map(len, shares.values()), default=0)
        for sign, (outcome, count) in zip("=+++", counts.items(), strict=True):
            meaning = spoken(outcome_meaning(outcome), self.language) if count else ""
            number, share = number_text(count, self.language), shares.get(outcome, "")
            yield f"{sign} {number:>{len(received)}} {self.outcomes[outcome]:<{wide}}  {share:>{widest}}  {meaning}".rstrip()
        yield ""

    def files(self, files: tuple[FileAccount, ...]) -> Iterator[str]:
        """Each file of several with its account; of a single one only what is noteworthy about its layout."""
        if len(files) > 1:
            for file in files:
                yield from _wrapped(file.name if file.layout is None else self._said(file.name, file.layout.text), 0)
                counts = " + ".join(f"{number_text(getattr(file, each), self.language)} {word}" for each, word in self.outcomes.items())
                yield from _wrapped(f"{number_text(file.received, self.language)} {self.words['received']} = {counts}", 2)
            yield ""
        elif files and files[0].layout is not None and files[0].layout.is_noteworthy:
            yield from _wrapped(files[0].layout.text, 0)
            yield ""

    def finding(self, position: int, finding: FindingTold, *, is_file_named: bool) -> Iterator[str]:
        file = f"{finding.file}, " if finding.file and is_file_named else ""
        said = self._said(finding.severity_text, f"{file}{finding.code}{_column(finding)}")
        yield from _wrapped(f"{position}. {said}", 0, rest=3)
        if finding.rows:
            share = "" if finding.share is None else f" ({percent_text(finding.share, self.language)})"
            listed = rows_listed(finding.rows, finding.count, SHOWN_ROWS, self.language)
            yield from self.labelled(f"{spoken(rows_text(finding.count), self.language)}{share}", listed, 3, rest=3)
        yield from _wrapped(finding.text, 3)
        if finding.severity is Severity.NON_DATA:
            return
        for place, allowed in enumerate(finding.allowed):
            yield from _wrapped(allowed, 5) if place else self.labelled(self.words["allowed"], allowed, 3)
        yield from self.labelled(self.words["remedy"], finding.remedy, 3)

    def refusal(self, refusal: Refusal) -> Iterator[str]:
        yield from self.labelled(self.words["refused"], refusal.code, 0)
        yield from _wrapped(refusal.text, 2)
        for name, text in (("where", refusal.where), ("allowed", refusal.allowed), ("remedy", refusal.remedy)):
            yield from self.labelled(self.words[name], text, 2)

    def labelled(self, label: str, text: str, indent: int, *, rest: int | None = None) -> list[str]:
        return _wrapped(self._said(label, text), indent, rest=indent + 2 if rest is None else rest)

    def _said(self, label: str, text: str) -> str:
        return spoken(labelled(label, text), self.language)


def _column(finding: FindingTold) -> str:
    if finding.column is None:
        return f", {finding.label}" if finding.label else ""
    is_labelled = finding.label is not None and finding.label.casefold() != finding.column.casefold()
    return f", {finding.column}" + (f" ({finding.label})" if is_labelled else "")


def _wrapped(text: str, indent: int, *, rest: int | None = None) -> list[str]:
    """The text in lines of at most 80 columns; a word that is longer stays whole."""
    begin, then = " " * indent, " " * (indent if rest is None else rest)
    return textwrap.wrap(text, WIDTH, initial_indent=begin, subsequent_indent=then, break_long_words=False, break_on_hyphens=False)
