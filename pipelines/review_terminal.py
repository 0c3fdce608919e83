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
from contextlib import contextmanager, suppress
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
EMPTY_LINE = "\r\x1b[2K"
"""To the beginning of the line, and what stands in it is gone."""
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
        self.is_left = False
        """Whether a signal ended the sitting; what failed after it failed because of it."""
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")

    @contextmanager
    def opened(self) -> Iterator[Terminal]:
        """Keys come one by one and are not echoed; the terminal is as it was when this ends, also by a signal."""
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        handlers = {each: signal.signal(each, self._leave) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
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
        """Show a page and wait for one of the keys; "q" when the input ends. A page longer than the window is shown in parts.

        A key that was pressed before the page stood there is forgotten: it was meant for another page, or for none.
        """
        with self.console.capture() as captured:
            self.console.print(page)
        lines = captured.get().rstrip("\n").split("\n")
        room = max(3, self.console.height - 2)
        parts = [lines[at : at + room] for at in range(0, len(lines), room)]
        at = 0
        self._show(parts[at], language, is_last=len(parts) == 1)
        while (key := self.key()) not in ENDS:
            if key in keys:
                return key
            if key == MORE and len(parts) > 1:
                at = (at + 1) % len(parts)
                self._show(parts[at], language, is_last=at == len(parts) - 1)
            else:
                self._hint([*keys, *([say("space")] if len(parts) > 1 else [])], language)
        return "q"

    def wait(self, text: str) -> None:
        """Say on an empty screen what is done while no key is asked for."""
        self.console.clear()
        self.console.print(text, style="dim")

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
        *most, last = lines
        self.console.clear()
        self.console.file.write("".join(f"{line}\n" for line in most))
        self.console.file.flush()
        # The last line says which keys there are: from then on they count.
        self._forget()
        self.console.file.write(f"{last}\n")
        if not is_last:
            self.console.print(spoken(say("space: the rest of the page"), language), style="dim", end="")
        self.console.file.flush()

    def _forget(self) -> None:
        """Drop the keys that nobody has read."""
        # Where the window is gone there is none to drop, and the next reading says so.
        with suppress(termios.error):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
        self._decoder.reset()

    def _hint(self, keys: list[str], language: Language) -> None:
        """Say below the page that a key does nothing."""
        self.console.file.write(EMPTY_LINE)
        said = say("this key does nothing here; the keys are: {keys}", keys=keys)
        self.console.print(spoken(said, language), style="dim", end="")
        self.console.file.flush()

    def _leave(self, number: int, frame: FrameType | None) -> None:
        """End as if the person had gone: the screen is cleared and the sitting closed."""
        self.is_left = True
        raise KeyboardInterrupt
