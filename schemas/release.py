"""What a release says of itself: the promises that anyone can check against its bytes.

Here: the model of `proof.json`. Never here: a measure being taken or a file being written.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Statement(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProductProof(_Statement):
    """What one published table promises, as the gate measured it from the table's bytes."""

    name: str
    file: str
    sha256: str
    rows: int
    columns: tuple[str, ...]
    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[str, ...]
    guarantee: str
    k: int
    smallest_class: int
    classes: int
    largest_homogeneous_share: float
    homogeneous_share: float
    homogeneous_share_by_field: dict[str, float]
    suppressed_cells: int
    cells: int


class CohortProof(_Statement):
    """Persons that entered in one release, and what was lost in generalizing them (Iyengar's loss, 0 none to 1 all)."""

    cohort: int
    persons: int
    loss: float
    loss_by_column: dict[str, float]
    waived_diversity: tuple[str, ...] = ()


class ReleaseProof(_Statement):
    """The whole statement: `proof.json` of a release folder."""

    version: str
    inputs_digest: str
    policy_digest: str
    software: dict[str, str]
    published_persons: int
    cohorts: tuple[CohortProof, ...]
    products: tuple[ProductProof, ...]
