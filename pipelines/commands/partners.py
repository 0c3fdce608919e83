"""What a new partner needs: `template`, `partner draft`, `partner test`.

Here: what a person types and sees. Never here: how a draft is judged (`ingest.drafting.draft`), or what a sample comes to
(`ingest.validation.expectation`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from pipelines.commands.shared import NOT_ALL_WELL, console, known_language, wide
from pipelines.settings import Settings
from schemas.errors import SpecificationError, UserError
from schemas.units import Unit

if TYPE_CHECKING:
    from ingest.drafting.draft import FileDraft

DRAFTS, SAMPLES = "drafts", "samples"
_NAME = re.compile(r"^[a-z][a-z0-9-]*$")
_SHOWN_CHANGES = 40

partner_app = typer.Typer(name="partner", no_args_is_help=True, help="Draft and test the file of a partner.")


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
        float, typer.Option("--threshold", min=0, max=1, help="The least confidence that gives a column its field")
    ] = 0.75,
) -> None:
    """Propose a partner file from a file as the partner sends it; what is in doubt is asked, not guessed."""
    from ingest.drafting.draft import draft_file
    from ingest.drafting.text import draft_text
    from schemas.partner import load_partners

    if not _NAME.match(name):
        raise UserError("no such name can be", where="--name", allowed="small letters, digits and hyphens", next_step="choose another")
    known = {partner: found for partner, found in load_partners(Settings().partners).items() if partner != name}
    names = ["records"] if len(files) == 1 else [f"file-{number}" for number in range(1, len(files) + 1)]
    drafts = [draft_file(file, its_name, unit, known, threshold=threshold) for file, its_name in zip(files, names, strict=True)]
    text = draft_text(name, drafts)
    for each in drafts:
        _show(each)
    faults = _faults(name, text)
    folder = Settings().partners
    target = out or (folder / DRAFTS / f"{name}.yml" if faults else folder / f"{name}.yml")
    _write_new(target, text)
    console.print(f"\n{target} is written", soft_wrap=True)
    for fault in faults:
        console.print(f"  it is no partner file yet: {fault}", markup=False, soft_wrap=True)
    if faults and out is None:
        console.print(f"  when that is mended, move it to {folder / name}.yml", soft_wrap=True)
    console.print(
        f"next: go through every `to decide` in it; put a sample into {folder / SAMPLES / name}/; casehouse partner test {name}",
        soft_wrap=True,
    )


@partner_app.command("test")
def run_samples(
    name: Annotated[str, typer.Argument(help="A partner's name; by default all of them")] = "",
    accept: Annotated[bool, typer.Option("--accept", help="Keep what the sample comes to now as what is expected")] = False,
) -> None:
    """Run a partner's sample and compare it with what is expected; exit 1 where they differ."""
    names = [name] if name else sorted(path.stem for path in Settings().partners.glob("*.yml"))
    differing = sum(not _tested(each, accept=accept) for each in names)
    raise typer.Exit(NOT_ALL_WELL if differing else 0)


def _tested(name: str, *, accept: bool) -> bool:
    from ingest.validation.expectation import ACCEPTED, ACCOUNT, Expectation, differences, observed
    from schemas.partner import load_partner

    folder = Settings().partners
    path = folder / f"{name}.yml" if (folder / f"{name}.yml").exists() else folder / DRAFTS / f"{name}.yml"
    partner = load_partner(path)
    sample = folder / SAMPLES / name
    payloads = sorted(path for path in sample.glob("*") if path.is_file() and path.name not in (ACCOUNT, ACCEPTED))
    if not payloads:
        raise UserError(
            "the partner has no sample", where=str(sample), allowed="the files of one batch, invented, its oddities in them",
            next_step="put 5 to 30 invented rows there, in the partner's own layout, then: casehouse partner test --accept",
        )  # fmt: skip
    now = observed(payloads, partner)
    kept = [sample / ACCOUNT, sample / ACCEPTED]
    expected = Expectation(*(path.read_text(encoding="utf-8") if path.exists() else "" for path in kept))
    changes = differences(expected, now)
    _say(name, changes, is_accepted=accept)
    if accept:
        for path, text in zip(kept, (now.account, now.accepted), strict=True):
            path.write_text(text, encoding="utf-8")
    return accept or not changes


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
            table.add_row(safe_header(column), "[yellow]to decide[/]", f"{best.confidence:.2f}" if best else "", hint, "")
        else:
            table.add_row(
                column.header,
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


def _faults(name: str, text: str) -> tuple[str, ...]:
    """What keeps the draft from being a partner file."""
    from tempfile import TemporaryDirectory

    from schemas.partner import load_partner

    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yml"
        path.write_text(text, encoding="utf-8")
        try:
            load_partner(path)
        except SpecificationError as error:
            return error.faults
    return ()


def _write_new(target: Path, text: str) -> None:
    if target.exists():
        raise UserError(
            "there is such a file already", where=str(target), allowed="a new file", next_step="choose another --out, or remove it first"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
