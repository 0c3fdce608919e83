"""Anonymize any table of persons: `anonymize`.

Here: the options, the progress, the closing table. Never here: a step of the work (`pipelines.anonymizing`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from anonymize.conditions import Conditions
    from anonymize.files.request import FlagRequest, Request
    from anonymize.files.staging import Watch
    from pipelines.anonymizing import Outcome


class Mode(StrEnum):
    """How fine the cells of one column are: each as fine as its class allows, or all alike."""

    LOCAL = "local"
    UNIFORM = "uniform"


class Shown(StrEnum):
    """What a label is: a level of the hierarchy, or the values of the class one by one."""

    HIERARCHY = "hierarchy"
    SETS = "sets"


class Withheld(StrEnum):
    """What stands in a cell whose value is withheld."""

    NULL = "null"
    STAR = "*"


def anonymize(  # noqa: PLR0913 - an option each
    table: Annotated[Path, typer.Argument(help="Parquet, one row a person, text columns; or CSV with a header")],
    *,
    quasi: Annotated[str, typer.Option("--qi", help="Columns that others may know of a person, with commas between them")],
    hierarchies: Annotated[str, typer.Option(help="What the hierarchy files begin with: PREFIX<column>.csv; value;coarser;...;*")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the table, as Parquet")],
    k: Annotated[int | None, typer.Option("-k", help="The least persons in a class; by default the policy's")] = None,
    sensitive: Annotated[str, typer.Option(help="Columns that must not be learnt of a person")] = "",
    l: Annotated[  # noqa: E741 - the name of the method
        int | None, typer.Option("-l", help="The least known values of each sensitive column in a class; by default the policy's")
    ] = None,
    entropy: Annotated[float, typer.Option(help="As uncertain as so many equally frequent values; 1 asks nothing")] = 1.0,
    closeness: Annotated[float, typer.Option(help="How far a class may be from the whole table, 0 to 1; 1 asks nothing")] = 1.0,
    missing: Annotated[
        str | None, typer.Option(help="Codes of sensitive columns and flags that tell nothing  [default: unknown, NA and the like]")
    ] = None,
    contributor: Annotated[str, typer.Option(help="The column that says who sent a person in; it is not published")] = "",
    contributor_separator: Annotated[str | None, typer.Option(help="What stands between several contributors in a cell")] = None,
    strangers: Annotated[int | None, typer.Option(help="Others that each contributor leaves in a class; by default the policy's")] = None,
    flags: Annotated[str, typer.Option(help="Columns to publish in a table of their own, shuffled inside groups of persons")] = "",
    flags_out: Annotated[Path | None, typer.Option(help="Where to write that table")] = None,
    flag_group: Annotated[int | None, typer.Option(help="The least persons in a group; by default the policy's")] = None,
    flag_width: Annotated[int | None, typer.Option(help="Flags that others may know of one person; by default the policy's")] = None,
    mode: Annotated[Mode, typer.Option(help="local: each cell as fine as its class allows; uniform: one level a column")] = Mode.LOCAL,
    suppress: Annotated[float, typer.Option(help="uniform: the largest share of persons that may be suppressed")] = 0.0,
    labels: Annotated[Shown, typer.Option(help="Show levels of the hierarchies, or sets of values")] = Shown.HIERARCHY,
    weights: Annotated[str, typer.Option(help="How much columns matter, such as citizenship=4,year=8; 1 for the others")] = "",
    quality: Annotated[bool, typer.Option("--quality", help="Lose a little less, for about five times the time.")] = False,
    suppressed: Annotated[Withheld, typer.Option(help="What a cell shows whose value is withheld")] = Withheld.NULL,
    shuffle: Annotated[
        bool,
        typer.Option(
            "--shuffle",
            help="Order the rows by what is published alone. Without it they keep the order of the input: use it whenever that "
            "order tells anything, such as when somebody came or who sent them in.",
        ),
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what each condition beyond k costs; searches once more for each.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write the figures here, as JSON; no label and no value")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Processors to use; the result is the same on any number")] = None,
) -> None:
    """Publish a table of persons under coarser labels, so that each is one of at least k who look the same, with little lost.

    Columns that are not named are published as they are. The table appears whole, after it was measured, or not at all.

    Exit codes: 0 published, 1 what was written did not keep what was asked (a bug), 2 refused before anything was written.
    """
    # Before numpy is imported: its library of linear algebra, which nothing here uses, else starts a thread a processor.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from anonymize.files.request import NOT_KNOWN, Request
    from pipelines.anonymizing import anonymize_file

    unclear: list[str] = []
    conditions = _conditions(k, _listed(sensitive), l, entropy, closeness)
    request = Request(
        table=table,
        out=out,
        hierarchies=hierarchies,
        quasi=_listed(quasi),
        conditions=_with_contributors(conditions, contributor, contributor_separator, strangers, unclear),
        weights=dict(map(_weight, _listed(weights))),
        mode=mode.value,
        suppression_limit=suppress,
        effort="quality" if quality else "fast",
        labels=labels.value,
        not_known=NOT_KNOWN if missing is None else _listed(missing),
        suppressed_as=None if suppressed is Withheld.NULL else suppressed.value,
        is_shuffled=shuffle,
        flags=_flags(_listed(flags), flags_out, flag_group, flag_width, unclear),
        report=report,
        unclear=tuple(unclear),
    )
    with _progress() as watch:
        outcome = anonymize_file(request, watch, threads=threads, explains=explain)
    _tell(outcome, request)


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _weight(said: str) -> tuple[str, float]:
    """A column and its weight; not a number where none was said, which the request refuses with all else."""
    column, _, weight = said.partition("=")
    try:
        return column.strip(), float(weight)
    except ValueError:
        return column.strip(), float("nan")


def _conditions(k: int | None, sensitive: tuple[str, ...], distinct: int | None, entropy: float, closeness: float) -> Conditions:
    from anonymize.conditions import Conditions, Diversity

    if k is None or (sensitive and distinct is None):
        from anonymize.policy import load_policy  # reading it takes longer than anonymizing a small table

        policy = load_policy()
        k, distinct = policy.k.value if k is None else k, policy.l.value if distinct is None else distinct
    return Conditions(k, tuple(Diversity(field, distinct or 0, entropy, closeness) for field in sensitive))


def _with_contributors(conditions: Conditions, column: str, separator: str | None, strangers: int | None, unclear: list[str]) -> Conditions:
    from dataclasses import replace

    from anonymize.conditions import Contributors

    if not column:
        if separator is not None or strangers is not None:
            unclear.append("something is said about contributors, but not in which column they are (--contributor)")
        return conditions
    if strangers is None:
        from anonymize.policy import load_policy

        strangers = load_policy().strangers.value
    return replace(conditions, contributors=Contributors(column, strangers, separator))


def _flags(columns: tuple[str, ...], out: Path | None, group: int | None, width: int | None, unclear: list[str]) -> FlagRequest | None:
    from anonymize.files.request import FlagRequest

    if not columns or out is None:
        if columns or out is not None or group is not None or width is not None:
            unclear.append("flags need both: their columns (--flags) and a file of their own (--flags-out)")
        return None
    if group is None or width is None:
        from anonymize.policy import load_policy

        policy = load_policy()
        group, width = policy.flag_group.value if group is None else group, policy.flag_width.value if width is None else width
    return FlagRequest(columns, out, width, group)


@contextmanager
def _progress() -> Iterator[Watch]:
    """A bar on the terminal; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda doing, share: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda doing, share: bar.update(task, description=doing, completed=share)


def _tell(outcome: Outcome, request: Request) -> None:
    """The figures as a table and, where asked for, as JSON; then what may be changed."""
    from rich.table import Table

    from pipelines.anonymized import advice, figures, report
    from pipelines.commands.shared import console, wide

    shown = Table("", "before", "after", title=request.out.name, title_justify="left")
    for what, before, after in figures(outcome, request):
        shown.add_row(what, before, after)
    wide().print(shown)
    for line in advice(outcome, request):
        console.print(f"- {line}", markup=False, soft_wrap=True)
    written = [*request.tables, *([request.report] if request.report else [])]
    if request.report:
        import json

        request.report.write_text(json.dumps(report(outcome, request), indent=1) + "\n", encoding="utf-8")
    console.print(f"written: {', '.join(str(path) for path in written)}", markup=False, soft_wrap=True)
