"""Erase records from the registry, as an erasure asks.

Here: taking every trace of a record out of every table. Never here: the vault's other objects.
"""

from __future__ import annotations

import polars as pl

from linkage.registry.replaying import with_alive
from linkage.registry.tables import Kind, Registry, appended


def forget(registry: Registry, record_keys: pl.Series) -> Registry:
    """The registry without any trace of these records; the same when it knows none of them.

    Their memberships and the judgements of their pairs go. Events that named them keep number, run and kind, and nothing else. The
    persons stay, without them, so that no key is given again; the log still replays to the same tables.
    """
    gone = record_keys.cast(pl.String).implode()
    is_of = pl.any_horizontal(pl.col("record_key_left", "record_key_right").is_in(gone))
    kept = registry.membership.filter(~pl.col("record_key").is_in(gone))
    touched = registry.membership.filter(pl.col("record_key").is_in(gone))["person_key"].unique()
    judgement = registry.judgement.filter(~is_of)
    known = registry.membership["record_key"].n_unique() - kept["record_key"].n_unique()
    if not known and judgement.height == registry.judgement.height:
        return registry
    named = [name for name in registry.event.columns if name not in ("number", "run", "kind")]
    bare = registry.event.with_columns(
        pl.when(~pl.col("record_key").is_in(gone).fill_null(value=False)).then(pl.col(name)).alias(name) for name in named
    )
    left = Registry(with_alive(registry.person, kept, touched), kept, judgement, bare)
    said = pl.DataFrame({"kind": [Kind.FORGOTTEN.value], "amount": [known]})
    return Registry(left.person, left.membership, left.judgement, appended(left, said))
