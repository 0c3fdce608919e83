"""Encode a file before it is sent: `encode`, run at the partner's, offline.

Here: the command and what it says, in counts. Never here: how a token is made, a cell or a key on the screen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.shared import console, known_partner
from pipelines.instance import Instance
from schemas.errors import UserError

if TYPE_CHECKING:
    from pipelines.encoding import Encoded


def encode(
    file: Annotated[Path, typer.Argument(help="The table with names: CSV, .xlsx, .xls or .ods", exists=True, dir_okay=False)],
    key_file: Annotated[Path, typer.Option("--key-file", help="The linkage round's key file", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option("--out", help="Where the encoded table is written, as CSV; never over another file")],
    partner: Annotated[str, typer.Option("--partner", help="The partner whose file says what the columns mean")] = "",
    columns: Annotated[list[str] | None, typer.Option("--columns", help="field=header, such as family_name=Nom; may be repeated")] = None,
    keep: Annotated[list[str] | None, typer.Option("--keep", help="A column that stays as it is; may be repeated")] = None,
    date_format: Annotated[str, typer.Option("--date-format", help="How --columns' birth dates are written, such as %d/%m/%Y")] = "",
    clk: Annotated[
        bool, typer.Option("--clk", help="Add a Bloom filter of the name, from which humans are asked about more pairs.")
    ] = False,
) -> None:
    """At the partner's: turn names and birth dates into keyed tokens; no name leaves. Nothing is stored, no network is used.

    Every column goes but the record number, the date of the report, what names nobody by the partner's file, and --keep.
    """
    from pipelines.encoding import encode_file
    from pipelines.encoding_columns import plan_for

    named = known_partner(Instance(), partner) if partner else None
    plan = plan_for(file, named, _pairs(columns or ()), tuple(keep or ()), date_format or None)
    with _progress() as progress:
        encoded = encode_file(plan, key_file, out, with_clk=clk, progress=progress)
    _tell(encoded, out)


def _pairs(given: Sequence[str]) -> dict[str, str]:
    """field=header, several also with commas between; `UserError` for anything else."""
    pairs: dict[str, str] = {}
    for one in (each for several in given for each in several.split(",")):
        field, sign, header = (part.strip() for part in one.partition("="))
        if not (field and sign and header) or field in pairs:
            raise UserError(
                "a column is given twice or not as field=header",
                where="--columns",
                allowed="such as --columns family_name=Nom, each field once",
                next_step="mend it and run again; nothing was written",
            )
        pairs[field] = header
    return pairs


def _tell(encoded: Encoded, out: Path) -> None:
    console.print(f"{encoded.records:,} record(s) encoded for linkage round {encoded.round}: {encoded.tokens:,} tokens", soft_wrap=True)
    for fewest, most, records in encoded.by_count:
        if records:
            span = f"{fewest} to {most}" if most < 1_000 else f"{fewest} or more"
            console.print(f"  {records:>9,} with {span} tokens")
    for reason, records in encoded.without:
        console.print(f"  {records:>9,} with none: {reason}", soft_wrap=True)
    console.print(f"{len(encoded.kept)} column(s) stay beside the tokens, {encoded.left_out} are left out", soft_wrap=True)
    console.print(f"  they stay as they are: {', '.join(encoded.kept)}", markup=False, soft_wrap=True)
    for finding in encoded.findings:
        console.print(f"[yellow]warning[/] {finding.text}", soft_wrap=True)
    console.print(f"{out.name} is written; next: casehouse check {out.name}, then send it, and never the key file with it", soft_wrap=True)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on the terminal while a long file is read; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)
