"""Anonymize any table of persons: `anonymize`.

Here: the options, the progress, the closing table. Never here: a step of the work (`pipelines.anonymizing`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.commands import anonymizing_options as said

if TYPE_CHECKING:
    from anonymize.conditions import Conditions
    from anonymize.files.request import FlagRequest, Request
    from anonymize.files.staging import Watch
    from pipelines.anonymizing import Outcome


def anonymize(  # noqa: PLR0913 - an option each
    table: said.Table,
    *,
    quasi: said.Quasi,
    hierarchies: said.Hierarchies,
    out: said.Out,
    k: said.K = None,
    sensitive: said.Sensitive = "",
    l: said.L = None,  # noqa: E741 - the name of the method
    entropy: said.Entropy = 1.0,
    closeness: said.Closeness = 1.0,
    missing: said.Missing = None,
    contributor: said.Contributor = "",
    contributor_separator: said.Separator = None,
    strangers: said.Strangers = None,
    flags: said.Flags = "",
    flags_out: said.FlagsOut = None,
    flag_group: said.FlagGroup = None,
    flag_width: said.FlagWidth = None,
    mode: said.OfMode = said.Mode.LOCAL,
    suppress: said.Suppress = 0.0,
    labels: said.Labels = said.Shown.HIERARCHY,
    weights: said.Weights = "",
    quality: said.Quality = False,
    suppressed: said.Suppressed = said.Withheld.NULL,
    shuffle: said.Shuffle = False,
    explain: said.Explain = False,
    report: said.Report = None,
    threads: said.Threads = None,
) -> None:
    """Publish a table of persons under coarser labels, so that each is one of at least k who look the same, with little lost.

    Columns that are not named are published as they are. The table appears whole, after it was measured, or not at all.
    Exit codes: 0 published, 1 what was written did not keep what was asked (a bug), 2 refused before anything was written.
    """
    _without_threads_of_numpy()
    from anonymize.files.request import NOT_KNOWN, Request

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
        suppressed_as=suppressed.text,
        is_shuffled=shuffle,
        flags=_flags(_listed(flags), flags_out, flag_group, flag_width, unclear),
        report=report,
        unclear=tuple(unclear),
    )
    _run(request, threads, explains=explain)


def _without_threads_of_numpy() -> None:
    """Before numpy is imported: its library of linear algebra, which nothing here uses, starts a thread for each processor."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _weight(typed: str) -> tuple[str, float]:
    """A column and its weight; not a number where none was said, which the request refuses with all else."""
    column, _, weight = typed.partition("=")
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


def _run(request: Request, threads: int | None, *, explains: bool) -> None:
    from pipelines.anonymizing import anonymize_file

    with _progress() as watch:
        outcome = anonymize_file(request, watch, threads=threads, explains=explains)
    _tell(outcome, request)


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
