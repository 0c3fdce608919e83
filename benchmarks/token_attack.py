"""What someone who sees tokens and knows how frequent names are learns from them: much of one field, nothing of a keyed composite.

    python benchmarks/token_attack.py [--json OUT]

The persons are those of historical_50k (real names, so real frequencies), one record each. The attacker's public list is the names of
half of them; the tokens are of the other half. It is told the gender beside each token, as the warehouse would be, and never a key.
A record counts as read when the attacker names its given name (one field) or both names (composite) rightly. Chance is the same
attacker without tokens, who always says the most frequent name of the gender.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from linkage.private.normaliser import name_parts
from linkage.private.rounds import round_key, well_known_keys
from linkage.private.slots import slot_texts
from linkage.private.tokens import person_tokens

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "bench" / "linkage" / "historical_figures_with_errors_50k.parquet"
KEY = round_key(b"the master secret of this demonstration", "demonstration")
GIVEN_KNOWN, FAMILY_KNOWN, YEARS = 200, 400, range(1800, 1893)


@dataclass(frozen=True)
class Reached:
    """What one attack read: the share of records, and the share that guessing without any token reads."""

    tokens: str
    attack: str
    share: float
    chance: float
    records: int


def main() -> None:
    """Run every attack and print a table; with --json also its figures for docs/linkage.md."""
    parser = argparse.ArgumentParser(description="Attack tokens by frequency and by dictionary.")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = attacks()
    for row in found:
        line = f"{row.tokens:<26}{row.attack:<32}{row.share:>8.2%}   chance {row.chance:>7.2%}   {row.records:,} records"
        sys.stdout.write(line + "\n")
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in found], indent=1) + "\n", encoding="utf-8")


def attacks() -> tuple[Reached, ...]:
    """Every attack on every kind of token; deterministic."""
    public, target = halves()
    single = target.with_columns(token=_hashed(target["given"], KEY))
    plain = target.with_columns(token=pl.Series([hashlib.sha256(name.encode()).hexdigest() for name in target["given"]]))
    keyed = target.with_columns(person_tokens(target, "demonstration", KEY)).drop_nulls("person_token")
    names, pairs = ["given"], ["given", "family"]
    dictionary = {hashlib.sha256(name.encode()).hexdigest(): name for name in public["given"].unique().to_list()}
    by_plain = plain.select((pl.col("token").replace_strict(dictionary, default=None) == pl.col("given")).fill_null(False).mean()).item()
    unkeyed = _unkeyed_composites(public, target)
    count, pairs_by_chance = target.height, _by_chance(public, target, pairs)
    return (
        Reached("one field, no key", "dictionary", by_plain, _by_chance(public, target, names), count),
        Reached("one field, secret key", "frequency", _by_frequency(public, single, names), _by_chance(public, target, names), count),
        Reached("composite, no key", "dictionary", unkeyed, pairs_by_chance, count),
        Reached("composite, secret key", "dictionary of well-known keys", _by_known_keys(keyed), pairs_by_chance, keyed.height),
        Reached(
            "composite, secret key",
            "frequency",
            _by_frequency(public, _most_shared(keyed), pairs),
            _by_chance(public, keyed, pairs),
            keyed.height,
        ),
    )


def attacks_result() -> list[dict[str, object]]:
    """What `attacks` found, for a page."""
    return [asdict(row) for row in attacks()]


def halves() -> tuple[pl.DataFrame, pl.DataFrame]:
    """The public half and the target half: given_name, family_name, birth_date, gender_code, and the one part of each name."""
    frame = pl.read_parquet(CORPUS).sort("unique_id").drop_nulls(["first_name", "surname", "dob"])
    frame = frame.filter(pl.col("dob").str.contains(r"^18\d\d-\d\d-\d\d$")).unique("cluster", keep="first", maintain_order=True)
    records = frame.select(
        "cluster", given_name="first_name", family_name="surname", birth_date="dob", gender_code=pl.col("gender").fill_null("unknown")
    ).with_row_index("position")
    for side in ("given", "family"):
        parts = name_parts(records.select("position", f"{side}_name")).group_by("position").agg(pl.col("part").first().alias(side))
        records = records.join(parts, on="position", maintain_order="left")
    is_public = pl.Series([hashlib.sha256(name.encode()).digest()[0] % 2 == 0 for name in records["cluster"]])
    return records.filter(is_public), records.filter(~is_public)


def _hashed(values: pl.Series, key: bytes) -> pl.Series:
    return pl.Series([hmac.new(key, value.encode(), hashlib.sha256).hexdigest() for value in values])


def _by_frequency(public: pl.DataFrame, target: pl.DataFrame, names: list[str]) -> float:
    """Rank against rank within each gender: the i-th most frequent token is taken for the i-th most frequent name."""
    tokens, known = (_ranked(frame, columns) for frame, columns in ((target, ["token"]), (public, names)))
    guessed = tokens.join(known, on=["gender_code", "rank"], how="left").select(
        "gender_code", "token", *(pl.col(name).alias(f"said_{name}") for name in names)
    )
    asked = target.join(guessed, on=["gender_code", "token"], how="left")
    return float(asked.select(pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"said_{name}")) for name in names).mean()).item())


def _ranked(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    counted = (
        frame.group_by("gender_code", *columns)
        .len()
        .sort("gender_code", "len", *columns, descending=[False, True, *(False for _ in columns)])
    )
    return counted.with_columns(pl.int_range(pl.len()).over("gender_code").alias("rank"))


def _by_chance(public: pl.DataFrame, target: pl.DataFrame, names: list[str]) -> float:
    first = (
        _ranked(public, names).filter(pl.col("rank") == 0).select("gender_code", *(pl.col(name).alias(f"said_{name}") for name in names))
    )
    asked = target.join(first, on="gender_code", how="left")
    return float(asked.select(pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"said_{name}")) for name in names).mean()).item())


def _unkeyed_composites(public: pl.DataFrame, target: pl.DataFrame) -> float:
    """The token of two names and a birth year without a key, against every combination of frequent names and years."""
    known = {}
    given, family = (_frequent(public, side, most) for side, most in (("given", GIVEN_KNOWN), ("family", FAMILY_KNOWN)))
    for one in given:
        for other in family:
            low, high = sorted((one, other))
            for year in YEARS:
                known[hashlib.sha256(f"{low}|{high}|{year}".encode()).digest()[:8]] = (one, other)
    rows = target.select("given", "family", pl.col("birth_date").str.head(4)).iter_rows()
    read = sum(
        known.get(hashlib.sha256("|".join((*sorted((one, other)), year)).encode()).digest()[:8]) == (one, other)
        for one, other, year in rows
    )
    return read / target.height


def _frequent(public: pl.DataFrame, side: str, most: int) -> list[str]:
    counted = public.group_by(side).len().sort("len", side, descending=[True, False])
    return counted[side].head(most).to_list()


def _by_known_keys(target: pl.DataFrame) -> float:
    """The attacker even knows every record's names and birth date, and tries the keys that anybody would: which tokens are those?"""
    texts = slot_texts(target.drop("position").with_row_index("position"))
    tokens = target["person_token"].to_list()
    read: set[int] = set()
    for key in well_known_keys():
        for position, text in texts.select("position", "text").iter_rows():
            digest = hmac.new(key, f"casehouse token 2|demonstration|{text}".encode(), hashlib.sha256).hexdigest()[:32]
            if digest in tokens[position]:
                read.add(position)
    return len(read) / target.height


def _most_shared(keyed: pl.DataFrame) -> pl.DataFrame:
    """Each record by its token that most records share: what counting could tell most of."""
    words = keyed.select("position", pl.col("person_token").str.split(" ").alias("token")).explode("token")
    times = words.group_by("token").len()
    best = (
        words.join(times, on="token").sort("len", "token", descending=[True, False]).unique("position", keep="first", maintain_order=True)
    )
    return keyed.join(best.select("position", "token"), on="position")


if __name__ == "__main__":
    main()
