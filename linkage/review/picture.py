"""The waterfall as one small SVG file that stands by itself: no script, nothing fetched, no cell of a report.

Here: its geometry and its texts, read aloud as a title and a description. Never here: what a weight is (`explanation`).

In every language the scale runs from left to right, so that two caseworkers mean the same side; the texts of a language that
is written from right to left stand on the right.
"""

from __future__ import annotations

import textwrap
from xml.sax.saxutils import escape

from linkage.review.explanation import Explanation, Outcome, account_text, bits_text, notes_of
from linkage.review.waterfall import Bar, Scale, bars_of, scale_of
from schemas.messages import list_text, say, spoken
from schemas.vocabulary import Language

WIDTH, NAMES, WEIGHTS, MARGIN = 860, 300, 64, 16
"""Across, in pixels: the whole picture, the column of names, the column of weights, the space around."""
TOP, ROW, BAR = 84, 36, 18
NOTE_LINE, NOTE_SIGNS = 20, 118
COLOURS = {Outcome.FOR: "#2e7d4f", Outcome.AGAINST: "#b3261e", Outcome.SILENT: "#66707c", Outcome.MISSING: "#66707c"}
INK, SOFT, LINE, WHOLE = "#1c2430", "#55606e", "#d9dee5", "#3b6ea5"
FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans Arabic', 'DejaVu Sans', sans-serif"


def picture(explanation: Explanation, language: Language) -> str:
    """The whole SVG document as text; equal explanations give equal text."""
    return _Drawing(explanation, language).document()


class _Drawing:
    """One picture in one language."""

    def __init__(self, explanation: Explanation, language: Language) -> None:
        from babel import Locale

        self.explanation, self.language = explanation, language
        self.direction: str = Locale(language).text_direction
        self.is_mirrored = self.direction == "rtl"
        bars = bars_of(explanation, language)
        self.scale: Scale = scale_of(explanation, bars)
        self.bars = [bar for bar in bars if bar.outcome is not Outcome.MISSING]
        missing = [bar.name for bar in bars if bar.outcome is Outcome.MISSING]
        self.notes = [line for note in (*_missing_said(missing, language), *notes_of(explanation, language)) for line in _lines(note)]
        self.left = MARGIN + (WEIGHTS if self.is_mirrored else NAMES)
        self.right = WIDTH - MARGIN - (NAMES if self.is_mirrored else WEIGHTS)
        self.bottom = TOP + ROW * len(self.bars)

    def document(self) -> str:
        height = self.bottom + 18 + NOTE_LINE * len(self.notes) + MARGIN
        title = spoken(say("What speaks for and against one person"), self.language)
        begin = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
            f'aria-labelledby="title desc" xml:lang="{self.language}" lang="{self.language}" font-family="{FONT}" font-size="14">'
        )
        parts = [
            begin,
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">{escape(account_text(self.explanation, self.language))}</desc>',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            self.text(title, self.start_edge, 30, size=18, weight=600),
            *self.thresholds(),
            *(part for number, bar in enumerate(self.bars) for part in self.row(number, bar)),
            *(
                self.text(line, self.start_edge, self.bottom + 30 + NOTE_LINE * n, size=13, colour=SOFT)
                for n, line in enumerate(self.notes)
            ),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    @property
    def start_edge(self) -> int:
        """Where a line of text of this language begins."""
        return WIDTH - MARGIN if self.is_mirrored else MARGIN

    def place(self, bits: float) -> float:
        return self.left + self.scale.place(bits) * (self.right - self.left)

    def thresholds(self) -> list[str]:
        """A line where questions begin, where the best estimate turns, and where questions end."""
        limits = self.explanation.thresholds
        found = []
        # Each number keeps to its side of the line, the middle one above the others, since the lines may stand close together.
        for bits, dashes, top, anchor in (
            (limits.review, "2 4", TOP - 10, "end"),
            (limits.link, "", TOP - 24, "middle"),
            (limits.asked, "2 4", TOP - 10, "start"),
        ):
            x = f"{self.place(bits):.1f}"
            found.append(f'<line x1="{x}" x2="{x}" y1="{top}" y2="{self.bottom}" stroke="{SOFT}" stroke-dasharray="{dashes}"/>')
            found.append(self.weight(bits, self.place(bits), top - 6, anchor, size=12, colour=SOFT))
        return found

    def row(self, number: int, bar: Bar) -> list[str]:
        """The names, the bar and the weight of one step, and a thin line to the next one."""
        y = TOP + ROW * number
        colour = WHOLE if bar.outcome is None else COLOURS[bar.outcome]
        low, high = sorted((self.place(bar.start), self.place(bar.end)))
        is_whole = bar.outcome is None
        name_y = y + (BAR - 4 if not bar.found else 12)
        parts = [
            self.text(bar.name, self.start_edge, name_y, weight=600 if is_whole else 400),
            f'<rect x="{low:.1f}" y="{y}" width="{max(high - low, 1):.1f}" height="{BAR}" fill="{colour}"/>',
            self.weight(bar.bits, *self.weight_place(y), weight=600 if is_whole else 400),
        ]
        if bar.found:
            parts.append(self.text(bar.found, self.start_edge, y + 28, size=12, colour=SOFT))
        if number < len(self.bars) - 1:
            x = f"{self.place(bar.end):.1f}"
            parts.append(f'<line x1="{x}" x2="{x}" y1="{y + BAR}" y2="{y + ROW}" stroke="{LINE}"/>')
        return parts

    def weight_place(self, y: float) -> tuple[float, float, str]:
        """Where a weight stands: at the edge that is across from the names."""
        return (MARGIN, y + BAR - 4, "start") if self.is_mirrored else (WIDTH - MARGIN, y + BAR - 4, "end")

    def text(self, said: str, x: float, y: float, *, size: int = 14, colour: str = INK, weight: int = 400) -> str:
        """Words that begin at a place, in the direction in which the language is written."""
        return _text(said, x, y, f'direction="{self.direction}"', f'fill="{colour}" font-size="{size}" font-weight="{weight}"')

    def weight(self, bits: float, x: float, y: float, anchor: str, *, size: int = 14, colour: str = INK, weight: int = 400) -> str:
        """A weight; its sign stands before it in every language."""
        said = bits_text(bits, self.language)
        return _text(said, x, y, f'direction="ltr" text-anchor="{anchor}"', f'fill="{colour}" font-size="{size}" font-weight="{weight}"')


def _text(said: str, x: float, y: float, *attributes: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {" ".join(attributes)}>{escape(said)}</text>'


def _missing_said(names: list[str], language: Language) -> list[str]:
    """The comparisons that say nothing, in one line instead of a bar of no length each."""
    return [spoken(say("missing: {fields}", fields=list_text(names, language)), language)] if names else []


def _lines(note: str) -> list[str]:
    return textwrap.wrap(note, NOTE_SIGNS)
