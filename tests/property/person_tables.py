"""Random tables of persons with hierarchies, for the properties of generalisation and risk."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from hypothesis import strategies as st

from anonymize.conditions import Conditions, Contributors, Diversity
from anonymize.hierarchy import Hierarchy

TOP = "suppressed"
PLACE = Hierarchy(
    "place",
    {
        "aa": ("aa", "a", "west", TOP),
        "ab": ("ab", "a", "west", TOP),
        "ba": ("ba", "b", "west", TOP),
        "ca": ("ca", "c", "east", TOP),
        "cb": ("cb", "c", "east", TOP),
        "cc": ("cc", "c", "east", TOP),
        "unknown": ("unknown", "unknown", "unknown", TOP),
    },
)
YEAR = Hierarchy("year", {str(year): (str(year), f"{year // 2 * 2} to {year // 2 * 2 + 1}", TOP) for year in range(2000, 2006)})
SEX = Hierarchy("sex", {value: (value, TOP) for value in ("f", "m", "unknown")})
HIERARCHIES = (PLACE, YEAR, SEX)
QUASI = [hierarchy.column for hierarchy in HIERARCHIES]
SENSITIVE = ["form", "means"]


@dataclass(frozen=True)
class Request:
    table: pl.DataFrame
    k: int
    l: int  # noqa: E741


@st.composite
def requests(draw: st.DrawFn, smallest: int = 2) -> Request:
    """Up to 60 persons; a skewed choice of values, so that some are rare; `note` is in no role."""
    values = {hierarchy.column: list(hierarchy.paths) for hierarchy in HIERARCHIES}
    values |= {
        "form": ["work", "sex", "marriage", "unknown", "not_collected"],
        "means": ["debt", "force", "unknown"],
        "note": ["1", "2", "3"],
    }
    person = st.tuples(*(st.sampled_from([*names, names[0], names[0]]) for names in values.values()))
    rows = draw(st.lists(person, min_size=smallest, max_size=60))
    table = pl.DataFrame(rows, schema=dict.fromkeys(values, pl.String), orient="row")
    return Request(table, k=draw(st.integers(2, min(7, len(rows)))), l=draw(st.integers(1, 3)))


@dataclass(frozen=True)
class Demand:
    """A table with a column of contributors, and conditions of every kind."""

    table: pl.DataFrame
    conditions: Conditions


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    """Conditions that a table of up to 60 persons, sent in by one or several of four contributors, may or may not keep."""
    request = draw(requests())
    senders = draw(st.lists(st.sampled_from(["ngo", "ngo", "police", "court+ngo", "hotline"]), min_size=request.table.height, max_size=60))
    fields = tuple(
        Diversity(field, draw(st.integers(1, 3)), draw(st.sampled_from([1.0, 1.5, 2.0, 2.6])), draw(st.sampled_from([0.2, 0.4, 0.7, 1.0])))
        for field in draw(st.lists(st.sampled_from(SENSITIVE), unique=True))
    )
    least = draw(st.integers(0, 4))
    contributors = Contributors("sent_by", least, "+") if least else None
    table = request.table.with_columns(sent_by=pl.Series(senders[: request.table.height], dtype=pl.String))
    return Demand(table, Conditions(request.k, fields, contributors))
