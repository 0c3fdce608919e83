"""The records about events: what a partner reports of an incident that is no single person.

Here: the fields of an incident, declared as in `schemas.case`; of trafficking, of smuggling, or of both. Never here: persons,
behaviour.
"""

from __future__ import annotations

from typing import Annotated

from schemas.case import (
    ExploitationCountry,
    ForcedLabour,
    Numbered,
    OtherExploitation,
    RecordKey,
    Region,
    RegistrationYear,
    SexualExploitation,
    SourceType,
)
from schemas.exploitation import ExploitationFacts
from schemas.fields import QUASI, SENSITIVE, Declared, Kind, RecordModel, named
from schemas.journey import JourneyFacts

_MANY = (0, 1_000_000)


class IncidentPlace(RecordModel):
    """Where it was, and which flags of exploitation are set."""

    source_type_code: SourceType
    exploitation_country_code: ExploitationCountry
    exploitation_region: Region
    forced_labour_code: ForcedLabour
    sexual_exploitation_code: SexualExploitation
    other_exploitation_code: OtherExploitation


class IncidentFacts(JourneyFacts, ExploitationFacts, IncidentPlace):
    """What may leave the vault about an incident."""

    offence_codes: Annotated[
        tuple[str, ...],
        Declared(Kind.CODES, SENSITIVE, named("Offences", "Infractions", "Delitos", "الجرائم"), "offence"),
    ]
    victim_count: Annotated[
        int | None,
        Declared(Kind.INTEGER, QUASI, named("Number of victims", "Nombre de victimes", "Número de víctimas", "عدد الضحايا"), limits=_MANY),
    ]
    perpetrator_count: Annotated[
        int | None,
        Declared(Kind.INTEGER, QUASI, named("Number of perpetrators", "Nombre d'auteurs", "Número de autores", "عدد الجناة"), limits=_MANY),
    ]
    smuggled_person_count: Annotated[
        int | None,
        Declared(
            Kind.INTEGER,
            QUASI,
            named(
                "Number of smuggled persons",
                "Nombre de migrants objet du trafic",
                "Número de migrantes objeto de tráfico",
                "عدد المهاجرين المهربين",
            ),
            limits=_MANY,
        ),
    ]
    dead_count: Annotated[
        int | None,
        Declared(Kind.INTEGER, QUASI, named("Number of dead", "Nombre de morts", "Número de muertos", "عدد الوفيات"), limits=_MANY),
    ]
    missing_count: Annotated[
        int | None,
        Declared(
            Kind.INTEGER, QUASI, named("Number of missing", "Nombre de disparus", "Número de desaparecidos", "عدد المفقودين"), limits=_MANY
        ),
    ]
    survivor_count: Annotated[
        int | None,
        Declared(
            Kind.INTEGER,
            QUASI,
            named("Number of survivors", "Nombre de survivants", "Número de supervivientes", "عدد الناجين"),
            limits=_MANY,
        ),
    ]


class IncidentReport(IncidentFacts, Numbered):
    """A partner's report of an event: restricted zone."""


class IncidentRecord(IncidentFacts):
    """The same report without the partner's own number: pseudonymous zone."""

    record_key: RecordKey
    registration_year: RegistrationYear
