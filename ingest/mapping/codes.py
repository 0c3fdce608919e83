"""From a partner's texts to codes: what a lookup, the texts for missing values and a vocabulary say together.

Here: one column of categories, one cell with several, and several columns of yes and no. Never here: a default
category; a text that no list knows stays null and its row is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce

import polars as pl

from schemas.folding import folded_label
from schemas.vocabulary import LANGUAGES, MISSING_CODES, NOT_COLLECTED, UNKNOWN, vocabulary

_ALIKE = {";": {"\u061b": ";", "\uff1b": ";"}, ",": {"\u060c": ",", "\uff0c": ","}}
"""Separator -> the same sign as Arabic and full-width keyboards write it."""
_MARKS_A_LETTER, _MARKS_AT_ALL = 4, 32


@dataclass(frozen=True)
class Readings:
    """Text -> code, first by the exact text, then by its folded form."""

    exact: Mapping[str, str]
    by_folded: Mapping[str, str]

    def apply(self, text: pl.Expr) -> pl.Expr:
        """The code of each trimmed text; null where no list knows it."""
        found = text.replace_strict(dict(self.exact), default=None, return_dtype=pl.String)
        if not self.by_folded:
            return found
        at_most = max(map(len, self.by_folded)) * _MARKS_A_LETTER + _MARKS_AT_ALL  # longer texts, such as narratives, are no label
        short = pl.when(text.str.len_chars() <= at_most).then(text)
        return found.fill_null(folded_labels(short).replace_strict(dict(self.by_folded), default=None, return_dtype=pl.String))


def folded_labels(text: pl.Expr) -> pl.Expr:
    """What `schemas.folding.folded_label` makes of trimmed texts; ASCII has nothing to decompose, which saves most of the time."""
    is_ascii = text.str.len_bytes() == text.str.len_chars()
    other = pl.when(~is_ascii).then(text).str.normalize("NFKD").str.replace_all(r"\p{Mn}", "").str.replace_all("\u2019", "'", literal=True)
    return pl.when(is_ascii).then(text).otherwise(other).str.to_lowercase()


def trimmed(column: str) -> pl.Expr:
    """A column without the white space around its texts; null where the file has no such column."""
    return pl.col(column).str.strip_chars()


def readings(
    lookup: Mapping[str, str], missing: Mapping[str, str], vocabulary_name: str | None = None, *, holds_codes: bool = False
) -> Readings:
    """What the texts of a column mean: the partner's lookup before the texts for missing, these before the vocabulary.

    A text for missing counts exactly as written before the vocabulary is asked, in any case of letters after it. A country's,
    language's or currency's code is read in capitals or as listed; one that people also write for no answer ("NA") only where
    the column `holds_codes`. An empty cell is never a category. A folded text that means several codes of one list means
    none, also where a list after it knows one.
    """
    looked_up = {folded_label(text) for text in lookup}
    codes = {} if vocabulary_name is None else vocabulary(vocabulary_name).codes_as_written(holds_codes=holds_codes)
    exact = {text: code for text, code in codes.items() if folded_label(text) not in looked_up}
    exact |= {"": UNKNOWN} | _trimmed_keys(missing) | _trimmed_keys(lookup)
    layers = [_meanings(lookup), *_vocabulary_meanings(vocabulary_name), _meanings(missing)]
    meanings: dict[str, set[str]] = reduce(lambda found, layer: {**layer, **found}, layers, {})
    return Readings(exact, {text: next(iter(codes)) for text, codes in meanings.items() if text and len(codes) == 1})


def is_reason(code: pl.Expr) -> pl.Expr:
    """Whether a code is a reason for a missing value."""
    return code.is_in(list(MISSING_CODES))


def one_code(column: str, known: Readings) -> pl.Expr:
    """The code of each cell; null where no list knows it; not collected where the file has no such column."""
    return pl.when(pl.col(column).is_null()).then(pl.lit(NOT_COLLECTED)).otherwise(known.apply(trimmed(column)))


def several_codes(column: str, separator: str | None, known: Readings) -> pl.Expr:
    """The codes of each cell, sorted and distinct; null where a part of it is in no list.

    The whole cell is looked up before it is split. A reason for a missing value stays only where no code stands beside it.
    """
    whole = one_code(column, known)
    alone = pl.concat_list(whole)
    if separator is None:
        return pl.when(whole.is_null()).then(None).otherwise(alone)
    text = trimmed(column).str.replace_many(_ALIKE[separator]) if separator in _ALIKE else trimmed(column)
    parts = text.str.split(separator).list.eval(known.apply(pl.element().str.strip_chars()))
    return _settled(pl.when(whole.is_not_null()).then(alone).otherwise(parts))


def flagged_codes(answers: Sequence[tuple[str, str]]) -> pl.Expr:
    """The codes whose columns say yes, sorted; the empty list where all that was answered is no.

    `answers` pairs each column of answers (as `one_code` reads them with `answer_readings`) with its code. Null where a
    cell says neither yes nor no nor that the answer is missing. A row without any answer carries the reason: unknown
    before not collected before not applicable.
    """
    said_yes = [
        pl.when(pl.any_horizontal(*(pl.col(column) == "yes" for column, its_code in answers if its_code == code))).then(pl.lit(code))
        for code in sorted({code for _, code in answers})
    ]
    columns = [pl.col(column) for column, _ in answers]
    is_answered = pl.any_horizontal(*(column.is_in(["yes", "no"]) for column in columns))
    reasons = [pl.when(pl.any_horizontal(*(column == code for column in columns))).then(pl.lit(code)) for code in MISSING_CODES]
    is_known = pl.all_horizontal(*(column.is_not_null() for column in columns))
    codes = pl.concat_list(said_yes).list.drop_nulls()
    return pl.when(is_known & is_answered).then(codes).when(is_known).then(pl.concat_list(pl.coalesce(reasons)))


def answer_readings(yes: tuple[str, ...], no: tuple[str, ...], missing: Mapping[str, str]) -> Readings:
    """What the cells of a yes-or-no column mean, by the partner's own signs alone."""
    return readings(dict.fromkeys(yes, "yes") | dict.fromkeys(no, "no"), missing)


def _settled(codes: pl.Expr) -> pl.Expr:
    real = codes.list.eval(pl.element().filter(~is_reason(pl.element()))).list.unique().list.sort()
    reasons = [pl.when(codes.list.contains(code)).then(pl.lit(code)) for code in MISSING_CODES]
    is_known = codes.list.eval(pl.element().is_null()).list.any().not_()
    return pl.when(~is_known).then(None).when(real.list.len() > 0).then(real).otherwise(pl.concat_list(pl.coalesce(reasons)))


def _trimmed_keys(texts: Mapping[str, str]) -> dict[str, str]:
    return {text.strip(): code for text, code in texts.items()}


def _meanings(texts: Mapping[str, str]) -> dict[str, set[str]]:
    """Folded text -> the codes it means; several where case or accents told them apart."""
    meanings: dict[str, set[str]] = {}
    for text, code in texts.items():
        meanings.setdefault(folded_label(text), set()).add(code)
    return meanings


@cache
def _vocabulary_meanings(name: str | None) -> tuple[dict[str, set[str]], ...]:
    """The vocabulary before the reasons for a missing value: their codes, then their labels."""
    if name is None:
        return ()
    reasons = vocabulary("missing")
    labels = {reasons.label(code, language): code for code in MISSING_CODES for language in LANGUAGES}
    return _meanings(vocabulary(name).names()), _meanings({code: code for code in MISSING_CODES}), _meanings(labels)
