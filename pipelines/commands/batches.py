"""Take batches in: `run` and `submit`.

Here: what a person sees of a run. Never here: what a run does to a batch.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.releases import publish_and_show
from pipelines.commands.shared import NOT_ALL_WELL, console, known_partner
from pipelines.instance import Instance, storage_error

SAMPLE_REPORTS = 20_000


def run(
    sample: Annotated[bool, typer.Option("--sample", help="Put the invented sample batches into the inbox first.")] = False,
    reports: Annotated[int, typer.Option("--reports", help="How many reports the sample holds.")] = SAMPLE_REPORTS,
    release_too: Annotated[bool, typer.Option("--release", help="Publish afterwards.")] = False,
) -> None:
    """Take in every batch in the inbox and link persons anew."""
    instance = Instance()
    with instance.hold():
        if sample:
            put_sample(instance, reports)
        instance.ensure_room()
        refused = take_in(instance)
        if release_too:
            publish_and_show(instance)
    raise typer.Exit(NOT_ALL_WELL if refused else 0)


def submit(
    partner: Annotated[str, typer.Argument(help="The partner's name, as in partners/<name>.yml")],
    files: Annotated[list[Path], typer.Argument(help="One file, or several that belong to one batch", exists=True, dir_okay=False)],
) -> None:
    """Put a batch into a partner's inbox folder; `casehouse run` takes it in."""
    instance = Instance()
    known_partner(instance, partner)
    instance.prepare()
    put_batch(instance, partner, files)
    console.print(f"{len(files)} file(s) wait in the inbox of {partner}; next: casehouse run")


def take_in(instance: Instance) -> int:
    """Ingest every waiting batch and link persons; how many batches were refused."""
    from pipelines import summary
    from pipelines.inbox import clear
    from pipelines.runner import open_runner, stored_ledgers

    refused = warn_of_strangers(instance)
    instance.check_keys()
    console.print("Starting Dagster ...")
    with open_runner(instance) as runner:
        waiting = runner.waiting()
        console.print(f"{len(waiting)} batch(es) to take in")
        for arrival in waiting:
            if arrival.batch_id in stored_ledgers(instance):
                clear(instance.inbox, arrival.partner_code, arrival.batch_id)
                summary.known_line(console, arrival.partner_code, arrival.batch_id)
                continue
            result = runner.ingest(arrival)
            summary.batch_line(console, arrival.partner_code, arrival.batch_id, result, stored_ledgers(instance).get(arrival.batch_id))
            refused += not result.has_succeeded
        if needs_linkage(instance):
            console.print("Linking persons ...")
            linked = runner.link()
            if not linked.has_succeeded:
                summary.failure_text(console, linked)
                refused += 1
    return refused


def needs_linkage(instance: Instance) -> bool:
    """Whether a batch came since the last linkage, also in a run that was cut off."""
    from warehouse.store import open_store

    if not instance.warehouse_file.exists():
        return False
    with open_store(instance.warehouse_file, read_only=True) as store:
        return not store.is_linked()


def put_sample(instance: Instance, reports: int) -> None:
    """Generate the sample batches once and put them into the inbox."""
    from sample_data.generate import generate

    folder = instance.home / "sample"
    if not (folder / "truth.csv").exists():
        console.print("Generating the sample batches (everyone in them is invented) ...")
        staged = instance.home / ".staging-sample"
        shutil.rmtree(staged, ignore_errors=True)
        generate(staged, reports=reports, linkage_key=instance.linkage_secret)
        staged.rename(folder)
    shutil.copytree(folder / "inbox", instance.inbox, dirs_exist_ok=True)


def put_batch(instance: Instance, partner: str, files: list[Path]) -> None:
    """Copy a batch into the inbox so that it appears there whole: several files as one folder named by their content."""
    from ingest.landing import batch_id_of

    folder = instance.inbox / partner
    batch_id = batch_id_of([file.read_bytes() for file in files], partner)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staged = folder / f".staging-{batch_id}"
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        for file in files:
            shutil.copyfile(file, staged / file.name)
        target = folder / f"batch-{batch_id}"
        shutil.rmtree(target, ignore_errors=True)
        staged.rename(target)
    except OSError as error:
        raise storage_error(error, folder) from None


def warn_of_strangers(instance: Instance) -> int:
    """Say which inbox folders belong to no partner; how many."""
    strangers = sorted(folder.name for folder in instance.inbox.iterdir() if folder.is_dir() and folder.name not in instance.partners)
    for name in strangers:
        console.print(f"  [red]refused[/] inbox/{name}: no partner of that name; known: {', '.join(instance.partners)}", soft_wrap=True)
    loose = [entry for entry in instance.inbox.iterdir() if entry.is_file() and not entry.name.startswith(".")]
    if loose:
        console.print(f"  [red]refused[/] {len(loose)} file(s) lie in inbox/ itself: move each into its partner's folder", soft_wrap=True)
    return len(strangers) + len(loose)
