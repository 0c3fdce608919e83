"""From the warehouse to a release: enrol the newcomers, derive the products, pass the gate, publish, verify.

Here: the order of the rooms' functions. Never here: a limit, a measure or a file format.

A person is published once, in the release that first shows it, and its row is never edited: a later release adds its
newcomers as a cohort of their own. Where no record is left of a published person, the rows of its whole class are
retired. So every difference between two releases is a sum of whole classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import polars as pl

from anonymize.generalize import generalize
from anonymize.hierarchy import Hierarchy
from anonymize.policy import Policy, load_policy
from anonymize.product import derive
from anonymize.release import Passed, pass_gate
from anonymize.risk import loss
from pipelines.corrections import settle
from pipelines.instance import Instance
from schemas.case import Person, PublishedPerson
from schemas.errors import ReleaseRefused
from schemas.fields import Sensitivity, fields_of, names_of
from schemas.partner import Partner
from schemas.product import Product
from schemas.release import CohortProof, ProductProof, ReleaseProof
from schemas.render import hierarchy_of
from schemas.zones import Anonymous, Pseudonymised
from warehouse.canonical import installed_versions
from warehouse.enrolment import Retired
from warehouse.publication import Published, Table, publish
from warehouse.store import Store, open_store

QUASI = names_of(Person, Sensitivity.QUASI)
SENSITIVE = names_of(Person, Sensitivity.SENSITIVE)
MASTER_COLUMNS = tuple(field.name for field in fields_of(PublishedPerson))
COHORT = "cohort"
LOSS_DIGITS = 3
"""Of more digits a reader could solve how many values hide under a label."""
REPORTS_STEP = 100
"""Reports are published in whole hundreds: of the exact number, a reader of two releases could count the withdrawn records."""


@dataclass(frozen=True)
class ReleaseOutcome:
    """What became of a release: where it is, whether it is new, how many persons it holds, how many wait, how many were retired now."""

    published: Published
    proof: ReleaseProof
    waiting: int
    retired: Retired


@dataclass(frozen=True)
class Newcomers:
    """Persons whom no release shows yet: their rows as the master table will hold them, or how many must wait instead."""

    rows: pl.DataFrame
    facts: CohortProof | None
    waiting: int


def make_release(instance: Instance) -> ReleaseOutcome:
    """Publish what the warehouse holds; the same contents publish nothing new.

    Raises `ReleaseRefused` when the gate's measures fail, of the newcomers, of the whole or of one product: then nothing
    was published and nobody was enrolled. Who was retired stays so.
    """
    policy = load_policy()
    settle(instance)
    with open_store(instance.warehouse_file) as store:
        if not store.is_linked():
            raise not_linked()
        retired = store.retire()
        assert_cohorts_known(store, instance.releases)
        newcomers = newcomers_of(store, policy)
        master = pl.concat([store.published().frame.select(MASTER_COLUMNS), newcomers.rows.select(MASTER_COLUMNS)])
        if master.is_empty():
            raise nobody_left()
        passed = gate(Pseudonymised(master), policy)
        tables = [table_of(product, passed.anonymous, policy) for product in instance.products.values()]
        if newcomers.facts:
            store.enroll(newcomers.facts.cohort, newcomers.rows.drop(COHORT), newcomers.facts)
        proof = proof_of(store, policy, tables, instance.partners)
    published = publish(instance.releases, tables, proof)
    return ReleaseOutcome(published, proof, newcomers.waiting, retired)


def is_memory_lost(store: Store, releases: Path) -> bool:
    """Whether the warehouse has forgotten persons that the latest release shows."""
    shown = _cohorts_shown(releases)
    return [_at_entry(cohort) for cohort in store.cohorts()[: len(shown)]] != [_at_entry(cohort) for cohort in shown]


def assert_cohorts_known(store: Store, releases: Path) -> None:
    """`ReleaseRefused` when the warehouse has forgotten persons that the latest release shows, or that rows were retired: it
    would publish them again."""
    pairs = zip(store.cohorts(), _cohorts_shown(releases), strict=False)
    if is_memory_lost(store, releases) or any(now.retired < then.retired for now, then in pairs):
        raise ReleaseRefused(
            "the warehouse does not know the persons that the latest release shows",
            where="the warehouse file",
            allowed="the warehouse from which the latest release was made, or a later state of it",
            next_step="restore the warehouse from your backup; publishing everyone anew would let readers subtract the releases",
        )


def _cohorts_shown(releases: Path) -> tuple[CohortProof, ...]:
    folder = latest_release(releases)
    return ReleaseProof.model_validate_json((folder / "proof.json").read_bytes()).cohorts if folder else ()


def _at_entry(cohort: CohortProof) -> CohortProof:
    return cohort.model_copy(update={"retired": 0})


def newcomers_of(store: Store, policy: Policy) -> Newcomers:
    """Anonymize the persons that no release shows yet among themselves, as the next cohort; nothing is stored.

    Raises `ReleaseRefused` when they do not pass the gate by themselves, or when nobody was published yet and they are too few.
    """
    everyone = store.persons().frame
    newcomers = everyone.join(store.enrolled(), on="person_key", how="anti")
    cohorts = store.cohorts()
    smallest = policy.smallest_pool.value if cohorts else policy.k.value
    if newcomers.height < smallest:
        if not cohorts:
            raise nobody_to_publish(newcomers.height, policy)
        return Newcomers(store.published().frame.clear(), None, newcomers.height)
    number = len(cohorts) + 1
    hierarchies = list(person_hierarchies().values())
    found = generalize(newcomers, hierarchies, sensitive=SENSITIVE, k=policy.k.value, l=policy.l.value, weights=policy.column_weights())
    rows = found.table.with_columns(pl.lit(number, pl.Int64).alias(COHORT))
    gate(Pseudonymised(rows.select(MASTER_COLUMNS)), policy)
    lost = loss(newcomers, found.table, hierarchies)
    facts = CohortProof(
        cohort=number,
        persons=rows.height,
        loss=round(lost.mean, LOSS_DIGITS),
        loss_by_column={column: round(share, LOSS_DIGITS) for column, share in lost.by_column},
        waived_diversity=found.waived,
    )
    return Newcomers(rows.select("person_key", COHORT, *QUASI, *SENSITIVE), facts, 0)


def gate(candidate: Pseudonymised, policy: Policy) -> Passed:
    """The gate, told what each column of the candidate gives away; the cohort counts as known to others."""
    columns = candidate.frame.columns
    quasi = [name for name in (COHORT, *QUASI) if name in columns]
    return pass_gate(candidate, quasi=quasi, sensitive=[name for name in SENSITIVE if name in columns], policy=policy)


def table_of(product: Product, master: Anonymous, policy: Policy) -> Table:
    """A product derived from the master table, through the gate again, with what it promises."""
    derived = derive(master, columns=product.columns, coarsen=product.coarsen, filters=product.filters, hierarchies=person_hierarchies())
    passed = gate(derived, policy)
    measures, evidence = passed.evidence.measures, passed.evidence
    proof = ProductProof(
        name=product.name,
        file=f"{product.name}.parquet",
        sha256=sha256(passed.anonymous.payload).hexdigest(),
        rows=measures.persons,
        columns=tuple(passed.anonymous.frame.columns),
        quasi_identifiers=evidence.quasi,
        sensitive=evidence.sensitive,
        guarantee=product.guarantee,
        k=evidence.k,
        smallest_class=measures.smallest_class,
        classes=measures.classes,
        largest_homogeneous_share=evidence.largest_homogeneous_share,
        homogeneous_share=measures.homogeneous_share,
        homogeneous_share_by_field={each.field: each.classes / measures.classes for each in measures.homogeneous_by_field},
        suppressed_cells=measures.suppressed_cells,
        cells=measures.cells,
    )
    return Table(product, passed.anonymous, proof)


def proof_of(store: Store, policy: Policy, tables: list[Table], partners: Mapping[str, Partner]) -> ReleaseProof:
    """What the release says of itself. Its version is how often what is published has changed, and the start of its inputs' digest.

    Where the data come from is as of today and no part of the digest: it does not change a row.
    """
    cohorts, sources = store.cohorts(), store.sources()
    known = [partners[batch.partner_code] for batch in store.batches() if batch.partner_code in partners]
    products = [table.product.model_dump_json() for table in tables]
    inputs = sha256("\n".join([store.content_digest(), policy.digest(), *products]).encode()).hexdigest()
    return ReleaseProof(
        version=f"{store.editions():04d}-{inputs[:8]}",
        inputs_digest=inputs,
        policy_digest=policy.digest(),
        software=installed_versions(),
        is_simulated=any(partner.simulated for partner in known),
        partners=sources.partners,
        reports=sources.reports // REPORTS_STEP * REPORTS_STEP,
        reported_by=dict(sources.partners_by_kind),
        published_persons=sum(cohort.published for cohort in cohorts),
        cohorts=cohorts,
        products=tuple(table.proof for table in tables),
    )


def person_hierarchies() -> Mapping[str, Hierarchy]:
    """How each quasi-identifier of the master table becomes coarser."""
    return {field.name: Hierarchy(field.name, hierarchy_of(field)) for field in fields_of(Person) if field.sensitivity is Sensitivity.QUASI}


def not_linked() -> ReleaseRefused:
    """The refusal of a release between a change of records and the linkage that follows it."""
    return ReleaseRefused(
        "linking persons is pending since records came or left",
        where="the warehouse",
        allowed="a warehouse in which every victim record belongs to a person",
        next_step="casehouse run, which links persons; then casehouse release",
    )


def nobody_to_publish(persons: int, policy: Policy) -> ReleaseRefused:
    """The refusal of a first release of fewer persons than one class needs."""
    return ReleaseRefused(
        f"{persons} person(s) in the warehouse are too few for a release",
        where="the master table",
        allowed=f"at least k = {policy.k.value} persons",
        next_step="take in more batches (casehouse run), then release again",
    )


def nobody_left() -> ReleaseRefused:
    """The refusal of a release when every published person was withdrawn."""
    return ReleaseRefused(
        "every published row was retired, and there are too few newcomers: nothing is left to publish",
        where="the master table",
        allowed="a release that shows at least one class of persons",
        next_step="take the folder of releases down for readers; take in more batches, then release again",
    )


def latest_release(releases: Path) -> Path | None:
    """The folder of the newest release, or none before the first."""
    link = releases / "latest"
    return link.resolve() if link.exists() else None
