"""What is asked of a table of flags: who may know how much of a person, and how many persons must then be left.

Here: the conditions, and what is wrong with a request. Never here: how they are met (`nesting`) or measured (`anonymize.risk`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from schemas.errors import SpecificationError
from schemas.missing import MISSING_CODES, SUPPRESSED

GROUP = "group"
WIDEST = 3
"""Of more flags known at once the combinations outgrow any group."""


@dataclass(frozen=True)
class FlagSpec:
    """The flags and the conditions: k^m-anonymity (Terrovitis et al., VLDB 2008) with m = `width`, in groups of at least `group` persons.

    A code in `unknown` is a value that nobody knows; any other is one that an attacker may know. `known` are the values that
    a flag can have, where the table does not show them all; by default those that the column holds. `absent` are the known values that
    say no: they are suppressed before one that says yes.
    """

    columns: tuple[str, ...]
    k: int
    group: int
    width: int = 2
    unknown: tuple[str, ...] = MISSING_CODES
    absent: tuple[str, ...] = ("0", "no")
    known: tuple[str, ...] | None = None

    def values_of(self, column: pl.Series) -> list[str]:
        """The values of a column that an attacker may know, in the order of the alphabet."""
        held = self.known if self.known is not None else column.unique().to_list()
        return sorted(value for value in held if value not in self.unknown)


def assert_sound(core: pl.DataFrame, flags: pl.DataFrame, spec: FlagSpec) -> None:
    """`SpecificationError` with every fault of a request; no value is shown."""
    faults = [*_faults_of_numbers(core, flags, spec), *_faults_of_columns(core, flags, spec)]
    if faults:
        raise SpecificationError(
            faults,
            where="the request to publish flags beside the core",
            allowed=f"one row a person in both tables, text columns without null, groups from k to all persons, a width from 1 to {WIDEST}",
            next_step="mend the faults listed above, then run again",
        )


def _faults_of_numbers(core: pl.DataFrame, flags: pl.DataFrame, spec: FlagSpec) -> Iterator[str]:
    if core.height != flags.height:
        yield f"the core has {core.height} row(s), the flags have {flags.height}"
    if spec.k < 2:
        yield f"k is {spec.k}, under 2"
    if spec.group < spec.k:
        yield f"a group of {spec.group} person(s) is smaller than k = {spec.k}"
    if spec.group > core.height:
        yield f"a group of {spec.group} person(s) is more than the {core.height} of the table"
    if not 1 <= spec.width <= WIDEST:
        yield f"the width is {spec.width}, not from 1 to {WIDEST}"


def _faults_of_columns(core: pl.DataFrame, flags: pl.DataFrame, spec: FlagSpec) -> Iterator[str]:
    if not spec.columns or len(set(spec.columns)) < len(spec.columns):
        yield "no flag is named, or one twice"
    for name in (GROUP, *spec.columns):
        if name in core.columns:
            yield f"column {name} is one of the core"
    for name in dict.fromkeys(spec.columns):
        if name not in flags.columns:
            yield f"the flags have no column {name}"
        elif flags.schema[name] != pl.String:
            yield f"column {name} is not text"
        elif nulls := flags[name].null_count():
            yield f"column {name} has {nulls} null cell(s)"
        elif (hidden := int((flags[name] == SUPPRESSED).sum())) > 0:
            yield f"column {name} has {hidden} cell(s) that are suppressed already"
        elif spec.known is not None and (strange := int((~flags[name].is_in([*spec.known, *spec.unknown])).sum())):
            yield f"column {name} has {strange} cell(s) with a value that is neither known nor missing"
