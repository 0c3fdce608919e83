"""What `casehouse link` tells a person at the end.

Here: the words for the counts, one line each. Never here: a count (`pipelines.linking_files`), or a value of a report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipelines.linking_files import Outcome, Request

_REMEDIES: Mapping[str, str] = {
    "birth_date": "could not be read and are not compared; write YYYY-MM-DD",
    "gender_code": "are no gender that is known and are compared as written; write woman or man",
    "citizenship_code": "are no country that is known and are compared as written; write two letters of ISO 3166-1",
}
"""What became of the cells that were not understood, and what to do, by our column."""


def summary(outcome: Outcome, request: Request) -> Sequence[str]:
    """What to tell a person, line by line: the persons with their interval, the questions, the pairs, what to do next."""
    share = outcome.asked_records / outcome.records
    are = "is" if outcome.records == 1 else "are"
    asked = "is for a human" if outcome.questions == 1 else "are for a human"
    compared = "was" if outcome.pairs_compared == 1 else "were"
    lines = [
        f"{_counted(outcome.records, 'report')} {are} of {_counted(outcome.persons, 'person')}: "
        f"no fewer than {outcome.fewest:,}, no more than {outcome.most:,}",
        f"{_counted(outcome.questions, 'question')} about {_counted(outcome.asked_records, 'report')} ({share:.1%}) {asked} to answer",
        f"{_counted(outcome.pairs_compared, 'pair')} of reports {compared} compared, by model {outcome.model}",
    ]
    lines += [
        f"- too large to compare by {each.rule}: {_counted(each.blocks, 'block')}, {_counted(each.pairs, 'pair')}, "
        "unless another rule compared them"
        for each in outcome.dropped
    ]
    if outcome.judgements:
        lines.append(f"{_counted(outcome.judgements, 'judgement')}, {outcome.contradicted:,} of them not applied: newer ones say otherwise")
    lines += _words_of_cells(outcome)
    if outcome.unread:
        lines.append(f"columns not read: {', '.join(outcome.unread)}")
    lines.append(f"written: {', '.join(str(path) for path in request.outputs)}")
    lines += _next_steps(outcome, request)
    return lines


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def _words_of_cells(outcome: Outcome) -> Iterator[str]:
    """What was made of birth dates, genders and countries, where that is not what a reader would take for granted."""
    for each in outcome.cells:
        named = ", ".join(outcome.read[each.column])
        if each.reordered:
            yield f"{named}: {each.reordered:,} of {each.filled:,} have the year last; dates of that partner show which number is the day"
        if each.unread:
            yield f"- {named}: {each.unread:,} of {each.filled:,} {_REMEDIES[each.column]}"


def _next_steps(outcome: Outcome, request: Request) -> Sequence[str]:
    if not outcome.questions:
        return ()
    if request.review is None:
        return ("- to answer the questions, run again with --review PAIRS.csv",)
    return (f"- fill in the column verdict of {request.review.name} (same, different, unsure), then run again with --judgements",)
