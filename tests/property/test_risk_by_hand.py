"""Every figure of the measures on small tables, against the definition counted out in plain Python, person by person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import combinations, product
from math import exp, log

import polars as pl
import pytest
from published_cases import HIERARCHIES, LABELLED, Case, case_of

from anonymize import risk

NOT_KNOWN = {"unknown", "not_collected", "not_applicable", "suppressed"}
Row = dict[str, str]


def rows_of(frame: pl.DataFrame) -> list[Row]:
    return [{name: "suppressed" if cell is None else str(cell) for name, cell in row.items()} for row in frame.iter_rows(named=True)]


def classes_of(rows: list[Row], quasi: list[str]) -> list[list[Row]]:
    members = defaultdict(list)
    for row in rows:
        members[tuple(row[column] for column in quasi)].append(row)
    return list(members.values())


def shares(values: list[str]) -> dict[str, float]:
    return {value: rows / len(values) for value, rows in Counter(values).items()}


def sizes_uniques_and_discernibility(case: Case) -> None:
    rows = rows_of(case.published)
    classes = classes_of(rows, case.quasi)
    found = risk.measure(case.published, quasi=case.quasi, sensitive=[])
    assert risk.class_sizes(case.published, case.quasi).rows() == sorted(Counter(map(len, classes)).items())
    assert (found.persons, found.classes, found.smallest_class) == (len(rows), len(classes), min(map(len, classes), default=0))
    assert found.prosecutor_risk_max == (1 / found.smallest_class if rows else 0)
    assert found.uniques == sum(len(members) == 1 for members in classes)
    assert found.average_class(case.limit) == pytest.approx(len(rows) / len(classes) / case.limit if rows else 0)
    labels = [column for column in case.quasi if column != "cohort"]
    assert found.cells == len(rows) * len(labels)
    assert found.suppressed_cells == sum(row[column] == "suppressed" for row in rows for column in labels)
    hidden = [bool(labels) and all(row[column] == "suppressed" for column in labels) for members in classes for row in members]
    alike = [len(members) for members in classes for _ in members]
    assert found.discernibility == sum(len(rows) if is_hidden else many for is_hidden, many in zip(hidden, alike, strict=True))


def homogeneity(case: Case) -> None:
    rows = rows_of(case.published)
    classes = classes_of(rows, case.quasi)
    found = risk.measure(case.published, quasi=case.quasi, sensitive=case.sensitive)
    telling = [[members for members in classes if len({row[field] for row in members} - NOT_KNOWN) == 1] for field in case.sensitive]
    persons = [sum(map(len, each)) for each in telling]
    assert [(each.field, each.classes, each.persons) for each in found.homogeneous_by_field] == [
        (field, len(each), many) for field, each, many in zip(case.sensitive, telling, persons, strict=True)
    ]
    in_any = [members for members in classes if any(members in each for each in telling)]
    assert found.homogeneous_classes == len(in_any)
    assert found.homogeneous_share == pytest.approx(len(in_any) / max(len(classes), 1))
    assert found.homogeneous_persons_share == pytest.approx(sum(map(len, in_any)) / max(len(rows), 1))


def diversity(case: Case) -> None:
    rows = rows_of(case.published)
    classes = classes_of(rows, case.quasi)
    for found in risk.measure(case.published, quasi=case.quasi, sensitive=case.sensitive).diversity_by_field:
        known = [[row[found.field] for row in members if row[found.field] not in NOT_KNOWN] for members in classes]
        told = [values for values in known if values]
        whole = shares([value for values in told for value in values])
        entropies = [exp(-sum(share * log(share) for share in shares(values).values())) for values in told]
        distances = [sum(abs(shares(values).get(value, 0) - share) for value, share in whole.items()) / 2 for values in told]
        assert found.distinct == min((len(set(values)) for values in told), default=0)
        assert found.entropy == pytest.approx(min(entropies, default=0))
        assert found.farthest == pytest.approx(max(distances, default=0))
        assert found.classes_without == len(classes) - len(told)
        assert found.of_table_distinct == len(whole)
        assert found.of_table_entropy == pytest.approx(exp(-sum(share * log(share) for share in whole.values())) if whole else 0)


def strangers(case: Case) -> None:
    left = []
    for members in classes_of(rows_of(case.published), case.quasi):
        senders = [set(row["contributor"].split(case.separator)) - {""} if case.separator else {row["contributor"]} for row in members]
        left.append([sum(name not in each for each in senders) for name in set().union(*senders)])
    found = risk.strangers(
        case.published, quasi=case.quasi, contributors=case.published["contributor"], least=case.limit, separator=case.separator
    )
    assert found.smallest == min((each for remainders in left for each in remainders if each), default=0)
    assert found.classes_under == sum(any(0 < each < case.limit for each in remainders) for remainders in left)
    assert found.classes_of_one == sum(0 in remainders for remainders in left)


def combinations_of_flags(case: Case) -> None:
    groups = classes_of(rows_of(case.published), ["group"])
    few_show: Counter[int] = Counter()
    few_may: Counter[int] = Counter()
    for members in groups:
        for width in range(1, case.width + 1):
            for flags, values in product(combinations(case.flags, width), product("10", repeat=width)):
                asked = dict(zip(flags, values, strict=True))
                show = sum(all(row[flag] == value for flag, value in asked.items()) for row in members)
                may = sum(all(row[flag] in {value, "suppressed"} for flag, value in asked.items()) for row in members)
                few_show[width] += 0 < show < case.limit
                few_may[width] += show == 0 and 0 < may < case.limit
    found = risk.combinations(case.published, group="group", flags=case.flags, width=case.width, k=case.limit)
    widths = range(1, min(case.width, len(case.flags)) + 1)
    assert [(each.width, each.shown, each.hidden) for each in found] == [(width, few_show[width], few_may[width]) for width in widths]
    assert [each.violations for each in found] == [few_show[width] + few_may[width] for width in widths]


def error_of_counts(case: Case) -> None:
    true, shown = rows_of(case.population), rows_of(case.published)
    found = risk.count_error(case.population, case.published, case.counted, ways=case.width)
    assert [each.columns for each in found] == list(range(1, min(case.width, len(case.counted)) + 1))
    for each in found:
        errors = []
        for columns in combinations(case.counted, each.columns):
            cells = set(product(*({row[column] for row in true} - {"suppressed"} for column in columns)))
            counts = [Counter(tuple(row[column] for column in columns) for row in rows) for rows in (true, shown)]
            total = sum(counts[0][cell] for cell in cells)
            errors.append(sum(abs(counts[0][cell] - counts[1][cell]) for cell in cells) / total if total else 0)
        assert (each.tables, each.possible) == (len(errors), len(errors))
        assert each.mean == pytest.approx(sum(errors) / len(errors))
        assert each.worst == pytest.approx(max(errors))


def reidentification(case: Case) -> None:
    paths = {hierarchy.column: hierarchy.paths for hierarchy in HIERARCHIES}
    rows, people = rows_of(case.published), rows_of(case.population)

    def fits(row: Row, person: Row) -> bool:
        return all(
            row[column] == "suppressed"
            or (row[column] in paths[column].get(person[column], ()) if column in paths else row[column] == person[column])
            for column in LABELLED
        )

    classes = classes_of(rows, LABELLED)
    among = [sum(fits(members[0], person) for person in people) for members in classes]
    found = risk.reidentification(case.published, quasi=LABELLED, population=case.population, hierarchies=HIERARCHIES)
    assert found.prosecutor_highest == pytest.approx(max((1 / len(members) for members in classes), default=0))
    assert found.prosecutor_mean == pytest.approx(len(classes) / max(len(rows), 1))
    assert found.journalist_highest == pytest.approx(max((1 / many for many in among), default=0))
    assert found.marketer == pytest.approx(
        sum(len(members) / many for members, many in zip(classes, among, strict=True)) / max(len(rows), 1)
    )
    itself = risk.reidentification(case.published, quasi=LABELLED)
    assert itself.journalist_highest == itself.prosecutor_highest
    assert itself.marketer == pytest.approx(itself.prosecutor_mean)


@pytest.mark.parametrize(
    "check", [sizes_uniques_and_discernibility, homogeneity, diversity, strangers, combinations_of_flags, error_of_counts, reidentification]
)
def test_by_hand(check: Callable[[Case], None]) -> None:
    for seed in range(1000, 1080):
        check(case_of(seed))
