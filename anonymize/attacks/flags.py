"""Attacks on the second table of a release: flags of persons, shuffled inside groups.

Here: linkage with some flags known, and joining flags to the core by the order of rows. Never here: how flags are suppressed.

Source: k^m-anonymity, Terrovitis, Mamoulis and Kalnis, VLDB 2008; both answers of a flag are knowledge, a missing one is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.attacks.holdings import FlagRows
from anonymize.attacks.outcome import Limits, Outcome

LINKAGE, ORDER = "linkage by flags", "joining flags by the order of rows"
TABLE = "flags"
MOST_KNOWN = 3

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def link_flags(rows: FlagRows, limits: Limits) -> Iterator[Outcome]:
    """Persons of whom some m true flags leave 1 to k - 1 rows of their group: held against a limit up to the width of the policy.

    A row may be the person's when every known flag is what it shows or is withheld. Certain when one row is left. The control
    is the raw table, in which one person is a group of its own.
    """
    values = [(flag, value) for flag in rows.flags for value in rows.true[flag].unique().sort() if value not in rows.absent]
    if not values:
        return
    persons, shown = _held(rows.true, values), _held(rows.table, values, rows.hidden)
    of_person, of_row = rows.true[rows.group].to_numpy(), rows.table[rows.group].to_numpy()
    best_known = persons.sum(axis=1).argmax()
    apart = np.where(np.arange(len(of_person)) == best_known, of_person.max() + 1, of_person)
    for width in range(1, min(MOST_KNOWN, int(persons[best_known].sum())) + 1):
        few = _exposed(shown, of_row, persons, of_person, width, limits.k)
        one = _exposed(shown, of_row, persons, of_person, width, 2)
        control = _exposed(persons, apart, persons, apart, width, limits.k)
        limit = 0.0 if width <= limits.flag_width else None
        yield Outcome(LINKAGE, TABLE, f"any {width} flag(s)", "persons", len(persons), few, one, control, limit=limit)


def join_by_order(rows: FlagRows, limits: Limits) -> Outcome:
    """Persons whose flags stand at the place of their core row among the rows of their group, counted from the first or the last.

    One a group is expected of rows that are shuffled. More than 1 / k of the persons must not be found so: the highest
    risk that k allows.
    """
    core = pl.DataFrame({"group": rows.core_group, "person": rows.core_person})
    flags = pl.DataFrame({"group": rows.table[rows.group], "person": rows.flags_person})
    matches = max(_in_place(core, flags), _in_place(core, flags.reverse()))
    groups = core["group"].n_unique()
    control = _in_place(core, core)
    return Outcome(ORDER, TABLE, "both tables", "persons", core.height, matches, 0, control, limit=1 / limits.k, expected=float(groups))


def _held(table: pl.DataFrame, values: Sequence[tuple[str, str]], hidden: Sequence[str] = ()) -> Bools:
    """For each row and each value of a flag, whether the row has it, or may."""
    may = [table[flag].is_in([value, *hidden]).to_numpy() for flag, value in values]
    return np.column_stack(may)


def _exposed(rows: Bools, of_row: Ints, persons: Bools, of_person: Ints, width: int, least: int) -> int:
    """Persons of whom `width` values leave fewer than `least` rows of their group, but at least one."""
    row_order, person_order = np.argsort(of_row, kind="stable"), np.argsort(of_person, kind="stable")
    groups = np.unique(of_person)
    starts, ends = (np.searchsorted(of_person[person_order], groups, side=side) for side in ("left", "right"))
    firsts, lasts = (np.searchsorted(of_row[row_order], groups, side=side) for side in ("left", "right"))
    return sum(
        int(_few(rows[row_order[first:last]], persons[person_order[start:end]], width, least).sum())
        for start, end, first, last in zip(starts, ends, firsts, lasts, strict=True)
    )


def _few(rows: Bools, persons: Bools, width: int, least: int) -> Bools:
    """Which persons of one group have `width` values that fewer than `least` of its rows may have; each adds to the values before."""
    exposed = np.zeros(len(persons), dtype=np.bool_)
    if width == 1:
        counts = rows.sum(axis=0)
        exposed |= persons[:, (counts > 0) & (counts < least)].any(axis=1)
        return exposed
    for value in range(rows.shape[1]):
        having = np.flatnonzero(persons[:, value] & ~exposed)
        if len(having):
            others = np.arange(rows.shape[1]) != value
            exposed[having] = _few(rows[rows[:, value]][:, others], persons[having][:, others], width - 1, least)
    return exposed


def _in_place(core: pl.DataFrame, flags: pl.DataFrame) -> int:
    place = pl.int_range(pl.len()).over("group").alias("place")
    joined = core.with_columns(place).join(flags.with_columns(place), on=["group", "place"])
    return int((joined["person"] == joined["person_right"]).sum())
