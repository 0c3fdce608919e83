"""The asset graph: for every partner file the same three assets by one factory, then persons and release over all.

Here: assets and their checks, each a thin call of a stage. Never here: what a stage does, or a value in metadata.
"""

# Dagster reads the annotations of assets, so they are not postponed here.
import warnings
from collections.abc import Sequence

import dagster as dg

from pipelines import counted, linking, publishing, quality, stages
from pipelines.failures import as_dagster_failure
from pipelines.instance import Instance
from schemas.case import PublishedPerson
from schemas.errors import PromiseBroken
from schemas.partner import Partner
from schemas.render import expectations, published_expectations
from schemas.units import MODELS, Unit
from warehouse.store import open_store
from warehouse.verification import verify

INFRASTRUCTURE_RETRIES = dg.RetryPolicy(max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL)
WAITING, WITHDRAWN = "waiting_persons", "withdrawn"
PERSONS, RELEASE = dg.AssetKey("persons"), dg.AssetKey("release")


def asset_name(partner_code: str) -> str:
    """The partner's name as Dagster allows it in a key."""
    return partner_code.replace("-", "_")


def partitions_of(partner_code: str) -> dg.DynamicPartitionsDefinition:
    """The batches of one partner: a partition each, named by the hash of its bytes."""
    return dg.DynamicPartitionsDefinition(name=f"batches_{asset_name(partner_code)}")


def stored_key(partner_code: str) -> dg.AssetKey:
    """The last asset of a partner, which persons depend on."""
    return dg.AssetKey([asset_name(partner_code), "stored"])


