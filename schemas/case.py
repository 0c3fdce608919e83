"""The records about persons: what a partner reports of a victim or a perpetrator, and what of it may leave the vault.

Here: each field once, with its type, vocabulary, sensitivity, standard names and labels.
Never here: behaviour, or a library that holds rows.

A `...Report` is what a partner sends (restricted zone). A `...Record` is what de-identification makes of it
(pseudonymous zone). What both hold alike stands in the `...Facts` that they share. `Person` is one row a person.
"""

from __future__ import annotations

from typing import Annotated

from schemas.circumstances import PerpetratorsOfVictim, VictimCircumstances
from schemas.exploitation import ExploitationFacts
from schemas.fields import DIRECT, QUASI, SAFE, SENSITIVE, Declared, Kind, RecordModel, named
from schemas.journey import JourneyFacts
from schemas.support import CaseDates, CaseHandling, CaseYears
from schemas.vocabulary import YEARS

Gender = Annotated[
    str, Declared(Kind.CODE, QUASI, named("Gender", "Genre", "Género", "النوع الاجتماعي"), "gender", htcds="prs_Gender", ctdc="gender")
]
AgeBand = Annotated[
    str,
    Declared(
        Kind.CODE,
        QUASI,
        named("Age band", "Tranche d'âge", "Grupo de edad", "الفئة العمرية"),
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
        named("Citizenship", "Nationalité", "Nacionalidad", "الجنسية"),
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
        named("Country of exploitation", "Pays d'exploitation", "País de explotación", "بلد الاستغلال"),
        "country",
        ctdc="CountryOfExploitation",
    ),
]
Region = Annotated[
    str | None,
    Declared(
        Kind.TEXT,
        QUASI,
        named("Region of exploitation", "Région d'exploitation", "Región de explotación", "منطقة الاستغلال"),
        htcds="vic_LocationOfExploitation",
    ),
]
ForcedLabour = Annotated[
    str,
    Declared(
        Kind.CODE, SENSITIVE, named("Forced labour", "Travail forcé", "Trabajo forzoso", "العمل القسري"), "yes_no", ctdc="isForcedLabour"
    ),
]
SexualExploitation = Annotated[
    str,
    Declared(
        Kind.CODE,
        SENSITIVE,
        named("Sexual exploitation", "Exploitation sexuelle", "Explotación sexual", "الاستغلال الجنسي"),
        "yes_no",
        ctdc="isSexualExploit",
    ),
]
OtherExploitation = Annotated[
    str,
    Declared(
        Kind.CODE,
        SENSITIVE,
        named("Other exploitation", "Autre exploitation", "Otra explotación", "استغلال آخر"),
        "yes_no",
        ctdc="isOtherExploit",
    ),
]
RegistrationYear = Annotated[
    int | None,
    Declared(
        Kind.YEAR,
        QUASI,
        named("Year of registration", "Année d'enregistrement", "Año de registro", "سنة التسجيل"),
        limits=YEARS,
        ctdc="yearOfRegistration",
    ),
]
SourceType = Annotated[
    str,
    Declared(Kind.CODE, SAFE, named("Type of source", "Type de source", "Tipo de fuente", "نوع المصدر"), "source_type", ctdc="Datasource"),
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


class VictimFacts(PerpetratorsOfVictim, CaseHandling, VictimCircumstances, JourneyFacts, ExploitationFacts, PersonFacts):
    """What may leave the vault about a victim."""

    recruiter_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            named("Relation to the recruiter", "Relation avec le recruteur", "Relación con el reclutador", "العلاقة بالمجند"),
            "recruiter_relation",
            htcds="vic_RelationshipToTrafficker",
        ),
    ]
    victim_status_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named("Trafficking status", "Statut de victime", "Condición de víctima", "وضع الضحية"),
            "victim_status",
            htcds="vic_TraffickingStatus",
        ),
    ]


class PerpetratorFacts(PersonFacts):
    """What may leave the vault about an accused or convicted person."""

    exploitation_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            named("Forms of exploitation", "Formes d'exploitation", "Formas de explotación", "أشكال الاستغلال"),
            "exploitation_form",
        ),
    ]
    phenomenon_code: Annotated[str, Declared(Kind.CODE, SENSITIVE, named("Phenomenon", "Phénomène", "Fenómeno", "الظاهرة"), "phenomenon")]
    role_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            named("Roles in the process", "Rôles dans le processus", "Papeles en el proceso", "الأدوار في العملية"),
            "perpetrator_role",
            htcds="per_RoleInProcess",
        ),
    ]
    proceeding_stage_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named("Stage of proceedings", "Stade de la procédure", "Etapa del procedimiento", "مرحلة الإجراءات"),
            "proceeding_stage",
        ),
    ]


RecordKey = Annotated[str, Declared(Kind.TEXT, SAFE, named("Record key", "Clé du dossier", "Clave del registro", "مفتاح السجل"))]


class Numbered(RecordModel):
    """What every report has: the partner's number for it, and its date. HTCDS has neither."""

    source_record_id: Annotated[
        str, Declared(Kind.TEXT, DIRECT, named("Record number", "Numéro de dossier", "Número de registro", "رقم السجل"), is_required=True)
    ]
    registration_date: Annotated[
        str,
        Declared(
            Kind.DATE,
            DIRECT,
            named("Date of registration", "Date d'enregistrement", "Fecha de registro", "تاريخ التسجيل"),
            is_required=True,
        ),
    ]


