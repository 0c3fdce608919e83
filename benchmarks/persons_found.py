"""How well persons were found in the sample, scored pair by pair against the truth that the pipeline never reads.

    python benchmarks/persons_found.py [HOME]

HOME is an instance that `make run` filled (default var). Prints one line: persons found and true, precision and recall over
all pairs of victim records. The sample's CTDC files hold no names, so each of their rows is a person of its own on both sides.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from pipelines.instance import Instance
from pipelines.settings import Settings
from pipelines.stages import reports_of
from schemas.units import Unit
from warehouse.store import open_store


def pairs(records: pl.DataFrame, *columns: str) -> int:
    """How many pairs of records share the columns."""
    sizes = records.group_by(columns).len()["len"]
    return int((sizes * (sizes - 1) // 2).sum())


def main() -> None:
    """Join the found persons with the true ones by the partners' own numbers, inside the vault, and count pairs."""
    instance = Instance(Settings(home=Path(sys.argv[1] if len(sys.argv) > 1 else "var")))
    vault = instance.vault
    found = [reports_of(vault, batch_id, (Unit.VICTIM,)).get(Unit.VICTIM) for batch_id in vault.batch_ids()]
    numbered = pl.concat([each.frame.select("record_key", "partner_code", "source_record_id") for each in found if each is not None])
    truth = pl.read_csv(instance.home / "sample" / "truth.csv", infer_schema=False)
    with open_store(instance.warehouse_file, read_only=True) as store:
        members = store.members()
    records = numbered.join(truth, on=["partner_code", "source_record_id"]).join(members, on="record_key")
    right = pairs(records, "person", "person_key")
    sys.stdout.write(
        f"{records.height:,} victim records: {records['person_key'].n_unique():,} persons found, {records['person'].n_unique():,} true; "
        f"precision {right / pairs(records, 'person_key'):.3f}, recall {right / pairs(records, 'person'):.3f}\n"
    )


if __name__ == "__main__":
    main()
