"""Why two reports may be one person: what agrees, what differs, what is missing, and what each is worth.

Here: the account of a pair in bits, and its sentences in four languages. Never here: a cell of a report, a picture, a decision.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from linkage.guards import Guard, guards_between
from linkage.model import Level, LinkageModel, Thresholds
from linkage.review.queue import Question
from linkage.review.words import Likeness, field_word, level_word, likeness_of
from linkage.scoring import levels_of
from schemas.messages import Message, list_text, say, spoken
from schemas.vocabulary import Language

SILENT_BELOW = 0.05
"""A weight that is written as 0.0 speaks neither for nor against."""


class Outcome(StrEnum):
    """What a comparison says of the question whether two reports are one person: the sign of its weight."""

    FOR = "for"
    AGAINST = "against"
    SILENT = "silent"
    MISSING = "missing"


@dataclass(frozen=True)
class Step:
    """One comparison: the level of the model that the two reports reach, and its weight in bits, log2(m / u)."""

    comparison: str
    level: str
    bits: float
    is_missing: bool

    @property
    def outcome(self) -> Outcome:
        """By the sign of the weight: what is equal may speak against one person as well as for it, see `likeness`."""
        if self.is_missing:
            return Outcome.MISSING
        if abs(self.bits) < SILENT_BELOW:
            return Outcome.SILENT
        return Outcome.FOR if self.bits > 0 else Outcome.AGAINST

    @property
    def likeness(self) -> Likeness:
        """By the level, whatever it weighs."""
        return Likeness.MISSING if self.is_missing else likeness_of(self.level)


@dataclass(frozen=True)
class Explanation:
    """The account of one question: `prior` bits before anything is compared, one step a comparison, and the thresholds.

    guards: what forbids that the two are joined unless a person says so.
    """

    question: Question
    prior: float
    steps: tuple[Step, ...]
    guards: tuple[Guard, ...]
    thresholds: Thresholds

    @property
    def total(self) -> float:
        """The weight of the pair in bits: the odds that the two are one person are 2 to this power, if the model is right."""
        return self.prior + sum(step.bits for step in self.steps)


def explained(features: pl.DataFrame, questions: Sequence[Question], model: LinkageModel) -> tuple[Explanation, ...]:
    """The explanation of each question, in their order. `features` as `linkage.features` makes them, holding every record asked about.

    Raises `LinkageFailed` when the model's conditions do not fit the features.
    """
    position_of = dict(zip(features["record_key"].to_list(), features["position"].to_list(), strict=True))
    places = [tuple(sorted((position_of[question.record_key_left], position_of[question.record_key_right]))) for question in questions]
    schema = {"left": pl.Int64, "right": pl.Int64}
    levels = levels_of(features, pl.DataFrame(places, schema=schema, orient="row").unique(), model)
    found = {(row["left"], row["right"]): row for row in levels.iter_rows(named=True)}
    return tuple(
        Explanation(question, prior_bits(model), steps_of(found[place], model), guards_between(features, *place), model.thresholds)
        for question, place in zip(questions, places, strict=True)
    )


def prior_bits(model: LinkageModel) -> float:
    """log2 of the odds of one person among candidate pairs before anything is compared."""
    return math.log2(model.prior / (1 - model.prior))


def steps_of(levels: Mapping[str, int], model: LinkageModel) -> tuple[Step, ...]:
    """One step a comparison, in the model's order; `levels` has `level_<comparison>`, the index of the level reached."""
    return tuple(_step(comparison.name, comparison.levels[levels[f"level_{comparison.name}"]]) for comparison in model.comparisons)


def _step(comparison: str, level: Level) -> Step:
    if level.m is None or level.u is None:
        return Step(comparison, level.label, 0.0, is_missing=True)
    return Step(comparison, level.label, math.log2(level.m / level.u), is_missing=False)


def bits_text(bits: float, language: Language) -> str:
    """A weight with its sign and one decimal, as the language writes it; zero has no sign."""
    from babel.numbers import format_decimal

    rounded = round(bits, 1)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return sign + format_decimal(abs(rounded), format="0.0", locale=language, numbering_system="latn")


def step_text(step: Step, language: Language) -> str:
    """A step as a sentence: the field, what was found, its weight."""
    said = say(
        "{field}: {level} ({bits} bits)",
        field=field_word(step.comparison, language),
        level=level_word(step.level, language),
        bits=bits_text(step.bits, language),
    )
    return spoken(said, language)


def outcome_word(outcome: Outcome) -> Message:
    """What an outcome is called."""
    return {
        Outcome.FOR: say("speaks for one person"),
        Outcome.AGAINST: say("speaks for two persons"),
        Outcome.SILENT: say("says nothing"),
        Outcome.MISSING: say("missing"),
    }[outcome]


def guard_text(guard: Guard) -> Message:
    """What a guard says."""
    return {
        Guard.DOCUMENT: say("The document numbers differ by more than a typing error: only a judgement can join the two."),
        Guard.BIRTH_YEAR: say("The years of birth lie too far apart: only a judgement can join the two."),
        Guard.PERSON_NUMBER: say("One partner gave the two different person numbers: only a judgement can join the two."),
    }[guard]


def standing_text(*, is_joined: bool) -> Message:
    """What holds as long as nobody judges."""
    if is_joined:
        return say("Today both count as one person: that is the best estimate.")
    return say("Today both count as two persons: that is the best estimate.")


def notes_of(explanation: Explanation, language: Language) -> tuple[str, ...]:
    """What is said beside the account: how the decision stands, what it decides about, guards, thresholds."""
    question, limits = explanation.question, explanation.thresholds
    notes = [] if question.is_joined is None else [standing_text(is_joined=question.is_joined)]
    notes += map(guard_text, explanation.guards)
    if question.size_left + question.size_right > 2:
        sizes = {"left": question.size_left, "right": question.size_right, "bits": bits_text(question.weight / 1000, language)}
        notes.append(say("Reports taken as one person so far: {left} and {right}; the mean weight between them is {bits} bits.", **sizes))
        notes.append(say("Shown is the pair that agrees most; the question is about both groups, by the mean over all pairs between them."))
    if any(step.likeness is Likeness.EQUAL and step.outcome is Outcome.AGAINST for step in explanation.steps):
        notes.append(
            say("An equal but common name can weigh against one person: only pairs in which something already agrees are looked at.")
        )
    said = {name: bits_text(getattr(limits, name), language) for name in ("automatic", "asked", "link", "review")}
    notes.append(
        say("Thresholds in bits: asked from {review} to {asked}, one person from {link}, counted as certain from {automatic}.", **said)
    )
    return tuple(spoken(note, language) for note in notes)


def account_text(explanation: Explanation, language: Language) -> str:
    """The whole account in one sentence, for those who do not see the picture."""
    start = spoken(say("before anything is compared: {bits} bits", bits=bits_text(explanation.prior, language)), language)
    end = spoken(say("together: {bits} bits", bits=bits_text(explanation.total, language)), language)
    return list_text([start, *(step_text(step, language) for step in explanation.steps), end], language)
