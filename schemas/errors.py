"""One tree of errors, each telling a person what happened, where, what is allowed and what to do next.

Here: the classes that any room may raise. Never here: a cell value; the texts name files, columns, rows and codes
that a maintainer wrote, not what a partner wrote.
"""

from __future__ import annotations

from collections.abc import Sequence


class CasehouseError(Exception):
    """The root: anything Casehouse raises on purpose."""


class UserError(CasehouseError):
    """Something a person can mend; shown without a traceback.

    `what` happened, `where`, what is `allowed`, and the `next_step`. No part of it may hold a value of a record.
    """

    def __init__(self, what: str, *, where: str, allowed: str, next_step: str) -> None:
        self.what, self.where, self.allowed, self.next_step = what, where, allowed, next_step
        super().__init__(f"{what}\n  where:    {where}\n  allowed:  {allowed}\n  do next:  {next_step}")


class SpecificationError(UserError):
    """A partner, product or policy file is not what its model asks for; holds every fault at once."""

    def __init__(self, faults: Sequence[str], *, where: str, allowed: str, next_step: str) -> None:
        self.faults = tuple(faults)
        listed = "".join(f"\n  - {fault}" for fault in self.faults)
        super().__init__(f"{len(self.faults)} fault(s) in a specification:{listed}", where=where, allowed=allowed, next_step=next_step)


class BatchRefused(UserError):
    """A whole batch cannot be read as what its partner's file says; nothing of it was stored."""

    def __init__(self, code: str, what: str, *, where: str, allowed: str, next_step: str) -> None:
        self.code = code
        super().__init__(what, where=where, allowed=allowed, next_step=next_step)


class VaultError(UserError):
    """The vault cannot be opened: a wrong or missing key, or a payload that was changed."""


class StorageError(UserError):
    """The disk or the database refused: full, read-only or unreadable."""


class InstanceBusy(UserError):
    """Another run holds the instance."""


class ReleaseRefused(UserError):
    """The gate found a measure missing or past its limit; nothing was published."""


class PromiseBroken(UserError):
    """A release's bytes do not keep what the release says of itself."""


class LeakStopped(CasehouseError):
    """A field without a declared sensitivity, or an identifier, was about to pass a zone: a bug, never a data error."""
