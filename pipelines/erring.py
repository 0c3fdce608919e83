"""Published labels that later records contradict: which are told in the errata of a release, and how the proof says it.

Here: what the warehouse knows of them, handed to `anonymize.releases.errata`. Never here: which figures may be told.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from anonymize.releases.errata import Told, misfits, standing_figures, tell
from pipelines.entering import SENSITIVE, person_hierarchies
from schemas.release import Erratum
from warehouse.store import Store


@dataclass(frozen=True)
class Errata:
    """What is told now, and all figures that stand with it."""

    told: Told
    standing: pl.DataFrame


def errata_of(store: Store, master: pl.DataFrame, everyone: pl.DataFrame, k: int) -> Errata:
    """The figures to tell now of `master`, the published rows under their person keys; nothing is stored.

    A person that a later linkage merged into another has no row of its own to be compared with; it counts as fitting.
    """
    hierarchies = person_hierarchies()
    earlier = store.errata_figures()
    found = misfits(master, everyone, hierarchies, SENSITIVE).join(store.told_errata(), on=["person_key", "column"], how="anti")
    told = tell(found, master, earlier, hierarchies, k)
    return Errata(told, standing_figures(pl.concat([earlier, told.figures])))


def errata_proof(standing: pl.DataFrame) -> tuple[Erratum, ...]:
    """The same in the words of the proof."""
    return tuple(Erratum.model_validate(row) for row in standing.iter_rows(named=True))
