"""Verify a release from its bytes alone: the files, their sums, and every promise that `proof.json` makes.

Here: the files and the release as a whole, all broken promises gathered. Never here: the warehouse, the policy, or
anything else that a reader of a downloaded release does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from pydantic import ValidationError

from engine.duck import connect
from schemas.errors import PromiseBroken
from schemas.flags import FLAG_GROUP
from schemas.product import Product
from schemas.release import ReleaseProof
from warehouse.canonical import broken_bytes, broken_renderings, remarks_on
from warehouse.errata import broken_errata
from warehouse.flag_totals import broken_totals
from warehouse.package import broken_descriptions, products_of, read_package
from warehouse.persons_found import broken_interval
from warehouse.promises import Broken, VerifiedTable, verify_table
from warehouse.release_files import PACKAGE, PROOF, SUMS, csv_name, fingerprint_of, names_of_release, parquet_name, parse_sums, sha256_of


@dataclass(frozen=True)
class Verified:
    """A release that keeps its promises: how many files were checked, and what was measured of each table.

    `fingerprint` is the SHA-256 of the sum file; `remarks` say what could not be compared.
    """

    version: str
    files: int
    tables: tuple[VerifiedTable, ...]
    fingerprint: str
    remarks: tuple[str, ...]


def verify(folder: Path, *, k: int | None = None) -> Verified:
    """Check one release folder, measure its tables again, and make every other file of it again.

    `k` is the least that each product must promise; by default any k that is k-anonymity. Verification proves that a
    release keeps the promises it makes, not who made it: for that, compare `Verified.fingerprint` with the publisher's.
    Raises `PromiseBroken` with every broken promise: files and sums, columns, cells, k, homogeneity, counts, bytes. The
    reasons name files and columns and give counts, no value of a row.
    """
    folder = folder.resolve()
    broken = list(_broken_files(folder))
    proof, package = _proof_of(folder), read_package(folder)
    if proof is None:
        broken.append(Broken(PROOF, "is no statement of a release"))
    if package is None:
        broken.append(Broken(PACKAGE, "is no description of a release"))
    tables: list[VerifiedTable] = []
    if proof is not None and package is not None:
        broken += [*_broken_names(folder, proof), *_broken_release(proof, k), *broken_descriptions(folder, proof, package)]
        products = products_of(package, proof)
        tables, found = _verify_tables(folder, proof, products)
        broken += [*found, *_broken_agreement(tables, products), *_broken_groups(tables, products), *broken_bytes(folder, proof)]
        if len(tables) == len(proof.products):
            broken += broken_renderings(folder, proof, products)
    if broken or proof is None:
        raise _refusal(folder, broken)
    return Verified(proof.version, sum(1 for _ in folder.iterdir()), tuple(tables), fingerprint_of(folder), remarks_on(proof))


def _refusal(folder: Path, broken: list[Broken]) -> PromiseBroken:
    listed = "".join(f"\n  - {each.file}: {each.reason}" for each in broken)
    return PromiseBroken(
        f"{len(broken)} promise(s) of release {folder.name} are broken:{listed}",
        where=", ".join(sorted({each.file for each in broken})),
        allowed="the files that the release names, unchanged, and tables that keep every promise of proof.json",
        next_step="do not use this folder; fetch the release again, or publish it anew from the warehouse",
    )


def _broken_files(folder: Path) -> Iterator[Broken]:
    """The sum file names every file but itself, and every sum is right."""
    present = {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}
    for name, path in sorted(present.items()):
        if path.is_symlink() or not path.is_file():
            yield Broken(name, "is no plain file")
    try:
        sums = parse_sums((folder / SUMS).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        sums = None
    if sums is None:
        yield Broken(SUMS, "is missing or no list of sums by file name")
        return
    for name in sorted((present.keys() - {SUMS}) - sums.keys()):
        yield Broken(name, f"is not listed in {SUMS}")
    for name, digest in sums.items():
        if name not in present:
            yield Broken(name, f"is listed in {SUMS} and missing")
        elif present[name].is_file() and sha256_of(present[name]) != digest:
            yield Broken(name, f"has other bytes than {SUMS} says")


def _broken_names(folder: Path, proof: ReleaseProof) -> Iterator[Broken]:
    allowed = names_of_release(product.name for product in proof.products)
    present = {path.name for path in folder.iterdir()}
    for name in sorted(present - allowed):
        yield Broken(name, "is no file of a release")
    for name in sorted(allowed - present):
        yield Broken(name, "is missing")


def _proof_of(folder: Path) -> ReleaseProof | None:
    try:
        return ReleaseProof.model_validate_json((folder / PROOF).read_bytes())
    except (OSError, ValidationError):
        return None


def _broken_release(proof: ReleaseProof, k: int | None) -> Iterator[Broken]:
    """What the numbers of the release say of each other."""
    if proof.version[5:] not in ("", proof.inputs_digest[:8]):
        yield Broken(PROOF, "has a version of other contents")
    yield from (Broken(PROOF, reason) for reason in broken_interval(proof))
    names = [product.name for product in proof.products]
    if not names or len(set(names)) < len(names):
        yield Broken(PROOF, "lists no product, or one twice")
    numbers = [cohort.cohort for cohort in proof.cohorts]
    if len(set(numbers)) < len(numbers):
        yield Broken(PROOF, "lists a cohort twice")
    if (shown := sum(cohort.published for cohort in proof.cohorts)) != proof.published_persons:
        yield Broken(PROOF, f"the cohorts hold {shown} persons, {proof.published_persons} are published")
    yield from (Broken(PROOF, reason) for reason in (*broken_errata(proof), *broken_totals(proof)))
    for product in proof.products:
        if k is not None and product.k < k:
            yield Broken(PROOF, f"{product.name} promises k = {product.k}, less than the k = {k} that is asked for")


def _broken_agreement(tables: Sequence[VerifiedTable], products: Mapping[str, Product]) -> Iterator[Broken]:
    """Tables that show every person show the same persons: a column that none of them coarsens holds each label as often."""
    whole = [
        table for table in tables if table.name in products and products[table.name].kind == "persons" and not products[table.name].filters
    ]
    for first, other in combinations(whole, 2):
        coarsened = {*products[first.name].coarsen, *products[other.name].coarsen}
        for column in (column for column in first.totals if column in other.totals and column not in coarsened):
            if first.totals[column] != other.totals[column]:
                yield Broken(parquet_name(other.name), f"has other counts in column {column} than {parquet_name(first.name)}")


def _broken_groups(tables: Sequence[VerifiedTable], products: Mapping[str, Product]) -> Iterator[Broken]:
    """Every group of a table of flags has the persons that the tables of all persons show in it."""
    whole = [
        table for table in tables if table.name in products and products[table.name].kind == "persons" and not products[table.name].filters
    ]
    for flags in (table for table in tables if table.name in products and products[table.name].kind == "flags"):
        groups = flags.totals[FLAG_GROUP]
        for table in (table for table in whole if FLAG_GROUP in table.totals):
            if any(table.totals[FLAG_GROUP].get(group) != rows for group, rows in groups.items()):
                yield Broken(
                    parquet_name(flags.name), f"has other numbers of rows in its groups than {parquet_name(table.name)} has persons"
                )


def _verify_tables(folder: Path, proof: ReleaseProof, products: Mapping[str, Product]) -> tuple[list[VerifiedTable], list[Broken]]:
    tables: list[VerifiedTable] = []
    broken: list[Broken] = []
    connection = connect(readable=[folder])
    try:
        for product in proof.products:
            name = parquet_name(product.name)
            if not ((folder / name).is_file() and (folder / csv_name(product.name)).is_file()):
                continue
            if sha256_of(folder / name) != product.sha256:
                broken.append(Broken(name, f"has other bytes than {PROOF} was measured on"))
            is_whole = product.name in products and not products[product.name].filters
            table, faults = verify_table(connection, folder, product, proof, is_whole=is_whole)
            broken += faults
            tables += [table] if table else []
    finally:
        connection.close()
    return tables, broken
