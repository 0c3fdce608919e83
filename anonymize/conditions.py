"""What a class must hold before it may exist: enough persons, and enough different sensitive values.

Here: k-anonymity and distinct l-diversity, judged for many candidate classes at once. Never here: which
candidates are tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anonymize.encoding import Flags, Ints


@dataclass(frozen=True)
class Conditions:
    """At least `k` persons (Sweeney 2002) and, in every sensitive field by itself, at least `l` distinct values.

    Distinct l-diversity after Machanavajjhala et al. 2007. Each field stands alone because diversity of a
    combination of fields does not keep any one of them from being the same for a whole class.
    """

    k: int
    l: int  # noqa: E741 (the name of the method in the literature)
    sensitive: Ints  # (tuples, fields)
    sizes: tuple[int, ...]  # how many values each field has

    def judge(self, rows: Ints, persons: Ints, group: Ints, groups: int) -> tuple[Ints, Flags]:
        """Persons in each group and whether it may be a class; `group` has one column for each way of grouping `rows`."""
        count = np.bincount(group.ravel(), weights=np.repeat(persons, group.shape[1]), minlength=groups).astype(np.int64)
        fit = count >= self.k
        # Most groups near the end are too small anyway: do not look at their values.
        for field, size in enumerate(self.sizes if fit.any() else ()):
            seen = np.zeros((groups, size), dtype=np.bool_)
            seen[group, self.sensitive[rows, field][:, np.newaxis]] = True
            fit &= seen.sum(axis=1) >= self.l
        return count, fit
