"""The disclosure policy: how many persons a class needs and what else a release must keep, each number with its source.

Here: the model of `policy.yml` and how it is read. Never here: the numbers themselves, or what is done with them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from anonymize.conditions import Conditions, Contributors, Diversity
from schemas.specification import Specification, read_specification

SEPARATOR = "+"
"""Between the contributors of one person; no partner's name holds it."""

POLICY_FILE = Path(__file__).with_name("policy.yml")

Source = Annotated[str, Field(min_length=10, description="the paper, standard or measurement the number comes from, in words")]


class _Strict(Specification):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class PersonsAtLeast(_Strict):
    """A number of persons, two at least."""

    value: Annotated[int, Field(ge=2)]
    source: Source


class ValuesAtLeast(_Strict):
    """A number of distinct values; 1 asks for nothing."""

    value: Annotated[int, Field(ge=1)]
    source: Source


class ShareAtMost(_Strict):
    """A share from 0 to 1."""

    value: Annotated[float, Field(ge=0, le=1)]
    source: Source


class ValuesAsGoodAs(_Strict):
    """So many values, all equally frequent, are as uncertain as what is asked for; 1 asks for nothing."""

    value: Annotated[float, Field(ge=1)]
    source: Source


class MonthsAtMost(_Strict):
    """A number of months."""

    value: Annotated[int, Field(ge=0)]
    source: Source


class KnownAtMost(_Strict):
    """How many values of one person an attacker is taken to know."""

    value: Annotated[int, Field(ge=1, le=3)]
    source: Source


class Weight(_Strict):
    """How much the loss of a column counts, above 0; 1 is the default."""

    value: Annotated[float, Field(gt=0)]
    source: Source


class MissingRule(_Strict):
    """How a missing value is compared with others."""

    value: Literal["a_value_of_its_own"]
    source: Source


class Policy(_Strict):
    """The whole of `policy.yml`."""

    k: PersonsAtLeast
    l: ValuesAtLeast  # noqa: E741 (the name of the method in the literature)
    entropy: ValuesAsGoodAs
    closeness: ShareAtMost
    closeness_drift: ShareAtMost
    largest_homogeneous_share: ShareAtMost
    strangers: PersonsAtLeast
    flag_group: PersonsAtLeast
    flag_width: KnownAtMost
    smallest_pool: PersonsAtLeast
    largest_penalty: ShareAtMost
    longest_wait: MonthsAtMost
    likelihood: ShareAtMost
    largest_likely_share: ShareAtMost
    largest_minimality_gain: ShareAtMost
    weights: Mapping[str, Weight]
    missing: MissingRule

    def column_weights(self) -> dict[str, float]:
        """The weight of each column that has one."""
        return {column: weight.value for column, weight in self.weights.items()}

    def conditions(self, sensitive: Sequence[str], contributors: str | None = None) -> Conditions:
        """What every class must hold of these sensitive fields; `contributors` names the column of those who sent a person in."""
        asked = (Diversity(field, self.l.value, self.entropy.value, self.closeness.value) for field in sensitive)
        known = Contributors(contributors, self.strangers.value, SEPARATOR) if contributors else None
        return Conditions(self.k.value, tuple(asked), known)

    def digest(self) -> str:
        """SHA-256, in hexadecimal, of the canonical JSON: two policies with one digest say the same."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def load_policy(path: Path = POLICY_FILE) -> Policy:
    """The policy in a file; raises `SpecificationError` with every fault at once."""
    return read_specification(path, Policy, kind="policy")
