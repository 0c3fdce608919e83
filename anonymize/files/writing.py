"""The rows under their labels, as Parquet, in the order they came in or in one that their content alone decides.

Here: columns of labels, batches of rows, the file. Never here: which label a row gets, or a file that anyone sees already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from anonymize.files.coding import Ints
from anonymize.files.request import GROUP, Request
from anonymize.files.searching import Found
from anonymize.files.source import Source, quoted
from anonymize.search.encoding import Numbers
from engine.arrow import column_of, column_of_labels
from engine.row_groups import ROW_GROUP_ROWS, regrouped, write_row_groups
from schemas.missing import SUPPRESSED


@dataclass(frozen=True)
class Published:
    """What the rows become: the class of each, what each class shows, and the group of each where flags are apart."""

    found: Found
    class_of: Numbers
    group_of: Ints | None = None


def write_rows(source: Source, published: Published, request: Request, path: Path, tick: Callable[[float], None]) -> None:
    """Write the table to `path`: quasi-identifiers as labels, all other columns but those held back as they are, in their order."""
    kept = [column for column in source.columns if column not in request.held_back]
    rows = source.relation().project(", ".join(map(quoted, kept)))
    write_row_groups(_labelled(regrouped(source.batches(rows, ROW_GROUP_ROWS)), published, request, tick), path)


def write_in_order_of_content(source: Source, rows: Path, path: Path) -> None:
    """Write a file that was written before once more, its rows in ascending order of all their cells."""
    relation = source.published(rows)
    ordered = relation.order(", ".join(f"{quoted(column)} asc nulls last" for column in relation.columns))
    write_row_groups(regrouped(source.batches(ordered, ROW_GROUP_ROWS)), path)


def shown_labels(published: Published, request: Request, rows: slice) -> Iterator[tuple[str, pa.DictionaryArray]]:
    """The label of each of some rows, for each quasi-identifier in turn; a dictionary holds no label that is not shown."""
    classes = published.class_of[rows]
    for column, labels, label_of in zip(request.quasi, published.found.labels, published.found.label_of, strict=True):
        shown, place = np.unique(label_of[classes], return_inverse=True)
        texts = [request.suppressed_as if labels[label] == SUPPRESSED else labels[label] for label in shown]
        yield column, column_of_labels(place, texts)


def _labelled(
    batches: Iterable[pa.RecordBatch], published: Published, request: Request, tick: Callable[[float], None]
) -> Iterator[pa.RecordBatch]:
    start, rows = 0, len(published.class_of)
    for batch in batches:
        part = slice(start, start + batch.num_rows)
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        columns.update(shown_labels(published, request, part))
        if published.group_of is not None:
            columns[GROUP] = column_of(published.group_of[part])
        yield pa.record_batch(list(columns.values()), names=list(columns))
        start += batch.num_rows
        tick(start / rows)
