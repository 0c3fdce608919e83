"""One level a column: equal to trying every choice of levels, and what holds of every result."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from person_tables import HIERARCHIES, QUASI, SENSITIVE, Request, requests

from anonymize.conditions import Conditions, Contributors, Diversity
from anonymize.search.lattice import Look, find_cheapest
from anonymize.uniform import generalize_uniformly

EXAMPLES = settings(max_examples=120, deadline=None)
UNKNOWN = {"unknown", "not_collected", "not_applicable", "suppressed"}
Labels = tuple[str, ...]


@st.composite
def conditions(draw: st.DrawFn, k: int) -> Conditions:
    """Each condition by itself, and together with others."""
    fields = tuple(
        Diversity(
            field,
            distinct=draw(st.integers(1, 2)),
            entropy=draw(st.sampled_from([1.0, 1.0, 1.3, 1.8])),
            closeness=draw(st.sampled_from([1.0, 1.0, 0.5, 0.25])),
        )
        for field in SENSITIVE
        if draw(st.booleans())
    )
    contributors = Contributors("sender", least=draw(st.integers(2, 3)), separator="+") if draw(st.booleans()) else None
    return Conditions(k, fields, contributors)


def reachable(table: pl.DataFrame, asked: Conditions) -> Conditions:
    """Without what the whole table has too few known values for."""
    fields = []
    for each in asked.sensitive:
        counts = Counter(value for value in table[each.field] if value not in UNKNOWN).values()
        diversity = math.exp(-sum(count / sum(counts) * math.log(count / sum(counts)) for count in counts)) if counts else 0
        fields.append(
            replace(
                each,
                distinct=each.distinct if len(counts) >= each.distinct else 1,
                entropy=each.entropy if diversity >= each.entropy - 1e-8 else 1.0,
            )
        )
    return replace(asked, sensitive=tuple(fields))


def keeps(rows: Sequence[int], table: pl.DataFrame, asked: Conditions) -> bool:
    """The conditions said once more, over the rows of one class."""
    if len(rows) < asked.k:
        return False
    for each in asked.sensitive:
        here = Counter(value for value in table[each.field][rows] if value not in UNKNOWN)
        everywhere = Counter(value for value in table[each.field] if value not in UNKNOWN)
        known, all_known = sum(here.values()), sum(everywhere.values())
        entropy = -sum(count / known * math.log(count / known) for count in here.values())
        if len(here) < each.distinct or math.exp(entropy) < each.entropy - 1e-8:
            return False
        if each.closeness < 1 and known:  # a class without a known value tells nothing of the field
            apart = sum(abs(here[value] / known - count / all_known) for value, count in everywhere.items()) / 2
            if apart > each.closeness + 1e-8:
                return False
    if asked.contributors:
        # Every contributor of the table: to one that sent nobody of a class all of it are strangers.
        senders = [set(cell.split("+")) for cell in table["sender"]]
        left = [sum(name not in senders[row] for row in rows) for name in set[str]().union(*senders)]
        return all(count == 0 or count >= asked.contributors.least for count in left)
    return True


def least_loss(table: pl.DataFrame, asked: Conditions, limit: float) -> float:
    """The least loss of all choices of levels, each tried: who is suppressed is said in `anonymize.search.uniform`."""
    paths = {hierarchy.column: hierarchy.paths for hierarchy in HIERARCHIES}
    best = math.inf
    for levels in itertools.product(*(range(hierarchy.levels) for hierarchy in HIERARCHIES)):
        price = {
            column: {value: _penalty(table[column], paths[column], value, level) for value in set(table[column])}
            for column, level in zip(QUASI, levels, strict=True)
        }
        cost = [sum(price[column][value] for column, value in zip(QUASI, row, strict=True)) for row in table.select(QUASI).iter_rows()]
        hidden = sum(table[column].n_unique() > 1 for column in QUASI)
        classes: dict[Labels, list[int]] = defaultdict(list)
        for row, values in enumerate(table.select(QUASI).iter_rows()):
            classes[tuple(paths[column][value][level] for column, value, level in zip(QUASI, values, levels, strict=True))].append(row)
        kept = [rows for rows in classes.values() if keeps(rows, table, asked)]
        lost = [row for rows in classes.values() if rows not in kept for row in rows]
        mends: list[list[int]] = [[]] if not lost or keeps(lost, table, asked) else [m for m in kept if keeps(lost + m, table, asked)]
        for more in mends:
            if len(lost) + len(more) <= int(limit * table.height + 1e-9):
                suppressed = {*lost, *more}
                best = min(best, sum(hidden if row in suppressed else cost[row] for row in range(table.height)))
    return best


def _penalty(column: pl.Series, paths: dict[str, Labels], value: str, level: int) -> float:
    values = set(column)
    return (sum(paths[each][level] == paths[value][level] for each in values) - 1) / max(len(values) - 1, 1)


def loss_of(before: pl.DataFrame, after: pl.DataFrame) -> float:
    """Iyengar's loss summed over the cells, from the two tables alone."""
    total = 0.0
    for hierarchy in HIERARCHIES:
        values = set(before[hierarchy.column])
        for label in after[hierarchy.column]:
            total += (sum(label in hierarchy.paths[value] for value in values) - 1) / max(len(values) - 1, 1)
    return total


