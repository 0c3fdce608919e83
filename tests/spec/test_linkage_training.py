"""Making a linkage model: a small labelled corpus in, a model that finds its persons out."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from linkage.comparisons import LIMITS
from linkage.link import link
from linkage.model import LinkageModel, load_model
from linkage.thresholds import LINK_PRECISION, MOST_ASKED, choose, curve, grid
from linkage.training import Corpus, corpus_of, half_of, train
from pipelines.commands.linkage_training import linkage_train
from schemas.errors import CasehouseError, SpecificationError, UserError
from schemas.zones import Identified

GIVEN = ["selam", "hodan", "maria", "ana", "rosa", "leila", "nadia", "irina", "joan", "petra", "amara", "ewa", "lucia", "fanta"]
FAMILY = ["bekele", "haile", "popescu", "silva", "osei", "mbeki", "novak", "lopez", "traore", "diallo", "wang", "costa", "farah"]


def invented(seed: int, persons: int = 150) -> pl.DataFrame:
    """Persons reported once to three times, with a typing error now and then and a birth date that is sometimes missing."""
    chance = random.Random(seed)
    rows = []
    for person in range(persons):
        given, family = chance.choice(GIVEN), f"{chance.choice(FAMILY)} {chance.choice(FAMILY)}"
        born = f"{chance.randrange(1960, 2006)}-{chance.randrange(2, 13):02d}-{chance.randrange(2, 29):02d}"
        for _ in range(chance.choice([1, 2, 3])):
            typed = given[:-1] if chance.random() < 0.1 else given
            rows.append((str(len(rows)), str(person), f"p{chance.randrange(5)}", typed, family, born if chance.random() < 0.8 else None))
    return pl.DataFrame(rows, schema=["unique_id", "cluster", "partner_code", "given_name", "family_name", "birth_date"], orient="row")


@pytest.fixture(scope="module")
def model() -> LinkageModel:
    return train([corpus_of(invented(1)), corpus_of(invented(3, 60))], "test", "invented")


def precision_and_recall(model: LinkageModel, corpus: Corpus) -> tuple[float, float]:
    found = link(corpus.records, model).clusters.join(corpus.person.rename({"cluster": "truth"}), on="record_key")
    pairs = [found.group_by(by).len()["len"] for by in (["truth", "cluster"], ["cluster"], ["truth"])]
    right, joined, true = (int((sizes.cast(pl.Int64) * (sizes.cast(pl.Int64) - 1) // 2).sum()) for sizes in pairs)
    return right / joined, right / true


def test_a_model_finds_the_persons_of_a_corpus_it_never_saw(model: LinkageModel) -> None:
    precision, recall = precision_and_recall(model, corpus_of(invented(2)))
    assert precision > 0.9
    assert recall > 0.8


def test_weights_say_what_the_corpus_shows(model: LinkageModel) -> None:
    weights = {(one.name, level.label): level.m / level.u for one in model.comparisons for level in one.levels if level.m and level.u}
    assert weights["birth_date", "same day"] > 8
    assert weights["birth_date", "different"] < 1
    assert weights["given_name", "different"] < 1


def test_weights_keep_their_limits(model: LinkageModel) -> None:
    bits = {(one.name, level.label): (level.m, level.u) for one in model.comparisons for level in one.levels}
    for key, (low, high) in LIMITS.items():
        m, u = bits[key]
        assert m is not None, key
        assert u is not None, key
        assert 2**low * 0.999 <= m / u <= 2**high * 1.001, key


def test_frequencies_are_shares_of_records_and_hold_no_rare_name(model: LinkageModel) -> None:
    assert model.frequencies.names
    assert all(150 <= share <= 1_000_000 for share in model.frequencies.names.values())
    lonely = corpus_of(
        pl.concat([invented(1, 4_000), invented(1, 1).with_columns(unique_id=pl.lit("x"), given_name=pl.lit("zzyzx")).head(1)])
    )
    assert "sjks" not in train_frequencies(lonely)


def train_frequencies(corpus: Corpus) -> dict[str, int]:
    from linkage.training import _frequencies

    return _frequencies([corpus]).names


def test_the_same_corpora_give_the_same_bytes_in_any_order(model: LinkageModel) -> None:
    shuffled = corpus_of(invented(1).sample(fraction=1, shuffle=True, seed=4))
    assert train([corpus_of(invented(3, 60)), shuffled], "test", "invented").model_dump_json() == model.model_dump_json()


@pytest.mark.parametrize(
    "unlabelled",
    [
        invented(1, 5).drop("cluster"),
        invented(1, 5).drop("unique_id"),
        invented(1, 5).with_columns(cluster=pl.lit(None, pl.String)),
        invented(1, 5).with_columns(cluster=pl.col("unique_id")),
        invented(1, 5).clear(),
    ],
)
def test_without_labels_there_is_nothing_to_learn(unlabelled: pl.DataFrame) -> None:
    with pytest.raises(UserError, match="no labels") as refused:
        corpus_of(unlabelled)
    assert "cluster" in str(refused.value)
    assert "bekele" not in str(refused.value)


def test_half_of_a_corpus_is_whole_persons() -> None:
    corpus = corpus_of(invented(1))
    half = half_of(corpus)
    assert 0.3 < half.person.height / corpus.person.height < 0.7
    assert set(half.records.frame["record_key"]) == set(half.person["record_key"])
    left = corpus.person.join(half.person, on="record_key", how="anti")
    assert not set(left["cluster"]) & set(half.person["cluster"])


def test_thresholds_rise_and_keep_the_policy() -> None:
    heights = grid(-3.5, 11.0)
    truth = pl.Series(["a", "a", "b", "b", "c", "d"])
    merges = pl.DataFrame(
        {"one": [0, 2, 4], "two": [1, 3, 5], "height": [9000.0, 4000.0, -1000.0], "left": [0, 2, 4], "right": [1, 3, 5]},
    )
    found = curve(truth, merges, heights)
    assert (found.precision[0], found.recall[0]) == (1.0, 0.0)
    assert (round(found.precision[-1], 3), found.recall[-1]) == (0.667, 1.0)
    assert found.asked(5.0, 0.0) == pytest.approx(2 / 6)
    chosen = choose([found])
    assert -1.0 < chosen.review <= chosen.link <= chosen.asked <= chosen.automatic <= 4.0
    at = int((heights == chosen.link).argmax())
    assert found.precision[at] >= LINK_PRECISION
    assert found.f1()[at] == 1.0
    assert found.asked(chosen.asked, chosen.review) <= MOST_ASKED


def test_the_command_writes_a_model_that_loads_and_never_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, half, out = tmp_path / "table.parquet", tmp_path / "half.parquet", tmp_path / "model.json"
    invented(1, 80).rename({"given_name": "first"}).write_parquet(table)
    invented(5, 80).write_parquet(half)
    columns = tmp_path / "columns.yml"
    columns.write_text("first: given_name\nelsewhere: phone\n", encoding="utf-8")
    linkage_train([table], out=out, half=[half], columns=[columns], version="7", made_by="invented tables")
    made = load_model(out)
    assert (made.version, made.made_by) == ("7", "invented tables")
    assert made.thresholds.review <= made.thresholds.link <= made.thresholds.automatic
    assert "labelled reports" in capsys.readouterr().out
    before = out.read_bytes()
    with pytest.raises(UserError, match="already"):
        linkage_train([table], out=out, columns=[columns])
    assert out.read_bytes() == before


@pytest.mark.parametrize("fault", ["absent", "no parquet", "no labels", "mapping"])
def test_a_table_that_cannot_be_used_is_refused_by_name(tmp_path: Path, fault: str) -> None:
    table, columns = tmp_path / "table.parquet", tmp_path / "columns.yml"
    columns.write_text("given_name: nickname\n" if fault == "mapping" else "{}", encoding="utf-8")
    if fault == "no parquet":
        table.write_text("CANARY", encoding="utf-8")
    elif fault != "absent":
        frame = invented(1, 5)
        (frame.drop("cluster") if fault == "no labels" else frame).write_parquet(table)
    with pytest.raises(CasehouseError) as refused:
        linkage_train([table], out=tmp_path / "model.json", columns=[columns])
    assert isinstance(refused.value, SpecificationError if fault == "mapping" else UserError)
    assert "CANARY" not in str(refused.value)
    assert not (tmp_path / "model.json").exists()


def test_records_are_only_ever_those_of_linkage() -> None:
    corpus = corpus_of(invented(1, 5).with_columns(narrative=pl.lit("CANARY")))
    assert "narrative" not in corpus.records.frame.columns
    assert isinstance(corpus.records, Identified)
