"""What is told of an anonymized table: before and after, and what to change if too much was lost.

Here: the figures in words, and the same for machines. Never here: a label, a value, or a measurement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import zip_longest

from anonymize.files.request import GROUP, Request
from pipelines.anonymizing import Cost, Outcome

MUCH = 0.1
"""A mean loss above it is worth advice: it is where ARX and its kin begin on the same tables."""
MOST_ADVISED = 2
"""Columns that advice names; the others cost less."""
LEAST_SHARE = 0.2
"""A column that bears less of the loss is not worth advice."""
NOISE = 0.03
"""Two searches of one table for nearly the same may differ by this share of the loss, whatever they were asked for."""


def waivers(outcome: Outcome) -> Iterator[str]:
    """What was not asked of a class although it was said, because the steward gave it up: to be read first."""
    for field in outcome.waived:
        yield f"WAIVED: the whole table holds too few known values of {field}, so that not all was asked of a class that was said"


def asked(request: Request) -> str:
    """What was asked, defaults and all, in one line."""
    conditions, contributors = request.conditions, request.conditions.contributors
    said = [f"k {conditions.k}"]
    said += [f"{each.field}: l {each.distinct}, entropy {each.entropy:g}, closeness {each.closeness:g}" for each in conditions.sensitive]
    if contributors:
        said.append(f"{contributors.least} strangers to each {contributors.column}")
    if request.flags:
        said.append(f"flags in groups of {request.flags.group}, {request.flags.width} known of a person")
    if request.sensitive or request.flags:
        said.append(f"not known: null, {', '.join(request.not_known)}")
    said += [f"weight of {column} {weight:g}" for column, weight in request.weights.items()]
    if request.mode == "uniform":
        return "asked: " + "; ".join([*said, f"mode uniform, suppressing at most {request.suppression_limit:.1%} of the persons"])
    return "asked: " + "; ".join([*said, "mode local", f"effort {request.effort}", f"labels {request.labels}"])


def written(request: Request) -> Iterator[str]:
    """What the files that were written are, where it does not go without saying."""
    if request.flags:
        yield (
            f"{request.out.name} got the column {GROUP}, which {request.flags.out.name} has too: it says among which persons the flags "
            "of a person are, not which they are; count flags by group"
        )
    if not request.is_shuffled:
        yield "rows stand in the order of the input: if that order says anything of the persons, use --shuffle"
    if request.report:
        yield f"{request.report.name} is private: it has counts of the table as it was; only its owner may read it"


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
    if request.mode == "uniform":
        share, limit = outcome.suppressed_persons / after.persons, request.suppression_limit
        yield "persons suppressed", "0", f"{outcome.suppressed_persons:,} of {after.persons:,} ({share:.1%}), allowed {limit:.1%}"
    yield "cells suppressed", "0", f"{after.suppressed_cells:,} of {after.cells:,}"
    for column, level, levels in outcome.levels:
        yield f"level of {column}, 1 for the values themselves", f"1 of {levels}", f"{level} of {levels}"
    for column, lost in outcome.loss_by_column:
        yield f"loss of {column}", "0", f"{lost:.4f}"
    yield "loss, the mean of the columns", "0", f"{outcome.loss:.4f}"
    if request.weights:
        yield "loss, the mean as weighed", "0", f"{outcome.weighed_loss:.4f}"
    if outcome.flags:
        yield "groups of flags", "", f"{outcome.flags.groups:,}, the smallest of {outcome.flags.smallest_group:,} persons"
        for column, withheld in outcome.flags.withheld:
            yield f"flags withheld of {column}", "0", f"{withheld:,} of {outcome.flags.persons:,}"


def advice(outcome: Outcome, request: Request) -> Iterator[str]:
    """What the person who asked should know or may change; nothing where all is well."""
    if outcome.untouched:
        yield f"published as they came, in every row: {', '.join(outcome.untouched)}; no column that could identify anyone belongs there"
    if outcome.unproven > 0:
        yield f"there are too many choices of levels to try them all: another one might lose up to {outcome.unproven:.4f} less"
    for cost in outcome.costs:
        yield _told(cost, outcome.weighed_loss)
    if outcome.loss > MUCH:
        yield from _advice_on_loss(outcome, request)


def _told(cost: Cost, loss: float) -> str:
    if loss - cost.loss_without <= NOISE * loss:
        return f"{cost.condition}: costs no more than the search's own noise, which is {NOISE:.0%} of the loss"
    return f"without {cost.condition} the loss would be {cost.loss_without:.4f}, not {loss:.4f}"


def _advice_on_loss(outcome: Outcome, request: Request) -> Iterator[str]:
    costly = sorted(outcome.loss_by_column, key=lambda each: -each[1])[:MOST_ADVISED]
    total = sum(lost for _, lost in outcome.loss_by_column)
    for column, lost in costly:
        if lost >= LEAST_SHARE * total:
            weight = "" if column in request.weights else f", or let others bear more with --weights {column}=4"
            yield (
                f"{column} bears {lost / total:.0%} of the loss: add a level between {column}'s values and *, leave it out of --qi if "
                f"nobody could know it of a person{weight}"
            )
    if request.mode == "uniform":
        yield "the mode local loses far less; its cells are of different fineness"
    elif request.labels == "hierarchy":
        yield "--labels sets names the values of a class one by one, which loses less and is harder to add up"
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
            "not_known": list(request.not_known),
            "waivable": list(request.waivable),
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
        "loss": {
            "mean": _rounded(outcome.loss),
            "mean_as_weighed": _rounded(outcome.weighed_loss),
            "by_column": {column: _rounded(lost) for column, lost in outcome.loss_by_column},
        },
        "suppressed_persons": outcome.suppressed_persons,
        "levels": {column: {"level": level, "of": levels} for column, level, levels in outcome.levels},
        "unproven": _rounded(outcome.unproven),
        "strangers": asdict(outcome.strangers) if outcome.strangers else None,
        "flags": asdict(outcome.flags) if outcome.flags else None,
        "waived": list(outcome.waived),
        "untouched": list(outcome.untouched),
        "costs": [{"condition": cost.condition, "loss_without": _rounded(cost.loss_without)} for cost in outcome.costs],
        "advice": list(advice(outcome, request)),
    }


def _rounded(loss: float) -> float:
    """To what is shown: further digits of a loss would tell counts of the table as it was."""
    return round(loss, 4)
