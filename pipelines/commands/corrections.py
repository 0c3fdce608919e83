"""Take out what was taken in: `withdraw` and `erase`.

Here: what a person is asked and told, in counts. Never here: what is taken out where (`pipelines.corrections`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.shared import NOT_ALL_WELL, console
from pipelines.instance import Instance

if TYPE_CHECKING:
    from warehouse.events import Effect


def withdraw(
    partner: Annotated[str, typer.Argument(help="The partner's name")],
    batch: Annotated[str, typer.Argument(help="A batch, as `casehouse status` lists them")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take a whole batch out as if it had never been sent: its records at once, its raw files for good.

    Published persons of whom nothing is left are out of every later release. The same files are refused from now on.
    """
    from pipelines.corrections import batch_named, effect_of_batch, settle, withdraw_batch
    from pipelines.intake import link_anew, needs_linkage, say_raw_holders
    from pipelines.runner import open_runner

    instance = Instance()
    with instance.hold():
        settle(instance)
        batch_id = batch_named(instance, batch, partner)
        effect = effect_of_batch(instance, batch_id)
        say_effect(effect, f"Withdrawing batch {batch_id} of {partner}")
        console.print("  its raw files are destroyed, and the same files are refused from now on")
        confirm(yes)
        withdraw_batch(instance, partner, batch_id)
        console.print(f"batch {batch_id} is withdrawn")
        is_well = True
        if needs_linkage(instance):
            with open_runner(instance) as runner:
                is_well = link_anew(runner, console)
        if effect.published_persons:
            console.print("next: casehouse release, which leaves the retired rows out")
        say_raw_holders(instance, console)
    raise typer.Exit(0 if is_well else NOT_ALL_WELL)


def erase(
    batches: Annotated[
        list[str] | None, typer.Argument(help="Batches, as `casehouse status` lists them; without any, those to think of")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy the raw files of batches; what was accepted of them stays. Without a batch, list those that hold withdrawn records."""
    from pipelines.corrections import batch_named, erase_raw, raw_holders
    from pipelines.intake import say_raw_holders

    instance = Instance()
    with instance.hold():
        if not batches:
            say_raw_holders(instance, console)
            if not raw_holders(instance).batch_ids:
                console.print("no raw file holds a withdrawn record")
            return
        found = [batch_named(instance, each) for each in batches]
        console.print(f"The raw files of {len(found)} batch(es) are destroyed; they can never be read anew. What was accepted stays.")
        confirm(yes)
        for batch_id in found:
            erase_raw(instance, batch_id)
            console.print(f"the raw files of batch {batch_id} are destroyed")


def say_effect(effect: Effect, doing: str) -> None:
    """What taking records out would do, in counts."""
    console.print(f"{doing}:")
    console.print(f"  {effect.vanished:,} record(s) leave the warehouse; {effect.fallen_back:,} fall back to what another batch says")
    console.print(f"  {effect.persons:,} person(s) are affected")
    if effect.published_persons:
        text = (
            f"  {effect.published_persons:,} published person(s) have no record left: the next release retires {effect.retired_rows:,} rows"
        )
        console.print(f"{text}, their whole classes", soft_wrap=True)


def confirm(is_agreed: bool) -> None:
    """Go on only when the person agrees; it cannot be undone."""
    if not is_agreed:
        typer.confirm("This cannot be undone. Go on?", abort=True)
