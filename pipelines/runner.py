"""Run the Dagster jobs in this process, one batch after the other, and say how it goes.

Here: which runs a `casehouse run` and a `casehouse release` ask Dagster for. Never here: what a run does.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.inbox import Waiting, arrivals
from pipelines.instance import Instance
from schemas.ledger import RowLedger
from schemas.vocabulary import Language
from warehouse.store import open_store

if TYPE_CHECKING:
    import dagster as dg


@dataclass(frozen=True)
class RunResult:
    """What became of one Dagster run: its checks that failed, or the text of its failure."""

    has_succeeded: bool
    seconds: float
    failure: str = ""
    failed_checks: tuple[str, ...] = ()
    waiting: int = 0
    """Persons that a release keeps back until there are more of them."""
    withdrawn: int = 0
    """Records that a batch took out."""
    refused_code: str = ""
    """The problem for which the batch was refused; empty when it was not, or the run failed for another reason."""
    told: str = ""
    """The refusal in the language of the batch's partner."""


class Runner:
    """The definitions and the Dagster instance of one Casehouse instance, kept open over many runs."""

    def __init__(self, instance: Instance, definitions: dg.Definitions, dagster: dg.DagsterInstance) -> None:
        self.instance, self.definitions, self.dagster = instance, definitions, dagster

    def waiting(self) -> list[Waiting]:
        """`waiting_batches` of the instance."""
        return waiting_batches(self.instance)

    def ingest(self, arrival: Waiting) -> RunResult:
        """One run of the partner's job for one batch."""
        from pipelines.assets import partitions_of
        from pipelines.definitions import ingest_job_name, run_tags

        partitions = partitions_of(arrival.partner_code).name
        self.dagster.add_dynamic_partitions(str(partitions), [arrival.batch_id])
        tags = run_tags(arrival.partner_code, arrival.batch_id)
        language = self.instance.partners[arrival.partner_code].language
        return self._execute(ingest_job_name(arrival.partner_code), arrival.batch_id, tags, language=language)

    def link(self) -> RunResult:
        """One run that links persons anew over all stored batches."""
        from pipelines.assets import PERSONS
        from pipelines.definitions import RELEASE_JOB

        return self._execute(RELEASE_JOB, None, {}, PERSONS)

    def release(self) -> RunResult:
        """One run that publishes."""
        from pipelines.assets import RELEASE
        from pipelines.definitions import RELEASE_JOB

        return self._execute(RELEASE_JOB, None, {}, RELEASE)

    def _execute(
        self, job: str, partition: str | None, tags: dict[str, str], only: dg.AssetKey | None = None, language: Language = "en"
    ) -> RunResult:
        from pipelines.assets import WAITING, WITHDRAWN

        started = time.monotonic()
        found = self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.dagster,
            partition_key=partition,
            tags=tags,
            asset_selection=[only] if only else None,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        checks = _failed_checks(found) if found.success else ()
        failure, refused_code, told = ("", "", "") if found.success else _failure_of(found, language)
        seconds = time.monotonic() - started
        waiting, withdrawn = (_sum_of(found, name) for name in (WAITING, WITHDRAWN))
        return RunResult(found.success and not checks, seconds, failure, checks, waiting, withdrawn, refused_code, told)


def waiting_batches(instance: Instance) -> list[Waiting]:
    """Every batch that is not in the warehouse, in the order in which it must come: what landed before, then the inbox.

    What landed and is not stored is what a run that was cut off had landed, or all batches when the warehouse was lost.
    Batches of the inbox follow by partner and as they came, also those that are in the warehouse already.
    """
    vault, known = instance.vault, stored_ledgers(instance)
    found = [arrival for code in instance.partners for arrival in arrivals(instance.inbox, code)]
    in_inbox: dict[str, Waiting] = {each.batch_id: each for each in found}
    landed = [each for each in vault.batch_ids() if each not in known]
    first = [in_inbox.get(each) or Waiting(vault.manifest(each).partner_code, each) for each in landed]
    return [each for each in first if each.partner_code in instance.partners] + [each for each in found if each.batch_id not in landed]


@contextmanager
def open_runner(instance: Instance) -> Iterator[Runner]:
    """A runner on the prepared instance; imports Dagster, which takes a few seconds."""
    instance.prepare()
    os.environ["DAGSTER_HOME"] = str(instance.dagster_home)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import dagster as dg

        from pipelines.definitions import build_definitions

        with dg.DagsterInstance.get() as dagster:
            yield Runner(instance, build_definitions(instance), dagster)


def stored_ledgers(instance: Instance) -> dict[str, RowLedger]:
    """The account of every batch that the warehouse holds, by batch id."""
    if not instance.warehouse_file.exists():
        return {}
    with open_store(instance.warehouse_file, read_only=True) as store:
        return store.ledgers()


def _failed_checks(found: dg.ExecuteInProcessResult) -> tuple[str, ...]:
    """The checks that a run did not pass; one that only warns is shown by Dagster's pages and fails nothing."""
    broken = (each for each in found.get_asset_check_evaluations() if not each.passed and each.severity.value != "WARN")
    return tuple(sorted(each.check_name for each in broken))


def _sum_of(found: dg.ExecuteInProcessResult, name: str) -> int:
    """What the materializations of a run say under one name, added up."""
    events = found.get_asset_materialization_events() if found.success else []
    counts = [event.materialization.metadata[name].value for event in events if name in event.materialization.metadata]
    return sum(count for count in counts if isinstance(count, int))


def _failure_of(found: dg.ExecuteInProcessResult, language: Language) -> tuple[str, str, str]:
    """Our own text of the first failed step; when it refused a batch also the code, and the refusal in a language.

    Built by `pipelines.failures`, so without values.
    """
    from pipelines.failures import REFUSED_CODE, TOLD_IN

    for event in found.all_events:
        if event.is_step_failure and (failure := event.step_failure_data.user_failure_data):
            code, told = (failure.metadata.get(name) for name in (REFUSED_CODE, f"{TOLD_IN}{language}"))
            return str(failure.description), str(code.value) if code else "", str(told.value) if told else ""
    return "the run failed before any stage began; `make ui` shows its log", "", ""
