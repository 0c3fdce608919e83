"""Look at a file before it is sent: `check`.

Here: the command, where its reports are written, and its exit code. Never here: storing anything, or a rule.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.shared import NOT_ALL_WELL, REFUSED, known_language, known_partner
from pipelines.instance import Instance, storage_error
from schemas.errors import UserError
from schemas.messages import Message, say, spoken

if TYPE_CHECKING:
    from ingest.report.document import CheckReport

PRINTED = Path("-")


def check(
    files: Annotated[list[Path], typer.Argument(help="One file, or several that belong to one batch", exists=True, dir_okay=False)],
    partner: Annotated[str, typer.Option("--partner", help="The partner's name; without it the one whose columns fit")] = "",
    language: Annotated[str, typer.Option("--lang", help="en, fr, es or ar; by default the partner's own")] = "",
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the report for machines here; - prints it alone")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as a page here")] = None,
    annotated: Annotated[Path | None, typer.Option("--annotated", help="Write the file itself here, problems beside each row")] = None,
) -> None:
    """Read a batch as `run` would and say what is wrong with it; nothing is stored, no key is needed.

    Exit codes: 0 all rows are accepted, 1 some are not, 2 the file is refused.
    """
    from pipelines.checking import annotate, check_files
    from schemas.template import template_named

    _check_suffix(annotated)
    _keep_apart(files, [path for path in (as_json, html, annotated) if path is not None and path != PRINTED])
    instance = Instance()
    named = template_named(partner) or known_partner(instance, partner) if partner else None
    asked = known_language(language) if language else None
    with _progress() as progress:
        checked = check_files(instance, files, named, asked, keep_problems=annotated is not None, progress=progress)
    _tell(checked.report, as_json, html)
    if annotated is not None and checked.check is None:
        _aside(say("{path} is not written, since the file is refused", path=annotated.name), checked.report)
    elif annotated is not None:
        with _on_disk(annotated):
            for path in annotate(checked, files, annotated):
                _aside(say("{path} holds the data of the file itself: keep it as safe as that", path=path.name), checked.report)
    raise typer.Exit({"accepted": 0, "refused": REFUSED}.get(checked.report.verdict, NOT_ALL_WELL))


def _tell(report: CheckReport, as_json: Path | None, html: Path | None) -> None:
    """The report in every form that was asked for; on the standard output as text, or as JSON alone."""
    from ingest.disk import replace_file
    from ingest.report.page import report_page
    from ingest.report.text import report_text

    content = report.model_dump_json(indent=1) + "\n"
    typer.echo(content if as_json == PRINTED else report_text(report), nl=False)
    for path, text in ((as_json if as_json != PRINTED else None, content), (html, report_page(report) if html else "")):
        if path is not None:
            with _on_disk(path):
                replace_file(path, text.encode())
            _aside(say("{path} is written; it holds no cell of the file", path=path.name), report)


def _aside(message: Message, report: CheckReport) -> None:
    """What is said beside the report, never into it."""
    typer.echo(spoken(message, report.language), err=True)


def _check_suffix(annotated: Path | None) -> None:
    """`UserError` when the file with its problems would be called what it is not: it is written as text, whatever came."""
    if annotated is not None and annotated.suffix.lower() != ".csv":
        raise UserError(
            "the file with its problems is written as comma-separated text",
            where=annotated.name,
            allowed="a name that ends in .csv",
            next_step="choose such a name for --annotated; a spreadsheet program opens it",
        )


def _keep_apart(files: list[Path], outputs: list[Path]) -> None:
    """`UserError` when a report would be written over a file that is checked, or over another report."""
    places = [path.resolve() for path in outputs]
    is_input = any(output.exists() and output.samefile(file) for output in outputs for file in files)  # also by another name
    if len(set(places)) < len(places) or is_input:
        raise UserError(
            "a report would be written over a file that is checked, or over another report",
            where=", ".join(path.name for path in outputs),
            allowed="a name of its own for each output",
            next_step="choose another name; nothing was written",
        )


@contextmanager
def _on_disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_error(error, path) from None


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
