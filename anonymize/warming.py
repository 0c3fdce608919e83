"""Compile every kernel once, so that the first person who anonymizes a table does not wait for it.

    python -m anonymize.warming

Here: a tiny table through everything that is compiled. Never here: a step of any method.
"""

from __future__ import annotations

import polars as pl

from anonymize.conditions import Conditions
from anonymize.generalize import generalize
from anonymize.hierarchy import Hierarchy
from anonymize.uniform import generalize_uniformly
from schemas.missing import SUPPRESSED


def warm_up() -> None:
    """Compile what is not compiled yet, and keep it for later processes; a minute the first time, seconds afterwards."""
    table = pl.DataFrame({"place": ["a", "a", "b", "b"], "form": ["x", "y", "x", "y"]})
    place = Hierarchy("place", {value: (value, SUPPRESSED) for value in ("a", "b")})
    conditions = Conditions.with_distinct_values(2, 2, ["form"])
    generalize(table, [place], conditions)
    generalize(table, [place], conditions, effort="quality")
    generalize_uniformly(table, [place], conditions)


if __name__ == "__main__":
    warm_up()
