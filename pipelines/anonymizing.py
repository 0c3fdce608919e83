"""Anonymize a table in a file, measure what was written by code that did not write it, and only then let it be seen.

Here: the steps of `casehouse anonymize` and the judgement of its result. Never here: what is shown of them, or a step itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from anonymize.conditions import Conditions, Diversity
from anonymize.files import staging
from anonymize.files.request import Request
from anonymize.files.searching import Found
from anonymize.files.staging import Prepared, Watch
from pipelines.read_back import FlagOutcome, ReadBack, read_back
from schemas.errors import ReleaseRefused
from warehouse.measures.classes import FieldDiversity, Measures
from warehouse.measures.contributing import Strangers

SLACK = 1e-9
"""By how much a measured entropy or distance may miss its limit: sums of floats depend on their order."""


@dataclass(frozen=True)
class Cost:
    """A condition, and what would have been lost without it, weighed as asked."""

    condition: str
    loss_without: float


@dataclass(frozen=True)
class Outcome:
    """What was published, in counts, measured from its bytes.

    `loss` is Iyengar's metric, by column from 0 (every value as it was) to 1 (every cell suppressed), its mean over the
    columns; `weighed_loss` is the mean weighed as asked. `suppressed_persons` are those of whom no quasi-identifier is shown.
    `waived` are sensitive fields of which the whole table holds too little to ask it of a class; `untouched` the columns that
    were published as they came. Where one level a column was asked for, `levels` has for each which of how many it shows, 1 for
    the values themselves, and `unproven` the loss that might be won by others at most, 0 if none could.
    """

    before: Measures
    after: Measures
    loss: float
    weighed_loss: float
    suppressed_persons: int
    loss_by_column: tuple[tuple[str, float], ...]
    strangers: Strangers | None
    flags: FlagOutcome | None
    waived: tuple[str, ...]
    untouched: tuple[str, ...]
    costs: tuple[Cost, ...]
    levels: tuple[tuple[str, int, int], ...]
    unproven: float


def anonymize_file(request: Request, watch: Watch, *, threads: int | None = None, explains: bool = False) -> Outcome:
    """Publish the table of a request; each of its outputs appears whole, after every measure was good, or not at all.

    With `explains` the search runs once more without each condition. Raises `SpecificationError` with every fault of the
    request and the table, and `ReleaseRefused` where what was written does not keep what was asked, which would be a bug.
    """
    with staging.open_request(request, threads=threads) as (source, waiting):
        watch("reading", 0.0)
        prepared = staging.prepare(source, request)
        watch("searching", 0.0)
        found = staging.find(prepared, request, watch)
        watch("writing", 0.0)
        final = staging.write(source, prepared, found, request, waiting, watch)
        watch("measuring", 0.0)
        measured = read_back(source, request, prepared.hierarchies, waiting.rows, final, waiting.flags)
        broken = [*_broken_by_classes(measured.after, request), *_broken_otherwise(measured, request, source.rows)]
        if broken:
            raise _refused(broken, request)
        costs = tuple(_costs(prepared, request)) if explains else ()
        with staging.storing(request.out.parent):
            if request.flags:
                _show(waiting.flags, request.flags.out)
            _show(final, request.out)
    named = {*request.quasi, *request.sensitive, *request.held_back}
    untouched = tuple(column for column in source.columns if column not in named)
    return _outcome(measured, request, found, untouched, costs)


def _show(waiting: Path, out: Path) -> None:
    """Make a file visible under its name, whole even after a loss of power."""
    with waiting.open("rb") as file:
        os.fsync(file.fileno())
    waiting.replace(out)


def _outcome(measured: ReadBack, request: Request, found: Found, untouched: tuple[str, ...], costs: tuple[Cost, ...]) -> Outcome:
    weights = [request.weights.get(each.column, 1.0) for each in measured.fidelity]
    return Outcome(
        before=measured.before,
        after=measured.after,
        loss=sum(each.loss for each in measured.fidelity) / len(measured.fidelity),
        weighed_loss=sum(weight * each.loss for weight, each in zip(weights, measured.fidelity, strict=True)) / sum(weights),
        suppressed_persons=measured.suppressed_persons,
        loss_by_column=tuple((each.column, each.loss) for each in measured.fidelity),
        strangers=measured.strangers,
        flags=measured.flags,
        waived=found.waived,
        untouched=untouched,
        costs=costs,
        levels=tuple((column, level, levels) for column, (level, levels) in zip(request.quasi, found.levels, strict=False)),
        unproven=found.unproven,
    )


def _broken_by_classes(after: Measures, request: Request) -> Iterator[str]:
    """What was asked of every class and is not so."""
    if after.smallest_class < request.conditions.k:
        yield f"the smallest class holds {after.smallest_class} person(s), under {request.conditions.k}"
    for asked, found in zip(request.conditions.sensitive, after.diversity_by_field, strict=True):
        yield from _broken_by_field(asked, found)


def _broken_by_field(asked: Diversity, found: FieldDiversity) -> Iterator[str]:
    """Limits that a field misses; one that the whole table cannot reach is not asked of a class."""
    if asked.distinct > 1 and found.of_table_distinct >= asked.distinct:
        fewest = 0 if found.classes_without else found.distinct
        if fewest < asked.distinct:
            yield f"a class holds {fewest} known value(s) of {asked.field}, under {asked.distinct}"
    if asked.entropy > 1 and found.of_table_entropy >= asked.entropy - SLACK:
        least = 0.0 if found.classes_without else found.entropy
        if least < asked.entropy - SLACK:
            yield f"the entropy l of {asked.field} is {least:.4f}, under {asked.entropy}"
    farthest = 1.0 if found.classes_without else found.farthest
    if asked.closeness < 1 and farthest > asked.closeness + SLACK:
        yield f"a class is {farthest:.4f} from the whole table in {asked.field}, over {asked.closeness}"


def _broken_otherwise(measured: ReadBack, request: Request, rows: int) -> Iterator[str]:
    """What was asked of the files as a whole and is not so."""
    if measured.rows != rows:
        yield f"{measured.rows} row(s) were written of {rows}"
    for each in measured.fidelity:
        if each.uncovered:
            yield f"{each.uncovered} label(s) of {each.column} do not cover the value they stand for"
    if measured.strangers and measured.strangers.classes_under:
        yield f"in {measured.strangers.classes_under} class(es) a contributor leaves too few persons of others"
    if request.flags and measured.flags:
        if measured.flags.persons != rows:
            yield f"{measured.flags.persons} row(s) of flags were written of {rows}"
        if measured.flags.smallest_group < request.flags.group:
            yield f"the smallest group of flags holds {measured.flags.smallest_group} person(s), under {request.flags.group}"
        for few in measured.flags.combinations:
            if few.shown or few.hidden:
                yield f"{few.shown + few.hidden} combination(s) of {few.width} flag(s) point at fewer than {request.conditions.k} persons"


def _costs(prepared: Prepared, request: Request) -> Iterator[Cost]:
    """The loss without each condition beyond k, and with k alone."""
    asked = prepared.conditions
    fewer = [
        (f"what is asked of {each.field}", replace(asked, sensitive=tuple(other for other in asked.sensitive if other != each)))
        for each in asked.sensitive
    ]
    if asked.contributors:
        fewer.append((f"strangers to each {asked.contributors.column}", replace(asked, contributors=None)))
    if len(fewer) > 1:
        fewer.append(("all conditions but k", Conditions(asked.k)))
    for condition, conditions in fewer:
        yield Cost(condition, staging.loss_without(prepared, request, conditions))


def _refused(broken: list[str], request: Request) -> ReleaseRefused:
    return ReleaseRefused(
        f"what was written of {request.table.name} does not keep what was asked: " + "; ".join(broken),
        where="the bytes that were to be published, read back",
        allowed="every condition kept by every class",
        next_step="nothing was published; report this as a bug of the search, with these counts",
    )
