"""The queries that the codebook shows, on a table and columns that the release really has.

Here: texts of queries. Never here: a query being run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warehouse.labels import deepest_level
from warehouse.promises import NUMBERS, quasi_identifiers_of
from warehouse.published import PublishedTable

_YEAR = "registration_year"
_BY_REGION = ("citizenship_code", "exploitation_country_code")

_COUNT = """select {column}, count(*) as persons
from '{name}.parquet'
group by all order by persons desc;"""
_COUNT_YEARS = """select case when length({column}) = 4 then {column} else 'no single year' end as year, count(*) as persons
from '{name}.parquet'
group by all order by year;"""
_ROLL_UP = """with recursive labels as (
    select label, cast(level as integer) as level, parent
    from read_csv('labels.csv', all_varchar = true) where "column" = '{column}'
),
climb as (
    select label as code, label, level from labels
    union all
    select climb.code, above.label, above.level
    from climb join labels here on here.label = climb.label join labels above on above.label = here.parent
    where above.level <= {level}
),
rolled as (select code, arg_max(label, level) as label from climb group by code)
select rolled.label, count(*) as persons
from '{name}.parquet' join rolled on rolled.code = {column}
group by all order by persons desc;"""


def example_texts(tables: Sequence[PublishedTable]) -> Mapping[str, str]:
    """What the template's examples are filled with, from the table with the most columns."""
    table = max(tables, key=lambda each: (each.product.kind == "persons", len(each.proof.columns)))
    name, columns = table.product.name, table.proof.columns
    column = _first([_YEAR], [name for name in columns if name not in NUMBERS], columns)
    quasi = [name for name in quasi_identifiers_of(columns) if name not in NUMBERS]
    rolled = _first(_BY_REGION, quasi, quasi) if quasi else None
    count = _COUNT_YEARS if column == _YEAR else _COUNT
    return {
        "example_name": name,
        "example_column": column,
        "example_duckdb": count.format(column=column, name=name),
        "rolled_column": rolled or "",
        "rolled_level": str(deepest_level(rolled)) if rolled else "0",
        "example_roll_up": _ROLL_UP.format(column=rolled, name=name, level=deepest_level(rolled)) if rolled else "",
    }


def _first(wanted: Sequence[str], there: Sequence[str], otherwise: Sequence[str]) -> str:
    """The first wanted column that is there, or the first that is there at all."""
    return next((column for column in wanted if column in there), (*there, *otherwise)[0])
