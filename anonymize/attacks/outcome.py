"""How an attack answers: in counts, held against a limit, and only when it has proved that it can find something.

Here: the outcome of one attack, the limits, and the refusal of an attack whose control failed. Never here: a value of a
cell, or an attack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.errors import CasehouseError


class ControlFailed(CasehouseError):
    """An attack found nothing in a table that was made for it to break: its silence on the release proves nothing. A bug."""


@dataclass(frozen=True)
class Limits:
    """What attacks are held against: numbers of the policy.

    `k` persons a class, and at least `strangers` persons left of a class when a contributor takes out its own (1 asks for
    nothing). So many flags of a person as `flag_width` may be known. A sensitive value is learnt with likelihood where its share
    in the class is above `likelihood`; so it may be for `likely_share` of the persons (1.0: only reported). Conclusions
    from minimality may be right more often than the base rate by `minimality_gain` (1.0: only reported).
    """

    k: int
    strangers: int = 1
    flag_width: int = 2
    likelihood: float = 0.95
    likely_share: float = 1.0
    minimality_gain: float = 1.0


@dataclass(frozen=True)
class Outcome:
    """What one attack reached on one table, or on a pair of tables.

    Of `tried` persons (cells, classes), it `succeeded` with some, and with `certain` of these without any doubt left.
    `expected` would have been reached without the release, by the base rate or by chance. `limit` is the share of those tried
    for whom it may succeed beyond what was expected; without a limit the outcome is information. `control` is the number of
    successes on the table it must break: `ControlFailed` when there are none.
    """

    attack: str
    table: str
    knowledge: str
    unit: Literal["persons", "cells", "classes", "pairs"]
    tried: int
    succeeded: int
    certain: int
    control: int
    limit: float | None = None
    expected: float = 0.0
    slack: float = 0.0

    def __post_init__(self) -> None:
        if self.control < 1:
            raise ControlFailed(f"the attack {self.attack} ({self.knowledge}) found nothing in the table that it must break")

    @property
    def is_within_limit(self) -> bool:
        """Whether it reached no more than it may; `slack` is what chance alone explains, in successes."""
        return self.limit is None or self.succeeded <= self.expected + self.slack + self.limit * self.tried

    @property
    def reason(self) -> str:
        """What a refusal says of it: names and counts."""
        beyond = f", {self.expected:.0f} were expected" if self.expected else ""
        return (
            f"{self.attack} on {self.table}, knowing {self.knowledge}: succeeded with {self.succeeded} of {self.tried} {self.unit} "
            f"({self.certain} with certainty{beyond}), more than {self.limit or 0.0:.1%}"
        )
