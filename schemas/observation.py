"""The records that are no case: a figure that another office counted and published.

Here: the fields of a published count, declared as in `schemas.case`. Never here: a person, an incident; a count is never
taken apart into records of persons, and nothing links, anonymizes or publishes it.
"""

from __future__ import annotations

from typing import Annotated

from schemas.case import Numbered, RecordKey, RegistrationYear
from schemas.fields import SAFE, Declared, Kind, RecordModel, named


class ObservationFacts(RecordModel):
    """What was counted, of whom, and the figure as its publisher wrote it: `<5` and `1,131` stay what they are."""

    reporting_country_code: Annotated[
        str, Declared(Kind.CODE, SAFE, named("Reporting country", "Pays déclarant", "País informante", "البلد المبلغ"), "country")
    ]
    indicator_code: Annotated[
        str, Declared(Kind.CODE, SAFE, named("What was counted", "Ce qui est compté", "Qué se contó", "ما تم عده"), "observation_indicator")
    ]
    breakdown: Annotated[str | None, Declared(Kind.TEXT, SAFE, named("Broken down by", "Ventilé par", "Desglosado por", "مصنف حسب"))]
    category: Annotated[
        str | None, Declared(Kind.TEXT, SAFE, named("Category counted", "Catégorie comptée", "Categoría contada", "الفئة المعدودة"))
    ]
    sex_group: Annotated[str | None, Declared(Kind.TEXT, SAFE, named("Sex counted", "Sexe compté", "Sexo contado", "الجنس المعدود"))]
    age_group: Annotated[str | None, Declared(Kind.TEXT, SAFE, named("Age counted", "Âge compté", "Edad contada", "العمر المعدود"))]
    published_figure: Annotated[
        str | None, Declared(Kind.TEXT, SAFE, named("Figure as published", "Chiffre publié", "Cifra publicada", "الرقم كما نشر"))
    ]


class ObservationReport(ObservationFacts, Numbered):
    """A row of a published table of counts, as validated."""


class ObservationRecord(ObservationFacts):
    """The same row under a key of ours: pseudonymous zone."""

    record_key: RecordKey
    registration_year: RegistrationYear
