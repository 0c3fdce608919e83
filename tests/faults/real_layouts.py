"""Five partners of `partners/`, and how each writes the clean table.

Here: their columns as their partner files name them. Never here: a fault, or a second description of what a column means.
"""

from __future__ import annotations

from functools import cache

from faults.layouts import PARTNERS, Layout, age, constant, country, day, forms, gender, number, text
from faults.people import FORMS
from schemas.partner import load_partner


@cache
def harbour() -> Layout:
    """en-harbour-ngo: a title row above the header, commas, ISO dates."""
    return Layout(
        name="en-harbour-ngo",
        words="en",
        partner=load_partner(PARTNERS / "en-harbour-ngo.yml"),
        columns=(
            number("Case Ref"),
            constant("Client ID", "C000154", "source_person_id", "C000154"),
            day("Date of referral", "registration_date", "registered", "%Y-%m-%d", "day"),
            text("First name", "given_name", "given", "name"),
            text("Surname", "family_name", "family"),
            day("DOB", "birth_date", "born", "%Y-%m-%d", "born"),
            gender("Gender", "en", {"woman": "F", "man": "M"}, "N/K"),
            country("Nationality", "citizenship_code", "citizenship", "en", "N/K"),
            text("Passport or ID no", "document_number", "document", "document"),
            constant("Phone", "", "phone"),
            constant("E-mail", "", "email"),
            constant("Address", "", "address"),
            country("Country of exploitation", "exploitation_country_code", "country", "en", kind="place"),
            constant("Region", "North", "exploitation_region", "North"),
            forms("Types of exploitation", "en", "; ", "N/K"),
            constant("Means of control", "N/A", "means_codes", ["not_applicable"]),
            constant("Work sector", "", "labour_codes", ["unknown"]),
            constant("Recruiter", "Not asked", "recruiter_codes", ["not_collected"]),
            constant("Status", "Possible", "victim_status_code", "possible"),
            text("Notes", "narrative", "note", "note"),
            constant("Caseworker", "AB"),
        ),
        above=(("Harbour case export", "restricted"),),
        constants={"source_type_code": "case_management", "phenomenon_code": "trafficking"},
    )


@cache
def police() -> Layout:
    """fr-police: semicolons, cp1252, a decimal comma, the unit in a column, a totals row by marker."""
    return Layout(
        name="fr-police",
        words="fr",
        partner=load_partner(PARTNERS / "fr-police.yml"),
        columns=(
            number("N° fiche"),
            constant("N° procédure", "PV2023/10001", "source_case_id", "PV2023/10001"),
            constant("Qualité", "Victime"),
            day("Date d'enregistrement", "registration_date", "registered", "%d/%m/%Y", "day"),
            text("Nom", "family_name", "family"),
            text("Prénom", "given_name", "given", "name"),
            day("Date de naissance", "birth_date", "born", "%d/%m/%Y", "born"),
            age("Âge", ",0"),
            gender("Sexe", "fr", {"woman": "F", "man": "M"}, "ND"),
            country("Nationalité", "citizenship_code", "citizenship", "fr", "ND"),
            text("N° pièce d'identité", "document_number", "document", "document"),
            constant("Téléphone", "", "phone"),
            constant("Département", "Rhône", "exploitation_region", "Rhône"),
            constant("Infraction", "Traite et trafic", "phenomenon_code", "both"),
            forms("Forme d'exploitation", "fr", " / ", "ND"),
            constant("Préjudice (EUR)", "1250,50"),
        ),
        separator=";",
        encoding="cp1252",
        total="TOTAL",
        constants={"source_type_code": "law_enforcement", "exploitation_country_code": "FR"},
    )


@cache
def hotline() -> Layout:
    """es-linea-ayuda: commas, years of birth, three columns of yes and no."""
    return Layout(
        name="es-linea-ayuda",
        words="es",
        partner=load_partner(PARTNERS / "es-linea-ayuda.yml"),
        columns=(
            number("Nº llamada"),
            day("Fecha", "registration_date", "registered", "%d-%m-%Y", "day"),
            text("Nombre", "given_name", "given", "name"),
            text("Apellidos", "family_name", "family"),
            day("Año de nacimiento", "birth_date", "born", "%Y", "year"),
            age("Edad", unknown="NS/NC"),
            gender("Sexo", "es", unknown="NS/NC"),
            country("País de origen", "citizenship_code", "citizenship", "es", "NS/NC"),
            constant("Teléfono", "", "phone"),
            country("País", "exploitation_country_code", "country", "es", kind="place"),
            constant("Provincia", "Cádiz", "exploitation_region", "Cádiz"),
            constant("Explotación laboral", "Sí", "forced_labour_code", "yes", kind="flag"),
            constant("Explotación sexual", "No", "sexual_exploitation_code", "no", kind="flag"),
            constant("Otra explotación", "NS/NC", "other_exploitation_code", "unknown", kind="flag"),
            constant("Medios de control", "Amenazas | Servidumbre por deudas", "means_codes", ["debt_bondage", "threats"]),
            constant("Sector", "", "labour_codes", ["unknown"]),
            constant("Captador", "", "recruiter_codes", ["unknown"]),
            text("Relato", "narrative", "note", "note"),
            constant("Operadora", "OP1"),
        ),
        total="Totales",
        constants={"source_type_code": "hotline", "phenomenon_code": "trafficking", "victim_status_code": "possible"},
    )


