"""The terminal of a review: one key at a time, pages that leave no trace behind.

Here: the alternate screen, reading keys, pages longer than the window. Never here: what a key means for a question.
"""

from __future__ import annotations

import codecs
import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleDimensions

from schemas.errors import UserError
from schemas.messages import say, spoken
from schemas.vocabulary import Language

if TYPE_CHECKING:
    from types import FrameType

    from rich.console import RenderableType

SAME_KEY = {"س": "s", "ي": "d", "ع": "u", "ل": "b", "ض": "q"}
"""What the keys of these letters write on an Arabic keyboard (Arabic 101); b writes two letters, of which the first is enough."""
MORE = " "
SIGNALS_SEEN_SECONDS = 0.5
ENDS = ("", "\x03", "\x04", "\x1b")
"""The input ended, ctrl-c, ctrl-d, escape."""


def assert_terminal() -> None:
    """`UserError` unless a person sits there: cells are shown on a terminal only, never into a file or a pipe."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError(
            "a review shows what identifies persons, so it needs a terminal at which a person sits",
            where="the standard input or output of this command",
            allowed="an interactive terminal; without one --list, --undo, --answers or --picture, which show no cell",
            next_step="run casehouse review in a terminal of a machine of the restricted zone",
        )


class Terminal:
    """A window whose contents are gone when it closes: pages stand on the alternate screen, which keeps no history."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, markup=False, emoji=False)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")

    @contextmanager
    def opened(self) -> Iterator[Terminal]:
        """Keys come one by one and are not echoed; the terminal is as it was when this ends, also by a signal."""
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        handlers = {each: signal.signal(each, _end) for each in (signal.SIGTERM, signal.SIGHUP)}
        try:
            tty.setcbreak(descriptor)
            self.console.set_alt_screen(True)
            yield self
        finally:
            self.console.clear()
            self.console.set_alt_screen(False)
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
            for each, handler in handlers.items():
                signal.signal(each, handler)

    def fitted_width(self) -> int:
        """Columns of the window as it is now; from here on pages are made for it."""
        size = os.get_terminal_size(sys.stdout.fileno())
        self.console.size = ConsoleDimensions(size.columns, size.lines)
        return size.columns

    def ask(self, page: RenderableType, keys: str, language: Language) -> str:
        """Show a page and wait for one of the keys; "q" when the input ends. A page longer than the window is shown in parts."""
        with self.console.capture() as captured:
            self.console.print(page)
        lines = captured.get().rstrip("\n").split("\n")
        room = max(3, self.console.height - 2)
        parts = [lines[at : at + room] for at in range(0, len(lines), room)]
        at = 0
        try:
            while True:
                self._show(parts[at], language, is_last=at == len(parts) - 1)
                key = self.key()
                if key in ENDS:
                    return "q"
                if key in keys:
                    return key
                at = (at + 1) % len(parts) if key == MORE else at
        except KeyboardInterrupt:
            return "q"

    def key(self) -> str:
        """The next key; an empty text when the input has ended."""
        descriptor = sys.stdin.fileno()
        while True:
            # Not a plain read: a signal that comes just before it would wait with it for the next key.
            if not select.select([descriptor], [], [], SIGNALS_SEEN_SECONDS)[0]:
                continue
            pressed = os.read(descriptor, 1)
            if not pressed:
                return ""
            if sign := self._decoder.decode(pressed):
                return SAME_KEY.get(sign, sign.lower())

    def _show(self, lines: list[str], language: Language, *, is_last: bool) -> None:
        self.console.clear()
        self.console.file.write("\n".join(lines) + "\n")
        if not is_last:
            self.console.print(spoken(say("space: the rest of the page"), language), style="dim", end="")
        self.console.file.flush()


def _end(number: int, frame: FrameType | None) -> None:
    """End as if the person had gone: the screen is cleared and the sitting closed."""
    raise KeyboardInterrupt
