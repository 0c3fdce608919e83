"""The first pass over the rows: every person's key as a number, and equal keys collapsed into one tuple with a count.

Here: the code of a cell, the number that holds the codes of a row, the collapse, and the way back from a row to its tuple.
Never here: what a code means for a class, or a decision about who is published with whom.

A cell's code is its place among the values that its column may hold, one more for none of them. The codes of a row are the
digits of one whole number, of several where they do not fit; DuckDB counts whole numbers several times faster than texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anonymize.files.source import Source, quoted, reading
from engine.arrow import numbers_in

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

ROWS_AT_A_TIME = 122_880
"""How many rows of codes are held at a time; what DuckDB calls a row group."""
_LARGEST_WORD = 1 << 63
_TABLE = "coded"
_CONTENT = "content"


@dataclass(frozen=True)
class Domain:
    """A column of the key and every value it may hold, in the order of their codes; a cell with none of them has the next code."""

    column: str
    values: tuple[str, ...]

    @property
    def codes(self) -> int:
        """How many codes there are."""
        return len(self.values) + 1


@dataclass(frozen=True)
class Coded:
    """The table as tuples: the codes of each, in the order of the domains, and how many persons have them."""

    codes: tuple[Ints, ...]
    persons: Ints
    way_back: _WayBack
    has_content: bool


def values_of(source: Source, column: str) -> tuple[str, ...]:
    """Every value of a column of text, in ascending order; null is none."""
    name = quoted(column)
    with reading(source.path):
        found = source.relation().filter(f"{name} is not null").aggregate(name, name).fetchall()
    return tuple(sorted(value for (value,) in found))


def code(source: Source, domains: Sequence[Domain], others: Sequence[str]) -> Coded:
    """Collapse the rows of the table by their cells in the domains' columns; keeps a coded copy of every row in the connection.

    `others` are the columns whose content tells rows of one tuple apart.
    """
    words = _words_of(domains)
    expressions = [f"{_word(word, domains)} as w{number}" for number, word in enumerate(words)]
    if others:
        expressions.append(f"hash({', '.join(map(quoted, others))}) as {_CONTENT}")
    for number, domain in enumerate(domains):
        listed = ", ".join("'" + value.replace("'", "''") + "'" for value in domain.values)
        source.connection.execute(f"create type domain{number} as enum ({listed})")
    names = ", ".join(f"w{number}" for number in range(len(words)))
    with reading(source.path):
        source.relation().project(", ".join(expressions)).create(_TABLE)
        found = source.connection.table(_TABLE).aggregate(f"{names}, count(*) as persons", names).fetchnumpy()
    columns = [np.asarray(found[f"w{number}"], dtype=np.uint64) for number in range(len(words))]
    order = np.lexsort(columns[::-1])
    columns = [column[order] for column in columns]
    codes = _digits(columns, words, domains)
    return Coded(codes, np.asarray(found["persons"], dtype=np.int64)[order], _WayBack(columns), bool(others))


def tuples_of_rows(source: Source, coded: Coded) -> Iterator[tuple[Ints, Words | None]]:
    """For each row of the table, in its order and some at a time: the number of its tuple, and a hash of its other content.

    The hash has 64 bits: of a million rows in one tuple, two that differ have the same one with a chance of 1 in 37 million.
    """
    for batch in source.batches(source.connection.table(_TABLE), ROWS_AT_A_TIME):
        columns = [numbers_in(column) for column in batch.columns]
        content = columns.pop() if coded.has_content else None
        yield coded.way_back.tuples(columns), content


class _WayBack:
    """From the words of a row to the number of its tuple, by binary search."""

    def __init__(self, columns: Sequence[Words]) -> None:
        """`columns` are the words of the tuples in ascending order of all of them."""
        self._first, number = np.unique(columns[0], return_inverse=True)
        self._further: list[tuple[Words, Ints]] = []
        for column in columns[1:]:
            distinct, place = np.unique(column, return_inverse=True)
            # Under the square of the number of tuples, which is far from the largest whole number.
            joined, number = np.unique(number * len(distinct) + place, return_inverse=True)
            self._further.append((distinct, joined))

    def tuples(self, columns: Sequence[Words]) -> Ints:
        """The number of the tuple of each row; all of them are among the tuples."""
        number = _places(self._first, columns[0])
        for column, (distinct, joined) in zip(columns[1:], self._further, strict=True):
            number = _places(joined, number * len(distinct) + _places(distinct, column))
        return number


def _places(among: npt.NDArray[np.generic], wanted: npt.NDArray[np.generic]) -> Ints:
    """Where each stands in an ascending list that holds them all; looked for in ascending order, which the memory likes."""
    order = np.argsort(wanted)
    place = np.empty(len(wanted), dtype=np.int64)
    place[order] = np.searchsorted(among, wanted[order])
    return place


def _words_of(domains: Sequence[Domain]) -> list[range]:
    """The domains, in their order, cut into as few words as hold their digits; a domain that fills a word has one of its own."""
    words, first, product = [], 0, 1
    for number, domain in enumerate(domains):
        if number > first and product * domain.codes > _LARGEST_WORD:
            words.append(range(first, number))
            first, product = number, 1
        product *= domain.codes
    return [*words, range(first, len(domains))]


def _word(word: range, domains: Sequence[Domain]) -> str:
    terms, place = [], 1
    for number in word:
        domain = domains[number]
        digit = f"coalesce(enum_code(try_cast({quoted(domain.column)} as domain{number})), {len(domain.values)})"
        terms.append(f"{place}::ubigint * {digit}::ubigint")
        place *= domain.codes
    return " + ".join(terms)


def _digits(columns: Sequence[Words], words: Sequence[range], domains: Sequence[Domain]) -> tuple[Ints, ...]:
    codes: list[Ints] = []
    for column, word in zip(columns, words, strict=True):
        left = column
        for number in word:
            left, digit = np.divmod(left, np.uint64(domains[number].codes))
            codes.append(digit.astype(np.int64))
    return tuple(codes)
