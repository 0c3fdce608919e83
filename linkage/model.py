"""The frozen linkage model: what each agreement is worth, where the thresholds lie, and how those numbers came about.

Here: the typed form of the model file and its reading. Never here: estimation; a model is made once, reviewed, versioned and kept.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.errors import SpecificationError

MODEL_PATH = Path(__file__).with_name("model-2.json")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(_Frozen):
    """One outcome of a comparison: m, its share among pairs of one person; u, among compared pairs of two persons; weight log2(m / u)."""

    label: str
    condition: str
    m: float | None = Field(default=None, gt=0, le=1)
    u: float | None = Field(default=None, gt=0, le=1)

    @property
    def is_null(self) -> bool:
        """A level without weights: nothing can be said."""
        return self.m is None


class Comparison(_Frozen):
    """What is compared, as levels tried in order; the first is the missing one, the last takes everything else."""

    name: str
    levels: tuple[Level, ...] = Field(min_length=3)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if not self.levels[0].is_null or any(level.is_null for level in self.levels[1:]):
            raise ValueError("the first level, and no other, is the missing one")
        if any((level.m is None) != (level.u is None) for level in self.levels):
            raise ValueError("a level has both m and u, or neither")
        if self.levels[-1].condition != "ELSE":
            raise ValueError("the last level takes everything else")
        return self


class Thresholds(_Frozen):
    """Match weights in bits (log2 of the odds): where the dendrogram of merges is cut, and where weights are clamped.

    automatic: joined without asking, the groups of which one can be sure; link: the best estimate, what a person key means; review: all
    that might be one person. A merge from `review` up to `asked` is a question for a human; one from `asked` up to `automatic` is made
    without one, not because it is sure (about five pairs in six were right in training), but because those nearer to `link` need the
    few questions more; it is not counted as sure. lowest, highest: weights are clamped to these, so that
    no one pair outvotes the rest of a group; a pair that was not compared, or is under `lowest`, counts as `lowest`.

    holds_up_to: the most reports for which the four cuts hold as they are, see `among`. most_asked: the largest share of the records
    that questions may concern; those nearest to `link` are asked.
    """

    automatic: float
    asked: float
    link: float
    review: float
    lowest: float
    highest: float
    reason: str
    holds_up_to: int = Field(default=40_000, gt=0)
    most_asked: float = Field(default=0.05, gt=0, le=1)

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if not self.lowest < self.review <= self.link <= self.asked <= self.automatic < self.highest:
            raise ValueError("thresholds must rise: lowest < review <= link <= asked <= automatic < highest")
        return self

    def among(self, records: int) -> Thresholds:
        """The cuts for so many reports: every doubling above `holds_up_to` asks one bit more.

        Among twice as many reports a report meets twice as many strangers like it and no more of its own, so the odds before anything
        is compared halve (Fellegi and Sunter 1969, section 2). Whole bits, so that the groups of a growing house move seldom.
        """
        doublings = max(0, math.floor(math.log2(max(records, 1) / self.holds_up_to)))
        more = min(doublings, math.floor(self.highest - self.automatic))
        return self.model_copy(update={name: getattr(self, name) + more for name in ("automatic", "asked", "link", "review")})

    def milli(self, name: Literal["automatic", "asked", "link", "review", "lowest", "highest"]) -> int:
        """One of them in thousandths of a bit, as weights are kept."""
        bits: float = getattr(self, name)
        return round(bits * 1000)


class Frequencies(_Frozen):
    """How common names are, frozen with the model: skeleton of a word -> records of a million that hold it. Not listed: rare."""

    names: dict[str, int]
    reason: str


class LinkageModel(_Frozen):
    """Everything a run needs to score; equal models and equal records give equal scores."""

    version: str
    made_by: str
    prior: float = Field(gt=0, lt=1)
    prior_is: str
    frequencies: Frequencies
    block_cap: int = Field(gt=1)
    comparisons: tuple[Comparison, ...] = Field(min_length=1)
    thresholds: Thresholds


def load_model(path: Path = MODEL_PATH) -> LinkageModel:
    """Read and check a model file; raises `SpecificationError` with every fault when it is not one."""
    try:
        return LinkageModel.model_validate_json(path.read_bytes())
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']) or 'file'}: {fault['msg']}" for fault in error.errors(include_input=False)
        ]
    except OSError:
        faults = ["the file cannot be read"]
    raise SpecificationError(
        faults,
        where=path.name,
        allowed="a linkage model as linkage/model.py declares it",
        next_step="restore the model file from version control, or make a new version of it",
    ) from None
