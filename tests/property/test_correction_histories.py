"""Corrections: whatever partners send, send again, replace and withdraw, the warehouse is what a simple model says.

Random histories run against a real vault and a real warehouse; the model replays them in plain Python. 50 histories, or
1,000 with CASEHOUSE_FUZZ=1.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import mkdtemp

import polars as pl
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from anonymize.keys import key_of
from ingest.landing import batch_id_of, land
from ingest.validation.batch import PLACE, BatchResult
from pipelines.corrections import settle, withdraw_batch
from pipelines.instance import Instance
from pipelines.kept import keep, reports_of
from pipelines.settings import Settings
from pipelines.stages import store_kept
from schemas.fields import Kind, fields_of
from schemas.ledger import RowLedger
from schemas.problems import problem_frame
from schemas.render import polars_schema
from schemas.units import MODELS, Unit
from schemas.zones import Identified
from warehouse.store import open_store

PARTNER, FILE = "some-partner", "cases"
UNITS = (Unit.VICTIM, Unit.PERPETRATOR)
NUMBERS, CONTENTS = 3, 4
PERPETRATOR = 3
"""The content that makes a report be about a perpetrator; every other is about a victim."""
HISTORIES, STEPS = (1_000, 12) if os.environ.get("CASEHOUSE_FUZZ") else (50, 6)

Row = tuple[int, str, int]
"""A record's number, what is asked of it, and its content (of no matter in a withdrawal)."""
rows_of_a_batch = st.dictionaries(
    st.integers(1, NUMBERS),
    st.tuples(st.sampled_from(["add", "add", "add", "add", "replace", "withdraw"]), st.integers(0, CONTENTS - 1)),
    min_size=1,
).map(lambda found: [(number, action, content) for number, (action, content) in found.items()])


@dataclass(frozen=True)
class Sent:
    """A batch of the history."""

    batch_id: str
    rows: tuple[Row, ...]


def replayed(sent: Sequence[Sent], gone: set[str]) -> dict[int, int]:
    """The model: record number -> content, from the batches in the order in which they first came.

    Said before, again: nothing. Something new: it stands. Withdrawn: never again, even if that batch is gone itself.
    """
    standing: dict[int, int] = {}
    said: set[tuple[int, str, int]] = set()
    final: set[int] = set()
    for batch in sent:
        final |= {number for number, action, _ in batch.rows if action == "withdraw"}
        for number, action, content in batch.rows:
            if batch.batch_id in gone or action == "withdraw":
                continue
            is_old = {(number, "replace", content)} if action == "replace" else {(number, each, content) for each in ("add", "replace")}
            if not is_old & said:
                standing[number] = content
            said.add((number, action, content))
    return {number: content for number, content in standing.items() if number not in final}


def result_of(payload: bytes, batch_id: str) -> BatchResult:
    """What validation would make of the rows, without reading a file."""
    rows = [(place, *row) for place, row in enumerate(json.loads(payload), 2)]
    reports = [each for each in rows if each[2] != "withdraw"]
    by_unit = {unit: [each for each in reports if (each[3] == PERPETRATOR) == (unit is Unit.PERPETRATOR)] for unit in UNITS}
    accepted = {unit: Identified(_reports(chosen, unit, batch_id)) for unit, chosen in by_unit.items() if chosen}
    withdrawals = [(FILE, place, str(number)) for place, number, action, _ in rows if action == "withdraw"]
    ledger = RowLedger(received=len(rows), accepted=len(rows), quarantined=0, rejected=0, non_data=0)
    named = {"file": pl.String, "row_number": pl.Int64}
    return BatchResult(
        PARTNER,
        batch_id,
        accepted,
        Identified(pl.DataFrame(withdrawals, schema=named | {"source_record_id": pl.String}, orient="row")),
        pl.DataFrame([(FILE, each[0]) for each in reports if each[2] == "replace"], schema=named, orient="row"),
        problem_frame(),
        ledger,
        {FILE: ledger},
        {},
    )


def _reports(rows: list[tuple[int, int, str, int]], unit: Unit, batch_id: str) -> pl.DataFrame:
    model = MODELS[unit].report
    empty: dict[Kind, object] = {Kind.CODE: "unknown", Kind.CODES: ["unknown"]}
    blank = {field.name: empty.get(field.kind) for field in fields_of(model)} | {"registration_date": "2020-01-01"}
    filled = [
        blank
        | {"source_record_id": str(number), "narrative": "x" * content}
        | {"partner_code": PARTNER, "batch_id": batch_id, "file": FILE, "row_number": place}
        for place, number, _, content in rows
    ]
    schema = {**polars_schema(model), **dict.fromkeys(PLACE, pl.String()), "row_number": pl.Int64()}
    return pl.DataFrame(filled, schema=schema)


