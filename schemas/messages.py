"""Texts that people read in their own language: English in the code, the other languages in gettext catalogues.

Here: `say` and `say_count`, which keep a text and what fills its gaps apart; `spoken`, which says it in a language from
`schemas/locale`; numbers as each language writes them, always with the digits 0 to 9, as spreadsheets show row numbers.
Never here: a cell of a partner's file; only names that a maintainer wrote, counts and numbers fill a gap.
"""

from __future__ import annotations

import gettext
import io
import re
import string
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from schemas.vocabulary import Language

CATALOGUES = Path(__file__).parent / "locale"
DOMAIN = "casehouse"
_RIGHT_TO_LEFT = ("ar",)
_LATIN = re.compile("[A-Za-z0-9]")
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"
"""Around a name or a date in a text that runs from right to left (Unicode Standard Annex 9): without them the parts of
2024-12-31 are shown in the other order, and another date is read."""
GROUPED_FROM = 10_000
"""Shorter numbers stand without separators, so that a year is never torn."""


class Share(float):
    """A share of one that a text says in percent."""


class Message(str):
    """An English text that remembers its patterns and what fills the gaps; anywhere a text goes, it goes."""

    pattern: str
    parts: Mapping[str, object]
    plural: str | None

    def __new__(cls, pattern: str, parts: Mapping[str, object], plural: str | None = None) -> Message:
        form = pattern if plural is None or parts["count"] == 1 else plural
        message = super().__new__(cls, _Filler("en").vformat(form, (), parts))
        message.pattern, message.parts, message.plural = pattern, dict(parts), plural
        return message

    def __getnewargs__(self) -> tuple[str, Mapping[str, object], str | None]:  # type: ignore[override]
        """So that an error which holds a message can leave a child process."""
        return self.pattern, self.parts, self.plural


def say(pattern: str, **parts: object) -> Message:
    """The text of a pattern such as "at most {count} rows"; a part may itself be a `Message`, or a list of them."""
    return Message(pattern, parts)


def say_count(one: str, many: str, *, count: int, **parts: object) -> Message:
    """The text for one and for several, such as "{count} row" and "{count} rows"; other languages have more forms."""
    return Message(one, {"count": count, **parts}, many)


def spoken(text: str, language: Language) -> str:
    """A message in a language, in English where no catalogue has it; any other text as it is."""
    if not isinstance(text, Message) or language == "en":
        return str(text)
    catalogue = _catalogue(language)
    if text.plural is None:
        form = catalogue.gettext(text.pattern)
    else:
        count = text.parts["count"]
        form = catalogue.ngettext(text.pattern, text.plural, count if isinstance(count, int) else 0)
    return _Filler(language).vformat(form, (), text.parts)


def number_text(number: int | float, language: Language) -> str:
    """A number as the language writes it; from five digits on in groups of three."""
    if isinstance(number, int) and abs(number) < GROUPED_FROM:
        return str(number)
    from babel.numbers import format_decimal

    return format_decimal(number, locale=language, numbering_system="latn")


def percent_text(share: float, language: Language) -> str:
    """A share of one in percent with one decimal; never 0 % or 100 % where it is neither."""
    from babel import Locale
    from babel.numbers import format_percent

    pattern = Locale(language).percent_formats[None].pattern.replace("0", "0.0" if 0 < share < 1 else "0")

    def written(value: float) -> str:
        return format_percent(value, format=pattern, locale=language, numbering_system="latn")

    if 0 < share < 0.001:
        return spoken(say("under {share}", share=written(0.001)), language)
    if 0.999 < share < 1:
        return spoken(say("over {share}", share=written(0.999)), language)
    return written(share)


def list_text(parts: Sequence[str], language: Language) -> str:
    """Several things one after the other, parted as the language does."""
    return {"ar": "، "}.get(language, ", ").join(_isolated(part, language) for part in parts)


def _isolated(text: str, language: Language) -> str:
    """A text that keeps its own direction wherever it stands."""
    is_mixed = language in _RIGHT_TO_LEFT and _LATIN.search(text) is not None and not text.startswith(_ISOLATE)
    return f"{_ISOLATE}{text}{_END_OF_ISOLATE}" if is_mixed else text


class _Filler(string.Formatter):
    """Fills the gaps of a pattern with numbers and messages in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, Message):
            return spoken(value, self.language)
        if isinstance(value, Share):
            return percent_text(value, self.language)
        if isinstance(value, (list, tuple)):
            return list_text([self.format_field(each, "") for each in value], self.language)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and format_spec in {"", ","}:
            return number_text(value, self.language)
        return _isolated(format(value, format_spec), self.language)


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    """The translations of one language, read from the catalogue as translators write it; no compiled copy can grow stale."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with (CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as stream:
        write_mo(compiled, read_po(stream, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
