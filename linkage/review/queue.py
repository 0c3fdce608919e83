"""In which order a person is asked: what is worth most comes first, what was put off comes last.

Here: the questions that wait, typed and ordered. Never here: how a question came about (`linkage.clusters`), or its explanation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import polars as pl

from linkage.clusters import QUESTIONS
from linkage.registry.judging import Verdict

PAIR = ("record_key_left", "record_key_right")
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""What a person says of two reports. Unsure binds nothing: the question stays and is asked last."""


@dataclass(frozen=True)
class Question:
    """Whether two groups of reports are one person, asked about the strongest pair between them.

    weight: mean over all pairs between the two groups, in thousandths of a bit. size_left, size_right: reports in each group.
    is_joined: whether the best estimate takes them as one person; None where linkage did not ask.
    is_unsure: whether a person put the pair off.
    """

    record_key_left: str
    record_key_right: str
    weight: int
    size_left: int
    size_right: int
    is_joined: bool | None
    is_unsure: bool = False

    @property
    def pair(self) -> tuple[str, str]:
        """The two record keys, the smaller one first."""
        return self.record_key_left, self.record_key_right


def waiting(questions: pl.DataFrame, judgements: pl.DataFrame, undecided: float) -> tuple[Question, ...]:
    """The questions that nobody has decided, in the order in which they are asked.

    `questions` has the columns of `linkage.clusters.QUESTIONS`, `judgements` those of `linkage.bonds.JUDGEMENTS`; the newest verdict on
    a pair counts.
    Pairs whose groups are large come first, by the product of their sizes, since one answer then decides about most pairs of reports;
    then those nearest to `undecided` (bits), where linkage knows least; then by record keys. Pairs put off as unsure come last.
    """
    newest = judgements.sort("number").unique(list(PAIR), keep="last").select(*PAIR, "verdict")
    told = questions.select(list(QUESTIONS)).join(newest, on=list(PAIR), how="left")
    is_unsure = (pl.col("verdict") == "unsure").fill_null(value=False)
    open_ones = told.filter(pl.col("verdict").is_null() | is_unsure).select(*QUESTIONS, is_unsure.alias("is_unsure"))
    ordered = open_ones.sort(
        "is_unsure",
        -(pl.col("size_left") * pl.col("size_right")),
        (pl.col("weight") - round(undecided * 1000)).abs(),
        *PAIR,
    )
    return tuple(Question(*row) for row in ordered.iter_rows())


def judgement_to_take_back(judgements: pl.DataFrame, by: str) -> tuple[str, str, Verdict] | None:
    """The pair of the last judgement of this person, and the verdict that restores what stood before it.

    None when this person judged nothing, or when someone judged the same pair since: that judgement is not theirs to take back.
    The log is never shortened, so what stood before is said anew; where nothing stood, it is unsure, which binds nothing.
    """
    own = judgements.filter(pl.col("by") == by).sort("number").tail(1)
    if own.is_empty():
        return None
    number, left, right = own.select("number", *PAIR).row(0)
    of_pair = judgements.filter((pl.col(PAIR[0]) == left) & (pl.col(PAIR[1]) == right)).sort("number")
    if of_pair["number"][-1] != number:
        return None
    before = of_pair.filter(pl.col("number") < number)["verdict"]
    return left, right, verdict_of(before[-1]) if len(before) else "unsure"


def verdict_of(text: str) -> Verdict:
    """The verdict of that name; `ValueError`, which does not quote it, when there is none."""
    for verdict in VERDICTS:
        if verdict == text:
            return verdict
    raise ValueError(f"no such verdict; there are: {', '.join(VERDICTS)}")
