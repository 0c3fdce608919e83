"""The Dagster side: the graph follows the partner files, runs are found by batch, and events hold counts and codes only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
import yaml

from ingest.landing import batch_id_of
from pipelines import definitions as entry
from pipelines.assets import INFRASTRUCTURE_RETRIES, PERSONS, RELEASE, asset_name, partitions_of
from pipelines.definitions import RELEASE_JOB, build_definitions, ingest_job_name
from pipelines.failures import as_dagster_failure
from pipelines.inbox import arrivals
from pipelines.instance import Instance
from pipelines.runner import open_runner
from pipelines.settings import Settings
from schemas.errors import BatchRefused, CasehouseError, InstanceBusy, LeakStopped, ReleaseRefused, StorageError, UserError
from schemas.problems import catalogue
from tests.conftest import ROOT, Walk

PARTNERS = sorted(path.stem for path in (ROOT / "partners").glob("*.yml"))
CANARY = "Zebulon Quetzal"
NAME = re.compile(r"(problem )?[a-z_]+")
VERSION = re.compile(r"\d{4}-[0-9a-f]{8}")
EXPECTATION = re.compile(r"[a-z]+: expect_[a-z_]+ of [a-z_]+")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions(Instance(Settings(home=tmp_path_factory.mktemp("graph"))))


@pytest.fixture
def dagster() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture(scope="module")
def history(walk: Walk) -> Iterator[dg.DagsterInstance]:
    """Dagster's own storage of the walked instance."""
    with dg.DagsterInstance.from_config(str(walk.instance.dagster_home)) as found:
        yield found


def keys_of(definitions: dg.Definitions) -> set[tuple[str, ...]]:
    return {tuple(key.path) for key in definitions.resolve_asset_graph().get_all_asset_keys()}


def of_partner(code: str) -> set[tuple[str, ...]]:
    return {(asset_name(code), step) for step in ("landed", "validated", "stored")}


