"""The release gate: what it lets through is anonymous, and nothing else is.

Here: the measures of the very bytes that will be published, held against the policy; the only place that makes an
`Anonymous`. Never here: a change to a table so that it passes, or a way around a measure that is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from anonymize.policy import SEPARATOR, Policy
from anonymize.risk import FieldDiversity, Measures, Strangers, combinations, measure, strangers
from engine.parquet import decode, encode
from schemas.errors import ReleaseRefused
from schemas.zones import Anonymous, Pseudonymised


@dataclass(frozen=True)
class Evidence:
    """The measures of a release, the limits they were held against, and what the columns were taken for.

    `strangers` is what each contributor leaves of a class; None where contributors were not given.
    """

    measures: Measures
    strangers: Strangers | None
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
    contributors: pl.Series | None = None,
) -> Passed:
    """Sort, encode, measure from the bytes, and let pass or refuse.

    Every column must be declared: a quasi-identifier, a sensitive field, or `safe`, one that says nothing of a person
    (the edition of a code list). A cohort is not safe, since it tells when a person was reported: declare it among the
    quasi-identifiers, so that classes are counted within it. `contributors` says who sent each row's person in, several
    names apart by `policy.SEPARATOR`; it is not published.
    Raises `ReleaseRefused` with all reasons at once, in column names and counts, no value of a cell.
    """
    reasons = _faults_of_columns(candidate.frame, quasi, sensitive, safe)
    if not reasons:
        order = candidate.frame.select(pl.arg_sort_by(candidate.frame.columns, maintain_order=True)).to_series()
        payload = encode(candidate.frame[order])
        published = decode(payload)
        measures = measure(published, quasi=quasi, sensitive=sensitive)
        left = None
        if contributors is not None:
            senders = contributors.gather(order)
            left = strangers(published, quasi=quasi, contributors=senders, least=policy.strangers.value, separator=SEPARATOR)
        reasons = [*_breaches(measures, policy), *_breaches_of_contributors(left, policy)]
        if not reasons:
            limits = (policy.k.value, policy.largest_homogeneous_share.value, policy.digest())
            evidence = Evidence(measures, left, *limits, tuple(quasi), tuple(sensitive), tuple(safe))
            return Passed(Anonymous(published, payload), evidence)
    raise ReleaseRefused(
        "the release gate refused:" + "".join(f"\n  - {reason}" for reason in reasons),
        where=f"a candidate of {candidate.frame.height} row(s) and {candidate.frame.width} column(s)",
        allowed="declared text columns without null (a quasi-identifier may be a whole number), "
        f"classes of at least {policy.k.value} persons, at most {policy.largest_homogeneous_share.value:.0%} homogeneous classes, and what "
        "else the policy asks of the values and the contributors of a class",
        next_step="generalise further, publish fewer columns, or wait for more persons; the limits stand in the policy file",
    )


def pass_flags_gate(candidate: Pseudonymised, *, group: str, flags: Sequence[str], known: Sequence[str], policy: Policy) -> Passed:
    """The gate for a table of flags: sort, encode, measure groups and combinations of few flags from the bytes, let pass or refuse.

    `known` are the values that someone may know of a flag. Raises `ReleaseRefused` with all reasons, in column names and counts.
    """
    reasons = _faults_of_columns(candidate.frame, (group,), flags, ())
    if not reasons:
        payload = encode(candidate.frame.sort(candidate.frame.columns))
        published = decode(payload)
        measures = measure(published, quasi=(group,), sensitive=())
        if measures.smallest_class < policy.flag_group.value:
            reasons.append(f"the smallest group has {measures.smallest_class} person(s), under {policy.flag_group.value}")
        found = combinations(published, group=group, flags=flags, width=policy.flag_width.value, k=policy.k.value, known=known)
        reasons += [
            f"{each.violations} combination(s) of {each.width} flag(s) point at too few persons" for each in found if each.violations
        ]
        if not reasons:
            limits = (policy.k.value, policy.largest_homogeneous_share.value, policy.digest())
            return Passed(Anonymous(published, payload), Evidence(measures, None, *limits, (group,), tuple(flags), ()))
    raise ReleaseRefused(
        "the release gate refused:" + "".join(f"\n  - {reason}" for reason in reasons),
        where=f"a candidate table of flags of {candidate.frame.height} row(s) and {candidate.frame.width} column(s)",
        allowed=f"text flags without null, groups of at least {policy.flag_group.value} persons, and in each none or at least "
        f"{policy.k.value} rows that show, or may hold, any {policy.flag_width.value} known flags",
        next_step="suppress more flags, or make larger groups; the limits stand in the policy file",
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
    for field in measures.diversity_by_field:
        reasons += _breaches_of_diversity(field, policy)
    return reasons


def _breaches_of_diversity(found: FieldDiversity, policy: Policy) -> list[str]:
    """What is asked of a field is asked only where its values in the whole table could give it; then homogeneity has its limit alone."""
    distinct, entropy, closeness = policy.l.value, policy.entropy.value, policy.closeness.value + policy.closeness_drift.value
    reasons = []
    if found.distinct < distinct <= found.of_table_distinct:
        reasons.append(f"a class holds {found.distinct} known values of {found.field}, under l = {distinct}")
    if found.entropy < entropy <= found.of_table_entropy:
        reasons.append(f"the known values of {found.field} in a class are as uncertain as {found.entropy:.3f} values, under {entropy}")
    if found.farthest > closeness:
        reasons.append(f"the shares of {found.field} in a class are {found.farthest:.3f} from those of the table, over t = {closeness:.2f}")
    return reasons


def _breaches_of_contributors(left: Strangers | None, policy: Policy) -> list[str]:
    if left is None or not left.classes_under:
        return []
    return [
        f"in {left.classes_under} class(es) a contributor that takes out its own persons leaves fewer than {policy.strangers.value}: "
        f"{left.smallest} at least"
    ]
