"""Whether the warehouse, the release ledger and the release folders tell of the same releases: each would notice if another was cut short.

Here: comparing the three, the refusal, and the ledger made anew from the release folders. Never here: the chain itself, or
the differences of releases.

The warehouse remembers every entry of the ledger. An entry is sealed first, then remembered, then its folder appears: killed
in between, the ledger has one entry more than is remembered, of a state that the warehouse has reached.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from anonymize.releases import ledger
from pipelines.instance import Instance, storage_error
from pipelines.remembering import counts_shown, remember, standing_releases
from schemas.errors import ReleaseRefused
from schemas.release import CohortProof
from warehouse.sealed import SealedRelease
from warehouse.store import Store

_STAGING = ".ledger-staging"


def is_memory_lost(store: Store, releases: Path) -> bool:
    """Whether the warehouse has forgotten persons that the newest release shows."""
    shown = _cohorts_shown(releases)
    return [_at_entry(cohort) for cohort in store.cohorts()[: len(shown)]] != [_at_entry(cohort) for cohort in shown]


def assert_cohorts_known(store: Store, releases: Path) -> None:
    """`ReleaseRefused` when the warehouse has forgotten persons that the newest release shows, or that rows were retired: it
    would publish them again."""
    pairs = zip(store.cohorts(), _cohorts_shown(releases), strict=False)
    if is_memory_lost(store, releases) or any(now.retired < then.retired for now, then in pairs):
        raise ReleaseRefused(
            "the warehouse does not know the persons that the latest release shows",
            where="the warehouse file",
            allowed="the warehouse from which the latest release was made, or a later state of it",
            next_step="restore the warehouse from your backup; publishing everyone anew would let readers subtract the releases",
        )


def disagreement(store: Store, instance: Instance) -> str | None:
    """Why the release ledger is not the one that the warehouse remembers, in numbers of entries; None when it is, or can be
    made anew. Nothing is changed. Raises `ReleaseRefused` when the chain itself is broken."""
    entries, known = entries_of(instance.ledger), store.sealed_releases()
    if not entries:
        standing = {shown.version for shown in standing_releases(instance.releases)}
        gone = sum(each.version not in standing for each in known)
        return f"it is gone, and so are the folders of {gone} of the {len(known)} release(s) it held" if gone else None
    if len(entries) < len(known):
        return f"{len(entries)} of the {len(known)} entries that the warehouse remembers are there"
    if entries[: len(known)] != known:
        return "an entry is not the one that the warehouse remembers"
    ahead = [each for each in entries[len(known) :] if _edition(each.version) > store.editions()]
    if len(entries) > len(known) + 1 or ahead:
        return f"the warehouse is an older one and remembers {len(known)} of the {len(entries)} entries"
    return None


def agree(store: Store, instance: Instance) -> None:
    """Let the warehouse remember the ledger as it is, made anew where it is gone but all its releases stand.

    Raises `ReleaseRefused` when the warehouse, the ledger and the release folders disagree, and when the chain is broken.
    """
    if reason := disagreement(store, instance):
        raise ReleaseRefused(
            f"the release ledger was cut short or is of another warehouse: {reason}",
            where=f"{instance.ledger}, beside {instance.releases} and the warehouse file",
            allowed="the ledger, the release folders and the warehouse as the last release left them",
            next_step="restore all three from the same backup. From a copy of all release folders put back into their place the ledger is "
            "made anew, once its own folder is moved away",
        )
    if entries_of(instance.ledger) or not standing_releases(instance.releases):
        remember_entries(store, instance.ledger)
    else:
        _make_anew(store, instance)


def remember_entries(store: Store, folder: Path) -> None:
    """Let the warehouse remember every entry that the ledger has now."""
    store.remember_sealed(entries_of(folder))


def entries_of(folder: Path) -> tuple[SealedRelease, ...]:
    """The entries of a verified ledger, oldest first."""
    return tuple(SealedRelease(seal.version, ledger.digest_of(folder, seal)) for seal in ledger.read_ledger(folder))


def _make_anew(store: Store, instance: Instance) -> None:
    """The ledger from what the release folders show. It appears whole and after it is remembered: the same folders give the
    same seals, so that a run that was killed is repeated."""
    staged = instance.ledger.with_name(_STAGING)
    try:
        shutil.rmtree(staged, ignore_errors=True)
        for shown in standing_releases(instance.releases):
            remember(staged, shown, counts_shown(instance.releases, shown))
        remember_entries(store, staged)
        # What has no seal is no entry: nothing is lost.
        shutil.rmtree(instance.ledger, ignore_errors=True)
        staged.rename(instance.ledger)
    except OSError as error:
        raise storage_error(error, instance.ledger) from None


def _edition(version: str) -> int:
    """How often what is published had changed when this version was made: its version begins with that."""
    number = version.split("-", maxsplit=1)[0]
    return int(number) if number.isdigit() else sys.maxsize


def _cohorts_shown(releases: Path) -> tuple[CohortProof, ...]:
    """Those of the newest release by the names of the folders: the link for readers may be gone."""
    standing = standing_releases(releases)
    return standing[-1].cohorts if standing else ()


def _at_entry(cohort: CohortProof) -> CohortProof:
    return cohort.model_copy(update={"retired": 0})
