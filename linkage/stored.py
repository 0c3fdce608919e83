"""What linkage knows between two runs, as the vault keeps it.

Here: bytes and back. Never here: encryption, or where the object lies; what is not readable is made anew from the reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from engine.bundle import NotABundle, bundled, unbundled
from linkage.clusters import Clustered
from linkage.incremental import LinkageState

KIND: Final = "casehouse linkage state 1"
_FRAMES: Final = ("features", "keys", "edges", "clusters", "questions", "merges", "judgements", "contradicted", "made_by")


def state_to_bytes(state: LinkageState, beside: Mapping[str, pl.DataFrame]) -> bytes:
    """The state and further tables for the vault; the same ones give the same bytes."""
    found = state.clustered
    tables = {
        "made_by": pl.DataFrame({"made_by": [state.made_by]}),
        "contradicted": pl.DataFrame({"number": found.contradicted}, schema={"number": pl.Int64}),
        "questions": found.questions,
        "judgements": state.judgements,
        "clusters": found.clusters,
        "merges": found.merges,
        "features": state.features,
        "keys": state.keys,
        "edges": state.edges,
    }
    return bundled(KIND, {**tables, **beside})


def state_from_bytes(payload: bytes) -> tuple[LinkageState, dict[str, pl.DataFrame]] | None:
    """The state and the further tables that `state_to_bytes` wrote; None when another version did: then all is linked anew."""
    try:
        tables = unbundled(KIND, payload)
        own = {name: tables.pop(name) for name in _FRAMES}
    except (NotABundle, KeyError):
        return None
    clustered = Clustered(own["clusters"], own["questions"], tuple(own["contradicted"]["number"]), own["merges"])
    made_by = str(own["made_by"]["made_by"][0])
    return LinkageState(own["features"], own["keys"], own["edges"], clustered, own["judgements"], made_by), tables


def questions_in(payload: bytes) -> pl.DataFrame | None:
    """The questions alone, without reading the rest; None as above."""
    try:
        return unbundled(KIND, payload, ["questions"])["questions"]
    except NotABundle:
        return None


def maker_in(payload: bytes) -> str | None:
    """What made the state, without reading the rest; None as above."""
    try:
        return str(unbundled(KIND, payload, ["made_by"])["made_by"]["made_by"][0])
    except NotABundle:
        return None
