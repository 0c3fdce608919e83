"""The report to the partner: what became of each row, what to mend and how, in the partner's language.

Here: counts, codes, fields and row numbers, as text and as JSON. Never here: a cell.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import polars as pl

from ingest.validation import WHOLE_BATCH, BatchResult
from schemas.fields import fields_of
from schemas.ledger import RowLedger
from schemas.problems import Severity, catalogue
from schemas.units import MODELS
from schemas.vocabulary import Labels, Language

SHOWN_ROWS = 5
_ORDER = list(Severity)
_WORDS = {
    "received": Labels(en="received", fr="reçues", es="recibidas", ar="مستلمة"),
    "accepted": Labels(en="accepted", fr="acceptées", es="aceptadas", ar="مقبولة"),
    "quarantined": Labels(en="quarantined", fr="en quarantaine", es="en cuarentena", ar="محتجزة"),
    "rejected": Labels(en="rejected", fr="rejetées", es="rechazadas", ar="مرفوضة"),
    "non_data": Labels(en="no data", fr="hors données", es="sin datos", ar="ليست بيانات"),
    "batch": Labels(en="batch", fr="lot", es="lote", ar="دفعة"),
    "rows": Labels(en="rows", fr="lignes", es="filas", ar="الصفوف"),
    "remedy": Labels(en="to do", fr="à faire", es="qué hacer", ar="المطلوب"),
    "none": Labels(en="no problems", fr="aucun problème", es="ningún problema", ar="لا مشكلات"),
}
_SEVERITIES = {
    Severity.BLOCK: Labels(en="refused", fr="refusé", es="rechazado", ar="مرفوض"),
    Severity.REJECT: Labels(en="rejected", fr="rejeté", es="rechazado", ar="مرفوض"),
    Severity.QUARANTINE: Labels(en="held", fr="retenu", es="retenido", ar="محتجز"),
    Severity.NON_DATA: Labels(en="no data", fr="hors données", es="sin datos", ar="ليس بيانات"),
    Severity.WARN: Labels(en="look", fr="à vérifier", es="por revisar", ar="للمراجعة"),
    Severity.NOTE: Labels(en="note", fr="note", es="nota", ar="ملاحظة"),
}


@dataclass(frozen=True)
class Finding:
    """One rule on one field of one file: how often it was broken, and the first rows that broke it."""

    severity: str
    code: str
    file: str
    field: str | None
    count: int
    first_rows: tuple[int, ...]


def findings(result: BatchResult) -> tuple[Finding, ...]:
    """The problems of a batch, one a code, file and field; worst first, then in alphabetical order."""
    grouped = (
        result.problems.sort("row_number")
        .group_by("file", "code", "field", maintain_order=True)
        .agg(pl.len().alias("count"), pl.col("row_number").drop_nulls().head(SHOWN_ROWS).alias("first_rows"))
    )
    found = [
        Finding(str(catalogue()[code].severity), code, file, field, count, tuple(rows))
        for file, code, field, count, rows in grouped.iter_rows()
    ]
    return tuple(sorted(found, key=lambda one: (_ORDER.index(Severity(one.severity)), one.code, one.file, one.field or "")))


def receipt(result: BatchResult, language: Language) -> str:
    """Plain text: the account of the batch and of each file, then each finding with what it means and what to do."""
    words = {name: labels.of(language) for name, labels in _WORDS.items()}
    fields = {field.name: field.declared.labels.of(language) for unit in result.accepted for field in fields_of(MODELS[unit].report)}
    lines = [f"{words['batch']} {result.batch_id} ({result.partner_code})", _account(result.ledger, words)]
    if len(result.ledgers) > 1:
        lines += [f"  {name}: {_account(ledger, words)}" for name, ledger in result.ledgers.items()]
    found = findings(result)
    for finding in found:
        lines += ["", *_paragraph(finding, fields, language)]
    return "\n".join(lines if found else [*lines, "", words["none"]]) + "\n"


def receipt_json(result: BatchResult) -> str:
    """The same for machines: batch, account, account of each file, findings."""
    content = {
        "partner_code": result.partner_code,
        "batch_id": result.batch_id,
        "ledger": result.ledger.model_dump(),
        "ledgers": {name: ledger.model_dump() for name, ledger in result.ledgers.items()},
        "findings": [asdict(finding) for finding in findings(result)],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _account(ledger: RowLedger, words: dict[str, str]) -> str:
    parts = {name: getattr(ledger, name) for name in ("accepted", "quarantined", "rejected", "non_data")}
    return f"{ledger.received} {words['received']} = " + " + ".join(f"{count} {words[name]}" for name, count in parts.items())


def _paragraph(finding: Finding, fields: dict[str, str], language: Language) -> list[str]:
    problem = catalogue()[finding.code]
    field = "" if finding.field is None else f" {finding.field}"
    label = f" ({fields[finding.field]})" if finding.field in fields else ""
    place = "" if finding.file == WHOLE_BATCH else f" {finding.file}:"
    more = ", ..." if finding.count > len(finding.first_rows) else ""
    rows = f" [{_WORDS['rows'].of(language)} {', '.join(map(str, finding.first_rows))}{more}]" if finding.first_rows else ""
    return [
        f"{_SEVERITIES[problem.severity].of(language)}:{place} {finding.code}{field}{label} x {finding.count}{rows}",
        f"  {problem.text.of(language)}",
        f"  {_WORDS['remedy'].of(language)}: {problem.remedy.of(language)}",
    ]
