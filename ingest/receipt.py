"""The receipt of a batch: what became of each row, what to mend and how, in the partner's language.

Here: counts, codes, fields and row numbers, as text and as JSON. Never here: a cell.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import polars as pl

from ingest.validation import NOT_STORED, WHOLE_BATCH, BatchResult
from schemas.errors import BatchRefused
from schemas.fields import fields_of
from schemas.ledger import RowLedger
from schemas.problems import ROW_OUTCOMES, Severity, catalogue
from schemas.units import MODELS
from schemas.vocabulary import Labels, Language

SHOWN_ROWS = 10
_ORDER = list(Severity)
_WORDS = {
    "received": Labels(en="received", fr="reçues", es="recibidas", ar="مستلمة"),
    "accepted": Labels(en="accepted", fr="acceptées", es="aceptadas", ar="مقبولة"),
    "quarantined": Labels(en="quarantined", fr="en quarantaine", es="en cuarentena", ar="محتجزة"),
    "rejected": Labels(en="rejected", fr="rejetées", es="rechazadas", ar="مرفوضة"),
    "non_data": Labels(en="no data", fr="hors données", es="sin datos", ar="ليست بيانات"),
    "batch": Labels(en="batch", fr="lot", es="lote", ar="دفعة"),
    "rows": Labels(en="rows", fr="lignes", es="filas", ar="الصفوف"),
    "remedy": Labels(en="do next", fr="à faire", es="qué hacer", ar="المطلوب"),
    "where": Labels(en="where", fr="où", es="dónde", ar="أين"),
    "allowed": Labels(en="allowed", fr="admis", es="se admite", ar="المسموح"),
    "no_rows": Labels(
        en="no rows of data: nothing was taken in",
        fr="aucune ligne de données : rien n'a été repris",
        es="ninguna fila de datos: no se recogió nada",
        ar="لا صفوف بيانات: لم يؤخذ شيء",
    ),
    "none": Labels(en="no problems", fr="aucun problème", es="ningún problema", ar="لا مشكلات"),
}
_SEVERITIES = {
    Severity.BLOCK: Labels(en="refused", fr="refusé", es="no admitido", ar="غير مقبول"),
    **{severity: _WORDS[outcome] for severity, outcome in ROW_OUTCOMES.items()},
    Severity.WARN: Labels(en="look", fr="à vérifier", es="por revisar", ar="للمراجعة"),
    Severity.NOTE: Labels(en="note", fr="note", es="nota", ar="ملاحظة"),
}


@dataclass(frozen=True)
class Finding:
    """One rule on one field of one file: how often it was broken, and the rows that broke it."""

    severity: str
    code: str
    file: str
    field: str | None
    count: int
    rows: tuple[int, ...]


def findings(result: BatchResult) -> tuple[Finding, ...]:
    """The problems of a batch, one a code, file and field; worst first, then in alphabetical order."""
    grouped = (
        result.problems.sort("row_number")
        .group_by("file", "code", "field", maintain_order=True)
        .agg(pl.len().alias("count"), pl.col("row_number").drop_nulls().alias("rows"))
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
    stored = f"{words['batch']} {result.batch_id} ({result.partner_code})"
    lines = [result.partner_code if result.batch_id == NOT_STORED else stored, _account(result.ledger, words)]
    if len(result.ledgers) > 1:
        lines += [f"  {name}: {_account(ledger, words)}" for name, ledger in result.ledgers.items()]
    found = findings(result)
    is_empty = result.ledger.received == result.ledger.non_data
    if is_empty or not found:
        lines += ["", words["no_rows" if is_empty else "none"]]
    for finding in found:
        lines += ["", *_paragraph(finding, fields, language)]
    return "\n".join(lines) + "\n"


def refusal_receipt(refused: BatchRefused, language: Language) -> str:
    """Plain text for a batch that was refused whole: what, where, what is allowed and what to do, in the language."""
    problem = catalogue()[refused.code]
    words = {name: labels.of(language) for name, labels in _WORDS.items()}
    return (
        f"{_SEVERITIES[Severity.BLOCK].of(language)}: {refused.code}\n  {problem.text.of(language)}\n"
        f"  {words['where']}: {refused.where}\n  {words['allowed']}: {refused.allowed}\n"
        f"  {words['remedy']}: {problem.remedy.of(language)}\n"
    )


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
    more = ", ..." if len(finding.rows) > SHOWN_ROWS else ""
    shown = ", ".join(map(str, finding.rows[:SHOWN_ROWS]))
    rows = f" [{_WORDS['rows'].of(language)} {shown}{more}]" if shown else ""
    return [
        f"{_SEVERITIES[problem.severity].of(language)}:{place} {finding.code}{field}{label} x {finding.count}{rows}",
        f"  {problem.text.of(language)}",
        f"  {_WORDS['remedy'].of(language)}: {problem.remedy.of(language)}",
    ]
