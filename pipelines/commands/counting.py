"""Count what stands in the warehouse: `counts`.

Here: what the operator sees of it. Never here: how something is counted.
"""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.commands.shared import NOT_ALL_WELL, console, known_partner, wide
from pipelines.instance import Instance
from schemas.errors import UserError
from warehouse.counting import ALL, By

NOT_FOR_PUBLICATION = "For the operator of this instance alone, not for publication: a small figure here may be one person."


def counts(
    partner: Annotated[str | None, typer.Option("--partner", help="Count this partner's records alone")] = None,
    by: Annotated[By | None, typer.Option("--by", help="Break the counts down")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="part, unit, rule and count as CSV")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same with the checks, for machines")] = False,
) -> None:
    """Reports, cases, persons, person x form and offences, each counted as what it is; exit 1 where a check does not hold.

    max(form) <= persons <= sum(form): a person has at least one form, known or not, and may have several.
    """
    from pipelines.counted import counted, csv_of_counts, json_of_counts, line_of, notes_of, table_of_figures, tables_of_counts

    if as_csv and as_json:
        raise UserError("--csv and --json exclude each other", where="the options", allowed="one of them", next_step="choose one")
    instance = Instance()
    found = counted(instance, by, known_partner(instance, partner).name if partner else None)
    if as_csv or as_json:
        typer.echo(csv_of_counts(found) if as_csv else json_of_counts(found), nl=not as_csv)
    else:
        console.print(NOT_FOR_PUBLICATION, soft_wrap=True)
        for table in tables_of_counts(found):
            wide().print(table)
        for note in notes_of(found):
            console.print(note, soft_wrap=True)
        if figures := table_of_figures(found):
            wide().print(figures)
        for check in (check for check in found.counts.checks if check.part == ALL or not check.holds):
            verdict = "[green]holds[/]" if check.holds else "[red]does not hold[/]"
            console.print(f"{verdict} {line_of(check)}", soft_wrap=True)
    if not all(check.holds for check in found.counts.checks):
        raise typer.Exit(NOT_ALL_WELL)
