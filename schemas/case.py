"""The records about persons: what a partner reports of a victim or a perpetrator, and what of it may leave the vault.

Here: each field once, with its type, vocabulary, sensitivity, standard names and labels.
Never here: behaviour, or a library that holds rows.

A `...Report` is what a partner sends (restricted zone). A `...Record` is what de-identification makes of it
(pseudonymous zone). What both hold alike stands in the `...Facts` that they share. `Person` is one row a person.
"""

from __future__ import annotations

from typing import Annotated

from schemas.fields import Declared, Kind, RecordModel, Sensitivity
from schemas.vocabulary import YEARS, Labels

DIRECT, QUASI, SENSITIVE, SAFE = Sensitivity.DIRECT, Sensitivity.QUASI, Sensitivity.SENSITIVE, Sensitivity.SAFE


def _labels(en: str, fr: str, es: str, ar: str) -> Labels:
    return Labels(en=en, fr=fr, es=es, ar=ar)


Gender = Annotated[
    str, Declared(Kind.CODE, QUASI, _labels("Gender", "Genre", "Género", "النوع الاجتماعي"), "gender", htcds="prs_Gender", ctdc="gender")
]
AgeBand = Annotated[
    str,
    Declared(
        Kind.CODE,
        QUASI,
        _labels("Age band", "Tranche d'âge", "Grupo de edad", "الفئة العمرية"),
        "age_band",
        ctdc="ageBroad",
        derived_from=("age_years", "birth_date"),
    ),
]
Citizenship = Annotated[
    str,
    Declared(
        Kind.CODE,
        QUASI,
        _labels("Citizenship", "Nationalité", "Nacionalidad", "الجنسية"),
        "country",
        htcds="prs_Citizenship",
        ctdc="citizenship",
    ),
]
ExploitationCountry = Annotated[
    str,
    Declared(
        Kind.CODE,
        QUASI,
        _labels("Country of exploitation", "Pays d'exploitation", "País de explotación", "بلد الاستغلال"),
        "country",
        ctdc="CountryOfExploitation",
    ),
]
Region = Annotated[
    str | None,
    Declared(
        Kind.TEXT,
        QUASI,
        _labels("Region of exploitation", "Région d'exploitation", "Región de explotación", "منطقة الاستغلال"),
        htcds="vic_LocationOfExploitation",
    ),
]
ForcedLabour = Annotated[
    str,
    Declared(
        Kind.CODE, SENSITIVE, _labels("Forced labour", "Travail forcé", "Trabajo forzoso", "العمل القسري"), "yes_no", ctdc="isForcedLabour"
    ),
]
SexualExploitation = Annotated[
    str,
    Declared(
        Kind.CODE,
        SENSITIVE,
        _labels("Sexual exploitation", "Exploitation sexuelle", "Explotación sexual", "الاستغلال الجنسي"),
        "yes_no",
        ctdc="isSexualExploit",
    ),
]
OtherExploitation = Annotated[
    str,
    Declared(
        Kind.CODE,
        SENSITIVE,
        _labels("Other exploitation", "Autre exploitation", "Otra explotación", "استغلال آخر"),
        "yes_no",
        ctdc="isOtherExploit",
    ),
]
RegistrationYear = Annotated[
    int | None,
    Declared(
        Kind.YEAR,
        QUASI,
        _labels("Year of registration", "Année d'enregistrement", "Año de registro", "سنة التسجيل"),
        limits=YEARS,
        ctdc="yearOfRegistration",
    ),
]
SourceType = Annotated[
    str,
    Declared(
        Kind.CODE, SAFE, _labels("Type of source", "Type de source", "Tipo de fuente", "نوع المصدر"), "source_type", ctdc="Datasource"
    ),
]


class PersonFacts(RecordModel):
    """What may leave the vault about a victim and a perpetrator alike."""

    source_type_code: SourceType
    gender_code: Gender
    age_band_code: AgeBand
    citizenship_code: Citizenship
    exploitation_country_code: ExploitationCountry
    exploitation_region: Region
    forced_labour_code: ForcedLabour
    sexual_exploitation_code: SexualExploitation
    other_exploitation_code: OtherExploitation


class VictimFacts(PersonFacts):
    """What may leave the vault about a victim."""

    exploitation_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            _labels("Forms of exploitation", "Formes d'exploitation", "Formas de explotación", "أشكال الاستغلال"),
            "exploitation_form",
            htcds="vic_TypeOfExploitation",
            ctdc="typeOfExploitConcatenated",
        ),
    ]
    means_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            _labels("Means of control", "Moyens de contrôle", "Medios de control", "وسائل السيطرة"),
            "means_of_control",
            htcds="vic_MethodsOfControl",
            ctdc="meansOfControlConcatenated",
        ),
    ]
    labour_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            _labels("Sectors of labour", "Secteurs de travail", "Sectores de trabajo", "قطاعات العمل"),
            "labour_sector",
            htcds="vic_ForcedLabourIndustry",
            ctdc="typeOfLabourConcatenated",
        ),
    ]
    sexual_service_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            _labels(
                "Types of sexual exploitation", "Types d'exploitation sexuelle", "Tipos de explotación sexual", "أنواع الاستغلال الجنسي"
            ),
            "sexual_service",
            htcds="vic_TypeOfSexExploitation",
            ctdc="typeOfSexConcatenated",
        ),
    ]
    recruiter_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            _labels("Relation to the recruiter", "Relation avec le recruteur", "Relación con el reclutador", "العلاقة بالمجند"),
            "recruiter_relation",
            htcds="vic_RelationshipToTrafficker",
            ctdc="RecruiterRelationship",
        ),
    ]
    victim_status_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            _labels("Trafficking status", "Statut de victime", "Condición de víctima", "وضع الضحية"),
            "victim_status",
            htcds="vic_TraffickingStatus",
        ),
    ]
    phenomenon_code: Annotated[str, Declared(Kind.CODE, SENSITIVE, _labels("Phenomenon", "Phénomène", "Fenómeno", "الظاهرة"), "phenomenon")]


