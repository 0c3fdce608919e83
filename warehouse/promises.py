"""The promises of one published table, each held against what is measured of its bytes.

Here: which columns, cells, classes and counts a table must have. Never here: how they are counted (`measurement`), or
the release around the table (`verification`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from engine.parquet import decode
from schemas.case import Person
from schemas.fields import Sensitivity, names_of
from schemas.flags import FLAG_COLUMNS, FLAG_GROUP, Means, published_fields
from schemas.missing import NOT_STATED, SUPPRESSED
from schemas.release import FlagProof, ProductProof, ReleaseProof
from schemas.render import published_expectations
from warehouse.measurement import ClassMeasures, MeasuredTable
from warehouse.measures.flags import combinations
from warehouse.release_files import csv_name, parquet_name

COHORT = "cohort"
NUMBERS = (COHORT, FLAG_GROUP)
"""The columns of a release that are whole numbers; all others hold codes."""
LARGEST_SHARE = 0.5
"""Past it, most classes would tell a sensitive value: that is no promise."""
KNOWN_OF_FLAGS = ("yes",)
"""What can be known of a flag: what was stated. Where nothing was, nothing is known, so no cell says no."""
_INTEGERS = ("INTEGER", "BIGINT")


@dataclass(frozen=True)
class Broken:
    """One broken promise: in which file, and what is wrong with it in names and counts."""

    file: str
    reason: str


@dataclass(frozen=True)
class VerifiedTable:
    """One table, and what was measured of it."""

    name: str
    file: Path
    rows: int
    classes: int
    smallest_class: int
    homogeneous_share: float
    homogeneous_share_by_field: Mapping[str, float]
    totals: Mapping[str, Mapping[str | None, int]]
    """Column -> label -> rows."""

    def read(self) -> pl.DataFrame:
        """The rows as they are published."""
        return decode(self.file.read_bytes())


def quasi_identifiers_of(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that may point at a person: every declared quasi-identifier, the cohort (when one entered), the flag group."""
    declared = names_of(Person, Sensitivity.QUASI)
    return tuple(column for column in columns if column in declared or column in NUMBERS)


