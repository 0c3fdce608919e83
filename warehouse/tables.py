"""The tables of the store and the one query that makes persons of records.

Here: table definitions and the SQL of the master table, both derived from the record models.
Never here: a connection, a transaction, or a column written down a second time.
"""

from __future__ import annotations

from hashlib import sha256

from schemas.case import Person
from schemas.fields import Field, Kind, Sensitivity, fields_of, names_of
from schemas.flags import FLAG_COLUMNS, FLAG_GROUP, codes_of_means
from schemas.ledger import RowLedger
from schemas.missing import NOT_STATED
from schemas.render import duckdb_columns
from schemas.units import MODELS, Unit
from schemas.vocabulary import NOT_APPLICABLE, NOT_COLLECTED, UNKNOWN
from warehouse.counting import counting_views

LEDGER_COLUMNS = tuple(RowLedger.model_fields)
MADE_FOR = "create table if not exists made_for (definitions VARCHAR)"
"""The table that remembers which definitions a warehouse was made with; made and read before any other."""
QUASI_IDENTIFIERS = names_of(Person, Sensitivity.QUASI)

# What a value is worth when the records of a person disagree: the least wins, then the number of records decides.
_WORTH = {UNKNOWN: 2, NOT_APPLICABLE: 3, NOT_COLLECTED: 4}
_WORTH_OF_YES, _WORTH_OF_KNOWN = 0, 1


def definitions() -> tuple[str, ...]:
    """The statements that make every table and view of the store where it does not stand yet.

    `event` holds what every batch said of every record, `<unit>_version` each content once, `standing` which content stands
    and which batch said it; the view `<unit>` is the records that stand, with where they came from.
    """
    person_labels = ", ".join(f"{field.name} VARCHAR" for field in fields_of(Person))
    columns = {version_table(unit): f"{duckdb_columns(MODELS[unit].record)}, content VARCHAR" for unit in Unit}
    columns |= {
        "batch": "batch_id VARCHAR PRIMARY KEY, partner_code VARCHAR, sequence BIGINT, "
        + ", ".join(f"{name} BIGINT" for name in LEDGER_COLUMNS),
        "event": "record_key VARCHAR, batch_id VARCHAR, sequence BIGINT, file VARCHAR, row_number BIGINT, action VARCHAR, content VARCHAR",
        "standing": "record_key VARCHAR, content VARCHAR, batch_id VARCHAR, file VARCHAR, row_number BIGINT",
        "problem": 'batch_id VARCHAR, file VARCHAR, row_number BIGINT, code VARCHAR, field VARCHAR, "column" VARCHAR',
        "membership": "record_key VARCHAR, person_key VARCHAR",
        "person_interval": "fewest BIGINT, persons BIGINT, most BIGINT",
        "cohort": "cohort BIGINT PRIMARY KEY, facts VARCHAR",
        "published_person": f"person_key VARCHAR PRIMARY KEY, cohort BIGINT, {FLAG_GROUP} BIGINT, {person_labels}",
        "published_flags": f"{FLAG_GROUP} BIGINT, " + ", ".join(f"{name} VARCHAR" for name in FLAG_COLUMNS),
        "published_record": "person_key VARCHAR, record_key VARCHAR",
        "published_contributors": "person_key VARCHAR PRIMARY KEY, contributors VARCHAR",
        "retired_person": "person_key VARCHAR, cohort BIGINT, round BIGINT",
        "waiting_person": "person_key VARCHAR PRIMARY KEY, since DATE",
        "erratum": 'person_key VARCHAR, "column" VARCHAR, round BIGINT',
        "sealed_release": "number BIGINT, version VARCHAR, seal VARCHAR",
        "flag_total": 'cohort BIGINT, flag VARCHAR, "column" VARCHAR, label VARCHAR, persons BIGINT',
        "errata_figure": 'round BIGINT, cohort VARCHAR, "column" VARCHAR, label VARCHAR, persons BIGINT',
    }
    tables = [f"create table if not exists {name} ({definition})" for name, definition in columns.items()]
    return (*tables, *(_standing_view(unit) for unit in Unit), *counting_views())


def version_table(unit: Unit) -> str:
    """The table that holds every content of every record of a unit."""
    return f"{unit.value}_version"


def _standing_view(unit: Unit) -> str:
    columns = ", ".join(f"v.{field.name}" for field in fields_of(MODELS[unit].record))
    return (
        f"create view if not exists {unit.value} as select {columns}, b.partner_code, s.batch_id, s.file, s.row_number "  # noqa: S608 - names of models
        f"from {version_table(unit)} v join standing s using (record_key, content) join batch b using (batch_id)"
    )


def definitions_digest() -> str:
    """What a warehouse remembers of the models it was made for: SHA-256 of its definitions."""
    return sha256("\n".join(definitions()).encode()).hexdigest()


def persons_query() -> str:
    """One row a person over all victim records of it, each field by the rule of its kind, in the order of the person keys.

    A known value beats a missing one, and of the missing ones unknown beats not applicable beats not collected. Among
    known values: yes beats no; otherwise most records, then the earliest year of registration, then the alphabet.
    """
    codes = [field for field in fields_of(Person) if field.kind is Kind.CODE]
    flags = ", ".join(f"'{field.name}'" for field in codes if field.declared.vocabulary == "yes_no")
    missing = " ".join(f"when '{code}' then {worth}" for code, worth in _WORTH.items())
    columns = ", ".join(_person_column(field) for field in fields_of(Person))
    names = ", ".join(field.name for field in codes)
    return f"""
        with reported as (
            select person_key, registration_year, {names} from victim join membership using (record_key)
        ),
        stated as (unpivot reported on {names} into name field value code),
        tallied as (
            select person_key, field, code, count(*) as records, min(registration_year) as first_year,
                case when code = 'yes' and field in ({flags}) then {_WORTH_OF_YES}
                else (case code {missing} else {_WORTH_OF_KNOWN} end) end as worth
            from stated group by person_key, field, code
        ),
        earliest as (select person_key, min(registration_year) as registration_year from reported group by person_key)
        select person_key, {columns}
        from tallied join earliest using (person_key) group by person_key order by person_key
    """  # noqa: S608 - names and codes of the record models


def contributors_query() -> str:
    """person_key and its contributors: the partners of its victim records, in alphabetical order, joined by a plus sign."""
    return """
        select person_key, string_agg(distinct partner_code, '+' order by partner_code) as contributors
        from victim join membership using (record_key) group by person_key
    """


def means_query() -> str:
    """person_key and the columns of `schemas.flags.Means`: yes where any victim record states the means or a finer one, else not stated."""
    listed = {column: ", ".join(f"'{code}'" for code in codes) for column, codes in codes_of_means().items()}
    columns = ", ".join(
        f"case when bool_or(list_has_any(means_codes, [{codes}])) then 'yes' else '{NOT_STATED}' end as {column}"
        for column, codes in listed.items()
    )
    return f"select person_key, {columns} from victim join membership using (record_key) group by person_key"  # noqa: S608 - names and codes of the models


def _person_column(field: Field) -> str:
    if field.kind is Kind.YEAR:
        return f"coalesce(cast(min({field.name}) as varchar), '{UNKNOWN}') as {field.name}"
    order = "(worth, -records, coalesce(first_year, 9999), code)"
    return f"arg_min(code, {order}) filter (where field = '{field.name}') as {field.name}"
