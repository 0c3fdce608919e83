"""Take batches in: `run` and `submit`.

Here: what a person sees of a run. Never here: what a run does to a batch.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.corrections import confirm, say_effect
from pipelines.commands.releases import publish_and_show
from pipelines.commands.shared import NOT_ALL_WELL, console, known_partner
from pipelines.instance import Instance

if TYPE_CHECKING:
    from ingest.vault import Purpose

SAMPLE_REPORTS = 20_000


def run(
    sample: Annotated[bool, typer.Option("--sample", help="Put the invented sample batches into the inbox first.")] = False,
    reports: Annotated[int, typer.Option("--reports", help="How many reports the sample holds.")] = SAMPLE_REPORTS,
    release_too: Annotated[bool, typer.Option("--release", help="Publish afterwards.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Read batches again that were refused before.")] = False,
) -> None:
    """Take in every batch in the inbox and link persons anew; exit 1 when something is refused that was not refused before."""
    from pipelines.intake import take_in

    instance = Instance()
    with instance.hold():
        if sample:
            put_sample(instance, reports)
        instance.ensure_room()
        alarms = take_in(instance, console, again=again)
        if release_too:
            publish_and_show(instance)
    raise typer.Exit(NOT_ALL_WELL if alarms else 0)


def submit(
    partner: Annotated[str, typer.Argument(help="The partner's name, as in partners/<name>.yml")],
    files: Annotated[list[Path], typer.Argument(help="One file, or several that belong to one batch", exists=True, dir_okay=False)],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Every row withdraws its record, for good.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Send also what would be refused, or of which no row would be accepted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Withdraw without asking.")] = False,
) -> None:
    """Check a batch and put it into a partner's inbox folder; `casehouse run` takes it in. Exit 2: it would be refused.

    Asks before records are withdrawn, by --withdraw or by rows that say so.
    """
    from pipelines.submission import checked_before, effect_before, may_withdraw, put_batch

    instance = Instance()
    found = known_partner(instance, partner)
    instance.prepare()
    purpose: Purpose = "withdraw" if withdraw else "report"
    checked = checked_before(instance, found, files, console, purpose=purpose, is_forced=force)
    if may_withdraw(found, purpose, checked):
        if checked is None:
            console.print("Which records it would withdraw, for good, is not known as long as it would be refused.", soft_wrap=True)
        else:
            doing = f"Withdrawing, for good, the records that {checked.corrections.withdrawals:,} row(s) name"
            say_effect(effect_before(instance, found, files, purpose), doing)
        confirm(yes)
    put_batch(instance, partner, files, purpose)
    console.print(f"{len(files)} file(s) wait in the inbox of {partner}; next: casehouse run")


def put_sample(instance: Instance, reports: int) -> None:
    """Generate the sample batches once and put them into the inbox."""
    from pipelines.rounds import open_round
    from sample_data.generate import generate
    from sample_data.layouts.tokens import ROUND, ROUND_SALT

    folder = instance.home / "sample"
    if not (folder / "truth.csv").exists():
        console.print("Generating the sample batches (everyone in them is invented) ...")
        staged = instance.home / ".staging-sample"
        shutil.rmtree(staged, ignore_errors=True)
        generate(staged, reports=reports, linkage_key=instance.linkage_secret)
        open_round(instance, ROUND, salt=ROUND_SALT)
        staged.rename(folder)
    shutil.copytree(folder / "inbox", instance.inbox, dirs_exist_ok=True)
