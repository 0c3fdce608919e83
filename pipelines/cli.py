"""The `casehouse` command: what a person types.

Here: the list of commands, and how an error is shown. Never here: a command itself (`pipelines.commands`).

Only the command that was asked for is imported: together they take seconds, and most need little.
Exit codes: 0 all well, 1 something was not accepted or a promise is broken, 2 refused before anything was done.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from pipelines.failures import value_free
from schemas.errors import CasehouseError, PromiseBroken, ReleaseRefused

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Listed:
    """A command or a group of them: its name, its module in `pipelines.commands`, what it is called there, its help line."""

    name: str
    module: str
    attribute: str
    line: str

    def load(self) -> Any:
        """The command itself, ready to parse what was typed (a class of typer's that it keeps to itself)."""
        found: typer.Typer | Callable[..., None] = getattr(import_module(f"pipelines.commands.{self.module}"), self.attribute)
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
        alone = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
        alone.command(self.name)(found)
        return typer.main.get_command(alone)


COMMANDS = (
    Listed("run", "batches", "run", "Take in every batch in the inbox and link persons anew."),
    Listed("submit", "batches", "submit", "Check a batch and put it into a partner's inbox folder; `casehouse run` takes it in."),
    Listed("withdraw", "corrections", "withdraw", "Take a whole batch out as if it had never been sent."),
    Listed("erase", "corrections", "erase", "Destroy the raw files of batches; what was accepted of them stays."),
    Listed("check", "checking", "check", "Read a batch as `run` would and say what is wrong with it; nothing is stored, no key is needed."),
    Listed("template", "partners", "template", "Write the standard template for a partner to fill in."),
    Listed(
        "anonymize", "anonymizing", "anonymize", "Publish any table of persons under coarser labels: k-anonymity and more, little lost."
    ),
    Listed("release", "releases", "release", "Publish what the warehouse holds; the same contents publish nothing new."),
    Listed("verify", "releases", "verify", "Recompute what a release promises from its bytes alone; exit 1 on a broken promise."),
    Listed("query", "releases", "query", "Query the latest release; each product is a view."),
    Listed("problems", "house", "problems", "List what kept rows of a batch out: file, row number, code and field, never a value."),
    Listed("status", "house", "status", "What the instance holds now: batches, rows, persons, the latest release."),
    Listed("ui", "house", "ui", "Open Dagster's web pages on this instance; ctrl-c ends them."),
    Listed("link", "linking", "link", "Find who is the same person in any table of reports: unique_id and person out, nothing kept."),
    Listed("review", "reviewing", "review", "Judge the pairs of reports that may be one person: same, different or unsure."),
    Listed(
        "counts", "counting", "counts", "Reports, cases, persons and offences, each counted as what it is, and checked against each other."
    ),
    Listed("encode", "encoding", "encode", "At the partner's: turn names and birth dates into keyed tokens; no name leaves."),
    Listed("linkage", "linkage", "linkage_app", "Train the linkage model; keys of linkage rounds."),
    Listed("docs", "house", "docs", "Write docs/generated from the models and the catalogue."),
    Listed("partner", "partners", "partner_app", "Draft and test the file of a partner."),
)


class _LoadsWhatIsAsked(TyperGroup):
    """A group whose commands are names and help lines until one of them is typed."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that was typed, imported, and what is left for it to parse."""
        name, command, rest = super().resolve_command(ctx, args)
        found = {each.name: each for each in COMMANDS}
        return name, found[name].load() if name in found else command, rest


def _list_commands() -> typer.Typer:
    listing = typer.Typer(
        name="casehouse",
        cls=_LoadsWhatIsAsked,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="Take in batches of case records, link, anonymize and publish them.",
    )
    for each in COMMANDS:
        listing.command(each.name, help=each.line)(lambda: None)
    return listing


app = _list_commands()


def main() -> None:
    """Run a command; a person's error is shown without a traceback, any other without its values."""
    try:
        with value_free():
            app()
    except CasehouseError as error:
        from rich.console import Console

        from pipelines.commands.shared import NOT_ALL_WELL, REFUSED

        Console(stderr=True, highlight=False).print(f"[red]error[/] {type(error).__name__}: ", end="")
        Console(stderr=True, highlight=False).print(str(error), markup=False, soft_wrap=True)
        sys.exit(NOT_ALL_WELL if isinstance(error, (PromiseBroken, ReleaseRefused)) else REFUSED)


if __name__ == "__main__":
    main()
