"""The errata of a release: how many published labels are known to be wrong by now, where that can be told safely.

Here: the rows of `errata.csv`, and what of them a reader can hold against the rest of the release. Never here: which figures may
be told (`anonymize.releases.errata`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from schemas.case import Person
from schemas.missing import SUPPRESSED
from schemas.release import ReleaseProof
from schemas.render import published_expectations
from warehouse.release_files import BYTE_ORDER_MARK

ERRATA_COLUMNS: Mapping[str, str] = {
    "cohort": "Cohort of the persons; suppressed where they are of any",
    "column": "Column of the tables of this release",
    "label": "They were published under this label or a finer one, which no longer fits what is known of them",
    "persons": "How many persons; each stands in one row of a column only",
}
"""Column of errata.csv -> what it is."""


def errata_payload(proof: ReleaseProof) -> bytes:
    """`errata.csv`: one row a cohort, column and label, in that order; only the header where nothing is known to be wrong."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow(ERRATA_COLUMNS)
    writer.writerows((each.cohort, each.column, each.label, each.persons) for each in proof.errata)
    return BYTE_ORDER_MARK + sink.getvalue().encode()


def broken_errata(proof: ReleaseProof) -> Iterator[str]:
    """What is wrong with the figures: too few persons, an unknown cohort or label, a place told twice, another order."""
    columns = tuple(dict.fromkeys(each.column for each in proof.errata))
    allowed = {each.column: each.allowed for each in published_expectations(Person, columns) if each.kind == "in_set"}
    cohorts = {SUPPRESSED, *(str(each.cohort) for each in proof.cohorts)}
    k = max((product.k for product in proof.products), default=0)
    if few := sum(each.persons < k for each in proof.errata):
        yield f"tells {few} figure(s) of errata under k = {k}"
    if strange := sum(each.cohort not in cohorts or each.label not in allowed[each.column] for each in proof.errata):
        yield f"tells {strange} figure(s) of errata of an unknown cohort or label"
    places = [(each.cohort, each.column, each.label) for each in proof.errata]
    if places != sorted(set(places)):
        yield "tells errata twice or out of order"
