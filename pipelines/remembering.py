"""The release ledger of an instance: what is counted of each release, and that no two of them differ too little.

Here: the counts of the tables of a release, also from the files of one that stands, and the refusal of a release that
differs too little. Never here: the chain itself (`anonymize.releases.ledger`), or what counts as too little.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import polars as pl

from anonymize.releases import ledger
from anonymize.releases.differences import PERSONS, ReleaseCounts, TableCounts, broken_differences
from anonymize.releases.errata import FIGURES
from engine.parquet import decode
from pipelines.entering import COHORT, person_hierarchies
from schemas.errors import ReleaseRefused
from schemas.release import ProductProof, ReleaseProof
from warehouse.enrolment import TOTALS_SCHEMA
from warehouse.errata import errata_payload
from warehouse.flag_totals import totals_payload
from warehouse.release_files import PROOF, parquet_name

NOT_YET, ERRATA_TABLE, TOTALS_TABLE = "this release", "errata", "flag-totals"


def class_counts(name: str, rows: pl.DataFrame, quasi: Sequence[str]) -> TableCounts:
    """The classes of one table: how many rows share the columns of `quasi`, and the cohort where `rows` have it."""
    columns = list(
        dict.fromkeys([*(column for column in quasi if column != COHORT), *(column for column in (COHORT,) if column in rows.columns)])
    )
    counts = rows.group_by(columns).len(PERSONS)
    return TableCounts(name, counts.with_columns(pl.col(PERSONS).cast(pl.Int64), pl.exclude(COHORT, PERSONS).cast(pl.String)))


def errata_counts(standing: pl.DataFrame) -> TableCounts:
    """The errata as they are published: figures, one a place."""
    return TableCounts(ERRATA_TABLE, standing, "figures")


def totals_counts(totals: pl.DataFrame) -> TableCounts:
    """The totals of flags as they are published, one a place: those of a cohort never change."""
    return TableCounts(TOTALS_TABLE, totals.with_columns(pl.col(COHORT).cast(pl.String)), "figures")


def earlier_releases(folder: Path, releases: Path) -> tuple[ReleaseCounts, ...]:
    """The counts of every earlier release, oldest first, from the verified ledger.

    Raises `ReleaseRefused` when the chain is broken or a release that stands is not in it as it stands.
    """
    seals = ledger.read_ledger(folder)
    sealed = [(seal.version, seal.files()) for seal in seals]
    for shown in standing_releases(releases):
        if (shown.version, _hashes(shown)) not in sealed:
            raise ReleaseRefused(
                f"the release {shown.version} stands, but the release ledger does not hold it as it stands",
                where=str(folder),
                allowed="a ledger that holds every release that stands",
                next_step="restore the folder of the ledger and the folder of releases from the same backup",
            )
    return tuple(ledger.counts_of(folder, seal) for seal in seals)


def assert_differences(tables: Sequence[TableCounts], earlier: Sequence[ReleaseCounts], k: int) -> None:
    """`ReleaseRefused` when the tables differ from each other or from an earlier release by too few persons."""
    reasons = broken_differences(ReleaseCounts(NOT_YET, tuple(tables)), earlier, k, person_hierarchies())
    if reasons:
        raise ReleaseRefused(
            "who subtracts this release from the others would find too few persons:" + "".join(f"\n  - {reason}" for reason in reasons),
            where=f"{len(tables)} table(s), beside {len(earlier)} earlier release(s)",
            allowed=f"differences of 0 or at least k = {k} persons in every combination of labels and every cell of one to three columns",
            next_step="this is a fault of Casehouse or of a product that was changed: undo the change, or give the product another name",
        )


def remember(folder: Path, proof: ReleaseProof, tables: Sequence[TableCounts]) -> None:
    """Seal a release that is about to be published."""
    ledger.append(folder, ReleaseCounts(proof.version, tuple(tables)), _hashes(proof))


def _hashes(proof: ReleaseProof) -> dict[str, str]:
    """The hash of each table of a release; of errata and totals of flags, that of the file that everyone reads."""
    payloads = {ERRATA_TABLE: errata_payload(proof), TOTALS_TABLE: totals_payload(proof)}
    return {product.name: product.sha256 for product in proof.products} | {
        name: sha256(each).hexdigest() for name, each in payloads.items()
    }


def _figures(proof: ReleaseProof) -> pl.DataFrame:
    return pl.DataFrame([each.model_dump() for each in proof.errata], schema=FIGURES)


def _totals(proof: ReleaseProof) -> pl.DataFrame:
    return pl.DataFrame([each.model_dump() for each in proof.flag_totals], schema=TOTALS_SCHEMA)


def standing_releases(releases: Path) -> tuple[ReleaseProof, ...]:
    """What each release folder says of itself, in the order of their versions; folders of publications that were cut off are none."""
    folders = sorted(path for path in releases.glob("[0-9]*") if path.is_dir() and not path.is_symlink()) if releases.is_dir() else []
    return tuple(ReleaseProof.model_validate_json((folder / PROOF).read_bytes()) for folder in folders)


def counts_shown(releases: Path, shown: ReleaseProof) -> list[TableCounts]:
    """The counts of a release that stands, from its files alone."""
    tables = [_shown_counts(releases / shown.version, product) for product in shown.products]
    return [*tables, errata_counts(_figures(shown)), totals_counts(_totals(shown))]


def _shown_counts(folder: Path, product: ProductProof) -> TableCounts:
    """The counts of a published table as everyone can make them: without the cohort where the table does not show it."""
    payload = (folder / parquet_name(product.name)).read_bytes()
    if sha256(payload).hexdigest() != product.sha256:
        raise ReleaseRefused(
            f"table {product.name} of release {folder.name} is not the one that was published",
            where=str(folder),
            allowed="release folders as they were published",
            next_step="restore the folder of releases from your backup; casehouse verify says what was changed",
        )
    return class_counts(product.name, decode(payload), product.quasi_identifiers)
