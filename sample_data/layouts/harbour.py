"""en-harbour-ngo: an English NGO's case export, with a title row, named clients and long notes.

Here: its columns, words and defects. Never here: another partner's.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from sample_data import canaries
from sample_data.layouts.words import full_date, iso, label, labels, region_of
from sample_data.reports import Report
from sample_data.sheets import BARE_MARK, Cells, Defect, Layout, Placed, WrittenFile

GENDERS = {"woman": "F", "man": "M", "trans_or_nonconforming": "Trans"}
NOT_STATED = ("N/K", "", "N/K", "Not asked")

HEADERS = (
    "Case Ref",
    "Client ID",
    "Date of referral",
    "First name",
    "Surname",
    "DOB",
    "Gender",
    "Nationality",
    "Passport or ID no",
    "Phone",
    "E-mail",
    "Address",
    "Country of exploitation",
    "Region",
    "Types of exploitation",
    "Means of control",
    "Work sector",
    "Recruiter",
    "Status",
    "Notes",
    "Caseworker",
)


def _write(report: Report, record: str, rng: Random) -> Cells:
    return {
        "Case Ref": record,
        "Client ID": f"C{report.person.number:06d}",
        "Date of referral": iso(report.registered),
        "First name": report.given or "",
        "Surname": report.family or "",
        "DOB": full_date(report.birth, "%Y-%m-%d"),
        "Gender": GENDERS[report.gender] if report.gender else rng.choice(NOT_STATED),
        "Nationality": label("country", report.citizenship, "en") if report.citizenship else "N/K",
        "Passport or ID no": report.document or "",
        "Phone": report.phone or "",
        "E-mail": report.email or "",
        "Address": report.address or "",
        "Country of exploitation": label("country", report.country, "en"),
        "Region": region_of(report.country, rng) if rng.random() < 0.8 else "",
        "Types of exploitation": labels("exploitation_form", report.forms, "en", "; ") or "N/K",
        "Means of control": labels("means_of_control", report.means, "en", "; "),
        # A sector has no meaning for those who were not made to work.
        "Work sector": labels("labour_sector", report.sectors, "en", "; ") or ("N/A" if report.forms else ""),
        "Recruiter": labels("recruiter_relation", report.recruiters, "en", "; "),
        "Status": rng.choice(("Possible", "Confirmed", "Confirmed", "Confirmed", "N/K")),
        "Notes": report.narrative or "",
        "Caseworker": rng.choice(("JM", "AO", "PT", "LK")),
    }


LAYOUT = Layout(
    partner="en-harbour-ngo",
    share=3600,
    headers=HEADERS,
    record_header="Case Ref",
    write=_write,
    preamble=("Harbour case export", "restricted"),
    languages=("en",),
    defects=(
        Defect("category_unknown", {"Gender": canaries.BAD_CATEGORY}),
        Defect("category_unknown", {"Country of exploitation": "Ruritania"}),
        Defect("dates_contradict", {"DOB": "2024-12-30", "Date of referral": "2016-05-02"}),
        Defect("text_undecodable", {"First name": canaries.UNDECODABLE_NAME, "Surname": "Quorn", "Notes": "", "Address": "", "Region": ""}),
        Defect("row_ragged"),
        Defect("row_blank"),
        Defect("identifier_in_text", {"Country of exploitation": "United Kingdom", "Region": canaries.REGION_WITH_PHONE}),
        Defect("identifier_in_text", {"Country of exploitation": "United Kingdom", "Region": "Kent (mary.okafor@example.org)"}),
        Defect("quote_unclosed", {"Notes": BARE_MARK + canaries.BEHIND_OPEN_MARK}, place=0.35),
        Defect("quote_unclosed", {"Notes": f"{canaries.BEFORE_STRAY_MARK} has a 5{BARE_MARK} scar"}, place=0.62),
    ),
)
# The second batch comes from a newer system: it lost a column and grew one that the partner file does not know.
LATER_YEAR = 2024
LOST_COLUMN, NEW_COLUMN = "E-mail", "Intake remark"


def with_column_problems(written: WrittenFile) -> WrittenFile:
    """The later batch with what its changed columns amount to; they concern the file, no row of it."""
    changed = (Placed(None, "column_missing"), Placed(None, "column_unknown"))
    return replace(written, placed=(*changed, *written.placed))