class SourceIdentity(Numbered):
    """What only the vault may hold of any person: who it is and what was told."""

    source_case_id: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, named("Case number", "Numéro d'affaire", "Número de caso", "رقم القضية"))
    ]
    source_person_id: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, named("Person number", "Numéro de personne", "Número de persona", "رقم الشخص"))
    ]
    given_name: Annotated[str | None, Declared(Kind.TEXT, DIRECT, named("Given name", "Prénom", "Nombre", "الاسم"), htcds="prs_FirstName")]
    middle_name: Annotated[
        str | None,
        Declared(Kind.TEXT, DIRECT, named("Middle name", "Deuxième prénom", "Segundo nombre", "الاسم الأوسط"), htcds="prs_MiddleName"),
    ]
    family_name: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, named("Family name", "Nom", "Apellido", "اسم العائلة"), htcds="prs_SecondName")
    ]
    birth_date: Annotated[
        str | None,
        Declared(
            Kind.DATE, DIRECT, named("Date of birth", "Date de naissance", "Fecha de nacimiento", "تاريخ الميلاد"), htcds="prs_Birthdate"
        ),
    ]
    document_number: Annotated[
        str | None,
        Declared(
            Kind.TEXT,
            DIRECT,
            named("Document number", "Numéro de pièce d'identité", "Número de documento", "رقم الوثيقة"),
            htcds="prs_IdentityNumber",
        ),
    ]
    phone: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, named("Telephone", "Téléphone", "Teléfono", "الهاتف"), htcds="prs_MobilePhone")
    ]
    email: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, named("E-mail", "Courriel", "Correo electrónico", "البريد الإلكتروني"), htcds="prs_Email")
    ]
    address: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, named("Address", "Adresse", "Dirección", "العنوان"), htcds="prs_MailingStreet")
    ]
    person_token: Annotated[
        str | None, Declared(Kind.TEXT, DIRECT, named("Keyed person token", "Jeton de personne", "Token de persona con clave", "رمز الشخص"))
    ]
    narrative: Annotated[
        str | None, Declared(Kind.NARRATIVE, DIRECT, named("Narrative", "Récit", "Relato", "السرد"), htcds="cco_CaseComment")
    ]
    age_years: Annotated[
        int | None,
        Declared(Kind.INTEGER, DIRECT, named("Age in years", "Âge en années", "Edad en años", "العمر بالسنوات"), limits=(0, 120)),
    ]


class Keys(RecordModel):
    """What stands in the warehouse instead of the partner's own numbers, and what is known of the free text."""

    record_key: RecordKey
    case_key: Annotated[str | None, Declared(Kind.TEXT, SAFE, named("Case key", "Clé de l'affaire", "Clave del caso", "مفتاح القضية"))]
    registration_year: RegistrationYear
    narrative_length_count: Annotated[
        int,
        Declared(
            Kind.INTEGER,
            SAFE,
            named("Characters of narrative", "Caractères du récit", "Caracteres del relato", "عدد أحرف السرد"),
            limits=(0, 10_000_000),
        ),
    ]
    narrative_language_code: Annotated[
        str, Declared(Kind.CODE, SAFE, named("Language of narrative", "Langue du récit", "Idioma del relato", "لغة السرد"), "language")
    ]


class VictimReport(VictimFacts, CaseDates, SourceIdentity):
    """A partner's report about a victim, as validated: restricted zone."""


class VictimRecord(VictimFacts, CaseYears, Keys):
    """The same report without identity: pseudonymous zone."""


class PerpetratorReport(PerpetratorFacts, SourceIdentity):
    """A partner's report about an accused or convicted person: restricted zone, never among the victims."""


class PerpetratorRecord(PerpetratorFacts, Keys):
    """The same report without identity: pseudonymous zone. Accused persons are never linked: a partner's own number tells them apart."""

    partner_person_key: Annotated[
        str | None,
        Declared(
            Kind.TEXT,
            SAFE,
            named("Partner's person key", "Clé de personne du partenaire", "Clave de persona del socio", "مفتاح الشخص لدى الشريك"),
        ),
    ]


FlagGroup = Annotated[
    int,
    Declared(
        Kind.INTEGER, SAFE, named("Group of flags", "Groupe d'indicateurs", "Grupo de indicadores", "مجموعة المؤشرات"), limits=(0, 999_999)
    ),
]
"""Whole classes of a cohort, of many persons, among whom the flags of another table are shuffled; 0 where there are none."""


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

    cohort: Annotated[int, Declared(Kind.INTEGER, SAFE, named("Cohort", "Cohorte", "Cohorte", "الفوج"), limits=(1, 9999))]
    flag_group: FlagGroup


class Provenance(RecordModel):
    """Where a report or record stands: beside the fields of its model, from validation to the warehouse."""

    partner_code: Annotated[str, Declared(Kind.TEXT, SAFE, named("Partner", "Partenaire", "Socio", "الشريك"))]
    batch_id: Annotated[str, Declared(Kind.TEXT, SAFE, named("Batch", "Lot", "Lote", "الدفعة"))]
    file: Annotated[str, Declared(Kind.TEXT, SAFE, named("File of the batch", "Fichier du lot", "Archivo del lote", "ملف الدفعة"))]
    row_number: Annotated[int, Declared(Kind.INTEGER, SAFE, named("Row number", "Numéro de ligne", "Número de fila", "رقم الصف"))]
