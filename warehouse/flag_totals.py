"""The totals of flags in a release: of how many persons each flag was stated, counted once, when their cohort entered.

Here: the rows of `flag-totals.csv`, and what of them a reader can hold against the rest of the release. Never here: which totals may
be told (`anonymize.flags.totals`).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping

from schemas.case import Person
from schemas.missing import SUPPRESSED
from schemas.release import FlagTotal, ReleaseProof
from schemas.render import published_expectations
from warehouse.release_files import BYTE_ORDER_MARK

ALL = "all"
TOTAL_COLUMNS: Mapping[str, str] = {
    "cohort": "Cohort of the persons, as it entered",
    "flag": "Column of the table of flags",
    "column": "Column that the persons are told apart by; all where they are not",
    "label": "Their value of that column, never a coarser label; suppressed: the sum over all values that are not told one by one",
    "persons": "Of how many of them the flag was stated, also where the tables suppress it",
}
"""Column of flag-totals.csv -> what it is."""


def totals_payload(proof: ReleaseProof) -> bytes:
    """`flag-totals.csv`: one row a cohort, flag, column and label, in that order; only the header where nothing may be told."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow(TOTAL_COLUMNS)
    writer.writerows((*_place(each), each.persons) for each in proof.flag_totals)
    return BYTE_ORDER_MARK + sink.getvalue().encode()


def broken_totals(proof: ReleaseProof) -> Iterator[str]:
    """What is wrong with the totals: too few persons, an unknown cohort or label, a place told twice, another order, sums that differ."""
    k = max((product.k for product in proof.products), default=0)
    if few := sum(each.persons < k for each in proof.flag_totals):
        yield f"tells {few} total(s) of flags under k = {k}"
    if strange := _strange(proof):
        yield f"tells {strange} total(s) of flags of an unknown cohort or label"
    places = [_place(each) for each in proof.flag_totals]
    if places != sorted(set(places)):
        yield "tells totals of flags twice or out of order"
    whole = {(each.cohort, each.flag): each.persons for each in proof.flag_totals if each.column == ALL}
    entered = {each.cohort: each.persons for each in proof.cohorts}
    if many := sum(persons > entered.get(cohort, persons) for (cohort, _), persons in whole.items()):
        yield f"tells {many} total(s) of flags of more persons than the cohort had"
    sums: Counter[tuple[int, str, str]] = Counter()
    for each in proof.flag_totals:
        sums[each.cohort, each.flag, each.column] += each.persons
    if other := sum(persons != whole.get((cohort, flag)) for (cohort, flag, _), persons in sums.items()):
        yield f"tells {other} column(s) of totals of flags whose sum is not the total of the flag"


def _strange(proof: ReleaseProof) -> int:
    """How many totals are of a cohort without flags, or of a label that their column cannot have."""
    columns = tuple(dict.fromkeys(each.column for each in proof.flag_totals if each.column != ALL))
    allowed = {each.column: {*each.allowed, SUPPRESSED} for each in published_expectations(Person, columns) if each.kind == "in_set"}
    allowed[ALL] = {ALL}
    cohorts = {each.cohort for each in proof.cohorts if each.flag_groups}
    return sum(each.cohort not in cohorts or each.label not in allowed[each.column] for each in proof.flag_totals)


def _place(total: FlagTotal) -> tuple[int, str, str, str]:
    return total.cohort, total.flag, total.column, total.label
