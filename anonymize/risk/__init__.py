"""Measure what published tables give away and what they lost, from the tables alone.

Here: the measures a release is judged by, and the error a researcher feels. Never here: code that generalizes or
suppresses, or any of its intermediate results; a fault there must not be able to hide here.

One row is one person. A null in a published table is read as `suppressed`. A missing value (a code such as `unknown`) is
a value of a quasi-identifier like any other, and no knowledge of a sensitive field; a suppressed one is the same label for
all who show it, tells nothing, and may hide anything. Every measure raises `SpecificationError` for a column that the table lacks.

- `measure(published, *, quasi, sensitive, not_known=NOT_KNOWN) -> Measures`: classes, k, uniques, homogeneity, l, t, discernibility;
  `Measures.average_class(k)` is C_avg.
- `class_sizes(published, quasi)`: a frame of size and classes, ascending.
- `reidentification(published, *, quasi, population=None, hierarchies=()) -> Reidentification`: prosecutor, journalist and marketer risk.
- `strangers(published, *, quasi, contributors, least, separator=None) -> Strangers`: what each contributor leaves of a class.
- `combinations(table, *, group, flags, width, k, known=("1", "0")) -> tuple[Combinations, ...]`: k^m violations, for each width from 1.
- `loss(original, published, hierarchies, weights=None) -> Loss`: Iyengar's metric.
- `count_error(original, published, columns, *, ways=3, most=100) -> tuple[CountError, ...]`: the error of tables of counts, for each
  number of columns from 1.
"""

from __future__ import annotations

from anonymize.risk.classes import NOT_KNOWN, FieldDiversity, FieldHomogeneity, Measures, class_sizes, measure
from anonymize.risk.contributing import Strangers, strangers
from anonymize.risk.counting import CountError, count_error
from anonymize.risk.flags import Combinations, combinations
from anonymize.risk.losing import Loss, loss
from anonymize.risk.reidentification import Reidentification, reidentification

__all__ = [
    "NOT_KNOWN",
    "Combinations",
    "CountError",
    "FieldDiversity",
    "FieldHomogeneity",
    "Loss",
    "Measures",
    "Reidentification",
    "Strangers",
    "class_sizes",
    "combinations",
    "count_error",
    "loss",
    "measure",
    "reidentification",
    "strangers",
]
