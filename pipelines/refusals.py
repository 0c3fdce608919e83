"""Batches of the inbox that were refused: remembered, so that a scheduled run alarms once and reads none of them in vain.

Here: which entry was refused for which reason, under which partner file. Never here: a file name, a value, or a clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ingest.disk import replace_file
from pipelines.inbox import Waiting, arrivals
from pipelines.instance import Instance

FILE = "refused.json"


class Refused(BaseModel):
    """An entry of the inbox that was refused; `batch_id` is empty for a folder or file that belongs to no partner.

    `specification` is the digest of the partner file that it was read by: with another one it is read again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    partner_code: str
    batch_id: str
    reason: str
    specification: str = ""

    @property
    def entry(self) -> tuple[str, str]:
        """What is refused, whatever the reason."""
        return self.partner_code, self.batch_id


_LISTED = TypeAdapter(tuple[Refused, ...])


def remembered(instance: Instance) -> tuple[Refused, ...]:
    """What the last run refused."""
    path = _path(instance)
    if not path.exists():
        return ()
    try:
        return _LISTED.validate_json(path.read_bytes())
    except ValidationError:
        return ()  # only a memory: the next run refuses and alarms again


def remember(instance: Instance, refused: list[Refused]) -> None:
    """Keep what this run refused; what is no longer among it was mended, taken in or removed."""
    if refused or _path(instance).exists():
        replace_file(_path(instance), _LISTED.dump_json(tuple(refused), indent=1))


def specification_of(instance: Instance, partner_code: str) -> str:
    """The digest of what is known of a partner's files."""
    return hashlib.sha256(instance.partners[partner_code].model_dump_json().encode()).hexdigest()


def still_refused(instance: Instance) -> tuple[Refused, ...]:
    """What was refused and still lies in the inbox."""
    return tuple(each for each in remembered(instance) if not each.batch_id or entry_number(instance, each) is not None)


def unreadable(instance: Instance, unstored: Sequence[Waiting]) -> tuple[Refused, ...]:
    """Those batches of the vault that left the inbox and cannot be read again: refused since, or of a partner without a file."""
    why = {each.entry: each for each in remembered(instance)}
    lost = [
        Refused(partner_code=each.partner_code, batch_id=each.batch_id, reason="no partner of that name")
        if each.partner_code not in instance.partners
        else why.get((each.partner_code, each.batch_id))
        for each in unstored
    ]
    return tuple(each for each in lost if each and entry_number(instance, each) is None)


def entry_number(instance: Instance, refused: Refused) -> tuple[int, int] | None:
    """Which entry of the partner's inbox folder it is, counted in the order of names, and of how many; None when it is gone.

    A file name can name a person, so it is never told; the number finds it as well.
    """
    found = [each.batch_id for each in sorted(arrivals(instance.inbox, refused.partner_code), key=lambda each: each.path.name)]
    return (found.index(refused.batch_id) + 1, len(found)) if refused.batch_id in found else None


def described(instance: Instance, refused: Refused) -> str:
    """Partner, batch and place of a refused entry, in words."""
    if not refused.batch_id:
        return f"inbox/{refused.partner_code}" if refused.partner_code else "inbox/"
    number = entry_number(instance, refused)
    where = f"entry {number[0]} of {number[1]} in inbox/{refused.partner_code}, by name" if number else "in the vault"
    return f"{refused.partner_code} batch {refused.batch_id} ({where})"


def _path(instance: Instance) -> Path:
    return instance.home / FILE
