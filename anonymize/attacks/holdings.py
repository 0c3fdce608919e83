"""What an attacker may hold: the published tables, and what is true of the persons behind them.

Here: the tables that every attack takes, none of which prints a cell. Never here: what is done with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from anonymize.hierarchy import Hierarchy
from schemas.vocabulary import MISSING_CODES, SUPPRESSED

NOT_KNOWN = (*MISSING_CODES, SUPPRESSED)
"""Codes of a sensitive field that tell nothing of a person."""

FINEST, NEWEST = "the finest table", "the newest cohort"
"""What outcomes call the table whose labels stand in `Truth.labels`, and that of a `Reenactment`."""

Hierarchies = Mapping[str, Hierarchy]
Method = Callable[[pl.DataFrame], pl.DataFrame]
"""From persons as they are to the same rows with labels, in the same order."""


@dataclass(frozen=True, repr=False)
class Shown:
    """A product as everyone can read it; a quasi-identifier without a hierarchy (the cohort) is taken to be known exactly."""

    name: str
    table: pl.DataFrame
    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Truth:
    """The persons behind a release, one row each, both tables in the same order.

    `original` holds the true value of every quasi-identifier, `labels` the quasi-identifiers and sensitive fields as the
    finest published table shows them. `contributors` names who sent each person in, several names apart by `separator`.
    `is_new` tells the persons of the newest cohort; all are, without it.
    """

    original: pl.DataFrame
    labels: pl.DataFrame
    contributors: pl.Series | None = None
    is_new: pl.Series | None = None
    separator: str = "+"


@dataclass(frozen=True, repr=False)
class Earlier:
    """An earlier release: its version and its products."""

    name: str
    shown: tuple[Shown, ...]


@dataclass(frozen=True, repr=False)
class FlagRows:
    """The second table of a release, flags shuffled inside groups of persons, and what is true of the persons.

    `table` has the column `group` and the `flags`; `hidden` are the codes that may hide any value, `absent` those that nobody
    knows of a person. `true` has the group and the true flags of each person. `core_person` and `flags_person` say which row of
    `true` (by number) each published row of the core and of the flags is, in the order of publication; `core_group` the group
    that the core shows.
    """

    table: pl.DataFrame
    group: str
    flags: tuple[str, ...]
    true: pl.DataFrame
    core_person: pl.Series
    core_group: pl.Series
    flags_person: pl.Series
    hidden: tuple[str, ...] = (SUPPRESSED,)
    absent: tuple[str, ...] = MISSING_CODES


@dataclass(frozen=True, repr=False)
class Reenactment:
    """What an attacker needs who plays the method through: the newest cohort before and after it, row by row, and the method.

    `original` holds all that the method reads, `labels` what it answered; `method(original)` must answer the same again.
    """

    original: pl.DataFrame
    labels: pl.DataFrame
    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    method: Method


def known_of(field: str) -> pl.Expr:
    """Whether a sensitive cell tells something of the person."""
    return ~pl.col(field).is_in(NOT_KNOWN)
