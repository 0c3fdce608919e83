"""From a value to its coarser labels: the ladder along which a quasi-identifier may be generalised.

Here: one hierarchy's shape and the checks that make it a tree. Never here: a choice of level, or the labels
themselves, which vocabularies and policies declare.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.errors import SpecificationError
from schemas.vocabulary import SUPPRESSED


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
