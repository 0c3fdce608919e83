"""Counts that say what they count: reports, cases, persons, person x form and offences of the records that stand.

Here: the views and the SQL of these counts, from the keys of persons, and what must hold between them. Never here: a sum of two units,
a label, or a figure that may be published: the smallest of these count one person.

A person has the forms of exploitation that any record of the person states; a missing value counts only where nothing is known, and of
those unknown beats not applicable beats not collected. So each person stands under at least one form, and
max(form) <= persons <= sum(form) holds of every count there is.

A row is a report, but in a file whose rows are person x form all rows of a person in a case are one report. A record that names no person
is counted as that, and never as a person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from schemas.errors import CasehouseError
from schemas.missing import MISSING_CODES, NOT_APPLICABLE, NOT_COLLECTED, UNKNOWN
from schemas.units import Unit
from warehouse.session import Session

ALL = "all"
"""The part that is the whole: each person once, however many partners, years and forms the person stands under."""
DISTINCT, ROW, WITHOUT_PERSON, BY_FORM, WITHOUT_FORM = "distinct", "row", "without_person", "person_by_form", "without_form"
_WORTH = {UNKNOWN: 2, NOT_APPLICABLE: 3, NOT_COLLECTED: 4}


class By(StrEnum):
    """What counts are broken down by."""

    PARTNER = "partner"
    YEAR = "year"
    FORM = "form"


@dataclass(frozen=True)
class _Population:
    """Persons of one unit of count: where their records stand, the view of these, that of their forms, and the unit of the records where
    it is counted too.

    Persons are counted by their records and forms by the other view: a form that got lost is a promise that breaks.
    """

    unit: str
    records: str
    view: str
    forms: str
    reports: str | None = None
    condition: str = "true"


_POPULATIONS = (
    _Population("victim", "victim", "counted_victim", "victim_form", "report"),
    _Population("accused", "perpetrator", "counted_accused", "accused_form", "accused_report"),
    _Population("convicted", "perpetrator", "counted_accused", "accused_form", condition="stage_code = 'convicted'"),
)
_KEYS = "record_key, case_key, partner_code, registration_year, exploitation_codes"
_SCOPES: Mapping[By | None, str] = {
    None: f"'{ALL}'",
    By.FORM: f"'{ALL}'",
    By.PARTNER: "partner_code",
    By.YEAR: f"coalesce(cast(registration_year as varchar), '{UNKNOWN}')",
}
"""Inside what the forms of a person are put together."""


@dataclass(frozen=True)
class CountCheck:
    """max(part) <= total <= sum(parts), of the persons of one unit, over the forms or another breakdown of one part."""

    unit: str
    part: str
    over: By
    largest: int
    total: int
    sum: int

    @property
    def holds(self) -> bool:
        """Whether the three figures can be of the same persons."""
        return self.largest <= self.total <= self.sum


@dataclass(frozen=True)
class Counts:
    """Figures (part, unit, rule, count), one a part, unit of count and rule, and the checks between them."""

    rows: pl.DataFrame
    checks: tuple[CountCheck, ...]

    def of(self, unit: str, rule: str = DISTINCT, part: str = ALL) -> int:
        """One figure; 0 where nothing of the kind is known."""
        found = self.rows.filter(unit=unit, rule=rule, part=part)["count"]
        return int(found[0]) if found.len() else 0


class Counting(Session):
    """What the store counts of its records."""

    def counts(self, by: By | None = None, partner_code: str | None = None, by_form: Collection[tuple[str, str]] = ()) -> Counts:
        """The counts of everything, or of one partner, in all and by one breakdown; `by_form`: the files (partner, file) of person x form.

        Raises `CasehouseError` with the number of victim records that no person is known for: persons could not be counted.
        """
        if lost := self._count("select count(*) from victim anti join membership using (record_key)"):
            raise CasehouseError(f"{lost} victim record(s) belong to no person; link all batches before counting persons")
        chosen = "partner_code = $partner" if partner_code else "true"
        given = {"partner": partner_code} if partner_code else {}
        files = [f"{partner}/{file}" for partner, file in by_form]
        found, checks = [self._rows(counts_query(None, chosen), given, files)], list(self._form_checks(None, chosen, given))
        if by:
            found.append(self._rows(counts_query(by, chosen), given, files))
            checks += self._form_checks(by, chosen, given)
        rows = pl.concat(found)
        return Counts(rows, tuple(dict.fromkeys([*checks, *_breakdown_checks(rows, by)])))

    def victim_reports(self, by_form: Collection[tuple[str, str]] = ()) -> int:
        """How many reports about victims stand; the rows of the files `by_form` (partner, file) are person x form, and no reports."""
        query = f"select count(distinct report_key) from ({_reports_query(_POPULATIONS[0], 'counted_victim')})"  # noqa: S608 - constants
        return self._count(query, {"by_form": [f"{partner}/{file}" for partner, file in by_form]})

    def several_forms(self, partner_code: str, file: str, unit: Unit) -> int:
        """How many standing records of a partner's file state more than one form of exploitation."""
        query = f"select count(*) from {unit.value} where partner_code = ? and file = ? and len(exploitation_codes) > 1"  # noqa: S608 - a constant
        return self._count(query, [partner_code, file])

    def published_figures(self) -> pl.DataFrame:
        """How many figures of other offices stand, by what they count (indicator_code, figures): never added, to each other or to ours."""
        return self._query("select indicator_code, count(*) as figures from observation group by all order by all")

    def _rows(self, query: str, given: Mapping[str, str], files: list[str]) -> pl.DataFrame:
        return self._query(query, {**given, "by_form": files}).cast({"count": pl.Int64})

    def _form_checks(self, by: By | None, chosen: str, given: Mapping[str, str]) -> Iterator[CountCheck]:
        if by is By.FORM:
            return
        for row in self._query(checks_query(by, chosen), given).iter_rows():
            yield CountCheck(str(row[0]), str(row[1]), By.FORM, int(row[2]), int(row[3]), int(row[4]))