class TestGraph:
    def test_what_dagster_loads_is_built_when_it_is_called(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CASEHOUSE_HOME", str(tmp_path / "home"))
        loaded = entry.defs()
        assert keys_of(loaded) == {("persons",), ("release",)}.union(*map(of_partner, PARTNERS))
        assert not (tmp_path / "home").exists()

    @pytest.mark.parametrize("code", PARTNERS)
    def test_every_partner_is_landed_validated_and_stored_by_batch(self, graph: dg.Definitions, code: str) -> None:
        nodes = graph.resolve_asset_graph()
        above: set[dg.AssetKey] = set()
        for step in ("landed", "validated", "stored"):
            node = nodes.get(dg.AssetKey([asset_name(code), step]))
            assert isinstance(node.partitions_def, dg.DynamicPartitionsDefinition)
            assert node.partitions_def.name == f"batches_{asset_name(code)}"
            assert node.parent_keys == above
            assert node.group_name == asset_name(code)
            above = {node.key}
        assert nodes.get(PERSONS).parent_keys >= above

    def test_persons_are_of_all_partners_and_the_release_is_of_persons(self, graph: dg.Definitions) -> None:
        nodes = graph.resolve_asset_graph()
        assert nodes.get(PERSONS).parent_keys == {dg.AssetKey([asset_name(code), "stored"]) for code in PARTNERS}
        assert nodes.get(RELEASE).parent_keys == {PERSONS}

    def test_every_batch_and_the_release_are_checked(self, graph: dg.Definitions) -> None:
        checks = {(tuple(key.asset_key.path), key.name) for key in graph.resolve_asset_graph().asset_check_keys}
        wanted = {((asset_name(code), "stored"), name) for code in PARTNERS for name in ("every_row_accounted_for", "great_expectations")}
        of_persons = {(("persons",), "counts_add_up"), (("persons",), "few_questions")}
        assert checks == wanted | of_persons | {(("release",), "verified_from_bytes"), (("release",), "great_expectations")}

    def test_a_new_partner_is_a_new_file_and_nothing_else(self, tmp_path: Path, dagster: dg.DagsterInstance) -> None:
        folder = tmp_path / "partners"
        shutil.copytree(ROOT / "partners", folder)
        before = keys_of(build_definitions(Instance(Settings(home=tmp_path / "home", partners=folder))))
        text = (folder / "en-harbour-ngo.yml").read_text(encoding="utf-8")
        (folder / "no-new-one.yml").write_text(text.replace("name: en-harbour-ngo", "name: no-new-one", 1), encoding="utf-8")
        instance = Instance(Settings(home=tmp_path / "home", partners=folder))
        definitions = build_definitions(instance)
        assert keys_of(definitions) - before == of_partner("no-new-one")
        assert definitions.resolve_job_def("ingest_no_new_one").partitions_def == partitions_of("no-new-one")
        put(instance, "no-new-one", "a.csv", b"a,b\n1,2\n")
        assert [request.job_name for request in tick(definitions, dagster).run_requests or ()] == ["ingest_no_new_one"]

    @pytest.mark.slow
    def test_dagsters_own_command_takes_the_graph_for_valid(self, tmp_path: Path) -> None:
        (tmp_path / "dagster").mkdir()
        (tmp_path / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
        environment = {**os.environ, "CASEHOUSE_HOME": str(tmp_path / "home"), "DAGSTER_HOME": str(tmp_path / "dagster")}
        command = [str(Path(sys.executable).with_name("dagster")), "definitions", "validate", "-m", "pipelines.definitions"]
        found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert found.returncode == 0, found.stdout + found.stderr


def put(instance: Instance, partner: str, name: str, payload: bytes) -> str:
    """Put a file into a partner's inbox; the number of its batch."""
    place = instance.inbox / partner / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(payload)
    return batch_id_of([payload], partner)


def tick(definitions: dg.Definitions, dagster: dg.DagsterInstance) -> dg.SensorResult:
    sensor = definitions.resolve_sensor_def("inbox")
    with dg.build_sensor_context(instance=dagster, definitions=definitions) as context:
        found = sensor(context)
    assert isinstance(found, dg.SensorResult)
    return found


class TestSensorAndSchedule:
    def test_an_empty_inbox_asks_for_nothing(self, tmp_path: Path, dagster: dg.DagsterInstance) -> None:
        for home in (tmp_path / "absent", tmp_path):
            (tmp_path / "inbox" / "fr-police").mkdir(parents=True, exist_ok=True)
            found = tick(build_definitions(Instance(Settings(home=home))), dagster)
            assert not found.run_requests
            assert not found.dynamic_partitions_requests

    def test_each_batch_is_asked_for_once_with_its_partition_and_tags(self, tmp_path: Path, dagster: dg.DagsterInstance) -> None:
        instance = Instance(Settings(home=tmp_path))
        batches = {
            ("fr-police", put(instance, "fr-police", f"{CANARY}.csv", b"a;b\n")),
            ("fr-police", put(instance, "fr-police", "second.csv", b"a;c\n")),
            ("es-linea-ayuda", put(instance, "es-linea-ayuda", "first.csv", b"a;b\n")),
        }
        put(instance, "fr-police", "again.csv", b"a;c\n")
        put(instance, "fr-police", ".half-copied.csv", b"a;d\n")
        put(instance, "nobody", "first.csv", b"a;b\n")
        definitions = build_definitions(instance)
        found = tick(definitions, dagster)
        requests = found.run_requests or []
        assert {request.run_key for request in requests} == {f"{code}/{batch}" for code, batch in batches}
        assert len(requests) == len(batches)
        for request in requests:
            code, batch = str(request.run_key).split("/")
            assert (request.job_name, request.partition_key) == (ingest_job_name(code), batch)
            assert {"casehouse/partner": code, "casehouse/batch": batch}.items() <= request.tags.items()
        added = {(each.partitions_def_name, key) for each in found.dynamic_partitions_requests or () for key in each.partition_keys}
        assert added == {(f"batches_{asset_name(code)}", batch) for code, batch in batches}
        assert CANARY not in repr(found)
        assert [request.run_key for request in tick(definitions, dagster).run_requests or ()] == [request.run_key for request in requests]

    def test_a_release_is_made_on_the_first_of_each_month(self, graph: dg.Definitions, dagster: dg.DagsterInstance) -> None:
        (schedule,) = graph.schedules or ()
        assert isinstance(schedule, dg.ScheduleDefinition)
        assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 5 1 * *", "UTC")
        moment = datetime(2026, 3, 1, 5, tzinfo=UTC)
        with dg.build_schedule_context(instance=dagster, scheduled_execution_time=moment) as context:
            asked = schedule.evaluate_tick(context).run_requests or []
        assert [request.tags["dagster/schedule_name"] for request in asked] == ["monthly_release"]
        assert schedule.job_name == RELEASE_JOB


class TestFailures:
    @pytest.mark.parametrize(
        ("kind", "may_be_tried_again"),
        [(StorageError, True), (InstanceBusy, True), (UserError, False), (ReleaseRefused, False)],
    )
    def test_only_what_may_pass_by_itself_is_tried_again(self, kind: type[UserError], may_be_tried_again: bool) -> None:
        with pytest.raises(dg.Failure) as caught, as_dagster_failure():
            raise kind("some reason", where="somewhere", allowed="this", next_step="that")
        assert caught.value.allow_retries is may_be_tried_again
        assert "some reason" in str(caught.value.description)
        assert "do next:  that" in str(caught.value.description)

    def test_a_refused_batch_and_a_stopped_leak_are_not_tried_again(self) -> None:
        refusal = BatchRefused("file_empty", "the file is empty", where="a", allowed="b", next_step="c")
        for error in (refusal, LeakStopped("columns: x"), CasehouseError("counts")):
            with pytest.raises(dg.Failure) as caught, as_dagster_failure():
                raise error
            assert caught.value.allow_retries is False

    def test_what_a_library_says_is_withheld_and_not_tried_again(self) -> None:
        with pytest.raises(dg.Failure) as caught, as_dagster_failure():
            raise ValueError(CANARY)
        assert caught.value.allow_retries is False
        assert CANARY not in str(caught.value.description)
        assert "unexpected ValueError" in str(caught.value.description)
        assert caught.value.__cause__ is None

    def test_every_asset_is_tried_again_by_the_same_rule(self, graph: dg.Definitions) -> None:
        policies = {each.op.retry_policy for each in graph.assets or () if isinstance(each, dg.AssetsDefinition)}
        assert policies == {INFRASTRUCTURE_RETRIES}
        assert INFRASTRUCTURE_RETRIES.max_retries >= 1

    def test_a_refused_batch_fails_at_its_first_try_and_stays_in_the_inbox(self, instance: Instance) -> None:
        batch = put(instance, "fr-police", f"{CANARY}.csv", b"")
        with open_runner(instance) as runner:
            (arrival,) = runner.waiting()
            assert arrival.batch_id == batch
            result = runner.ingest(arrival)
            events = [entry for run in runner.dagster.get_runs() for entry in runner.dagster.all_logs(run.run_id)]
        assert not result.has_succeeded
        assert "file is empty" in result.failure
        kinds = {event.dagster_event.event_type_value for event in events if event.dagster_event}
        assert "STEP_FAILURE" in kinds
        assert "STEP_UP_FOR_RETRY" not in kinds
        assert CANARY not in repr(events)
        assert arrival.path.exists()


class TestHistory:
    """What Dagster keeps of the walk over the sample."""

    def test_runs_are_found_by_partner_and_batch(self, walk: Walk, history: dg.DagsterInstance) -> None:
        batches = {(code, arrival.batch_id) for code in PARTNERS for arrival in arrivals(walk.sample / "inbox", code)}
        assert len(batches) >= 10
        for partner, batch in batches:
            wanted = dg.RunsFilter(tags={"casehouse/partner": partner, "casehouse/batch": batch})
            (run,) = history.get_runs(wanted)
            assert run.job_name == ingest_job_name(partner)
            assert run.tags["dagster/partition"] == batch
            assert history.has_dynamic_partition(f"batches_{asset_name(partner)}", batch)
        ingests = [run for run in history.get_runs() if run.job_name != RELEASE_JOB]
        assert {(run.tags["casehouse/partner"], run.tags["casehouse/batch"]) for run in ingests} == batches

    def test_every_check_was_made_and_passed(self, history: dg.DagsterInstance) -> None:
        made = {run.run_id: [each for each in evaluations(history, run.run_id)] for run in history.get_runs()}
        assert [each for found in made.values() for each in found if not each.passed] == []
        for run in history.get_runs():
            if run.job_name != RELEASE_JOB:
                assert {each.check_name for each in made[run.run_id]} == {"every_row_accounted_for", "great_expectations"}
        assert {"verified_from_bytes"} <= {each.check_name for found in made.values() for each in found}

    def test_what_is_kept_beside_a_check_is_counts_and_codes(self, history: dg.DagsterInstance) -> None:
        kept = [each for run in history.get_runs() for each in evaluations(history, run.run_id)]
        assert kept
        for each in kept:
            for name, value in each.metadata.items():
                assert isinstance(value.value, int) or (
                    name == "failed" and all(EXPECTATION.fullmatch(text) for text in listed(value.value))
                )

    def test_what_is_kept_beside_an_asset_is_counts_and_codes(self, history: dg.DagsterInstance) -> None:
        kept = [each for run in history.get_runs() for each in materializations(history, run.run_id)]
        assert {tuple(each.asset_key.path) for each in kept} == {("persons",), ("release",)}.union(*map(of_partner, taken_in(history)))
        named = {name for each in kept for name in each.metadata}
        assert {name.removeprefix("problem ") for name in named if name.startswith("problem ")} <= set(catalogue())
        assert [name for name in named if not NAME.fullmatch(name)] == []
        for each in kept:
            for name, value in each.metadata.items():
                assert VERSION.fullmatch(str(value.value)) if name == "version" else isinstance(value.value, int)

    def test_nothing_is_told_to_anyone(self, walk: Walk, history: dg.DagsterInstance) -> None:
        assert history.telemetry_enabled is False
        settings = yaml.safe_load((walk.instance.dagster_home / "dagster.yaml").read_text(encoding="utf-8"))
        assert (settings["telemetry"], settings["nux"]) == ({"enabled": False}, {"enabled": False})
        assert not (walk.instance.dagster_home / ".telemetry").exists()


def listed(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(each) for each in value]


def taken_in(history: dg.DagsterInstance) -> set[str]:
    return {run.tags["casehouse/partner"] for run in history.get_runs() if "casehouse/partner" in run.tags}


def events_of(history: dg.DagsterInstance, run_id: str) -> list[dg.DagsterEvent]:
    return [each.dagster_event for each in history.all_logs(run_id) if each.dagster_event is not None]


def evaluations(history: dg.DagsterInstance, run_id: str) -> list[dg.AssetCheckEvaluation]:
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    return [event.asset_check_evaluation_data for event in events_of(history, run_id) if event.event_type == kind]


def materializations(history: dg.DagsterInstance, run_id: str) -> list[dg.AssetMaterialization]:
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    return [event.step_materialization_data.materialization for event in events_of(history, run_id) if event.event_type == kind]
