"""The records about reporting entities: who reports, of what kind and from where; the fourth unit of IC-TIP.

Here: the fields of an organisation that reports cases, declared as in `schemas.case`. Never here: how to reach it (the partner
file and its agreement say that), its staff, or behaviour.
"""

from __future__ import annotations

from typing import Annotated

from schemas.case import Numbered, RecordKey, RegistrationYear, SourceType
from schemas.fields import DIRECT, SAFE, Declared, Kind, RecordModel, named


class ReportingEntityFacts(RecordModel):
    """What may leave the vault about an organisation that reports."""

    source_type_code: SourceType
    organisation_type_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SAFE,
            named("Type of organisation", "Type d'organisation", "Tipo de organización", "نوع المنظمة"),
            "organisation_type",
            htcds="org_Type",
        ),
    ]
    entity_country_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SAFE,
            named("Country of the organisation", "Pays de l'organisation", "País de la organización", "بلد المنظمة"),
            "country",
            htcds="org_ShippingCountry",
        ),
    ]
    reported_case_count: Annotated[
        int | None,
        Declared(
            Kind.INTEGER, SAFE, named("Cases reported", "Cas signalés", "Casos comunicados", "الحالات المبلغ عنها"), limits=(0, 10_000_000)
        ),
    ]


class ReportingEntityReport(ReportingEntityFacts, Numbered):
    """A report about an organisation that reports: restricted zone."""

    organisation_name: Annotated[
        str | None,
        Declared(
            Kind.TEXT,
            DIRECT,
            named("Name of the organisation", "Nom de l'organisation", "Nombre de la organización", "اسم المنظمة"),
            htcds="org_Name",
        ),
    ]


class ReportingEntityRecord(ReportingEntityFacts):
    """The same report without the name: pseudonymous zone."""

    record_key: RecordKey
    registration_year: RegistrationYear
