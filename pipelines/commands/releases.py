"""Publish and look at what is published: `release`, `verify`, `query`.

Here: what a person sees of a release. Never here: what is published.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import NOT_ALL_WELL, console, wide
from pipelines.instance import Instance


def release() -> None:
    """Publish what the warehouse holds; the same contents publish nothing new."""
    from pipelines.condition import assert_of_this_version, assert_warehouse_stands

    instance = Instance()
    assert_of_this_version(instance)
    assert_warehouse_stands(instance)
    with instance.hold():
        publish_and_show(instance)


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
    summary.closing(console, instance)
