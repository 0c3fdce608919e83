"""The three zones as types: a frame of one zone cannot be handed over as another's.

Here: wrappers that show a shape and nothing else when printed. Never here: a way from one zone to the next;
de-identification makes `Pseudonymised`, the release gate alone makes `Anonymous`.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, repr=False)
class Zoned:
    """A frame that prints as its zone and shape, so that no log shows a cell."""

    frame: pl.DataFrame

    def __repr__(self) -> str:
        rows, columns = self.frame.shape
        return f"<{type(self).__name__} {rows} rows x {columns} columns>"

    __str__ = __repr__


@dataclass(frozen=True, repr=False)
class Identified(Zoned):
    """Restricted zone: may hold names, numbers, narratives. Lives in the vault only."""


@dataclass(frozen=True, repr=False)
class Pseudonymised(Zoned):
    """Pseudonymous zone: keys instead of identifiers, no free text. Lives in the warehouse."""


@dataclass(frozen=True, repr=False)
class Anonymous(Zoned):
    """Public zone: passed the gate. `payload` is the very Parquet file that was measured and will be published."""

    payload: bytes
