"""Link a table of identified records to persons, at once: the way in for those who keep no state.

Here: the order of the steps and what a run reports. Never here: a step's own work; anything printed or logged; a registry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from linkage.blocking import Dropped, block_keys, kept_blocks
from linkage.bonds import no_judgements
from linkage.clusters import clusters
from linkage.features import NO_KEYS, features
from linkage.model import LinkageModel, load_model
from linkage.scoring import score
from schemas.zones import Identified

Progress = Callable[[str, float], None]
SCORING = 0.35, 0.9
"""Which part of the work scoring is, for those who watch."""


@dataclass(frozen=True)
class Linked:
    """What a run found.

    clusters, questions, contradicted: as `linkage.clusters.Clustered` says. records, persons: distinct ones present.
    pairs_compared: distinct pairs that got a weight. dropped: blocks too large to compare, by rule; a pair in no other was
    not compared.
    """

    clusters: pl.DataFrame
    questions: pl.DataFrame
    contradicted: tuple[int, ...]
    records: int
    persons: int
    pairs_compared: int
    dropped: tuple[Dropped, ...]


def _nobody(step: str, share: float) -> None:
    """Nobody watches."""


def link(
    records: Identified,
    model: LinkageModel | None = None,
    judgements: pl.DataFrame | None = None,
    round_keys: Mapping[str, bytes] = NO_KEYS,
    watch: Progress = _nobody,
) -> Linked:
    """Find who is who among all records.

    `records` has the columns of `linkage.table.REQUIRED` and any of `OPTIONAL`, one row a report; `model` is the frozen one by default;
    `judgements` is a log as `linkage.bonds` has it; `round_keys` are the keys of the open linkage rounds by name. A record with nothing
    to compare is a person of its own. The order of rows does not matter. `watch` is told each step and the share of all work that is done.
    Raises `LeakStopped` for a wrong table, `UserError` for an unfit key, `LinkageFailed` when scoring fails.
    """
    chosen = model or load_model()
    watch("features", 0.0)
    known = features(records, chosen, round_keys)
    watch("blocks", 0.2)
    blocks = kept_blocks(block_keys(known), chosen.block_cap)
    compared = 0

    def scored(pairs: int, share: float) -> None:
        nonlocal compared
        compared += pairs
        watch("scores", SCORING[0] + share * (SCORING[1] - SCORING[0]))

    watch("scores", SCORING[0])
    edges = score(known, blocks, chosen, watch=scored)
    watch("groups", SCORING[1])
    found = clusters(known, edges, no_judgements() if judgements is None else judgements, chosen.thresholds)
    persons = found.clusters["cluster"].n_unique()
    watch("done", 1.0)
    return Linked(found.clusters, found.questions, found.contradicted, known.height, persons, compared, blocks.dropped)
