"""Make a linkage model from labelled corpora: how common names are, what levels are worth, where the thresholds lie.

Here: the order of the steps. Never here: a run's records; chance; the name of a corpus in anything that is fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import polars as pl

from linkage.blocking import block_keys, kept_blocks
from linkage.bonds import no_judgements
from linkage.clusters import clusters
from linkage.comparisons import LIMITS, unweighted
from linkage.features import features
from linkage.fitting import fit
from linkage.model import Frequencies, LinkageModel, Thresholds
from linkage.names import RARITY, names_held
from linkage.private.rounds import round_key
from linkage.private.tokens import token_only
from linkage.scoring import levels_of, score
from linkage.table import INPUT, checked
from linkage.thresholds import Curve, choose, curve, grid
from schemas.errors import UserError
from schemas.zones import Identified

BLOCK_CAP = 40
LOWEST, HIGHEST = -4.5, 12.0
"""Clamps of a pair's weight, in bits. A pair that was not compared counts as the lowest, so a lower one would split large groups."""
_ROUND = "training"
# Tokens of invented records only; the key guards nobody.
_TRAINING_SECRET = bytes(range(200, 232))


@dataclass(frozen=True)
class Corpus:
    """A labelled table. records: the columns of `linkage.table`; person: record_key, cluster (the truth), one row a record."""

    records: Identified
    person: pl.DataFrame


@dataclass(frozen=True)
class _Compared:
    """A corpus with its features, its truth by position, and the levels of its candidate pairs."""

    features: pl.DataFrame
    truth: pl.Series
    levels: pl.DataFrame


def corpus_of(frame: pl.DataFrame) -> Corpus:
    """From a table with record_key (or unique_id), cluster and columns named as in `linkage.table`.

    A table without partner_code counts as one partner's. Raises `UserError` for a table without labels, or whose labels say nothing.
    """
    if "record_key" not in frame.columns and "unique_id" in frame.columns:
        frame = frame.rename({"unique_id": "record_key"})
    if "partner_code" not in frame.columns:
        frame = frame.with_columns(pl.lit("one").alias("partner_code"))
    missing = [name for name in ("record_key", "cluster") if name not in frame.columns]
    if missing or frame["cluster"].null_count() or frame["cluster"].n_unique() in (0, frame.height):
        raise UserError(
            "a table to train on has no labels to learn from",
            where=f"the columns {', '.join(missing)} are missing" if missing else "the column cluster",
            allowed="unique_id and cluster (the person a row is about) in every row, with persons who have several rows, and columns "
            f"such as {', '.join(INPUT[3:7])}",
            next_step="label a table, or make an invented one; a model is never fitted to reports of which nobody knows who is who",
        )
    person = frame.select(pl.col("record_key", "cluster").cast(pl.String))
    return Corpus(Identified(frame.select(name for name in INPUT if name in frame.columns)), person)


def half_of(corpus: Corpus) -> Corpus:
    """The persons whose hash is even, whole: what is left is a corpus that the model never saw, to measure it on."""
    names = corpus.person["cluster"].unique().sort()
    kept = names.filter(pl.Series([blake2b(name.encode(), digest_size=2).digest()[0] % 2 == 0 for name in names], dtype=pl.Boolean))
    person = corpus.person.filter(pl.col("cluster").is_in(kept.implode()))
    return Corpus(Identified(corpus.records.frame.join(person.select("record_key"), on="record_key", how="semi")), person)


def train(
    corpora: Sequence[Corpus], version: str, made_by: str, watch: Callable[[str, float], None] = lambda _step, _share: None
) -> LinkageModel:
    """A model fitted to the corpora together; equal corpora in any order give an equal model.

    Every corpus weighs as much per person with several records as any other, so that persons reported twenty times do not outvote.
    """
    base = _unfitted(_frequencies(corpora), version, made_by)
    compared = []
    for number, corpus in enumerate(corpora):
        watch("comparing", number / len(corpora))
        compared.append(_compared(corpus, base))
    watch("fitting", 0.0)
    tokens = [_token_levels(corpus, base) for corpus in corpora]
    patterns = [_patterns(one.levels, _weight(one)) for one in compared] + [
        _patterns(levels, _weight(one)) for one, levels in zip(compared, tokens, strict=True) if not levels.is_empty()
    ]
    fitted = fit(_added(patterns), base.comparisons, LIMITS)
    model = base.model_copy(update={"prior": fitted.prior, "comparisons": fitted.comparisons})
    watch("choosing thresholds", 0.0)
    return _with_thresholds(model, compared)


