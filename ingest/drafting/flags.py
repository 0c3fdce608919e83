"""Columns of yes and no that together list codes, such as one column for each form of exploitation.

Here: which columns hold nothing but answers, and for which code each stands by its header. Never here: a column whose header
ends like the codes of two fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ingest.drafting.headers import header_words
from ingest.drafting.values import Cells, answers_of
from schemas.fields import Field, Kind
from schemas.partner import Partner
from schemas.vocabulary import LANGUAGES, vocabulary

Meaning = tuple[str, str]
"""A field and a code of it."""


@dataclass(frozen=True)
class FlagGroup:
    """Columns of answers that together fill one field: column -> code, and the signs for yes and no."""

    field: str
    columns: Mapping[str, str]
    yes: tuple[str, ...]
    no: tuple[str, ...]


def flag_groups(fields: Iterable[Field], partners: Mapping[str, Partner], columns: Sequence[tuple[str, Cells]]) -> tuple[FlagGroup, ...]:
    """The groups of two columns of answers or more whose headers each name one code of a field that holds a list."""
    listed = tuple(fields)
    own = {header_words(text) for field in listed if field.kind is not Kind.CODES for text in (field.declared.ctdc, field.name) if text}
    known = _headers_of_flags(listed, partners)
    texts = _texts_of_codes(listed)
    answered = [(header, answers, header_words(header)) for header, cells in columns if (answers := answers_of(cells)) is not None]
    meanings = {header: _meanings(words, known, texts) for header, _, words in answered if words not in own}
    beside = _fields_by_opening(meanings)
    found: dict[str, dict[str, str]] = {}
    signs: dict[str, tuple[set[str], set[str]]] = {}
    for header, answers, _ in answered:
        opening, meant = meanings.get(header, ("", frozenset()))
        if len(meant) > 1:
            meant = frozenset(one for one in meant if one[0] in beside.get(opening, set()))
        if len(meant) != 1:
            continue
        field, code = next(iter(meant))
        found.setdefault(field, {})[header] = code
        yes, no = signs.setdefault(field, (set(), set()))
        yes.update(answers[0])
        no.update(answers[1])
    return tuple(
        FlagGroup(field, group, tuple(sorted(signs[field][0])), tuple(sorted(signs[field][1])))
        for field, group in found.items()
        if len(group) > 1
    )


def _meanings(header: str, known: Mapping[str, set[Meaning]], texts: Mapping[str, set[Meaning]]) -> tuple[str, frozenset[Meaning]]:
    """What a header stands for: as another partner's flag, else as the longest text of a code that it is or ends with.

    Before it, the words that open the header: columns of one group share them.
    """
    if header in known:
        return "", frozenset(known[header])
    words = header.split()
    for start in range(len(words)):
        tail = " ".join(words[start:])
        if tail in texts:
            return " ".join(words[:start]), frozenset(texts[tail])
    return "", frozenset()


def _fields_by_opening(meanings: Mapping[str, tuple[str, frozenset[Meaning]]]) -> dict[str, set[str]]:
    """The words that open headers -> the fields that headers with one meaning only stand for."""
    found: dict[str, set[str]] = {}
    for opening, meant in meanings.values():
        if opening and len(meant) == 1:
            found.setdefault(opening, set()).add(next(iter(meant))[0])
    return found


def _headers_of_flags(fields: Sequence[Field], partners: Mapping[str, Partner]) -> dict[str, set[Meaning]]:
    names = {field.name for field in fields}
    found: dict[str, set[Meaning]] = {}
    for partner in partners.values():
        for file in partner.files:
            for field, flags in file.flags.items():
                for header, code in flags.columns.items():
                    if field in names:
                        found.setdefault(header_words(header), set()).add((field, code))
    return found


def _texts_of_codes(fields: Sequence[Field]) -> dict[str, set[Meaning]]:
    found: dict[str, set[Meaning]] = {}
    for field in fields:
        if field.kind is not Kind.CODES or field.declared.vocabulary is None:
            continue
        listed = vocabulary(field.declared.vocabulary)
        for code in listed.leaves():
            for text in (code, *(listed.label(code, language) for language in LANGUAGES)):
                found.setdefault(header_words(text), set()).add((field.name, code))
    return found
