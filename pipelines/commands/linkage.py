"""`casehouse linkage`: what is done for linkage outside a run.

Here: the group of its commands. Never here: a command's own work.
"""

from __future__ import annotations

import typer

from pipelines.commands.linkage_rounds import linkage_close, linkage_round
from pipelines.commands.linkage_training import linkage_train

linkage_app = typer.Typer(
    name="linkage", no_args_is_help=True, pretty_exceptions_enable=False, help="Train the linkage model; keys of linkage rounds."
)
linkage_app.command("train")(linkage_train)
linkage_app.command("round")(linkage_round)
linkage_app.command("close")(linkage_close)