def counting_views() -> tuple[str, ...]:
    """The records about persons with the key of the person; the same, a row a form of exploitation; a row an incident and known offence."""
    worth = " ".join(f"when '{code}' then {rank}" for code, rank in _WORTH.items())
    form = f"unnest(case when len(exploitation_codes) > 0 then exploitation_codes else ['{UNKNOWN}'] end) as form"
    missing = ", ".join(f"'{code}'" for code in MISSING_CODES)
    ranked = f"*, case form {worth} else 1 end as worth"
    queries = {
        "counted_victim": f"from victim left join membership using (record_key) select {_KEYS}, person_key",
        "counted_accused": f"from perpetrator select {_KEYS}, partner_person_key as person_key, proceeding_stage_code as stage_code",
        **{each.forms: f"from (from {each.view} select *, {form}) select {ranked}" for each in _POPULATIONS[:2]},
        "incident_offence": "from (from incident select record_key, partner_code, registration_year, unnest(offence_codes) as offence) "
        f"where offence not in ({missing})",
    }
    return tuple(f"create view if not exists {name} as {query}" for name, query in queries.items())


def counts_query(by: By | None, chosen: str) -> str:
    """part, unit, rule, count: of every unit of count, in one breakdown or in all; ordered."""
    queries = [query for population in _POPULATIONS for query in _population_queries(population, by, chosen)]
    return " union all ".join([*queries, *_other_queries(by, chosen)]) + " order by all"


def checks_query(by: By | None, chosen: str) -> str:
    """unit, part, largest form, total, sum of the forms: the persons counted with and without their forms; ordered."""
    queries = [
        f"""select '{each.unit}' as unit, scope as part, coalesce(max(persons), 0) as largest, any_value(total) as total,
            coalesce(sum(persons), 0) as summed
        from (select scope, count(distinct person_key) as total from {_scoped(each.view, each, by, chosen)}
            where person_key is not null group by all)
        left join (select scope, form, count(distinct person_key) as persons from {_told(each, by, chosen)} group by all) using (scope)
        group by all"""  # noqa: S608 - constants of this module
        for each in _POPULATIONS
    ]
    return " union all ".join(queries) + " order by all"


def _scoped(view: str, population: _Population | None, by: By | None, chosen: str) -> str:
    """The rows of a view with the scope inside which persons are counted; of a population, those that are about it."""
    condition = f"{population.condition} and {chosen}" if population else chosen
    return f"(select {_SCOPES[by]} as scope, * from {view} where {condition})"  # noqa: S608 - constants


