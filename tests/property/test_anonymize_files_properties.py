"""Any table in a file, any hierarchies, any k: what `anonymize_file` writes keeps what it promises, counted another way."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymize.conditions import Conditions, Contributors, Diversity
from anonymize.files.coding import Domain, code, tuples_of_rows
from anonymize.files.request import Request
from anonymize.files.source import open_source
from pipelines.anonymizing import anonymize_file

QUASI = ('a "quoted"; name', "persons")
VALUES = ("", "l'eau", "x;y", 'a "b"', "línea\nnueva", "NA", "ж")
FOLDED = {value: "even" if at % 2 else "odd" for at, value in enumerate(VALUES)}

rows = st.lists(
    st.tuples(
        st.sampled_from(VALUES),
        st.sampled_from(VALUES),
        st.sampled_from(["yes", "no", "NA", None]),
        st.sampled_from(["north", "south", "north+south"]),
        st.one_of(st.none(), st.integers(0, 2)),
    ),
    min_size=6,
    max_size=40,
)


def quiet(doing: str, share: float) -> None:
    assert doing
    assert 0 <= share <= 1


def prepared(folder: Path, persons: list[tuple[object, ...]]) -> pl.DataFrame:
    """The table and its hierarchies in a folder; every value, its half, `*`."""
    schema = {QUASI[0]: pl.String, QUASI[1]: pl.String, "w0": pl.String, "content": pl.String, "when": pl.Int64}
    table = pl.DataFrame(persons, schema=schema, orient="row").with_columns(pl.from_epoch(pl.col("when"), time_unit="d"))
    table.write_parquet(folder / "in.parquet")
    for column in QUASI:
        with (folder / f"above_{column}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([value, half, "*"] for value, half in FOLDED.items())
    return table


@settings(max_examples=30, deadline=None)
@given(persons=rows, k=st.integers(2, 6), seed=st.randoms(use_true_random=False), is_shuffled=st.booleans())
def test_every_promise_is_kept_for_any_table(persons: list[tuple[object, ...]], k: int, seed: object, is_shuffled: bool) -> None:
    conditions = Conditions(k, (Diversity("w0", distinct=2),))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        table = prepared(folder, persons)
        files = (folder / "in.parquet", folder / "out.parquet", f"{folder}/above_")
        request = Request(*files, QUASI, conditions, is_shuffled=is_shuffled, waivable=("w0",))
        outcome = anonymize_file(request, quiet)
        published = pl.read_parquet(folder / "out.parquet")
        seed.shuffle(persons)  # type: ignore[attr-defined]
        prepared(folder, persons)
        anonymize_file(request, quiet)
        again = pl.read_parquet(folder / "out.parquet")
    assert published.columns == table.columns
    assert published.schema == table.schema
    assert sorted(map(str, published.rows())) == sorted(map(str, again.rows())), "the order of the input does not matter"
    assert not is_shuffled or published.equals(again)
    untouched = table.drop(QUASI)
    assert Counter(published.drop(QUASI).rows()) == Counter(untouched.rows())
    if not is_shuffled:
        assert published.drop(QUASI).equals(untouched)
        for column in QUASI:
            covered = [label in (None, value, FOLDED[value]) for value, label in zip(table[column], published[column], strict=True)]
            assert all(covered)
    classes = published.group_by(QUASI).agg(pl.len(), pl.col("w0").filter(pl.col("w0").is_in(["yes", "no"])).n_unique().alias("known"))
    assert min(classes["len"]) >= k
    assert outcome.waived == ("w0",) or min(classes["known"]) == 2
    assert outcome.after.smallest_class == min(classes["len"])
    assert 0 <= outcome.loss <= 1


@settings(max_examples=15, deadline=None)
@given(persons=rows, least=st.integers(1, 3))
def test_strangers_are_left_by_every_contributor(persons: list[tuple[object, ...]], least: int) -> None:
    mixed = [*persons, *[("", "", "yes", "north", 0)] * 3, *[("", "", "yes", "south", 0)] * 3]
    conditions = Conditions(2, contributors=Contributors("content", least, "+"))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        table = prepared(folder, mixed)
        request = Request(folder / "in.parquet", folder / "out.parquet", f"{folder}/above_", QUASI, conditions)
        outcome = anonymize_file(request, quiet, explains=True)
        published = pl.read_parquet(folder / "out.parquet")
    assert "content" not in published.columns
    senders = published.with_columns(table["content"].str.split("+"))
    for name in ("north", "south"):
        left = senders.group_by(QUASI).agg((~pl.col("content").list.contains(name)).sum().alias("left"))["left"].to_list()
        assert [number for number in left if 0 < number < least] == []
    assert 0 <= outcome.costs[0].loss_without <= 1


@pytest.mark.parametrize("values", [2, 60_000])
def test_a_key_is_one_number_or_several_and_means_the_same(values: int, tmp_path: Path) -> None:
    """Six columns of 60,000 possible values are more than 64 bits."""
    rng = np.random.default_rng(5)
    domains = [Domain(f"c{at}", tuple(f"v{number}" for number in range(values))) for at in range(6)]
    drawn = rng.integers(0, 2, (500, 6)) * (values - 1)
    table = pl.DataFrame({domain.column: [domain.values[number] for number in drawn[:, at]] for at, domain in enumerate(domains)})
    table = table.with_columns(pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("stranger")).otherwise("c5").alias("c5"), more=pl.lit("x"))
    table.write_parquet(tmp_path / "in.parquet")
    expected = Counter(table.select(domain.column for domain in domains).rows())
    with open_source(tmp_path / "in.parquet", spill=tmp_path) as source:
        coded = code(source, domains, ["more"])
        tuples = np.concatenate([numbers for numbers, _ in tuples_of_rows(source, coded)])
    named = [[*domain.values, "stranger"] for domain in domains]
    cells = list(zip(*([labels[number] for number in codes] for labels, codes in zip(named, coded.codes, strict=True)), strict=True))
    assert dict(zip(cells, coded.persons.tolist(), strict=True)) == expected
    assert [cells[number] for number in tuples] == table.select(domain.column for domain in domains).rows()
