"""Which few flags, known of someone in a group, point at too few of its rows, in SQL.

Here: the figures of `anonymize.risk.combinations`. Never here: a limit they are held against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.missing import SUPPRESSED
from warehouse.measures.text import label, literal, quoted

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Combinations:
    """Combinations of values of `width` flags that fewer than k rows of their group show, or may hide and none shows."""

    width: int
    shown: int
    hidden: int


def combinations(
    connection: duckdb.DuckDBPyConnection, relation: str, *, group: str, flags: Sequence[str], width: int, k: int, known: Sequence[str]
) -> tuple[Combinations, ...]:
    """k^m inside groups, for each width from 1 to `width`, at most the number of flags; `known` are the values one may know of a flag.

    Every cell becomes the items it may stand for, one if it shows a value, all of them if it is suppressed, none if it is
    missing; items of one row are joined to pairs, triples and so on.
    """
    values = ", ".join(literal(value) for value in dict.fromkeys(known))
    cells = ", ".join(label(flag) for flag in flags)
    # Materialized, since the numbers of the rows must be the same wherever the items are joined.
    items = f"""with numbered as (select row_number() over () as row, {label(group)} as grp, [{cells}] as cells from {quoted(relation)}),
        items as materialized (
            select row, grp, flag, value, cell = value as shows
            from (select row, grp, unnest(cells) as cell, unnest(range(len(cells))) as flag from numbered)
            join (select unnest([{values}]) as value) on cell = value or cell = {literal(SUPPRESSED)})"""
    found = []
    for size in range(1, min(width, len(flags)) + 1):
        joins = " ".join(f"join items i{at} on i{at}.row = i0.row and i{at}.flag > i{at - 1}.flag" for at in range(1, size))
        by = ", ".join(["i0.grp", *(f"i{at}.flag, i{at}.value" for at in range(size))])
        shows = " and ".join(f"i{at}.shows" for at in range(size))
        few_show, few_may = connection.execute(
            f"""{items}, counts as (select count(*) filter ({shows}) as showing, count(*) as holding from items i0 {joins} group by {by})
                select count(*) filter (showing between 1 and $few), count(*) filter (showing = 0 and holding <= $few) from counts""",
            {"few": k - 1},
        ).fetchall()[0]
        found.append(Combinations(size, int(few_show), int(few_may)))
    return tuple(found)
