"""Every fault family there is, and the files they make.

Here: the list. Never here: a fault.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from faults import cells, columns, dialects, encodings, rows, sheets
from faults.files import FaultFile

Family = Callable[[], Iterator[FaultFile]]
FAMILIES: tuple[Family, ...] = (
    *encodings.FAMILIES,
    *dialects.FAMILIES,
    *rows.FAMILIES,
    *cells.FAMILIES,
    *columns.FAMILIES,
    *sheets.FAMILIES,
)


def spread(files: Sequence[FaultFile]) -> list[FaultFile]:
    """Every fourth file of each variant, of another partner in turn: each family, partner and language is still there.

    Reading them all takes minutes, so that is left to `make fuzz`, which sets CASEHOUSE_ALL_FAULTS.
    """
    if os.environ.get("CASEHOUSE_ALL_FAULTS"):
        return list(files)
    kept = []
    for turn, variant in enumerate(dict.fromkeys(file.variant for file in files)):
        its = [file for file in files if file.variant == variant]
        kept += [file for place, file in enumerate(its) if place % 4 == (turn + len(files)) % min(4, len(its))]
    return kept


@cache
def all_files() -> tuple[FaultFile, ...]:
    """Every file of every family, the same each time."""
    return tuple(file for family in FAMILIES for file in family())
