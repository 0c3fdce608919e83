"""Look after an instance: `status`, `problems`, `ui`, `docs`.

Here: what a data engineer asks of an instance. Never here: changing a batch or a release.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import NOT_ALL_WELL, console, known_language, wide
from pipelines.instance import Instance


def problems(
    batch: Annotated[str, typer.Argument(help="A batch, as `casehouse status` lists them")],
    language: Annotated[str, typer.Option("--lang", help="en, fr, es or ar")] = "en",
) -> None:
    """List what kept rows of a batch out: file, row number, code and field, never a value."""
    from pipelines.extracts import table_of_problems

    wide().print(table_of_problems(Instance(), batch, known_language(language)))


def status(as_json: Annotated[bool, typer.Option("--json", help="The same for a monitor")] = False) -> None:
    """What the instance holds now: batches, rows, persons, the latest release."""
    from pipelines.condition import condition_of
    from pipelines.extracts import state_json, table_of_batches, table_of_refused
    from pipelines.intake import say_condition
    from pipelines.summary import closing

    instance = Instance()
    condition = condition_of(instance)
    if as_json:
        typer.echo(state_json(instance, condition))
        return
    wide().print(table_of_batches(instance))
    if refused := table_of_refused(instance, condition):
        wide().print(refused)
    closing(console, instance)
    say_condition(instance, console)


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
