"""A set label says which values it stands for, whatever they look like."""

from __future__ import annotations

from itertools import product

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymize.value_sets import loss_of_sets, members_of, set_label
from schemas.vocabulary import SUPPRESSED

VALUES = st.text(alphabet='ab{}," \n', max_size=4)


@given(st.sets(VALUES, min_size=1, max_size=5))
def test_the_values_come_back_sorted(values: set[str]) -> None:
    assert members_of(set_label(values, domain=99)) == tuple(sorted(values))


def test_no_two_sets_look_alike() -> None:
    values = ["".join(letters) for length in range(3) for letters in product('a{}," ', repeat=length)]
    sets = [{value} for value in values] + [{one, other} for one, other in product(values, repeat=2) if one < other]
    assert len({set_label(each, domain=99) for each in sets}) == len(sets)


@pytest.mark.parametrize(
    ("values", "domain", "label"),
    [
        ({"20"}, 3, "20"),
        ({"25", "21", "20"}, 4, "{20, 21, 25}"),
        ({"20", "21", "25"}, 3, SUPPRESSED),
        ({"20"}, 1, "20"),
        ({"Korea, North", "Peru"}, 3, '{"Korea, North", Peru}'),
        ({'say "no"'}, 3, '{"say ""no"""}'),
        ({""}, 3, '{""}'),
    ],
)
def test_the_label_of_some_values(values: set[str], domain: int, label: str) -> None:
    assert set_label(values, domain) == label


def test_the_loss_counts_the_values_a_cell_may_hide() -> None:
    published = pl.Series(["20", "{20, 21}", "{20, 21, 25}", SUPPRESSED, None])
    assert loss_of_sets(published, domain=5) == pytest.approx((0 + 0.25 + 0.5 + 1 + 1) / 5)


def test_a_column_of_one_value_loses_nothing() -> None:
    assert loss_of_sets(pl.Series(["20", "20"]), domain=1) == 0
    assert loss_of_sets(pl.Series([], dtype=pl.String), domain=1) == 0
