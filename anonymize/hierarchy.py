"""From a value to its coarser labels: the ladder along which a quasi-identifier may be generalised.

Here: one hierarchy's shape, the checks that make it a tree, and the files that hold one. Never here: a choice of level,
or the labels themselves, which vocabularies, policies and those files declare.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import SpecificationError
from schemas.missing import SUPPRESSED


@dataclass(frozen=True)
class Hierarchy:
    """For every value of `column` its path: (the value, a coarser label, ..., "suppressed").

    All paths have one length and meet in `SUPPRESSED`. A label may stay the same over several levels, as the code of
    a missing value does ("unknown", "unknown", "suppressed"), but it always means one set of values.
    Raises `SpecificationError` with every fault of the shape; the text names levels and counts, no value.
    """

    column: str
    paths: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        faults = self._faults_of_paths()
        # A tree cannot be looked for among paths of different lengths.
        if not faults:
            faults = self._faults_of_tree()
        if faults:
            raise SpecificationError(
                [f"hierarchy of {self.column}: {fault}" for fault in faults],
                where=f"the hierarchy of column {self.column}",
                allowed=f"paths of one length, from the value itself to {SUPPRESSED!r}; a label has one parent and means one set of values",
                next_step="mend the paths of this column, then run again",
            )

    def _faults_of_paths(self) -> list[str]:
        if not self.paths:
            return ["it has no values"]
        paths = self.paths.items()
        lengths = sorted({len(path) for _, path in paths})
        not_own_leaf = sum(path[:1] != (value,) for value, path in paths)
        not_to_root = sum(path[-1:] != (SUPPRESSED,) for _, path in paths)
        early_root = sum(SUPPRESSED in path[:-1] for _, path in paths)
        faults = []
        if len(lengths) > 1:
            faults.append(f"the paths have {len(lengths)} lengths, {lengths[0]} to {lengths[-1]} labels")
        if lengths[0] < 2:
            faults.append(f"{sum(len(path) < 2 for _, path in paths)} path(s) have fewer than two labels")
        if not_own_leaf:
            faults.append(f"{not_own_leaf} path(s) do not begin with their own value")
        if not_to_root:
            faults.append(f"{not_to_root} path(s) do not end in {SUPPRESSED!r}")
        if early_root:
            faults.append(f"{early_root} path(s) reach {SUPPRESSED!r} before the last level")
        return faults

    def _faults_of_tree(self) -> list[str]:
        faults = []
        meanings: dict[str, set[frozenset[str]]] = defaultdict(set)
        for level in range(self.levels):
            values: dict[str, set[str]] = defaultdict(set)
            parents: dict[str, set[str]] = defaultdict(set)
            for value, path in self.paths.items():
                values[path[level]].add(value)
                parents[path[level]].add(path[min(level + 1, self.levels - 1)])
            torn = sum(len(above) > 1 for above in parents.values())
            if torn:
                faults.append(f"{torn} label(s) at level {level} have more than one parent")
            for label, meant in values.items():
                meanings[label].add(frozenset(meant))
        ambiguous = sum(len(sets) > 1 for sets in meanings.values())
        if ambiguous:
            faults.append(f"{ambiguous} label(s) mean different sets of values at different levels")
        return faults

    @property
    def levels(self) -> int:
        """How many labels a path has, the value and the root included."""
        return len(next(iter(self.paths.values())))


ROOT_IN_FILES = "*"
"""How a file of a hierarchy writes `SUPPRESSED`."""
_SHAPE_OF_FILES = f"UTF-8 text, a line a value: the value, coarser labels, at last {ROOT_IN_FILES}, with semicolons between them"


def read_hierarchies(prefix: str, columns: Sequence[str]) -> tuple[Hierarchy, ...]:
    """The hierarchy of each column from its file, which is called as `prefix` says, then the column, then `.csv`.

    A line is a path, from the value to `*`. Shorter paths are filled up: their value stands for itself on more levels.
    Raises `SpecificationError` with every fault of every file; labels are not shown, since they may be values.
    """
    found: list[Hierarchy] = []
    faults: list[str] = []
    for column in columns:
        try:
            found.append(_read_hierarchy(Path(f"{prefix}{column}.csv"), column))
        except SpecificationError as error:
            faults += error.faults
    if faults:
        raise SpecificationError(
            faults,
            where=f"the files {Path(prefix).name}<column>.csv",
            allowed=_SHAPE_OF_FILES,
            next_step="mend the files that are listed above, then run again",
        )
    return tuple(found)


def _read_hierarchy(path: Path, column: str) -> Hierarchy:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file, delimiter=";", strict=True) if line]
    except FileNotFoundError:
        raise _fault(path, column, f"there is no file {path.name}") from None
    except (OSError, ValueError, csv.Error):
        raise _fault(path, column, f"{path.name} is not readable as UTF-8 text with semicolons") from None
    rootless = sum(line[-1] != ROOT_IN_FILES for line in lines)
    if rootless:
        raise _fault(path, column, f"{rootless} line(s) of {path.name} do not end in {ROOT_IN_FILES}")
    if len({line[0] for line in lines}) < len(lines):
        raise _fault(path, column, f"{len(lines) - len({line[0] for line in lines})} value(s) of {path.name} have a line already")
    depth = max(map(len, lines), default=0)
    return Hierarchy(column, {line[0]: tuple(_filled_up(line, depth)) for line in lines})


def _filled_up(line: Sequence[str], depth: int) -> list[str]:
    named = [SUPPRESSED if label == ROOT_IN_FILES else label for label in line]
    return [named[0]] * (depth - len(named)) + named


def _fault(path: Path, column: str, fault: str) -> SpecificationError:
    return SpecificationError(
        [f"hierarchy of {column}: {fault}"], where=str(path), allowed=_SHAPE_OF_FILES, next_step="mend the file, then run again"
    )
