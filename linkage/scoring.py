"""Score candidate pairs with Splink and the frozen model, on a locked connection.

Here: the seam to Splink, and the pairs that it is given. Never here: a threshold of a group, a parameter estimated from the records.
The method is Fellegi and Sunter, "A Theory for Record Linkage", JASA 64 (1969); Splink 5 writes it as SQL. All SQL here and
in the model is plain enough that Splink's Spark backend runs it too.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import polars as pl

from linkage.backends import Backend, DuckBackend
from linkage.blocking import Blocks
from linkage.guards import BIRTH_TYPING_ERRORS, BIRTH_YEAR_SPAN, DOCUMENT_TYPING_ERRORS, READ_BY_GUARDS
from linkage.model import Comparison, LinkageModel
from schemas.errors import CasehouseError

if TYPE_CHECKING:
    from splink import SettingsCreator

EDGES: dict[str, pl.DataType] = {"left": pl.Int64(), "right": pl.Int64(), "weight": pl.Int64()}
Watch = Callable[[int, float], None]
PAIRS_AT_ONCE = 4_000_000
"""So many pairs, before they are made distinct, are scored in one query, which keeps memory flat however many there are."""

TOGETHER = """
    select distinct l.position as one, r.position as two
    from linkage_blocks l join linkage_blocks r on l.key = r.key and l.position < r.position
    where l.position >= {low} and l.position < {high}
"""
# Two records that a guard keeps apart are not scored; the pair then counts as `lowest`, also where a third record or a human joins
# their groups. `linkage.guards` has the exact rules; a swap is one edit there and two here, where every database counts alike.
CANDIDATES = f"""
    select '0' as match_key, one as join_key_l, two as join_key_r
    from ({{pairs}}) p join linkage_records l on l.position = one join linkage_records r on r.position = two
    where (l.document is null or r.document is null
            or levenshtein(l.document, r.document) <= {2 * DOCUMENT_TYPING_ERRORS}
            or coalesce(l.phone = r.phone, false) or coalesce(l.email = r.email, false)
            or coalesce(l.postal_sorted = r.postal_sorted, false) or coalesce(l.street = r.street, false))
        and (l.birth_day is null or r.birth_day is null or abs(l.birth_year - r.birth_year) <= {BIRTH_YEAR_SPAN}
            or levenshtein(l.birth_text, r.birth_text) <= {2 * BIRTH_TYPING_ERRORS}
            or coalesce(levenshtein(l.document, r.document) <= {2 * DOCUMENT_TYPING_ERRORS}, false))
        and (l.source_person_id is null or r.source_person_id is null or l.partner_code is null or r.partner_code is null
            or l.partner_code <> r.partner_code)
