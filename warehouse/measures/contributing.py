"""What each contributor leaves of a class when it takes its own persons out, in SQL.

Here: the figures of `anonymize.risk.strangers`. Never here: a limit they are held against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.errors import SpecificationError
from warehouse.measures.text import keys, literal, quoted, weight

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Strangers:
    """The least remainder that is not 0, the classes with one under the limit, and those of one contributor's persons alone."""

    smallest: int
    classes_under: int
    classes_of_one: int


def strangers(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    *,
    quasi: Sequence[str],
    contributor: str,
    least: int,
    separator: str | None = None,
    persons: str | None = None,
) -> Strangers:
    """For every class and contributor, the persons that the contributor did not send; a cell of `contributor` may name several.

    Raises `SpecificationError` where a person has no contributor.
    """
    selected, names = keys(quasi)
    parts = f"string_split(name, {literal(separator)})" if separator else "[name]"
    cells = f"{selected}, coalesce(cast({quoted(contributor)} as varchar), '') as name, {weight(persons)} as persons"
    named = f"list_distinct(list_filter({parts}, lambda part: part <> '')) as senders"
    senders = f"select * exclude (name), {named} from (select {cells} from {quoted(relation)})"
    nameless, smallest, under, of_one = connection.execute(
        f"""with senders as ({senders}),
            sizes as (select {names}, sum(persons) as size from senders group by {names}),
            own as (
                select {names}, sender, sum(persons) as own
                from (select {names}, persons, unnest(senders) as sender from senders) group by {names}, sender),
            remainders as (
                select {names}, min(size - own) filter (size > own) as smallest, count(*) filter (size = own) > 0 as of_one,
                    count(*) filter (size - own between 1 and $least - 1) > 0 as under
                from own join sizes using ({names}) group by {names})
            select (select coalesce(sum(persons), 0) from senders where len(senders) = 0), coalesce(min(smallest), 0),
                count(*) filter (under), count(*) filter (of_one) from remainders""",
        {"least": least},
    ).fetchall()[0]
    if nameless:
        raise SpecificationError(
            [f"{nameless} person(s) without a contributor"],
            where="a table and the contributors of its persons",
            allowed="one text a person that names at least one contributor",
            next_step="give every person's contributor, then measure again",
        )
    return Strangers(int(smallest), int(under), int(of_one))
