"""Choose where the dendrogram is cut, from labelled corpora, by a written policy.

Here: precision, recall and questions at every height, and the policy. Never here: a weight; a threshold chosen for one corpus.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

AUTOMATIC_PRECISION = 0.993
"""Of the pairs joined without asking: the promise is .99, and the corpora of the promise are not those of training."""
LINK_PRECISION = 0.93
"""Of the pairs that a person key joins; the promise is .92 to .93."""
MOST_IN_QUESTIONS = 0.05
"""Of the records may be in questions: the promise; more is more than people can judge."""
MOST_ASKED = 0.045
"""Of the records may be in questions in training, so that the promise has room."""
REVIEW_LOWEST = -3.5
STEP = 0.05


@dataclass(frozen=True)
class Curve:
    """How a corpus fares at each of the heights (bits, falling): pairwise precision and recall of the groups, merges so far."""

    heights: np.ndarray[tuple[int], np.dtype[np.float64]]
    precision: np.ndarray[tuple[int], np.dtype[np.float64]]
    recall: np.ndarray[tuple[int], np.dtype[np.float64]]
    merges: pl.DataFrame
    records: int

    def f1(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / np.maximum(self.precision + self.recall, 1e-12)

    def asked(self, asked: float, review: float) -> float:
        """The share of records that stand in a question."""
        between = self.merges.filter((pl.col("height") < asked * 1000) & (pl.col("height") >= review * 1000))
        return pl.concat([between["left"], between["right"]]).n_unique() / max(self.records, 1)


@dataclass(frozen=True)
class Chosen:
    """The thresholds in bits, and what they promise, in a sentence."""

    automatic: float
    asked: float
    link: float
    review: float
    reason: str


def grid(lowest: float, highest: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Heights to choose from, falling."""
    return np.round(np.arange(highest, lowest - STEP / 2, -STEP), 2)


def curve(truth: pl.Series, merges: pl.DataFrame, heights: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Curve:
    """`truth`: the person of each record, by position; `merges` as `linkage.clusters` finds them from single records."""
    groups = [Counter([person]) for person in truth.to_list()]
    ordered = merges.sort("height", "one", "two", descending=[True, False, False])
    found = right = 0
    rows = list(zip((ordered["height"] / 1000).to_list(), ordered["one"].to_list(), ordered["two"].to_list(), strict=True))
    above = list(range(len(groups)))
    precision, recall, at = np.ones(heights.size), np.zeros(heights.size), 0
    true = sum(count * (count - 1) // 2 for count in Counter(truth.to_list()).values())
    for number, height in enumerate(heights):
        while at < len(rows) and rows[at][0] >= height:
            one, two = _top(above, rows[at][1]), _top(above, rows[at][2])
            found += groups[one].total() * groups[two].total()
            right += sum(count * groups[one][person] for person, count in groups[two].items())
            groups[one] += groups[two]
            above[two] = one
            at += 1
        precision[number] = right / found if found else 1.0
        recall[number] = right / true if true else 1.0
    return Curve(heights, precision, recall, merges, len(truth))


def _top(above: list[int], node: int) -> int:
    while above[node] != node:
        node = above[node]
    return node


def choose(curves: Sequence[Curve]) -> Chosen:
    """One set of thresholds for all corpora.

    automatic: the lowest at which every corpus is `AUTOMATIC_PRECISION` precise. link: where the mean F1 over the corpora is best among
    those at which every corpus is `LINK_PRECISION` precise. review and asked: as far below and above `link` as lets at most
    `MOST_ASKED` of each corpus be asked about, in equal steps, since the merges nearest to `link` are the least certain.
    """
    heights = curves[0].heights
    worst = np.min([one.precision for one in curves], axis=0)
    automatic = float(heights[_last(worst >= AUTOMATIC_PRECISION)])
    mean = np.mean([one.f1() for one in curves], axis=0)
    allowed = np.where((worst >= LINK_PRECISION) & (heights <= automatic), mean, -1.0)
    link = float(heights[int(np.argmax(allowed))])
    asked, review = _band(curves, automatic, link)
    at = {name: int(np.flatnonzero(heights == value)[0]) for name, value in (("automatic", automatic), ("link", link))}
    return Chosen(
        automatic,
        asked,
        link,
        review,
        f"Chosen on the training corpora, one set for all: automatic is the lowest cut at which every corpus is at least "
        f"{AUTOMATIC_PRECISION} precise (here {worst[at['automatic']]:.4f} at worst); link has the best mean F1 "
        f"({mean[at['link']]:.4f}) among the cuts at which every corpus is at least {LINK_PRECISION} precise "
        f"(here {worst[at['link']]:.4f}); review and asked are as far below"
        f" and above link as keeps the records in questions under {MOST_ASKED} of each corpus "
        f"(here {max(one.asked(asked, review) for one in curves):.4f}).",
    )


def _band(curves: Sequence[Curve], automatic: float, link: float) -> tuple[float, float]:
    """asked, review: the widest band around `link`."""
    asked = review = link
    while True:
        wider = min(automatic, round(asked + STEP, 2)), max(REVIEW_LOWEST, round(review - STEP, 2))
        if wider == (asked, review) or max(one.asked(*wider) for one in curves) > MOST_ASKED:
            return asked, review
        asked, review = wider


def _last(flags: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """The last index up to which all flags hold; the first one where none does."""
    failing = np.flatnonzero(~flags)
    return max(0, int(failing[0]) - 1 if failing.size else flags.size - 1)
