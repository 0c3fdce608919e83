"""Every attack, made on a release before it becomes visible: who withstands is published, what was reached is kept privately, in counts.

Here: what the attackers hold, gathered from the rooms, and the private report. Never here: an attack or a limit.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from anonymize.attacks.holdings import Earlier, FlagRows, Reenactment, Shown, Truth
from anonymize.attacks.outcome import Limits
from anonymize.attacks.running import Verdict, run_attacks
from anonymize.policy import SEPARATOR, Policy
from engine.parquet import decode
from pipelines.entering import COHORT, CONTRIBUTORS, QUASI, SENSITIVE, person_hierarchies
from pipelines.instance import Instance, storage_error, write_secret
from pipelines.remembering import standing_releases
from schemas.errors import ReleaseRefused
from schemas.flags import FLAG_GROUP
from schemas.release import ReleaseProof
from warehouse.publication import Table
from warehouse.release_files import parquet_name


def withstand(
    instance: Instance,
    policy: Policy,
    tables: Sequence[Table],
    master: pl.DataFrame,
    everyone: pl.DataFrame,
    *,
    newest: int | None,
    played: Reenactment | None,
    flags: FlagRows | None,
) -> Verdict:
    """What every attack reaches on these tables.

    `master` holds every published person under its key, cohort, labels and contributors, `everyone` what is known of each person
    now; `newest` is the cohort that enters, `played` how it was anonymized, `flags` whose its rows of flags are: those of earlier
    cohorts were attacked when they entered. Raises `ReleaseRefused` with all reasons, in names and counts, when an attack reaches
    more than the policy lets it.
    """
    # A person that linkage merged into another has no row of its own any more; its published row cannot be attacked as its own.
    behind = master.join(everyone.select("person_key"), on="person_key", how="semi", maintain_order="left")
    # What is not known of a person but given to its row (the cohort, the flag group) is taken to be known exactly.
    given = [column for column in dict.fromkeys(name for each in tables for name in each.proof.quasi_identifiers) if column not in QUASI]
    known = behind.select("person_key", *given).join(everyone, on="person_key", how="left", maintain_order="left")
    truth = Truth(
        known.select(*given, *QUASI),
        behind.select(*given, *QUASI, *SENSITIVE),
        contributors=behind[CONTRIBUTORS],
        is_new=behind[COHORT] == (newest or 0),
        separator=SEPARATOR,
    )
    shown = [Shown(each.proof.name, each.anonymous.frame, each.proof.quasi_identifiers, each.proof.sensitive) for each in tables]
    earlier = [_shown_in(instance.releases / each.version, each) for each in standing_releases(instance.releases)]
    verdict = run_attacks(shown, truth, person_hierarchies(), limits_of(policy), earlier=earlier, flags=flags, reenactment=played)
    if verdict.broken:
        raise ReleaseRefused(
            "an attack on the release succeeded:" + "".join(f"\n  - {reason}" for reason in verdict.broken),
            where=f"{len(tables)} table(s), {behind.height} person(s) behind them",
            allowed="what the policy lets an attacker reach",
            next_step="publish fewer columns or coarser ones, ask more of a class in the policy, or wait for more persons",
        )
    return verdict


def assert_flags_attacked(tables: Sequence[Table], entering: pl.DataFrame, attacked: FlagRows | None) -> None:
    """`ReleaseRefused` when a table of flags shows rows of the groups that enter (`entering`) on which no attack can be made."""
    groups = entering[FLAG_GROUP].unique().to_list()
    shown = sum(int(each.anonymous.frame[FLAG_GROUP].is_in(groups).sum()) for each in tables if each.product.kind == "flags")
    made_on = attacked.table.height if attacked is not None else 0
    if shown > made_on:
        raise ReleaseRefused(
            f"{shown} row(s) of flags would be published, and the attacks on flags can be made on {made_on} of them",
            where="the table of flags",
            allowed=f"flags beside a table of all persons that shows {FLAG_GROUP}, through which an attacker would reach them",
            next_step=f"give such a product the column {FLAG_GROUP}, or publish no table of flags",
        )


def limits_of(policy: Policy) -> Limits:
    """What attacks are held against."""
    return Limits(
        k=policy.k.value,
        strangers=policy.strangers.value,
        flag_width=policy.flag_width.value,
        likelihood=policy.likelihood.value,
        likely_share=policy.largest_likely_share.value,
        minimality_gain=policy.largest_minimality_gain.value,
    )


def keep_report(folder: Path, version: str, verdict: Verdict) -> None:
    """The outcomes of a release, in names and counts, readable by the owner alone; the same release again changes nothing."""
    outcomes = json.dumps(verdict.table().to_dicts(), indent=1)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{version}.json"
        if not file.exists():
            write_secret(file, outcomes.encode() + b"\n")
    except OSError as error:
        raise storage_error(error, folder) from None


def _shown_in(folder: Path, proof: ReleaseProof) -> Earlier:
    tables = (decode((folder / parquet_name(each.name)).read_bytes()) for each in proof.products)
    shown = (Shown(each.name, table, each.quasi_identifiers, each.sensitive) for each, table in zip(proof.products, tables, strict=True))
    return Earlier(proof.version, tuple(shown))