"""  # noqa: S608 - numbers of this package


class LinkageFailed(CasehouseError):
    """Splink or its database refused the linkage: a bug in the model file or in the features, never a data error."""


def unwatched(pairs: int, share: float) -> None:
    """Nobody is told how far the scoring is."""


def score(
    features: pl.DataFrame, blocks: Blocks, model: LinkageModel, backend: Backend | None = None, watch: Watch = unwatched
) -> pl.DataFrame:
    """The edges among pairs that share a block: left < right (positions), weight in thousandths of a bit, sorted.

    Only weights above `lowest` of the model are edges, and no pair that a guard forbids is compared. Weights are whole numbers so
    that no sum depends on its order. `backend`: where Splink runs; DuckDB in memory unless given. `watch` is told now and then how
    many more pairs were compared and which share of all work is done. Raises `LinkageFailed`.
    """
    if blocks.frame.is_empty():
        return pl.DataFrame(schema=EDGES)
    portions = _portions(blocks.frame)
    found = []
    with _prepared(features, model, backend) as scorer:
        scorer.backend.load("linkage_blocks", blocks.frame)
        for number, (low, high) in enumerate(portions, 1):
            found.append(scorer.edges(TOGETHER.format(low=low, high=high)))
            watch(scorer.candidates(), number / len(portions))
    return _sorted(pl.concat(found))


def candidate_pairs(blocks: Blocks) -> pl.DataFrame:
    """left < right: every pair that shares a block, once, sorted, whatever guards say; for fitting a model."""
    if blocks.frame.is_empty():
        return pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64})
    backend = DuckBackend()
    try:
        backend.load("linkage_blocks", blocks.frame)
        found = backend.fetch(TOGETHER.format(low=0, high=2**32))
    finally:
        backend.close()
    return found.select(pl.col("one").cast(pl.Int64).alias("left"), pl.col("two").cast(pl.Int64).alias("right")).sort("left", "right")


def _sorted(edges: pl.DataFrame) -> pl.DataFrame:
    return edges.sort("left", "right")


def score_pairs(features: pl.DataFrame, pairs: pl.DataFrame, model: LinkageModel, watch: Watch = unwatched) -> pl.DataFrame:
    """The edges among these pairs (left < right, distinct), as `score` would find them if they shared a block. Raises `LinkageFailed`."""
    if pairs.is_empty():
        return pl.DataFrame(schema=EDGES)
    concerned = pl.concat([pairs["left"], pairs["right"]]).unique()
    found, done = [], 0
    with _prepared(features.filter(pl.col("position").is_in(concerned.implode())), model, None) as scorer:
        for portion in pairs.select(pl.col("left").alias("one"), pl.col("right").alias("two")).iter_slices(PAIRS_AT_ONCE):
            scorer.backend.load("linkage_pairs", portion)
            found.append(scorer.edges("select one, two from linkage_pairs"))
            done += portion.height
            watch(scorer.candidates(), done / pairs.height)
    return _sorted(pl.concat(found))


def levels_of(features: pl.DataFrame, pairs: pl.DataFrame, model: LinkageModel) -> pl.DataFrame:
    """How these pairs (left < right, positions) compare: left, right, weight and level_<comparison>, sorted, whatever guards say.

    A level is the index into the comparison's `levels`. Raises `LinkageFailed`.
    """
    columns: dict[str, pl.DataType] = {f"level_{comparison.name}": pl.UInt8() for comparison in model.comparisons}
    if pairs.is_empty():
        return pl.DataFrame(schema=EDGES | columns)
    with _prepared(features, model, None) as scorer:
        scorer.backend.load("linkage_pairs", pairs.select("left", "right").unique())
        scorer.backend.run("candidate_pairs", """select '0' as match_key, "left" as join_key_l, "right" as join_key_r from linkage_pairs""")
        found = scorer.predicted([f"gamma_{comparison.name}" for comparison in model.comparisons])
    # Splink numbers the levels from the last one, which is 0, up to the second, and the missing one is -1.
    levels = [
        pl.when(pl.col(f"gamma_{comparison.name}") < 0)
        .then(0)
        .otherwise(len(comparison.levels) - 1 - pl.col(f"gamma_{comparison.name}"))
        .cast(pl.UInt8)
        .alias(f"level_{comparison.name}")
        for comparison in model.comparisons
    ]
    return found.select("left", "right", "weight", *levels).sort("left", "right")


def _portions(blocked: pl.DataFrame) -> list[tuple[int, int]]:
    """Ranges of positions, from the first up to before the second, that are the left end of about `PAIRS_AT_ONCE` pairs each."""
    ends = np.flatnonzero(blocked["key"].to_numpy()[:-1] != blocked["key"].to_numpy()[1:]) + 1
    last = np.append(ends, blocked.height)
    lengths = np.diff(last, prepend=0)
    later = np.repeat(last, lengths) - np.arange(blocked.height) - 1
    before = np.cumsum(np.bincount(blocked["position"].to_numpy(), weights=later))
    bounds = np.searchsorted(before, np.arange(PAIRS_AT_ONCE, before[-1], PAIRS_AT_ONCE)) + 1
    edges = [0, *sorted({int(bound) for bound in bounds}), before.size]
    return [(low, high) for low, high in itertools.pairwise(edges) if low < high]


@dataclass(frozen=True)
class _Scorer:
    """The records and the model, ready in a backend."""

    model: LinkageModel
    backend: Backend

    def edges(self, pairs: str) -> pl.DataFrame:
        self.backend.run("candidate_pairs", CANDIDATES.format(pairs=pairs))
        lowest = self.model.thresholds.milli("lowest")
        return self.predicted([]).filter(pl.col("weight") > lowest)

    def candidates(self) -> int:
        """How many pairs were compared last."""
        return int(self.backend.fetch("select count(*) as pairs from candidate_pairs")["pairs"][0])

    def predicted(self, gammas: Sequence[str]) -> pl.DataFrame:
        """left, right, weight of every row of candidate_pairs, and the levels in Splink's numbers where they are asked for."""
        from splink import Linker

        api = self.backend.splink_api()
        settings = splink_settings(self.model, self.backend.translated, with_levels=bool(gammas))
        linker = Linker(api.register("linkage_records"), settings, log_level=None, validate_settings=False)
        linker.table_management.register_blocked_pairs_for_predict(api.register("candidate_pairs"))
        found = linker.inference.predict(warning_mode="never")
        columns = ", ".join(["position_l", "position_r", "cast(round(match_weight * 1000) as bigint) as weight", *gammas])
        frame = self.backend.fetch(f"select {columns} from {found.physical_name}")  # noqa: S608 - names that Splink and the model made
        found.drop_table_from_database_and_remove_from_cache()
        return frame.rename({"position_l": "left", "position_r": "right"})


