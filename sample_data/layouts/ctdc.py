"""ctdc-flat-2020 and ctdc-flat-2024: the two generations of the flat file that CTDC publishes, with no names and no numbers.

Here: both column lists and their codes. Never here: another partner's.
"""

from __future__ import annotations

from random import Random

from sample_data.layouts.words import alpha_3, band
from sample_data.persons import LABOUR_FORMS
from sample_data.reports import Report
from sample_data.sheets import Cells, Defect, Layout

MISSING_2020 = "-99"
BANDS_2020 = ("0--8", "9--17", "18--20", "21--23", "24--26", "27--29", "30--38", "39--47", "48+")
BANDS_2024 = ("00--08", "09--17", *BANDS_2020[2:])
ANSWERED = 0.7
"""Share of groups of flags that a contributing organisation filled in at all."""
GENDERS_2020 = {"woman": "Female", "man": "Male"}
GENDERS_2024 = {"woman": "Woman", "man": "Man", "trans_or_nonconforming": "Trans/Transgender/NonConforming"}
MEANS = {
    "debt_bondage": "DebtBondage",
    "takes_earnings": "TakesEarnings",
    "restricts_financial_access": "RestrictsFinancialAccess",
    "threats": "Threats",
    "psychological_abuse": "PsychologicalAbuse",
    "physical_abuse": "PhysicalAbuse",
    "sexual_abuse": "SexualAbuse",
    "false_promises": "FalsePromises",
    "psychoactive_substances": "PsychoactiveSubstances",
    "restricts_movement": "RestrictsMovement",
    "restricts_medical_care": "RestrictsMedicalCare",
    "excessive_working_hours": "ExcessiveWorkingHours",
    "uses_children": "UsesChildren",
    "threat_of_law_enforcement": "ThreatOfLawEnforcement",
    "withholds_necessities": "WithholdsNecessities",
    "withholds_documents": "WithholdsDocuments",
    "other_means": "Other",
}
MERGED_MEANS = {  # CTDC codebook, appendix II
    "meansDebtBondageEarnings": {"debt_bondage", "takes_earnings"},
    "meansThreats": {"threats", "uses_children", "threat_of_law_enforcement"},
    "meansAbusePsyPhySex": {"psychological_abuse", "physical_abuse", "sexual_abuse"},
    "meansFalsePromises": {"false_promises"},
    "meansDrugsAlcohol": {"psychoactive_substances"},
    "meansDenyBasicNeeds": {"restricts_financial_access", "restricts_movement", "restricts_medical_care", "withholds_necessities"},
    "meansExcessiveWorkHours": {"excessive_working_hours"},
    "meansWithholdDocs": {"withholds_documents"},
}
SECTORS = {
    "agriculture": "Agriculture",
    "aquafarming": "Aquafarming",
    "begging": "Begging",
    "construction": "Construction",
    "domestic_work": "DomesticWork",
    "hospitality": "Hospitality",
    "illicit_activities": "IllicitActivities",
    "manufacturing": "Manufacturing",
    "mining": "MiningOrDrilling",
    "peddling": "Peddling",
    "transportation": "Transportation",
    "other_sector": "Other",
}
SERVICES = {
    "prostitution": "Prostitution",
    "pornography": "Pornography",
    "remote_interactive_services": "RemoteInteractiveServices",
    "private_sexual_services": "PrivateSexualServices",
}
RECRUITERS = {"intimate_partner": "IntimatePartner", "friend": "Friend", "family": "Family", "other_relation": "Other"}
FORMS = {
    "isForcedMarriage": "forced_marriage",
    "isForcedMilitary": "forced_military",
    "isOrganRemoval": "organ_removal",
    "isSlaveryAndPractices": "servitude",
}
HEADERS_2020 = (
    *(
        "yearOfRegistration",
        "Datasource",
        "gender",
        "ageBroad",
        "majorityStatus",
        "majorityStatusAtExploit",
        "majorityEntry",
        "citizenship",
    ),
    *(f"meansOfControl{name}" for name in (*MEANS.values(), "NotSpecified", "Concatenated")),
    *("isForcedLabour", "isSexualExploit", "isOtherExploit", "isSexAndLabour", *FORMS, "typeOfExploitConcatenated"),
    *(f"typeOfLabour{name}" for name in (*SECTORS.values(), "NotSpecified", "Concatenated")),
    *(f"typeOfSex{name}" for name in (*SERVICES.values(), "Concatenated")),
    *("isAbduction", "RecruiterRelationship", "CountryOfExploitation"),
    *(f"recruiterRelation{name}" for name in (*RECRUITERS.values(), "Unknown")),
)
HEADERS_2024 = (
    *("yearOfRegistration", "gender", "ageBroad", "citizenship", "CountryOfExploitation", "traffickMonths"),
    *MERGED_MEANS,
    *("isForcedLabour", "isSexualExploit", "isOtherExploit"),
    *(f"typeOfLabour{name}" for name in ("Agriculture", "Construction", "DomesticWork", "Hospitality")),
    *(f"typeOfSex{name}" for name in ("Prostitution", "Pornography")),
    *(f"recruiterRelation{name}" for name in RECRUITERS.values()),
)