def _reported(view: str, population: _Population, by: By | None, chosen: str) -> str:
    """The same rows with the key of the report that each belongs to, and whether its file has a row a person and form."""
    return f"({_reports_query(population, _scoped(view, population, by, chosen))})"


def _reports_query(population: _Population, rows: str) -> str:
    """Rows with report_key and is_by_form: a row is a report of its own, unless all rows of the person in the case are one."""
    files = "cast($by_form as varchar[])"
    listed = f"select record_key from {population.records} where list_contains({files}, partner_code || '/' || file)"  # noqa: S608 - constants
    return f"""select *, case when is_by_form and person_key is not null and case_key is not null
            then partner_code || '/' || case_key || '/' || person_key else record_key end as report_key
        from (select *, record_key in ({listed}) as is_by_form from {rows})"""  # noqa: S608 - constants of this module


def _told(population: _Population, by: By | None, chosen: str) -> str:
    """The forms of each person of a scope: what is known, or the best reason for its absence."""
    scoped = _scoped(population.forms, population, by, chosen)
    return f"""(select scope, person_key, form, worth from {scoped} where person_key is not null
        qualify worth = min(worth) over (partition by scope, person_key))"""  # noqa: S608 - constants


def _population_queries(population: _Population, by: By | None, chosen: str) -> Iterator[str]:
    told = _told(population, by, chosen)
    if by is By.FORM:
        if population.reports:
            yield _count_of("form", population.reports, DISTINCT, "report_key", _reported(population.forms, population, by, chosen))
        yield _count_of("form", population.unit, DISTINCT, "person_key", told)
        return
    records = _scoped(population.view, population, by, chosen)
    if population.reports:
        reports = _reported(population.view, population, by, chosen)
        yield _count_of("scope", population.reports, DISTINCT, "report_key", reports)
        rows = f"(from {reports} qualify bool_or(is_by_form) over (partition by scope))"
        yield _count_of("scope", population.reports, ROW, "record_key", rows)
        yield _count_of("scope", population.reports, WITHOUT_PERSON, "record_key", f"{records} where person_key is null")
    yield _count_of("scope", population.unit, DISTINCT, "person_key", f"{records} where person_key is not null")
    yield _count_of("scope", population.unit, BY_FORM, "(person_key, form)", f"{told} where worth = 1")
    yield _count_of("scope", population.unit, WITHOUT_FORM, "person_key", f"{told} where worth > 1")
    if population.unit == "convicted":
        yield _count_of("scope", "conviction", DISTINCT, "(person_key, case_key)", f"{records} where person_key is not null")


def _other_queries(by: By | None, chosen: str) -> Iterator[str]:
    """Cases: the partners' files, of whatever persons. Incidents and offences have no form of ours to be broken down by."""
    part = "form" if by is By.FORM else "scope"
    views = [each.forms if by is By.FORM else each.view for each in _POPULATIONS[:2]]
    both = " union all ".join(f"select {part}, case_key from {_scoped(view, None, by, chosen)}" for view in views)  # noqa: S608 - constants
    yield _count_of(part, "case", DISTINCT, "case_key", f"({both}) where case_key is not null")
    if by is not By.FORM:
        yield _count_of(part, "incident", DISTINCT, "record_key", _scoped("incident", None, by, chosen))
        yield _count_of(part, "offence", DISTINCT, "(record_key, offence)", _scoped("incident_offence", None, by, chosen))


def _count_of(part: str, unit: str, rule: str, what: str, source: str) -> str:
    return f"select {part} as part, '{unit}' as unit, '{rule}' as rule, count(distinct {what}) as count from {source} group by all"  # noqa: S608 - constants


def _breakdown_checks(rows: pl.DataFrame, by: By | None) -> Iterator[CountCheck]:
    """The same over the parts of a breakdown: nobody is lost in it, and nobody is in it who is not in all."""
    if by is None:
        return
    persons = rows.filter(pl.col("rule") == DISTINCT, pl.col("unit").is_in([each.unit for each in _POPULATIONS]))
    for unit, total in persons.filter(part=ALL).select("unit", "count").iter_rows():
        parts = persons.filter(pl.col("unit") == unit, pl.col("part") != ALL)["count"].to_list()
        yield CountCheck(unit, ALL, by, max(parts, default=0), total, sum(parts))
