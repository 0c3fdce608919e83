"""Which columns of a partner's file are read to make tokens, and which may stay beside them.

Here: the plan made of a partner file and of what a person typed, and its refusals. Never here: a cell, a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ingest.drafting.headers import HeaderIndex, header_index, header_words
from ingest.reading.reader import column_name
from linkage.private.slots import COLUMNS
from schemas.case import VictimReport
from schemas.errors import UserError
from schemas.fields import Kind, Sensitivity, field_of, fields_of
from schemas.partner import Column, Partner, PartnerFile
from schemas.units import Unit

TOKEN_FIELD = "person_token"
RECORD_FIELD = "source_record_id"
_STAYS_THOUGH_DIRECT = (RECORD_FIELD, "registration_date")
"""Direct identifiers that a report cannot do without: its number, which the partner may choose as it likes, and its date."""
_OF_A_PERSON = frozenset(
    ("given_name", "middle_name", "family_name", "birth_date", "document_number", "phone", "email", "address", "narrative")
)
"""Fields that name a person by themselves, whatever the partner calls the column."""
_OF_NO_FIELD = frozenset({"name", "names", "full name", "nome", "nomi", "nom et prenom", "nombre y apellidos", "الاسم الكامل"})
"""Headers that mean a name, though nobody can say which field it is."""
_NAMING = {field.name for field in fields_of(VictimReport) if field.declared.sensitivity is Sensitivity.DIRECT} - set(_STAYS_THOUGH_DIRECT)


@dataclass(frozen=True)
class Plan:
    """A table, the file specification it is read by, the headers that may stay, and the header of the tokens."""

    table: Path
    file: PartnerFile
    stays: frozenset[str]
    token_header: str

    def kept(self, headers: Sequence[str]) -> list[str]:
        """Of the headers there are, those that stay, in their order."""
        return [name for name in headers if name in self.stays]


def plan_for(table: Path, partner: Partner | None, columns: Mapping[str, str], keep: Sequence[str], date_format: str | None = None) -> Plan:
    """What is to be read and what stays: as the partner's file says, changed by `columns` (our field -> header) and `keep` (headers).

    Raises `UserError` when a field is none, nothing says where record numbers, birth dates and a name or number stand, or a column
    that is to stay holds an identifier.
    """
    known = {field.name for field in fields_of(VictimReport)}
    if unknown := sorted(set(columns) - known):
        raise _refused(f"there is no field {', '.join(unknown)}", "--columns", ", ".join((RECORD_FIELD, *COLUMNS)))
    base = _victims(partner) if partner else PartnerFile(name="table", columns={})
    meanings = {name: column for name, column in base.columns.items() if column.field not in {*columns, TOKEN_FIELD}}
    meanings |= {header: _column(field, date_format) for field, header in columns.items()}
    _assert_enough(meanings, base)
    naming = {name for name, column in meanings.items() if column.field in _NAMING}
    if clash := naming & set(keep):
        raise _refused(f"{len(clash)} column(s) that --keep names hold an identifier", "--keep", "columns that name nobody")
    if called := [name for name in keep if name not in meanings and is_naming(name)]:
        raise _refused(f"{len(called)} column(s) that --keep names are called as identifiers are", "--keep", "columns that name nobody")
    optional = tuple(sorted(set(base.known_headers()) - set(columns.values())))
    ignored = {name: "left out of what is encoded" for name in keep if name not in meanings}
    file = base.model_copy(update={"columns": meanings, "optional": optional, "ignored": {**base.ignored, **ignored}})
    stays = (file.known_headers() - naming - set(base.ignored)) | set(keep)
    header = next((name for name, column in base.columns.items() if column.field == TOKEN_FIELD), TOKEN_FIELD)
    return Plan(table, file, frozenset(_as_read(frozenset(stays))), header)


def is_naming(header: str) -> bool:
    """Whether a column of this header holds what names a person, by every header that is known for such a field."""
    words = header_words(header)
    return words in _OF_NO_FIELD or bool(_OF_A_PERSON & set(_index().known.get(words, ())))


@cache
def _index() -> HeaderIndex:
    return header_index(fields_of(VictimReport), {})


def refuse_existing(out: Path) -> None:
    """`UserError` when there is a file of that name."""
    if out.exists():
        raise UserError(
            "there is a file of that name already",
            where=out.name,
            allowed="a name of its own: nothing is ever written over",
            next_step="choose another name for --out; nothing was written",
        )


def _victims(partner: Partner) -> PartnerFile:
    """The partner's one file about victims, which stands alone."""
    found = [file for file in partner.files if Unit.VICTIM in file.units()]
    if len(found) != 1 or found[0].join is not None:
        raise _refused(
            "this partner's batches are several files that belong together",
            "--partner",
            "a partner with one file of victims, or --columns and --keep without --partner",
        )
    return found[0]


def _column(field: str, date_format: str | None) -> Column:
    is_date = field_of(VictimReport, field).kind is Kind.DATE
    return Column(field=field, date_format=date_format if is_date else None)


def _assert_enough(meanings: Mapping[str, Column], file: PartnerFile) -> None:
    fields = {column.field for column in meanings.values()}
    has_number = RECORD_FIELD in fields or bool(file.record_id)
    has_part = {"given_name", "family_name"} <= fields or bool({"document_number", "phone"} & fields) or "family_name" in fields
    if not (has_number and "birth_date" in fields and has_part):
        raise _refused(
            "nothing says where record numbers, birth dates, and names or numbers stand",
            "--partner and --columns",
            f"columns for {RECORD_FIELD}, birth_date, and family_name, document_number or phone",
        )


def _as_read(headers: frozenset[str]) -> set[str]:
    return {column_name(name) for name in headers}


def _refused(what: str, where: str, allowed: str) -> UserError:
    next_step = "name them: --columns family_name=Nom --columns birth_date=Naissance ...; nothing was written"
    return UserError(what, where=where, allowed=allowed, next_step=next_step)