def sensitive_of(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that must not be learnt of a person."""
    return tuple(column for column in columns if column in (*names_of(Person, Sensitivity.SENSITIVE), *FLAG_COLUMNS))


def verify_table(
    connection: duckdb.DuckDBPyConnection, folder: Path, product: ProductProof, release: ReleaseProof, *, is_whole: bool
) -> tuple[VerifiedTable | None, list[Broken]]:
    """Measure one table of a release; what was measured, when its columns allow it, and every broken promise.

    `is_whole` says that the product leaves no published person out, so that its rows are all of them.
    """
    name = parquet_name(product.name)
    try:
        table = MeasuredTable(connection, folder / name)
    except duckdb.Error:
        return None, [Broken(name, "is not readable as Parquet")]
    columns = list(_broken_columns(table.column_types(), product))
    if columns:
        return None, [Broken(name, reason) for reason in columns]
    asked = () if product.flags else sensitive_of(product.columns)
    found = table.classes(quasi_identifiers_of(product.columns), asked)
    reasons = [*_broken_cells(table, product, release), *_broken_statement(product)]
    if product.flags:
        reasons += broken_flags(connection, table, found, product, product.flags)
    else:
        reasons += [*_broken_measures(found, product), *_broken_counts(table, found.rows, product, release, is_whole=is_whole)]
    broken = [Broken(name, reason) for reason in reasons] + list(_broken_twin(table, folder, product))
    measures = (found.classes, found.smallest_class, found.homogeneous_share, found.homogeneous_share_by_field)
    totals = {column: table.counts(column) for column in product.columns}
    return VerifiedTable(product.name, folder / name, found.rows, *measures, totals), broken


def _broken_columns(types: Mapping[str, str], product: ProductProof) -> Iterator[str]:
    known = {field.name for field in published_fields()}
    if tuple(types) != product.columns:
        yield "has other columns than the proof says"
    for column, kind in types.items():
        if column not in known:
            yield "has a column that no published table may have"
        elif (kind not in _INTEGERS) if column in NUMBERS else (kind != "VARCHAR"):
            yield f"column {column} is of type {kind}, not {'a whole number' if column in NUMBERS else 'text'}"


def _broken_cells(table: MeasuredTable, product: ProductProof, release: ReleaseProof) -> Iterator[str]:
    """No cell is empty, and each is a label of its column's hierarchy, a cohort of the release or the number of a flag group."""
    expected = [each for model in (Person, Means) for each in published_expectations(model, product.columns)]
    allowed = {each.column: each.allowed for each in expected if each.kind == "in_set"}
    allowed |= dict.fromkeys(FLAG_COLUMNS, (*KNOWN_OF_FLAGS, NOT_STATED, SUPPRESSED))
    allowed[COHORT] = tuple(str(each.cohort) for each in release.cohorts)
    for column in product.columns:
        faults = table.cell_faults(column, frozenset(allowed[column]) if column in allowed else None)
        if faults.nulls:
            yield f"column {column} has {faults.nulls} empty cell(s)"
        if faults.strange:
            yield f"column {column} has {faults.strange} cell(s) that are no label of its hierarchy"


def _broken_statement(product: ProductProof) -> Iterator[str]:
    """A proof that leaves a column out of its account would promise something else than it seems to."""
    if sorted(product.quasi_identifiers) != sorted(quasi_identifiers_of(product.columns)):
        yield "the proof does not count every quasi-identifier among the columns"
    if sorted(product.sensitive) != sorted(sensitive_of(product.columns)):
        yield "the proof does not count every sensitive field among the columns"
    if product.guarantee != ("k^m-anonymity" if product.flags else "k-anonymity") or product.k < 2:
        yield "the proof promises no k-anonymity"
    if product.largest_homogeneous_share > LARGEST_SHARE:
        yield f"the proof lets more than {LARGEST_SHARE:.0%} of the classes be homogeneous"


def _broken_measures(found: ClassMeasures, product: ProductProof) -> Iterator[str]:
    if found.smallest_class < product.k:
        yield f"the smallest class has {found.smallest_class} person(s), under k = {product.k}"
    if found.homogeneous_share > product.largest_homogeneous_share:
        yield f"{found.homogeneous_share:.2%} of the classes are homogeneous, over {product.largest_homogeneous_share:.2%}"
    counted = {
        "rows": (found.rows, product.rows),
        "classes": (found.classes, product.classes),
        "persons in the smallest class": (found.smallest_class, product.smallest_class),
        "suppressed cells": (found.suppressed_cells, product.suppressed_cells),
        "cells": (found.rows * sum(column not in NUMBERS for column in product.quasi_identifiers), product.cells),
    }
    for what, (measured, promised) in counted.items():
        if measured != promised:
            yield f"has {measured} {what}, the proof says {promised}"
    if found.homogeneous_share != product.homogeneous_share:
        yield "has another share of homogeneous classes than the proof says"
    by_field = product.homogeneous_share_by_field
    for field in sorted({*found.homogeneous_share_by_field, *by_field}):
        if found.homogeneous_share_by_field.get(field) != by_field.get(field):
            yield f"has another share of classes homogeneous in {field} than the proof says"


def broken_flags(
    connection: duckdb.DuckDBPyConnection, table: MeasuredTable, found: ClassMeasures, product: ProductProof, promised: FlagProof
) -> Iterator[str]:
    """The promises of a table of flags: the size of its groups, and that few known flags point at none or k rows of one."""
    flags = [column for column in product.columns if column in FLAG_COLUMNS]
    if promised.group < product.k or found.smallest_class < promised.group:
        yield f"the smallest group has {found.smallest_class} person(s), under the {promised.group} that are promised"
    asked = {"width": promised.width, "k": product.k}
    for few in combinations(connection, "published", group=FLAG_GROUP, flags=flags, known=KNOWN_OF_FLAGS, **asked):
        if few.shown or few.hidden:
            yield f"{few.shown + few.hidden} combination(s) of {few.width} flag(s) point at fewer than {product.k} persons of a group"
    suppressed = sum(table.counts(column).get(SUPPRESSED, 0) for column in flags)
    counted = {
        "rows": (found.rows, product.rows),
        "groups": (found.classes, product.classes),
        "persons in the smallest group": (found.smallest_class, product.smallest_class),
        "suppressed cells": (suppressed, product.suppressed_cells),
        "cells": (found.rows * len(flags), product.cells),
    }
    yield from (f"has {measured} {what}, the proof says {said}" for what, (measured, said) in counted.items() if measured != said)


def _broken_counts(table: MeasuredTable, rows: int, product: ProductProof, release: ReleaseProof, *, is_whole: bool) -> Iterator[str]:
    """The tables of a release are about the same persons."""
    if rows > release.published_persons or (is_whole and rows != release.published_persons):
        yield f"has {rows} rows, the release publishes {release.published_persons} persons"
    if COHORT in product.columns:
        counts = table.counts(COHORT)
        for cohort in release.cohorts:
            persons = counts.get(str(cohort.cohort), 0)
            if persons > cohort.published or (is_whole and persons != cohort.published):
                yield f"has {persons} rows of cohort {cohort.cohort}, which holds {cohort.published} persons"


def _broken_twin(table: MeasuredTable, folder: Path, product: ProductProof) -> Iterator[Broken]:
    name = csv_name(product.name)
    try:
        unlike = table.rows_unlike(folder / name)
    except duckdb.Error:
        yield Broken(name, "is not readable as CSV of the table's columns")
        return
    if unlike is None:
        yield Broken(name, "has another header than the Parquet file has columns")
    elif unlike:
        yield Broken(name, f"has other rows than the Parquet file: {unlike} without a counterpart")
