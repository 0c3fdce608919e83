"""A product as it is published: what it is, its rows and bytes, and what it promises.

Here: the two forms of a table of a release, before and after it left the gate. Never here: a file, a measure or a text.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.product import Product
from schemas.release import ProductProof
from schemas.zones import Anonymous


@dataclass(frozen=True)
class Table:
    """A product as the gate let it through, and what it promises."""

    product: Product
    anonymous: Anonymous
    proof: ProductProof


@dataclass(frozen=True)
class PublishedTable:
    """The same as anyone can read it from a release: rows, the bytes of the Parquet file, and what is promised of them."""

    product: Product
    frame: pl.DataFrame
    payload: bytes
    proof: ProductProof
