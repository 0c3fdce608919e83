"""Send a batch to the inbox: looked at before it is sent, and there whole or not at all.

Here: what is asked and said before sending. Never here: a rule of what is accepted, a key's use, or a file name in a text.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ingest.landing import batch_id_of
from ingest.refusals import refusal
from ingest.validation.batch import NOT_STORED, validate_batch
from ingest.validation.checking import BatchCheck, check_batch
from ingest.vault import Purpose
from pipelines.corrections import effect_of_records
from pipelines.inbox import WITHDRAWING, place_last
from pipelines.instance import Instance, storage_error
from pipelines.nameless import CODE as NAMES_NOT_AGREED
from pipelines.nameless import assert_names_nobody
from pipelines.rounds import open_tags
from pipelines.stages import named_refusal, read_as
from pipelines.token_lint import OF_NO_ROUND, SweepWithTokens
from schemas.errors import BatchRefused, UserError
from schemas.messages import say
from schemas.partner import Partner
from schemas.problems import ROW_OUTCOMES
from warehouse.events import Effect

ROWS_SAID = 10


def checked_before(
    instance: Instance, partner: Partner, files: Sequence[Path], console: Console, *, purpose: Purpose, is_forced: bool
) -> BatchCheck | None:
    """Look at the batch as a run would, and say which rows would not be accepted; None when it would be refused.

    Raises `BatchRefused` when it would be refused, and `UserError` when no row would be accepted; `is_forced` only says so.
    """
    batch_id = batch_id_of([file.read_bytes() for file in files], partner.name, purpose)
    if batch_id in instance.vault.withdrawn_ids():
        where = say("partner {partner}, batch {batch}", partner=partner.name, batch=batch_id)
        raise refusal("batch_withdrawn", where=where, allowed=say("a batch that was not withdrawn"))
    _refuse_names(files, read_as(partner, purpose), purpose)
    try:
        sweep = SweepWithTokens(open_tags(instance))
        checked = sweep.added_to(check_batch(files, read_as(partner, purpose), sweep=sweep, withdraws=purpose == "withdraw"))
    except BatchRefused as refused:
        better = named_refusal(instance, partner, files, refused)
        if not is_forced:
            raise better from None
        console.print(f"it would be refused: {better.what}", markup=False, soft_wrap=True)
        return None
    _say_what_is_held(checked, console)
    if strays := sum(finding.count for finding in checked.findings if finding.code == OF_NO_ROUND):
        console.print(f"{strays:,} row(s) have tokens of no open linkage round: nobody is found by them; casehouse status lists the rounds")
    if replacements := checked.corrections.replacements:
        console.print(f"{replacements:,} row(s) replace a record that was sent before")
    if checked.ledger.accepted == 0:
        nothing = _nothing_accepted(partner)
        if not is_forced:
            raise nothing
        console.print(nothing.what, markup=False, soft_wrap=True)
    return checked


def _refuse_names(files: Sequence[Path], partner: Partner, purpose: Purpose) -> None:
    """Raise `BatchRefused` names_not_agreed, also where sending is forced; what else is wrong is told later."""
    try:
        assert_names_nobody(files, partner, purpose)
    except BatchRefused as refused:
        if refused.code == NAMES_NOT_AGREED:
            raise


def may_withdraw(partner: Partner, purpose: Purpose, checked: BatchCheck | None) -> bool:
    """Whether the batch would take records out, as a whole or by a row of its own; of a refused one nobody knows yet."""
    if purpose == "withdraw":
        return True
    return any(file.action for file in partner.files) if checked is None else checked.corrections.withdrawals > 0


def effect_before(instance: Instance, partner: Partner, files: Sequence[Path], purpose: Purpose) -> Effect:
    """What withdrawing the records would do that these files, or their rows that say so, name: in counts."""
    asked = validate_batch(files, read_as(partner, purpose), NOT_STORED, withdraws=purpose == "withdraw").withdrawals
    return effect_of_records(instance, partner.name, asked.frame)


def put_batch(instance: Instance, partner_code: str, files: Sequence[Path], purpose: Purpose) -> None:
    """Copy a batch into the inbox so that it appears there whole: a folder named by what it is for and its content."""
    folder = instance.inbox / partner_code
    batch_id = batch_id_of([file.read_bytes() for file in files], partner_code, purpose)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staged = folder / f".staging-{batch_id}"
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        for file in files:
            (staged / file.name).touch(mode=0o600)  # before the first byte is in it
            shutil.copyfile(file, staged / file.name)
        target = folder / f"{WITHDRAWING if purpose == 'withdraw' else 'batch-'}{batch_id}"
        shutil.rmtree(target, ignore_errors=True)
        place_last(staged, folder)
        staged.rename(target)
    except OSError as error:
        raise storage_error(error, folder) from None


def _say_what_is_held(checked: BatchCheck, console: Console) -> None:
    ledger = checked.ledger
    if held := ledger.quarantined + ledger.rejected:
        total = ledger.received - ledger.non_data
        console.print(
            f"{held:,} of {total:,} rows would not be accepted ({ledger.quarantined:,} quarantined, {ledger.rejected:,} rejected):"
        )
    for finding in checked.findings:
        if finding.severity in ROW_OUTCOMES and finding.severity != "non_data":
            rows = ", ".join(map(str, finding.rows[:ROWS_SAID])) + (", ..." if finding.count > ROWS_SAID else "")
            column = f" in column {finding.column}" if finding.column else ""
            console.print(f"  {finding.code}{column}: {finding.count:,} row(s): {rows}", markup=False, soft_wrap=True)
    if held:
        console.print("the others are taken in; casehouse check says how to mend these", soft_wrap=True)


def _nothing_accepted(partner: Partner) -> UserError:
    return UserError(
        "no row of the batch would be accepted",
        where=f"a batch sent as {partner.name}",
        allowed="a batch of which at least one row becomes a record",
        next_step="casehouse check says how to mend it; --force sends it all the same",
    )
