"""One question on a terminal: both reports side by side, what agrees and differs, and the waterfall.

Here: how a page is laid out for the person who sits there. Never here: a file, a log, or what is done with an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import partial
from typing import TYPE_CHECKING

from linkage.registry.judging import Verdict
from linkage.review.explanation import Outcome, Step, bits_text, notes_of, outcome_word
from linkage.review.waterfall import STYLE, TOTAL_STYLE, Bar, bar_text, bars_of, scale_of
from linkage.review.words import Likeness, field_word
from schemas.case import VictimReport
from schemas.fields import field_of
from schemas.messages import Message, list_text, say, spoken
from schemas.shown import shown
from schemas.vocabulary import Language, vocabulary

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from pipelines.reviewing import Page

COMPARED = {
    "name": ("given_name", "middle_name", "family_name"),
    "given_name": ("given_name", "middle_name"),
    "gender": ("gender_code",),
    "citizenship": ("citizenship_code",),
    "document": ("document_number",),
}
"""The fields that a comparison of another name looks at."""
SIGN = {Likeness.EQUAL: "=", Likeness.NEAR: "~", Likeness.DIFFERENT: "≠", Likeness.MISSING: " "}
UNSTATED = ("person_token",)
"""Comparisons of what no report of a named person states, so that nobody misses it."""
WIDE, WIDE_BAR, NARROW_BAR = 120, 28, 12
STACKED = 60
"""A window of fewer columns has the two reports one below the other."""
TOKEN_SIGNS = 12
KEYS: dict[str, Verdict] = {"s": "same", "d": "different", "u": "unsure"}


def page_of(page: Page, place: str, verdict: Verdict | None, language: Language, width: int, note: str = "") -> RenderableType:
    """The whole page; `place` says which question of how many it is, `verdict` what was answered so far, `note` what went wrong."""
    from rich.console import Group
    from rich.text import Text

    account = stacked(page, language) if width < STACKED else table_of(page, language, width)
    said: list[RenderableType] = [Text(f"{place}  ·  {page.number}", style="bold"), Text(), account, Text()]
    steps = [step for step in page.explanation.steps if step.comparison not in UNSTATED]
    absent = [step.comparison for step in steps if _is_in_neither(step, page)]
    if absent:
        fields = list_text([field_word(name, language) for name in absent], language)
        said.append(Text(spoken(say("not stated in either report: {fields}", fields=fields), language), style="dim"))
    said += [Text(note) for note in notes_of(page.explanation, language)]
    if verdict is not None:
        said.append(Text(spoken(say("your answer so far: {verdict}", verdict=verdict_word(verdict)), language), style="bold"))
    if page.is_contradicted:
        said.append(Text(spoken(say("this answer is not applied: newer ones on other pairs contradict it"), language), style="bold red"))
    if note:
        said.append(Text(note, style="bold red"))
    return Group(*said, Text(), Text(effects_text(language), style="dim"), keys_text(language))


def table_of(page: Page, language: Language, width: int) -> Table:
    """A row a comparison that either report states something for, between what is known before and the sum."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim", expand=width >= WIDE)
    heads = (
        say("field"),
        shown(page.left["partner_code"] or ""),
        shown(page.right["partner_code"] or ""),
        say("what it says"),
        say("bits"),
        "",
    )
    for name, head in zip(("field", "left", "right", "says", "bits", "bar"), heads, strict=True):
        table.add_column(
            spoken(head, language), justify="right" if name == "bits" else "left", no_wrap=name in {"bits", "bar"}, overflow="fold"
        )
    bars = bars_of(page.explanation, language)
    scale, undecided = scale_of(page.explanation, bars), page.explanation.thresholds.link
    drawn = partial(bar_text, scale=scale, undecided=undecided, width=WIDE_BAR if width >= WIDE else NARROW_BAR)
    first, *middle, last = bars
    table.add_row(Text(first.name, style=TOTAL_STYLE), "", "", "", bits_text(first.bits, language), drawn(first))
    for step, bar in zip(page.explanation.steps, middle, strict=True):
        if not _is_in_neither(step, page):
            left, right = _cells(step, page, language)
            weight = Text(bits_text(bar.bits, language), style=STYLE[step.outcome])
            table.add_row(bar.name, *differing(left, right), says_text(step, bar, left, right, language), weight, drawn(bar))
    table.add_row(Text(last.name, style=TOTAL_STYLE), "", "", "", bits_text(last.bits, language), drawn(last))
    return table


