"""What a person sees: progress while it works, and at the end a summary that a newcomer understands.

Here: words and tables on a terminal. Never here: a value of a record, a partner's file name, or a measure being taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console

from linkage.private.rounds import Rounds
from pipelines.instance import Instance, known_vault
from pipelines.linking import needs_linkage, questions_waiting
from pipelines.publishing import latest_release
from pipelines.round_register import load_rounds
from pipelines.runner import RunResult
from schemas.ledger import EMPTY_LEDGER, RowLedger
from schemas.release import ReleaseProof
from warehouse.enrolment import Waiting
from warehouse.release_files import fingerprint_of
from warehouse.store import open_store


def batch_line(console: Console, partner_code: str, batch_id: str, result: RunResult, ledger: RowLedger | None) -> None:
    """One line a batch, as soon as it is done."""
    if result.has_succeeded and ledger:
        console.print(
            f"  [green]ok[/]      {partner_code:<20} {ledger.received:>7,} rows: {ledger.accepted:,} accepted, "
            f"{ledger.quarantined:,} quarantined, {ledger.rejected:,} rejected, {ledger.non_data:,} no data   ({result.seconds:.1f} s)",
            highlight=False,
            soft_wrap=True,
        )
    else:
        console.print(f"  [red]refused[/] {partner_code:<20} batch {batch_id}", highlight=False)
        failure_text(console, result)


def known_line(console: Console, partner_code: str, batch_id: str) -> None:
    """A batch that came before: nothing is done twice."""
    console.print(f"  known   {partner_code:<20} batch {batch_id} was taken in before; nothing to do", highlight=False, soft_wrap=True)


def failure_text(console: Console, result: RunResult) -> None:
    """What went wrong in a run, as the error says it; a refusal in its partner's language."""
    text = result.told or result.failure or "checks failed: " + ", ".join(result.failed_checks)
    console.print("    " + text.replace("\n", "\n    "), highlight=False, markup=False, soft_wrap=True)


def totals(instance: Instance) -> tuple[int, RowLedger, int, int]:
    """Batches, their rows, victim records and persons in the warehouse."""
    if not instance.warehouse_file.exists():
        return 0, EMPTY_LEDGER, 0, 0
    with open_store(instance.warehouse_file, read_only=True) as store:
        records, persons = store.linked_counts()
        return len(store.ledgers()), store.totals(), records, persons


def closing(console: Console, instance: Instance) -> None:
    """The whole state of the instance and the next three commands."""
    batches, ledger, records, persons = totals(instance)
    outcomes = (
        f"{ledger.accepted:,} accepted + {ledger.quarantined:,} quarantined + {ledger.rejected:,} rejected + {ledger.non_data:,} no data"
    )
    lines = [("Received", f"{batches} batches, {ledger.received:,} rows"), ("", f"= {outcomes}")]
    if needs_linkage(instance):
        lines.append(("Linked", f"pending for {records:,} victim records: persons and questions are known after casehouse run"))
    else:
        lines += [("Linked", f"{records:,} victim records -> {persons:,} persons{interval_text(instance)}"), *question_lines(instance)]
    lines += round_lines(instance)
    folder = latest_release(instance.releases)
    if folder:
        lines += [*release_lines(read_proof(instance), memory_of(instance))]
        lines += [("Release", str(folder)), ("Fingerprint", f"{fingerprint_of(folder)} (tell it beside the release)")]
    console.print()
    for name, text in lines:
        console.print(f"  {name:<12} {text}", highlight=False, soft_wrap=True)
    console.print()
    next_steps(console, has_release=folder is not None, has_problems=ledger.quarantined + ledger.rejected > 0)


def interval_text(instance: Instance) -> str:
    """Between how many persons the linkage is sure of; nothing where it does not say."""
    if not instance.warehouse_file.exists():
        return ""
    with open_store(instance.warehouse_file, read_only=True) as store:
        interval = store.person_interval()
    return f" (at least {interval.fewest:,}, at most {interval.most:,})" if interval else ""


