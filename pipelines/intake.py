"""A whole run over the inbox: every waiting batch once, what is refused remembered, persons linked anew.

Here: the order of a run, and what it says on a terminal. Never here: what is done to a batch (`stages`), or a command's options.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console

from pipelines import summary
from pipelines.condition import assert_of_this_version, condition_of
from pipelines.corrections import raw_holders, settle
from pipelines.inbox import Waiting, clear
from pipelines.instance import Instance
from pipelines.linking import needs_linkage
from pipelines.refusals import Refused, described, remember, remembered, specification_of
from pipelines.runner import Runner, open_runner, stored_ledgers, waiting_batches


@dataclass
class Intake:
    """What a run has come to: entries that are refused, and how many things went wrong that had not been said before."""

    instance: Instance
    console: Console
    before: tuple[Refused, ...]
    again: bool
    refused: list[Refused] = field(default_factory=list)
    alarms: int = 0
    withdrawn: int = 0

    def refuse(self, entry: Refused) -> None:
        """Remember a refused entry; it alarms when the last run did not refuse it, or when it was asked to read it again."""
        self.refused.append(entry)
        self.alarms += self.again or entry.entry not in {each.entry for each in self.before}

    def known_refusal(self, waiting: Waiting) -> Refused | None:
        """Why the batch is not read again: it was refused before, under the same partner file, and nobody asked for it."""
        code = waiting.partner_code
        known = [each for each in self.before if each.entry == (code, waiting.batch_id)]
        is_same = bool(known) and known[0].specification == specification_of(self.instance, code)
        return known[0] if is_same and not self.again else None


def take_in(instance: Instance, console: Console, *, again: bool = False) -> int:
    """Ingest every waiting batch and link persons; how many things went wrong that the last run had not said already.

    A batch that was refused before is not read again under the same partner file, unless `again`.
    """
    assert_of_this_version(instance)
    intake = Intake(instance, console, remembered(instance), again)
    instance.check_keys()
    settle(instance)
    _refuse_strangers(intake)
    to_take_in = _left_of(intake, waiting_batches(instance))
    if to_take_in or needs_linkage(instance):
        console.print("Starting Dagster ...")
        with open_runner(instance) as runner:
            for waiting in to_take_in:
                _take_in_one(intake, runner, waiting)
            remember(instance, intake.refused)
            intake.alarms += not link_anew(runner, console)
    remember(instance, intake.refused)
    if intake.withdrawn:
        say_raw_holders(instance, console)
    say_condition(instance, console)
    return intake.alarms


def say_condition(instance: Instance, console: Console) -> None:
    """What is not whole, and what to do about it; nothing when all is well."""
    for line in condition_of(instance).lines():
        console.print(f"[yellow]{line}[/]", soft_wrap=True)


def link_anew(runner: Runner, console: Console) -> bool:
    """Link persons where something changed since the last linkage; whether all is well."""
    if not needs_linkage(runner.instance):
        return True
    console.print("Linking persons ...")
    linked = runner.link()
    if not linked.has_succeeded:
        summary.failure_text(console, linked)
    return linked.has_succeeded


def say_raw_holders(instance: Instance, console: Console) -> None:
    """Which batches still hold withdrawn records in their raw files, and how to erase them."""
    holders = raw_holders(instance).batch_ids
    if holders:
        text = f"the raw files of {len(holders)} batch(es) still hold withdrawn records, encrypted; to destroy them: casehouse erase "
        console.print(text + " ".join(holders), soft_wrap=True)


def _left_of(intake: Intake, waiting: list[Waiting]) -> list[Waiting]:
    """What there is to take in; what was refused before, or is in the warehouse already, is said."""
    instance, console, stored = intake.instance, intake.console, stored_ledgers(intake.instance)
    refused = {each.batch_id: known for each in waiting if each.batch_id not in stored and (known := intake.known_refusal(each))}
    left = [each for each in waiting if each.batch_id not in stored and each.batch_id not in refused]
    still = f", {len(refused)} still refused" if refused else ""
    console.print(f"{len(left)} batch(es) to take in{still}")
    for known in refused.values():
        intake.refuse(known)
        console.print(f"  [yellow]still refused[/] {described(instance, known)}: {known.reason}", soft_wrap=True)
    for each in waiting:
        if each.batch_id in stored:
            _forget_known(intake, each)
    return left


def _forget_known(intake: Intake, known: Waiting) -> None:
    clear(intake.instance.inbox, known.partner_code, known.batch_id)
    summary.known_line(intake.console, known.partner_code, known.batch_id)


def _take_in_one(intake: Intake, runner: Runner, arrival: Waiting) -> None:
    instance, console, code = intake.instance, intake.console, arrival.partner_code
    if arrival.batch_id in stored_ledgers(instance):  # it lay in the inbox twice
        _forget_known(intake, arrival)
        return
    result = runner.ingest(arrival)
    ledger = stored_ledgers(instance).get(arrival.batch_id)
    summary.batch_line(console, code, arrival.batch_id, result, ledger)
    intake.withdrawn += result.withdrawn
    if result.withdrawn:
        console.print(f"          {result.withdrawn:,} record(s) withdrawn", soft_wrap=True)
    if result.refused_code:
        entry = Refused(
            partner_code=code,
            batch_id=arrival.batch_id,
            reason=result.failure.partition("\n")[0],
            specification=specification_of(instance, code),
        )
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
