"""Look at a file before it is sent: `check`.

Here: the command and its exit code. Never here: storing anything, or a rule.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import NOT_ALL_WELL, REFUSED, known_language, known_partner
from pipelines.instance import Instance


def check(
    files: Annotated[list[Path], typer.Argument(help="One file, or several that belong to one batch", exists=True, dir_okay=False)],
    partner: Annotated[str, typer.Option("--partner", help="The partner's name, as in partners/<name>.yml")],
    language: Annotated[str, typer.Option("--lang", help="en, fr, es or ar; by default the partner's own")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the account as JSON instead")] = False,
) -> None:
    """Read a batch as `run` would and say what is wrong with it; nothing is stored, no key is needed."""
    from ingest.receipt import receipt, receipt_json, refusal_receipt
    from ingest.validation import NOT_STORED, validate_batch
    from pipelines.stages import named_refusal, swept
    from schemas.errors import BatchRefused

    instance = Instance()
    found = known_partner(instance, partner)
    chosen = known_language(language or found.language)
    payloads = [file.read_bytes() for file in files]
    try:
        result = swept(validate_batch(payloads, found, NOT_STORED))
    except BatchRefused as refusal:
        typer.echo(refusal_receipt(named_refusal(instance, found, payloads, refusal), chosen), nl=False)
        raise typer.Exit(REFUSED) from None
    typer.echo(receipt_json(result) if as_json else receipt(result, chosen), nl=False)
    is_well = result.ledger.accepted > 0 and result.ledger.quarantined + result.ledger.rejected == 0
    raise typer.Exit(0 if is_well else NOT_ALL_WELL)
