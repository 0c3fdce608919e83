"""The disclosure policy: how many persons a class needs and what else a release must keep, each number with its source.

Here: the model of `policy.yml` and how it is read. Never here: the numbers themselves, or what is done with them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import SpecificationError

POLICY_FILE = Path(__file__).with_name("policy.yml")

Source = Annotated[str, Field(min_length=10, description="the paper, standard or measurement the number comes from, in words")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


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
    largest_homogeneous_share: ShareAtMost
    smallest_pool: PersonsAtLeast
    weights: Mapping[str, Weight]
    missing: MissingRule

    def column_weights(self) -> dict[str, float]:
        """The weight of each column that has one."""
        return {column: weight.value for column, weight in self.weights.items()}

    def digest(self) -> str:
        """SHA-256, in hexadecimal, of the canonical JSON: two policies with one digest say the same."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def load_policy(path: Path = POLICY_FILE) -> Policy:
    """The policy in a file; raises `SpecificationError` with every fault at once."""
    try:
        text = path.read_text(encoding="utf-8")
        return Policy.model_validate(yaml.load(text, Loader=_OnceOnly))
    except OSError:
        faults = ["the file cannot be read"]
    except UnicodeDecodeError:
        faults = ["the file is not UTF-8"]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not YAML"
        faults = [f"{problem}, line {mark.line + 1}" if mark else str(problem)]
    except ValidationError as error:
        faults = [f"{'.'.join(str(step) for step in fault['loc']) or 'the file'}: {fault['msg']}" for fault in error.errors()]
    raise SpecificationError(
        faults,
        where=str(path),
        allowed="k, l, largest_homogeneous_share, smallest_pool, weights and missing, each as {value, source}",
        next_step="mend the fields listed above; the policy that comes with Casehouse shows every one",
    )


class _OnceOnly(yaml.SafeLoader):
    """Plain YAML that refuses a key given twice: the second of two limits must not win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        """The mapping, once its keys are seen to differ."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if any(keys.count(key) > 1 for key in keys):
            raise yaml.constructor.ConstructorError(problem="a key is given twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)
