"""The counts of the instance for its operator: the table, its other forms, and the promises between the figures.

Here: labels, and which partner's rows are held against what its file says they count. Never here: how something is counted
(`warehouse.counting`), or a figure for the public: the smallest of these count one person.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl
from rich.table import Table

from pipelines.instance import Instance
from schemas.errors import UserError
from schemas.partner import Partner
from schemas.release import PersonInterval
from schemas.units import Unit
from schemas.vocabulary import vocabulary
from warehouse.counting import ALL, BY_FORM, DISTINCT, WITHOUT_PERSON, By, CountCheck, Counts
from warehouse.store import Store, open_store

WITH_FORMS = (Unit.VICTIM, Unit.PERPETRATOR)
"""The units whose rows can stand for a person and a form of exploitation."""
_NO_SUM = {
    By.PARTNER: "a person whom several partners reported stands under each of them, so partners do not add up to all",
    By.YEAR: "a person stands in each year of a report, so years do not add up to all",
    By.FORM: "a person stands under each form that a report states, so forms do not add up to all",
}


@dataclass(frozen=True)
class Counted:
    """What was counted, of whom (None: of all partners), by what; the interval is of all persons."""

    counts: Counts
    figures: pl.DataFrame
    interval: PersonInterval | None
    by: By | None
    partner_code: str | None


def counted(instance: Instance, by: By | None = None, partner_code: str | None = None) -> Counted:
    """The counts of what stands in the warehouse; `UserError` before the first batch, or before persons are linked."""
    if not instance.warehouse_file.exists():
        raise _nothing_to_count("there is nothing to count yet", instance)
    with open_store(instance.warehouse_file, read_only=True) as store:
        if not store.is_linked():
            raise _nothing_to_count("linking persons is pending since records came or left", instance)
        interval = None if partner_code else store.person_interval()
        return Counted(
            store.counts(by, partner_code, files_by_form(instance.partners)), store.published_figures(), interval, by, partner_code
        )


def files_by_form(partners: Mapping[str, Partner]) -> tuple[tuple[str, str], ...]:
    """The files whose rows are person x form, each as (partner, file): their rows are no reports."""
    return tuple(
        (partner.name, file.name) for partner in partners.values() for file in partner.files if file.counts and file.counts.rule == BY_FORM
    )


def broken_counts(store: Store, partners: Mapping[str, Partner]) -> tuple[str, ...]:
    """Every promise of counting that the warehouse breaks, in names of units and partners, and in counts.

    max(form) <= persons <= sum(form) in all, of each partner and of each year; the same over partners and years; and at most one
    form in each row of a file that says its rows are person x form.
    """
    checks = [check for by in (By.PARTNER, By.YEAR) for check in store.counts(by).checks]
    broken = [f"{line_of(check)} does not hold" for check in dict.fromkeys(checks) if not check.holds]
    return (*broken, *_rows_of_several_forms(store, partners))


def line_of(check: CountCheck) -> str:
    """A check in one line, with its three figures."""
    of = "" if check.part == ALL else f" of {check.part}"
    figures = f"{check.largest:,} <= {check.total:,} <= {check.sum:,}"
    return f"{_unit(check.unit)}{of}: max({check.over}) <= persons <= sum({check.over}): {figures}"


def tables_of_counts(found: Counted) -> tuple[Table, ...]:
    """A row a figure; with a breakdown a table a unit of count, a row a part, the whole last: units are never side by side to be added."""
    return (_by_figure(found),) if found.by is None else tuple(_by_part(found, found.by))


def notes_of(found: Counted) -> Iterator[str]:
    """What is not in the figures, and what of them does not add up: a line each."""
    if found.by is not None:
        yield _NO_SUM[found.by]
    if nameless := found.counts.of("accused_report", WITHOUT_PERSON):
        said = (
            "1 report about an accused person names no person and is"
            if nameless == 1
            else (f"{nameless:,} reports about accused persons name no person and are")
        )
        yield f"{said} not in the count of persons"


def table_of_figures(found: Counted) -> Table | None:
    """What other offices counted and published, by their unit of count; None where nothing of the kind stands."""
    if found.figures.is_empty():
        return None
    table = Table("figures that other offices published, by what they count; never added", "figures")
    for code, figures in found.figures.iter_rows():
        table.add_row(vocabulary("observation_indicator").label(code, "en"), f"{figures:,}")
    return table


def csv_of_counts(found: Counted) -> str:
    """part, unit, rule, count: a row a figure."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(found.counts.rows.columns)
    writer.writerows(found.counts.rows.iter_rows())
    return sink.getvalue()


