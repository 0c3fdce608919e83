"""What is asked for when a table in a file is to be anonymized, and every fault of it that can be seen without its rows.

Here: the request and its faults. Never here: a value, or what is done about a request without fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from anonymize.conditions import Conditions, Diversity
from anonymize.labelling import Labels
from anonymize.search.finding import Effort
from schemas.missing import MISSING_CODES

GROUP = "group"
"""The column that joins the table and its flags; the table must not have one of that name already."""
NOT_KNOWN = (*MISSING_CODES, "NA")
"""Codes of a sensitive field or a flag that tell nothing, when nothing else is said; null is always one."""

Mode = Literal["local", "uniform"]


@dataclass(frozen=True)
class FlagRequest:
    """Columns of the table that are published in a file of their own, joined to it by groups of at least `group` persons."""

    columns: tuple[str, ...]
    out: Path
    width: int
    group: int


@dataclass(frozen=True)
class Request:
    """What to publish of the table, under which conditions, and how.

    `hierarchies` is what the names of the hierarchy files begin with. `suppressed_as` is what a cell shows whose value is
    withheld, None for null. `suppression_limit` is the largest share of persons that `uniform` may withhold wholly.
    `codes_said` are codes of missing values beside the usual ones; they must occur. `waivable` are sensitive fields of which
    less may be asked of a class where the whole table holds too little; of the others that is a fault.
    """

    table: Path
    out: Path
    hierarchies: str
    quasi: tuple[str, ...]
    conditions: Conditions
    weights: Mapping[str, float] = field(default_factory=dict)
    mode: Mode = "local"
    suppression_limit: float = 0.0
    effort: Effort = "fast"
    labels: Labels = "hierarchy"
    codes_said: tuple[str, ...] = ()
    waivable: tuple[str, ...] = ()
    suppressed_as: str | None = None
    is_shuffled: bool = False
    flags: FlagRequest | None = None
    report: Path | None = None
    unclear: tuple[str, ...] = ()  # faults of how it was said, to be shown with all others

    @property
    def not_known(self) -> tuple[str, ...]:
        """The codes that tell nothing of a person."""
        return tuple(dict.fromkeys([*NOT_KNOWN, *self.codes_said]))

    @property
    def sensitive(self) -> tuple[str, ...]:
        """The sensitive fields, in the order in which they were named."""
        return tuple(each.field for each in self.conditions.sensitive)

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files that are read."""
        return (self.table, *(Path(f"{self.hierarchies}{column}.csv") for column in self.quasi))

    @property
    def tables(self) -> tuple[Path, ...]:
        """The tables that are written."""
        return (self.out, *((self.flags.out,) if self.flags else ()))

    @property
    def held_back(self) -> tuple[str, ...]:
        """Columns of the table that the published one does not have: flags stand in their own, contributors nowhere."""
        contributors = self.conditions.contributors
        return (*(self.flags.columns if self.flags else ()), *((contributors.column,) if contributors else ()))

    def roles(self) -> list[tuple[str, str]]:
        """Every column that is named, with what it is named as."""
        contributors = self.conditions.contributors
        named = [(column, "quasi-identifier") for column in self.quasi]
        named += [(column, "sensitive field") for column in self.sensitive]
        named += [(column, "flag") for column in (self.flags.columns if self.flags else ())]
        return named + ([(contributors.column, "contributor")] if contributors else [])


def faults_of_request(request: Request, columns: Mapping[str, str], rows: int) -> list[str]:
    """Every fault of a request for a table with these columns (name to DuckDB's type) and so many rows, in a fixed order."""
    return [
        *([] if rows else ["the table has no rows"]),
        *request.unclear,
        *_faults_of_places(request),
        *_faults_of_numbers(request, rows),
        *_faults_of_roles(request),
        *_faults_of_weights(request),
        *_faults_of_columns(request, columns),
        *_faults_of_modes(request),
    ]


def _faults_of_places(request: Request) -> Iterator[str]:
    """Outputs over an input, over each other, into a folder that is not there, or called what they are not."""
    outputs = [*request.tables, *([request.report] if request.report else [])]
    for number, output in enumerate(outputs):
        if any(_is_same(output, each) for each in request.inputs):
            yield f"{output.name} would be written over an input"
        if any(_is_same(output, each) for each in outputs[:number]):
            yield f"{output.name} is named for two outputs"
        if output.is_dir():
            yield f"{output.name} is a folder"
        elif not output.parent.is_dir():
            yield f"the folder of {output.name} does not exist: make it first, or name another"
    for table in request.tables:
        if table.suffix.lower() != ".parquet":
            yield f"{table.name} is written as Parquet, so its name must end in .parquet"


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def _faults_of_numbers(request: Request, rows: int) -> list[str]:
    conditions, flags, contributors = request.conditions, request.flags, request.conditions.contributors
    tests = [
        (conditions.k < 2, f"k is {conditions.k}, under 2"),
        (conditions.k > rows > 0, f"k is {conditions.k}, more than the {rows} row(s) of the table"),
        *((True, fault) for fault in dict.fromkeys(fault for each in conditions.sensitive for fault in faults_of_diversity(each))),
        (contributors is not None and contributors.least < 1, "the least number of strangers is under 1"),
        (contributors is not None and contributors.separator == "", "the separator of contributors is empty"),
        (not 0 <= request.suppression_limit <= 1, "the share that may be suppressed is not between 0 and 1"),
        (flags is not None and flags.width < 1, "the width of flags is under 1"),
        (flags is not None and flags.group < conditions.k, "a group of flags is smaller than k"),
    ]
    return [fault for failed, fault in tests if failed]


def faults_of_diversity(asked: Diversity) -> list[str]:
    """Numbers that no column could be asked for."""
    tests = [
        (asked.distinct < 1, "l is under 1"),
        (not asked.entropy >= 1, "the entropy l is under 1"),
        (not 0 <= asked.closeness <= 1, "the closeness is not between 0 and 1"),
    ]
    return [fault for failed, fault in tests if failed]


def _faults_of_roles(request: Request) -> Iterator[str]:
    if not request.quasi:
        yield "no quasi-identifier is named"
    roles: dict[str, list[str]] = {}
    for column, role in request.roles():
        roles.setdefault(column, []).append(role)
    for column, named in roles.items():
        if len(named) > 1:
            counted = Counter(named)
            yield f"column {column} is named as " + " and ".join(role if n == 1 else f"{role} {n} times" for role, n in counted.items())


def _faults_of_weights(request: Request) -> Iterator[str]:
    for column, weight in request.weights.items():
        if column not in request.quasi:
            yield f"a weight is given for {column}, which is no quasi-identifier"
        if not 0 < weight < float("inf"):
            yield f"the weight of {column} is not a number above 0"


def _faults_of_columns(request: Request, columns: Mapping[str, str]) -> Iterator[str]:
    for column in dict.fromkeys(column for column, _ in request.roles()):
        if column not in columns:
            yield f"the table has no column {column}"
        elif columns[column] != "VARCHAR":
            yield f"column {column} is not text"
    if request.flags and GROUP in columns:
        yield f"the table has a column {GROUP}, which is what the groups of flags are called"


def _faults_of_modes(request: Request) -> Iterator[str]:
    if request.mode == "local" and request.suppression_limit > 0:
        yield "a share that may be suppressed is given, which only the mode uniform asks for"
    if request.mode == "uniform" and request.labels == "sets":
        yield "labels as sets are asked for in the mode uniform, whose labels are the levels of a hierarchy"
    if request.mode == "uniform" and request.effort == "quality":
        yield "more effort is asked for in the mode uniform, which finds the best as it is"
