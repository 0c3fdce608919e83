"""Why a cell says nothing: the codes of a missing value, and the one for a value that anonymization withholds.

Here: the codes alone, for those who need no list of them. Never here: their labels (`schemas.vocabulary`).
"""

from __future__ import annotations

UNKNOWN = "unknown"
NOT_COLLECTED = "not_collected"
NOT_APPLICABLE = "not_applicable"
SUPPRESSED = "suppressed"
NOT_STATED = "not_stated"
"""Of a published flag: no report states it, be it said to be absent, not known, or not asked. Flags alone have it."""
MISSING_CODES = (UNKNOWN, NOT_COLLECTED, NOT_APPLICABLE)
"""Why a value is missing. They are codes of every vocabulary; `suppressed` is added by anonymization alone."""