class History(RuleBasedStateMachine):
    """Partners send and take back; at every step the warehouse is what the model says."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp())
        self.instance = Instance(Settings(home=self.folder / "home"))
        self.instance.prepare()
        self.vault, self.secret = self.instance.vault, self.instance.pseudonym_secret
        self.sent: list[Sent] = []
        self.gone: set[str] = set()
        self.opened = ExitStack()
        self.store = self.opened.enter_context(open_store(self.instance.warehouse_file))

    def teardown(self) -> None:
        self.the_warehouse_is_lost_and_filled_again_from_the_vault()
        self.the_warehouse_is_what_the_model_says()
        self.every_row_is_accounted_for()
        self.no_report_of_a_withdrawn_record_is_kept()
        self.opened.close()
        shutil.rmtree(self.folder)

    def standing(self) -> dict[int, int]:
        numbers = {key_of(self.secret, PARTNER, FILE, str(number)): number for number in range(1, NUMBERS + 1)}
        found = {}
        for batch_id, unit in product([batch.batch_id for batch in self.store.batches() if batch.records], UNITS):
            for key, content in self.store.records_of(batch_id, unit).frame.select("record_key", "narrative_length_count").iter_rows():
                assert numbers[key] not in found, "a record stands once"
                assert (content == PERPETRATOR) == (unit is Unit.PERPETRATOR)
                found[numbers[key]] = content
        return found

    def take_in(self, rows: Sequence[Row]) -> None:
        payload = json.dumps(rows).encode()
        batch_id = batch_id_of([payload], PARTNER)
        if batch_id in self.gone:
            return
        if land([payload], PARTNER, self.vault).is_new:
            self.sent.append(Sent(batch_id, tuple(rows)))
        self.read_and_store(batch_id)

    def read_and_store(self, batch_id: str) -> None:
        if self.vault.has_raw(batch_id):
            keep(self.vault, result_of(self.vault.batch_files(batch_id)[0], batch_id), self.secret)
        store_kept(self.instance, self.store, PARTNER, batch_id)

    def one_that_stands(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([batch.batch_id for batch in self.sent if batch.batch_id not in self.gone]))

    @rule(rows=rows_of_a_batch)
    def a_batch_comes(self, rows: list[Row]) -> None:
        self.take_in(rows)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), chance=st.randoms(use_true_random=False))
    def a_batch_comes_again_whole_in_part_or_in_another_order(self, data: st.DataObject, chance: random.Random) -> None:
        batch = data.draw(st.sampled_from(self.sent))
        before = self.standing()
        self.take_in(chance.sample(batch.rows, data.draw(st.integers(1, len(batch.rows)))))
        if batch.batch_id not in self.gone:
            assert self.standing() == before

    @precondition(lambda self: len(self.sent) > len(self.gone))
    @rule(data=st.data(), is_cut_off=st.booleans())
    def a_batch_is_withdrawn(self, data: st.DataObject, is_cut_off: bool) -> None:
        batch_id = self.one_that_stands(data)
        self.opened.close()
        if is_cut_off:
            self.vault.withdraw(batch_id)
            settle(self.instance)
        else:
            withdraw_batch(self.instance, PARTNER, batch_id)
        self.store = self.opened.enter_context(open_store(self.instance.warehouse_file))
        self.gone.add(batch_id)

    @precondition(lambda self: len(self.sent) > len(self.gone))
    @rule(data=st.data())
    def raw_files_are_erased(self, data: st.DataObject) -> None:
        self.vault.erase_raw(self.one_that_stands(data))

    @rule()
    def the_warehouse_is_lost_and_filled_again_from_the_vault(self) -> None:
        self.opened.close()
        self.instance.warehouse_file.unlink()
        self.store = self.opened.enter_context(open_store(self.instance.warehouse_file))
        for batch_id in self.vault.batch_ids():
            self.read_and_store(batch_id)

    @invariant()
    def the_warehouse_is_what_the_model_says(self) -> None:
        assert self.standing() == replayed(self.sent, self.gone)

    def every_row_is_accounted_for(self) -> None:
        for batch in self.store.batches():
            assert self.store.accounted_rows(batch.batch_id) + batch.ledger.quarantined == batch.ledger.received
            assert batch.superseded >= 0

    def no_report_of_a_withdrawn_record_is_kept(self) -> None:
        final = {str(number) for batch in self.sent for number, action, _ in batch.rows if action == "withdraw"}
        for batch_id in self.vault.batch_ids():
            for reports in reports_of(self.vault, batch_id).values():
                assert not final & set(reports.frame["source_record_id"])


TestHistories = History.TestCase
TestHistories.settings = settings(max_examples=HISTORIES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck))
