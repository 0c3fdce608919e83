"""Whatever the core and the flags, few known flags point at no fewer than k rows of a group, and no sum or difference of counts does.

The oracle counts in plain Python, person by person, from what is published and from nothing else of the rooms under test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymize.flags.nesting import NestedFlags, nest_flags
from anonymize.flags.spec import FlagSpec
from anonymize.flags.totals import ALL, count_totals
from anonymize.hierarchy import Hierarchy
from schemas.missing import SUPPRESSED

FLAGS = ("debt", "threats", "relation")
VALUES = {"debt": ("yes", "no"), "threats": ("yes", "no"), "relation": ("friend", "family")}
YEARS = Hierarchy("year", {year: (year, f"{year[:3]}x", SUPPRESSED) for year in ("2011", "2012", "2021", "2022")})
PLACES = Hierarchy("place", {place: (place, SUPPRESSED) for place in ("CO", "PE")})
KNOWN = ("yes", "no", "friend", "family")
SPEC = FlagSpec(FLAGS, k=3, group=6, unknown=("unknown",), known=KNOWN)


@pytest.fixture(autouse=True)
def _plain_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


@st.composite
def persons(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The true quasi-identifiers, a coarser core in which each class has any size, and the flags."""
    count = draw(st.integers(6, 40))
    years = draw(st.lists(st.sampled_from(list(YEARS.paths)), min_size=count, max_size=count))
    places = draw(st.lists(st.sampled_from(list(PLACES.paths)), min_size=count, max_size=count))
    height = draw(st.lists(st.sampled_from([0, 0, 1, 2]), min_size=count, max_size=count))
    shown = [YEARS.paths[year][level] for year, level in zip(years, height, strict=True)]
    flags = {
        flag: draw(st.lists(st.sampled_from([*VALUES[flag], VALUES[flag][1], "unknown"]), min_size=count, max_size=count)) for flag in FLAGS
    }
    original = pl.DataFrame({"year": years, "place": places})
    return original, original.with_columns(year=pl.Series(shown)), pl.DataFrame(flags)


def knowledge(width: int) -> Iterator[dict[str, str]]:
    for size in range(1, width + 1):
        for flags in combinations(FLAGS, size):
            for values in product(KNOWN, repeat=size):
                yield dict(zip(flags, values, strict=True))


@settings(deadline=None, max_examples=60)
@given(persons(), st.integers(1, 3))
def test_few_known_flags_point_at_none_or_k_rows_of_a_group(people: tuple[pl.DataFrame, ...], width: int) -> None:
    _, core, flags = people
    nested = nest_flags(core, flags, FlagSpec(FLAGS, k=3, group=6, width=width, unknown=("unknown",), known=KNOWN), [YEARS, PLACES])
    for _, rows in nested.table.group_by("group"):
        assert rows.height >= 6
        for known in knowledge(width):
            seen = sum(all(row[flag] == value for flag, value in known.items()) for row in rows.iter_rows(named=True))
            possible = sum(all(row[flag] in {value, SUPPRESSED} for flag, value in known.items()) for row in rows.iter_rows(named=True))
            assert seen == 0 or seen >= 3
            assert possible == 0 or possible >= 3


@settings(deadline=None, max_examples=60)
@given(persons())
def test_groups_are_unions_of_classes_and_cells_are_true_or_suppressed(people: tuple[pl.DataFrame, ...]) -> None:
    _, core, flags = people
    nested = nest_flags(core, flags, SPEC, [YEARS])
    of_class = core.with_columns(nested.group).group_by(core.columns).agg(pl.col("group").n_unique())
    assert of_class["group"].max() == 1
    for column in FLAGS:
        changed = nested.shown.filter(nested.shown[column] != flags[column])
        assert set(changed[column]) <= {SUPPRESSED}
    assert nested.table.equals(nested.shown.select(nested.group, pl.all()).sort("group", *FLAGS))


