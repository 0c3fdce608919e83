"""Hold every file of a release against the only bytes that its contents can have, so that nothing can hide in one.

Here: Parquet files encoded again, texts rendered again, and what remains to be said when other versions wrote them.
Never here: a measure of a table (`promises`), or a list of sums (`verification`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path

import polars as pl

from engine.parquet import decode, encode
from engine.row_groups import ROW_GROUP_ROWS
from schemas.product import Product
from schemas.release import WRITERS, ReleaseProof
from warehouse.description import proof_text
from warehouse.promises import Broken
from warehouse.published import PublishedTable
from warehouse.release_files import PROOF, parquet_name
from warehouse.rendering import payloads_of

_WRITERS_OF_PARQUET = ("polars", "pyarrow")
_CREATED_BY = re.compile(r"parquet-cpp-arrow version [0-9]{1,3}(\.[0-9]{1,3}){2}")


def installed_versions() -> dict[str, str]:
    """The version of each of `schemas.release.WRITERS` here; empty text for one that is not installed as a package."""
    found: dict[str, str] = {}
    for name in WRITERS:
        try:
            found[name] = version_of(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def remarks_on(proof: ReleaseProof) -> tuple[str, ...]:
    """What could not be compared, since other versions wrote the release than those that are installed here."""
    others = _other_writers(proof, WRITERS)
    if not others:
        return ()
    written = ", ".join(f"{name} {proof.software[name]}" for name in others)
    which = "Parquet files, texts and CSV files" if _other_writers(proof, _WRITERS_OF_PARQUET) else "texts and CSV files"
    return (f"written with {written}, not the versions that are installed here: {which} were not compared with newly made ones",)


def broken_bytes(folder: Path, proof: ReleaseProof) -> Iterator[Broken]:
    """`proof.json` and the Parquet files hold what can be read in them, in one order, and nothing else."""
    if (folder / PROOF).read_bytes() != proof_text(proof).encode():
        yield Broken(PROOF, "is written in another way than its contents give")
    is_comparable = not _other_writers(proof, _WRITERS_OF_PARQUET)
    for product in proof.products:
        name = parquet_name(product.name)
        if (folder / name).is_file():
            yield from (Broken(name, reason) for reason in _parquet_faults((folder / name).read_bytes(), is_comparable=is_comparable))


def broken_renderings(folder: Path, proof: ReleaseProof, products: Mapping[str, Product]) -> Iterator[Broken]:
    """Texts and CSV files are what the tables, the products' texts and the proof make of them, byte by byte.

    Says nothing when another version wrote them (`remarks_on` does), or when a product is not described.
    """
    if _other_writers(proof, WRITERS) or not proof.products or any(each.name not in products for each in proof.products):
        return
    payloads = payloads_of(_tables_of(folder, proof, products), proof)
    for name, payload in sorted(payloads.items()):
        if name != PROOF and (folder / name).is_file() and (folder / name).read_bytes() != payload:
            yield Broken(name, "is not what the tables and the proof of this release make of it")


def _other_writers(proof: ReleaseProof, names: Sequence[str]) -> tuple[str, ...]:
    here = installed_versions()
    return tuple(name for name in names if proof.software[name] != here[name])


def _tables_of(folder: Path, proof: ReleaseProof, products: Mapping[str, Product]) -> list[PublishedTable]:
    payloads = {each.name: (folder / parquet_name(each.name)).read_bytes() for each in proof.products}
    return [PublishedTable(products[each.name], decode(payloads[each.name]), payloads[each.name], each) for each in proof.products]


def _parquet_faults(payload: bytes, *, is_comparable: bool) -> Iterator[str]:
    try:
        frame = decode(payload)
    except (pl.exceptions.PolarsError, OSError):
        yield "is not readable as Parquet"
        return
    if not frame.equals(frame.sort(frame.columns)):
        yield "has its rows in another order than sorted by all columns"
    if not is_comparable:
        yield from _metadata_faults(payload)
    elif encode(frame.rechunk()) != payload:
        yield "has other bytes than its rows give: something else is in the file"


def _metadata_faults(payload: bytes) -> Iterator[str]:
    """What can be said of the file's frame when its bytes cannot be made again here."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(io.BytesIO(payload))
    if metadata.metadata:
        yield "carries texts of its own beside the table"
    if _CREATED_BY.fullmatch(str(metadata.created_by)) is None:
        yield "was written by an unknown program"
    if metadata.num_row_groups != -(-metadata.num_rows // ROW_GROUP_ROWS):
        yield "is cut into other row groups than a release has"