@contextmanager
def _prepared(features: pl.DataFrame, model: LinkageModel, backend: Backend | None) -> Iterator[_Scorer]:
    """A scorer with the records loaded; what its database says goes into no message, since that may quote a value."""
    from splink.internals.exceptions import SplinkException

    chosen = backend or DuckBackend()
    try:
        with _silence():
            chosen.load("linkage_records", features.select(_columns_read(model, features.columns)))
            yield _Scorer(model, chosen)
    except (duckdb.Error, SplinkException):
        raise LinkageFailed("the candidate pairs could not be scored; check the conditions of the linkage model") from None
    finally:
        if backend is None:
            chosen.close()


def _columns_read(model: LinkageModel, columns: Sequence[str]) -> list[str]:
    """Those columns of the features that guards or conditions read."""
    conditions = " ".join(level.condition for comparison in model.comparisons for level in comparison.levels)
    words = set(re.findall(r"\w+", conditions))
    return [name for name in columns if name in ("position", "birth_year", *READ_BY_GUARDS) or f"{name}_l" in words or f"{name}_r" in words]


def splink_settings(
    model: LinkageModel, translated: Callable[[str], str] = lambda condition: condition, *, with_levels: bool = False
) -> SettingsCreator:
    """The model in Splink's form. Blocking rules stay empty: pairs are chosen, capped and counted before Splink sees them.

    `translated`: from a condition in DuckDB's SQL to the same in another database's.
    """
    from splink import SettingsCreator

    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="position",
        probability_two_random_records_match=model.prior,
        comparisons=[_splink_comparison(comparison, translated) for comparison in model.comparisons],
        blocking_rules_to_generate_predictions=[],
        # Splink keeps the levels only together with the values that they compare.
        retain_matching_columns=with_levels,
        # A fixed name for the run keeps table names, and so nothing at all, from chance.
        linker_uid="casehouse",
    )


def _splink_comparison(comparison: Comparison, translated: Callable[[str], str]) -> dict[str, object]:
    levels = [
        {"sql_condition": translated(level.condition), "label_for_charts": level.label, "is_null_level": True}
        if level.is_null
        else {
            "sql_condition": translated(level.condition),
            "label_for_charts": level.label,
            "m_probability": level.m,
            "u_probability": level.u,
            "fix_m_probability": True,
            "fix_u_probability": True,
        }
        for level in comparison.levels
    ]
    return {"output_column_name": comparison.name, "comparison_levels": levels}


@contextmanager
def _silence() -> Iterator[None]:
    """Keep Splink's messages, which may quote SQL and data, out of every log while it runs."""
    logger = logging.getLogger("splink")
    level, propagates = logger.level, logger.propagate
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.propagate = propagates
