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
    """At least `k` persons (Sweeney 2002) and, in every sensitive field by itself, at least `l` distinct known values.

    Distinct l-diversity after Machanavajjhala et al. 2007. Each field stands alone because diversity of a
    combination of fields does not keep any one of them from being the same for a whole class. A missing value counts
    for nothing: in a class of ten yes and one unknown, yes would be as good as told. With l = 1 no field is asked, so
    `sensitive` has no columns.
    """

    k: int
    l: int  # noqa: E741 (the name of the method in the literature)
    sensitive: Ints  # (tuples, fields): codes from 0
    known: tuple[Flags, ...]  # for each field, (values,): whether the code is a known value

    def judge(self, rows: Ints, persons: Ints, group: Ints, groups: int) -> tuple[Ints, Flags]:
        """Persons in each group and whether it may be a class; `group` has one column for each way of grouping `rows`."""
        count = np.bincount(group.ravel(), weights=np.repeat(persons, group.shape[1]), minlength=groups).astype(np.int64)
        fit = count >= self.k
        # Most groups near the end are too small anyway: do not look at their values.
        for field, known in enumerate(self.known if fit.any() else ()):
            seen = np.zeros((groups, len(known)), dtype=np.bool_)
            seen[group, self.sensitive[rows, field][:, np.newaxis]] = True
            fit &= seen[:, known].sum(axis=1) >= self.l
        return count, fit
