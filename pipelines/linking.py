"""Persons of an instance: link what changed, keep the registry, take judgements in, tell how many persons there are.

Here: what is read from the vault, in which order its objects are written, what the warehouse is told. Never here: who is who
(`linkage`), a name, or a value of a report.

The state is written before the registry: groups follow from reports, judgements and model alone, so a run that was cut off in
between finds the same groups again and gives the same keys.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from anonymize.keys import with_keys
from linkage.blocking import Dropped, kept_blocks
from linkage.clusters import QUESTIONS, Clustered
from linkage.incremental import LinkageState, empty_state, maker, updated
from linkage.model import MODEL_PATH, LinkageModel, load_model
from linkage.registry import NewJudgement, Registry, assign, with_standing
from linkage.registry import judged as with_judgement
from linkage.registry.judging import Verdict
from linkage.review.queue import waiting
from linkage.scoring import LinkageFailed
from linkage.table import INPUT
from linkage.thresholds import MOST_IN_QUESTIONS
from pipelines import linkage_objects as objects
from pipelines.instance import Instance, known_vault
from pipelines.kept import REGISTRY_KEY, register, reports_of
from pipelines.linkage_objects import SOURCE, Kept
from pipelines.round_links import token_links
from pipelines.rounds import open_keys
from schemas.errors import SpecificationError, UserError
from schemas.release import PersonInterval
from schemas.units import Unit
from schemas.zones import Identified
from warehouse.store import open_store

_BESIDE = ("source_record_id", "warehouse_key", "batch_id")


@dataclass(frozen=True)
class LinkCounts:
    """What linkage says of itself: counts only.

    interval: how many persons, at least and at most. questions: merges that are for a person to judge; questioned: records that they
    name. dropped: blocks too large to compare, by rule. contradicted: judgements that newer ones leave no room for. read: records
    that were read from the vault, since they came or changed.
    """

    records: int
    interval: PersonInterval
    questions: int
    questioned: int
    dropped: tuple[Dropped, ...]
    contradicted: int
    read: int

    @property
    def persons(self) -> int:
        """The best estimate."""
        return self.interval.persons

    @property
    def has_few_questions(self) -> bool:
        """Whether the questions name no more records than people can judge."""
        return self.questioned <= MOST_IN_QUESTIONS * self.records


@dataclass(frozen=True)
class Regrouped:
    """How many persons there were, and are after a review."""

    persons_before: int
    persons: int


def linkage_model(instance: Instance) -> LinkageModel:
    """The frozen model that the settings choose; `SpecificationError` when it is none."""
    return load_model(instance.settings.linkage_model or MODEL_PATH)


def model_in_use(instance: Instance) -> LinkageModel:
    """The model with its thresholds as they are among the records linked here."""
    model = linkage_model(instance)
    with open_store(instance.warehouse_file, read_only=True) as store:
        records = store.members().height
    return model.model_copy(update={"thresholds": model.thresholds.among(records)})


def model_faults(instance: Instance) -> tuple[str, ...]:
    """What is wrong with the file of the model that the settings choose; nothing where persons can be linked by it."""
    try:
        linkage_model(instance)
    except SpecificationError as error:
        return error.faults
    return ()


def link_persons(instance: Instance) -> LinkCounts:
    """Find the same person across all victim reports that stand; person keys that exist are kept.

    Only batches with reports that came or changed since the last linkage are read. All are where the model, the open rounds or the version
    is another; the registry's log tells when the model changed. Raises `SpecificationError` for a model file that is none, `UserError` for
    one that does not fit the reports, and what else `linkage.incremental.updated` raises.
    """
    vault = instance.vault
    model = linkage_model(instance)
    with open_store(instance.warehouse_file) as store:
        before = _kept(instance, model)
        change = _change(before.source, store.record_batches())
        arriving = _reports(instance, change.coming)
        loaded = objects.load_registry(vault)
        after = _linked(instance, before, change, arriving, loaded.registry.judgement)
        found = after.state.clustered
        named = assign(found.clusters.select("record_key", "cluster"), loaded.registry, model.version)
        named = with_standing(named, found.contradicted)
        if after is not before:
            objects.store_state(vault, after)
        objects.store_registry(vault, named, loaded)
        interval = _interval(found)
        store.replace_membership(_members(named, after.source), interval)
    return _counts(found, interval, kept_blocks(after.state.keys, model.block_cap).dropped, arriving.height)


def needs_linkage(instance: Instance) -> bool:
    """Whether persons and questions are not those of the reports that stand: a batch came or went since the last linkage, also in a run
    that was cut off; what it left is gone; or it was by another model, version or open rounds than those of today.

    With a model file that is broken they cannot be told to be the same: then too.
    """
    if not instance.warehouse_file.exists():
        return False
    with open_store(instance.warehouse_file, read_only=True) as store:
        if not store.is_linked():
            return True
    if not _has_reports(instance):
        return False
    made_by = objects.load_maker(instance.vault)
    try:
        return made_by is None or made_by != maker(linkage_model(instance), open_keys(instance))
    except SpecificationError:
        return True


def is_forgotten(instance: Instance) -> bool:
    """Whether linkage remembers nothing of the reports that stand, so that nobody knows what there is to ask about them."""
    return _has_reports(instance) and objects.load_maker(instance.vault) is None


def judge(instance: Instance, record_key_left: str, record_key_right: str, verdict: Verdict, *, by: str, at: str) -> int:
    """Keep one judgement at once, without grouping anew; its number. Raises `CasehouseError` for a pair of one record."""
    return objects.add_judgement(instance.vault, NewJudgement(record_key_left, record_key_right, verdict, by, at))


def record_access(instance: Instance, *, by: str, at: str, shown: int) -> None:
    """Keep in the registry's log who was shown how many pairs of records, and when."""
    objects.add_access(instance.vault, by=by, at=at, shown=shown)


