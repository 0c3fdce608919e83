"""Judge pairs that may be one person: `review`.

Here: the command, its ways of answering, and what a person is told. Never here: what is asked in which order
(`linkage.review`), or where a judgement is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.shared import REFUSED, console, known_language, wide
from pipelines.instance import Instance
from schemas.errors import InstanceBusy, UserError
from schemas.messages import Message, say, say_count, spoken

if TYPE_CHECKING:
    from linkage.review.queue import Question
    from pipelines.review_terminal import Terminal
    from pipelines.reviewing import Sitting
    from schemas.vocabulary import Language

LISTED = 50


def review(
    by: Annotated[str, typer.Option("--by", help="Who judges; by default the user of the operating system")] = "",
    language: Annotated[str, typer.Option("--lang", help="en, fr, es or ar")] = "en",
    listing: Annotated[bool, typer.Option("--list", help="List the questions that wait, without any value, and end")] = False,
    every: Annotated[bool, typer.Option("--all", help="With --list: all of them, not the first 50")] = False,
    pair: Annotated[str, typer.Option("--pair", help="Ask about this pair only: its number, or the beginning of it")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take back your last judgement; once more brings it back")] = False,
    answers: Annotated[
        Path | None,
        typer.Option("--answers", help="Judge from a CSV file: pair,verdict (same, different, unsure)", exists=True, dir_okay=False),
    ] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="With --pair: draw its waterfall into this SVG file, and end")] = None,
) -> None:
    """Judge the pairs of reports that may be one person; needs the vault's key, and a terminal where reports are shown.

    Every answer is kept at once, with who gave it and when. Pairs that would merge the most reports come first.
    """
    from pipelines.condition import assert_of_this_version
    from pipelines.review_terminal import assert_terminal
    from pipelines.reviewing import Sitting, assert_linked, user_name

    spoken_in = known_language(language)
    _check_together({"--list": listing, "--undo": undo, "--answers": answers, "--picture": picture}, pair)
    if not (listing or undo or answers or picture):
        assert_terminal()
    instance = Instance()
    assert_linked(instance)
    assert_of_this_version(instance)
    sitting = Sitting(instance, by or user_name())
    if listing:
        _list(sitting, None if every else LISTED)
    elif picture is not None:
        _draw(sitting, pair, picture, spoken_in)
    elif undo:
        number, verdict = sitting.take_back()
        console.print(f"taken back: on pair {number} the verdict is now {verdict}", soft_wrap=True)
        _close(sitting, spoken_in)
    elif answers is not None:
        _answer_from(sitting, answers)
        _close(sitting, spoken_in)
    else:
        _sit(sitting, pair, spoken_in)
        _close(sitting, spoken_in)


def _check_together(chosen: dict[str, object], pair: str) -> None:
    """`UserError` when options exclude each other."""
    asked = [name for name, value in chosen.items() if value]
    is_lonely = "--picture" in asked and not pair
    if len(asked) > 1 or is_lonely or (pair and asked not in ([], ["--picture"])):
        raise UserError(
            "these options do not go together",
            where=", ".join([*asked, *(["--pair"] if pair else [])]),
            allowed="one of --list, --undo, --answers, --pair, or --pair with --picture",
            next_step="casehouse review --help",
        )


def _list(sitting: Sitting, most: int | None) -> None:
    """The queue in numbers: no cell of a report, no key of a record."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("pair", "reports", "mean weight in bits", "best estimate", "put off"):
        table.add_column(name, justify="right" if name == "mean weight in bits" else "left")
    for question in sitting.queue[:most]:
        estimate = "one person" if question.is_joined else "two persons"
        sizes = f"{question.size_left} and {question.size_right}"
        table.add_row(
            sitting.number(question.pair), sizes, f"{question.weight / 1000:+.1f}", estimate, "unsure" if question.is_unsure else ""
        )
    wide().print(table)
    _say(_waiting_text(len(sitting.queue)), "en")
    if most is not None and len(sitting.queue) > most:
        console.print(f"only the first {most} are shown; --all shows them all")
    _list_contradicted(sitting)


def _list_contradicted(sitting: Sitting) -> None:
    """The judgements that bind nothing, with who gave them and when; nothing where all are applied."""
    from rich.table import Table
    from rich.text import Text

    found = sitting.contradicted()
    if not found:
        return
    table = Table(box=None, pad_edge=False)
    for name in ("pair", "verdict", "by", "at"):
        table.add_column(name)
    for each in found:
        table.add_row(each.number, each.verdict, Text(each.by), each.at)
    console.print()
    _say(_contradicted_text(len(found)), "en")
    wide().print(table)
    console.print("casehouse review --pair NUMBER judges one of them anew", soft_wrap=True)


