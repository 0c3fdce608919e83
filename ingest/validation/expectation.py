"""What the sample of a partner comes to, to be kept beside it and compared with later.

Here: the account of a sample, its findings, its accepted reports, and what of them changed. Never here: rows of real people;
a sample is invented or published, so that its reports may lie in the open.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ingest.reading.payloads import Payload
from ingest.validation.batch import NOT_STORED, BatchResult, validate_batch
from ingest.validation.findings import findings_of
from ingest.validation.reports import Sweep
from schemas.errors import BatchRefused
from schemas.partner import Partner
from schemas.vocabulary import NOT_COLLECTED

ACCOUNT, ACCEPTED = "expected.json", "expected.csv"
"""The names under which an expectation lies beside a sample."""
_KEPT_OUT = ("partner_code", "batch_id")
_SEPARATOR = ";"


@dataclass(frozen=True)
class Expectation:
    """What a sample comes to: `account` is JSON (ledgers and findings), `accepted` CSV (a row a report, columns that say something)."""

    account: str
    accepted: str


def observed(payloads: Sequence[Payload], partner: Partner, sweep: Sweep) -> Expectation:
    """What the partner's sample comes to now, swept as a run would; a refusal is an outcome like any other."""
    try:
        result = validate_batch(payloads, partner, NOT_STORED, sweep=sweep)
    except BatchRefused as refused:
        return Expectation(_json({"refused": refused.code}), "")
    found = findings_of(result.problems, result.ledgers)
    account = {
        "ledger": result.ledger.model_dump(),
        "ledgers": {name: ledger.model_dump() for name, ledger in result.ledgers.items()},
        "findings": [
            {
                "severity": one.severity,
                "code": one.code,
                "file": one.file,
                "column": one.column,
                "field": one.field,
                "count": one.count,
                "rows": list(one.rows),
            }
            for one in found
        ],
    }
    return Expectation(_json(account), _reports(result))


def differences(expected: Expectation, now: Expectation) -> tuple[str, ...]:
    """What changed, a line each: `-` was expected, `+` is so now; of reports the place and the columns, never what stands in them."""
    lines = _lost_and_won(_facts(expected.account), _facts(now.account))
    before, after = _by_place(expected.accepted), _by_place(now.accepted)
    lines += [f"- report {place}" for place in before if place not in after]
    lines += [f"+ report {place}" for place in after if place not in before]
    for place in [place for place in before if place in after]:
        changed = sorted({name for name, _ in before[place].items() ^ after[place].items()})
        lines += [f"~ report {place}: {', '.join(changed)}"] if changed else []
    return tuple(lines)


def _reports(result: BatchResult) -> str:
    """The accepted reports of all units in the order of file and row; a column that says nothing of any is left out."""
    frames = [found.frame.with_columns(pl.lit(unit.value).alias("unit")) for unit, found in result.accepted.items()]
    reports = pl.concat(frames, how="diagonal").drop(_KEPT_OUT).sort("file", "row_number")
    texts = reports.select(
        "file", "row_number", "unit", *(_text(reports, name) for name in reports.columns if name not in ("file", "row_number", "unit"))
    )
    saying = [name for name in texts.columns if not texts.select((pl.col(name).cast(pl.String).is_in(["", NOT_COLLECTED])).all()).item()]
    return texts.select(saying).write_csv()


def _text(reports: pl.DataFrame, name: str) -> pl.Expr:
    column = pl.col(name)
    text = column.list.join(_SEPARATOR) if isinstance(reports.schema[name], pl.List) else column.cast(pl.String)
    return text.fill_null("").alias(name)


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _facts(account: str) -> list[str]:
    """An account taken apart into single facts."""
    content = json.loads(account or "{}")
    ledgers = {"all": content.get("ledger", {}), **content.get("ledgers", {})}
    facts = [f"{file}: {count} {outcome}" for file, ledger in ledgers.items() for outcome, count in ledger.items()]
    facts += [f"refused: {content['refused']}"] if "refused" in content else []
    for one in content.get("findings", []):
        place = one["column"] or one["field"] or "whole rows"
        facts.append(f"{one['severity']} {one['code']}: {one['file']}, {place}, {one['count']} times, rows {one['rows']}")
    return facts


def _lost_and_won(before: list[str], after: list[str]) -> list[str]:
    return [f"- {fact}" for fact in before if fact not in after] + [f"+ {fact}" for fact in after if fact not in before]


def _by_place(accepted: str) -> dict[str, dict[str, str]]:
    rows = csv.DictReader(io.StringIO(accepted, newline=""))
    return {f"{row['file']} row {row['row_number']}": dict(row) for row in rows}