class SourceIdentity(RecordModel):
    """What only the vault may hold of any person: who it is and what was told."""

    source_record_id: Annotated[
        str, Declared(Kind.TEXT, DIRECT, _labels("Record number", "Numéro de dossier", "Número de registro", "رقم السجل"), is_required=True)
    ]
    source_case_id: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, _labels("Case number", "Numéro d'affaire", "Número de caso", "رقم القضية"))
    ]
    source_person_id: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, _labels("Person number", "Numéro de personne", "Número de persona", "رقم الشخص"))
    ]
    given_name: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, _labels("Given name", "Prénom", "Nombre", "الاسم"), htcds="prs_FirstName")
    ]
    family_name: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, _labels("Family name", "Nom", "Apellido", "اسم العائلة"), htcds="prs_SecondName")
    ]
    birth_date: Annotated[
        str | None,
        Declared(
            Kind.DATE, DIRECT, _labels("Date of birth", "Date de naissance", "Fecha de nacimiento", "تاريخ الميلاد"), htcds="prs_Birthdate"
        ),
    ]
    document_number: Annotated[
        str | None,
        Declared(
            Kind.TEXT,
            DIRECT,
            _labels("Document number", "Numéro de pièce d'identité", "Número de documento", "رقم الوثيقة"),
            htcds="prs_IdentityNumber",
        ),
    ]
    phone: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, _labels("Telephone", "Téléphone", "Teléfono", "الهاتف"), htcds="prs_MobilePhone")
    ]
    email: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, _labels("E-mail", "Courriel", "Correo electrónico", "البريد الإلكتروني"), htcds="prs_Email")
    ]
    address: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, _labels("Address", "Adresse", "Dirección", "العنوان"), htcds="prs_MailingStreet")
    ]
    person_token: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, _labels("Keyed person token", "Jeton de personne", "Ficha de persona", "رمز الشخص"))
    ]
    narrative: Annotated[
        str | None, Declared(Kind.NARRATIVE, DIRECT, _labels("Narrative", "Récit", "Relato", "السرد"), htcds="cco_CaseComment")
    ]
    age_years: Annotated[
        int | None,
        Declared(Kind.INTEGER, DIRECT, _labels("Age in years", "Âge en années", "Edad en años", "العمر بالسنوات"), limits=(0, 120)),
    ]
    registration_date: Annotated[
        str,
        Declared(
            Kind.DATE,
            DIRECT,
            _labels("Date of registration", "Date d'enregistrement", "Fecha de registro", "تاريخ التسجيل"),
            is_required=True,
        ),
    ]


class Keys(RecordModel):
    """What stands in the warehouse instead of the partner's own numbers, and what is known of the free text."""

    record_key: Annotated[str, Declared(Kind.TEXT, SAFE, _labels("Record key", "Clé du dossier", "Clave del registro", "مفتاح السجل"))]
    case_key: Annotated[str | None, Declared(Kind.TEXT, SAFE, _labels("Case key", "Clé de l'affaire", "Clave del caso", "مفتاح القضية"))]
    registration_year: RegistrationYear
    narrative_length_count: Annotated[
        int,
        Declared(
            Kind.INTEGER,
            SAFE,
            _labels("Characters of narrative", "Caractères du récit", "Caracteres del relato", "عدد أحرف السرد"),
            limits=(0, 10_000_000),
        ),
    ]
    narrative_language_code: Annotated[
        str, Declared(Kind.CODE, SAFE, _labels("Language of narrative", "Langue du récit", "Idioma del relato", "لغة السرد"), "language")
    ]


class VictimReport(VictimFacts, SourceIdentity):
    """A partner's report about a victim, as validated: restricted zone."""


class VictimRecord(VictimFacts, Keys):
    """The same report without identity: pseudonymous zone."""


class PerpetratorReport(PersonFacts, SourceIdentity):
    """A partner's report about an accused or convicted person: restricted zone, never among the victims."""


class PerpetratorRecord(PersonFacts, Keys):
    """The same report without identity: pseudonymous zone."""


class Person(RecordModel):
    """The master table: one row a person, over all partners that reported it. What products are made of."""

    registration_year: RegistrationYear
    gender_code: Gender
    age_band_code: AgeBand
    citizenship_code: Citizenship
    exploitation_country_code: ExploitationCountry
    forced_labour_code: ForcedLabour
    sexual_exploitation_code: SexualExploitation
    other_exploitation_code: OtherExploitation


class PublishedPerson(Person):
    """A row of the public master table: a person's labels, and the release in which the row first appeared."""

    cohort: Annotated[int, Declared(Kind.INTEGER, SAFE, _labels("Cohort", "Cohorte", "Cohorte", "الفوج"), limits=(1, 9999))]


class Provenance(RecordModel):
    """Where a report or record stands: beside the fields of its model, from validation to the warehouse."""

    partner_code: Annotated[str, Declared(Kind.TEXT, SAFE, _labels("Partner", "Partenaire", "Socio", "الشريك"))]
    batch_id: Annotated[str, Declared(Kind.TEXT, SAFE, _labels("Batch", "Lot", "Lote", "الدفعة"))]
    file: Annotated[str, Declared(Kind.TEXT, SAFE, _labels("File of the batch", "Fichier du lot", "Archivo del lote", "ملف الدفعة"))]
    row_number: Annotated[int, Declared(Kind.INTEGER, SAFE, _labels("Row number", "Numéro de ligne", "Número de fila", "رقم الصف"))]
