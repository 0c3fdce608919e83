"""Text that came from outside, as it may be shown on a terminal or a page: nothing in it can steer what shows it.

Here: which signs steer (control characters, and those that turn the direction of writing), and how they are shown instead.
Never here: markup (the page and the terminal's library escape it themselves), or what a text means.
"""

from __future__ import annotations

_CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
_DIRECTIONS = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]  # Unicode Standard Annex 9
_OWN = [ord("\n"), 0x2068, 0x2069]
_ESCAPED = {sign: f"\\x{sign:02x}" if sign < 0x100 else f"\\u{sign:04x}" for sign in (*_CONTROLS, *_DIRECTIONS)}
_ESCAPED_IN_LINES = {sign: text for sign, text in _ESCAPED.items() if sign not in _OWN}


def shown(text: str) -> str:
    """A header, a name of a file or of a sheet, with every steering sign written out: `\\x1b`, `\\u202e`."""
    return text.translate(_ESCAPED)


def shown_lines(text: str) -> str:
    """A whole report; its line ends stay, and the isolates (U+2068, U+2069) that our own messages put around what they insert."""
    return text.translate(_ESCAPED_IN_LINES)
