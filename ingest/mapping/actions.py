"""Columns that seem to ask for the withdrawal or replacement of records, although nobody agreed on how they are read.

Here: the words that such columns are headed by. Never here: what an agreed column of actions asks for (`PartnerFile.action`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.reading.headers import column_name, place_of
from ingest.refusals import refusal
from schemas.folding import folded_label
from schemas.messages import say
from schemas.partner import PartnerFile

ACTION_HEADERS = frozenset(
    folded_label(word)
    for word in (
        "action", "row action", "withdraw", "withdrawal", "withdrawn", "delete", "deleted", "deletion", "remove", "removed",
        "retrait", "retirer", "retiré", "supprimer", "supprimé", "suppression", "effacer", "effacement",
        "acción", "retirar", "retirado", "retirada", "eliminar", "eliminado", "eliminación", "borrar", "borrado",
        "إجراء", "الإجراء", "سحب", "السحب", "مسحوب", "حذف", "الحذف", "محذوف",
    )
)  # fmt: skip
"""Whole headers, folded: rows that ask to be withdrawn under one of these would be accepted again if it were left out."""


def check_no_unagreed_action(headers: Sequence[str], file: PartnerFile) -> None:
    """Raise `BatchRefused` action_not_agreed when a column is headed by such a word and the file neither maps nor ignores it."""
    known = {column_name(name) for name in file.known_headers()}
    for position, name in enumerate(headers, start=1):
        if name not in known and " ".join(folded_label(name).replace("_", " ").split()) in ACTION_HEADERS:
            allowed = say("a column that the partner file maps under action, or lists as ignored")
            raise refusal("action_not_agreed", where=f"{file.name}: {place_of(position)}", allowed=allowed)
