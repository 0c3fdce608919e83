"""Whether the row that is taken for a header may be someone's record, in a file that was sent without one.

Here: its cells held against the cells of the other rows, and what only values look like. Never here: which row is likeliest
(`ingest.drafting.layout`). It is strict: a header that is refused costs a question, a record that is taken for one is printed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from ingest.drafting.headers import HeaderIndex
from ingest.reading.headers import may_name_a_person
from schemas.fields import fields_of
from schemas.folding import folded_label
from schemas.units import MODELS
from schemas.vocabulary import MISSING_CODES, vocabulary

_MANY = 2
_SAME_FORM = 0.5  # of the filled cells of a column
_DATE = re.compile(r"\d{1,4}\s*[-/.،\s]\s*(\d{1,2}|[^\W\d_]{3,10}\.?)\s*[-/.،\s]\s*\d{1,4}([T\s].*)?")
_RUNS = (re.compile(r"\d+"), re.compile(r"[^\W\d_]+"))
_FEW_SIGNS = 2  # such as F and M, FR and PE


def may_be_a_record(rows: Sequence[Sequence[str]], number: int, index: HeaderIndex) -> bool:
    """Whether row `number` looks like the other rows, or like values, more than a header may.

    Where no header is known, nothing at all may look so, and some column must show another form below than in the row itself.
    """
    row = [cell.strip() for cell in rows[number]]
    others = [other for place, other in enumerate(rows) if place != number and not _is_same(other, row)]
    judged = [(cell, _column(others, position)) for position, cell in enumerate(row) if cell and not index.holds(cell)]
    has_rows = any(column for _, column in judged)
    values = sum(_is_value(cell) or (_is_like_others(cell, column) if has_rows else _form(cell) != "") for cell, column in judged)
    if values >= _MANY:
        return True
    is_known = any(index.holds(cell) for cell in row if cell)
    return not is_known and (values > 0 or not any(_contrasts(cell, column) for cell, column in judged))


def _column(rows: Sequence[Sequence[str]], position: int) -> list[str]:
    return [cells[position].strip() for cells in rows if len(cells) > position and cells[position].strip()]


def _is_same(cells: Sequence[str], row: Sequence[str]) -> bool:
    """Whether it is the same row again, such as a header at the top of each page."""
    return [cell.strip() for cell in cells] == row


def _is_value(text: str) -> bool:
    return may_name_a_person(text) or _DATE.fullmatch(text) is not None


def _is_like_others(cell: str, column: Sequence[str]) -> bool:
    """Whether the cell has the form of the cells of its column, or recurs among them.

    A column that repeats its header in words tells nothing: so do files that tick a box.
    """
    form = _form(cell)
    if not column or (set(column) == {cell} and form in ("", "category")):
        return False
    return cell in column or (form != "" and sum(_form(other) == form for other in column) >= _SAME_FORM * len(column))


def _contrasts(cell: str, column: Sequence[str]) -> bool:
    """Whether a text without a form of its own stands over cells of one form."""
    forms = [_form(other) for other in column]
    return _form(cell) == "" and bool(forms) and any(forms.count(form) > _SAME_FORM * len(forms) for form in set(forms) - {""})


def _form(text: str) -> str:
    """What kind of value a text may be: a date, a number, a category of our lists, a number with letters, a short sign; none: empty."""
    if _DATE.fullmatch(text):
        return "date"
    if any(sign.isdigit() for sign in text):
        return _RUNS[1].sub("a", _RUNS[0].sub("9", text))
    if folded_label(text) in _categories():
        return "category"
    return "sign" if len(text) <= _FEW_SIGNS else ""


@cache
def _categories() -> frozenset[str]:
    """Every text of every list that a report's field takes its codes from, and the reasons for a missing value."""
    names = {field.declared.vocabulary for model in MODELS.values() for field in fields_of(model.report)} - {None}
    texts = {text for name in names if name is not None for text in vocabulary(name).readings()}
    return frozenset({*map(folded_label, texts), *MISSING_CODES})
