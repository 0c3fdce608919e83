"""What attacks count, counted again person by person and cell by cell."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from person_tables import HIERARCHIES, QUASI, Request, requests

from anonymize.attacks.cells import derived_cells
from anonymize.attacks.holdings import FlagRows, Shown, Truth
from anonymize.attacks.outcome import Limits, Outcome
from anonymize.attacks.running import run_attacks

BY_COLUMN = {hierarchy.column: hierarchy for hierarchy in HIERARCHIES}
NOT_KNOWN = ("unknown", "not_collected", "not_applicable", "suppressed")


@st.composite
def releases(draw: st.DrawFn) -> tuple[Request, pl.DataFrame]:
    """Persons and any labels above their values, a level for each cell: mostly far from k-anonymous."""
    request = draw(requests())
    labels = {}
    for column, hierarchy in BY_COLUMN.items():
        levels = draw(st.lists(st.integers(0, hierarchy.levels - 1), min_size=request.table.height, max_size=request.table.height))
        labels[column] = [hierarchy.paths[value][level] for value, level in zip(request.table[column], levels, strict=True)]
    return request, request.table.with_columns(**{column: pl.Series(cells, dtype=pl.String) for column, cells in labels.items()})


def outcomes(request: Request, labels: pl.DataFrame, senders: pl.Series | None = None) -> dict[tuple[str, str, str], Outcome]:
    shown = Shown("t", labels.select(*QUASI, "form"), tuple(QUASI), ("form",))
    truth = Truth(request.table.select(QUASI), labels.select(*QUASI, "form"), senders)
    verdict = run_attacks([shown], truth, BY_COLUMN, Limits(request.k, strangers=2, likelihood=0.6))
    return {(each.attack, each.table, each.knowledge): each for each in verdict.outcomes}


def may_be(person: dict[str, str], row: dict[str, str]) -> bool:
    return all(row[column] in BY_COLUMN[column].paths[person[column]] for column in QUASI)


@given(releases())
@settings(max_examples=60, deadline=None)
def test_candidates_and_what_they_say(release: tuple[Request, pl.DataFrame]) -> None:
    request, labels = release
    found, rows = outcomes(request, labels), list(labels.iter_rows(named=True))
    base = [row["form"] for row in rows if row["form"] not in NOT_KNOWN]
    linked = single = with_form = certain = likely = 0
    for person, own in zip(request.table.iter_rows(named=True), rows, strict=True):
        candidates = [row for row in rows if may_be(person, row)]
        linked += len(candidates) < request.k
        single += len(candidates) == 1
        with_form += sum(row["form"] == own["form"] for row in candidates) < request.k
        said = [row["form"] for row in candidates if row["form"] not in NOT_KNOWN]
        if own["form"] not in NOT_KNOWN:
            share = said.count(own["form"]) / len(said)
            certain += share == 1
            likely += share == 1 or share > 0.6 >= base.count(own["form"]) / len(base)
    outcome = found["linkage", "t", "all quasi-identifiers"]
    assert (outcome.tried, outcome.succeeded, outcome.certain) == (len(rows), linked, single)
    assert found["linkage", "t", "all quasi-identifiers and form"].succeeded == with_form
    if len(set(base)) > 1:
        outcome = found["likely homogeneity", "t", "all quasi-identifiers, of form"]
        assert (outcome.tried, outcome.succeeded, outcome.certain) == (len(base), likely, certain)


@given(releases(), st.data())
@settings(max_examples=40, deadline=None)
def test_strangers_of_every_contributor(release: tuple[Request, pl.DataFrame], data: st.DataObject) -> None:
    request, labels = release
    sent = data.draw(st.lists(st.sampled_from(["x", "y", "x+y", "z", "x+x"]), min_size=labels.height, max_size=labels.height))
    outcome = outcomes(request, labels, pl.Series(sent))[
        "contributor subtraction", "the finest table", "its own persons, fewer than 2 left"
    ]
    classes: dict[tuple[str, ...], list[set[str]]] = {}
    for row, senders in zip(labels.select(QUASI).iter_rows(), sent, strict=True):
        classes.setdefault(row, []).append(set(senders.split("+")))
    left = [sum(one not in senders for senders in members) for members in classes.values() for one in set().union(*members)]
    assert (outcome.tried, outcome.succeeded) == (len(left), left.count(1))


@given(releases())
@settings(max_examples=40, deadline=None)
def test_every_derivable_cell(release: tuple[Request, pl.DataFrame]) -> None:
    _, labels = release
    tuples = labels.group_by(QUASI).len("persons").sort(QUASI)
    found = {round(count) for counts in derived_cells(tuples, QUASI, BY_COLUMN) for count in np.unique(counts)}
    rows = list(labels.select(QUASI).iter_rows(named=True))
    above = {
        (column, label): {each for path in hierarchy.paths.values() if label in path for each in path[path.index(label) :]}
        for column, hierarchy in BY_COLUMN.items()
        for path in hierarchy.paths.values()
        for label in path
    }
    nodes = {column: sorted({label for path in hierarchy.paths.values() for label in path}) for column, hierarchy in BY_COLUMN.items()}
    expected = set()
    for size in (1, 2, 3):
        for columns in combinations(QUASI, size):
            for cell in product(*(nodes[column] for column in columns)):
                asked = list(zip(columns, cell, strict=True))
                expected.add(sum(all(node in above[column, row[column]] for column, node in asked) for row in rows))
                expected.add(
                    sum(
                        all(node in above[column, row[column]] or row[column] in above[column, node] for column, node in asked)
                        for row in rows
                    )
                )
    assert found - {0} == expected - {0}


@given(st.data(), st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_persons_with_any_known_flags(data: st.DataObject, k: int) -> None:
    persons = data.draw(st.lists(st.tuples(st.integers(1, 2), *[st.sampled_from("01?")] * 4), min_size=2, max_size=30))
    hidden = data.draw(st.lists(st.tuples(*[st.booleans()] * 4), min_size=len(persons), max_size=len(persons)))
    true = pl.DataFrame(persons, schema={"group": pl.Int64} | dict.fromkeys("abcd", pl.String), orient="row")
    shown = [
        (group, *("*" if hide else flag for flag, hide in zip(flags, hides, strict=True)))
        for (group, *flags), hides in zip(persons, hidden, strict=True)
    ]
    table = pl.DataFrame(shown, schema=true.schema, orient="row")
    numbers = pl.Series(range(len(persons)))
    rows = FlagRows(table, "group", tuple("abcd"), true, numbers, true["group"], numbers, hidden=("*",), absent=("?",))
    plain = pl.DataFrame({"sex": ["f", "m"] * 5})
    verdict = run_attacks([Shown("t", plain, ("sex",), ())], Truth(plain, plain), BY_COLUMN, Limits(k), flags=rows)
    found = {each.knowledge: each.succeeded for each in verdict.outcomes if each.attack == "linkage by flags"}
    for width in (1, 2, 3):
        exposed = 0
        for group, *flags in persons:
            counts = [
                sum(row[0] == group and all(row[1 + place] in ("*", flags[place]) for place in chosen) for row in shown)
                for chosen in combinations([place for place in range(4) if flags[place] != "?"], width)
            ]
            exposed += any(0 < count < k for count in counts)
        assert found.get(f"any {width} flag(s)", 0) == exposed
