"""Compile every kernel once, so that the first person who anonymizes a table does not wait for it.

    python -c 'from anonymize.warming import main; main()'

Here: a tiny table through everything that is compiled. Never here: a step of any method.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

import polars as pl

from anonymize.conditions import Conditions
from anonymize.flags.nesting import nest_flags
from anonymize.flags.spec import FlagSpec
from anonymize.generalize import generalize
from anonymize.hierarchy import Hierarchy
from anonymize.uniform import generalize_uniformly
from schemas.missing import SUPPRESSED


def warm_up() -> Mapping[str, float]:
    """Compile what is not compiled yet and keep it for later processes; the CPU seconds that each part took."""
    table = pl.DataFrame({"place": ["a", "a", "b", "b"], "form": ["x", "y", "x", "y"]})
    hierarchies = [Hierarchy("place", {value: (value, SUPPRESSED) for value in ("a", "b")})]
    conditions = Conditions.with_distinct_values(2, 2, ["form"])
    parts: dict[str, Callable[[], object]] = {
        "fast": lambda: generalize(table, hierarchies, conditions),
        "quality": lambda: generalize(table, hierarchies, conditions, effort="quality"),
        "uniform": lambda: generalize_uniformly(table, hierarchies, conditions),
        "flags": lambda: nest_flags(table.select("place"), table.select("form"), FlagSpec(("form",), k=2, group=2, width=1)),
    }
    seconds = {}
    for name, run in parts.items():
        started = time.process_time()
        run()
        seconds[name] = time.process_time() - started
    return seconds


def main() -> None:
    """Warm up and say how long it took."""
    for name, seconds in warm_up().items():
        sys.stdout.write(f"{name}: {seconds:.1f} CPU s\n")
