"""Random published tables with everything that a measure may meet: nulls, suppressed and missing cells, cohorts, contributors, flags."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import polars as pl

from anonymize.hierarchy import Hierarchy

PLACES = {
    "a1": ("a1", "a", "suppressed"),
    "a2": ("a2", "a", "suppressed"),
    "b1": ("b1", "b", "suppressed"),
    "b2": ("b2", "b", "suppressed"),
    "unknown": ("unknown", "unknown", "suppressed"),
}
HIERARCHIES = [Hierarchy("place", PLACES), Hierarchy("sex", {sex: (sex, "suppressed") for sex in ("f", "m", "unknown")})]
COLUMNS = {
    "place": list(PLACES),
    "sex": ["f", "m", "unknown"],
    'the "child\'s" age': ["0", "1", "2"],  # without a hierarchy, and with a name that must be quoted
    "form": ["work", "sex", "organ", "unknown", "not_collected", "suppressed", None],
    "means": ["debt", "force", "unknown"],
    "contributor": ["north", "south", "south+north", "north+north+it's", "+east"],
    "group": ["g1", "g2", None],
    "f1": ["1", "0", "unknown", "suppressed", None],
    "f2": ["1", "0", "suppressed"],
    "f3": ["1", "0"],
}
LABELLED = ["place", "sex", 'the "child\'s" age']
SCHEMA = {**dict.fromkeys(COLUMNS, pl.String), "cohort": pl.Int64}
QUASI = [[], ["place"], LABELLED, ["cohort", "place"], ["sex", "cohort", "place"], ["group"]]
SENSITIVE = [[], ["form"], ["form", "means"]]
FLAGS = [["f1"], ["f2", "f1"], ["f1", "f2", "f3"]]


@dataclass(frozen=True)
class Case:
    """A published table, the values that its labels stand for row by row, a population that holds its persons, and what is asked."""

    published: pl.DataFrame
    original: pl.DataFrame
    population: pl.DataFrame
    quasi: list[str]
    sensitive: list[str]
    flags: list[str]
    counted: list[str]
    separator: str | None
    limit: int  # k, or the least number of strangers
    width: int  # of combinations of flags, and of tables of counts


def case_of(seed: int) -> Case:
    """The case of a number: 0 to 40 persons who are more alike, and less often suppressed, in some cases than in others."""
    random = Random(seed)
    variety = random.choice([1, 2, 9])
    detail = random.random()
    original = _table(random, random.choice([0, 1, 2, 5, 12, 40]), variety)
    strangers = _table(random, random.randint(0, 20), variety)
    hidden = pl.Series(LABELLED[0], [random.choice([value, value, None, "elsewhere"]) for value in strangers["place"]], dtype=pl.String)
    labels = [pl.Series(name, [_label(random, value, detail) for value in original[name]], dtype=pl.String) for name in LABELLED]
    return Case(
        published=original.with_columns(labels),
        original=original,
        population=pl.concat([original, strangers.with_columns(hidden)]),
        quasi=random.choice(QUASI),
        sensitive=random.choice(SENSITIVE),
        flags=random.choice(FLAGS),
        counted=random.sample([*LABELLED, "form"], random.choice([1, 2, 2, 3])),
        separator=random.choice(["+", None]),
        limit=random.randint(2, 7),
        width=random.choice([1, 2, 2, 3]),
    )


def _table(random: Random, rows: int, variety: int) -> pl.DataFrame:
    cells = {name: random.choices(random.sample(values, min(variety, len(values))), k=rows) for name, values in COLUMNS.items()}
    return pl.DataFrame({**cells, "cohort": random.choices(range(variety), k=rows)}, schema=SCHEMA)


def _label(random: Random, value: str, detail: float) -> str | None:
    """The value itself, a coarser label of it, or suppressed in either way of saying it."""
    path = PLACES.get(value, (value, "suppressed"))
    return value if random.random() < detail else random.choice([*path, None])
