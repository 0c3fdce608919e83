"""ar-shelter: an Arabic shelter list, headers and values in Arabic, Arabic-Indic digits in some of the dates.

Here: its columns, words and defects. Never here: another partner's.
"""

from __future__ import annotations

from random import Random

from sample_data import canaries
from sample_data.layouts.words import ARABIC_DIGITS, label, labels, year_of
from sample_data.reports import Report
from sample_data.sheets import Cells, Defect, Layout

IN_ARABIC_DIGITS = 0.2
"""Share of rows whose dates are typed with Arabic-Indic digits."""
GENDERS = {"woman": "أنثى", "man": "ذكر", "trans_or_nonconforming": "أخرى"}
UNKNOWN = "غير معروف"
HEADERS = (
    "رقم الملف",
    "تاريخ الدخول",
    "الاسم",
    "اسم العائلة",
    "سنة الميلاد",
    "الجنس",
    "الجنسية",
    "رقم الجواز",
    "الهاتف",
    "العنوان",
    "بلد الاستغلال",
    "نوع الاستغلال",
    "قطاع العمل",
    "وسائل السيطرة",
    "ملاحظات",
    "الغرفة",
)


def _write(report: Report, record: str, rng: Random) -> Cells:
    entered, born = report.registered.strftime("%d/%m/%Y"), year_of(report.birth)
    if rng.random() < IN_ARABIC_DIGITS:
        entered, born = entered.translate(ARABIC_DIGITS), born.translate(ARABIC_DIGITS)
    return {
        "رقم الملف": record,
        "تاريخ الدخول": entered,
        "الاسم": report.given or "",
        "اسم العائلة": report.family or "",
        "سنة الميلاد": born,
        "الجنس": GENDERS[report.gender] if report.gender else UNKNOWN,
        "الجنسية": label("country", report.citizenship, "ar") if report.citizenship else UNKNOWN,
        "رقم الجواز": report.document or "",
        "الهاتف": report.phone or "",
        "العنوان": report.address or "",
        "بلد الاستغلال": label("country", report.country, "ar"),
        "نوع الاستغلال": labels("exploitation_form", report.forms, "ar", "، ") or UNKNOWN,
        "قطاع العمل": labels("labour_sector", report.sectors, "ar", "، "),
        "وسائل السيطرة": labels("means_of_control", report.means, "ar", "، "),
        "ملاحظات": report.narrative or "",
        "الغرفة": str(rng.randint(1, 24)),
    }


LAYOUT = Layout(
    partner="ar-shelter",
    share=1500,
    headers=HEADERS,
    record_header="رقم الملف",
    write=_write,
    languages=("ar",),
    native_script=0.85,
    defects=(
        Defect("row_repeated"),
        Defect("date_invalid", {"تاريخ الدخول": "٣٢/٠١/٢٠٢٠"}),
        Defect("category_unknown", {"نوع الاستغلال": canaries.BAD_CATEGORY_ARABIC}),
        Defect("required_missing", {"تاريخ الدخول": ""}),
    ),
)