def json_of_counts(found: Counted) -> str:
    """The same with the checks and the interval, for machines of the operator."""
    content = {
        "for_publication": False,
        "partner": found.partner_code,
        "by": found.by,
        "counts": found.counts.rows.to_dicts(),
        "persons_found": found.interval.model_dump() if found.interval else None,
        "checks": [
            {"unit": each.unit, "part": each.part, "over": each.over, "largest": each.largest, "total": each.total, "sum": each.sum}
            | {"holds": each.holds}
            for each in found.counts.checks
        ],
        "published_figures": found.figures.to_dicts(),
    }
    return json.dumps(content, indent=1)


def _by_figure(found: Counted) -> Table:
    table = Table("what is counted", "how", "count")
    for part, unit, rule, count in _in_order(found.counts.rows).iter_rows():
        table.add_row(_unit(unit), _rule(rule), _figure(found, (part, unit, rule), count))
    return table


def _by_part(found: Counted, by: By) -> Iterator[Table]:
    rows = _in_order(found.counts.rows)
    counts = {(part, unit, rule): count for part, unit, rule, count in rows.iter_rows()}
    for unit in rows.filter(pl.col("part") != ALL)["unit"].unique(maintain_order=True):
        own = rows.filter(pl.col("part") != ALL, unit=unit)
        rules = own["rule"].unique(maintain_order=True).to_list()
        table = Table(f"{_unit(unit)}, by {by}", *map(_rule, rules))
        for part in [*sorted(set(own["part"]), key=lambda part: (part in vocabulary("missing").codes(), part)), ALL]:
            places = [(part, unit, rule) for rule in rules]
            table.add_row(_part(part, by), *[_figure(found, place, counts[place]) if place in counts else "" for place in places])
        yield table


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in the order of the lists of units and of rules."""
    units, rules = vocabulary("counting_unit").leaves(), vocabulary("count_rule").leaves()
    place = {(unit, rule): at for at, (unit, rule) in enumerate((unit, rule) for unit in units for rule in rules)}
    order = pl.Series([place[unit, rule] for unit, rule in rows.select("unit", "rule").iter_rows()], dtype=pl.Int64)
    return rows.with_columns(order.alias("order")).sort("order", "part").drop("order")


def _figure(found: Counted, place: tuple[str, str, str], count: int) -> str:
    """The count; that of all victims with its interval."""
    if found.interval is None or place != (ALL, "victim", DISTINCT):
        return f"{count:,}"
    return f"{count:,} ({found.interval.fewest:,} to {found.interval.most:,})"


def _unit(code: str) -> str:
    return vocabulary("counting_unit").label(code, "en")


def _rule(code: str) -> str:
    return vocabulary("count_rule").label(code, "en")


def _part(part: str, by: By) -> str:
    if part == ALL:
        return "all, each once"
    return vocabulary("exploitation_form").label(part, "en") if by is By.FORM else part


def _rows_of_several_forms(store: Store, partners: Mapping[str, Partner]) -> Iterator[str]:
    by_form = files_by_form(partners)
    for partner in partners.values():
        for file in (file for file in partner.files if (partner.name, file.name) in by_form):
            rows = sum(store.several_forms(partner.name, file.name, unit) for unit in file.units() if unit in WITH_FORMS)
            if rows:
                yield f"{partner.name}, {file.name}: {rows:,} row(s) of several forms, in a file whose rows are person x form"


def _nothing_to_count(what: str, instance: Instance) -> UserError:
    return UserError(
        what,
        where=str(instance.warehouse_file),
        allowed="a warehouse in which every victim record belongs to a person",
        next_step="casehouse run",
    )
