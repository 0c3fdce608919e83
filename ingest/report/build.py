"""From a check to the report in the reader's language.

Here: findings put in order and into words, the layout, the verdict. Never here: how a report looks, or a cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingest.reading.reader import Layout
from ingest.report.allowed import allowed_texts, sign_name
from ingest.report.document import CheckReport, FileAccount, FindingTold, Fit, LayoutSeen, Verdict
from ingest.report.words import replacements_text, severity_word, withdrawals_text
from ingest.validation.batch import WHOLE_BATCH
from ingest.validation.checking import BatchCheck
from ingest.validation.file_pass import Corrections
from ingest.validation.findings import Finding
from schemas.fields import fields_of
from schemas.ledger import RowLedger
from schemas.messages import Message, say, say_count, spoken
from schemas.partner import FileFormat, Partner
from schemas.problems import Severity, catalogue
from schemas.units import MODELS
from schemas.vocabulary import Language


def checked_report(
    check: BatchCheck, partner: Partner, language: Language, fits: Sequence[Fit] = (), *, is_known: bool = True
) -> CheckReport:
    """The report on a batch that could be read: its account, its findings worst first, the verdict.

    `is_known`: whether a batch can be sent as the partner; nobody is the standard template itself.
    """
    ledger = check.ledger
    verdict = _verdict(ledger)
    return CheckReport(
        **ledger.model_dump(),
        language=language,
        verdict=verdict,
        verdict_text=spoken(_verdict_text(verdict, ledger), language),
        next_step=spoken(_next_step(verdict, partner, is_known), language),
        withdrawals=check.corrections.withdrawals,
        replacements=check.corrections.replacements,
        corrections=_corrections(check.corrections, language),
        partner=partner.name,
        partner_title=partner.title,
        fits=tuple(fits),
        files=tuple(_file(name, each, partner, check.layouts, language) for name, each in check.ledgers.items()),
        findings=tuple(_told(finding, partner, language) for finding in check.findings),
    )


def _corrections(asked: Corrections, language: Language) -> tuple[str, ...]:
    told = ((withdrawals_text, asked.withdrawals), (replacements_text, asked.replacements))
    return tuple(spoken(text(count), language) for text, count in told if count)


def _told(finding: Finding, partner: Partner, language: Language) -> FindingTold:
    problem = catalogue()[finding.code]
    file = None if finding.file == WHOLE_BATCH else finding.file
    return FindingTold(
        severity=problem.severity,
        severity_text=spoken(severity_word(problem.severity), language),
        code=finding.code,
        file=file,
        column=finding.column,
        field=finding.field,
        label=_labels(partner, language).get(finding.field or ""),
        count=finding.count,
        share=None if problem.severity is Severity.NON_DATA else finding.share,
        rows=tuple(finding.rows),
        text=problem.text.of(language),
        allowed=allowed_texts(finding.code, partner, file, finding.column, finding.field, language),
        remedy=problem.remedy.of(language),
    )


def _labels(partner: Partner, language: Language) -> dict[str, str]:
    """The fields of the partner's reports in the reader's language."""
    units = {unit for file in partner.files for unit in file.units()}
    return {field.name: field.declared.labels.of(language) for unit in units for field in fields_of(MODELS[unit].report)}


def _file(name: str, ledger: RowLedger, partner: Partner, layouts: Mapping[str, Layout], language: Language) -> FileAccount:
    layout = layouts.get(name)
    seen = None if layout is None else _layout_seen(layout, partner.file(name).format, language)
    return FileAccount(**ledger.model_dump(), name=name, layout=seen)


def _layout_seen(layout: Layout, agreed: FileFormat, language: Language) -> LayoutSeen:
    found = layout.format
    is_text = found.kind == "csv"
    has_changed = not agreed.allows(found.kind) or (is_text and (found.encoding, found.separator) != (agreed.encoding, agreed.separator))
    return LayoutSeen(
        kind=found.kind,
        encoding=found.encoding if is_text else None,
        separator=found.separator if is_text else None,
        sheet=found.sheet,
        header_row=layout.header_row,
        text=spoken(_layout_text(layout), language),
        is_noteworthy=has_changed or layout.header_row != 1 or found.sheet is not None,
    )


def _layout_text(layout: Layout) -> Message:
    found, row = layout.format, str(layout.header_row)
    if found.kind == "csv":
        sign = sign_name(found.separator)
        return say("text file, encoding {encoding}, separator {sign}, header in row {row}", encoding=found.encoding, sign=sign, row=row)
    if found.sheet is not None:
        return say("spreadsheet, sheet {sheet}, header in row {row}", sheet=found.sheet, row=row)
    return say("spreadsheet, header in row {row}", row=row)


def _verdict(ledger: RowLedger) -> Verdict:
    if not ledger.accepted:
        return "nothing_accepted"
    return "partly_accepted" if ledger.quarantined + ledger.rejected else "accepted"


def _verdict_text(verdict: Verdict, ledger: RowLedger) -> Message:
    held, data = ledger.quarantined + ledger.rejected, ledger.received - ledger.non_data
    if verdict == "accepted":
        return say_count("The row is accepted.", "All {count} rows are accepted.", count=ledger.accepted)
    if not data:
        return say("The file holds no rows of data.")
    if verdict == "nothing_accepted":
        return say_count("The row is not accepted.", "None of the {count} rows is accepted.", count=data)
    return say_count("{count} of {data} rows is not accepted.", "{count} of {data} rows are not accepted.", count=held, data=data)


def _next_step(verdict: Verdict, partner: Partner, is_known: bool) -> Message:
    if verdict == "accepted" and not is_known:
        return say("It fits the standard template: ask those who run Casehouse for a partner name to send it under.")
    if verdict == "accepted":
        return say("Send it: {command}", command=f"casehouse submit {partner.name} FILE")
    option = "--annotated BACK.csv"
    return say("Mend what is listed and check the file again; {option} writes the problems beside each row.", option=option)
