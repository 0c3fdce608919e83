"""Fill a group that is too small with persons from its neighbours, so that the neighbours need not be joined to it.

Here: who is given, and the proof that no giver falls below the conditions. Never here: which groups exist.
"""

from __future__ import annotations

import numpy as np

from anonymize.conditions import Conditions
from anonymize.encoding import Flags, Floats, Forest, Ints


class _Ledger:
    """How many persons each group can still give, and how many persons with each sensitive value it holds."""

    def __init__(self, rows: Ints, persons: Ints, group: Ints, fit: Flags, conditions: Conditions) -> None:
        groups = len(fit)
        self._l = conditions.l
        self._known = conditions.known
        count = np.bincount(group, weights=persons, minlength=groups).astype(np.int64)
        self.surplus = np.where(fit, count - conditions.k, 0)
        self.missing = int(conditions.k - count[~fit].sum())
        self._values = conditions.sensitive[rows]
        self._rest = groups
        self._group = group
        self._left = persons.copy()
        self.given = np.zeros_like(persons)
        # One table a field: persons of each group (the rest as the last one) with each value.
        self._holds = [np.zeros((groups + 1, len(known)), dtype=np.int64) for known in conditions.known]
        place = np.where(fit[group], group, groups)
        for field, holds in enumerate(self._holds):
            np.add.at(holds, (place, self._values[:, field]), persons)

    def lacks(self, field: int) -> bool:
        """Whether the rest has fewer than l known values of the field."""
        return self._diversity(field, self._rest) < self._l

    def brings(self, position: int, field: int) -> bool:
        """Whether this row has a known value of the field that the rest does not hold yet."""
        value = self._values[position, field]
        return bool(self._known[field][value] and self._holds[field][self._rest, value] == 0)

    def give(self, position: int, most: int) -> None:
        """Move up to `most` persons of one row into the rest, as far as their group keeps the conditions."""
        group, values = self._group[position], self._values[position]
        amount = min(most, int(self._left[position]), int(self.surplus[group]))
        for field, (holds, value) in enumerate(zip(self._holds, values, strict=True)):
            if self._known[field][value] and self._diversity(field, group) <= self._l:
                amount = min(amount, int(holds[group, value]) - 1)
        if amount <= 0:
            return
        for holds, value in zip(self._holds, values, strict=True):
            holds[group, value] -= amount
            holds[self._rest, value] += amount
        self.surplus[group] -= amount
        self.missing -= amount
        self._left[position] -= amount
        self.given[position] += amount

    def _diversity(self, field: int, group: int) -> int:
        return int(np.count_nonzero(self._holds[field][group, self._known[field]]))


def donate(rows: Ints, persons: Ints, group: Ints, fit: Flags, leaf: Ints, forest: Forest, conditions: Conditions) -> Ints | None:
    """How many persons each row gives to the rest (the groups that are not `fit`), or None where that cannot be done.

    The rest gets exactly the persons it needs for k, or more where the sensitive fields ask for it; those come first
    that are cheapest to publish under a label that covers the rest too; of equally cheap ones those that stand first in
    the order of the tuples (see `collapse`). No giver falls under the conditions.
    Which class a person is in therefore depends on other persons too: a known price of local recoding
    (minimality attack: Wong et al., VLDB 2007).
    """
    ledger = _Ledger(rows, persons, group, fit, conditions)
    givers = np.flatnonzero(ledger.surplus[group] > 0)
    if ledger.surplus.sum() < ledger.missing or not len(givers):
        return None
    cheapest = givers[np.argsort(_price(leaf[rows], ~fit[group], givers, forest), kind="stable")]
    fields = range(len(conditions.known))
    for field in fields:
        for position in cheapest:
            if not ledger.lacks(field):
                break
            if ledger.brings(position, field):
                ledger.give(position, 1)
    for position in cheapest:
        if ledger.missing <= 0:
            break
        ledger.give(position, ledger.missing)
    failed = ledger.missing > 0 or any(ledger.lacks(field) for field in fields)
    return None if failed else ledger.given


def _price(leaf: Ints, in_rest: Flags, givers: Ints, forest: Forest) -> Floats:
    """Penalty of the label that covers the rest and one giver, summed over the columns, for each giver."""
    low, high = leaf[in_rest].min(axis=0), leaf[in_rest].max(axis=0)
    joined = forest.common(np.minimum(low, leaf[givers]), np.maximum(high, leaf[givers]))
    price: Floats = forest.penalty[joined].sum(axis=1)
    return price
