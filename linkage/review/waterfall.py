"""The waterfall of a pair: each weight as a bar from the sum before it to the sum after it; what speaks for one person runs to the right.

Here: where bars begin and end, and their drawing in a terminal. Never here: an image file (`picture`), or a cell of a report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from linkage.review.explanation import Explanation, Outcome, bits_text, outcome_word
from linkage.review.words import field_word, level_word
from schemas.messages import say, spoken
from schemas.vocabulary import Language

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

STYLE = {Outcome.FOR: "green", Outcome.AGAINST: "red", Outcome.SILENT: "dim", Outcome.MISSING: "dim"}
TOTAL_STYLE = "bold"
BAR_WIDTH = 28
FULL, SIDE, MARK = "█", "▏", "┊"


@dataclass(frozen=True)
class Bar:
    """One bar: what it is called, what was found, its weight, and the running sum before and after it, all in bits.

    `outcome` is None for the first bar, what is known before anything is compared, and for the last, the sum.
    """

    name: str
    found: str
    bits: float
    start: float
    end: float
    outcome: Outcome | None


@dataclass(frozen=True)
class Scale:
    """From bits to a share of the width, 0 at the left."""

    low: float
    high: float

    def place(self, bits: float) -> float:
        """Where so many bits lie, from 0 to 1."""
        return min(1.0, max(0.0, (bits - self.low) / (self.high - self.low)))


def bars_of(explanation: Explanation, language: Language) -> tuple[Bar, ...]:
    """The bars from top to bottom: the prior, one a comparison in the model's order, the sum. What is missing has no length."""
    prior = explanation.prior
    bars = [Bar(spoken(say("before anything is compared"), language), "", prior, 0.0, prior, None)]
    for step in explanation.steps:
        start = bars[-1].end
        name, found = field_word(step.comparison, language), level_word(step.level, language)
        bars.append(Bar(name, found, step.bits, start, start + step.bits, step.outcome))
    return (*bars, Bar(spoken(say("together"), language), "", explanation.total, 0.0, explanation.total, None))


def scale_of(explanation: Explanation, bars: tuple[Bar, ...]) -> Scale:
    """A scale that holds every running sum, zero and the thresholds of a question."""
    limits = explanation.thresholds
    places = [0.0, limits.review, limits.link, limits.asked, *(bar.end for bar in bars)]
    return Scale(min(places) - 0.5, max(places) + 0.5)


def bar_text(bar: Bar, scale: Scale, undecided: float, width: int = BAR_WIDTH) -> Text:
    """One bar as `width` characters; a mark stands at the undecided point."""
    from rich.text import Text

    first, last = sorted(round(scale.place(bits) * (width - 1)) for bits in (bar.start, bar.end))
    middle = round(scale.place(undecided) * (width - 1))
    filled = FULL if abs(bar.bits) > 0 else SIDE
    signs = [filled if first <= at <= last else MARK if at == middle else " " for at in range(width)]
    return Text("".join(signs), style=TOTAL_STYLE if bar.outcome is None else STYLE[bar.outcome], no_wrap=True)


def waterfall(explanation: Explanation, language: Language) -> Table:
    """The account of a pair as a table for the terminal: field, what was found, weight, bar; no cell of a report."""
    from rich.table import Table
    from rich.text import Text

    bars = bars_of(explanation, language)
    scale = scale_of(explanation, bars)
    table = Table(box=None, pad_edge=False, show_header=False)
    for is_number in (False, False, False, True, False):
        table.add_column(justify="right" if is_number else "left")
    for bar in bars:
        outcome = "" if bar.outcome is None else spoken(outcome_word(bar.outcome), language)
        style = TOTAL_STYLE if bar.outcome is None else ""
        said = (bar.name, bar.found if bar.outcome is not Outcome.MISSING else "", outcome, bits_text(bar.bits, language))
        table.add_row(*(Text(text, style=style) for text in said), bar_text(bar, scale, explanation.thresholds.link))
    return table
