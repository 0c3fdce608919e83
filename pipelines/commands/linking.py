"""Find who is the same person in any table of reports: `link`.

Here: the options, the progress, the closing lines. Never here: a step of the work (`pipelines.linking_files`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Table: TypeAlias = Annotated[Path, typer.Argument(help="Parquet or CSV, one row a report, with an id in the column unique_id")]
Out: TypeAlias = Annotated[Path, typer.Option("--out", help="Where to write unique_id, person and automatic; .parquet or .csv")]
Columns: TypeAlias = Annotated[
    Path | None, typer.Option(help="Which column is read as what, as YAML: a line `theirs: ours` for each; see docs/examples/linkage-*.yml")
]
Map: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--map", help="The same for one column, theirs=ours, or theirs=ignored for one not to be read; may be given several times"
    ),
]
Judgements: TypeAlias = Annotated[
    Path | None, typer.Option(help="What humans decided of pairs: unique_id_left, unique_id_right, verdict; lower rows are newer")
]
KeyFile: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(help="The key file of a linkage round, to compare names with tokens of that round; may be given several times"),
]
Model: TypeAlias = Annotated[Path | None, typer.Option(help="A model file; by default the one that Casehouse comes with")]
Review: TypeAlias = Annotated[Path | None, typer.Option(help="Where to write the pairs that a human should judge; .parquet or .csv")]
Report: TypeAlias = Annotated[Path | None, typer.Option(help="Where to write the counts, as JSON; they hold no value of a report")]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Replace outputs that are already there.")]


def link(  # noqa: PLR0913 - an option each
    table: Table,
    *,
    out: Out,
    columns: Columns = None,
    map_: Map = None,
    judgements: Judgements = None,
    key_file: KeyFile = None,
    model: Model = None,
    review: Review = None,
    report: Report = None,
    force: Force = False,
) -> None:
    """Find who is the same person in a table of reports; nothing is kept of it.

    `person` is the best estimate and `automatic` what is joined without asking anyone; both are named by the smallest id of the
    group. Whatever a table lacks is not compared.

    Columns known by name: unique_id (or record_key), partner_code (partner), source_person_id, given_name, middle_name, family_name
    (surname), birth_date (dob), birth_date_precision (dob_quality), gender_code (sex), citizenship_code (nationality), document_number
    (document), phone, email, address, postal_code, birth_place, occupation, person_token. Dates are YYYY-MM-DD or a part of it; with the
    year last they are read where the partner's other dates show which number is the day. Exit: 0 written, 2 refused.
    """
    from pipelines.commands.shared import console, progress
    from pipelines.linking_files import Request, link_file
    from pipelines.linking_summary import summary

    request = Request(
        table=table,
        out=out,
        columns=columns,
        maps=tuple(map_ or ()),
        judgements=judgements,
        key_files=tuple(key_file or ()),
        model=model,
        review=review,
        report=report,
        replaces=force,
    )
    with progress() as watch:
        outcome = link_file(request, watch)
    for line in summary(outcome, request):
        console.print(line, markup=False, soft_wrap=True)
