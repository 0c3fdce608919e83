"""The `casehouse` command: what a person types.

Here: the list of commands, and how an error is shown. Never here: a command itself (`pipelines.commands`).

Exit codes: 0 all well, 1 something was not accepted or a promise is broken, 2 refused before anything was done.
"""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from pipelines.commands import batches, checking, corrections, house, partners, releases
from pipelines.commands.shared import NOT_ALL_WELL, REFUSED
from pipelines.failures import value_free
from schemas.errors import CasehouseError, PromiseBroken, ReleaseRefused

app = typer.Typer(
    name="casehouse",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Take in batches of case records, link, anonymize and publish them.",
)
for command in (
    batches.run,
    batches.submit,
    corrections.withdraw,
    corrections.erase,
    checking.check,
    partners.template,
    releases.release,
    releases.verify,
    releases.query,
    house.problems,
    house.status,
    house.ui,
    house.docs,
):
    app.command()(command)
app.add_typer(partners.partner_app)


def main() -> None:
    """Run a command; a person's error is shown without a traceback, any other without its values."""
    try:
        with value_free():
            app()
    except CasehouseError as error:
        Console(stderr=True, highlight=False).print(f"[red]error[/] {type(error).__name__}: ", end="")
        Console(stderr=True, highlight=False).print(str(error), markup=False, soft_wrap=True)
        sys.exit(NOT_ALL_WELL if isinstance(error, (PromiseBroken, ReleaseRefused)) else REFUSED)


if __name__ == "__main__":
    main()
