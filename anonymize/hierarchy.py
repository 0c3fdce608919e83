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
_LINES_NAMED = 3
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


def values_listed(prefix: str, column: str) -> tuple[str, ...]:
    """The values that the file of a column has lines for, whatever else is wrong with it; none where it cannot be read."""
    try:
        return tuple(dict.fromkeys(line[0] for line in _lines(Path(f"{prefix}{column}.csv")).values()))
    except (OSError, ValueError, csv.Error):
        return ()


def _read_hierarchy(path: Path, column: str) -> Hierarchy:
    try:
        lines = _lines(path)
    except FileNotFoundError:
        raise _broken(path, column, [f"there is no file {path.name}"]) from None
    except (OSError, ValueError, csv.Error):
        raise _broken(path, column, [f"{path.name} is not readable as UTF-8 text with semicolons"]) from None
    if faults := _faults_of_lines(lines):
        raise _broken(path, column, [f"{path.name}: {fault}" for fault in faults])
    depth = max(map(len, lines.values()), default=0)
    paths = {line[0]: tuple(_filled_up(line, depth)) for line in lines.values()}
    try:
        return Hierarchy(column, paths)
    except SpecificationError as error:
        faults = [fault.removeprefix(f"hierarchy of {column}: ") for fault in error.faults]
        where = _numbers(_lines_that_disagree(dict(zip(lines, paths.values(), strict=True))))
        raise _broken(path, column, [f"{path.name}: {fault}{where}" for fault in faults]) from None


def _lines(path: Path) -> dict[int, list[str]]:
    """The cells of each line that is not empty, by the number of the line; what cannot be read is raised as it comes."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=";", strict=True)
        numbered = ((reader.line_num, line) for line in reader)
        return {number: line for number, line in numbered if line}


def _faults_of_lines(lines: Mapping[int, Sequence[str]]) -> list[str]:
    """What is wrong with lines by themselves, and with two that begin alike."""
    commas = [number for number, line in lines.items() if len(line) == 1 and "," in line[0]]
    rootless = [number for number, line in lines.items() if line[-1] != ROOT_IN_FILES and number not in commas]
    seen: set[str] = set()
    twice = []
    for number, line in lines.items():
        if line[0] in seen:
            twice.append(number)
        seen.add(line[0])
    tests = [
        (commas, "line(s) have commas and no semicolon; cells are apart by ;"),
        (rootless, f"line(s) do not end in {ROOT_IN_FILES}"),
        (twice, "value(s) have a line already"),
    ]
    return [f"{len(numbers)} {fault}{_numbers(numbers)}" for numbers, fault in tests if numbers]


def _lines_that_disagree(paths: Mapping[int, Sequence[str]]) -> list[int]:
    """The lines on which a label stands below another one, or begins on another level, than on the first line that has it."""
    first: dict[str, tuple[int, Sequence[str]]] = {}
    found = []
    for number, path in paths.items():
        for level in reversed(range(len(path))):
            if level == 0 or path[level] != path[level - 1]:
                known = first.setdefault(path[level], (level, path[level:]))
                if known != (level, path[level:]):
                    found.append(number)
                    break
    return found


def _numbers(lines: Sequence[int]) -> str:
    """The first of some numbers of lines, in brackets; nothing where there are none."""
    shown = ", ".join([*map(str, lines[:_LINES_NAMED]), *(["..."] if len(lines) > _LINES_NAMED else [])])
    return f" (line{'s' if len(lines) > 1 else ''} {shown})" if lines else ""


def _filled_up(line: Sequence[str], depth: int) -> list[str]:
    named = [SUPPRESSED if label == ROOT_IN_FILES else label for label in line]
    return [named[0]] * (depth - len(named)) + named


def _broken(path: Path, column: str, faults: Sequence[str]) -> SpecificationError:
    return SpecificationError(
        [f"hierarchy of {column}: {fault}" for fault in faults],
        where=str(path),
        allowed=_SHAPE_OF_FILES,
        next_step="mend the file, then run again",
    )