def regroup(instance: Instance) -> Regrouped:
    """Group anew with all judgements, and bring registry and warehouse to it."""
    persons_before = objects.load_registry(instance.vault).registry.person["is_alive"].sum()
    return Regrouped(int(persons_before), link_persons(instance).persons)


def judgements(instance: Instance) -> pl.DataFrame:
    """Every judgement, oldest first: number, record_key_left, record_key_right, verdict, by, at, standing."""
    return objects.load_registry(instance.vault).registry.judgement


def questions(instance: Instance) -> pl.DataFrame:
    """The questions of the last linkage, as `linkage.clusters.Clustered` has them; none before the first."""
    found = objects.load_questions(instance.vault)
    return pl.DataFrame(schema=QUESTIONS) if found is None else found


def questions_waiting(instance: Instance) -> int:
    """How many questions of the last linkage nobody has decided."""
    asked = questions(instance)
    return len(waiting(asked, judgements(instance), 0.0)) if asked.height else 0


def standing_reports(instance: Instance) -> Identified:
    """All victim reports that stand, as linkage reads them: the columns of `linkage.table.INPUT`, keyed as in the registry."""
    return Identified(keyed_reports(instance).select(INPUT))


def keyed_reports(instance: Instance) -> pl.DataFrame:
    """The same beside source_record_id, warehouse_key and batch_id. It holds identities: for the vault alone."""
    with open_store(instance.warehouse_file, read_only=True) as store:
        return _reports(instance, store.record_batches())


def leave(instance: Instance, *, batch_id: str = "") -> None:
    """Take withdrawn records, and those that stand because of a batch, out of all that linkage remembers, at once.

    The registry keeps the keys of a batch's records until the next linkage, which may find them in another batch.
    """
    vault = instance.vault
    loaded = objects.load_registry(vault)
    objects.store_registry(vault, loaded.registry, loaded)
    kept = objects.load_state(vault)
    if kept is None:
        objects.drop_state(vault)
        return
    is_gone = pl.col("registered_key").is_in(register(vault)["registered_key"].implode()) | (pl.col("batch_id") == batch_id)
    gone = kept.source.filter(is_gone)
    if gone.is_empty():
        return
    left = _left(instance, kept.state, gone["registered_key"])
    if left is None:
        objects.drop_state(vault)
    else:
        objects.store_state(vault, Kept(left, kept.source.filter(~is_gone)))


def keep_round_links(instance: Instance, round_name: str, key: bytes) -> int:
    """Turn what the tokens of a round joined into judgements, since the tokens go when it ends: how many.

    A pair is said to be the same where both records stand for one person, share a token of the round, and one of them has no name.
    """
    vault = instance.vault
    if not instance.warehouse_file.exists():
        return 0
    link_persons(instance)
    loaded = objects.load_registry(vault)
    registry = loaded.registry
    linked = token_links(standing_reports(instance).frame, registry.members, round_name, key)
    pair = ["record_key_left", "record_key_right"]
    new = linked.join(registry.judgement.filter(pl.col("verdict") == "same"), on=pair, how="anti")
    for one, two in new.iter_rows():
        registry, _ = with_judgement(registry, NewJudgement(one, two, "same", f"round {round_name}", ""))
    objects.store_registry(vault, registry, loaded)
    return new.height


@dataclass(frozen=True)
class _Change:
    """coming: record_key, batch_id in the warehouse of reports that came or changed; staying, going: rows of `SOURCE`."""

    coming: pl.DataFrame
    staying: pl.DataFrame
    going: pl.DataFrame


def _has_reports(instance: Instance) -> bool:
    """Whether victim reports stand in the warehouse, and batches in the vault that they can be read from."""
    vault = known_vault(instance)
    if vault is None or not instance.warehouse_file.exists() or not vault.batch_ids():
        return False
    with open_store(instance.warehouse_file, read_only=True) as store:
        return store.linked_counts()[0] > 0