def _draw(sitting: Sitting, pair: str, file: Path, language: Language) -> None:
    from ingest.disk import replace_file
    from linkage.review.picture import picture

    page = sitting.page(_named(sitting, pair))
    replace_file(file, picture(page.explanation, language).encode())
    console.print(f"{file.name} is written; it holds names of fields and weights, and no value", soft_wrap=True)


def _named(sitting: Sitting, pair: str) -> Question:
    found = sitting.standing([sitting.named(pair)])
    if not found:
        raise UserError(
            "a report of this pair was withdrawn since",
            where="the review queue",
            allowed="a pair of reports that stand",
            next_step="casehouse run, which links persons anew; then casehouse review --list",
        )
    return found[0]


def _answer_from(sitting: Sitting, file: Path) -> None:
    """Judge without a terminal; every pair is looked up before the first answer is kept. An answer that stands already is left as it is."""
    from pipelines.reviewing import assert_one_verdict_a_pair, read_answers

    read = [(_named(sitting, answer.pair).pair, answer) for answer in read_answers(file)]
    assert_one_verdict_a_pair(read, file.name)
    for pair, answer in read:
        if sitting.verdict_on(pair) != answer.verdict:
            sitting.judge(pair, answer.verdict)


def _sit(sitting: Sitting, pair: str, language: Language) -> None:
    """Ask one question after the other; that the review was opened is in the log before anything is shown."""
    from linkage.scoring import LinkageFailed
    from pipelines.review_terminal import Terminal

    _say(say("reading the reports"), language)
    queue = (_named(sitting, pair),) if pair else sitting.standing(sitting.queue)
    _say(say("judging as {name}", name=sitting.by), language)
    _say(_waiting_text(len(queue)), language)
    if not queue:
        return
    sitting.open()
    terminal = Terminal()
    try:
        with terminal.opened():
            _ask_all(sitting, queue, terminal, language)
    # A signal that comes while the database works ends as a failure of the database.
    except (KeyboardInterrupt, LinkageFailed, RuntimeError):
        if not terminal.is_left:
            raise
    finally:
        sitting.close()


def _ask_all(sitting: Sitting, queue: tuple[Question, ...], terminal: Terminal, language: Language) -> None:
    from pipelines.review_page import KEYS, page_of

    at, note = 0, ""
    seen: set[int] = set()
    while at < len(queue):
        if not sitting.has_page(queue[at]):
            terminal.wait(spoken(say("reading the reports"), language))
        page = sitting.page(queue[at], queue[at + 1 :])
        seen.add(at)
        sitting.shown = len(seen)
        place = say("question {position} of {count}; judging as {name}", position=at + 1, count=len(queue), name=sitting.by)
        verdict = sitting.verdict_on(queue[at].pair)
        shown = page_of(page, spoken(place, language), verdict, language, terminal.fitted_width(), note)
        key = terminal.ask(shown, "sdubq", language)
        note = ""
        if key == "q":
            return
        if key == "b":
            at = max(0, at - 1)
            continue
        try:
            sitting.judge(queue[at].pair, KEYS[key])
        except InstanceBusy:
            note = spoken(say("another run is at work, so this answer is not kept yet: press the key again in a while"), language)
            continue
        at += 1


def _close(sitting: Sitting, language: Language) -> None:
    """Say what was kept, and what it changes: persons before and after, in counts."""
    _say(say_count("{count} judgement is kept", "{count} judgements are kept", count=sitting.judged), language)
    if not sitting.judged:
        return
    try:
        found = sitting.regroup()
    except InstanceBusy:
        _say(say("another run is at work: the next linkage groups persons by these judgements"), language)
        raise typer.Exit(REFUSED) from None
    _say(say("persons before: {before}; now: {after}", before=found.persons_before, after=found.persons), language)
    if contradicted := sitting.contradicted():
        _say(_contradicted_text(len(contradicted)), language)
        _say(say("not applied: {pairs}", pairs=[each.number for each in contradicted]), language)


def _contradicted_text(count: int) -> Message:
    return say_count(
        "{count} judgement is not applied, since newer ones contradict it",
        "{count} judgements are not applied, since newer ones contradict them",
        count=count,
    )


def _waiting_text(count: int) -> Message:
    return say_count("{count} question waits", "{count} questions wait", count=count)


def _say(message: Message, language: Language) -> None:
    console.print(spoken(message, language), soft_wrap=True, markup=False)
