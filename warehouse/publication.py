"""Publish a release: a new folder that appears whole or not at all, and is never changed afterwards.

Here: the order of writing, verifying, renaming and linking. Never here: a change to a published folder, or a table that
did not come through the release gate.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from schemas.errors import CasehouseError, ReleaseRefused
from schemas.release import ReleaseProof
from schemas.zones import Anonymous
from warehouse.published import PublishedTable, Table
from warehouse.release_files import ERRATA, LABELS, PROOF, SUMS, TOTALS, VERSION, csv_name, sha256_of, sums_text
from warehouse.rendering import payloads_of
from warehouse.seam import disk_refused
from warehouse.verification import verify

__all__ = ["Published", "Table", "publish"]

LATEST = "latest"
_STAGING, _LINK = ".staging-", ".latest-"


@dataclass(frozen=True)
class Published:
    """Where a release is, and whether this call published it."""

    folder: Path
    version: str
    is_new: bool


def publish(releases: Path, tables: Sequence[Table], proof: ReleaseProof) -> Published:
    """Write `releases/<version>/`, verify it from its bytes, make it visible, and point `latest` at it.

    Nothing is written when `latest` already shows the same contents under the same policy. A crash at any point leaves
    only whole releases; what it left behind is swept at the next call. The same tables and proof give the same bytes.
    Raises `ReleaseRefused` when the version is published with other bytes or cannot name a folder, `PromiseBroken` when
    the tables do not keep the proof, `StorageError` when the disk refuses; nothing becomes visible then.
    """
    _check_version(proof.version)
    _check_names(tables)
    if standing := _standing(releases, proof):
        return standing
    payloads = payloads_of([_published(table) for table in tables], proof)
    staging, target = releases / f"{_STAGING}{proof.version}", releases / proof.version
    try:
        _sweep(releases)
        if target.exists():
            _check_same(target, proof)
            verify(target)
        else:
            _write(staging, payloads)
            verify(staging)
            staging.rename(target)
            _sync_folder(releases)
        _link(releases, proof.version)
    except OSError:
        shutil.rmtree(staging, ignore_errors=True)
        raise disk_refused("publishing a release", where=str(releases)) from None
    except CasehouseError:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return Published(target, proof.version, is_new=True)


def _check_version(version: str) -> None:
    if VERSION.fullmatch(version) is None or version == LATEST:
        raise ReleaseRefused(
            "a release cannot have this version",
            where="the version of the release",
            allowed="letters, digits and . + _ -, beginning with a letter or a digit, other than 'latest'",
            next_step="give the release another version",
        )


def _check_names(tables: Sequence[Table]) -> None:
    if any(csv_name(table.product.name) in (LABELS, ERRATA, TOTALS) for table in tables):
        raise ReleaseRefused(
            f"a product cannot have this name: {LABELS}, {ERRATA} and {TOTALS} hold the labels, the errata and the totals of flags",
            where="the products",
            allowed="any other name",
            next_step="rename the product and its file",
        )


def _standing(releases: Path, proof: ReleaseProof) -> Published | None:
    """The latest release, when it already says what this one would."""
    latest = _said_in(releases / LATEST)
    if latest is None or not _is_same(latest, proof):
        return None
    return Published(releases / latest.version, latest.version, is_new=False)


def _said_in(folder: Path) -> ReleaseProof | None:
    try:
        return ReleaseProof.model_validate_json((folder / PROOF).read_bytes())
    except (OSError, ValidationError):
        return None


def _is_same(one: ReleaseProof, other: ReleaseProof) -> bool:
    """Whether both are about the same rows; where the data come from is told as of the day of publication."""
    return (one.inputs_digest, one.policy_digest, one.products, one.errata) == (
        other.inputs_digest,
        other.policy_digest,
        other.products,
        other.errata,
    )


def _published(table: Table) -> PublishedTable:
    """The table as anyone may see it. Raises `TypeError` for one that no gate made anonymous."""
    if not isinstance(table.anonymous, Anonymous):
        raise TypeError(f"only anonymous tables are published, not {type(table.anonymous).__name__}")
    return PublishedTable(table.product, table.anonymous.frame, table.anonymous.payload, table.proof)


def _sweep(releases: Path) -> None:
    """Remove what an interrupted publication left: it was never visible."""
    releases.mkdir(parents=True, exist_ok=True)
    for leftover in (*releases.glob(f"{_STAGING}*"), *releases.glob(f"{_LINK}*")):
        if leftover.is_symlink() or not leftover.is_dir():
            leftover.unlink()
        else:
            shutil.rmtree(leftover)


def _write(staging: Path, payloads: Mapping[str, bytes]) -> None:
    staging.mkdir()
    for name, payload in sorted(payloads.items()):
        _write_file(staging / name, payload)
    sums = {name: sha256_of(staging / name) for name in payloads}
    _write_file(staging / SUMS, sums_text(sums).encode())
    _sync_folder(staging)


def _write_file(path: Path, payload: bytes) -> None:
    with path.open("xb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Put the names of a folder on the disk, so that a power cut cannot take back what was made visible."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_same(target: Path, proof: ReleaseProof) -> None:
    """A version that stands is the same release, from an earlier call that did not get to the link, or it is another one."""
    standing = _said_in(target)
    if standing is None or not _is_same(standing, proof):
        raise ReleaseRefused(
            f"version {target.name} is already published with other bytes",
            where=str(target),
            allowed="a published release is never changed",
            next_step="publish under a new version",
        )


def _link(releases: Path, version: str) -> None:
    """Point `latest` at the version in one step: a reader sees the old release or the new one."""
    temporary = releases / f"{_LINK}{version}"
    temporary.symlink_to(version)
    temporary.replace(releases / LATEST)
    _sync_folder(releases)