def _left(instance: Instance, state: LinkageState, gone: pl.Series) -> LinkageState | None:
    """The state without these records; None where it cannot be gone on from. A model that is broken never keeps a record from leaving."""
    keys = open_keys(instance)
    try:
        model = linkage_model(instance)
        return updated(state, None, gone, state.judgements, model, keys) if state.is_current(model, keys) else None
    except (SpecificationError, LinkageFailed):
        return None


def _kept(instance: Instance, model: LinkageModel) -> Kept:
    """What the last linkage left where it can be gone on from, or nothing."""
    keys = open_keys(instance)
    kept = objects.load_state(instance.vault)
    if kept is not None and kept.state.is_current(model, keys):
        return kept
    return Kept(empty_state(model, keys), pl.DataFrame(schema=SOURCE))


def _change(source: pl.DataFrame, current: pl.DataFrame) -> _Change:
    place = ["record_key", "batch_id"]
    coming = current.join(source, on=place, how="anti")
    return _Change(coming, source.join(current, on=place, how="semi"), source.join(current, on=place, how="anti"))


def _reports(instance: Instance, wanted: pl.DataFrame) -> pl.DataFrame:
    """The columns of `INPUT` of the victim reports (record_key, batch_id), and `_BESIDE`."""
    vault = instance.vault
    batch_ids = set(wanted["batch_id"])
    frames = [pl.DataFrame(schema=dict.fromkeys((*INPUT, *_BESIDE), pl.String))]
    for batch_id in vault.batch_ids() if batch_ids else ():
        reports = reports_of(vault, batch_id, (Unit.VICTIM,)).get(Unit.VICTIM) if batch_id in batch_ids else None
        if reports is not None:
            some = reports.frame.join(wanted, on=["record_key", "batch_id"], how="semi", maintain_order="left")
            frames.append(_keyed(some))
    return pl.concat(frames)


def _keyed(reports: pl.DataFrame) -> pl.DataFrame:
    registered = with_keys(Identified(reports), REGISTRY_KEY).frame["record_key"]
    columns = [pl.col(name).cast(pl.String) if name in reports.columns else pl.lit(None, pl.String).alias(name) for name in INPUT]
    own = reports.select(pl.col("source_record_id").cast(pl.String), pl.col("record_key").alias("warehouse_key"), "batch_id")
    return reports.select(columns).with_columns(registered).hstack(own.get_columns())


def _linked(instance: Instance, before: Kept, change: _Change, arriving: pl.DataFrame, judgements: pl.DataFrame) -> Kept:
    """The state after the change; `before` itself where nothing changed."""
    going = _gone_for_good(change.going, arriving)
    log = judgements.select(before.state.judgements.columns)
    if arriving.is_empty() and not going and log.equals(before.state.judgements):
        return before
    table = Identified(arriving.select(INPUT)) if arriving.height else None
    try:
        state = updated(before.state, table, going, log, linkage_model(instance), open_keys(instance))
    except LinkageFailed:
        raise _unfit_model(instance) from None
    new = arriving.select(pl.col("record_key").alias("registered_key"), pl.col("warehouse_key").alias("record_key"), "batch_id")
    return Kept(state, pl.concat([change.staying, new.cast(SOURCE)]).sort("registered_key"))


def _unfit_model(instance: Instance) -> UserError:
    return UserError(
        "the linkage model does not fit the reports: a condition of it could not be evaluated",
        where=str(instance.settings.linkage_model or MODEL_PATH),
        allowed="a model whose conditions read the columns that linkage/features.py makes",
        next_step="restore the model file, or choose another by CASEHOUSE_LINKAGE_MODEL; then casehouse run. Persons are as before",
    )


def _gone_for_good(going: pl.DataFrame, arriving: pl.DataFrame) -> Collection[str]:
    """Keys of the records that leave and do not come back at once, corrected."""
    return going.join(arriving, left_on="registered_key", right_on="record_key", how="anti")["registered_key"].to_list()


def _members(registry: Registry, source: pl.DataFrame) -> pl.DataFrame:
    """record_key, person_key as the warehouse knows records."""
    members = registry.membership.filter(pl.col("valid_to").is_null())
    return source.join(members, left_on="registered_key", right_on="record_key").select("record_key", "person_key")


def _interval(found: Clustered) -> PersonInterval:
    fewest, persons, most = (found.clusters[name].n_unique() for name in ("widest", "cluster", "automatic"))
    return PersonInterval(fewest=fewest, persons=persons, most=most)


def _counts(found: Clustered, interval: PersonInterval, dropped: tuple[Dropped, ...], read: int) -> LinkCounts:
    asked = pl.concat([found.questions["record_key_left"], found.questions["record_key_right"]])
    return LinkCounts(
        records=found.clusters.height,
        interval=interval,
        questions=found.questions.height,
        questioned=asked.n_unique(),
        dropped=dropped,
        contradicted=len(found.contradicted),
        read=read,
    )
