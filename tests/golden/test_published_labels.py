"""What the search publishes of fixed tables, class by class: a change of the method shows here, and is then meant.

`python tests/golden/test_published_labels.py` writes `published_labels.csv` anew.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from anonymize.conditions import Conditions, Contributors, Diversity
from anonymize.generalize import generalize
from anonymize.hierarchy import Hierarchy

GOLDEN = Path(__file__).with_name("published_labels.csv")
TOP = "suppressed"
CITIES = ["aa1", "aa2", "ab1", "ab2", "ba1", "ba2", "ba3", "bb1", "ca1", "ca2"]
AGES = [str(age) for age in range(16)]
HIERARCHIES = [
    Hierarchy("city", {city: (city, city[:2], city[:1], TOP) for city in CITIES} | {"unknown": ("unknown", "unknown", "unknown", TOP)}),
    Hierarchy("age", {age: (age, f"from {int(age) // 4 * 4}", "minor" if int(age) < 8 else "adult", TOP) for age in AGES}),
    Hierarchy("sex", {sex: (sex, TOP) for sex in ("f", "m", "x")}),
]


@dataclass(frozen=True)
class Asked:
    """A table by its seed and size, and what is asked of its classes."""

    seed: int
    persons: int
    conditions: Conditions
    options: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)  # constants of the search, lowered so that a small table reaches them


def sensitive(**asked: float) -> tuple[Diversity, ...]:
    return (Diversity("form", **asked), Diversity("means", **asked))  # type: ignore[arg-type]


CASES = {
    "k alone": Asked(1, 90, Conditions(3)),
    "a larger k": Asked(2, 120, Conditions(7)),
    "as many persons as k": Asked(3, 12, Conditions(12)),
    "distinct values": Asked(4, 90, Conditions(3, sensitive(distinct=2))),
    "entropy": Asked(5, 90, Conditions(3, sensitive(entropy=1.6))),
    "closeness": Asked(6, 90, Conditions(4, sensitive(closeness=0.35))),
    "contributors": Asked(7, 90, Conditions(3, contributors=Contributors("sent", 2, "+"))),
    "all conditions": Asked(8, 120, Conditions(4, sensitive(distinct=2, entropy=1.2, closeness=0.5), Contributors("sent", 2, "+"))),
    "weights": Asked(9, 90, Conditions(3), {"weights": {"age": 6.0, "sex": 0.5}}),
    "value sets": Asked(10, 60, Conditions(3), {"labels": "sets"}),
    "quality": Asked(11, 60, Conditions(3), {"effort": "quality"}),
    "quality with conditions": Asked(
        12, 60, Conditions(3, sensitive(distinct=2, closeness=0.6), Contributors("sent", 2, "+")), {"effort": "quality"}
    ),
    "parts of every size": Asked(13, 120, Conditions(3), limits={"cutting.SMALL_PART": 12, "cutting.HUGE_PART": 40}),
    "parts of every size with conditions": Asked(
        14, 120, Conditions(4, sensitive(entropy=1.2)), limits={"cutting.SMALL_PART": 15, "cutting.HUGE_PART": 50}
    ),
    "quality of huge parts": Asked(
        15, 120, Conditions(3), {"effort": "quality"}, {"improving.HUGE_PART": 40, "improving.FORESEEN": 15, "improving.WORK": 400}
    ),
    "quality in one round": Asked(16, 90, Conditions(4), {"effort": "quality"}, {"improving.FORESEEN": 30, "improving.WORK": 150}),
}


def table_of(asked: Asked) -> pl.DataFrame:
    """Some values are common, so that classes of all kinds of labels come out."""
    random = Random(asked.seed)
    pick = partial(random.choices, k=asked.persons)
    return pl.DataFrame(
        {
            "city": pick([*CITIES, "unknown"], weights=[30, 9, 8, 3, 12, 2, 1, 4, 6, 1, 5]),
            "age": pick(AGES, weights=[random.choice([1, 2, 9]) for _ in AGES]),
            "sex": pick(["f", "m", "x"], weights=[10, 8, 1]),
            "form": pick(["work", "sex", "organ", "unknown"], weights=[6, 4, 1, 2]),
            "means": pick(["debt", "force", "not_collected"], weights=[3, 2, 1]),
            "sent": pick(["north", "south", "north+south", "east"], weights=[6, 3, 1, 2]),
        }
    )


def published_lines(name: str) -> list[list[str]]:
    """Case, labels and persons of each class."""
    asked = CASES[name]
    published = generalize(table_of(asked), HIERARCHIES, asked.conditions, **asked.options).table
    classes = Counter(published.select(hierarchy.column for hierarchy in HIERARCHIES).rows())
    return [[name, *labels, str(persons)] for labels, persons in sorted(classes.items())]


def lower_limits(name: str, patch: pytest.MonkeyPatch) -> None:
    """Constants are part of compiled steps: the plain ones run where a limit is lowered."""
    for limit, value in CASES[name].limits.items():
        patch.setenv("NUMBA_DISABLE_JIT", "1")
        patch.setattr(f"anonymize.search.{limit}", value)


@pytest.mark.parametrize("name", CASES)
def test_the_labels_are_those_of_before(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lower_limits(name, monkeypatch)
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        assert published_lines(name) == [line for line in csv.reader(file) if line[0] == name]


def write_anew() -> None:
    lines = []
    for name in CASES:
        with pytest.MonkeyPatch.context() as patch:
            lower_limits(name, patch)
            lines += published_lines(name)
    with GOLDEN.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


if __name__ == "__main__":
    write_anew()
