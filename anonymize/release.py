"""The release gate: what it lets through is anonymous, and nothing else is.

Here: the measures of the very bytes that will be published, held against the policy; the only place that makes an
`Anonymous`. Never here: a change to a table so that it passes, or a way around a measure that is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from anonymize.policy import Policy
from anonymize.risk import Measures, measure
from engine.parquet import decode, encode
from schemas.errors import ReleaseRefused
from schemas.zones import Anonymous, Pseudonymised


@dataclass(frozen=True)
class Evidence:
    """The measures of a release, the limits they were held against, and what the columns were taken for."""

    measures: Measures
    k: int
    largest_homogeneous_share: float
    policy_digest: str
    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    safe: tuple[str, ...]


@dataclass(frozen=True)
class Passed:
    """A table that may be published, and why."""

    anonymous: Anonymous
    evidence: Evidence


def pass_gate(
    candidate: Pseudonymised,
    *,
    quasi: Sequence[str],
    sensitive: Sequence[str],
    policy: Policy,
    safe: Sequence[str] = (),
) -> Passed:
    """Sort, encode, measure from the bytes, and let pass or refuse.

    Every column must be declared: a quasi-identifier, a sensitive field, or `safe`, one that says nothing of a person
    (the edition of a code list). A cohort is not safe, since it tells when a person was reported: declare it among the
    quasi-identifiers, so that classes are counted within it.
    Raises `ReleaseRefused` with all reasons at once, in column names and counts, no value of a cell.
    """
    reasons = _faults_of_columns(candidate.frame, quasi, sensitive, safe)
    if not reasons:
        payload = encode(candidate.frame.sort(candidate.frame.columns))
        published = decode(payload)
        measures = measure(published, quasi=quasi, sensitive=sensitive)
        reasons = _breaches(measures, policy)
        if not reasons:
            limits = (policy.k.value, policy.largest_homogeneous_share.value, policy.digest())
            evidence = Evidence(measures, *limits, tuple(quasi), tuple(sensitive), tuple(safe))
            return Passed(Anonymous(published, payload), evidence)
    raise ReleaseRefused(
        "the release gate refused:" + "".join(f"\n  - {reason}" for reason in reasons),
        where=f"a candidate of {candidate.frame.height} row(s) and {candidate.frame.width} column(s)",
        allowed="declared text columns without null (a quasi-identifier may be a whole number), "
        f"classes of at least {policy.k.value} persons, at most {policy.largest_homogeneous_share.value:.0%} homogeneous classes",
        next_step="generalise further, publish fewer columns, or wait for more persons; the limits stand in the policy file",
    )


def _faults_of_columns(frame: pl.DataFrame, quasi: Sequence[str], sensitive: Sequence[str], safe: Sequence[str]) -> list[str]:
    """Why the measures could not be trusted: each would be taken of something else than what is published."""
    reasons = [] if frame.height else ["it has no rows"]
    for role, columns in (("quasi-identifier", quasi), ("sensitive field", sensitive), ("safe column", safe)):
        reasons += [f"a measure is missing: the {role} {column} is not a column" for column in columns if column not in frame.columns]
    declared = [*quasi, *sensitive, *safe]
    reasons += [f"column {column} is declared more than once" for column in dict.fromkeys(declared) if declared.count(column) > 1]
    for column in frame.columns:
        if column not in declared:
            reasons.append(f"column {column} is neither quasi-identifier, sensitive nor safe")
        elif column not in safe and not _can_be_measured(frame.schema[column], is_quasi=column in quasi):
            reasons.append(f"a measure is missing: column {column} is not text")
        if nulls := frame[column].null_count():
            reasons.append(f"column {column} has {nulls} null cell(s)")
    return reasons


def _can_be_measured(kind: pl.DataType, *, is_quasi: bool) -> bool:
    """Labels are text; a quasi-identifier that is a number as it stands (a cohort) can be counted too."""
    return kind == pl.String or (is_quasi and kind.is_integer())


def _breaches(measures: Measures, policy: Policy) -> list[str]:
    reasons = []
    if measures.smallest_class < policy.k.value:
        reasons.append(f"the smallest class has {measures.smallest_class} person(s), under k = {policy.k.value}")
    if measures.homogeneous_share > policy.largest_homogeneous_share.value:
        fields = ", ".join(f"{each.field} {each.classes}" for each in measures.homogeneous_by_field if each.classes)
        reasons.append(
            f"{measures.homogeneous_classes} of {measures.classes} classes hold one known value only of a sensitive field "
            f"(by field: {fields}), more than {policy.largest_homogeneous_share.value:.0%}"
        )
    return reasons
