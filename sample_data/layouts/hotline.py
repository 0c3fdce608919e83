"""es-linea-ayuda: a Spanish hotline's call register with a byte order mark, Si and No, and what callers told.

Here: its columns, words and defects. Never here: another partner's.
"""

from __future__ import annotations

from random import Random

from sample_data import canaries
from sample_data.layouts.words import label, labels, region_of, year_of
from sample_data.persons import LABOUR_FORMS
from sample_data.reports import Report
from sample_data.sheets import Cells, Defect, Layout

HEADERS = (
    "Nº llamada",
    "Fecha",
    "Nombre",
    "Apellidos",
    "Año de nacimiento",
    "Edad",
    "Sexo",
    "País de origen",
    "Teléfono",
    "País",
    "Provincia",
    "Explotación laboral",
    "Explotación sexual",
    "Otra explotación",
    "Medios de control",
    "Sector",
    "Captador",
    "Relato",
    "Operadora",
)


def _write(report: Report, record: str, rng: Random) -> Cells:
    age = report.age()
    forms = set(report.forms)
    return {
        "Nº llamada": record,
        "Fecha": report.registered.strftime("%d-%m-%Y"),
        "Nombre": report.given or "",
        "Apellidos": report.family or "",
        "Año de nacimiento": year_of(report.birth),
        "Edad": "NS/NC" if age is None else str(age),
        "Sexo": {"woman": "Mujer", "man": "Hombre", "trans_or_nonconforming": "Trans"}.get(report.gender or "", "NS/NC"),
        "País de origen": label("country", report.citizenship, "es") if report.citizenship else "NS/NC",
        "Teléfono": report.phone or "",
        "País": label("country", report.country, "es"),
        "Provincia": region_of(report.country, rng) if rng.random() < 0.8 else "",
        "Explotación laboral": _yes_no(report, bool(forms & LABOUR_FORMS), rng),
        "Explotación sexual": _yes_no(report, "sexual_exploitation" in forms, rng),
        "Otra explotación": _yes_no(report, bool(forms - LABOUR_FORMS - {"sexual_exploitation"}), rng),
        "Medios de control": labels("means_of_control", report.means, "es", " | "),
        "Sector": labels("labour_sector", report.sectors, "es", " | "),
        "Captador": labels("recruiter_relation", report.recruiters, "es", " | "),
        "Relato": report.narrative or "",
        "Operadora": rng.choice(("OP1", "OP2", "OP3")),
    }


def _yes_no(report: Report, is_so: bool, rng: Random) -> str:
    if not report.forms:
        return "NS/NC"
    return rng.choice(("Si", "si", "Sí")) if is_so else "No"


LAYOUT = Layout(
    partner="es-linea-ayuda",
    share=2600,
    headers=HEADERS,
    record_header="Nº llamada",
    write=_write,
    encoding="utf-8-sig",
    languages=("es",),
    defects=(
        Defect("row_ragged", {"Operadora": "OP1"}),
        Defect("record_id_repeated", {"Operadora": "OP9"}),
        Defect("required_missing", {"Fecha": ""}),
        Defect("number_invalid", {"Edad": "unos 30"}),
        Defect("number_out_of_range", {"Edad": "305"}),
        Defect("date_invalid", {"Fecha": "31-02-2020"}),
        Defect("category_unknown", {"Explotación sexual": "quizás"}),
        Defect("identifier_in_text", {"País": "España", "Provincia": canaries.REGION_WITH_NAME}),
        Defect("identifier_in_text", {"País": "España", "Provincia": "Almería (llamar al +44 20 7946 0532)"}),
        Defect(
            "age_contradicts_birth",
            {"Fecha": "17-09-2020", "Apellidos": canaries.HELD_NAME_SPANISH, "Año de nacimiento": "1991", "Edad": "9"},
            place=0.55,
        ),
    ),
)
