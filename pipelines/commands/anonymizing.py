"""Anonymize any table of persons: `anonymize`.

Here: the options, the progress, the closing table. Never here: a step of the work (`pipelines.anonymizing`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.commands import anonymizing_options as said

if TYPE_CHECKING:
    from anonymize.conditions import Conditions, Contributors
    from anonymize.files.request import FlagRequest, Request
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
    entropy: said.Entropy = None,
    closeness: said.Closeness = None,
    waive: said.Waive = "",
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

    Other columns stay as they are; the table appears whole or not at all. Exit: 0 published, 1 a condition is broken (a bug), 2 refused.
    """
    _without_threads_of_numpy()
    from anonymize.files.request import Request

    fields, given_up, codes = _listed(sensitive), _listed(waive), _listed(missing or "")
    unclear = [*_of_no_field(fields, l, entropy, closeness), *_of_other_columns(fields, given_up, codes, has_flags=bool(_listed(flags)))]
    request = Request(
        table=table,
        out=out,
        hierarchies=hierarchies,
        quasi=_listed(quasi),
        conditions=_conditions(k, fields, (l, entropy, closeness), (contributor, contributor_separator, strangers), unclear),
        weights=dict(map(_weight, _listed(weights))),
        mode=mode.value,
        suppression_limit=suppress,
        effort="quality" if quality else "fast",
        labels=labels.value,
        codes_said=codes,
        waivable=given_up,
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


def _of_no_field(fields: tuple[str, ...], distinct: int | None, entropy: float | None, closeness: float | None) -> Iterator[str]:
    """Conditions that are said of no column, and numbers among them that no column could be asked for."""
    from anonymize.conditions import Diversity
    from anonymize.files.request import faults_of_diversity

    said_of_none = {"-l": distinct, "--entropy": entropy, "--closeness": closeness}
    named = [] if fields else [option for option, number in said_of_none.items() if number is not None]
    if named:
        yield f"{', '.join(named)}: asked of no column; name the columns with --sensitive"
        yield from faults_of_diversity(Diversity("", *_or_nothing(distinct, entropy, closeness)))


def _of_other_columns(fields: tuple[str, ...], waive: tuple[str, ...], codes: tuple[str, ...], *, has_flags: bool) -> Iterator[str]:
    """Waivers of columns of which nothing is asked, and codes that are said of no column."""
    for column in waive:
        if column not in fields:
            yield f"--waive names {column}, which is no sensitive column (--sensitive)"
    if codes and not fields and not has_flags:
        yield "--missing: said of no column; name the columns with --sensitive or --flags"


def _or_nothing(distinct: int | None, entropy: float | None, closeness: float | None) -> tuple[int, float, float]:
    """The numbers that were said, and for the others those that ask nothing."""
    return 1 if distinct is None else distinct, 1.0 if entropy is None else entropy, 1.0 if closeness is None else closeness


def _conditions(
    k: int | None,
    sensitive: tuple[str, ...],
    diversity: tuple[int | None, float | None, float | None],
    contributors: tuple[str, str | None, int | None],
    unclear: list[str],
) -> Conditions:
    from anonymize.conditions import Conditions, Diversity

    distinct, entropy, closeness = diversity
    if k is None or (sensitive and distinct is None):
        from anonymize.policy import load_policy  # reading it takes longer than anonymizing a small table

        policy = load_policy()
        k, distinct = policy.k.value if k is None else k, policy.l.value if distinct is None else distinct
    asked = tuple(Diversity(field, *_or_nothing(distinct, entropy, closeness)) for field in sensitive)
    return Conditions(k, asked, _contributors(*contributors, unclear))


def _contributors(column: str, separator: str | None, strangers: int | None, unclear: list[str]) -> Contributors | None:
    from anonymize.conditions import Contributors

    if not column:
        if separator is not None or strangers is not None:
            unclear.append("something is said about contributors, but not in which column they are (--contributor)")
        return None
    if strangers is None:
        from anonymize.policy import load_policy

        strangers = load_policy().strangers.value
    return Contributors(column, strangers, separator)


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
    from pipelines.commands.shared import progress

    with progress() as watch:
        outcome = anonymize_file(request, watch, threads=threads, explains=explains)
    _tell(outcome, request)


def _tell(outcome: Outcome, request: Request) -> None:
    """What was given up, what was asked, the figures as a table and, where asked for, as JSON; then what may be changed."""
    from rich.table import Table

    from pipelines.anonymized import advice, asked, figures, waivers, written
    from pipelines.commands.shared import console, wide

    def tell(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    for line in (*waivers(outcome), asked(request)):
        tell(line)
    shown = Table("", "before", "after", title=request.out.name, title_justify="left")
    for what, before, after in figures(outcome, request):
        shown.add_row(what, before, after)
    wide().print(shown)
    for line in advice(outcome, request):
        tell(f"- {line}")
    if request.report:
        _write_report(outcome, request, request.report)
    tell(f"written: {', '.join(str(path) for path in [*request.tables, *([request.report] if request.report else [])])}")
    for line in written(request):
        tell(f"- {line}")


def _write_report(outcome: Outcome, request: Request, path: Path) -> None:
    """As a file that only its owner may read, whoever could read one of that name before."""
    import json

    from anonymize.files.staging import storing
    from pipelines.anonymized import report

    with storing(path.parent), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(json.dumps(report(outcome, request), indent=1) + "\n")
