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
    from pipelines.condition import assert_of_this_version
    from pipelines.corrections import settle, withdrawn_named
    from pipelines.intake import link_anew, say_condition, say_raw_holders
    from pipelines.linking import needs_linkage
    from pipelines.runner import open_runner

    instance = Instance()
    assert_of_this_version(instance)
    with instance.hold():
        settle(instance)
        if gone := withdrawn_named(instance, batch, partner):
            console.print(f"batch {gone} is withdrawn already")
        else:
            _withdraw_standing(instance, partner, batch, is_agreed=yes)
        is_well = True
        if needs_linkage(instance):
            with open_runner(instance) as runner:
                is_well = link_anew(runner, console)
        say_raw_holders(instance, console)
        say_condition(instance, console)
    raise typer.Exit(0 if is_well else NOT_ALL_WELL)


def _withdraw_standing(instance: Instance, partner: str, batch: str, *, is_agreed: bool) -> None:
    from pipelines.corrections import batch_named, effect_of_batch, withdraw_batch

    batch_id = batch_named(instance, batch, partner)
    effect = effect_of_batch(instance, batch_id)
    say_effect(effect, f"Withdrawing batch {batch_id} of {partner}")
    console.print("  its raw files are destroyed, and the same files are refused from now on")
    confirm(is_agreed)
    withdraw_batch(instance, partner, batch_id)
    console.print(f"batch {batch_id} is withdrawn")
    if effect.published_persons:
        console.print("next: casehouse release, which leaves the retired rows out")


def erase(
    batches: Annotated[
        list[str] | None, typer.Argument(help="Batches, as `casehouse status` lists them; without any, those to think of")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy the raw files of batches; what was accepted of them stays. Without a batch, list those that hold withdrawn records."""
    from pipelines.condition import assert_of_this_version
    from pipelines.corrections import batch_named, erase_raw, raw_holders
    from pipelines.intake import say_raw_holders

    instance = Instance()
    assert_of_this_version(instance)
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
        share = effect.retired_rows / effect.published_rows
        text = f"  {effect.published_persons:,} published person(s) have no record left: the next release retires them with others"
        console.print(
            f"{text} of their classes, about {effect.retired_rows:,} rows at most, {share:.1%} of all that is published", soft_wrap=True
        )
        console.print(
            "  retired rows stay out for good, also when a mended batch is sent after that release; "
            "sent before it, a mended batch keeps them in",
            soft_wrap=True,
        )


def confirm(is_agreed: bool) -> None:
    """Go on only when the person agrees; it cannot be undone."""
    if not is_agreed:
        typer.confirm("This cannot be undone. Go on?", abort=True)
