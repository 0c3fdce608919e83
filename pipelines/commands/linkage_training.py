"""Make a linkage model from labelled tables: `linkage train`.

Here: the tables and the file, the progress, the closing lines. Never here: fitting (`linkage.training`), a value of a table.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from linkage.training import Corpus

Tables: TypeAlias = Annotated[
    list[Path],
    typer.Argument(help="Parquet, one row a report: unique_id, cluster (the person it is about) and columns as for `casehouse link`"),
]
Out: TypeAlias = Annotated[Path, typer.Option("--out", help="Where to write the model; never over another file")]
Half: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--half", help="A table of which half of the persons is used, so that the other half can measure the model"),
]
Columns: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(help="Which column is read as what, as YAML; for every table those of its lines are used that it has a column for"),
]
Version: TypeAlias = Annotated[str, typer.Option(help="What the model is called in registries and reports")]
MadeBy: TypeAlias = Annotated[
    str, typer.Option("--made-by", help="A sentence for the model file: what the tables are and how they were made")
]


def linkage_train(
    tables: Tables,
    *,
    out: Out,
    half: Half = None,
    columns: Columns = None,
    version: Version = "trained",
    made_by: MadeBy = "",
) -> None:
    """Fit weights, name frequencies and thresholds to labelled tables, and write them as one model file.

    Never part of a run: a model is made once, looked at, versioned and chosen with CASEHOUSE_LINKAGE_MODEL. The same tables give the same
    bytes. A model holds name skeletons that many records share, and no record. Exit: 0 written, 2 refused.
    """
    from ingest.disk import create_file
    from linkage.training import half_of, train
    from pipelines.commands.shared import console, progress
    from schemas.errors import UserError

    taken = UserError(
        "there is a file of that name already",
        where=out.name,
        allowed="a name of its own: a model is never changed, a new one gets a new version",
        next_step="choose another name for --out; nothing was written",
    )
    if out.exists():
        raise taken
    corpora = [_corpus(path, columns or []) for path in tables] + [half_of(_corpus(path, columns or [])) for path in half or []]
    with progress() as watch:
        model = train(corpora, version, made_by, watch)
    if not create_file(out, (model.model_dump_json(indent=1, exclude_none=True) + "\n").encode()):
        raise taken
    cuts = model.thresholds
    console.print(
        f"model {version} from {sum(corpus.person.height for corpus in corpora):,} labelled reports is in {out.name}", soft_wrap=True
    )
    console.print(f"cuts in bits: automatic {cuts.automatic}, asked {cuts.asked}, link {cuts.link}, review {cuts.review}", soft_wrap=True)
    console.print(
        "next: measure it on tables it was not made from: casehouse link TABLE --model FILE --out PERSONS.parquet", soft_wrap=True
    )


def _corpus(path: Path, columns: list[Path]) -> Corpus:
    import polars as pl

    from linkage.training import corpus_of
    from pipelines.linking_tables import mapping_of, read_reports
    from schemas.errors import UserError

    try:
        present = pl.read_parquet_schema(path)
    except (OSError, pl.exceptions.PolarsError):
        raise UserError(
            "a table to train on cannot be read", where=path.name, allowed="a Parquet file", next_step="name a Parquet file"
        ) from None
    mapping: dict[str, str] = {}
    faults: list[str] = []
    for file in columns:
        lines, wrong = mapping_of(file, ())
        mapping |= {theirs: ours for theirs, ours in lines.items() if theirs in present}
        faults += wrong
    table = read_reports(path, mapping, faults)
    labels = pl.read_parquet(path, columns=["cluster"]) if "cluster" in present else pl.DataFrame()
    return corpus_of(table.reports.frame.hstack(labels))
