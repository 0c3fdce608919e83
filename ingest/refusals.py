"""Refuse a whole batch in the words of the problem catalogue.

Here: the one way from a blocking problem's code to the error that a person reads.
Never here: what counts as a reason to refuse, or a value of a file.
"""

from __future__ import annotations

from schemas.errors import BatchRefused
from schemas.problems import Severity, catalogue


def refusal(code: str, *, where: str, allowed: str) -> BatchRefused:
    """The error of one blocking problem; `where` and `allowed` may name files, columns and formats, never a cell.

    Written with `schemas.messages.say` they can be told in the reader's language. Raises `ValueError` when the catalogue
    does not let the code refuse a batch.
    """
    problem = catalogue()[code]
    if problem.severity is not Severity.BLOCK:
        raise ValueError(f"{code} does not refuse a batch")
    return BatchRefused(code, problem.text.en, where=where, allowed=allowed, next_step=problem.remedy.en)
