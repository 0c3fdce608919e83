"""Read a YAML specification into its strict model, gathering every fault before raising.

Here: what partner, product and policy files share. Never here: the models themselves.
"""

from __future__ import annotations

from collections.abc import Hashable
from copy import deepcopy
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import SpecificationError


class Specification(BaseModel):
    """The base of every specification: an unknown key is a fault, and nothing is changed after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


SpecificationT = TypeVar("SpecificationT", bound=Specification)


def read_specification(path: Path, model: type[SpecificationT], *, kind: str) -> SpecificationT:
    """The file as `model`; `SpecificationError` lists every fault with its place in the file, none of its values."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=PlainLoader)
    except FileNotFoundError:
        raise specification_error(["there is no such file"], path, kind) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "the file is not readable YAML"
        raise specification_error([f"{problem}{line}"], path, kind) from None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        found = faults_of(error) + faults_behind(error, content, model)
        raise specification_error(list(dict.fromkeys(found)), path, kind) from None


class PlainLoader(yaml.SafeLoader):
    """YAML without its two traps: `on`, `no` and `NO` are texts, not booleans (YAML 1.2), and a key given twice is refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        """A mapping, each key once: the second of two limits must not win in silence."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value} is given twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)


PlainLoader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or letter in "tTfF"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Unfit(ValueError):
    """What a model's own check raises: every fault it found, so that each is counted and listed by itself."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(faults))


def faults_of(error: ValidationError) -> list[str]:
    """Each fault as its place and its message, without the input."""
    found: list[str] = []
    listed = error.errors(include_input=False)
    for fault in listed:
        if fault["type"] == "too_short" and any(other["loc"][:-1][: len(fault["loc"])] == fault["loc"] for other in listed):
            continue  # not short: pydantic does not count the items that have faults of their own
        place = ".".join(str(step) for step in fault["loc"]) or "the file"
        cause = fault.get("ctx", {}).get("error")
        found += [f"{place}: {each}" for each in (cause.faults if isinstance(cause, Unfit) else (fault["msg"],))]
    return found


def faults_behind(error: ValidationError, content: object, model: type[Specification]) -> list[str]:
    """Faults that unknown keys keep from sight: a model's own check runs only once its keys are known."""
    mended = deepcopy(content)
    for fault in error.errors(include_input=False):
        if fault["type"] == "extra_forbidden":
            _remove(mended, fault["loc"])
    try:
        model.model_validate(mended)
    except ValidationError as behind:
        return faults_of(behind)
    return []


def _remove(content: object, place: tuple[int | str, ...]) -> None:
    *way, key = place
    for step in way:
        if isinstance(content, dict):
            content = content.get(step)
        elif isinstance(content, list) and isinstance(step, int):
            content = content[step]
    if isinstance(content, dict):
        content.pop(key, None)


def specification_error(faults: list[str], path: Path, kind: str) -> SpecificationError:
    """The error of a specification file, with where to look up what is allowed."""
    return SpecificationError(
        faults,
        where=path.name,
        allowed=f"what docs/generated/{kind}.schema.json describes",
        next_step="mend every line listed above; an editor with YAML support shows them as you type",
    )
