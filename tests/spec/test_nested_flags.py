"""Many flags beside few quasi-identifiers: groups of classes, what is suppressed in them, and which totals may stand beside them."""

from __future__ import annotations

import polars as pl
import pytest

from anonymize.conditions import Contributors
from anonymize.flags.nesting import nest_flags
from anonymize.flags.spec import FlagSpec
from anonymize.flags.totals import count_totals
from anonymize.hierarchy import Hierarchy
from anonymize.risk import combinations
from schemas.errors import SpecificationError
from schemas.missing import SUPPRESSED

YEARS = Hierarchy("year", {year: (year, SUPPRESSED) for year in ("2019", "2020", "2021", "2022")})


@pytest.fixture(autouse=True)
def _plain_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def core_of(**persons: int) -> pl.DataFrame:
    return pl.DataFrame({"year": [year.removeprefix("y") for year, count in persons.items() for _ in range(count)]})


def flags_of(*rows: tuple[int, str, str]) -> pl.DataFrame:
    """Rows as (how many persons, debt, threats)."""
    cells = [(debt, threats) for count, debt, threats in rows for _ in range(count)]
    return pl.DataFrame(cells, schema=["debt", "threats"], orient="row")


def spec(**changes: object) -> FlagSpec:
    return FlagSpec(**{"columns": ("debt", "threats"), "k": 3, "group": 6, "unknown": ("unknown",)} | changes)  # type: ignore[arg-type]


def test_groups_are_unions_of_neighbouring_classes() -> None:
    core = core_of(y2019=4, y2020=4, y2021=4, y2022=4)
    nested = nest_flags(core, flags_of((16, "yes", "no")), spec(), [YEARS])
    assert core.with_columns(nested.group).unique(maintain_order=True).rows() == [("2019", 1), ("2020", 1), ("2021", 2), ("2022", 2)]


def test_columns_without_hierarchy_follow_the_alphabet() -> None:
    core = core_of(y2021=4, y2019=4, y2022=4, y2020=4)
    nested = nest_flags(core, flags_of((16, "yes", "no")), spec())
    assert core.with_columns(nested.group).unique(maintain_order=True).rows() == [("2021", 2), ("2019", 1), ("2022", 2), ("2020", 1)]


def test_a_flag_of_too_few_persons_of_a_group_is_suppressed_and_hides_among_k() -> None:
    nested = nest_flags(core_of(y2020=8), flags_of((2, "yes", "unknown"), (4, "no", "unknown"), (2, "unknown", "unknown")), spec())
    # Two who say yes are too few to be shown, and two suppressed cells would still point at them: a missing cell is suppressed too.
    assert nested.table.group_by("debt").len().sort("debt").rows() == [("no", 4), (SUPPRESSED, 3), ("unknown", 1)]
    assert [(each.known, each.suppressed, each.present, each.present_suppressed) for each in nested.lost] == [(6, 2, 2, 2), (0, 0, 0, 0)]
    assert nested.share_of_present_lost == 1


def test_two_known_flags_together_point_at_none_or_at_k_rows() -> None:
    flags = flags_of((2, "yes", "yes"), (6, "yes", "no"), (6, "no", "yes"))
    nested = nest_flags(core_of(y2020=14), flags, spec())
    assert "yes,yes" not in nested.table.select(pl.concat_str("debt", "threats", separator=","))["debt"].to_list()
    assert sum(each.present_suppressed for each in nested.lost) <= 3
    assert all(
        each.violations == 0
        for each in combinations(nested.table, group="group", flags=["debt", "threats"], width=2, k=3, known=("yes", "no"))
    )


def test_one_known_flag_asks_for_less() -> None:
    flags = flags_of((2, "yes", "yes"), (6, "yes", "no"), (6, "no", "yes"))
    assert nest_flags(core_of(y2020=14), flags, spec(width=1)).share_of_present_lost == 0


def test_known_values_are_suppressed_where_too_few_are_missing() -> None:
    nested = nest_flags(core_of(y2020=6), flags_of((2, "yes", "yes"), (4, "no", "no")), spec())
    assert SUPPRESSED in nested.table["debt"].to_list()
    assert all(
        each.violations == 0
        for each in combinations(nested.table, group="group", flags=["debt", "threats"], width=2, k=3, known=("yes", "no"))
    )


def test_the_machine_code_gives_what_the_plain_functions_give(monkeypatch: pytest.MonkeyPatch) -> None:
    core, flags = core_of(y2020=12, y2021=9), flags_of((2, "yes", "yes"), (9, "no", "yes"), (5, "unknown", "no"), (5, "yes", "unknown"))
    plain = nest_flags(core, flags, spec())
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    assert nest_flags(core, flags, spec()).table.equals(plain.table)