@EXAMPLES
@given(requests(smallest=4), st.data(), st.sampled_from([0.0, 0.1, 0.3]))
def test_no_choice_of_levels_loses_less(request: Request, data: st.DataObject, limit: float) -> None:
    senders = data.draw(
        st.lists(st.sampled_from(["a", "a", "b", "a+b", "c"]), min_size=request.table.height, max_size=request.table.height)
    )
    table = request.table.with_columns(pl.Series("sender", senders, dtype=pl.String))
    asked = data.draw(conditions(request.k))
    assume(not asked.contributors or keeps(range(table.height), table, replace(asked, sensitive=())))
    found = generalize_uniformly(table, HIERARCHIES, asked, suppression_limit=limit)
    asked = reachable(table, asked)
    assert abs(loss_of(table, found.table) - least_loss(table, asked, limit)) < 1e-6
    assert found.table.drop(QUASI).equals(table.drop(QUASI))


@st.composite
def lattices(draw: st.DrawFn) -> tuple[list[list[int]], dict[tuple[int, ...], float | None], dict[tuple[int, ...], float]]:
    """Prices that rise with the height; what each choice costs above its prices, None where it is not allowed; true floors under that."""
    tops = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    steps = [draw(st.lists(st.integers(0, 5), min_size=top, max_size=top)) for top in tops]
    prices = [[sum(each[:height]) for height in range(len(each) + 1)] for each in steps]
    choices = list(itertools.product(*(range(top + 1) for top in tops)))
    least = draw(st.lists(st.sampled_from(choices), max_size=4))
    more: dict[tuple[int, ...], float | None] = {}
    for choice in choices:
        is_above = choice == tuple(tops) or any(all(map(int.__ge__, choice, low)) for low in least)
        more[choice] = float(draw(st.integers(0, 4))) if is_above else None
    floors = {}
    for choice in choices:
        below = [extra for low, extra in more.items() if extra is not None and all(map(int.__le__, low, choice))]
        floors[choice] = min(below) * draw(st.sampled_from([0.0, 0.5, 1.0])) if below else math.inf
    return prices, more, floors


@EXAMPLES
@given(lattices())
def test_the_search_over_choices_finds_what_trying_them_all_finds(
    lattice: tuple[list[list[int]], dict[tuple[int, ...], float | None], dict[tuple[int, ...], float]],
) -> None:
    prices, more, floors = lattice
    heights = max(map(len, prices))
    table = np.array([[*map(float, each), *[math.inf] * (heights - len(each))] for each in prices])
    losses = {choice: sum(prices[column][height] for column, height in enumerate(choice)) for choice in more}

    def look(choice: tuple[int, ...]) -> Look:
        extra = more[choice]
        return Look(
            math.inf if extra is None else losses[choice] + extra, extra is not None, floors[choice], np.where(np.isinf(table), 0, table)
        )

    least = min(losses[choice] + extra for choice, extra in more.items() if extra is not None)
    found = find_cheapest(table, [len(each) - 1 for each in prices], look, most_looks=1_000)
    assert (found.loss, found.bound) == (least, least)
    assert found.looks <= len(more)
    ended = find_cheapest(table, [len(each) - 1 for each in prices], look, most_looks=2)
    assert ended.bound <= least <= ended.loss


def test_the_bound_of_some_choices_is_not_taken_for_that_of_others() -> None:
    """Nothing below (1, 1, 0) costs less than 3, but (0, 0, 1) is not below it and costs 2; the search once stopped at 3."""
    prices = [[0, 2, 2, 5], [0, 1], [0, 2, 2, 4]]
    more: dict[tuple[int, ...], float | None] = {}
    for choice in itertools.product(range(4), range(2), range(4)):
        is_allowed = choice[2] >= 1 or (choice[0] >= 2 and choice[1] == 1)
        more[choice] = 3.0 if choice == (1, 1, 0) else 0.0 if is_allowed else None
    floors = {
        choice: min((extra for low, extra in more.items() if extra is not None and all(map(int.__le__, low, choice))), default=math.inf)
        for choice in more
    }
    test_the_search_over_choices_finds_what_trying_them_all_finds.hypothesis.inner_test((prices, more, floors))  # type: ignore[attr-defined]
