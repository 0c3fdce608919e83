"""The flags of newcomers: grouped, shuffled and suppressed when a cohort enters, and never again; their table of a release.

Here: what the warehouse knows of the persons, handed to `anonymize.flags`, and the gate's judgement as a table with its proof.
Never here: how flags are hidden, or a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import polars as pl

from anonymize.conditions import Contributors
from anonymize.flags.nesting import nest_flags
from anonymize.flags.spec import FlagSpec
from anonymize.flags.totals import count_totals
from anonymize.hierarchy import Hierarchy
from anonymize.policy import SEPARATOR, Policy
from anonymize.release import pass_flags_gate
from pipelines.entering import COHORT, CONTRIBUTORS
from schemas.flags import FLAG_COLUMNS, FLAG_GROUP
from schemas.missing import NOT_STATED, SUPPRESSED
from schemas.product import Product
from schemas.release import FlagProof, FlagTotal, ProductProof
from schemas.zones import Pseudonymised
from warehouse.enrolment import NO_FLAGS, NO_TOTALS
from warehouse.publication import Table

SAYS_YES = "yes"
LOST_DIGITS = 2
"""Of three digits the exact number of suppressed flags of a small cohort could be worked out."""
COUNTED_BY = ("registration_year", "citizenship_code", "exploitation_country_code")
"""The columns by which totals of flags are told."""


@dataclass(frozen=True)
class Flagged:
    """The persons of a cohort with their flag group, their shuffled flags, and which share of what was stated those suppress.

    `totals` are the counts of the flags that may be told. Private, row by row as `rows`: `true`, the flags as they are known, and
    `shown`, as they are published.
    """

    rows: pl.DataFrame
    flags: pl.DataFrame
    lost: float
    totals: pl.DataFrame
    true: pl.DataFrame
    shown: pl.DataFrame

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return self.flags[FLAG_GROUP].n_unique()


def flag_newcomers(
    rows: pl.DataFrame, original: pl.DataFrame, means: pl.DataFrame, hierarchies: Sequence[Hierarchy], policy: Policy, taken: int
) -> Flagged:
    """Nest the flags of a cohort; its groups are numbered after the `taken` ones. Too few persons for one group publish no flags.

    `rows` are the newcomers under their labels, with their cohort and contributors, `original` the same persons in the same order
    as they are known, `means` the flags of every person (person_key, `FLAG_COLUMNS`). The flags are counted here and never again.
    """
    if rows.height < policy.flag_group.value:
        none = NO_FLAGS.drop(FLAG_GROUP)
        return Flagged(rows.with_columns(pl.lit(0, pl.Int64).alias(FLAG_GROUP)), NO_FLAGS, 0.0, NO_TOTALS, none, none)
    flags = rows.select("person_key").join(means, on="person_key", how="left", maintain_order="left").select(FLAG_COLUMNS)
    # A list of means tells none that was said to be absent from one that nobody knows of, so yes is all that can be known of a flag.
    spec = FlagSpec(
        FLAG_COLUMNS, policy.k.value, policy.flag_group.value, policy.flag_width.value, unknown=(NOT_STATED,), absent=(), known=(SAYS_YES,)
    )
    core, known = rows.select(each.column for each in hierarchies), flags.fill_null(NOT_STATED)
    nested = nest_flags(core, known, spec, hierarchies)
    counted_by = [each for each in hierarchies if each.column in COUNTED_BY]
    contributors = Contributors(CONTRIBUTORS, policy.strangers.value, SEPARATOR)
    totals = count_totals(original.with_columns(rows[CONTRIBUTORS]), core, known, nested, counted_by, spec, contributors=contributors)
    return Flagged(
        rows.with_columns((nested.group + taken).alias(FLAG_GROUP)),
        nested.table.rename({"group": FLAG_GROUP}).with_columns(pl.col(FLAG_GROUP) + taken),
        round(nested.share_of_present_lost, LOST_DIGITS),
        totals.filter(pl.col("value") == SAYS_YES).select(pl.lit(rows[COHORT][0], pl.Int64).alias(COHORT), *NO_TOTALS.columns[1:]),
        known,
        nested.shown,
    )


def totals_proof(totals: pl.DataFrame) -> tuple[FlagTotal, ...]:
    """The totals of all cohorts in the words of the proof."""
    return tuple(FlagTotal.model_validate(row) for row in totals.iter_rows(named=True))


def table_of_flags(product: Product, flags: pl.DataFrame, policy: Policy) -> Table | None:
    """The table of flags of a release, through the gate; None where no flags are published."""
    if flags.is_empty():
        return None
    candidate = Pseudonymised(flags.select(FLAG_GROUP, *FLAG_COLUMNS))
    passed = pass_flags_gate(candidate, group=FLAG_GROUP, flags=FLAG_COLUMNS, known=(SAYS_YES,), policy=policy)
    measures, evidence = passed.evidence.measures, passed.evidence
    shown = passed.anonymous.frame
    proof = ProductProof(
        name=product.name,
        file=f"{product.name}.parquet",
        sha256=sha256(passed.anonymous.payload).hexdigest(),
        rows=measures.persons,
        columns=tuple(shown.columns),
        quasi_identifiers=evidence.quasi,
        sensitive=evidence.sensitive,
        guarantee=product.guarantee,
        k=evidence.k,
        smallest_class=measures.smallest_class,
        classes=measures.classes,
        largest_homogeneous_share=0.0,
        homogeneous_share=0.0,
        homogeneous_share_by_field={},
        suppressed_cells=sum(int((shown[column] == SUPPRESSED).sum()) for column in FLAG_COLUMNS),
        cells=shown.height * len(FLAG_COLUMNS),
        flags=FlagProof(width=policy.flag_width.value, group=policy.flag_group.value),
    )
    return Table(product, passed.anonymous, proof)
