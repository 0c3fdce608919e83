"""htcds-caseworks: the IOM Human Trafficking Case Data Standard 2.0 as an Excel sheet, with a caseworker's own columns.

Here: its columns, codes and defects. Never here: another partner's.
"""

from __future__ import annotations

from random import Random

from sample_data import canaries
from sample_data.layouts.words import full_date, iso, region_of
from sample_data.reports import Report
from sample_data.sheets import Cells, Defect, Layout

SHEET = "Cases"
GENDERS = {
    "woman": ("Feminine",),
    "man": ("Masculine",),
    "trans_or_nonconforming": ("TransgenderFeminine", "TransgenderMasculine", "NonConforming"),
}
FORMS = {
    "sexual_exploitation": "SexualExploitation",
    "forced_labour": "ForcedLabour",
    "forced_begging": "ForcedBegging",
    "forced_criminality": "Other",  # the standard has no code for it
    "forced_marriage": "ForcedMarriage",
    "servitude": "Servitude",
    "child_labour": "ChildLabour",
    "organ_removal": "OrganRemoval",
}
MEANS = {
    "psychological_abuse": "PsychologicalAbuse",
    "restricts_movement": "Other",  # absent from the picklist of the standard
    "threats": "PhysicalThreats",
    "false_promises": "FalsePromises",
    "withholds_documents": "WithholdsDocuments",
    "takes_earnings": "TakesEarnings",
    "debt_bondage": "DebtBondage ",  # the standard's own code ends in a space
    "physical_abuse": "PhysicalAbuse",
    "excessive_working_hours": "ExcessiveWorkingHours",
    "psychoactive_substances": "PsychoactiveSubstance",
    "sexual_abuse": "SexualAbuse",
    "restricts_medical_care": "RestrictsMedicalCare",
    "withholds_necessities": "WithholdsNecessities",
}
INDUSTRIES = {
    "domestic_work": "T_ActivitiesOfHouseholdsAsEmployers",
    "construction": "F_Construction",
    "agriculture": "A_AgricultureForestryAndFishing",
    "manufacturing": "C_Manufacturing",
    "hospitality": "I_AccommodationAndFoodServiceActivities",
    "aquafarming": "A_AgricultureForestryAndFishing",
    "begging": "S_OtherServiceActivities",
    "other_sector": "N_AdministrativeAndSupportServiceActivities",
}
SERVICES = {
    "prostitution": "Prostitution",
    "pornography": "Pornography",
    "private_sexual_services": "PrivateSexualServices",
    "remote_interactive_services": "RemoteInteractiveServices",
}
RELATIONS = {"family": "Familial", "friend": "Acquainted", "intimate_partner": "Familial", "other_relation": "Unaquainted"}
STATUSES = ("ActualVictimOfTrafficking",) * 4 + ("PossibleVictimOfTrafficking", "NotAVictimOfTrafficking")
COLUMNS = {  # the hidden field name -> the label a caseworker sees; mailing labels are shifted as in the published template
    "x_RecordNumber": "Record number",
    "x_PersonNumber": "Client number",
    "x_RegistrationDate": "Registered on",
    "prs_FirstName": "First Name",
    "prs_SecondName": "Second Name",
    "prs_Title": "Second Name",
    "prs_Birthdate": "Birthdate",
    "prs_Gender": "Gender",
    "prs_Citizenship": "Citizenship",
    "prs_IdentityNumber": "Identity Number",
    "prs_Email": "Email",
    "prs_MobilePhone": "Mobile Phone",
    "prs_MailingStreet": "Mailing Zip/Postal Code",
    "prs_MailingCity": "Mailing Street",
    "vic_TraffickingStatus": "Trafficking Status",
    "vic_TraffickinStatusDecisionMakingOrg": "Trafficking Status Decision Making Organization",
    "vic_RelationshipToTrafficker": "Relationship to Trafficker",
    "vic_AgeWhenTrafficked": "Age when Trafficked",
    "vic_MethodsOfControl": "Methods of Control",
    "vic_TypeOfExploitation": "Type of Exploitation",
    "vic_ForcedLabourIndustry": "Forced Labour Industry",
    "vic_TypeOfSexExploitation": "Type of Sex Exploitation",
    "x_CountryOfExploitation": "Country of exploitation",
    "vic_LocationOfExploitation": "Location of Exploitation",
    "cco_CaseComment": "Case Comment",
    "": "Reason for Outgoing Referral",  # the template has no field name over this label
}
DATE_HEADERS = frozenset({"x_RegistrationDate", "prs_Birthdate"})


def _write(report: Report, record: str, rng: Random) -> Cells:
    age = report.age()
    return {
        "x_RecordNumber": record,
        "x_PersonNumber": f"CW{report.person.number:06d}",
        "x_RegistrationDate": iso(report.registered),
        "prs_FirstName": report.given or "",
        "prs_SecondName": report.family or "",
        "prs_Birthdate": full_date(report.birth, "%Y-%m-%d"),
        "prs_Gender": rng.choice(GENDERS[report.gender]) if report.gender else "NonSpecifiedUnknown",
        "prs_Citizenship": report.citizenship or "",
        "prs_IdentityNumber": report.document or "",
        "prs_Email": report.email or "",
        "prs_MobilePhone": report.phone or "",
        "prs_MailingStreet": report.address or "",
        "vic_TraffickingStatus": rng.choice(STATUSES),
        "vic_TraffickinStatusDecisionMakingOrg": rng.choice(("Police", "NGO", "")),
        "vic_RelationshipToTrafficker": RELATIONS[report.recruiters[0]] if report.recruiters else "",
        "vic_AgeWhenTrafficked": "" if age is None else str(age),
        "vic_MethodsOfControl": ";".join(MEANS[code] for code in report.means),
        "vic_TypeOfExploitation": ";".join(FORMS[code] for code in report.forms),
        "vic_ForcedLabourIndustry": ";".join(INDUSTRIES[code] for code in report.sectors),
        "vic_TypeOfSexExploitation": ";".join(SERVICES[code] for code in report.services),
        "x_CountryOfExploitation": report.country,
        "vic_LocationOfExploitation": region_of(report.country, rng) if rng.random() < 0.6 else "",
        "cco_CaseComment": report.narrative or "",
        "": rng.choice(("", "", "AdditionalServicesRequired", "Other")),
    }


LAYOUT = Layout(
    partner="htcds-caseworks",
    share=1500,
    headers=tuple(COLUMNS),
    labels=tuple(COLUMNS.values()),
    record_header="x_RecordNumber",
    write=_write,
    languages=("en", "fr"),
    native_script=0.3,
    defects=(
        Defect("record_id_missing", {"x_RecordNumber": ""}),
        # Of two rows with one number the first in the order of their content is kept; an empty title sorts first.
        Defect("record_id_repeated", {"prs_Title": "Ms"}),
        Defect("dates_contradict", {"prs_Birthdate": "2022-01-05", "x_RegistrationDate": "2018-06-30"}),
        Defect("date_invalid", {"x_RegistrationDate": "spring 2019"}),
        Defect("category_unknown", {"prs_Citizenship": "ZQ"}),
        Defect("row_blank"),
        Defect("identifier_in_text", {"vic_LocationOfExploitation": "Odesa, Viktor Palen +44 20 7946 0118"}),
        Defect("cell_error", {"prs_SecondName": canaries.HELD_NAME, "vic_TypeOfExploitation": "#REF!"}, place=0.4),
        Defect("number_shortened", {"prs_IdentityNumber": canaries.SHORTENED_PASSPORT}, place=0.7),
    ),
)
