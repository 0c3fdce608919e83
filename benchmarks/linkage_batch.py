"""A batch of 10,000 reports against 1,000,000 that are linked already: what it costs, and that nothing differs from a full run.

    python benchmarks/linkage_batch.py ROWS BATCH OUT.json

Here: building the state, the batch, the comparison of both ways. Never here: the vault, where an instance keeps the state.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from linkage_corpora import BATCH, KEPT, MILLION, Corpus, generated
from peers.children import Limits, run_child

from linkage.bonds import no_judgements
from linkage.incremental import LinkageState, empty_state, updated
from linkage.model import LinkageModel, load_model
from linkage.stored import state_to_bytes
from pipelines.linking_tables import read_reports
from schemas.zones import Identified

SEED = 101


def batch_result() -> Mapping[str, object]:
    """The figures of a process of its own, with its peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        cost = run_child([sys.executable, __file__, str(MILLION), str(BATCH), str(out)], Limits(1_200, 12_000))
        figures = {} if cost.ended else json.loads(out.read_text(encoding="utf-8"))
    return {**figures, "megabytes": cost.megabytes, "ended": cost.ended}


def main(rows: int, batch: int, out: Path) -> None:
    """Link `rows` reports, then `batch` more that were drawn from among them; then all at once."""
    corpus = Corpus(f"ctdc-{rows + batch}-{SEED}", "", generated(rows + batch, SEED))
    reports = read_reports(corpus.table(), {}).reports.frame
    arriving = reports.sample(batch, seed=SEED)
    standing = reports.join(arriving, on="record_key", how="anti")
    model = load_model()
    before = _linked(empty_state(model), standing, model)
    wall, seconds = time.monotonic(), time.process_time()
    after = _linked(before, arriving, model)
    wall, seconds = time.monotonic() - wall, time.process_time() - seconds
    began = time.process_time()
    full = _linked(empty_state(model), reports, model)
    figures = {
        "rows": standing.height,
        "batch": arriving.height,
        "seconds": seconds,
        "wall": wall,
        "full_seconds": time.process_time() - began,
        "is_equal": state_to_bytes(after, {}) == state_to_bytes(full, {}),
    }
    out.write_text(json.dumps(figures) + "\n", encoding="utf-8")


def _linked(state: LinkageState, arriving: pl.DataFrame, model: LinkageModel) -> LinkageState:
    return updated(state, Identified(arriving), (), no_judgements(), model)


if __name__ == "__main__":
    KEPT.mkdir(parents=True, exist_ok=True)
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
