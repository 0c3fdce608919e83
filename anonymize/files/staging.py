"""From a request to files that nobody sees yet: what is wrong with it, both passes, the search between them.

Here: the order of the steps, the faults of all together, the folder in which files wait to be measured. Never here:
a measure of what was written, or the step that makes it visible without one.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from anonymize.conditions import Conditions
from anonymize.files.checking import faults_of_cells, strangers_to
from anonymize.files.coding import Coded, Domain, code, values_of
from anonymize.files.handing import classes_of_rows
from anonymize.files.request import Request, faults_of_request
from anonymize.files.searching import Found, Planted, as_labels, asked_fields, loss_of, plant_people, search
from anonymize.files.source import Source, open_source
from anonymize.files.writing import Published, write_in_order_of_content, write_rows
from anonymize.hierarchy import Hierarchy, read_hierarchies, values_listed
from schemas.errors import SpecificationError, StorageError


class Watch(Protocol):
    """Whoever wants to know how far the work is."""

    def __call__(self, doing: str, share: float) -> None:
        """`doing` is what is done now, `share` how much of it is done, from 0 to 1."""


@dataclass(frozen=True)
class Places:
    """Where files wait until they were measured: the rows in the order of the table, the table as it will be, its flags."""

    folder: Path

    @property
    def rows(self) -> Path:
        """The published rows in the order of the table."""
        return self.folder / "rows.parquet"

    @property
    def ordered(self) -> Path:
        """The same in the order of their content."""
        return self.folder / "ordered.parquet"

    @property
    def flags(self) -> Path:
        """The flags inside their groups."""
        return self.folder / "flags.parquet"

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file that may wait here."""
        return (self.rows, self.ordered, self.flags)


@contextmanager
def open_request(request: Request, *, threads: int | None = None) -> Iterator[tuple[Source, Places]]:
    """The table of a request and the folder beside its output in which files will wait; the folder is gone afterwards."""
    # Beside the output, so that a file becomes it by being renamed; made when the first file is written.
    waiting = Places(request.out.parent / f".{request.out.name}.{secrets.token_hex(4)}")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="casehouse-") as spill,
            open_source(request.table, spill=Path(spill), readable=waiting.all, threads=threads) as source,
        ):
            yield source, waiting
    finally:
        shutil.rmtree(waiting.folder, ignore_errors=True)


@dataclass(frozen=True)
class Prepared:
    """What both passes need: hierarchies, and the collapsed table as the search sees it."""

    hierarchies: tuple[Hierarchy, ...]
    coded: Coded
    planted: Planted
    conditions: Conditions  # those of which anything is asked


def prepare(source: Source, request: Request) -> Prepared:
    """The first pass. Raises `SpecificationError` with every fault of the request, its hierarchies and the table at once."""
    hierarchies, faults = _readable_hierarchies(request)
    faults = [*faults_of_request(request, source.columns, source.rows), *faults, *faults_of_cells(source, request)]
    faults += [f"the name of column {column} differs from another in capitals alone" for column in source.renamed]
    if faults:
        listed = {column: values_listed(request.hierarchies, column) for column in dict.fromkeys(request.quasi)}
        raise _refused(request, [*faults, *strangers_to(source, {column: values for column, values in listed.items() if values})])
    conditions = replace(
        request.conditions, sensitive=tuple(each for each in request.conditions.sensitive if each.field in asked_fields(request.conditions))
    )
    keyed = [*(each.field for each in conditions.sensitive), *([conditions.contributors.column] if conditions.contributors else [])]
    others = [Domain(column, values_of(source, column)) for column in keyed]
    quasi = [Domain(hierarchy.column, tuple(hierarchy.paths)) for hierarchy in hierarchies]
    in_key = {*request.quasi, *keyed}
    coded = code(source, [*quasi, *others], [column for column in source.columns if column not in in_key])
    if any((codes == len(domain.values)).any() for codes, domain in zip(coded.codes, quasi, strict=False)):
        raise _refused(request, strangers_to(source, {each.column: tuple(each.paths) for each in hierarchies}))
    return Prepared(hierarchies, coded, plant_people(coded, hierarchies, others, request), conditions)


def find(prepared: Prepared, request: Request, watch: Watch) -> Found:
    """The search between the passes. Raises `SpecificationError` where no class can keep the conditions."""
    answer = search(prepared.planted, request, prepared.conditions, lambda share: watch("searching", share))
    return as_labels(answer, prepared.planted, request.labels)


def loss_without(prepared: Prepared, request: Request, conditions: Conditions) -> float:
    """What would be lost under other, fewer conditions: the very search that a request for these alone would run."""
    planted = prepared.planted.under(conditions)
    return loss_of(search(planted, request, conditions), planted, request)


def write(source: Source, prepared: Prepared, found: Found, request: Request, waiting: Places, watch: Watch) -> Path:
    """The second pass: the files wait, and the table among them that is to be published is named."""
    published = Published(found, classes_of_rows(source, prepared.coded, found))
    with storing(waiting.folder.parent):
        waiting.folder.mkdir(mode=0o700)
        if request.flags:
            from anonymize.files.flagging import write_flags

            watch("nesting flags", 0.0)
            published = write_flags(source, published, request.flags, request, prepared.hierarchies, waiting.flags)
        write_rows(source, published, request, waiting.rows, lambda share: watch("writing", share))
        if not request.is_shuffled:
            return waiting.rows
        watch("ordering", 0.0)
        write_in_order_of_content(source, waiting.rows, waiting.ordered)
        return waiting.ordered


@contextmanager
def storing(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses inside the block into a `StorageError` that names the folder."""
    try:
        yield
    except OSError:
        raise StorageError(
            "the output could not be written: the disk is full, or the folder does not let new files be made",
            where=str(folder),
            allowed="a writable folder with free space for the table twice",
            next_step="free space or choose another place for the output; nothing was published",
        ) from None


def _readable_hierarchies(request: Request) -> tuple[tuple[Hierarchy, ...], list[str]]:
    """The hierarchies that can be read, and the faults of the others."""
    found: list[Hierarchy] = []
    faults: list[str] = []
    for column in dict.fromkeys(request.quasi):
        try:
            found += read_hierarchies(request.hierarchies, [column])
        except SpecificationError as error:
            faults += error.faults
    return tuple(found), faults


def _refused(request: Request, faults: Sequence[str]) -> SpecificationError:
    return SpecificationError(
        faults,
        where=f"the request to anonymize {request.table.name}",
        allowed="one row a person; text columns, each named once; a line in the hierarchy for every value; k from 2 to the rows",
        next_step="mend what is listed above, then run again; nothing was written",
    )
