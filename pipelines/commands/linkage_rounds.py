"""Keys of linkage rounds: `linkage round` and `linkage close`.

Here: what a person asks for and is told, in counts. Never here: how a key is made, or a key on the screen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import console
from pipelines.instance import Instance
from schemas.errors import UserError


def linkage_round(
    name: Annotated[str, typer.Argument(help="The round's name: a to z, 0 to 9 and -, such as 2026-autumn")],
    out: Annotated[Path, typer.Option("--out", help="Where the key file for the round's partners is written; never over another file")],
) -> None:
    """Open a linkage round and write the key file that its partners encode with.

    The same file again for a round that is open. Whoever holds it can test guesses of names against tokens of this round.
    """
    from ingest.disk import create_file
    from pipelines.rounds import open_round

    instance = Instance()
    with instance.hold():
        if out.exists():
            raise _exists(out)
        payload = open_round(instance, name)
        if not create_file(out, payload):
            raise _exists(out)
    console.print(f"linkage round {name} is open; {out.name} is its key file, readable by you alone", soft_wrap=True)
    console.print(
        "give it to the round's partners by a channel of its own, never beside the tokens; nobody else may have it", soft_wrap=True
    )
    console.print(f"next: each partner runs casehouse encode FILE --key-file {out.name} --out TOKENS.csv", soft_wrap=True)


def linkage_close(
    name: Annotated[str, typer.Argument(help="The round's name")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End a linkage round: its tokens are deleted, links found by them stay as judgements, its key can never be made again."""
    from pipelines.commands.corrections import confirm
    from pipelines.condition import assert_of_this_version
    from pipelines.round_register import load_rounds
    from pipelines.rounds import close_round

    instance = Instance()
    assert_of_this_version(instance)
    with instance.hold():
        load_rounds(instance.vault).ensure_known(name)
        console.print(f"Linkage round {name} ends: its tokens are deleted from every report that is kept.", soft_wrap=True)
        confirm(yes)
        closed = close_round(instance, name)
    console.print(f"round {name} is closed: {closed.reports:,} report(s) lost their tokens, {closed.links:,} link(s) stay as judgements")
    if closed.batch_ids:
        console.print(f"raw files of {len(closed.batch_ids)} batch(es) still hold tokens; to destroy them:", soft_wrap=True)
        console.print(f"  casehouse erase {' '.join(closed.batch_ids)}", soft_wrap=True)


def _exists(out: Path) -> UserError:
    return UserError(
        "there is a file of that name already",
        where=out.name,
        allowed="a name of its own: a key file is never overwritten",
        next_step="choose another name for --out; nothing was written",
    )
