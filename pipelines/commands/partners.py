"""What a new partner needs: `template`, `partner draft`, `partner test`.

Here: what a person types and sees. Never here: where drafts and samples lie and what they come to (`pipelines.partner_files`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipelines.commands.shared import NOT_ALL_WELL, console, known_language, wide
from pipelines.settings import Settings
from schemas.errors import UserError
from schemas.units import Unit

if TYPE_CHECKING:
    from ingest.drafting.draft import FileDraft

_SHOWN_CHANGES = 40

partner_app = typer.Typer(name="partner", no_args_is_help=True, add_completion=False, help="Draft and test the file of a partner.")


def template(
    language: Annotated[str, typer.Option("--lang", help="en, fr, es or ar")] = "en",
    out: Annotated[Path | None, typer.Option("--out", help="Where to write it: an .xlsx, or a .csv with the header alone")] = None,
    unit: Annotated[Unit, typer.Option("--unit", help="What a row is about")] = Unit.VICTIM,
) -> None:
    """Write the standard template for a partner to fill in; a filled-in one is checked without any partner file."""
    from schemas.template_sheets import template_csv, template_workbook

    chosen = known_language(language)
    target = out or Path(f"casehouse-{unit.value}-{chosen}.xlsx")
    if target.suffix not in (".xlsx", ".csv"):
        raise UserError(
            "a template is a workbook or a text", where="--out", allowed="a name that ends in .xlsx or .csv", next_step="name it so"
        )
    target.write_bytes(template_csv(unit, chosen) if target.suffix == ".csv" else template_workbook(unit, chosen))
    console.print(f"{target} is written; fill it in, then: casehouse check {target}", soft_wrap=True)


@partner_app.command()
def draft(
    files: Annotated[list[Path], typer.Argument(help="One file, or several that belong to one batch", exists=True, dir_okay=False)],
    name: Annotated[str, typer.Option("--name", help="The new partner's name: small letters, digits and hyphens")],
    out: Annotated[Path | None, typer.Option("--out", help="Where to write it; by default partners/NAME.yml")] = None,
    unit: Annotated[Unit, typer.Option("--unit", help="What a row is about")] = Unit.VICTIM,
    threshold: Annotated[
        float | None, typer.Option("--threshold", min=0, max=1, help="The least confidence that gives a column its field")
    ] = None,
) -> None:
    """Propose a partner file from a file as the partner sends it; what is in doubt is asked, not guessed."""
    from ingest.drafting.draft import THRESHOLD
    from pipelines.partner_files import PartnerFolder, write_draft

    folder = PartnerFolder(Settings().partners)
    written = write_draft(folder, name, files, unit, out=out, threshold=THRESHOLD if threshold is None else threshold)
    for each in written.files:
        _show(each)
    console.print(f"\n{written.path} is written", soft_wrap=True)
    for fault in written.faults:
        console.print(f"  it is no partner file yet: {fault}", markup=False, soft_wrap=True)
    if written.faults and out is None:
        console.print(f"  when that is mended, move it to {folder.file(name)}", soft_wrap=True)
    console.print(
        f"next: go through every `to decide` in it; put a sample into {folder.sample(name)}/; casehouse partner test {name}", soft_wrap=True
    )


@partner_app.command("test")
def run_samples(
    name: Annotated[str, typer.Argument(help="A partner's name; by default all of them")] = "",
    accept: Annotated[bool, typer.Option("--accept", help="Keep what the sample comes to now as what is expected")] = False,
) -> None:
    """Run a partner's sample and compare it with what is expected; exit 1 where they differ."""
    from pipelines.partner_files import PartnerFolder, changes_of_sample

    folder = PartnerFolder(Settings().partners)
    differing = 0
    for each in [name] if name else folder.names():
        changes = changes_of_sample(folder, each, accept=accept)
        _say(each, changes, is_accepted=accept)
        differing += bool(changes) and not accept
    raise typer.Exit(NOT_ALL_WELL if differing else 0)


def _say(name: str, changes: tuple[str, ...], *, is_accepted: bool) -> None:
    verdict = "[green]as expected[/]" if not changes else "[yellow]accepted[/]" if is_accepted else "[red]not as expected[/]"
    console.print(f"{name}: {verdict}")
    for line in changes[:_SHOWN_CHANGES]:
        console.print(f"  {line}", markup=False, soft_wrap=True)
    if len(changes) > _SHOWN_CHANGES:
        console.print(f"  and {len(changes) - _SHOWN_CHANGES} more")


def _show(found: FileDraft) -> None:
    """The draft of one file as a table: column, field, how sure, why, and how many cells are not read yet."""
    from ingest.drafting.text import safe_header, why

    received, data = found.rows
    table = Table(title=f"{found.name}: {data} rows of data of {received}", title_justify="left")
    for heading in ("column", "field", "confidence", "why", "not read"):
        table.add_column(heading, justify="right" if heading in ("confidence", "not read") else "left")
    for column in found.columns:
        best = column.applied or (column.guesses[0] if column.guesses else None)
        if column.applied is None:
            hint = f"{column.doubt}: {best.field}?" if best else column.doubt
            table.add_row(escape(safe_header(column)), "[yellow]to decide[/]", f"{best.confidence:.2f}" if best else "", hint, "")
        else:
            table.add_row(
                escape(safe_header(column)),
                column.applied.field,
                f"{column.applied.confidence:.2f}",
                why(column.applied),
                _count(column.applied.fit.unmatched),
            )
    for group in found.flags:
        table.add_row(f"{len(group.columns)} columns of yes and no", group.field, "", "each is named like one of its codes", "")
    wide().print(table)
    if found.is_table_of_counts and found.unit is not Unit.OBSERVATION:
        console.print("[yellow]This seems to be a table of counts, not of cases[/]: see the draft", soft_wrap=True)


def _count(number: int) -> str:
    return str(number) if number else ""
