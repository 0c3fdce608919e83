"""The flags that are published beside the master table: what is said of many persons, in yes or not stated.

Here: the nine means of control of CTDC 2024, each with the codes that stand for it, declared as in `schemas.case`; and every column that a
published table may have. Never here: how flags are hidden (`anonymize.flags`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated

from schemas.case import FlagGroup, Person, PublishedPerson
from schemas.fields import SENSITIVE, Declared, Field, Kind, RecordModel, fields_of, named
from schemas.vocabulary import vocabulary

FLAG_GROUP = "flag_group"
_PREFIX, _SUFFIX = "means_", "_code"


class Means(RecordModel):
    """The means of control of one person: yes where any record states it or a finer one, else not stated.

    A list of means does not tell those that were said to be absent from those that nobody knows of or asked about, so nothing says no.
    """

    means_debt_or_earnings_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named(
                "Control by debt or earnings", "Contrôle par dettes ou gains", "Control por deudas o ganancias", "السيطرة بالديون أو الدخل"
            ),
            "stated",
        ),
    ]
    means_threatens_code: Annotated[
        str,
        Declared(
            Kind.CODE, SENSITIVE, named("Control by threats", "Contrôle par menaces", "Control por amenazas", "السيطرة بالتهديد"), "stated"
        ),
    ]
    means_abuse_code: Annotated[
        str,
        Declared(
            Kind.CODE, SENSITIVE, named("Control by abuse", "Contrôle par violences", "Control por abusos", "السيطرة بالإساءة"), "stated"
        ),
    ]
    means_deceives_code: Annotated[
        str,
        Declared(
            Kind.CODE, SENSITIVE, named("Control by deception", "Contrôle par tromperie", "Control por engaño", "السيطرة بالخداع"), "stated"
        ),
    ]
    means_drugs_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named(
                "Control by drugs or alcohol",
                "Contrôle par drogues ou alcool",
                "Control por drogas o alcohol",
                "السيطرة بالمخدرات أو الكحول",
            ),
            "stated",
        ),
    ]
    means_denies_needs_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named(
                "Control by denial of basic needs",
                "Contrôle par privation des besoins essentiels",
                "Control por negación de necesidades básicas",
                "السيطرة بالحرمان من الحاجات الأساسية",
            ),
            "stated",
        ),
    ]
    means_overworks_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named("Control by excessive work", "Contrôle par travail excessif", "Control por trabajo excesivo", "السيطرة بالعمل المفرط"),
            "stated",
        ),
    ]
    means_keeps_papers_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named(
                "Control by withheld documents",
                "Contrôle par documents confisqués",
                "Control por documentos retenidos",
                "السيطرة بحجز الوثائق",
            ),
            "stated",
        ),
    ]
    means_other_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named("Control by other means", "Contrôle par d'autres moyens", "Control por otros medios", "السيطرة بوسائل أخرى"),
            "stated",
        ),
    ]


class PublishedFlags(Means):
    """A row of the public table of flags: one person of a group, without any other link to the master table."""

    flag_group: FlagGroup


FLAG_COLUMNS = tuple(field.name for field in fields_of(Means))


@cache
def codes_of_means() -> Mapping[str, tuple[str, ...]]:
    """Column of `Means` -> the codes of the vocabulary that say yes: the merged one and all under it."""
    means = vocabulary("means_of_control")
    found = {}
    for column in FLAG_COLUMNS:
        merged = column.removeprefix(_PREFIX).removesuffix(_SUFFIX)
        found[column] = tuple(term.code for term in means.terms if merged in (term.code, term.parent))
    return found


@cache
def published_fields() -> tuple[Field, ...]:
    """Every column that a published table may have, those of the master table first."""
    return (*fields_of(PublishedPerson), *fields_of(Means))


def published_field(name: str) -> Field:
    """One such column; `KeyError` where there is none of that name."""
    return {field.name: field for field in published_fields()}[name]


def model_of(column: str) -> type[RecordModel]:
    """The model that declares what may stand in a published column of codes."""
    return Means if column in FLAG_COLUMNS else Person
