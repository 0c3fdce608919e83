"""How well persons are found in the sample data, scored against the truth file that the pipeline never reads.

    python benchmarks/linkage_sample.py [HOME]

Runs the whole pipeline on the sample in an instance of its own, or looks at the instance HOME that `make run` filled. The sample's
CTDC files hold no names, so each of their rows is a person of its own on both sides.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from linkage_corpora import BENCH

from pipelines.instance import Instance
from pipelines.linking import keyed_reports, questions
from pipelines.settings import Settings
from warehouse.store import open_store


def sample_result() -> Mapping[str, object]:
    """The scorer's figures, the share of records in questions, and the interval of persons, of the sample data."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("casehouse")), "run", "--sample"]
        subprocess.run(command, env={**os.environ, "CASEHOUSE_HOME": folder}, check=True, capture_output=True)
        return sample_figures(Path(folder))


def sample_figures(home: Path) -> Mapping[str, object]:
    """The same of an instance that holds the sample data; found and true persons are joined by the partners' own numbers."""
    instance = Instance(Settings(home=home))
    truth = pl.read_csv(home / "sample" / "truth.csv", infer_schema=False)
    with open_store(instance.warehouse_file, read_only=True) as store:
        members, interval = store.members(), store.person_interval()
    reports = keyed_reports(instance).select("partner_code", "source_record_id", record_key="warehouse_key")
    records = reports.join(truth, on=["partner_code", "source_record_id"]).join(members, on="record_key")
    asked = questions(instance)
    share = pl.concat([asked["record_key_left"], asked["record_key_right"]]).n_unique() / records.height
    with tempfile.TemporaryDirectory() as folder:
        sides = [Path(folder) / f"{name}.parquet" for name in ("truth", "found")]
        records.select(unique_id="record_key", cluster="person").write_parquet(sides[0])
        records.select(unique_id="record_key", person="person_key").write_parquet(sides[1])
        said = subprocess.run([sys.executable, str(BENCH / "pairwise.py"), *map(str, sides)], capture_output=True, text=True, check=True)
    score = json.loads(said.stdout)
    between = {} if interval is None else {"fewest": interval.fewest, "most": interval.most}
    return {"records": records.height, **score, **between, "review": share}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(sample_figures(Path(sys.argv[1])) if len(sys.argv) > 1 else sample_result()) + "\n")