def _flags(prefix: str, names: dict[str, str], codes: tuple[str, ...], rng: Random) -> Cells:
    """A group of 1 and 0, or nothing said about the whole group."""
    if not codes or rng.random() > ANSWERED:
        return {}
    return {f"{prefix}{name}": "1" if code in codes else "0" for code, name in names.items()}


def _concatenated(names: dict[str, str], codes: tuple[str, ...]) -> str:
    return ";".join(names[code] for code in codes if code in names) or MISSING_2020


def _exploitation(report: Report) -> Cells:
    if not report.forms:
        return {}
    forms = set(report.forms)
    is_labour, is_sexual, others = (
        bool(forms & LABOUR_FORMS),
        "sexual_exploitation" in forms,
        forms - LABOUR_FORMS - {"sexual_exploitation"},
    )
    flags = {
        "isForcedLabour": is_labour,
        "isSexualExploit": is_sexual,
        "isOtherExploit": bool(others),
        "isSexAndLabour": is_labour and is_sexual,
    }
    flags |= {header: code in forms for header, code in FORMS.items()}
    return {header: str(int(value)) for header, value in flags.items()}


def _write_2020(report: Report, _: str, rng: Random) -> Cells:
    age = report.age()
    is_minor = MISSING_2020 if age is None else ("Minor" if age < 18 else "Adult")
    cells = dict.fromkeys(HEADERS_2020, MISSING_2020) | {
        "yearOfRegistration": str(report.registered.year),
        "Datasource": rng.choice(("Case Management", "Case Management", "Hotline")),
        "gender": GENDERS_2020.get(report.gender or "", MISSING_2020),
        "ageBroad": band(age, BANDS_2020) or MISSING_2020,
        "majorityStatus": is_minor,
        "majorityStatusAtExploit": is_minor if rng.random() < 0.5 else MISSING_2020,
        "citizenship": report.citizenship or rng.choice(("00", "0", MISSING_2020)),
        "CountryOfExploitation": report.country if rng.random() < 0.9 else "00",
        "meansOfControlConcatenated": _concatenated(MEANS, report.means),
        "typeOfExploitConcatenated": ";".join(report.forms) or MISSING_2020,
        "typeOfLabourConcatenated": _concatenated(SECTORS, report.sectors),
        "typeOfSexConcatenated": _concatenated(SERVICES, report.services),
        "RecruiterRelationship": _concatenated(RECRUITERS, report.recruiters),
        "isAbduction": rng.choice((MISSING_2020, "0", "0", "1")) if rng.random() < 0.3 else MISSING_2020,
    }
    cells |= _exploitation(report)
    cells |= _flags("meansOfControl", MEANS, report.means, rng) | _flags("typeOfLabour", SECTORS, report.sectors, rng)
    cells |= _flags("typeOfSex", SERVICES, report.services, rng) | _flags("recruiterRelation", RECRUITERS, report.recruiters, rng)
    return cells


def _write_2024(report: Report, _: str, rng: Random) -> Cells:
    """Only 1 or nothing: the file does not tell a no from not knowing."""
    means = set(report.means)
    cells = {
        "yearOfRegistration": str(report.registered.year),
        "gender": GENDERS_2024.get(report.gender or "", ""),
        "ageBroad": band(report.age(), BANDS_2024) or "",
        "citizenship": alpha_3(report.citizenship) if report.citizenship else "",
        "CountryOfExploitation": alpha_3(report.country),
        "traffickMonths": rng.choice(("", "", "0--12 (0-1 yr)", "13--24 (1-2 yrs)", "25+ (2+ yrs)")),
    }
    cells |= {header: "1" for header, merged in MERGED_MEANS.items() if merged & means}
    written = _exploitation(report)
    written |= _flags("typeOfLabour", SECTORS, report.sectors, rng) | _flags("typeOfSex", SERVICES, report.services, rng)
    written |= _flags("recruiterRelation", RECRUITERS, report.recruiters, rng)
    return cells | {header: "1" for header, value in written.items() if value == "1"}


LAYOUT_2020 = Layout(
    partner="ctdc-flat-2020",
    share=3000,
    headers=HEADERS_2020,
    record_header=None,
    write=_write_2020,
    defects=(
        Defect("category_unknown", {"gender": "Female;Male"}),
        Defect("category_unknown", {"ageBroad": "9-11"}),
        Defect("date_invalid", {"yearOfRegistration": MISSING_2020 + "x"}),
    ),
)
LAYOUT_2024 = Layout(
    partner="ctdc-flat-2024",
    share=2600,
    headers=HEADERS_2024,
    record_header=None,
    write=_write_2024,
    defects=(
        Defect("required_missing", {"yearOfRegistration": ""}),
        Defect("category_unknown", {"gender": "Female;Male"}),
        Defect("date_out_of_range", {"yearOfRegistration": "2105"}),
    ),
)
