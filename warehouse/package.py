"""Read `datapackage.json` of a release again: the products it describes, held against the proof and the files.

Here: what is taken from the descriptor, and where it says something else than the proof. The titles and descriptions
of products are the only texts that a publisher chooses. Never here: a table being opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.product import Product
from schemas.release import ProductProof, ReleaseProof
from schemas.vocabulary import Labels
from warehouse.promises import NUMBERS, Broken
from warehouse.release_files import ERRATA, LABELS, PACKAGE, PROOF, TOTALS, csv_name, parquet_name, sha256_of


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
    titles: Labels | None = None
    descriptions: Labels | None = None
    coarsen: dict[str, int] = Field(default_factory=dict)
    filters: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Package(_Described):
    """The descriptor, as far as it is held against something."""

    version: str
    resources: tuple[_Resource, ...]


def read_package(folder: Path) -> Package | None:
    """The descriptor of a release folder; None when there is none that can be read."""
    try:
        return Package.model_validate_json((folder / PACKAGE).read_bytes())
    except (OSError, ValidationError):
        return None


def products_of(package: Package, proof: ReleaseProof) -> Mapping[str, Product]:
    """Each product of the proof by name, as the descriptor tells of it; one that it does not describe is left out."""
    resources = {resource.path: resource for resource in package.resources}
    found = {each.name: _product_of(resources.get(parquet_name(each.name)), each) for each in proof.products}
    return {name: product for name, product in found.items() if product is not None}


def broken_descriptions(folder: Path, proof: ReleaseProof, package: Package) -> Iterator[Broken]:
    """The descriptor names each table twice, as Parquet and as CSV, with its columns, size and hash; labels, errata, totals once."""
    if package.version != proof.version:
        yield Broken(PACKAGE, f"describes another version than {PROOF}")
    described = {resource.path: resource for resource in package.resources}
    expected = {name: product for product in proof.products for name in (parquet_name(product.name), csv_name(product.name))}
    others = {LABELS, ERRATA, TOTALS}
    if set(described) != {*expected, *others} or len(package.resources) != len(expected) + len(others):
        yield Broken(PACKAGE, "does not describe exactly the tables of the release")
    known = products_of(package, proof)
    for name in (product.name for product in proof.products if product.name not in known):
        yield Broken(PACKAGE, f"does not say what the product {name} is")
    for name, resource in described.items():
        path = folder / name
        is_known = name in {*expected, *others} and path.is_file()
        if is_known and (resource.bytes, resource.hash) != (path.stat().st_size, f"sha256:{sha256_of(path)}"):
            yield Broken(PACKAGE, f"gives another size or hash of {name}")
    for name, product in expected.items():
        yield from _broken_columns(name, described.get(name), product)


def _broken_columns(name: str, resource: _Resource | None, product: ProductProof) -> Iterator[Broken]:
    columns = tuple((column, "integer" if column in NUMBERS else "string") for column in product.columns)
    if resource is not None and tuple((column.name, column.type) for column in resource.table.fields) != columns:
        yield Broken(PACKAGE, f"gives other columns or types of {name} than {PROOF}")
    if parquet_name(product.name) != product.file:
        yield Broken(PROOF, f"names another file for the product of {name}")


def _product_of(resource: _Resource | None, proof: ProductProof) -> Product | None:
    if resource is None or resource.titles is None or resource.descriptions is None:
        return None
    try:
        return Product(
            name=proof.name,
            title=resource.titles,
            description=resource.descriptions,
            kind="flags" if proof.flags else "persons",
            guarantee="k^m-anonymity" if proof.flags else "k-anonymity",
            columns=proof.columns,
            coarsen=resource.coarsen,
            filters=resource.filters,
        )
    except ValidationError:
        return None
