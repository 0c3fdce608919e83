"""fr-police: a French police register, semicolons and cp1252, with victims, suspects and witnesses in one table.

Here: its columns, words and defects. Never here: another partner's.
"""

from __future__ import annotations

from random import Random

from sample_data import canaries
from sample_data.layouts.words import full_date, label, region_of, said
from sample_data.reports import Report, plain_letters
from sample_data.sheets import Cells, Defect, Layout

SUSPECTS = 0.06
"""Share of rows about a suspect instead of a victim."""
GENDERS = {"woman": "F", "man": "M", "trans_or_nonconforming": "X"}
FORMS = {
    "sexual_exploitation": ("Exploitation sexuelle", "Proxénétisme"),
    "forced_labour": ("Travail forcé", "Conditions de travail indignes"),
    "forced_begging": ("Mendicité forcée",),
    "forced_criminality": ("Criminalité forcée", "Contrainte à commettre des délits"),
    "forced_marriage": ("Mariage forcé",),
    "servitude": ("Servitude", "Réduction en servitude"),
    "child_labour": ("Travail des enfants",),
    "organ_removal": ("Prélèvement d'organes",),
}
PHENOMENA = ("Traite des êtres humains",) * 8 + ("Traite et trafic", "Aide au séjour irrégulier")
HEADERS = (
    "N° fiche",
    "N° procédure",
    "Qualité",
    "Date d'enregistrement",
    "Nom",
    "Prénom",
    "Date de naissance",
    "Âge",
    "Sexe",
    "Nationalité",
    "N° pièce d'identité",
    "Téléphone",
    "Département",
    "Infraction",
    "Forme d'exploitation",
    "Préjudice (EUR)",
)


def _write(report: Report, record: str, rng: Random) -> Cells:
    age = report.age()
    return {
        "N° fiche": record,
        "N° procédure": f"PV{report.registered.year}/{rng.randrange(10_000, 60_000)}",
        "Qualité": "Mis en cause" if rng.random() < SUSPECTS and not report.person.is_canary else "Victime",
        "Date d'enregistrement": report.registered.strftime("%d/%m/%Y"),
        "Nom": _storable(report.family or "", shout=not report.person.is_canary),
        "Prénom": _storable(report.given or ""),
        "Date de naissance": full_date(report.birth, "%d/%m/%Y"),
        # The register computes the age and exports it as a decimal number.
        "Âge": "" if age is None else f"{age},0",
        "Sexe": GENDERS[report.gender] if report.gender else "ND",
        "Nationalité": label("country", report.citizenship, "fr") if report.citizenship else "ND",
        "N° pièce d'identité": report.document or "",
        "Téléphone": report.phone or "",
        "Département": region_of("FR", rng) if rng.random() < 0.85 else "",
        "Infraction": rng.choice(PHENOMENA),
        "Forme d'exploitation": said(FORMS, report.forms, " / ", rng) or "ND",
        "Préjudice (EUR)": f"{rng.randrange(0, 90_000)},{rng.randrange(100):02d}" if rng.random() < 0.3 else "",
    }


def _storable(name: str, *, shout: bool = False) -> str:
    """The name as a cp1252 system keeps it: letters it lacks lose their accents; family names in capitals."""
    kept = "".join(letter if _in_cp1252(letter) else plain_letters(letter) for letter in name)
    return kept.upper() if shout else kept


def _in_cp1252(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


LAYOUT = Layout(
    partner="fr-police",
    share=2800,
    headers=HEADERS,
    record_header="N° fiche",
    write=_write,
    separator=";",
    encoding="cp1252",
    totals_marker="TOTAL",
    defects=(
        Defect("unit_out_of_scope", {"Qualité": "Témoin"}),
        Defect("unit_out_of_scope", {"Qualité": "Témoin"}),
        Defect("record_id_missing", {"N° fiche": ""}),
        Defect("date_invalid", {"Date d'enregistrement": canaries.BAD_DATE}),
        Defect("date_out_of_range", {"Date d'enregistrement": "03/02/1021", "Date de naissance": ""}),
        Defect("number_invalid", {"Âge": canaries.BAD_NUMBER}),
        Defect("number_out_of_range", {"Âge": "251,0"}),
        Defect("category_unknown", {"Qualité": "Personne morale"}),
        Defect("header_repeated"),
        Defect("row_blank"),
        Defect("identifier_in_text", {"Département": canaries.REGION_WITH_EMAIL}),
        Defect("date_is_serial", {"Date de naissance": canaries.DAY_NUMBER, "Âge": ""}, place=0.31),
        Defect("number_shortened", {"Téléphone": canaries.SHORTENED_PHONE}, place=0.47),
        Defect("cell_error", {"Nom": canaries.HELD_NAME, "Forme d'exploitation": "#N/A"}, place=0.59),
        Defect("cell_error", {"Nom": canaries.HELD_NAME, "Âge": "#VALEUR!"}, place=0.68),
        Defect(
            "age_contradicts_birth",
            {
                "Qualité": "Victime",
                "Date d'enregistrement": "12/05/2021",
                "Nom": canaries.HELD_NAME,
                "Date de naissance": "03/02/1999",
                "Âge": "71,0",
            },
            place=0.83,
        ),
    ),
)