def test_every_fault_of_a_request_at_once() -> None:
    core = pl.DataFrame({"year": ["2020"] * 5, "debt": ["a"] * 5})
    flags = pl.DataFrame({"debt": ["yes"] * 4, "threats": [None, "yes", "odd", SUPPRESSED], "count": [1] * 4})
    asked = FlagSpec(("debt", "threats", "count", "gone", "gone"), k=1, group=0, width=4, known=("yes", "no"))
    with pytest.raises(SpecificationError) as refused:
        nest_flags(core, flags, asked)
    text = str(refused.value)
    for fault in ("5 row(s)", "k is 1", "a group of 0", "width is 4", "or one twice", "debt is one of the core", "no column gone"):
        assert fault in text
    assert "column count is not text" in text
    assert "threats has 1 null" in text
    with pytest.raises(SpecificationError) as refused:
        nest_flags(core_of(y2020=4), flags.with_columns(pl.col("threats").fill_null("yes")), spec(known=("yes", "no")))
    text = str(refused.value)
    assert "more than the 4" in text
    assert "threats has 1 cell(s) that are suppressed already" in text
    with pytest.raises(SpecificationError, match="neither known nor missing") as refused:
        nest_flags(core_of(y2020=6), flags_of((3, "yes", "odd"), (3, "no", "yes")), spec(known=("yes", "no")))
    assert "odd" not in str(refused.value)


def counted(original: pl.DataFrame, core: pl.DataFrame, flags: pl.DataFrame, group: int = 6) -> list[tuple[object, ...]]:
    nested = nest_flags(core, flags, spec(group=group), [YEARS])
    return count_totals(original, core, flags, nested, [YEARS], spec()).rows()


def test_totals_are_told_in_all_and_by_each_value() -> None:
    core, flags = core_of(y2019=6, y2020=8), flags_of((6, "yes", "unknown"), (4, "yes", "unknown"), (4, "no", "unknown"))
    assert [row for row in counted(core, core, flags) if row[0] == "debt"] == [
        ("debt", "no", "all", "all", 4),
        ("debt", "no", "year", "2020", 4),
        ("debt", "yes", "all", "all", 10),
        ("debt", "yes", "year", "2019", 6),
        ("debt", "yes", "year", "2020", 4),
    ]


def test_a_value_with_few_persons_is_told_in_one_sum_with_others() -> None:
    core, flags = (
        core_of(y2019=6, y2020=8, y2021=12),
        flags_of((2, "yes", "no"), (4, "no", "no"), (8, "yes", "no"), (6, "yes", "no"), (6, "no", "no")),
    )
    rows = [row for row in counted(core, core, flags, group=12) if row[0] == "debt" and row[2] == "year"]
    assert {row[3] for row in rows} == {"2021", SUPPRESSED}


def test_a_flag_of_few_persons_in_all_is_not_told() -> None:
    core, flags = core_of(y2019=6, y2020=8), flags_of((2, "yes", "no"), (12, "no", "no"))
    assert {row[0] for row in counted(core, core, flags)} == {"threats"}


def test_the_size_of_a_value_is_withheld_where_the_core_hides_few_of_it_under_a_coarser_label() -> None:
    original, flags = core_of(y2019=8, y2020=8), flags_of((16, "yes", "no"))
    core = original.with_columns(year=pl.Series(["2019"] * 6 + [SUPPRESSED] * 2 + [SUPPRESSED] * 8))
    assert {row[2] for row in counted(original, core, flags)} == {"all"}


def test_a_count_of_which_a_contributor_could_subtract_all_but_few_is_told_with_others_or_not_at_all() -> None:
    core, flags = core_of(y2019=6, y2020=8), flags_of((6, "yes", "no"), (8, "yes", "no"))
    nested = nest_flags(core, flags, spec(group=6), [YEARS])

    def told(*sent: str) -> set[object]:
        original = core.with_columns(partner=pl.Series(sent))
        totals = count_totals(original, core, flags, nested, [YEARS], spec(), contributors=Contributors("partner", 2, "+"))
        return {row[3] for row in totals.rows() if row[0] == "debt"}

    assert told(*["a"] * 4, *["b"] * 2, *["a"] * 4, *["b"] * 4) == {"all", "2019", "2020"}
    assert told(*["a"] * 5, "a+b", *["a"] * 4, *["b"] * 4) == {"all", "2019", "2020"}
    assert told(*["a"] * 5, "b", *["a"] * 4, *["b"] * 4) == {"all"}
    assert told(*["a"] * 13, "b") == set()
    original = core.with_columns(partner=pl.Series(["a+b"] * 13 + ["c"]))
    assert not count_totals(original, core, flags, nested, [YEARS], spec(), contributors=Contributors("partner", 1)).is_empty()
