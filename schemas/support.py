"""How a case is handled: its status, referrals, support and consent, and the dates of all that.

Here: the fields of HTCDS's case, referral, support plan and consent sections, declared as in `schemas.case`. Dates stay in the
vault; a record keeps their years. Never here: names of organisations or staff, plans in words, or behaviour.
"""

from __future__ import annotations

from typing import Annotated

from schemas.fields import DIRECT, QUASI, SAFE, SENSITIVE, Declared, Kind, RecordModel, named
from schemas.vocabulary import YEARS


class CaseHandling(RecordModel):
    """What may leave the vault about the handling of a case."""

    status_decided_by_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named("Who decided the status", "Qui a décidé du statut", "Quién decidió la condición", "من قرر الوضع"),
            "deciding_organisation",
            htcds="vic_TraffickingStatusDecisionMakingOrg",
        ),
    ]
    case_status_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named("Status of the case", "État du dossier", "Estado del caso", "حالة القضية"),
            "case_status",
            htcds="cas_Status",
        ),
    ]
    referred_by_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named(
                "Type of organisation that referred",
                "Type d'organisation qui a orienté",
                "Tipo de organización que derivó",
                "نوع المنظمة المحيلة",
            ),
            "organisation_type",
            htcds="cas_ReferringOrganisation",
        ),
    ]
    incoming_referral_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named(
                "Reason for the incoming referral",
                "Motif de l'orientation reçue",
                "Motivo de la derivación recibida",
                "سبب الإحالة الواردة",
            ),
            "referral_reason",
            htcds="cas_ReasonForIncomingReferral",
        ),
    ]
    referred_to_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            named(
                "Types of organisations referred to",
                "Types d'organisations destinataires",
                "Tipos de organizaciones de destino",
                "أنواع المنظمات المحال إليها",
            ),
            "organisation_type",
            htcds="cas_ReferredOrganisation",
        ),
    ]
    outgoing_referral_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named(
                "Reason for the outgoing referral", "Motif de l'orientation faite", "Motivo de la derivación hecha", "سبب الإحالة الصادرة"
            ),
            "referral_reason",
            htcds="cas_ReasonForOutgoingReferral",
        ),
    ]
    support_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            named("Types of support", "Types de soutien", "Tipos de apoyo", "أنواع الدعم"),
            "support_type",
            htcds="spl_Type",
        ),
    ]
    consent_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SAFE,
            named(
                "Consent to the use of data",
                "Consentement à l'usage des données",
                "Consentimiento para el uso de datos",
                "الموافقة على استخدام البيانات",
            ),
            "yes_no",
            htcds="con_Consent",
        ),
    ]


class CaseDates(RecordModel):
    """The days that only the vault may hold."""

    exploitation_start_date: Annotated[
        str | None,
        Declared(
            Kind.DATE,
            DIRECT,
            named("Exploitation began", "Début de l'exploitation", "Comienzo de la explotación", "بداية الاستغلال"),
            htcds="hte_Date",
        ),
    ]
    exploitation_end_date: Annotated[
        str | None,
        Declared(
            Kind.DATE,
            DIRECT,
            named("Exploitation ended", "Fin de l'exploitation", "Fin de la explotación", "نهاية الاستغلال"),
            htcds="hte_Date",
        ),
    ]
    incoming_referral_date: Annotated[
        str | None,
        Declared(
            Kind.DATE,
            DIRECT,
            named(
                "Date of the incoming referral", "Date de l'orientation reçue", "Fecha de la derivación recibida", "تاريخ الإحالة الواردة"
            ),
            htcds="cas_IncomingReferralDate",
        ),
    ]
    outgoing_referral_date: Annotated[
        str | None,
        Declared(
            Kind.DATE,
            DIRECT,
            named("Date of the outgoing referral", "Date de l'orientation faite", "Fecha de la derivación hecha", "تاريخ الإحالة الصادرة"),
            htcds="cas_OutgoingReferralDate",
        ),
    ]


class CaseYears(RecordModel):
    """The years of those days: all that a record keeps of them."""

    exploitation_start_year: Annotated[
        int | None,
        Declared(
            Kind.YEAR,
            QUASI,
            named(
                "Year exploitation began", "Année du début de l'exploitation", "Año de comienzo de la explotación", "سنة بداية الاستغلال"
            ),
            limits=YEARS,
        ),
    ]
    exploitation_end_year: Annotated[
        int | None,
        Declared(
            Kind.YEAR,
            QUASI,
            named("Year exploitation ended", "Année de fin de l'exploitation", "Año de fin de la explotación", "سنة نهاية الاستغلال"),
            limits=YEARS,
        ),
    ]
    incoming_referral_year: Annotated[
        int | None,
        Declared(
            Kind.YEAR,
            QUASI,
            named("Year of the incoming referral", "Année de l'orientation reçue", "Año de la derivación recibida", "سنة الإحالة الواردة"),
            limits=YEARS,
        ),
    ]
    outgoing_referral_year: Annotated[
        int | None,
        Declared(
            Kind.YEAR,
            QUASI,
            named("Year of the outgoing referral", "Année de l'orientation faite", "Año de la derivación hecha", "سنة الإحالة الصادرة"),
            limits=YEARS,
        ),
    ]
