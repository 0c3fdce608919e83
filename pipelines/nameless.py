"""Refuse the table with names of a partner that may not send names, before anything of it is taken in.

Here: that the tokens are there, and that no other column is called as names, birth dates or numbers of persons are.
Never here: a cell, or a header in an error: one may hold a value.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.reading.headers import letters_of
from ingest.reading.payloads import Payload
from ingest.reading.reader import column_name, identify, open_reading
from ingest.refusals import refusal
from ingest.vault import Purpose
from pipelines.encoding_columns import TOKEN_FIELD, is_naming
from schemas.errors import BatchRefused
from schemas.messages import say
from schemas.partner import Partner, PartnerFile

CODE = "names_not_agreed"


def assert_names_nobody(files: Sequence[Payload], partner: Partner, purpose: Purpose = "report") -> None:
    """Pass a batch of a partner whose file allows names, or one that has its tokens and no column called as identifiers are.

    Raises `BatchRefused` names_not_agreed otherwise, and what `ingest.reading.reader.identify` raises.
    """
    if partner.names != "never":
        return
    for name, payload in identify(files, partner).items():
        file = partner.file(name)
        with open_reading(payload, file) as reading:
            headers = reading.layout.headers
        if purpose == "report":
            _assert_tokens(headers, file)
        known = {column_name(header) for header in file.known_headers()}
        if naming := [letters_of(place) for place, header in enumerate(headers, 1) if header not in known and is_naming(header)]:
            allowed = say("every column but {columns}, whose headers say that they name a person", columns=", ".join(naming))
            raise refusal(CODE, where=name, allowed=allowed)


def _assert_tokens(headers: Sequence[str], file: PartnerFile) -> None:
    tokens = [header for header, column in file.columns.items() if column.field == TOKEN_FIELD]
    if tokens and not any(column_name(header) in headers for header in tokens):
        raise _without_tokens(file, tokens)


def _without_tokens(file: PartnerFile, tokens: Sequence[str]) -> BatchRefused:
    return refusal(CODE, where=file.name, allowed=say("the column {columns}", columns=" / ".join(tokens)))
