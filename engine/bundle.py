"""Several tables in one run of bytes, so that they are stored and read together or not at all.

Here: a zip archive of Parquet files without a clock in it. Never here: what a table means, or encryption.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping

import polars as pl
import pyarrow as pa

from engine.parquet import decode, encode_quickly

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest moment that a zip archive can name."""


class NotABundle(ValueError):
    """The bytes are not a bundle of this kind."""


def bundled(kind: str, tables: Mapping[str, pl.DataFrame]) -> bytes:
    """The tables as one archive that names its kind; the same tables in the same order give the same bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = kind.encode()
        for name, table in tables.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.parquet", _EPOCH), encode_quickly(table))
    return sink.getvalue()


def unbundled(kind: str, payload: bytes, only: Collection[str] | None = None) -> dict[str, pl.DataFrame]:
    """The tables of an archive that `bundled` made by name, or those asked for; raises `NotABundle` when the bytes are none, of another
    kind, or without one of these."""
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            if archive.comment != kind.encode():
                raise NotABundle("another kind")
            names = [name.removesuffix(".parquet") for name in archive.namelist()] if only is None else only
            return {name: decode(archive.read(f"{name}.parquet")) for name in names}
    except (zipfile.BadZipFile, KeyError, pl.exceptions.PolarsError, pa.ArrowException, OSError):
        raise NotABundle("damaged") from None
