"""The measures of risk and loss against the same figures computed another way, in plain Python."""

from __future__ import annotations

import importlib.util
from collections import Counter, defaultdict
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from person_tables import HIERARCHIES, QUASI, SENSITIVE, Request, requests

from anonymize.conditions import Conditions
from anonymize.generalize import generalize
from anonymize.hierarchy import Hierarchy
from anonymize.risk import loss, measure

BENCH = Path(__file__).resolve().parents[2] / ".." / "shared" / "bench" / "anonymize"
NOT_KNOWN = {"unknown", "not_collected", "not_applicable", "suppressed"}
EXAMPLES = settings(max_examples=60, deadline=None)
CELLS = {
    "place": ["a", "b", "suppressed", "unknown"],
    "form": ["work", "sex", *sorted(NOT_KNOWN)],
    "means": ["debt", "force", "unknown"],
}
QUASI_CHOICES: list[list[str]] = [[], ["place"], ["cohort", "place"]]


@st.composite
def published(draw: st.DrawFn) -> pl.DataFrame:
    rows = draw(st.lists(st.tuples(*(st.sampled_from(values) for values in CELLS.values()), st.integers(1, 2)), max_size=30))
    return pl.DataFrame(rows, schema=dict.fromkeys(CELLS, pl.String) | {"cohort": pl.Int64}, orient="row")


@EXAMPLES
@given(published(), st.sampled_from(QUASI_CHOICES))
def test_measures_agree_with_a_count_by_hand(table: pl.DataFrame, quasi: list[str]) -> None:
    members: dict[tuple[str | int, ...], list[tuple[str, str]]] = defaultdict(list)
    for row in table.iter_rows(named=True):
        members[tuple(row[column] for column in quasi)].append((row["form"], row["means"]))
    telling = {field: [name for name, rows in members.items() if len({row[field] for row in rows} - NOT_KNOWN) == 1] for field in (0, 1)}
    homogeneous = {*telling[0], *telling[1]}
    found = measure(table, quasi=quasi, sensitive=["form", "means"])
    assert found.persons == table.height
    assert found.classes == len(members)
    assert found.smallest_class == min(map(len, members.values()), default=0)
    assert found.homogeneous_classes == len(homogeneous)
    assert found.homogeneous_share == pytest.approx(len(homogeneous) / max(len(members), 1))
    assert found.homogeneous_persons_share == pytest.approx(sum(len(members[name]) for name in homogeneous) / max(table.height, 1))
    assert [(each.field, each.classes, each.persons) for each in found.homogeneous_by_field] == [
        (name, len(telling[field]), sum(len(members[each]) for each in telling[field])) for field, name in enumerate(["form", "means"])
    ]
    labels = ["place"] if "place" in quasi else []
    assert found.cells == table.height * len(labels)
    assert found.suppressed_cells == Counter(table["place"].to_list())["suppressed"] * len(labels)
    assert found.prosecutor_risk_max == (1 / found.smallest_class if table.height else 0)


@EXAMPLES
@given(requests(), st.floats(0.5, 4))
def test_loss_agrees_with_a_sum_over_cells(request: Request, weight: float) -> None:
    result = generalize(request.table, HIERARCHIES, Conditions.with_distinct_values(request.k, request.l, SENSITIVE)).table
    by_column = []
    for hierarchy in HIERARCHIES:
        before, after = request.table[hierarchy.column].to_list(), result[hierarchy.column].to_list()
        domain = set(before)
        under = [sum(label in hierarchy.paths[value] for value in domain) for label in after]
        by_column.append(sum((width - 1) / max(len(domain) - 1, 1) for width in under) / len(after))
    found = loss(request.table, result, HIERARCHIES, {"place": weight})
    assert [name for name, _ in found.by_column] == QUASI
    assert [cost for _, cost in found.by_column] == pytest.approx(by_column)
    assert found.mean == pytest.approx((weight * by_column[0] + by_column[1] + by_column[2]) / (weight + 2))


@pytest.mark.skipif(not BENCH.is_dir(), reason="the peers' benchmark data is not beside this checkout")
def test_loss_and_classes_agree_with_the_benchmark_scorer_on_adult() -> None:
    spec = importlib.util.spec_from_file_location("utility", BENCH / "utility.py")
    assert spec is not None
    assert spec.loader is not None
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    columns = ["sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation", "salary-class"]
    prefix = f"{BENCH}/adult_hierarchy_"
    table = pl.read_csv(BENCH / "adult.csv", separator=";", infer_schema=False).select(columns)
    hierarchies = []
    for column in columns:
        paths = [line.split(";") for line in Path(f"{prefix}{column}.csv").read_text().splitlines()]
        hierarchies.append(Hierarchy(column, {path[0]: (*path[:-1], "suppressed") for path in paths}))
    result = generalize(table, hierarchies, Conditions.with_distinct_values(5, 1, [])).table
    score = scorer.score(table, result.with_columns(pl.all().replace("suppressed", "*")), prefix, 5, columns)
    found, cost = measure(result, quasi=columns, sensitive=[]), loss(table, result, hierarchies)
    assert score["ok"]
    assert cost.mean == pytest.approx(score["loss"], abs=1e-4)
    assert dict(cost.by_column) == pytest.approx(score["per_column"], abs=1e-4)
    assert found.smallest_class == score["smallest_class"]
    assert cost.mean <= 0.066
