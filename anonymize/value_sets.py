"""Labels that name the values of a class one by one, where a label of a hierarchy would name many that do not occur.

Here: a set of values as text, the way back, and what such a label loses. Never here: who is published with whom.

A value by itself is shown as it stands, several as `{20, 21, 25}`: sorted as text, separated by a comma and a space. A
value that could be misread (empty, with a space at an end, or with a brace, a comma or a quotation mark) stands in double
quotes, its quotation marks doubled, and always in braces. So a label that begins with a brace is a set, and no two sets look
alike. The whole domain of a column is `schemas.vocabulary.SUPPRESSED`.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from schemas.vocabulary import SUPPRESSED

MISREAD = re.compile(r'^$|^\s|\s$|[{},"]')
MEMBER = re.compile(r'"(?:[^"]|"")*"|[^,"]+')


def set_label(values: Collection[str], domain: int) -> str:
    """The label of the values of a class in a column that has `domain` values in all."""
    if len(values) == domain > 1:
        return SUPPRESSED
    members = [f'"{value.replace(chr(34), chr(34) * 2)}"' if MISREAD.search(value) else value for value in sorted(values)]
    plain = len(members) == 1 and not MISREAD.search(next(iter(values)))
    return members[0] if plain else f"{{{', '.join(members)}}}"


def members_of(label: str) -> tuple[str, ...]:
    """The values that a label of `set_label` names; the suppressed label is none of them and comes back by itself."""
    if not label.startswith("{"):
        return (label,)
    members = (found.strip(" ") for found in MEMBER.findall(label[1:-1]) if found.strip(" "))
    return tuple(member[1:-1].replace('""', '"') if member.startswith('"') else member for member in members)


def loss_of_sets(labels: pl.Series, domain: int) -> float:
    """The mean penalty of a published column: (values under the label - 1) / (values of the column - 1), suppressed 1.

    The normalised certainty penalty of categorical sets (Xu et al., KDD 2006); 0 for a column of one value.
    """
    penalty = 0.0
    for label, cells in labels.fill_null(SUPPRESSED).value_counts().iter_rows():
        penalty += cells * (1.0 if label == SUPPRESSED else (len(members_of(label)) - 1) / max(domain - 1, 1))
    return penalty / max(len(labels), 1)
