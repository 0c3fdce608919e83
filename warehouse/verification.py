"""Verify a release from its bytes alone: the files, their sums, and every promise that `proof.json` makes.

Here: the files and the release as a whole, all broken promises gathered. Never here: the warehouse, the policy, or
anything else that a reader of a downloaded release does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.duck import connect
from schemas.errors import PromiseBroken
from schemas.release import ReleaseProof
from warehouse.promises import Broken, VerifiedTable, verify_table
from warehouse.release_files import PACKAGE, PROOF, SUMS, csv_name, names_of_release, parquet_name, parse_sums, sha256_of


@dataclass(frozen=True)
class Verified:
    """A release that keeps its promises: how many files were checked, and what was measured of each table."""

    version: str
    files: int
    tables: tuple[VerifiedTable, ...]


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Column(_Described):
    name: str
    type: str


class _Schema(_Described):
    fields: tuple[_Column, ...]


class _Resource(_Described):
    path: str
    bytes: int
    hash: str
    table: _Schema = Field(alias="schema")
    filters: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class _Package(_Described):
    version: str
    resources: tuple[_Resource, ...]


def verify(folder: Path) -> Verified:
    """Check one release folder and measure its tables again.

    Raises `PromiseBroken` with every broken promise: files and sums, columns, cells, k, homogeneity, counts. The
    reasons name files and columns and give counts, no value of a row.
    """
    folder = folder.resolve()
    broken = list(_broken_files(folder))
    proof = _proof_of(folder)
    package = _package_of(folder)
    if proof is None:
        broken.append(Broken(PROOF, "is no statement of a release"))
    if package is None:
        broken.append(Broken(PACKAGE, "is no description of a release"))
    tables: list[VerifiedTable] = []
    if proof is not None and package is not None:
        broken += _broken_names(folder, proof)
        broken += _broken_release(proof, package)
        broken += _broken_descriptions(folder, proof, package)
        found, more = _verify_tables(folder, proof, package)
        tables, broken = found, broken + more
    if broken or proof is None:
        raise _refusal(folder, broken)
    return Verified(proof.version, sum(1 for _ in folder.iterdir()), tuple(tables))


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


def _package_of(folder: Path) -> _Package | None:
    try:
        return _Package.model_validate_json((folder / PACKAGE).read_bytes())
    except (OSError, ValidationError):
        return None


def _broken_release(proof: ReleaseProof, package: _Package) -> Iterator[Broken]:
    """What the numbers of the release say of each other."""
    if package.version != proof.version:
        yield Broken(PACKAGE, f"describes another version than {PROOF}")
    names = [product.name for product in proof.products]
    if not names or len(set(names)) < len(names):
        yield Broken(PROOF, "lists no product, or one twice")
    numbers = [cohort.cohort for cohort in proof.cohorts]
    if len(set(numbers)) < len(numbers):
        yield Broken(PROOF, "lists a cohort twice")
    if (entered := sum(cohort.persons for cohort in proof.cohorts)) != proof.published_persons:
        yield Broken(PROOF, f"the cohorts hold {entered} persons, {proof.published_persons} are published")


def _broken_descriptions(folder: Path, proof: ReleaseProof, package: _Package) -> Iterator[Broken]:
    """The data package names each table twice, as Parquet and as CSV, with its columns, size and hash."""
    described = {resource.path: resource for resource in package.resources}
    expected = {name: product for product in proof.products for name in (parquet_name(product.name), csv_name(product.name))}
    if set(described) != set(expected) or len(package.resources) != len(expected):
        yield Broken(PACKAGE, "does not describe exactly the tables of the release")
    for name, product in expected.items():
        resource, path = described.get(name), folder / name
        if resource is None or not path.is_file():
            continue
        if resource.bytes != path.stat().st_size or resource.hash != f"sha256:{sha256_of(path)}":
            yield Broken(PACKAGE, f"gives another size or hash of {name}")
        columns = tuple((column, "integer" if column == "cohort" else "string") for column in product.columns)
        if tuple((column.name, column.type) for column in resource.table.fields) != columns:
            yield Broken(PACKAGE, f"gives other columns or types of {name} than {PROOF}")
        if product.name + ".parquet" != product.file:
            yield Broken(PROOF, f"names another file for the product of {name}")


def _verify_tables(folder: Path, proof: ReleaseProof, package: _Package) -> tuple[list[VerifiedTable], list[Broken]]:
    filtered = {resource.path for resource in package.resources if resource.filters}
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
            table, faults = verify_table(connection, folder, product, proof, is_whole=name not in filtered)
            broken += faults
            tables += [table] if table else []
    finally:
        connection.close()
    return tables, broken
