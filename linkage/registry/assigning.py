"""The registry after a linkage: groups of records in, person keys and the events that tell of them out.

Here: what changed, and the events of it in a fixed order. Never here: who gets which key (`claims`), what events do (`replaying`).

Only groups that are not persons as they stood are looked at one by one; the others are found by joins.
"""

from __future__ import annotations

import polars as pl

from linkage.registry.claims import claims, given, with_homes
from linkage.registry.replaying import applied
from linkage.registry.tables import Kind, Registry, appended, ordinals, person_keys


def assign(clusters: pl.DataFrame, registry: Registry, model_version: str) -> Registry:
    """The registry after a linkage by this model that found `clusters` (record_key, cluster: any labels; one row a record present).

    A group of records is one person. The oldest key survives a merge, a split keeps its lineage, a part that was a person before a
    merge gets its key back (`claims` says the whole rule), new persons are numbered in the order of their smallest record_key. The
    order of rows and the labels do not matter. Where nothing changed, the registry is the same.
    """
    placed = _placed(clusters, registry)
    is_changed = placed["first"].is_in(_changed(placed).implode())
    moving, resting = placed.filter(is_changed), placed.filter(~is_changed)
    alive = _alive(moving, registry)
    claimed = claims(moving, resting, alive)
    keyed = _keyed(moving, claimed, registry)
    settled = moving.join(keyed, on="first", how="left").with_columns(new_former=_former(claimed, keyed))
    events = pl.concat(
        [
            _relinked(registry, model_version),
            _left(placed, registry),
            _made(settled, keyed),
            _restored(keyed, alive, registry),
            _merged(claimed, keyed, registry),
            _joined(settled),
        ],
        how="diagonal",
    )
    if events.is_empty():
        return registry
    log = appended(registry, events)
    person, membership = applied(registry.person, registry.membership, log.tail(events.height))
    return Registry(person, membership, registry.judgement, log)


