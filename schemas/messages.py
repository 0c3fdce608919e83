"""Texts that people read in their own language: English in the code, the other languages in gettext catalogues.

Here: `say`, which keeps a text and what fills its gaps apart, so that it can be said in another language later.
Never here: a cell of a partner's file; only names that a maintainer wrote, counts and numbers fill a gap.
"""

from __future__ import annotations

from collections.abc import Mapping


class Message(str):
    """An English text that remembers its pattern and what fills the gaps; anywhere a text goes, it goes."""

    pattern: str
    parts: Mapping[str, object]

    def __new__(cls, pattern: str, parts: Mapping[str, object]) -> Message:
        message = super().__new__(cls, pattern.format(**parts))
        message.pattern, message.parts = pattern, dict(parts)
        return message


def say(pattern: str, **parts: object) -> Message:
    """The text of a pattern such as "at most {count} rows"; a part may itself be a `Message`."""
    return Message(pattern, parts)
