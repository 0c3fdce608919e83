"""Who is retired with a withdrawn person: at least k others of its class, so that nobody is told apart by their going.

Here: the choice, and what both parts of a class must keep. Never here: a published row that is edited, or the warehouse.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import polars as pl

from anonymize.conditions import Conditions, Contributors, Diversity
from schemas.vocabulary import MISSING_CODES, SUPPRESSED

NOT_KNOWN = (*MISSING_CODES, SUPPRESSED)
"""Cells of a sensitive field that tell nothing."""

Allowed = npt.NDArray[np.bool_]
Tally = npt.NDArray[np.int64]


def retiring(
    published: pl.DataFrame, lost: pl.Series, *, classes: Sequence[str], conditions: Conditions, key: str = "person_key"
) -> pl.DataFrame:
    """The rows of `published` that must be retired so that the persons of `lost` may go, whoever subtracts the releases.

    Persons who share the columns of `classes` (the cohort and the labels) are one class. Of each class with a lost person
    the lost ones are retired and with them at least `conditions.k` others, as few as are needed for both who is retired and
    who stays to keep every condition that the class itself kept; where there is no such part, the whole class. So nobody
    can tell how many of the retired rows were lost, or what was known of those. The others follow from a hash of their keys,
    never from what is known of them. The same rows in any order give the same persons.
    """
    gone = published.filter(pl.col(key).is_in(lost.implode()))
    touched = published.join(gone.select(classes).unique(), on=list(classes), how="semi", nulls_equal=True)
    shares = {each.field: _shares(published[each.field]) for each in conditions.sensitive}
    chosen = [
        _part(members, set(gone[key]), conditions, shares, key) for members in touched.partition_by(list(classes), maintain_order=True)
    ]
    return pl.concat([published.clear(), *chosen]).sort(key)


def _part(members: pl.DataFrame, lost: set[str], conditions: Conditions, shares: dict[str, pl.DataFrame], key: str) -> pl.DataFrame:
    """The lost persons of one class and the first others in the order of their hashes, as few as will do."""
    ranked = sorted((person not in lost, sha256(str(person).encode()).digest(), place) for place, person in enumerate(members[key]))
    ordered = members[[place for *_, place in ranked]]
    fewest = sum(person in lost for person in members[key]) + conditions.k
    sizes = np.arange(1, ordered.height + 1)
    fits = (sizes >= fewest) & (ordered.height - sizes >= conditions.k)
    for each in conditions.sensitive:
        fits &= _keeps_diversity(ordered[each.field], each, shares[each.field])
    if conditions.contributors:
        fits &= _keeps_strangers(ordered[conditions.contributors.column], conditions.contributors)
    return ordered.head(int(sizes[fits][0])) if fits.any() else ordered


def _keeps_diversity(cells: pl.Series, asked: Diversity, shares: pl.DataFrame) -> Allowed:
    """For each number of first rows: whether they and the others are as diverse as is asked, where all of them together are."""
    tally = np.column_stack(
        [np.cumsum((cells == value).fill_null(value=False).to_numpy()) for value in shares["value"]] or [np.zeros(len(cells))]
    )
    whole = tally[-1]
    expected = shares["share"].to_numpy() if shares.height else np.ones(1)
    kept = _kept_by(np.array([whole]), asked, expected)
    return np.asarray(((_kept_by(tally, asked, expected) & _kept_by(whole - tally, asked, expected)) | ~kept).all(axis=1))


def _kept_by(tally: Tally, asked: Diversity, expected: npt.NDArray[np.float64]) -> Allowed:
    """(groups, 3): whether each keeps the distinct values, the entropy and the closeness that are asked."""
    known = tally.sum(axis=1, keepdims=True)
    share = tally / np.maximum(known, 1)
    logs = np.log(share, where=share > 0, out=np.zeros_like(share))
    distinct = (tally > 0).sum(axis=1)
    uncertain = np.exp(-(share * logs).sum(axis=1))
    distance = np.where(known[:, 0] > 0, np.abs(share - expected).sum(axis=1) / 2, 0.0)
    slack = 1e-9  # of rounding, in favour of what is exactly on the limit
    return np.column_stack(
        [
            (distinct >= asked.distinct) | (asked.distinct <= 1),
            (uncertain >= asked.entropy - slack) | (asked.entropy <= 1),
            distance <= asked.closeness + slack,
        ]
    )


def _keeps_strangers(cells: pl.Series, asked: Contributors) -> Allowed:
    """For each number of first rows: whether they and the others leave enough strangers to each contributor to whom the class did."""
    named = [set(cell.split(asked.separator) if asked.separator else [cell]) if cell is not None else set() for cell in cells.to_list()]
    allowed = np.ones(len(named), dtype=np.bool_)
    sizes = np.arange(1, len(named) + 1)
    for contributor in sorted(set().union(*named)):
        strangers = sizes - np.cumsum([contributor in each for each in named])
        if strangers[-1] == 0 or strangers[-1] >= asked.least:
            others = strangers[-1] - strangers
            allowed &= ((strangers == 0) | (strangers >= asked.least)) & ((others == 0) | (others >= asked.least))
    return allowed


def _shares(cells: pl.Series) -> pl.DataFrame:
    """The known values of a field and their shares among all that are published, by value."""
    known = cells.filter(cells.is_not_null() & ~cells.is_in(list(NOT_KNOWN)))
    return known.value_counts(sort=False).select(value=pl.first(), share=pl.col("count") / max(len(known), 1)).sort("value")
