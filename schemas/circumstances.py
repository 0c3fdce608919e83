"""What is known of a victim beside the exploitation: circumstances, age when it began, and who the perpetrators were.

Here: the fields of HTCDS and CTDC that no other unit has, declared as in `schemas.case`. Never here: a perpetrator's own record,
or behaviour.
"""

from __future__ import annotations

from typing import Annotated

from schemas.fields import QUASI, SENSITIVE, Declared, Kind, RecordModel, named


class VictimCircumstances(RecordModel):
    """What may leave the vault about the life of a victim."""

    majority_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            QUASI,
            named("Minor or adult", "Mineur ou majeur", "Menor o adulto", "قاصر أو بالغ"),
            "majority",
            ctdc="majorityStatus",
        ),
    ]
    majority_at_exploitation_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named(
                "Minor or adult when exploited",
                "Mineur ou majeur lors de l'exploitation",
                "Menor o adulto al ser explotado",
                "قاصر أو بالغ عند الاستغلال",
            ),
            "majority",
            ctdc="majorityStatusAtExploit",
        ),
    ]
    majority_at_entry_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named("Minor or adult at entry", "Mineur ou majeur à l'entrée", "Menor o adulto a la entrada", "قاصر أو بالغ عند الدخول"),
            "majority",
            ctdc="majorityEntry",
        ),
    ]
    age_at_start_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            SENSITIVE,
            named("Age when first trafficked", "Âge au début de la traite", "Edad al comienzo de la trata", "العمر عند بداية الاتجار"),
            "age_at_start",
            htcds="vic_AgeWhenTrafficked",
        ),
    ]
    citizenship_region_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            QUASI,
            named("Region of citizenship", "Région de nationalité", "Región de nacionalidad", "منطقة الجنسية"),
            "world_region",
            ctdc="UN_COO_Region",
        ),
    ]
    exploitation_world_region_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            QUASI,
            named(
                "Region of the world of exploitation",
                "Région du monde d'exploitation",
                "Región del mundo de explotación",
                "منطقة الاستغلال من العالم",
            ),
            "world_region",
            ctdc="UN_COE_Region",
        ),
    ]
    residence_country_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            QUASI,
            named("Country of residence", "Pays de résidence", "País de residencia", "بلد الإقامة"),
            "country",
            htcds="prs_MailingCountry",
        ),
    ]
    marital_status_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            QUASI,
            named("Marital status", "Situation matrimoniale", "Estado civil", "الحالة الاجتماعية"),
            "marital_status",
            htcds="prs_MaritalStatus",
        ),
    ]
    children_count: Annotated[
        int | None,
        Declared(
            Kind.INTEGER,
            QUASI,
            named("Number of children", "Nombre d'enfants", "Número de hijos", "عدد الأطفال"),
            htcds="prs_NumberOfChildren",
            limits=(0, 30),
        ),
    ]
    primary_language_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            QUASI,
            named("Primary language", "Première langue", "Primer idioma", "اللغة الأولى"),
            "spoken_language",
            htcds="prs_PrimaryLanguage",
        ),
    ]
    secondary_language_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            QUASI,
            named("Secondary language", "Deuxième langue", "Segundo idioma", "اللغة الثانية"),
            "spoken_language",
            htcds="prs_SecondaryLanguage",
        ),
    ]
    education_code: Annotated[
        str,
        Declared(
            Kind.CODE,
            QUASI,
            named("Highest level of education", "Plus haut niveau d'éducation", "Nivel educativo más alto", "أعلى مستوى تعليمي"),
            "education_level",
            htcds="prs_HighestLevelOfEducation",
        ),
    ]
    deceased_code: Annotated[
        str, Declared(Kind.CODE, SENSITIVE, named("Deceased", "Décédé", "Fallecido", "متوفى"), "yes_no", htcds="prs_Deceased")
    ]
    vulnerability_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            named("Vulnerabilities", "Vulnérabilités", "Vulnerabilidades", "عوامل الضعف"),
            "vulnerability",
            htcds="vic_Vulnerabilities",
        ),
    ]


class PerpetratorsOfVictim(RecordModel):
    """What may leave the vault about the perpetrators of one victim, taken together."""

    perpetrator_role_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            named("Roles of the perpetrators", "Rôles des auteurs", "Papeles de los autores", "أدوار الجناة"),
            "perpetrator_role",
            ctdc="IP_Exploiter",
        ),
    ]
    perpetrator_gender_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            named("Genders of the perpetrators", "Genres des auteurs", "Géneros de los autores", "النوع الاجتماعي للجناة"),
            "gender",
            ctdc="IP_Gender",
        ),
    ]
    perpetrator_age_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            named("Age bands of the perpetrators", "Tranches d'âge des auteurs", "Grupos de edad de los autores", "الفئات العمرية للجناة"),
            "perpetrator_age_band",
            ctdc="IP_ageBroad",
        ),
    ]
    perpetrator_region_codes: Annotated[
        tuple[str, ...],
        Declared(
            Kind.CODES,
            SENSITIVE,
            named(
                "Regions of citizenship of the perpetrators",
                "Régions de nationalité des auteurs",
                "Regiones de nacionalidad de los autores",
                "مناطق جنسية الجناة",
            ),
            "world_region",
            ctdc="IP_citizen_UNRegion",
        ),
    ]
