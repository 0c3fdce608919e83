"""What is told of an anonymized table: before and after, and what to change if too much was lost.

Here: the figures in words, and the same for machines. Never here: a label, a value, or a measurement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import zip_longest

from anonymize.files.request import Request
from pipelines.anonymizing import Outcome

MUCH = 0.1
"""A mean loss above it is worth advice: it is where ARX and its kin begin on the same tables."""
MOST_ADVISED = 2
"""Columns that advice names; the others cost less."""


def figures(outcome: Outcome, request: Request) -> Iterator[tuple[str, str, str]]:
    """What was measured, before, after: for the eye, in the order in which it matters."""
    before, after = outcome.before, outcome.after
    yield "persons", f"{before.persons:,}", f"{after.persons:,}"
    yield "classes (persons who look the same)", f"{before.classes:,}", f"{after.classes:,}"
    yield "persons alone in their class", f"{before.uniques:,}", f"{after.uniques:,}"
    yield "smallest class", f"{before.smallest_class:,}", f"{after.smallest_class:,}"
    for was, now in zip_longest(before.homogeneous_by_field, after.homogeneous_by_field):
        yield f"classes that hold one known value of {was.field}", f"{was.classes:,}", f"{now.classes:,}"
    if outcome.strangers:
        yield "fewest others that a contributor leaves", "", f"{outcome.strangers.smallest:,}"
    yield "cells suppressed", "0", f"{after.suppressed_cells:,} of {after.cells:,}"
    for column, level, levels in outcome.levels:
        yield f"level of {column}, 1 for the values themselves", f"1 of {levels}", f"{level} of {levels}"
    for column, lost in outcome.loss_by_column:
        yield f"loss of {column}", "0", f"{lost:.4f}"
    yield "loss, the mean as weighed" if request.weights else "loss, the mean", "0", f"{outcome.loss:.4f}"
    if outcome.flags:
        yield "groups of flags", "", f"{outcome.flags.groups:,}, the smallest of {outcome.flags.smallest_group:,} persons"
        for column, withheld in outcome.flags.withheld:
            yield f"flags withheld of {column}", "0", f"{withheld:,} of {outcome.flags.persons:,}"


def advice(outcome: Outcome, request: Request) -> Iterator[str]:
    """What the person who asked should know or may change; nothing where all is well."""
    if outcome.untouched:
        yield f"published as they came, in every row: {', '.join(outcome.untouched)}; no column that could identify anyone belongs there"
    for field in outcome.waived:
        yield f"the whole table holds too few known values of {field}, so that not all could be asked of a class that was asked for"
    if outcome.unproven > 0:
        yield f"there are too many choices of levels to try them all: another one might lose up to {outcome.unproven:.4f} less"
    for cost in outcome.costs:
        yield f"without {cost.condition} the loss would be {cost.loss_without:.4f}"
    if outcome.loss > MUCH:
        yield from _advice_on_loss(outcome, request)


def _advice_on_loss(outcome: Outcome, request: Request) -> Iterator[str]:
    costly = sorted(outcome.loss_by_column, key=lambda each: -each[1])[:MOST_ADVISED]
    total = sum(lost for _, lost in outcome.loss_by_column)
    for column, lost in costly:
        yield (
            f"{column} bears {lost / total:.0%} of the loss: give its hierarchy coarser levels below *, leave it out of --qi if nobody "
            f"could know it of a person, or let others bear more with --weights {column}=4"
        )
    if request.mode == "uniform":
        yield "the mode local loses far less; its cells are of different fineness"
    elif request.labels == "hierarchy":
        yield "--labels sets names the values of a class one by one, which loses about half as much and is harder to add up"
    if request.effort == "fast" and request.mode == "local":
        yield "--quality loses a few percent less, for about five times the time"
    if (request.sensitive or request.conditions.contributors) and not outcome.costs:
        yield "--explain says what each condition beyond k costs"
    yield f"more rows lose less at the same k, which is {request.conditions.k}"


def report(outcome: Outcome, request: Request) -> dict[str, object]:
    """The same for machines: what was asked, what was measured; names of columns and numbers alone."""
    return {
        "asked": {
            "quasi_identifiers": list(request.quasi),
            "conditions": asdict(request.conditions),
            "weights": dict(request.weights),
            "mode": request.mode,
            "suppression_limit": request.suppression_limit,
            "effort": request.effort,
            "labels": request.labels,
            "is_shuffled": request.is_shuffled,
            "flags": {"columns": list(request.flags.columns), "width": request.flags.width, "group": request.flags.group}
            if request.flags
            else None,
        },
        "before": asdict(outcome.before),
        "after": asdict(outcome.after),
        "loss": {"mean": outcome.loss, "by_column": dict(outcome.loss_by_column)},
        "levels": {column: {"level": level, "of": levels} for column, level, levels in outcome.levels},
        "unproven": outcome.unproven,
        "strangers": asdict(outcome.strangers) if outcome.strangers else None,
        "flags": asdict(outcome.flags) if outcome.flags else None,
        "waived": list(outcome.waived),
        "untouched": list(outcome.untouched),
        "costs": [asdict(cost) for cost in outcome.costs],
        "advice": list(advice(outcome, request)),
    }
