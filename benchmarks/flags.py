"""What a researcher can count of many flags: the flags inside the core's classes, nested rows, nested rows with checked totals.

    python benchmarks/flags.py

Needs the folder ../shared/bench/anonymize (the generator of the case-like table): 200,000 persons, 5 quasi-identifiers at k = 11, 14
flags. The error is the sum of absolute errors over the true counts of flag = 1, in all, by year, citizenship, country,
country x year, and of pairs of flags by country. Estimates: a row of the core stands for the flags of its group in equal shares; what is
suppressed is made up by the share of each flag that is; a coarse label is spread over its values by the square roots of what is
shown of them; where totals are told, by what is left of these, and every estimate is fitted to them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations as pairs_of
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.conditions import Conditions
from anonymize.flags.nesting import NestedFlags, nest_flags
from anonymize.flags.spec import FlagSpec
from anonymize.flags.totals import ALL, count_totals
from anonymize.generalize import generalize
from anonymize.hierarchy import Hierarchy
from anonymize.policy import load_policy
from anonymize.risk import combinations
from schemas.missing import SUPPRESSED

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench" / "anonymize"
CORE = ["year", "gender", "ageBand", "citizenship", "countryExploit"]
COUNTED = ["year", "citizenship", "countryExploit"]
FITS = 10
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Column:
    """One quasi-identifier: its true values as numbers, and for each label of the core how it is spread over them."""

    values: list[str]
    value_of: npt.NDArray[np.int64]
    label_of: npt.NDArray[np.int64]
    spread: Numbers  # (labels, values), each row sums to 1


@dataclass(frozen=True)
class Case:
    """The table before and after, and the flags of 1 and 0 as numbers (persons x flags)."""

    columns: Mapping[str, Column]
    group: npt.NDArray[np.int64]
    groups: int
    true: Numbers
    shown: Numbers


def hierarchy_of(folder: str, column: str) -> Hierarchy:
    """The hierarchy of a column from its file, with `*` as our word for withheld."""
    lines = Path(folder, f"hierarchy_{column}.csv").read_text(encoding="utf-8").splitlines()
    paths = [tuple(SUPPRESSED if label == "*" else label for label in line.split(";")) for line in lines]
    return Hierarchy(column, {path[0]: path for path in paths})


def column_of(original: pl.Series, labels: pl.Series, hierarchy: Hierarchy, sizes: Mapping[str, int] | None) -> Column:
    """How the labels of a column are spread: by what the totals leave of each value, or by the root of what is shown of it."""
    values, names = sorted(original.unique()), sorted(labels.unique())
    shown = dict(labels.value_counts().iter_rows())
    spread = np.zeros((len(names), len(values)))
    for place, value in enumerate(values):
        left = max(sizes.get(value, 0) - shown.get(value, 0), 0.01) if sizes else np.sqrt(shown.get(value, 0)) + 0.01
        for name in {label for label in hierarchy.paths[value] if label in names}:
            spread[names.index(name), place] = 1.0 if name == value else left
    spread /= spread.sum(axis=1, keepdims=True)
    number = [
        each.replace_strict(known, range(len(known)), return_dtype=pl.Int64).to_numpy()
        for each, known in ((original, values), (labels, names))
    ]
    return Column(values, number[0], number[1], spread)


def shares(case: Case, *names: str) -> Numbers:
    """For each group, how its persons are spread over the values of one or two columns."""
    columns = [case.columns[name] for name in names]
    keys, persons = np.unique(np.column_stack([case.group, *(column.label_of for column in columns)]), axis=0, return_counts=True)
    found = np.zeros((case.groups, *(len(column.values) for column in columns)))
    for (group, *labels), count in zip(keys, persons, strict=True):
        cell = np.array(float(count))
        for column, label in zip(columns, labels, strict=True):
            cell = np.multiply.outer(cell, column.spread[label])
        found[group] += cell
    return found / np.bincount(case.group)[:, *[np.newaxis] * len(names)]


def by_group(case: Case, cells: Numbers) -> Numbers:
    """The sum of the rows of each group."""
    found = np.zeros((case.groups, cells.shape[1]))
    np.add.at(found, case.group, cells)
    return found


def counted(case: Case, cells: Numbers, *names: str) -> Numbers:
    """The true counts by the values of some columns."""
    columns = [case.columns[name] for name in names]
    found = np.zeros((*(len(column.values) for column in columns), cells.shape[1]))
    np.add.at(found, tuple(column.value_of for column in columns), cells)
    return found


def error(true: Numbers, estimate: Numbers) -> float:
    """Sum of absolute errors over the true counts."""
    return float(np.abs(true - estimate).sum() / true.sum())


def margins(totals: pl.DataFrame, flags: list[str], column: Column, name: str, estimate: Numbers) -> Numbers:
    """What is told of flag = 1 by the values of a column; the sum of those withheld is spread as the estimate is."""
    found = estimate.copy()
    for place, flag in enumerate(flags):
        told = dict(
            totals.filter(pl.col("flag") == flag, pl.col("column") == name, pl.col("value") == "1").select("label", "persons").iter_rows()
        )
        lines = set(totals.filter(pl.col("flag") == flag, pl.col("column") == name)["label"])
        known = np.array([value in lines for value in column.values])
        found[known, place] = [told.get(value, 0) for value in column.values if value in lines]
        rest = found[~known, place].sum()
        if lines and rest:
            found[~known, place] *= told.get(SUPPRESSED, 0) / rest
    return found


def errors(case: Case, flags: list[str], totals: pl.DataFrame | None) -> list[float]:
    """The six errors of one way to publish."""
    scale = case.true.sum(axis=0) / np.maximum(case.shown.sum(axis=0), 1)
    of_group = by_group(case, case.shown) * scale
    told: dict[str, Numbers] = {}
    found = [error(case.true.sum(axis=0), case.shown.sum(axis=0) if totals is None else of_group.sum(axis=0))]
    raw = {name: shares(case, name).T @ of_group for name in COUNTED}
    for name in COUNTED:
        told[name] = raw[name] if totals is None else margins(totals, flags, case.columns[name], name, raw[name])
        found.append(error(counted(case, case.true, name), told[name]))
    both = np.einsum("gyc,gf->ycf", shares(case, "year", "countryExploit"), of_group)
    for _ in range(FITS if totals is not None else 0):
        both *= (told["year"] / np.maximum(both.sum(axis=1), 1e-9))[:, np.newaxis]
        both *= (told["countryExploit"] / np.maximum(both.sum(axis=0), 1e-9))[np.newaxis]
    found.append(error(counted(case, case.true, "year", "countryExploit"), both))
    fit = (
        np.sqrt(told["countryExploit"] / np.maximum(raw["countryExploit"], 1e-9))
        if totals is not None
        else np.ones_like(raw["countryExploit"])
    )
    one, other = (list(each) for each in zip(*pairs_of(range(len(flags)), 2), strict=True))
    estimate = shares(case, "countryExploit").T @ by_group(case, case.shown[:, one] * case.shown[:, other]) * scale[one] * scale[other]
    found.append(error(counted(case, case.true[:, one] * case.true[:, other], "countryExploit"), estimate * fit[:, one] * fit[:, other]))
    return found


def case_of(
    table: pl.DataFrame, core: pl.DataFrame, nested: NestedFlags, folder: str, flags: list[str], totals: pl.DataFrame | None
) -> Case:
    """The numbers of one way to publish."""
    sizes: dict[str, dict[str, int]] = {name: {} for name in COUNTED}
    if totals is not None:
        first = totals.filter(pl.col("flag") == flags[0], pl.col("column") != ALL).group_by("column", "label").agg(pl.col("persons").sum())
        for name, label, persons in first.iter_rows():
            sizes[name][label] = persons
    columns = {name: column_of(table[name], core[name], hierarchy_of(folder, name), sizes[name]) for name in COUNTED}
    cells = [frame.select(pl.col(flags) == "1").cast(pl.Float64).to_numpy() for frame in (table, nested.shown)]
    group = nested.group.to_numpy() - 1
    return Case(columns, group, int(group.max()) + 1, *cells)


def report(name: str, seconds: float, nested: NestedFlags, found: list[float], violations: int) -> None:
    """One line."""
    sys.stdout.write(
        f"{name:<34} ones lost {nested.share_of_present_lost:.3f}  violations {violations}  {seconds:5.1f} CPU s  "
        f"errors {'  '.join(f'{each:.2f}' for each in found)}\n"
    )


def main() -> None:
    """The core once, then every way to publish the flags."""
    policy = load_policy()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(BENCH / "ctdc_like.py"), "200000", "7", folder], check=True)
        table = pl.read_parquet(Path(folder) / "ctdc_like.parquet")
        flags = [column for column in table.columns if column not in CORE]
        ones = [column for column in flags if "1" in table[column].unique()]
        hierarchies = [hierarchy_of(folder, column) for column in CORE]
        core = generalize(table.select(CORE), hierarchies, Conditions(policy.k.value)).table
        sys.stdout.write("errors: all, year, citizenship, country, country x year, pairs x country\n")
        for least, width in ((policy.k.value, 2), (policy.flag_group.value, 1), (policy.flag_group.value, 2), (1000, 2)):
            spec = FlagSpec(tuple(flags), policy.k.value, least, width, unknown=("NA",))
            nest_flags(core[:2000], table[:2000].select(flags), FlagSpec(tuple(flags), 11, 500, width, unknown=("NA",)))  # compile apart
            started = time.process_time()
            nested = nest_flags(core, table.select(flags), spec, hierarchies)
            seconds = time.process_time() - started
            judged = combinations(nested.table, group="group", flags=ones, width=width, k=spec.k)
            violations = sum(each.violations for each in judged)
            name = f"groups of {least}, {width} known flag(s)"
            report(name, seconds, nested, errors(case_of(table, core, nested, folder, ones, None), ones, None), violations)
            if least == policy.flag_group.value and width == policy.flag_width.value:
                started = time.process_time()
                totals = count_totals(
                    table, core, table.select(flags), nested, [each for each in hierarchies if each.column in COUNTED], spec
                )
                seconds += time.process_time() - started
                report(
                    "  the same with checked totals",
                    seconds,
                    nested,
                    errors(case_of(table, core, nested, folder, ones, totals), ones, totals),
                    0,
                )
                for column in COUNTED:
                    of_column = totals.filter(pl.col("column") == column, pl.col("value") == "1")
                    told = of_column.filter(pl.col("label") != SUPPRESSED)["persons"].sum() / of_column["persons"].sum()
                    sys.stdout.write(f"    flag x {column}: {told:.1%} of the ones are told without error\n")


if __name__ == "__main__":
    main()
