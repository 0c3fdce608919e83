"""What several commands share: the console, a bar of progress, exit codes, and names a person typed.

Here: looking a typed name up, with an error that lists what there is. Never here: a command.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

from schemas.errors import UserError

if TYPE_CHECKING:
    from anonymize.files.staging import Watch
    from pipelines.instance import Instance
    from schemas.partner import Partner
    from schemas.vocabulary import Language

console = Console(highlight=False)
NOT_ALL_WELL, REFUSED = 1, 2


def wide() -> Console:
    """A console that never cuts a table's cells when nobody's window has to hold it."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 400)


@contextmanager
def progress() -> Iterator[Watch]:
    """A bar on the terminal, told what is done now and which share of it is done; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda doing, share: None
        return
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda doing, share: bar.update(task, description=doing, completed=share)


def known_partner(instance: Instance, name: str) -> Partner:
    """The partner of that name; the error lists those there are."""
    partners = instance.partners
    if name not in partners:
        raise UserError(
            "there is no partner of that name",
            where=f"{instance.settings.partners.name}/",
            allowed=", ".join(partners),
            next_step="use one of these names, or add a file for the new partner",
        )
    return partners[name]


def known_language(code: str) -> Language:
    """The language of that code; the error lists those there are."""
    from schemas.vocabulary import LANGUAGES

    for language in LANGUAGES:
        if language == code:
            return language
    raise UserError("no such language", where="--lang", allowed=", ".join(LANGUAGES), next_step="use one of these codes")
