"""Everything Dagster is told, assembled from the partner and product files.

Here: jobs, the inbox sensor, the release schedule. Never here: an asset's body.
"""

from __future__ import annotations

import dagster as dg

from pipelines.assets import PERSONS, RELEASE, asset_name, partitions_of, partner_assets, shared_assets
from pipelines.inbox import arrivals
from pipelines.instance import Instance

RELEASE_JOB = "link_and_publish"
"""Not `release`: Dagster refuses a job that is named like an asset, though only when it loads them all, as its pages do."""
MONTHLY = "0 5 1 * *"
SENSOR_SECONDS = 60


def ingest_job_name(partner_code: str) -> str:
    """The job that takes in one batch of a partner."""
    return f"ingest_{asset_name(partner_code)}"


def build_definitions(instance: Instance) -> dg.Definitions:
    """The graph over every partner file there is now; a new partner is a new file and nothing else."""
    partners = instance.partners
    assets = [asset for partner in partners.values() for asset in partner_assets(partner, instance)]
    jobs = [
        dg.define_asset_job(
            ingest_job_name(code),
            selection=dg.AssetSelection.groups(asset_name(code)),
            tags={"casehouse/partner": code},
            executor_def=dg.in_process_executor,
        )
        for code in partners
    ]
    release = dg.define_asset_job(RELEASE_JOB, selection=dg.AssetSelection.assets(PERSONS, RELEASE), executor_def=dg.in_process_executor)
    return dg.Definitions(
        assets=[*assets, *shared_assets(list(partners), instance)],
        jobs=[*jobs, release],
        sensors=[inbox_sensor(instance, list(partners), jobs)],
        schedules=[dg.ScheduleDefinition(name="monthly_release", job=release, cron_schedule=MONTHLY, execution_timezone="UTC")],
        executor=dg.in_process_executor,
    )


def inbox_sensor(instance: Instance, partners: list[str], jobs: list[dg.UnresolvedAssetJobDefinition]) -> dg.SensorDefinition:
    """A sensor that asks for one run a batch that lies in the inbox; the run key is the batch, so none is asked for twice."""

    @dg.sensor(
        name="inbox", jobs=jobs, minimum_interval_seconds=SENSOR_SECONDS, description="Takes in what partners put into their inbox folders."
    )
    def inbox() -> dg.SensorResult:
        requests: list[dg.RunRequest] = []
        partitions: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
        for code in partners:
            found = list(dict.fromkeys(arrival.batch_id for arrival in arrivals(instance.inbox, code)))  # a file may lie there twice
            if found:
                partitions.append(partitions_of(code).build_add_request(found))
            requests += [
                dg.RunRequest(
                    run_key=f"{code}/{batch_id}", job_name=ingest_job_name(code), partition_key=batch_id, tags=run_tags(code, batch_id)
                )
                for batch_id in found
            ]
        return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=partitions)

    return inbox


def run_tags(partner_code: str, batch_id: str) -> dict[str, str]:
    """What a run is found by in the web pages."""
    return {"casehouse/partner": partner_code, "casehouse/batch": batch_id}


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev` loads; the settings are read when it is called."""
    return build_definitions(Instance())