def partner_assets(partner: Partner, instance: Instance) -> list[dg.AssetsDefinition]:
    """landed -> validated -> stored for one partner, a partition a batch."""
    code, prefix, batches = partner.name, asset_name(partner.name), partitions_of(partner.name)
    common = {"partner": code, "schedule": partner.schedule}

    @dg.asset(
        key=[prefix, "landed"],
        partitions_def=batches,
        group_name=prefix,
        retry_policy=INFRASTRUCTURE_RETRIES,
        tags=common,
        kinds={"age"},
        description=f"{partner.title}: raw batches as they came, encrypted in the vault.",
    )
    def landed(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with as_dagster_failure(), instance.hold():
            is_new = stages.land_batch(instance, code, context.partition_key)
        return dg.MaterializeResult(metadata={"is_new": is_new})

    @dg.asset(
        key=[prefix, "validated"],
        deps=[landed],
        partitions_def=batches,
        group_name=prefix,
        retry_policy=INFRASTRUCTURE_RETRIES,
        tags=common,
        kinds={"polars"},
        description=f"{partner.title}: rows read, mapped, validated and swept; every one accounted for.",
    )
    def validated(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with as_dagster_failure(), instance.hold():
            counts = stages.validate_landed(instance, code, context.partition_key)
        return dg.MaterializeResult(metadata=count_metadata(counts))

    @dg.asset(
        key=[prefix, "stored"],
        deps=[validated],
        partitions_def=batches,
        group_name=prefix,
        retry_policy=INFRASTRUCTURE_RETRIES,
        tags=common,
        kinds={"duckdb"},
        description=f"{partner.title}: records without identity, in the warehouse.",
        check_specs=_batch_check_specs(prefix, batches),
    )
    def stored(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with as_dagster_failure(), instance.hold():
            counts = stages.store_batch(instance, code, context.partition_key)
            checks = batch_checks(instance, context.partition_key, counts)
        return dg.MaterializeResult(metadata=count_metadata(counts), check_results=checks)

    return [landed, validated, stored]


def shared_assets(partners: Sequence[str], instance: Instance) -> list[dg.AssetsDefinition]:
    """persons over all partners, then the release."""

    @dg.asset(
        key=PERSONS,
        deps=[stored_key(code) for code in partners],
        group_name="linkage",
        retry_policy=INFRASTRUCTURE_RETRIES,
        kinds={"splink"},
        description="The same person across partners' reports; keys stay stable over runs.",
        check_specs=[dg.AssetCheckSpec("counts_add_up", asset=PERSONS), dg.AssetCheckSpec("few_questions", asset=PERSONS)],
    )
    def persons() -> dg.MaterializeResult:
        with as_dagster_failure(), instance.hold():
            counts = linking.link_persons(instance)
            checks = person_checks(instance, counts)
        return dg.MaterializeResult(metadata=person_metadata(counts), check_results=checks)

    @dg.asset(
        key=RELEASE,
        deps=[persons],
        group_name="publication",
        retry_policy=INFRASTRUCTURE_RETRIES,
        kinds={"parquet"},
        description="The anonymous products, passed by the gate and verified from their bytes.",
        check_specs=[dg.AssetCheckSpec("verified_from_bytes", asset=RELEASE), dg.AssetCheckSpec("great_expectations", asset=RELEASE)],
    )
    def release() -> dg.MaterializeResult:
        with as_dagster_failure(), instance.hold():
            outcome = publishing.make_release(instance)
            checks = release_checks(outcome)
        proof = outcome.proof
        metadata: dict[str, str | int | bool] = {
            "version": proof.version,
            "is_new": outcome.published.is_new,
            "published_persons": proof.published_persons,
            WAITING: outcome.waiting,
            "retired_persons": outcome.retired.persons,
            "attacks": len(outcome.verdict.outcomes),
            "attacks_past_their_limit": len(outcome.verdict.broken),
            "k": min(each.k for each in proof.products),
            "smallest_class": min(each.smallest_class for each in proof.products),
        }
        if outcome.waits.since:
            metadata["waiting_since"] = outcome.waits.since.isoformat()
        return dg.MaterializeResult(metadata=metadata, check_results=checks)

    return [persons, release]


def batch_checks(instance: Instance, batch_id: str, counts: stages.BatchCounts) -> list[dg.AssetCheckResult]:
    """The ledger against the rows that the warehouse really holds, and the generated suite over them."""
    failed: list[str] = []
    checked = 0
    with open_store(instance.warehouse_file, read_only=True) as store:
        tables = {unit: store.records_of(batch_id, unit).frame for unit in Unit}
        accounted = store.accounted_rows(batch_id)
    for unit, table in tables.items():
        verdict = quality.judge(table, expectations(MODELS[unit].record), f"{batch_id}-{unit.value}")
        failed += [f"{unit.value}: {each}" for each in verdict.failed]
        checked += verdict.checked if table.height else 0
    stored = sum(table.height for table in tables.values())
    ledger = counts.ledger
    others = ledger.quarantined + ledger.rejected + ledger.non_data
    account = {"received": ledger.received, "accounted": accounted, "standing": stored, "not accepted": others}
    is_whole = accounted + others == ledger.received and stored <= accounted
    return [
        dg.AssetCheckResult(passed=is_whole, check_name="every_row_accounted_for", metadata=account),
        dg.AssetCheckResult(passed=not failed, check_name="great_expectations", metadata={"checked": checked, "failed": failed}),
    ]


def person_checks(instance: Instance, counts: linking.LinkCounts) -> list[dg.AssetCheckResult]:
    """The figures of persons against those of records, and whether people can judge all that linkage asks them (else a warning)."""
    broken: tuple[str, ...] = ()
    if instance.warehouse_file.exists():
        with open_store(instance.warehouse_file, read_only=True) as store:
            broken = counted.broken_counts(store, instance.partners) if store.is_linked() else ()
    asked = {"records": counts.records, "in questions": counts.questioned, "questions": counts.questions}
    return [
        dg.AssetCheckResult(passed=not broken, check_name="counts_add_up", metadata={"broken": len(broken)}),
        dg.AssetCheckResult(
            passed=counts.has_few_questions, check_name="few_questions", severity=dg.AssetCheckSeverity.WARN, metadata=asked
        ),
    ]


def release_checks(outcome: publishing.ReleaseOutcome) -> list[dg.AssetCheckResult]:
    """The release verified once more from its published bytes, and the generated suite over every product."""
    try:
        verified = verify(outcome.published.folder)
    except PromiseBroken as broken:
        failure = dg.AssetCheckResult(passed=False, check_name="verified_from_bytes", metadata={"broken": str(broken)})
        return [failure, dg.AssetCheckResult(passed=False, check_name="great_expectations", metadata={"failed": ["not verified"]})]
    failed: list[str] = []
    for table in verified.tables:
        frame = table.read()
        verdict = quality.judge(frame, published_expectations(PublishedPerson, tuple(frame.columns)), table.name)
        failed += [f"{table.name}: {each}" for each in verdict.failed]
    return [
        dg.AssetCheckResult(passed=True, check_name="verified_from_bytes", metadata={"tables": len(verified.tables)}),
        dg.AssetCheckResult(passed=not failed, check_name="great_expectations", metadata={"failed": failed}),
    ]


def count_metadata(counts: stages.BatchCounts) -> dict[str, int]:
    """A batch's account, withdrawals and problem counts; codes and numbers only."""
    return {
        **counts.ledger.model_dump(),
        WITHDRAWN: counts.withdrawn,
        **{f"problem {code}": times for code, times in counts.problems_by_code.items()},
    }


def person_metadata(counts: linking.LinkCounts) -> dict[str, int]:
    """What a linkage says of itself; names of rules and numbers only."""
    return {
        "records": counts.records,
        "persons": counts.persons,
        "persons_fewest": counts.interval.fewest,
        "persons_most": counts.interval.most,
        "questions": counts.questions,
        "records_in_questions": counts.questioned,
        "records_read": counts.read,
        "judgements_contradicted": counts.contradicted,
        **{f"blocks not compared: {each.rule}": each.blocks for each in counts.dropped},
    }


def _batch_check_specs(prefix: str, batches: dg.PartitionsDefinition) -> list[dg.AssetCheckSpec]:
    names = ("every_row_accounted_for", "great_expectations")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a partitioned check is a preview; without it a check loads every partition
        return [dg.AssetCheckSpec(name, asset=dg.AssetKey([prefix, "stored"]), partitions_def=batches) for name in names]