@settings(deadline=None, max_examples=30)
@given(persons(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_decides_nothing(people: tuple[pl.DataFrame, ...], random: object) -> None:
    original, core, flags = people
    order = list(range(core.height))
    random.shuffle(order)  # type: ignore[attr-defined]
    one, other = nest_flags(core, flags, SPEC, [YEARS]), nest_flags(core[order], flags[order], SPEC, [YEARS])
    assert one.table.equals(other.table)
    assert other.group.equals(one.group[order])
    first = count_totals(original, core, flags, one, [YEARS, PLACES], SPEC)
    assert first.equals(count_totals(original[order], core[order], flags[order], other, [YEARS, PLACES], SPEC))


def few(persons: int) -> bool:
    return 0 < persons < 3


def regions_of(hierarchy: Hierarchy, told: set[str], occurring: set[str]) -> list[set[str]]:
    """Every set of values whose size follows from what is told: a sum of values told, of all that are not, or of both."""
    pieces = [{value} for value in sorted(told)] + ([occurring - told] if occurring - told else [])
    return [set().union(*chosen) for size in range(1, len(pieces) + 1) for chosen in combinations(pieces, size)]


def published_counts(totals: pl.DataFrame, flag: str, column: str) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in totals.filter((pl.col("flag") == flag) & (pl.col("column") == column)).iter_rows(named=True):
        found.setdefault(row["label"], Counter())[row["value"]] = row["persons"]
    return found


def true_counts(original: pl.DataFrame, flags: pl.DataFrame, flag: str, column: str) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for value, code in zip(original[column], flags[flag], strict=True):
        found.setdefault(value, Counter())[code] += 1
    return found


@settings(deadline=None, max_examples=150)
@given(persons())
def test_no_sum_or_difference_of_counts_tells_of_few_persons(people: tuple[pl.DataFrame, ...]) -> None:
    original, core, flags = people
    nested = nest_flags(core, flags, SPEC, [YEARS, PLACES])
    totals = count_totals(original, core, flags, nested, [YEARS, PLACES], SPEC)
    assert not any(few(persons) for persons in totals["persons"])
    for flag, hierarchy in product(FLAGS, (YEARS, PLACES)):
        published, true = published_counts(totals, flag, hierarchy.column), true_counts(original, flags, flag, hierarchy.column)
        told = set(published) - {SUPPRESSED}
        in_all = published_counts(totals, flag, ALL)
        if not published:
            continue
        assert {value: true[value] for value in told} == {value: published[value] for value in told}
        for values in regions_of(hierarchy, told, set(true)):
            counted = sum((true[value] for value in values), Counter())
            assert not any(few(persons) or few(in_all[ALL][code] - persons) for code, persons in counted.items())
        for values in [*({value} for value in told), set(true) - told]:
            judge_with_rows(values, true, core, nested, flag, hierarchy)


def judge_with_rows(
    values: set[str], true: dict[str, Counter[str]], core: pl.DataFrame, nested: NestedFlags, flag: str, hierarchy: Hierarchy
) -> None:
    """Nobody can subtract the rows of the core, or the shuffled rows, down to few persons of a set of values."""
    stands_for = {
        label: {value for value, path in hierarchy.paths.items() if label in path and value in true} for label in core[hierarchy.column]
    }
    inside = sum(stands_for[label] <= values for label in core[hierarchy.column])
    touching = sum(bool(stands_for[label] & values) for label in core[hierarchy.column])
    size = sum(sum(true[value].values()) for value in values)
    assert not few(size - inside)
    assert not few(touching - size)
    labels_of: dict[int, set[str]] = {}
    for group, label in zip(nested.group, core[hierarchy.column], strict=True):
        labels_of.setdefault(group, set()).add(label)
    for code in sorted({code for counted in true.values() for code in counted}):
        shown_inside = shown_or_hidden = 0
        for row in nested.table.iter_rows(named=True):
            labels = labels_of[row["group"]]
            shown_inside += row[flag] == code and all(stands_for[label] <= values for label in labels)
            shown_or_hidden += row[flag] in {code, SUPPRESSED} and any(stands_for[label] & values for label in labels)
        counted = sum(true[value][code] for value in values)
        assert not few(counted - shown_inside)
        assert not few(shown_or_hidden - counted)
