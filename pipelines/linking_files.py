"""Link the reports of a file and write who is the same person: the steps of `casehouse link`.

Here: the request, the order of the steps, the counts of the outcome, the files. Never here: the words shown on the terminal
(`pipelines.linking_summary`), or anything that stays behind: no registry, no vault.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import polars as pl

from linkage.blocking import Dropped
from linkage.link import Linked, link
from linkage.model import MODEL_PATH, load_model
from linkage.private.rounds import read_key_file
from pipelines.linking_tables import (
    ID_COLUMN,
    KEY,
    SIDES,
    ReportTable,
    mapping_of,
    read_judgements,
    read_reports,
    refuse_existing,
)
from pipelines.linking_values import CellsRead
from schemas.errors import SpecificationError, StorageError, UserError

Watch: TypeAlias = Callable[[str, float], None]
"""Told what is done now, and which share of it is done, from 0 to 1."""
TABLES = (".parquet", ".csv")


@dataclass(frozen=True)
class Request:
    """What is linked and where the results go. `maps` are `theirs=ours`, as typed; `key_files` those of linkage rounds."""

    table: Path
    out: Path
    columns: Path | None = None
    maps: tuple[str, ...] = ()
    judgements: Path | None = None
    key_files: tuple[Path, ...] = ()
    model: Path | None = None
    review: Path | None = None
    report: Path | None = None
    replaces: bool = False

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Every file that is to be written."""
        return tuple(path for path in (self.out, self.review, self.report) if path is not None)


@dataclass(frozen=True)
class Outcome:
    """What was found, in counts.

    `fewest` persons if every question were answered "same", `persons` as written, `most` if only automatic links were made.
    `asked_records` are the reports that questions name. `contradicted` judgements were not applied, since newer ones say otherwise.
    `dropped` counts the blocks that were too large to compare, by rule. `unread` are columns of the table that were not used; `cells`
    says of birth dates, genders and countries how many could not be understood.
    """

    model: str
    records: int
    fewest: int
    persons: int
    most: int
    questions: int
    asked_records: int
    judgements: int
    contradicted: int
    pairs_compared: int
    dropped: tuple[Dropped, ...]
    read: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    cells: tuple[CellsRead, ...] = ()


def link_file(request: Request, watch: Watch) -> Outcome:
    """Link the table of a request and write its outputs, each whole or not at all; what was there before stays until then.

    Raises `SpecificationError` with every fault of the request, its mapping and its ids; `UserError` for files that are not there or
    may not be replaced; `StorageError` when the disk refuses.
    """
    _refuse(request)
    model = load_model(request.model or MODEL_PATH)
    watch("reading", 0.0)
    mapping, faults = mapping_of(request.columns, request.maps)
    table = read_reports(request.table, mapping, faults)
    judged = None if request.judgements is None else read_judgements(request.judgements, table.reports.frame[KEY])
    linked = link(table.reports, model, judged, _round_keys(request.key_files), watch)
    watch("writing", 0.0)
    outcome = _outcome(linked, table, model.version, 0 if judged is None else judged.height)
    _write(request, table, linked, outcome)
    return outcome


def _refuse(request: Request) -> None:
    """Whatever can be known to be wrong before anything is read."""
    faults = [
        f"{option}: does not end in {' or '.join(TABLES)}"
        for option, path in (("--out", request.out), ("--review", request.review))
        if path is not None and path.suffix.lower() not in TABLES
    ]
    named = [path.resolve() for path in (request.table, *request.outputs)]
    if len(set(named)) < len(named):
        faults.append("the table and the outputs are not files of their own")
    if faults:
        raise SpecificationError(
            faults,
            where=f"the request to link {request.table.name}",
            allowed=f"outputs that end in {' or '.join(TABLES)}, each a file of its own; --report as JSON",
            next_step="name the files anew; nothing was written",
        )
    if not request.replaces:
        refuse_existing(request.outputs)