def stacked(page: Page, language: Language) -> RenderableType:
    """The same for a narrow window: each comparison with its weight, below it what either report states, without bars."""
    from rich.console import Group
    from rich.text import Text

    partners = [shown(cells["partner_code"] or "") for cells in (page.left, page.right)]
    first, *middle, last = bars_of(page.explanation, language)
    lines = [_total_line(first, language)]
    for step, bar in zip(page.explanation.steps, middle, strict=True):
        if not _is_in_neither(step, page):
            left, right = _cells(step, page, language)
            weight = (f"  {bits_text(bar.bits, language)}", STYLE[step.outcome])
            lines.append(Text.assemble((bar.name, "bold"), "  ", says_text(step, bar, left, right, language), weight))
            lines += [
                Text.assemble("  ", (f"{name}: ", "dim"), value) for name, value in zip(partners, differing(left, right), strict=True)
            ]
    return Group(*lines, _total_line(last, language))


def _total_line(bar: Bar, language: Language) -> Text:
    from rich.text import Text

    return Text(f"{bar.name}  {bits_text(bar.bits, language)}", style=TOTAL_STYLE)


def says_text(step: Step, bar: Bar, left: str, right: str, language: Language) -> Text:
    """What a comparison found, its sign by what stands there: the weight has a colour of its own, since what is equal may weigh against."""
    from rich.text import Text

    if step.likeness is not Likeness.MISSING:
        return Text(f"{SIGN[step.likeness]} {bar.found}")
    # A comparison can say nothing of what both reports state: tokens count only where names are missing.
    found = spoken(outcome_word(Outcome.SILENT), language) if left and right else bar.found
    return Text(f"{SIGN[step.likeness]} {found}", style=STYLE[Outcome.MISSING])


def differing(left: str, right: str) -> tuple[Text, Text]:
    """Both cells, the signs that differ set off; a cell that states nothing is a dash."""
    from rich.text import Text

    texts = Text(left or "—"), Text(right or "—")
    if left and right:
        for kind, begin, end, start, stop in SequenceMatcher(None, _small(left), _small(right), autojunk=False).get_opcodes():
            if kind != "equal":
                texts[0].stylize("bold underline", begin, end)
                texts[1].stylize("bold underline", start, stop)
    return texts


def _small(text: str) -> str:
    """In small letters, unless that makes more signs of one (U+0130): places in the text must stay."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text


def keys_text(language: Language) -> Text:
    """What each key does."""
    from rich.text import Text

    words = [(key, verdict_word(verdict)) for key, verdict in KEYS.items()]
    words += [("b", say("back")), ("q", say("quit"))]
    return Text("   ".join(f"[{key}] {spoken(word, language)}" for key, word in words), style="bold")


def effects_text(language: Language) -> str:
    """What will come of each answer."""
    same, different, unsure = (verdict_word(verdict) for verdict in KEYS.values())
    said = say(
        "{same}: the reports count as one person; {different}: they are never joined; {unsure}: nothing changes, it is asked again last",
        same=same,
        different=different,
        unsure=unsure,
    )
    return spoken(said, language)


def verdict_word(verdict: Verdict) -> Message:
    """What a verdict is called."""
    words: dict[Verdict, Message] = {"same": say("same person"), "different": say("different persons"), "unsure": say("unsure")}
    return words[verdict]


def _is_in_neither(step: Step, page: Page) -> bool:
    names = _fields(step.comparison)
    return step.outcome is Outcome.MISSING and not any(cells.get(name) for cells in (page.left, page.right) for name in names)


def _fields(comparison: str) -> tuple[str, ...]:
    return COMPARED.get(comparison, (comparison,))


def _cells(step: Step, page: Page, language: Language) -> tuple[str, str]:
    return _cell(step.comparison, page.left, language), _cell(step.comparison, page.right, language)


def _cell(comparison: str, cells: Mapping[str, str | None], language: Language) -> str:
    """What a report states, every steering sign written out; a code in words, a token by its beginning."""
    stated = [(name, str(value)) for name in _fields(comparison) if (value := cells.get(name)) is not None]
    return " ".join(shown(_said(name, value, language)) for name, value in stated)


def _said(name: str, value: str, language: Language) -> str:
    if name == "person_token":
        return f"{value[:TOKEN_SIGNS]}…"
    listed = field_of(VictimReport, name).declared.vocabulary if name in VictimReport.model_fields else None
    if listed is None:
        return value
    try:
        return vocabulary(listed).label(value, language)
    except KeyError:
        return value
