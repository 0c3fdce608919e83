"""The way of a person across borders: the fields of recruitment, transit and smuggling that a victim and an incident share.

Here: countries of a route, transport, fees and documents, declared as in `schemas.case`. Never here: a fee turned into another
currency or a band, or behaviour.
"""

from __future__ import annotations

from typing import Annotated

from schemas.fields import QUASI, SENSITIVE, Declared, Kind, RecordModel, named


class JourneyFacts(RecordModel):
    """What may leave the vault about a route and its price."""

    recruitment_country_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            QUASI,
            named("Country of recruitment", "Pays de recrutement", "País de captación", "بلد التجنيد"),
            "country",
            htcds="hte_Country",
        ),
    ]
    recruitment_region: Annotated[
        str | None,
        Declared(
            Kind.TEXT,
            QUASI,
            named("Region of recruitment", "Région de recrutement", "Región de captación", "منطقة التجنيد"),
            htcds="vic_LocationOfRecruitment",
        ),
    ]
    departure_country_code: Annotated[
        str, Declared(Kind.CODE, QUASI, named("Country of departure", "Pays de départ", "País de salida", "بلد المغادرة"), "country")
    ]
    transit_country_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            QUASI,
            named("Countries of transit", "Pays de transit", "Países de tránsito", "بلدان العبور"),
            "country",
            htcds="hte_Country",
        ),
    ]
    destination_country_code: Annotated[
        str, Declared(Kind.CODE, QUASI, named("Country of destination", "Pays de destination", "País de destino", "بلد الوجهة"), "country")
    ]
    border_point: Annotated[
        str | None, Declared(Kind.TEXT, QUASI, named("Border point", "Point de passage", "Punto fronterizo", "نقطة الحدود"))
    ]
    transport_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            named("Modes of transport", "Moyens de transport", "Medios de transporte", "وسائل النقل"),
            "transport_mode",
        ),
    ]
    fee_amount: Annotated[
        int | None,
        Declared(
            Kind.INTEGER,
            SENSITIVE,
            named("Fee paid or promised", "Prix payé ou promis", "Tarifa pagada o prometida", "المبلغ المدفوع أو الموعود للتهريب"),
            limits=(0, 10_000_000_000),
        ),
    ]
    fee_currency_code: Annotated[
        str,
        Declared(Kind.CODE, SENSITIVE, named("Currency of the fee", "Monnaie du prix", "Moneda de la tarifa", "عملة المبلغ"), "currency"),
    ]
    fee_band_code: Annotated[
        str, Declared(Kind.CODE, SENSITIVE, named("Fee band", "Tranche de prix", "Tramo de tarifa", "فئة المبلغ"), "fee_band")
    ]
    document_fraud_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES, SENSITIVE, named("Document fraud", "Fraude documentaire", "Fraude documental", "تزوير الوثائق"), "document_fraud"
        ),
    ]
