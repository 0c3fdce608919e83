"""The rows of a chunk as reports, with everything that is wrong with each of them alone.

Here: the one pass over the rows. Never here: what only the whole file tells (`ingest.validation.whole_file`), a default category, or a
cell in a problem.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from ingest.mapping.codes import trimmed
from ingest.mapping.columns import MATCHED, Companion, with_absent
from ingest.mapping.compiled import SET_ASIDE, WITHDRAW, CompiledMapping
from ingest.mapping.dates import contradicts, is_before
from ingest.mapping.numbering import RECORD_ID
from ingest.mapping.steps import read_steps
from ingest.reading.reader import ROW_NUMBER, TextTable
from schemas.ledger import Outcome
from schemas.problems import PROBLEM_SCHEMA, ROW_OUTCOMES, catalogue
from schemas.units import Unit

UNIT, ACTION, OUTCOME = "unit", "action", "outcome"
CONTENT, EITHER = "content", "either"
_REGISTERED, _BORN, _AGE = COMPARED_FIELDS = ("registration_date", "birth_date", "age_years")
"""What the checks of a row compare with each other; they read its number and its required fields as well."""
_UNIT, _CHECK, _ORDER = "unit\x1f", "check\x1f", "order\x1f"


@dataclass(frozen=True, repr=False)
class MappedRows:
    """The rows of a chunk.

    `frame`: file, row_number, unit (null: none), action, outcome (accepted, unless something of the row itself holds or
    rejects it), is_set_aside, then the fields; a field that a problem spoils is null. `facts`: row_number, content (all
    cells as one text), either (bit i: the i-th date column can be read in either order). `orders`: for each date column
    how many rows tell that day and month stand as agreed, and how many the other way round.
    """

    frame: pl.DataFrame
    problems: pl.DataFrame
    facts: pl.DataFrame
    orders: tuple[tuple[int, int], ...]

    def __repr__(self) -> str:
        return f"<MappedRows {self.frame.height} rows, {self.problems.height} problems>"


@dataclass(frozen=True)
class _Rule:
    """A rule as it was found broken or not in each row."""

    code: str
    field: str | None
    column: str | None
    failed: pl.Expr


def map_rows(table: TextTable, mapping: CompiledMapping, companion: Companion | None, fields: Collection[str] | None = None) -> MappedRows:
    """The rows of a chunk as reports: every field of the file's units, or of `fields` those and what the checks compare.

    Raises `ValueError` when the mapping joins a companion that is not given.
    """
    source = with_absent(table.frame, mapping.columns)
    if mapping.file.join is not None:
        if companion is None:
            raise ValueError("the companion's rows are needed to map a join")
        source = companion.beside(source)
    chosen = _chosen(mapping, fields)
    expressions = [
        pl.col(ROW_NUMBER),
        mapping.unit.alias(_UNIT),
        mapping.action.alias(ACTION),
        (pl.col(MATCHED) if mapping.file.join else pl.lit(True)).alias(MATCHED),
        *(mapping.values[name].alias(name) for name in chosen),
        *_flags(mapping),
    ]
    needed = {name for expression in expressions for name in expression.meta.root_names()}
    rows = read_steps(source, mapping.steps, needed).select(expressions)
    if fields is None:
        rows = rows.with_columns(value.alias(name) for name, value in mapping.derived.items())
    rules = _rules(rows, mapping)
    broken = rows.select(ROW_NUMBER, *(rule.failed.fill_null(False).alias(str(position)) for position, rule in enumerate(rules)))
    names = [*chosen, *(mapping.derived if fields is None else ())]
    unit = pl.when(pl.col(_UNIT) != SET_ASIDE).then(pl.col(_UNIT)).alias(UNIT)
    frame = rows.select(
        pl.lit(mapping.file.name).alias("file"),
        ROW_NUMBER,
        unit,
        ACTION,
        (pl.col(_UNIT) == SET_ASIDE).fill_null(False).alias("is_set_aside"),
        *names,
    )
    outcomes = broken.select(_outcome(rules).alias(OUTCOME))
    either, orders = _orders(rows, mapping)
    facts = pl.DataFrame([rows[ROW_NUMBER], _content(table.frame), either])
    return MappedRows(frame.hstack(outcomes), _problems(broken, rules, mapping.file.name), facts, orders)


def _chosen(mapping: CompiledMapping, fields: Collection[str] | None) -> list[str]:
    if fields is None:
        return list(mapping.values)
    wanted = {*fields, *mapping.required_fields, RECORD_ID, *COMPARED_FIELDS}
    return [name for name in mapping.values if name in wanted]


def _flags(mapping: CompiledMapping) -> list[pl.Expr]:
    """Every check and every sign of an order of day and month, as columns by position."""
    checks = [
        check.failed.fill_null(False).alias(f"{_CHECK}{position}")
        for position, check in enumerate((*mapping.checks, *mapping.number_checks))
    ]
    orders = [
        sign.alias(f"{_ORDER}{position}\x1f{name}")
        for position, order in enumerate(mapping.orders)
        for name, sign in (("agreed", order.as_agreed), ("other", order.other_way), ("either", order.either))
    ]
    return checks + orders


def _content(frame: pl.DataFrame) -> pl.Series:
    """Every cell of a row as one text, whatever the order of the columns."""
    headers = sorted(name for name in frame.columns if name != ROW_NUMBER)
    return frame.select(pl.concat_str([trimmed(name) for name in headers], separator="\x1f").alias(CONTENT)).to_series()


def _in_question(mapping: CompiledMapping, units: tuple[str, ...]) -> pl.Expr:
    """Whether the checks of a field ask of a row: it is about a unit that holds the field, and withdraws nothing."""
    is_held = pl.lit(True)
    if set(units) != {str(unit) for unit in mapping.file.units()} or not isinstance(mapping.file.unit, Unit):
        is_held = pl.col(_UNIT).is_in(list(units)).fill_null(True)
    return is_held & (pl.col(ACTION) != WITHDRAW).fill_null(True)


def _rules(rows: pl.DataFrame, mapping: CompiledMapping) -> list[_Rule]:
    """Every rule that a row can break by itself; a row set aside is not looked into, a withdrawal only for its number."""
    rules: list[_Rule] = []
    explained: dict[str, list[pl.Expr]] = {}
    for position, check in enumerate(mapping.checks):
        failed = pl.col(f"{_CHECK}{position}")
        if catalogue()[check.code].severity in ROW_OUTCOMES and check.field is not None:
            explained.setdefault(check.field, []).append(failed)
        rules.append(_Rule(check.code, check.field, check.column, failed & _in_question(mapping, check.units)))
    is_kept = (pl.col(_UNIT) != SET_ASIDE).fill_null(True)
    for position, check in enumerate(mapping.number_checks, start=len(mapping.checks)):
        rules.append(_Rule(check.code, check.field, check.column, is_kept & pl.col(f"{_CHECK}{position}")))
        explained.setdefault(RECORD_ID, []).append(pl.col(f"{_CHECK}{position}"))
    return [*rules, *_rules_of_rows(rows, mapping, explained)]


def _rules_of_rows(rows: pl.DataFrame, mapping: CompiledMapping, explained: dict[str, list[pl.Expr]]) -> list[_Rule]:
    """What is wrong with a row beyond one cell: its unit, its number, a required field, two dates, the companion."""
    file = mapping.file
    is_report = (pl.col(ACTION) != WITHDRAW).fill_null(True)
    is_in_scope = (pl.col(_UNIT) != SET_ASIDE).fill_null(True)
    is_kept = is_report & is_in_scope
    unit_column = None if isinstance(file.unit, Unit) else file.unit.column
    action_column = file.action.column if file.action else None

    def is_absent(name: str) -> pl.Expr:
        return pl.col(name).is_null() & ~pl.any_horizontal(pl.lit(False), *explained.get(name, []))

    rules = [
        _Rule("category_unknown", None, unit_column, is_report & pl.col(_UNIT).is_null()),
        _Rule("category_unknown", None, action_column, is_in_scope & pl.col(ACTION).is_null()),
        _Rule("unit_out_of_scope", None, unit_column, is_report & ~is_in_scope),
        _Rule("record_id_missing", RECORD_ID, mapping.headers.get(RECORD_ID), (is_in_scope | ~is_report) & is_absent(RECORD_ID)),
        _Rule("join_missing", None, file.join.on if file.join else None, is_kept & ~pl.col(MATCHED)),
    ]
    rules += [_Rule("required_missing", name, mapping.headers.get(name), is_kept & is_absent(name)) for name in mapping.required_fields]
    return rules + _rules_of_dates(rows, mapping, is_kept)


def _rules_of_dates(rows: pl.DataFrame, mapping: CompiledMapping, is_kept: pl.Expr) -> list[_Rule]:
    """What is wrong between the dates of a row and its age, as far as the file has them."""
    if not {_REGISTERED, _BORN} <= set(rows.columns):
        return []
    was_before = is_before(pl.col(_REGISTERED), pl.col(_BORN))
    rules = [_Rule("dates_contradict", _REGISTERED, mapping.headers.get(_REGISTERED), is_kept & was_before)]
    if _AGE in rows.columns:
        is_impossible = contradicts(pl.col(_AGE), pl.col(_BORN), pl.col(_REGISTERED)) & ~was_before
        rules.append(_Rule("age_contradicts_birth", _AGE, mapping.headers.get(_AGE), is_kept & is_impossible))
    return rules


def _outcome(rules: list[_Rule]) -> pl.Expr:
    """What the worst of its own problems makes of each row."""
    by_outcome: dict[Outcome, list[pl.Expr]] = {outcome: [pl.lit(False)] for outcome in Outcome}
    for position, rule in enumerate(rules):
        outcome = ROW_OUTCOMES.get(catalogue()[rule.code].severity)
        if outcome is not None:
            by_outcome[outcome].append(pl.col(str(position)))
    is_rejected, is_held = (pl.any_horizontal(*by_outcome[outcome]) for outcome in (Outcome.REJECTED, Outcome.QUARANTINED))
    worst = pl.when(is_rejected).then(pl.lit(str(Outcome.REJECTED))).when(is_held).then(pl.lit(str(Outcome.QUARANTINED)))
    return worst.otherwise(pl.lit(str(Outcome.ACCEPTED)))


def _problems(broken: pl.DataFrame, rules: list[_Rule], file: str) -> pl.DataFrame:
    is_broken = broken.select(pl.col(str(position)).any() for position in range(len(rules))).row(0)
    found = [
        broken.filter(pl.col(str(position))).select(
            pl.lit(file).alias("file"),
            ROW_NUMBER,
            pl.lit(rule.code).alias("code"),
            pl.lit(rule.field, dtype=pl.String).alias("field"),
            pl.lit(rule.column, dtype=pl.String).alias("column"),
        )
        for position, rule in enumerate(rules)
        if is_broken[position]
    ]
    return pl.concat(found).unique() if found else PROBLEM_SCHEMA.to_frame()


def _orders(rows: pl.DataFrame, mapping: CompiledMapping) -> tuple[pl.Series, tuple[tuple[int, int], ...]]:
    """Which date columns of each row can be read in either order, as bits, and what the rows tell of each column."""
    either = pl.lit(0, dtype=pl.UInt32)
    counted: list[pl.Expr] = []
    for position, order in enumerate(mapping.orders):
        asks = _in_question(mapping, order.units)
        flags = {name: pl.col(f"{_ORDER}{position}\x1f{name}") & asks for name in ("agreed", "other", "either")}
        either = either + flags["either"].fill_null(False).cast(pl.UInt32) * (1 << position)
        counted += [flags[name].sum().alias(f"{position}{name}") for name in ("agreed", "other")]
    sums = rows.select(counted).row(0) if counted else ()
    series = rows.select(ROW_NUMBER, either.alias(EITHER))[EITHER]
    return series, tuple(zip(sums[::2], sums[1::2], strict=True))