def question_lines(instance: Instance) -> list[tuple[str, str]]:
    """How many pairs wait for a person to judge; none where none do, or nothing was linked yet."""
    if known_vault(instance) is None:
        return []
    count = questions_waiting(instance)
    return [("Questions", f"{count:,} pairs of reports may be one person; to judge them: casehouse review")] if count else []


def round_lines(instance: Instance) -> list[tuple[str, str]]:
    """The linkage rounds by name, open and closed; nothing where there never was one."""
    vault = known_vault(instance)
    rounds = load_rounds(vault) if vault else Rounds()
    parts = (("open", rounds.open_names), ("closed", tuple(each.name for each in rounds.closed)))
    told = "; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names)
    return [("Rounds", told)] if told else []


@dataclass(frozen=True)
class Memory:
    """What the warehouse remembers of persons and releases: who waits, and whom a later linkage merged or split."""

    waits: Waiting
    merged: int
    split: int


def memory_of(instance: Instance) -> Memory:
    """Who waits since the last release; published persons who are one with another by now, and persons who are part of a published one."""
    with open_store(instance.warehouse_file, read_only=True) as store:
        is_linked = store.is_linked()
        return Memory(store.waiting_count(), store.merged_count() if is_linked else 0, store.split_count() if is_linked else 0)


def release_lines(proof: ReleaseProof, memory: Memory) -> list[tuple[str, str]]:
    """What the release promises, in the words of the proof, and what waits or changed since."""
    main = max(proof.products, key=lambda product: len(product.columns))
    lost = sum(cohort.loss * cohort.published for cohort in proof.cohorts) / proof.published_persons
    waits = memory.waits
    wait = f"; {waits.persons:,} wait for a finer class or more newcomers, the first since {waits.since}" if waits.persons else ""
    wait += f"; {memory.merged:,} of them since found to be one with another" if memory.merged else ""
    wait += f"; {memory.split:,} since found to be part of one of them, never published apart" if memory.split else ""
    retired = sum(cohort.retired for cohort in proof.cohorts)
    wait += f"; {retired:,} rows retired so far, at least k of a class at a time, since records were withdrawn" if retired else ""
    smallest = f"k = {main.k}: the smallest of {main.classes:,} classes holds {main.smallest_class} persons"
    suppressed = f"{main.suppressed_cells:,} of {main.cells:,} cells suppressed ({main.suppressed_cells / main.cells:.1%})"
    return [
        ("Published", f"{proof.published_persons:,} persons in {len(proof.products)} products{wait}"),
        ("Protected", f"{smallest}; {main.homogeneous_share:.1%} of classes hold one known form only"),
        ("Price", f"{suppressed}; loss {lost:.3f} (0 nothing lost, 1 everything)"),
    ]


def next_steps(console: Console, *, has_release: bool, has_problems: bool) -> None:
    """Three commands to go on with."""
    query = '.venv/bin/casehouse query "select gender_code, count(*) from global_persons group by all"'
    steps = [
        ("make ui", "look at the graph and every run in the browser"),
        (query, "query the extract") if has_release else (".venv/bin/casehouse release", "publish"),
        (".venv/bin/casehouse check FILE --partner en-harbour-ngo", "check a file of your own; nothing is stored"),
    ]
    if has_problems:
        steps.append((".venv/bin/casehouse status", "list the batches; casehouse problems BATCH lists what was held, row by row"))
    console.print("Next:", highlight=False)
    for command, what in steps:
        console.print(f"  {command}   {what}", highlight=False, markup=False, soft_wrap=True)


def read_proof(instance: Instance) -> ReleaseProof:
    """The latest release's statement of itself."""
    return ReleaseProof.model_validate_json((instance.releases / "latest" / "proof.json").read_text(encoding="utf-8"))
