"""The measures in polars and the measures in SQL, made apart, are the same on any table."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from math import isclose

import duckdb
import polars as pl
import pytest
from published_cases import HIERARCHIES, LABELLED, Case, case_of

from anonymize import risk
from engine.duck import connect
from schemas.errors import SpecificationError
from schemas.missing import MISSING_CODES
from warehouse.measures import classes, contributing, flags, losing, reidentification

BLOCK = 100
BLOCKS = 100 if os.environ.get("CASEHOUSE_FUZZ") else 3
KNOWN = ("1", "0")
PATHS = {hierarchy.column: hierarchy.paths for hierarchy in HIERARCHIES}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        yield opened


@pytest.mark.parametrize("block", range(BLOCKS))
def test_polars_and_sql_measure_the_same(connection: duckdb.DuckDBPyConnection, block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        case = case_of(seed)
        for name, frame in (("published", case.published), ("original", case.original), ("population", case.population)):
            connection.register(name, frame.to_arrow())
        in_polars, in_sql = by_polars(case), by_sql(connection, case)
        assert in_polars.keys() == in_sql.keys(), f"case {seed}"
        unlike = {name: (figure, in_sql[name]) for name, figure in in_polars.items() if not same(figure, in_sql[name])}
        assert unlike == {}, f"case {seed}"


def test_rows_that_stand_for_several_persons_measure_like_the_persons(connection: duckdb.DuckDBPyConnection) -> None:
    for seed in range(2000, 2040):
        case = case_of(seed)
        columns = list(dict.fromkeys([*case.quasi, *case.sensitive, *PATHS, "contributor"]))
        connection.register("original", case.original.to_arrow())
        connection.register("one by one", case.published.to_arrow())
        connection.register("collapsed", case.published.group_by(columns).len("number of persons").to_arrow())
        one_by_one = class_figures(connection, case, "one by one", None)
        collapsed = class_figures(connection, case, "collapsed", "number of persons")
        assert {name: (figure, collapsed[name]) for name, figure in one_by_one.items() if not same(figure, collapsed[name])} == {}, (
            f"case {seed}"
        )


def class_figures(connection: duckdb.DuckDBPyConnection, case: Case, table: str, persons: str | None) -> dict[str, object]:
    quasi = case.quasi
    sent = {"contributor": "contributor", "least": case.limit, "separator": case.separator}
    found = {
        "classes": asdict(
            classes.measure(connection, table, quasi=quasi, sensitive=case.sensitive, not_known=MISSING_CODES, persons=persons)
        ),
        "sizes": classes.class_sizes(connection, table, quasi, persons=persons),
        "strangers": asdict(contributing.strangers(connection, table, quasi=quasi, **sent, persons=persons)),
        "loss": [losing.loss(connection, "original", table, column, paths, persons=persons) for column, paths in PATHS.items()],
    }
    return flat(found)


def test_contributors_that_are_not_named_are_refused(connection: duckdb.DuckDBPyConnection) -> None:
    for sent, separator in ((["north", None, ""], None), (["north", "+", "++"], "+")):
        connection.register("sent", pl.DataFrame({"by": sent}).to_arrow())
        with pytest.raises(SpecificationError, match=r"2 person.s. without a contributor"):
            contributing.strangers(connection, "sent", quasi=[], contributor="by", least=2, separator=separator)


def same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return type(one) is type(other) and one == other


def by_polars(case: Case) -> dict[str, object]:
    published, quasi, least = case.published, case.quasi, case.limit
    found = {
        "classes": asdict(risk.measure(published, quasi=quasi, sensitive=case.sensitive)),
        "sizes": risk.class_sizes(published, quasi).rows(),
        "strangers": asdict(
            risk.strangers(published, quasi=quasi, contributors=published["contributor"], least=least, separator=case.separator)
        ),
        "flags": [asdict(each) for each in risk.combinations(published, group="group", flags=case.flags, width=case.width, k=least)],
        "loss": [cost for _, cost in risk.loss(case.original, published, HIERARCHIES).by_column],
        "counts": [asdict(each) for each in risk.count_error(case.population, published, case.counted, ways=case.width)],
        "among themselves": asdict(risk.reidentification(published, quasi=quasi)),
        "in a population": asdict(risk.reidentification(published, quasi=LABELLED, population=case.population, hierarchies=HIERARCHIES)),
    }
    return flat(found)


def by_sql(connection: duckdb.DuckDBPyConnection, case: Case) -> dict[str, object]:
    quasi, least, table = case.quasi, case.limit, "published"
    found = {
        "classes": asdict(classes.measure(connection, table, quasi=quasi, sensitive=case.sensitive, not_known=MISSING_CODES)),
        "sizes": classes.class_sizes(connection, table, quasi),
        "strangers": asdict(
            contributing.strangers(connection, table, quasi=quasi, contributor="contributor", least=least, separator=case.separator)
        ),
        "flags": [
            asdict(each)
            for each in flags.combinations(connection, table, group="group", flags=case.flags, width=case.width, k=least, known=KNOWN)
        ],
        "loss": [losing.loss(connection, "original", table, column, paths) for column, paths in PATHS.items()],
        "counts": [asdict(each) for each in losing.count_error(connection, "population", table, case.counted, ways=case.width)],
        "among themselves": asdict(reidentification.reidentification(connection, table, quasi=quasi)),
        "in a population": asdict(
            reidentification.reidentification(connection, table, quasi=LABELLED, population="population", paths=PATHS)
        ),
    }
    return flat(found)


def flat(found: object, place: str = "") -> dict[str, object]:
    """Every figure under the path that leads to it, so that two answers compare within a tolerance."""
    if isinstance(found, dict):
        parts = list(found.items())
    elif isinstance(found, (list, tuple)):
        parts = list(enumerate(found))
    else:
        return {place: found}
    return {name: figure for part, inner in parts for name, figure in flat(inner, f"{place}/{part}").items()}
