"""From the warehouse to a release: retire, enter newcomers, derive the products, pass the gate, remember, publish.

Here: the order of the rooms' functions. Never here: a limit, a measure or a file format.

A person is published once, in the release that first shows it, and its row is never edited: a later release adds its
newcomers as a cohort of their own. Where no record is left of a published person, its row is retired with others of its
class. So every difference between two releases is a sum of whole groups of persons, and before a release becomes visible the
release ledger proves it of this and all earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import polars as pl

from anonymize.attacks.running import Verdict
from anonymize.policy import Policy, load_policy
from anonymize.product import derive
from anonymize.release import Passed, pass_gate
from anonymize.releases.differences import TableCounts
from anonymize.releases.errata import standing_figures
from anonymize.releases.retirement import retiring
from pipelines.agreement import agree, assert_cohorts_known, remember_entries
from pipelines.attacking import assert_flags_attacked, keep_report, withstand
from pipelines.corrections import settle
from pipelines.counted import files_by_form
from pipelines.entering import COHORT, CONTRIBUTORS, MASTER_COLUMNS, QUASI, SENSITIVE, Newcomers, newcomers_of, person_hierarchies
from pipelines.erring import errata_of, errata_proof
from pipelines.flagging import Flagged, flag_newcomers, table_of_flags, totals_proof
from pipelines.instance import Instance
from pipelines.linking import needs_linkage
from pipelines.remembering import assert_differences, class_counts, earlier_releases, errata_counts, remember, totals_counts
from pipelines.unshuffling import flag_rows
from schemas.errors import ReleaseRefused
from schemas.flags import FLAG_GROUP
from schemas.partner import Partner
from schemas.product import Product
from schemas.release import ProductProof, ReleaseProof
from schemas.zones import Anonymous, Pseudonymised
from warehouse.canonical import installed_versions
from warehouse.enrolment import NO_FLAGS, Retired, Waiting
from warehouse.publication import Published, Table, publish
from warehouse.store import Store, open_store

REPORTS_STEP = 100
"""Reports are published in whole hundreds: of the exact number, a reader of two releases could count the withdrawn records."""


@dataclass(frozen=True)
class ReleaseOutcome:
    """What became of a release: where it is, whether it is new, how many persons it holds, who waits, how many were
    retired now, what the attacks reached."""

    published: Published
    proof: ReleaseProof
    waits: Waiting
    retired: Retired
    verdict: Verdict

    @property
    def waiting(self) -> int:
        """How many persons wait."""
        return self.waits.persons


@dataclass(frozen=True)
class Master:
    """Every person that the release shows: person_key, the columns of the master table, and who had sent it in when it entered."""

    rows: pl.DataFrame

    @property
    def shown(self) -> Pseudonymised:
        """The rows as the gate will see them."""
        return Pseudonymised(self.rows.select(MASTER_COLUMNS))


def make_release(instance: Instance, day: date | None = None) -> ReleaseOutcome:
    """Publish what the warehouse holds; the same contents publish nothing new. `day` is when: by default today.

    Raises `ReleaseRefused` when the gate's measures fail, of the whole or of one product, or when the release differs from
    an earlier one by too few persons: then nothing was published and nobody was enrolled. Who was retired stays so.
    """
    policy = load_policy()
    settle(instance)
    if needs_linkage(instance):
        raise not_linked()
    with open_store(instance.warehouse_file) as store:
        assert_cohorts_known(store, instance.releases)
        agree(store, instance)
        retired = store.retire(retiring_keys(store, policy))
        earlier = earlier_releases(instance.ledger, instance.releases)
        everyone = store.persons().frame
        newcomers, found = flagged(store, newcomers_of(store, everyone, policy, day or date.today()), policy, instance.products)
        master = master_of(store, newcomers)
        passed = gate(master.shown, policy, master.rows[CONTRIBUTORS])
        tables = tables_of(instance.products, passed.anonymous, pl.concat([store.published_flags(), found.flags]), policy)
        of_persons = [table for table in tables if table.product.kind == "persons"]
        wrong = errata_of(store, master.rows, everyone, policy.k.value)
        counts = [counts_of(table, passed.anonymous) for table in tables] + [errata_counts(wrong.standing)]
        counts.append(totals_counts(pl.concat([store.flag_totals(), found.totals])))
        assert_differences(counts, earlier, policy.k.value)
        newest = newcomers.facts.cohort if newcomers.facts else None
        flags = flag_rows(found, tables)
        assert_flags_attacked(tables, found.flags, flags)
        verdict = withstand(instance, policy, of_persons, master.rows, everyone, newest=newest, played=newcomers.played, flags=flags)
        if newcomers.facts:
            store.enroll(newcomers.facts.cohort, newcomers.rows.drop(COHORT, CONTRIBUTORS), newcomers.facts, found.flags, found.totals)
        store.keep_waiting(newcomers.waiting)
        store.tell_errata(wrong.told.figures, wrong.told.persons)
        proof = proof_of(store, policy, tables, instance.partners)
        keep_report(instance.attacks, proof.version, verdict)
        remember(instance.ledger, proof, counts)
        remember_entries(store, instance.ledger)
    published = publish(instance.releases, tables, proof)
    return ReleaseOutcome(published, proof, newcomers.waits, retired, verdict)


def retiring_keys(store: Store, policy: Policy) -> pl.Series:
    """Who must be retired now: the published persons of whom no record is left, and others of their classes."""
    lost = store.lost()
    shown = store.published().frame.join(store.published_contributors(), on="person_key", how="left")
    conditions = policy.conditions(SENSITIVE, CONTRIBUTORS)
    return retiring(shown, lost, classes=[COHORT, *QUASI], conditions=conditions)["person_key"]


def master_of(store: Store, newcomers: Newcomers) -> Master:
    """The published persons that are left, and the newcomers."""
    shown = store.published().frame.join(store.published_contributors(), on="person_key", how="left", maintain_order="left")
    columns = ["person_key", *MASTER_COLUMNS, CONTRIBUTORS]
    master = pl.concat([shown.select(columns), newcomers.rows.select(columns)])
    if master.is_empty():
        raise nobody_left()
    return Master(master)


def gate(candidate: Pseudonymised, policy: Policy, contributors: pl.Series | None = None) -> Passed:
    """The gate, told what each column of the candidate gives away; the cohort counts as known to others."""
    columns = candidate.frame.columns
    quasi = [name for name in (COHORT, FLAG_GROUP, *QUASI) if name in columns]
    sensitive = [name for name in SENSITIVE if name in columns]
    return pass_gate(candidate, quasi=quasi, sensitive=sensitive, policy=policy, contributors=contributors)


def flagged(store: Store, newcomers: Newcomers, policy: Policy, products: Mapping[str, Product]) -> tuple[Newcomers, Flagged]:
    """The newcomers with their flag groups, and their shuffled flags with totals: nested once, when they enter, like their labels.

    Without a product of flags none are kept of these persons: a later release would publish them without any attack made.
    """
    taken = sum(cohort.flag_groups for cohort in store.cohorts())
    found = flag_newcomers(newcomers.rows, newcomers.original, store.means(), list(person_hierarchies().values()), policy, taken)
    if not any(product.kind == "flags" for product in products.values()):
        found = replace(found, rows=found.rows.with_columns(pl.lit(0, pl.Int64).alias(FLAG_GROUP)), flags=NO_FLAGS, lost=0.0)
    told = {"flag_groups": found.groups, "flags_lost": found.lost}
    facts = newcomers.facts.model_copy(update=told) if newcomers.facts else None
    return replace(newcomers, rows=found.rows, facts=facts), found


def tables_of(products: Mapping[str, Product], master: Anonymous, flags: pl.DataFrame, policy: Policy) -> list[Table]:
    """Every product through the gate; the table of flags is left out where none are published."""
    made = [table_of_flags(each, flags, policy) if each.kind == "flags" else table_of(each, master, policy) for each in products.values()]
    return [table for table in made if table is not None]


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


def counts_of(table: Table, master: Anonymous) -> TableCounts:
    """The classes of a table; of a table of persons within each cohort, also where it does not show the cohort."""
    product, quasi = table.product, table.proof.quasi_identifiers
    if product.kind != "persons":
        return class_counts(product.name, table.anonymous.frame, quasi)
    columns = list(dict.fromkeys([*quasi, COHORT]))
    rows = derive(master, columns=columns, coarsen=product.coarsen, filters=product.filters, hierarchies=person_hierarchies()).frame
    return class_counts(product.name, rows, quasi)


def proof_of(store: Store, policy: Policy, tables: list[Table], partners: Mapping[str, Partner]) -> ReleaseProof:
    """What the release says of itself. Its version is how often what is published has changed, and the start of its inputs' digest.

    Where the data come from is as of today and no part of the digest: it does not change a row.
    """
    cohorts, sources, interval = store.cohorts(), store.sources(files_by_form(partners)), store.person_interval()
    published = sum(cohort.published for cohort in cohorts)
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
        published_persons=published,
        persons_found=interval.told(policy.k.value, published) if interval else None,
        cohorts=cohorts,
        products=tuple(table.proof for table in tables),
        errata=errata_proof(standing_figures(store.errata_figures())),
        flag_totals=totals_proof(store.flag_totals()),
    )


def not_linked() -> ReleaseRefused:
    """The refusal of a release between a change of records, of the model or of the open rounds, and the linkage that follows it."""
    return ReleaseRefused(
        "linking persons is pending since records came or left, or the linkage model or its rounds changed",
        where="the warehouse",
        allowed="a warehouse in which every victim record belongs to a person, as the linkage of today finds them",
        next_step="casehouse run, which links persons; then casehouse release",
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
