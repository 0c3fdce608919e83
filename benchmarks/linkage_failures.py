"""Why Casehouse errs on a labelled table: every missed true pair and every wrong pair, sorted by its reason.

Here: the reasons and their counts. Never here: a value; a pair is its weight and where it was lost.

The *limit of the evidence* of a table is the weight at which, going down, joining one more pair joins more wrong than right ones: the
threshold that somebody who knew the truth would choose for single pairs. A missed pair below it cannot be found by any threshold;
a wrong pair above it looks like one person more than most pairs of one person do.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from linkage_corpora import Corpus

from linkage.blocking import RULES, block_keys, kept_blocks, rule_of
from linkage.bonds import no_judgements
from linkage.clusters import clusters
from linkage.features import features
from linkage.guards import guards_between
from linkage.model import LinkageModel, load_model
from linkage.scoring import levels_of, score
from pipelines.linking_tables import mapping_of, read_reports
from schemas.zones import Identified

MISSED = ("guard", "limit of the evidence", "never compared", "threshold", "its group")
WRONG = ("limit of the evidence", "threshold", "its group")


def reasons_result(corpus: Corpus) -> Mapping[str, object]:
    """Counts by reason of the missed and of the wrong pairs at the best estimate, and by rule what a larger cap would have compared."""
    truth = pl.read_parquet(corpus.table(), columns=["unique_id", "cluster"]).cast(pl.String)
    reports = read_reports(corpus.table(), mapping_of(corpus.mapping, ())[0]).reports
    return reasons(reports, truth, load_model())


def reasons(reports: Identified, truth: pl.DataFrame, model: LinkageModel) -> Mapping[str, object]:
    """The same for a table of reports; `truth` has unique_id (the record key) and cluster."""
    known = features(reports, model)
    keys = block_keys(known)
    blocks = kept_blocks(keys, model.block_cap)
    edges = score(known, blocks, model)
    grouped = clusters(known, edges, no_judgements(), model.thresholds).clusters
    placed = known.select("position", "record_key").join(grouped.select("record_key", "cluster", "widest"), on="record_key")
    placed = placed.join(truth.rename({"unique_id": "record_key", "cluster": "person"}), on="record_key").sort("position")
    limit = limit_of_evidence(edges, placed["person"])
    missed, wrong = _pairs(placed, "person", "cluster"), _pairs(placed, "cluster", "person")
    missed, wrong = (_weighed(pairs, edges, known, model) for pairs in (missed, wrong))
    compared = _in_one_block(missed, keys, blocks.frame)
    link = round(model.thresholds.link * 1000)
    sorted_missed = _why_missed(missed.join(compared, on=("left", "right")), known, limit, link)
    never = sorted_missed.filter(pl.col("reason") == "never compared")
    return {
        "records": known.height,
        "true_pairs": _count_pairs(placed, "person"),
        "limit_bits": limit / 1000,
        "link_bits": model.thresholds.link,
        "missed_asked": int((placed["widest"].gather(missed["left"]) == placed["widest"].gather(missed["right"])).sum()),
        "missed": _counted(sorted_missed, MISSED),
        "missed_never_compared_at_all": int(sorted_missed.filter(~pl.col("is_compared")).height),
        "never_compared_by_rule": _by_rule(never, keys, blocks.frame),
        "wrong": _counted(_why_wrong(wrong, limit, link), WRONG),
    }


def limit_of_evidence(edges: pl.DataFrame, person: pl.Series) -> int:
    """The weight (thousandths of a bit) down to which joining compared pairs joins more right than wrong ones; `person` by position."""
    is_right = person.gather(edges["left"]) == person.gather(edges["right"])
    gains = pl.DataFrame({"weight": edges["weight"], "gain": is_right.cast(pl.Int64) * 2 - 1})
    by_weight = gains.group_by("weight").agg(pl.col("gain").sum()).sort("weight", descending=True)
    if by_weight.is_empty():
        return 0
    return int(by_weight["weight"][int(np.argmax(by_weight["gain"].cum_sum().to_numpy()))])


def _pairs(placed: pl.DataFrame, alike: str, unlike: str) -> pl.DataFrame:
    """left < right: pairs of records that share one column and differ in the other."""
    side = placed.select("position", alike, unlike)
    pairs = side.join(side, on=alike, suffix="_right").filter(pl.col("position") < pl.col("position_right"))
    return pairs.filter(pl.col(unlike) != pl.col(f"{unlike}_right")).select(
        pl.col("position").alias("left"), pl.col("position_right").alias("right")
    )


def _count_pairs(placed: pl.DataFrame, column: str) -> int:
    sizes = placed.group_by(column).len()["len"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _weighed(pairs: pl.DataFrame, edges: pl.DataFrame, known: pl.DataFrame, model: LinkageModel) -> pl.DataFrame:
    """left, right, weight: also of pairs that were never compared, as the model would have weighed them."""
    found = levels_of(known, pairs, model).select("left", "right", "weight")
    return pairs.join(found, on=("left", "right"), how="left").join(
        edges.select("left", "right", pl.lit(value=True).alias("has_edge")), on=("left", "right"), how="left"
    )


def _in_one_block(pairs: pl.DataFrame, keys: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """left, right, is_compared: whether some kept block holds both."""
    return (
        _sharing(pairs, kept)
        .join(pairs, on=("left", "right"), how="right")
        .select("left", "right", pl.col("is_shared").fill_null(value=False).alias("is_compared"))
    )


def _sharing(pairs: pl.DataFrame, keyed: pl.DataFrame) -> pl.DataFrame:
    one = pairs.select("left", "right").join(keyed.select("key", pl.col("position").cast(pl.Int64).alias("left")), on="left")
    both = one.join(keyed.select("key", pl.col("position").cast(pl.Int64).alias("right")), on=("right", "key"))
    return both.select("left", "right").unique().with_columns(pl.lit(value=True).alias("is_shared"))


def _why_missed(pairs: pl.DataFrame, known: pl.DataFrame, limit: int, link: int) -> pl.DataFrame:
    is_guarded = pl.Series([bool(guards_between(known, left, right)) for left, right in pairs.select("left", "right").iter_rows()])
    return pairs.with_columns(is_guarded.cast(pl.Boolean).alias("is_guarded")).with_columns(
        pl.when("is_guarded")
        .then(pl.lit(MISSED[0]))
        .when(pl.col("weight") < limit)
        .then(pl.lit(MISSED[1]))
        .when(~pl.col("is_compared"))
        .then(pl.lit(MISSED[2]))
        .when(pl.col("weight") < link)
        .then(pl.lit(MISSED[3]))
        .otherwise(pl.lit(MISSED[4]))
        .alias("reason")
    )


def _why_wrong(pairs: pl.DataFrame, limit: int, link: int) -> pl.DataFrame:
    return pairs.with_columns(
        pl.when(pl.col("weight") < link)
        .then(pl.lit(WRONG[2]))
        .when(pl.col("weight") >= limit)
        .then(pl.lit(WRONG[0]))
        .otherwise(pl.lit(WRONG[1]))
        .alias("reason")
    )


def _counted(pairs: pl.DataFrame, reasons: tuple[str, ...]) -> dict[str, int]:
    found = dict(pairs.group_by("reason").len().iter_rows())
    return {reason: int(found.get(reason, 0)) for reason in reasons}


def _by_rule(pairs: pl.DataFrame, keys: pl.DataFrame, kept: pl.DataFrame) -> dict[str, int]:
    """By rule how many of the pairs share a block of it that was too large; and those that share no block of any rule."""
    dropped = keys.join(kept.select("key").unique(), on="key", how="anti").with_columns(rule_of(pl.col("key")).alias("rule"))
    found: dict[str, int] = {}
    for number, rule in enumerate(RULES):
        if shared := _sharing(pairs, dropped.filter(pl.col("rule") == number)).height:
            found[rule] = shared
    found["no rule"] = pairs.height - _sharing(pairs, dropped).height
    return found
