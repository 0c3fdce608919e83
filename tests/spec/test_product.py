"""The three verbs that derive a product from the master table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import polars as pl
import pytest

from anonymize.hierarchy import Hierarchy
from anonymize.policy import load_policy
from anonymize.product import derive
from anonymize.release import pass_gate
from schemas.errors import SpecificationError
from schemas.zones import Anonymous, Pseudonymised

TOP = "suppressed"
CITY = Hierarchy(
    "city",
    {
        "Aba": ("Aba", "Aba county", "north", TOP),
        "Bor": ("Bor", "Bor county", "north", TOP),
        "unknown": ("unknown", "unknown", "unknown", TOP),
    },
)
SEX = Hierarchy("sex", {"f": ("f", TOP), "m": ("m", TOP)})


@pytest.fixture(scope="module")
def master() -> Anonymous:
    """Six classes of twelve persons, one at each level of the city."""
    cities = ["Aba", "Bor county", "north", TOP, "unknown", "Bor"]
    frame = pl.DataFrame(
        {
            "city": [city for city in cities for _ in range(12)],
            "sex": [sex for sex in "fmfmfm" for _ in range(12)],
            "form": ["work", "sex"] * 36,
        }
    )
    return pass_gate(Pseudonymised(frame), quasi=["city", "sex"], sensitive=["form"], policy=load_policy()).anonymous


def derived(
    master: Anonymous,
    columns: Sequence[str] = ("city",),
    coarsen: Mapping[str, int] = MappingProxyType({}),
    filters: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> pl.DataFrame:
    return derive(master, columns=columns, coarsen=coarsen, filters=filters, hierarchies={"city": CITY, "sex": SEX}).frame


def test_choose_keeps_the_columns_in_the_order_asked(master: Anonymous) -> None:
    chosen = derived(master, ("form", "sex"))
    assert chosen.columns == ["form", "sex"]
    assert chosen.height == 72


def test_coarsen_lifts_what_is_finer_and_leaves_what_is_coarser(master: Anonymous) -> None:
    seen = {level: sorted(derived(master, coarsen={"city": level})["city"].unique()) for level in range(4)}
    assert seen == {
        0: ["Aba", "Bor", "Bor county", "north", TOP, "unknown"],
        1: ["Aba county", "Bor county", "north", TOP, "unknown"],
        2: ["north", TOP, "unknown"],
        3: [TOP],
    }


def test_filter_keeps_the_rows_that_show_one_of_the_labels(master: Anonymous) -> None:
    kept = derived(master, ("city", "sex"), filters={"city": ["north", "Bor", "Aba"], "sex": ["f"]})
    assert sorted(kept.unique().rows()) == [("Aba", "f"), ("north", "f")]
    assert derived(master, filters={"city": []}).height == 0


def test_a_filter_sees_the_master_before_it_is_coarsened(master: Anonymous) -> None:
    kept = derived(master, coarsen={"city": 2}, filters={"city": ["Aba"]})
    assert kept["city"].to_list() == ["north"] * 12


def test_only_the_gate_makes_the_result_anonymous(master: Anonymous) -> None:
    result = derive(master, columns=["city"], coarsen={}, filters={}, hierarchies={"city": CITY})
    assert type(result) is Pseudonymised


def test_every_fault_is_told_at_once(master: Anonymous) -> None:
    with pytest.raises(SpecificationError) as caught:
        derived(
            master,
            ("age", "city", "city"),
            coarsen={"form": 1, "city": 4},
            filters={"form": ["work"], "city": ["Atlantis"]},
        )
    assert caught.value.faults == (
        "the master table has no column age",
        "column city is chosen twice",
        "column form cannot be coarsened: it is no quasi-identifier of the master table",
        "column city has levels 0 to 3, not 4",
        "column form cannot be filtered on: it is no quasi-identifier of the master table",
        "the filter on city names 1 label(s) that its hierarchy does not hold",
    )
    with pytest.raises(SpecificationError) as caught:
        derived(master, ())
    assert caught.value.faults == ("no column is chosen",)


def test_a_hierarchy_of_another_master_is_refused(master: Anonymous) -> None:
    with pytest.raises(SpecificationError) as caught:
        derive(master, columns=["sex"], coarsen={"sex": 1}, filters={}, hierarchies={"sex": Hierarchy("sex", {"f": ("f", TOP)})})
    assert caught.value.faults == ("column sex has 36 cell(s) with a label that its hierarchy does not hold",)
