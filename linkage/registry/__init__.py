"""The registry of persons: which person key every record carries, kept stable from run to run, with the log of how it came about.

Here: giving out person keys, keeping them, judgements, the log and its replay. Never here: a name, a number of a document, a score;
a registry holds keys of records and of persons, what was decided of them, and who decided, and nothing else.

- `assign(clusters, registry, model_version)`: the registry after a linkage that found these groups of records.
- `judged(registry, judgement)` and `with_standing(registry, ...)`: human judgements, and which of them are applied.
- `replay(events)`: the tables of persons and memberships from the log alone.
- `forget(registry, record_keys)`: as an erasure asks, without a trace of these records.
- `to_bytes(registry)`, `from_bytes(payload)`: as the vault keeps it.

The edges, the fifth table, are the scored pairs that the linkage keeps between runs (`linkage.incremental`), stored with its state.
"""

from __future__ import annotations

from linkage.registry.assigning import assign
from linkage.registry.erasing import forget
from linkage.registry.judging import NewJudgement, Standing, accessed, judged, pair_of, with_standing
from linkage.registry.replaying import replay
from linkage.registry.stored import from_bytes, next_number_in, to_bytes
from linkage.registry.tables import Kind, Registry, empty_registry

__all__ = [
    "Kind",
    "NewJudgement",
    "Registry",
    "Standing",
    "accessed",
    "assign",
    "empty_registry",
    "forget",
    "from_bytes",
    "judged",
    "next_number_in",
    "pair_of",
    "replay",
    "to_bytes",
    "with_standing",
]
