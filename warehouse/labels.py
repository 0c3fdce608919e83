"""The labels of a release: what each is called in four languages, where it stands, and which coarser one is above it.

Here: the labels that occur in a column and the rows of `labels.csv`. Never here: a choice of level, or a label that
neither occurs nor stands above one that does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise

from schemas.case import Person
from schemas.fields import Field, Kind, Sensitivity, fields_of
from schemas.flags import model_of, published_fields
from schemas.render import codebook, hierarchy_of
from schemas.vocabulary import LANGUAGES, MISSING_CODES, SUPPRESSED
from warehouse.published import PublishedTable
from warehouse.release_files import BYTE_ORDER_MARK

NOT_VALUES = (*MISSING_CODES, SUPPRESSED)
LABEL_COLUMNS: Mapping[str, str] = {
    "column": "Column of the tables of this release",
    "label": "A label that stands in the column or in counts by it, or above one that does",
    "level": "0 for the finest labels of the column, more for coarser ones",
    "parent": "The next coarser label; empty where there is none",
    **{str(language): f"Text of the label in the language {language}" for language in LANGUAGES},
}
"""Column of labels.csv -> what it is."""


@dataclass(frozen=True)
class OccurringCode:
    """A code that stands in a published column, in how many rows, its level and its texts by language."""

    code: str
    rows: int
    level: int
    texts: Mapping[str, str]


def occurring_codes(table: PublishedTable, column: str) -> tuple[OccurringCode, ...]:
    """The codes of one column that the table really holds: values by level and code, then the reasons why one is missing."""
    known = _labels_of(column)
    counts = {str(code): int(rows) for code, rows in table.frame[column].value_counts().iter_rows()}
    found = [OccurringCode(code, rows, *known.get(code, (0, {}))) for code, rows in counts.items()]
    return tuple(sorted(found, key=lambda each: (each.code in NOT_VALUES, each.level, each.code)))


def labels_payload(tables: Sequence[PublishedTable], told: Mapping[str, Collection[str]] | None = None) -> bytes:
    """`labels.csv`: every label that occurs in a table, or of which counts are `told` by column, and those above it, one row each.

    To see a column at one level, climb from each label to its parent as long as that parent is no coarser than the
    level; a label that is coarser already, and a reason for a missing value, stays what it is.
    """
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow(LABEL_COLUMNS)
    for field in published_fields():
        if field.kind is not Kind.INTEGER:
            writer.writerows(_rows_of(field, tables, (told or {}).get(field.name, ())))
    return BYTE_ORDER_MARK + sink.getvalue().encode()


def deepest_level(column: str) -> int:
    """The coarsest level of a column below suppression."""
    (field,) = [field for field in fields_of(Person) if field.name == column]
    return max(len(path) for path in hierarchy_of(field).values()) - 2


def _rows_of(field: Field, tables: Sequence[PublishedTable], told: Collection[str]) -> list[tuple[str, ...]]:
    parents = _parents(field) if field.sensitivity is Sensitivity.QUASI else {}
    labels: set[str] = set()
    shown = [table.frame[field.name].unique().to_list() for table in tables if field.name in table.frame.columns]
    for code in (*chain.from_iterable(shown), *told):
        step = code
        while step is not None and step not in labels:
            labels.add(step)
            step = parents.get(step)
    known = _labels_of(field.name)
    found = [(known[label][0] if parents else 0, label) for label in labels if label in known]
    return [
        (field.name, label, str(level), parents.get(label, ""), *(known[label][1][language] for language in LANGUAGES))
        for level, label in sorted(found)
    ]


def _parents(field: Field) -> dict[str, str]:
    """Label -> the next coarser one."""
    return {label: above for path in hierarchy_of(field).values() for label, above in pairwise(path) if label != above}


@cache
def _labels_of(column: str) -> Mapping[str, tuple[int, Mapping[str, str]]]:
    """Each label that a column may hold, with its level and its texts by language."""
    texts: dict[str, dict[str, str]] = {}
    levels: dict[str, int] = {}
    for language in LANGUAGES:
        for row in codebook(model_of(column), (column,), language):
            texts.setdefault(row.code, {})[language] = row.label
            levels[row.code] = row.level
    return {code: (levels[code], texts[code]) for code in texts}
