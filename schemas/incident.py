"""The records about events: what a partner reports of an incident that is no single person.

Here: the fields of an incident, declared as in `schemas.case`. Never here: persons, behaviour.
"""

from __future__ import annotations

from typing import Annotated

from schemas.case import (
    DIRECT,
    SAFE,
    ExploitationCountry,
    ForcedLabour,
    OtherExploitation,
    Region,
    RegistrationYear,
    SexualExploitation,
    SourceType,
)
from schemas.fields import Declared, Kind, RecordModel
from schemas.vocabulary import Labels


class IncidentFacts(RecordModel):
    """What may leave the vault about an incident."""

    source_type_code: SourceType
    exploitation_country_code: ExploitationCountry
    exploitation_region: Region
    forced_labour_code: ForcedLabour
    sexual_exploitation_code: SexualExploitation
    other_exploitation_code: OtherExploitation


class IncidentReport(IncidentFacts):
    """A partner's report of an event: restricted zone."""

    source_record_id: Annotated[
        str,
        Declared(
            Kind.TEXT, DIRECT, Labels(en="Record number", fr="Numéro de dossier", es="Número de registro", ar="رقم السجل"), is_required=True
        ),
    ]
    registration_date: Annotated[
        str,
        Declared(
            Kind.DATE,
            DIRECT,
            Labels(en="Date of registration", fr="Date d'enregistrement", es="Fecha de registro", ar="تاريخ التسجيل"),
            is_required=True,
        ),
    ]


class IncidentRecord(IncidentFacts):
    """The same report without the partner's own number: pseudonymous zone."""

    record_key: Annotated[
        str, Declared(Kind.TEXT, SAFE, Labels(en="Record key", fr="Clé du dossier", es="Clave del registro", ar="مفتاح السجل"))
    ]
    registration_year: RegistrationYear
