"""The `casehouse` command: what a person types.

Here: the commands, their options and exit codes. Never here: a rule; each command calls the stages or the runner.

Exit codes: 0 all well, 1 something was not accepted or a promise is broken, 2 refused before anything was done.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.failures import value_free
from pipelines.instance import Instance, storage_error
from schemas.errors import CasehouseError, PromiseBroken, ReleaseRefused, UserError
from schemas.partner import Partner
from schemas.vocabulary import LANGUAGES, Language

app = typer.Typer(
    name="casehouse",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Take in batches of case records, link, anonymize and publish them.",
)
console = Console(highlight=False)
NOT_ALL_WELL, REFUSED = 1, 2
SAMPLE_REPORTS = 20_000


def main() -> None:
    """Run a command; a person's error is shown without a traceback, any other without its values."""
    try:
        with value_free():
            app()
    except CasehouseError as error:
        Console(stderr=True, highlight=False).print(f"[red]error[/] {type(error).__name__}: ", end="")
        Console(stderr=True, highlight=False).print(str(error), markup=False, soft_wrap=True)
        sys.exit(NOT_ALL_WELL if isinstance(error, (PromiseBroken, ReleaseRefused)) else REFUSED)


def wide() -> Console:
    """A console that never cuts a table's cells when nobody's window has to hold it."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 400)


@app.command()
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


@app.command()
def release() -> None:
    """Publish what the warehouse holds; the same contents publish nothing new."""
    instance = Instance()
    with instance.hold():
        publish_and_show(instance)


@app.command()
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


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="One file, or several that belong to one batch", exists=True, dir_okay=False)],
    partner: Annotated[str, typer.Option("--partner", help="The partner's name, as in partners/<name>.yml")],
    language: Annotated[str, typer.Option("--lang", help="en, fr, es or ar; by default the partner's own")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the account as JSON instead")] = False,
) -> None:
    """Read a batch as `run` would and say what is wrong with it; nothing is stored, no key is needed."""
    from ingest.receipt import receipt, receipt_json, refusal_receipt
    from ingest.validation import NOT_STORED, validate_batch
    from pipelines.stages import named_refusal, swept
    from schemas.errors import BatchRefused

    instance = Instance()
    found = known_partner(instance, partner)
    chosen = known_language(language or found.language)
    payloads = [file.read_bytes() for file in files]
    try:
        result = swept(validate_batch(payloads, found, NOT_STORED))
    except BatchRefused as refusal:
        typer.echo(refusal_receipt(named_refusal(instance, found, payloads, refusal), chosen), nl=False)
        raise typer.Exit(REFUSED) from None
    typer.echo(receipt_json(result) if as_json else receipt(result, chosen), nl=False)
    is_well = result.ledger.accepted > 0 and result.ledger.quarantined + result.ledger.rejected == 0
    raise typer.Exit(0 if is_well else NOT_ALL_WELL)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="A release folder", exists=True, file_okay=False)],
    k: Annotated[int | None, typer.Option("--k", min=2, help="The least k it must promise; by default the policy's")] = None,
) -> None:
    """Recompute what a release promises from its bytes alone; exit 1 on a broken promise."""
    from anonymize.policy import load_policy
    from warehouse.verification import verify as verify_release

    found = verify_release(folder, k=load_policy().k.value if k is None else k)
    for table in found.tables:
        console.print(
            f"[green]ok[/] {table.name}: {table.rows:,} rows, {table.classes:,} classes, the smallest of {table.smallest_class} persons"
        )
    for remark in found.remarks:
        console.print(f"[yellow]remark[/] {remark}", soft_wrap=True)
    console.print(f"release {found.version} keeps every promise it makes")
    console.print(f"fingerprint {found.fingerprint}: compare it with the one its publisher tells you", soft_wrap=True)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SQL query over the products of the latest release, - in a name written _")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every row as CSV instead of the first 200 as a table")] = False,
) -> None:
    """Query the latest release; each product is a view."""
    from pipelines.extracts import answer_of, csv_of_answer, table_of_answer

    if as_csv:
        typer.echo(csv_of_answer(answer_of(Instance(), sql, limit=None)), nl=False)
        return
    answer = answer_of(Instance(), sql)
    wide().print(table_of_answer(answer))
    if answer.is_cut:
        console.print(f"only the first {len(answer.rows)} rows are shown; --csv prints them all")


@app.command()
def problems(batch: Annotated[str, typer.Argument(help="A batch, as `casehouse status` lists them")]) -> None:
    """List what kept rows of a batch out: file, row number, code and field, never a value."""
    from pipelines.extracts import table_of_problems

    wide().print(table_of_problems(Instance(), batch))


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="The same for a monitor")] = False) -> None:
    """What the instance holds now: batches, rows, persons, the latest release."""
    from pipelines.extracts import state_json, table_of_batches
    from pipelines.summary import closing

    instance = Instance()
    if as_json:
        typer.echo(state_json(instance))
        return
    wide().print(table_of_batches(instance))
    closing(console, instance)


@app.command()
def ui(port: Annotated[int, typer.Option(help="Where the web pages are served on this machine")] = 3000) -> None:
    """Open Dagster's web pages on this instance; ctrl-c ends them. The sensor and the schedule are off until switched on there."""
    instance = Instance()
    instance.prepare()
    console.print(f"Dagster's pages: http://127.0.0.1:{port}   (ctrl-c ends them)")
    os.environ["CASEHOUSE_HOME"] = str(instance.home)
    command = [str(Path(sys.executable).with_name("dagster")), "dev", "-m", "pipelines.definitions", "-h", "127.0.0.1", "-p", str(port)]
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, signal.SIG_DFL)  # a shell that starts this in the background would have them ignored
    os.execv(command[0], command)


@app.command()
def docs(check_only: Annotated[bool, typer.Option("--check", help="Only say whether they are up to date")] = False) -> None:
    """Write docs/generated from the models and the catalogue."""
    from pipelines.documentation import outdated, write

    stale = outdated()
    if check_only and stale:
        console.print("out of date: " + ", ".join(stale) + "; next: casehouse docs")
        raise typer.Exit(NOT_ALL_WELL)
    if not check_only:
        write()
    console.print("docs/generated is up to date")


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


def publish_and_show(instance: Instance) -> None:
    """Publish through Dagster and end with the summary."""
    from pipelines import summary
    from pipelines.publishing import latest_release
    from pipelines.runner import open_runner

    before = latest_release(instance.releases)
    console.print("Anonymizing, measuring and publishing ...")
    with open_runner(instance) as runner:
        result = runner.release()
    if not result.has_succeeded:
        summary.failure_text(console, result)
        raise typer.Exit(NOT_ALL_WELL)
    if latest_release(instance.releases) == before:
        why = "too few newcomers yet" if result.waiting else "the latest release already shows this warehouse"
        console.print(f"[bold]Nothing new to publish[/]: {why}.")
    summary.closing(console, instance, waiting=result.waiting)


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


def known_partner(instance: Instance, name: str) -> Partner:
    """The partner of that name; the error lists those there are."""
    partners = instance.partners
    if name not in partners:
        raise UserError(
            "there is no partner of that name",
            where=f"{instance.settings.partners.name}/",
            allowed=", ".join(partners),
            next_step="use one of these names, or add a file for the new partner",
        )
    return partners[name]


def known_language(code: str) -> Language:
    """The language of that code; the error lists those there are."""
    for language in LANGUAGES:
        if language == code:
            return language
    raise UserError("no such language", where="--lang", allowed=", ".join(LANGUAGES), next_step="use one of these codes")


if __name__ == "__main__":
    main()
