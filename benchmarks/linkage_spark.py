"""The same pairs with the same weights on Spark: Splink's Spark backend below the seam of `linkage.scoring`.

    make spark                              an environment with pyspark, built from source: it has no wheel
    python benchmarks/linkage_spark.py      a few thousand reports on DuckDB and on Spark, as JSON

Needs Java 17. Here: a backend for Spark, and both runs beside each other. Never here: a feature, a block or a weight of its own.
Conditions and queries are DuckDB's SQL; sqlglot writes them in Spark's, save for three things that it leaves as they are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Collection, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import sqlglot
from linkage_corpora import KEPT, ROOT, Corpus, generated
from sqlglot import exp

from linkage.blocking import block_keys, kept_blocks
from linkage.features import features
from linkage.model import load_model
from linkage.scoring import score
from pipelines.linking_tables import read_reports

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from splink.internals.database_api import DatabaseAPISubClass

ROWS, SEED = 5_000, 7
PYTHON = ROOT / ".venv-spark" / "bin" / "python"
MOST_SECONDS = 1_200
LETTERS_ALIKE = "jarowinkler_similarity"  # what sqlglot calls DuckDB's jaro_winkler_similarity in Spark


def in_spark_sql(condition: str, lists: Collection[str] = ()) -> str:
    """A condition in DuckDB's SQL as Spark understands it; `lists` are the columns of the features that hold lists."""
    if condition == "ELSE":
        return condition

    def in_spark(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.ArrayOverlaps):
            return _call("arrays_overlap", node.this, node.expression)
        if isinstance(node, exp.Length) and _is_list(node.this, lists):
            return _call("size", node.this)
        if _is_intersection(node):
            return _call("array_intersect", *node.expressions)
        return node

    def _call(name: str, *parts: exp.Expression) -> exp.Expression:
        return exp.Anonymous(this=name, expressions=[part.transform(in_spark) for part in parts])

    return sqlglot.parse_one(condition, read="duckdb").transform(in_spark).sql(dialect="spark")


def _is_intersection(node: exp.Expression) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower() == "list_intersect"


def _is_list(node: exp.Expression, lists: Collection[str]) -> bool:
    """Whether a part of a condition is a list, whose length is its size in Spark."""
    return _is_intersection(node) or (isinstance(node, exp.Column) and node.name.removesuffix("_l").removesuffix("_r") in lists)


class SparkBackend:
    """A `linkage.scoring.Backend` on a Spark session."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._lists: frozenset[str] = frozenset()

    def splink_api(self) -> DatabaseAPISubClass:
        """Splink on this session."""
        from splink import SparkAPI

        return SparkAPI(spark_session=self._spark, break_lineage_method="persist")

    def translated(self, condition: str) -> str:
        """The condition in Spark's SQL."""
        return in_spark_sql(condition, self._lists)

    def load(self, name: str, frame: pl.DataFrame) -> None:
        """Make a view of the frame; Spark has no unsigned numbers, so those are read as signed ones, equal where they were equal."""
        self._lists |= {name for name, kind in frame.schema.items() if isinstance(kind, pl.List)}
        self._spark.createDataFrame(frame.select(map(_signed, frame.iter_columns())).to_arrow()).cache().createOrReplaceTempView(name)

    def run(self, name: str, query: str) -> None:
        """Make a view of a query."""
        self._spark.sql(query).cache().createOrReplaceTempView(name)

    def fetch(self, query: str) -> pl.DataFrame:
        """The rows of a query."""
        return pl.DataFrame(self._spark.sql(query).toArrow())

    def close(self) -> None:
        """End the session."""
        self._spark.stop()


def _signed(column: pl.Series) -> pl.Series:
    if column.dtype == pl.UInt64:
        return column.reinterpret(signed=True)
    if column.dtype in (pl.List(pl.UInt64), pl.List(pl.UInt32)):
        return column.list.eval(pl.element().cast(pl.UInt64).reinterpret(signed=True))
    if column.dtype.is_unsigned_integer():
        return column.cast(pl.Int64)
    return column


def _session() -> SparkSession:
    """Spark in this process on two cores, without network or web pages, with the functions that the conditions use."""
    from pyspark.sql import SparkSession
    from pyspark.sql.types import DoubleType
    from rapidfuzz.distance import JaroWinkler
    from splink.internals.spark.jar_location import similarity_jar_location

    options = {
        "spark.jars": similarity_jar_location(),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "3g",
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("casehouse")
    for name, value in options.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")

    def alike(one: str | None, two: str | None) -> float | None:
        return None if one is None or two is None else JaroWinkler.similarity(one, two)

    # Splink's own jaro_winkler for Spark differs from DuckDB's and rapidfuzz's for words of more than ten letters.
    spark.udf.register(LETTERS_ALIKE, alike, DoubleType())
    return spark


def spark_result() -> Mapping[str, object]:
    """Both runs, in the environment that has pyspark."""
    if not PYTHON.exists():
        return {"ended": "pyspark is not installed (make spark)"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": str(PYTHON), "SPARK_LOCAL_IP": "127.0.0.1"}
        command = [str(PYTHON), __file__, str(out)]
        try:
            ended = subprocess.run(command, env=environment, cwd=folder, capture_output=True, timeout=MOST_SECONDS, check=False).returncode
        except subprocess.TimeoutExpired:
            return {"ended": f"stopped after {MOST_SECONDS} s"}
        return {"ended": "it failed"} if ended else json.loads(out.read_text(encoding="utf-8"))


def both() -> Mapping[str, object]:
    """Score the same features, blocks and model on DuckDB and on Spark."""
    model = load_model()
    KEPT.mkdir(parents=True, exist_ok=True)
    corpus = Corpus(f"ctdc-{ROWS}-{SEED}", "", generated(ROWS, SEED))
    known = features(read_reports(corpus.table(), {}).reports, model)
    blocks = kept_blocks(block_keys(known), model.block_cap)
    began = time.monotonic()
    here = score(known, blocks, model)
    duckdb_wall = time.monotonic() - began
    began = time.monotonic()
    backend = SparkBackend(_session())
    start_wall = time.monotonic() - began
    began = time.monotonic()
    there = score(known, blocks, model, backend)
    spark_wall = time.monotonic() - began
    backend.close()
    return {
        "records": known.height,
        "pairs": here.height,
        "spark_pairs": there.height,
        "pairs_alike": here.join(there, on=here.columns).height,
        "is_equal": here.equals(there.cast(dict(here.schema))),
        "duckdb_wall": duckdb_wall,
        "spark_wall": spark_wall,
        "start_wall": start_wall,
        "pyspark": version("pyspark"),
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
        Path(sys.argv[1]).write_text(json.dumps(both()) + "\n", encoding="utf-8")
    else:
        sys.stdout.write(json.dumps(spark_result()) + "\n")