def _round_keys(files: Sequence[Path]) -> Mapping[str, bytes]:
    """The keys of linkage rounds, by the name of the round; `UserError` for a file that is none."""
    keys: dict[str, bytes] = {}
    for file in files:
        try:
            found = read_key_file(file.read_bytes(), file.name)
        except OSError:
            raise UserError(
                "a key file cannot be read",
                where=file.name,
                allowed="the key file of a linkage round",
                next_step="name the file that the linkage authority keeps; nothing was written",
            ) from None
        keys[found.round] = found.secret
    return keys


def _outcome(linked: Linked, table: ReportTable, version: str, judgements: int) -> Outcome:
    groups, questions = linked.clusters, linked.questions
    asked = pl.concat([questions["record_key_left"], questions["record_key_right"]])
    return Outcome(
        model=version,
        records=groups.height,
        fewest=groups["widest"].n_unique(),
        persons=groups["cluster"].n_unique(),
        most=groups["automatic"].n_unique(),
        questions=questions.height,
        asked_records=asked.n_unique(),
        judgements=judgements,
        contradicted=len(linked.contradicted),
        pairs_compared=linked.pairs_compared,
        dropped=linked.dropped,
        read=table.reading.columns,
        unread=table.reading.unread,
        cells=table.cells,
    )


def _write(request: Request, table: ReportTable, linked: Linked, outcome: Outcome) -> None:
    _stored(request.out, lambda place: _as_table(_persons(table, linked), place))
    if request.review is not None:
        _stored(request.review, lambda place: _as_table(_questions(linked), place))
    if request.report is not None:
        text = json.dumps(as_report(outcome), indent=1, ensure_ascii=False) + "\n"
        _stored(request.report, lambda place: place.write_text(text, encoding="utf-8"))


def _persons(table: ReportTable, linked: Linked) -> pl.DataFrame:
    """unique_id as the table has it and in its order; person and automatic: the smallest id of the group."""
    ids = pl.DataFrame({ID_COLUMN: table.ids, KEY: table.reports.frame[KEY]})
    joined = ids.join(linked.clusters, on=KEY, how="left", maintain_order="left")
    return joined.select(ID_COLUMN, pl.col("cluster").alias("person"), "automatic")


def _questions(linked: Linked) -> pl.DataFrame:
    """What a person would be asked, the likeliest first, with a column for the answer."""
    ordered = linked.questions.sort("weight", "record_key_left", "record_key_right", descending=[True, False, False])
    return ordered.select(
        pl.col("record_key_left").alias(SIDES[0]),
        pl.col("record_key_right").alias(SIDES[1]),
        (pl.col("weight") / 1000).alias("weight"),
        "is_joined",
        "size_left",
        "size_right",
        pl.lit(None, pl.String).alias("verdict"),
    )


def _as_table(frame: pl.DataFrame, place: Path) -> None:
    if place.suffix.lower() == ".csv":
        frame.write_csv(place)
    else:
        frame.write_parquet(place)


def _stored(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file that only its owner may read beside its place, then let it take the place, so that nobody sees half of it."""
    waiting = path.with_name(f".{secrets.token_hex(4)}{path.suffix}")
    try:
        os.close(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        write(waiting)
        waiting.replace(path)
    except OSError:
        raise StorageError(
            "an output could not be written: the disk is full, or the folder does not let new files be made",
            where=str(path.parent),
            allowed="a writable folder that exists",
            next_step="free space or choose another place for the output, then run again",
        ) from None
    finally:
        waiting.unlink(missing_ok=True)


def as_report(outcome: Outcome) -> Mapping[str, object]:
    """The counts as JSON has them, in a fixed order."""
    return {
        "model": outcome.model,
        "records": outcome.records,
        "persons": {"fewest": outcome.fewest, "best": outcome.persons, "most": outcome.most},
        "questions": outcome.questions,
        "records_in_questions": outcome.asked_records,
        "judgements": outcome.judgements,
        "judgements_contradicted": outcome.contradicted,
        "pairs_compared": outcome.pairs_compared,
        "blocks_too_large": [each._asdict() for each in outcome.dropped],
        "columns_read": {ours: list(theirs) for ours, theirs in outcome.read.items()},
        "columns_not_read": list(outcome.unread),
        "cells": {each.column: {"filled": each.filled, "not_understood": each.unread} for each in outcome.cells},
    }