@cache
def shelter() -> Layout:
    """ar-shelter: headers and values in Arabic, the Arabic comma within cells."""
    return Layout(
        name="ar-shelter",
        words="ar",
        partner=load_partner(PARTNERS / "ar-shelter.yml"),
        columns=(
            number("رقم الملف"),
            day("تاريخ الدخول", "registration_date", "registered", "%d/%m/%Y", "day"),
            text("الاسم", "given_name", "given", "name"),
            text("اسم العائلة", "family_name", "family"),
            day("سنة الميلاد", "birth_date", "born", "%Y", "year"),
            gender("الجنس", "ar", {"woman": "أنثى", "man": "ذكر"}, "غير معروف"),
            country("الجنسية", "citizenship_code", "citizenship", "ar", "غير معروف"),
            text("رقم الجواز", "document_number", "document", "document"),
            constant("الهاتف", "", "phone"),
            constant("العنوان", "", "address"),
            country("بلد الاستغلال", "exploitation_country_code", "country", "ar", kind="place"),
            forms("نوع الاستغلال", "ar", "، ", "غير معروف"),
            constant("قطاع العمل", "", "labour_codes", ["unknown"]),
            constant("وسائل السيطرة", "تهديدات", "means_codes", ["threats"]),
            text("ملاحظات", "narrative", "note", "note"),
            constant("الغرفة", "12"),
        ),
        total="المجموع",
        constants={"source_type_code": "case_management", "phenomenon_code": "trafficking", "victim_status_code": "actual"},
    )


@cache
def caseworks() -> Layout:
    """htcds-caseworks: the standard's Excel sheet; field names, then a row of labels. Columns it ignores are left out."""
    own = {"forced_labour": "ForcedLabour", "sexual_exploitation": "SexualExploitation", "servitude": "Servitude"}
    assert set(own) == set(FORMS)
    return Layout(
        name="htcds-caseworks",
        words="en",
        partner=load_partner(PARTNERS / "htcds-caseworks.yml"),
        columns=(
            number("x_RecordNumber"),
            constant("x_PersonNumber", "P7", "source_person_id", "P7"),
            day("x_RegistrationDate", "registration_date", "registered", "%Y-%m-%d", "day"),
            text("prs_FirstName", "given_name", "given", "name"),
            text("prs_SecondName", "family_name", "family"),
            day("prs_Birthdate", "birth_date", "born", "%Y-%m-%d", "born"),
            gender("prs_Gender", "en", {"woman": "Feminine", "man": "Masculine"}, "NonSpecifiedUnknown"),
            country("prs_Citizenship", "citizenship_code", "citizenship", "en"),
            text("prs_IdentityNumber", "document_number", "document", "document"),
            constant("prs_Email", "", "email"),
            constant("prs_MobilePhone", "", "phone"),
            constant("prs_MailingStreet", "", "address"),
            constant("vic_TraffickingStatus", "PossibleVictimOfTrafficking", "victim_status_code", "possible"),
            constant("vic_RelationshipToTrafficker", "Familial", "recruiter_codes", ["family"]),
            constant("vic_MethodsOfControl", "DebtBondage ;PhysicalThreats", "means_codes", ["debt_bondage", "threats"]),
            forms("vic_TypeOfExploitation", "en", ";", own=own),
            constant("vic_ForcedLabourIndustry", "", "industry_codes", ["unknown"]),
            constant("vic_TypeOfSexExploitation", "", "sexual_service_codes", ["unknown"]),
            country("x_CountryOfExploitation", "exploitation_country_code", "country", "en", kind="place"),
            constant("vic_LocationOfExploitation", "North", "exploitation_region", "North"),
            text("cco_CaseComment", "narrative", "note", "note"),
            constant("prs_MailingCity", "Elsewhere"),
        ),
        label_rows=1,
        constants={"source_type_code": "case_management", "phenomenon_code": "trafficking"},
    )


def real_csv_layouts() -> tuple[Layout, ...]:
    """The partners of the repository that send text."""
    return harbour(), police(), hotline(), shelter()