def _placed(clusters: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Every record present: record_key, first (of its group), person_key and former_key so far, returning (for one that had left), home."""
    present = _named_by_first(clusters)
    is_open = pl.col("valid_to").is_null()
    now = registry.membership.filter(is_open).select("record_key", "person_key", "former_key")
    before = (
        registry.membership.filter(~is_open)
        .select("record_key", pl.coalesce("former_key", "person_key").alias("returning"), "valid_from")
        .join(present, on="record_key", how="semi")
        .sort("valid_from")
        .unique("record_key", keep="last")
        .drop("valid_from")
    )
    placed = present.join(now, on="record_key", how="left")
    if before.is_empty():
        return with_homes(placed.with_columns(returning=pl.lit(None, pl.String)))
    return with_homes(placed.join(before, on="record_key", how="left"))


def _named_by_first(clusters: pl.DataFrame) -> pl.DataFrame:
    """record_key, first: the smallest record_key of its group, which mostly is the group's label already."""
    record, label = clusters["record_key"].cast(pl.String), clusters["cluster"].cast(pl.String)
    is_first = (label <= record).all() and (label == record).sum() == label.n_unique()
    known = pl.DataFrame({"record_key": record, "first": label})
    return known if is_first else known.with_columns(pl.col("record_key").min().over("first").alias("first"))


def _changed(placed: pl.DataFrame) -> pl.Series:
    """first of every group that is not a person as it stood: with a newcomer, of several persons, or of part of one."""
    numbered = placed.select("first", ordinals("person_key").alias("person"))
    person = pl.col("person")
    groups = numbered.group_by("first").agg(person.min().alias("least"), person.max().alias("most"), person.null_count().alias("newcomers"))
    is_mixed = (pl.col("least") != pl.col("most")) | (pl.col("newcomers") > 0)
    mixed = groups.filter(is_mixed)["first"]
    parted = numbered.filter(pl.col("first").is_in(mixed.implode()))["person"].drop_nulls().unique()
    is_part = pl.col("least").is_duplicated() | pl.col("least").is_in(parted.implode())
    return groups.filter(is_mixed | is_part)["first"]


def _alive(moving: pl.DataFrame, registry: Registry) -> pl.Series:
    """Of the keys that records of changed groups have or had, those of persons who had records present before."""
    asked = pl.concat([moving["home"], moving["person_key"]]).drop_nulls().unique()
    return registry.person.filter(pl.col("is_alive") & pl.col("person_key").is_in(asked.implode()))["person_key"]


def _keyed(moving: pl.DataFrame, claimed: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """first, key, is_new of every changed group, by first."""
    known = given(claimed)
    names = pl.DataFrame({"first": list(known), "key": list(known.values())}, schema={"first": pl.String, "key": pl.String})
    keyed = moving.select("first").unique().sort("first").join(names, on="first", how="left", maintain_order="left")
    ordinal = registry.person.height + pl.col("key").is_null().cum_sum()
    return keyed.with_columns(pl.coalesce("key", person_keys(ordinal)), is_new=pl.col("key").is_null())


def _former(claimed: pl.DataFrame, keyed: pl.DataFrame) -> pl.Expr:
    """The home that a record keeps beside its person's key: of a person who ended in its group, and whose key nobody got."""
    free = _ended(claimed, keyed)
    is_kept = pl.concat_str("home", "first", separator=" ").is_in((free["key"] + " " + free["first"]).implode())
    return pl.when(is_kept).then("home")


def _ended(claimed: pl.DataFrame, keyed: pl.DataFrame) -> pl.DataFrame:
    """key, first of every key that was claimed and not given, with the strongest claimant."""
    return claimed.join(keyed, on="key", how="anti").unique("key", keep="first", maintain_order=True).select("key", "first")


def _relinked(registry: Registry, model_version: str) -> pl.DataFrame:
    is_same = registry.model_version == model_version
    return pl.DataFrame({"kind": [] if is_same else [Kind.RELINKED.value], "model_version": [] if is_same else [model_version]}).cast(
        pl.String
    )


def _left(placed: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    now = registry.membership.filter(pl.col("valid_to").is_null()).select("record_key")
    if now.height == placed.height - placed["person_key"].null_count():
        now = now.clear()  # all who were present are
    return now.join(placed, on="record_key", how="anti").sort("record_key").select(pl.lit(Kind.LEFT.value).alias("kind"), "record_key")


def _made(settled: pl.DataFrame, keyed: pl.DataFrame) -> pl.DataFrame:
    """New persons; one made of a person's records is split from the one that most of them were of."""
    whole = (
        settled.filter(pl.col("is_new") & pl.col("person_key").is_not_null())
        .group_by("first", "person_key")
        .len()
        .sort("first", "len", ordinals("person_key"), descending=[False, True, False])
        .unique("first", keep="first")
        .select("first", pl.col("person_key").alias("other_key"))
    )
    new = keyed.filter("is_new").join(whole, on="first", how="left", maintain_order="left")
    kind = pl.when(pl.col("other_key").is_null()).then(pl.lit(Kind.MADE.value)).otherwise(pl.lit(Kind.SPLIT.value))
    return new.select(kind.alias("kind"), pl.col("key").alias("person_key"), "other_key")


def _restored(keyed: pl.DataFrame, alive: pl.Series, registry: Registry) -> pl.DataFrame:
    again = keyed.filter(~pl.col("is_new") & ~pl.col("key").is_in(alive.implode())).sort(ordinals("key"))
    known = registry.person.select("person_key", "merged_into")
    found = again.join(known, left_on="key", right_on="person_key", how="left", maintain_order="left")
    return found.select(
        pl.lit(Kind.RESTORED.value).alias("kind"), pl.col("key").alias("person_key"), pl.col("merged_into").alias("other_key")
    )


def _merged(claimed: pl.DataFrame, keyed: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Persons who ended in another, also those who had ended before where their records are now of yet another."""
    into = _ended(claimed, keyed).join(keyed.select("first", pl.col("key").alias("into")), on="first")
    known = into.join(registry.person.select("person_key", "merged_into"), left_on="key", right_on="person_key")
    new = known.filter(pl.col("merged_into").ne_missing(pl.col("into"))).sort(ordinals("key"))
    return new.select(pl.lit(Kind.MERGED.value).alias("kind"), pl.col("into").alias("person_key"), pl.col("key").alias("other_key"))


def _joined(settled: pl.DataFrame) -> pl.DataFrame:
    is_moved = pl.col("person_key").ne_missing(pl.col("key")) | pl.col("former_key").ne_missing(pl.col("new_former"))
    return (
        settled.filter(is_moved)
        .sort("record_key")
        .select(
            pl.lit(Kind.JOINED.value).alias("kind"),
            "record_key",
            pl.col("key").alias("person_key"),
            pl.col("new_former").alias("other_key"),
        )
    )