def _unfitted(frequencies: Frequencies, version: str, made_by: str) -> LinkageModel:
    return LinkageModel(
        version=version,
        made_by=made_by,
        prior=0.5,
        prior_is="the odds at which all levels of a candidate pair of the corpora weigh nothing, not a share among all pairs of records",
        frequencies=frequencies,
        block_cap=BLOCK_CAP,
        comparisons=unweighted(),
        thresholds=Thresholds(automatic=0, asked=0, link=0, review=0, lowest=LOWEST, highest=HIGHEST, reason="none yet"),
    )


def _frequencies(corpora: Sequence[Corpus]) -> Frequencies:
    """Shares over the records of all corpora together; the names that any share under the least bound would call rare are left out."""
    tables = [checked(corpus.records) for corpus in corpora]
    records = sum(table.height for table in tables)
    counted = pl.concat([names_held(table) for table in tables]).value_counts()
    column = counted.columns[0]
    shares = counted.with_columns((pl.col("count") * 1_000_000 // records).alias("share")).filter(pl.col("share") >= min(RARITY.values()))
    listed = {str(name): int(share) for name, share in shares.sort(column).select(column, "share").iter_rows()}
    return Frequencies(
        names=listed, reason="records of a million, over all training corpora, that hold a name of this skeleton; others are rare"
    )


def _compared(corpus: Corpus, base: LinkageModel) -> _Compared:
    known = features(corpus.records, base)
    truth = known.select("record_key").join(corpus.person, on="record_key", how="left", maintain_order="left")["cluster"]
    return _Compared(known, truth, _levels(known, truth, base))


def _levels(known: pl.DataFrame, truth: pl.Series, base: LinkageModel) -> pl.DataFrame:
    """left, right, is_same and the levels of every candidate pair that no guard forbids: under weights of nothing, all are edges."""
    edges = score(known, kept_blocks(block_keys(known), base.block_cap), base)
    levels = levels_of(known, edges.select("left", "right"), base).drop("weight")
    return levels.with_columns((truth.gather(levels["left"]) == truth.gather(levels["right"])).alias("is_same"))


def _token_levels(corpus: Corpus, base: LinkageModel) -> pl.DataFrame:
    """The same of pairs with a record that is known by its tokens alone: half of the records, by a hash of their key, are encoded."""
    table = checked(corpus.records)
    is_encoded = pl.Series([blake2b(key.encode(), digest_size=1).digest()[0] % 2 == 0 for key in table["record_key"]], dtype=pl.Boolean)
    key = round_key(_TRAINING_SECRET, _ROUND)
    encoded = token_only(table.filter(is_encoded), _ROUND, key)
    mixed = pl.concat([table.filter(~is_encoded), encoded], how="diagonal")
    known = features(Identified(mixed), base, {_ROUND: key})
    truth = known.select("record_key").join(corpus.person, on="record_key", how="left", maintain_order="left")["cluster"]
    silent = known["is_token_only"]
    levels = _levels(known, truth, base)
    return levels.filter(silent.gather(levels["left"]) | silent.gather(levels["right"]))


def _weight(one: _Compared) -> float:
    """Persons with several records, by the pairs of one person: n records of a person make n (n - 1) / 2 pairs, not independent ones."""
    several = one.truth.value_counts().filter(pl.col("count") > 1).height
    return several / max(1, int(one.levels["is_same"].sum()))


def _patterns(levels: pl.DataFrame, weight: float) -> pl.DataFrame:
    columns = [name for name in levels.columns if name.startswith("level_")]
    counted = levels.group_by(*columns, "is_same").len("count")
    return counted.select(*columns, "is_same", (pl.col("count") * weight).alias("pairs"))


def _added(patterns: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The sum by pattern; added up in an order of values, so that the order of corpora changes no digit."""
    together = pl.concat(patterns)
    keys = [name for name in together.columns if name != "pairs"]
    return together.sort(*keys, "pairs").group_by(*keys, maintain_order=True).agg(pl.col("pairs").sum())


def _with_thresholds(model: LinkageModel, compared: Sequence[_Compared]) -> LinkageModel:
    heights = grid(LOWEST + 1, HIGHEST - 1)
    open_wide = model.thresholds.model_copy(update={"review": LOWEST + 1})
    curves: list[Curve] = []
    for one in compared:
        edges = score(one.features, kept_blocks(block_keys(one.features), model.block_cap), model)
        found = clusters(one.features, edges, no_judgements(), open_wide)
        curves.append(curve(one.truth, found.merges, heights))
    chosen = choose(curves)
    cuts = {name: getattr(chosen, name) for name in ("automatic", "asked", "link", "review")}
    thresholds = Thresholds(**cuts, lowest=LOWEST, highest=HIGHEST, reason=chosen.reason)
    return model.model_copy(update={"thresholds": thresholds})
