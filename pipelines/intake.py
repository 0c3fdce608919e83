"""A whole run over the inbox: every waiting batch once, what is refused remembered, persons linked anew.

Here: the order of a run, and what it says on a terminal. Never here: what is done to a batch (`stages`), or a command's options.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console

from pipelines import summary
from pipelines.corrections import raw_holders, settle
from pipelines.inbox import Waiting, clear
from pipelines.instance import Instance
from pipelines.refusals import Refused, described, remember, remembered, specification_of
from pipelines.runner import Runner, open_runner, stored_ledgers
from warehouse.store import open_store


@dataclass
class Intake:
    """What a run has come to: entries that are refused, and how many things went wrong that had not been said before."""

    instance: Instance
    console: Console
    before: tuple[Refused, ...]
    refused: list[Refused] = field(default_factory=list)
    alarms: int = 0
    withdrawn: int = 0

    def refuse(self, entry: Refused) -> None:
        """Remember a refused entry; it alarms when the last run did not refuse it."""
        self.refused.append(entry)
        self.alarms += entry.entry not in {each.entry for each in self.before}


def take_in(instance: Instance, console: Console, *, again: bool = False) -> int:
    """Ingest every waiting batch and link persons; how many things went wrong that the last run had not said already.

    A batch that was refused before is not read again under the same partner file, unless `again`.
    """
    intake = Intake(instance, console, remembered(instance))
    instance.check_keys()
    settle(instance)
    _refuse_strangers(intake)
    console.print("Starting Dagster ...")
    with open_runner(instance) as runner:
        waiting = runner.waiting()
        console.print(f"{len(waiting)} batch(es) to take in")
        for arrival in waiting:
            _take_in_one(intake, runner, arrival, again=again)
        remember(instance, intake.refused)
        intake.alarms += not link_anew(runner, console)
    if intake.withdrawn:
        say_raw_holders(instance, console)
    return intake.alarms


def link_anew(runner: Runner, console: Console) -> bool:
    """Link persons where something changed since the last linkage; whether all is well."""
    if not needs_linkage(runner.instance):
        return True
    console.print("Linking persons ...")
    linked = runner.link()
    if not linked.has_succeeded:
        summary.failure_text(console, linked)
    return linked.has_succeeded


def needs_linkage(instance: Instance) -> bool:
    """Whether a batch came or went since the last linkage, also in a run that was cut off."""
    if not instance.warehouse_file.exists():
        return False
    with open_store(instance.warehouse_file, read_only=True) as store:
        return not store.is_linked()


def say_raw_holders(instance: Instance, console: Console) -> None:
    """Which batches still hold withdrawn records in their raw files, and how to erase them."""
    holders = raw_holders(instance).batch_ids
    if holders:
        text = f"the raw files of {len(holders)} batch(es) still hold withdrawn records, encrypted; to destroy them: casehouse erase "
        console.print(text + " ".join(holders), soft_wrap=True)


def _take_in_one(intake: Intake, runner: Runner, arrival: Waiting, *, again: bool) -> None:
    instance, console, code = intake.instance, intake.console, arrival.partner_code
    if arrival.batch_id in stored_ledgers(instance):
        clear(instance.inbox, code, arrival.batch_id)
        summary.known_line(console, code, arrival.batch_id)
        return
    specification = specification_of(instance, code)
    known = [each for each in intake.before if each.entry == (code, arrival.batch_id) and each.specification == specification]
    if known and not again:
        intake.refuse(known[0])
        console.print(f"  [yellow]still refused[/] {described(instance, known[0])}: {known[0].reason}", soft_wrap=True)
        return
    result = runner.ingest(arrival)
    ledger = stored_ledgers(instance).get(arrival.batch_id)
    summary.batch_line(console, code, arrival.batch_id, result, ledger)
    intake.withdrawn += result.withdrawn
    if result.withdrawn:
        console.print(f"          {result.withdrawn:,} record(s) withdrawn", soft_wrap=True)
    if result.refused_code:
        entry = Refused(partner_code=code, batch_id=arrival.batch_id, reason=result.failure.partition("\n")[0], specification=specification)
        console.print(f"    it is {described(instance, entry)}; later runs leave it alone until it or its partner file changes")
        intake.refuse(entry)
    else:
        intake.alarms += not result.has_succeeded


def _refuse_strangers(intake: Intake) -> None:
    """Say which inbox folders belong to no partner, and that files lie beside them."""
    instance, console = intake.instance, intake.console
    entries = sorted(entry for entry in instance.inbox.iterdir() if not entry.name.startswith("."))
    for name in (entry.name for entry in entries if entry.is_dir() and entry.name not in instance.partners):
        console.print(f"  [red]refused[/] inbox/{name}: no partner of that name; known: {', '.join(instance.partners)}", soft_wrap=True)
        intake.refuse(Refused(partner_code=name, batch_id="", reason="no partner of that name"))
    if loose := sum(entry.is_file() for entry in entries):
        console.print(f"  [red]refused[/] {loose} file(s) lie in inbox/ itself: move each into its partner's folder", soft_wrap=True)
        intake.refuse(Refused(partner_code="", batch_id="", reason=f"{loose} file(s) lie in no partner's folder"))
