"""The pieces of SQL that every measure is made of.

Here: quoting, and how a cell, a person and a code are read. Never here: a query.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.missing import SUPPRESSED


def quoted(name: str) -> str:
    """A column or relation, as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text, as SQL."""
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """Texts as a list for `in`, which is never empty: suppressed is always among them."""
    return "(" + ", ".join(literal(text) for text in (*texts, SUPPRESSED)) + ")"


def label(column: str) -> str:
    """What a cell shows, as text."""
    return f"coalesce(cast({quoted(column)} as varchar), {literal(SUPPRESSED)})"


def weight(persons: str | None) -> str:
    """How many persons a row stands for."""
    return "1" if persons is None else f"cast({quoted(persons)} as bigint)"


def keys(quasi: Sequence[str]) -> tuple[str, str]:
    """The labels that name a class: how they are selected, and the names they then have; without any, one class of all."""
    selected = [f"{label(column)} as q{at}" for at, column in enumerate(quasi)] or ["0 as q0"]
    return ", ".join(selected), ", ".join(f"q{at}" for at in range(len(selected)))
