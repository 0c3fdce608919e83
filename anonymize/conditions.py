"""What a class must hold before it may be published: the conditions of the search, and of the gate that judges its result.

Here: the conditions as a steward states them. Never here: how they are met (`anonymize.search`) or measured (`anonymize.risk`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Diversity:
    """What every class must hold of one sensitive field, over its known values; the defaults ask for nothing.

    `distinct`: at least so many distinct known values, and `entropy`: the exponential of the entropy of their shares is
    at least so much (distinct and entropy l-diversity, Machanavajjhala et al. 2007). `closeness`: their shares are
    at most so far from those of the whole table, in total variation distance, which is the earth mover's distance
    between values that are equally far apart (t-closeness, Li et al. 2007). A missing value counts for nothing: in a
    class of ten yes and one unknown, yes would be as good as told.
    """

    field: str
    distinct: int = 1
    entropy: float = 1.0
    closeness: float = 1.0


@dataclass(frozen=True)
class Contributors:
    """Who sent each person in, and how many strangers must be left when one of them takes its own persons out of a class.

    `column` is a column of the table that is not published; with a `separator` a cell may name several contributors.
    For each contributor, a class without its persons is empty or has at least `least` (m-privacy with m = 1, Goryczka et
    al. 2014).
    """

    column: str
    least: int
    separator: str | None = None


@dataclass(frozen=True)
class Conditions:
    """At least `k` persons a class (k-anonymity, Sweeney 2002), and what else is asked of it.

    Each sensitive field stands alone, since diversity of a combination of fields does not keep any one of them from being
    the same for a whole class.
    """

    k: int
    sensitive: tuple[Diversity, ...] = ()
    contributors: Contributors | None = None

    @classmethod
    def with_distinct_values(cls, k: int, l: int, fields: Iterable[str]) -> Conditions:  # noqa: E741 (the name of the method)
        """At least `k` persons, and `l` distinct known values in each of the fields."""
        return cls(k, tuple(Diversity(field, distinct=l) for field in fields))
