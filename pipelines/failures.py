"""The one seam where errors reach Dagster or a terminal: a person's error keeps its text, any other loses its values.

Here: turning exceptions into what may be stored and shown. Never here: deciding what is an error.

Most libraries below print the offending cell in their messages. So nothing but our own errors passes here with its
text; of any other only the type and the place in our code remain, which is what a maintainer needs.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from schemas.errors import BatchRefused, CasehouseError, InstanceBusy, StorageError, UserError

INFRASTRUCTURE = (InstanceBusy, StorageError)
"""What may pass by itself: only these are tried again. A data error stays one however often it is tried."""

REFUSED_CODE = "refused_code"
"""Under this name a failure carries the code of the problem that refused a batch."""

TOLD_IN = "told_in_"
"""Before the code of a language, the name under which a failure carries the refusal in that language."""


class UnexpectedFailure(CasehouseError):
    """A bug: the type of the original error and where it happened, without its message."""


@contextmanager
def value_free() -> Iterator[None]:
    """Let our errors through and replace every other by an `UnexpectedFailure` that holds no value."""
    try:
        yield
    except CasehouseError:
        raise
    except Exception as error:  # noqa: BLE001 (the seam: whatever it is, its message must not pass)
        raise UnexpectedFailure(described(error)) from None


@contextmanager
def as_dagster_failure() -> Iterator[None]:
    """Turn errors into Dagster failures that keep our text; retries are allowed for infrastructure only."""
    import dagster as dg  # every command passes this module, few need Dagster, which takes longest of all to import

    try:
        with value_free():
            yield
    except BatchRefused as refused:
        raise dg.Failure(description=str(refused), metadata={REFUSED_CODE: refused.code, **_told(refused)}, allow_retries=False) from None
    except UserError as error:
        raise dg.Failure(description=str(error), allow_retries=isinstance(error, INFRASTRUCTURE)) from None
    except CasehouseError as error:
        raise dg.Failure(description=f"{type(error).__name__}: {error}", allow_retries=False) from None


def _told(refused: BatchRefused) -> dict[str, str]:
    """The refusal in every language, since only who shows it knows who reads it."""
    from ingest.report.refused import refusal_told
    from ingest.report.text import refusal_text
    from schemas.vocabulary import LANGUAGES

    return {f"{TOLD_IN}{language}": refusal_text(refusal_told(refused, language), language) for language in LANGUAGES}


def described(error: BaseException) -> str:
    """The error's type and the last line of our own code it passed through."""
    from pipelines.settings import ROOT

    ours = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(str(ROOT)) and ".venv" not in frame.filename
    ]
    place = f"{ours[-1].filename.removeprefix(str(ROOT)).lstrip('/')}:{ours[-1].lineno}" if ours else "outside Casehouse"
    return f"an unexpected {type(error).__name__} at {place}; its message is withheld since it may hold a value"
