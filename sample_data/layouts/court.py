"""be-court: convictions of a Belgian register, one row a victim and form of exploitation, the cases they belong to, and the convicted.

Here: its columns, words and defects. Never here: another partner's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from sample_data.layouts.words import alpha_3, full_date, label
from sample_data.reports import Report
from sample_data.sheets import Cells, Defect, Layout

ROWS_A_CASE = 3
"""About as many rows belong to one case."""
HEADERS = (
    "numero_ligne",
    "numero_affaire",
    "numero_personne",
    "date_decision",
    "nom",
    "prenom",
    "date_naissance",
    "sexe",
    "nationalite",
    "forme_exploitation",
    "statut",
)
CASE_HEADERS = ("numero_affaire", "date_decision", "arrondissement", "prevention")
CONVICT_HEADERS = ("numero_condamnation", "numero_affaire", "numero_condamne", "date_decision", "forme_exploitation")
CASES_OF_A_CONVICT, CASES_WITH_TWO = 2, 3
"""A person is convicted in this many cases; of this many cases one has a second convict, of that case alone."""


def case_number(record: str) -> str:
    """The case that a row belongs to, by its own number."""
    return f"AF{int(record.split('-')[1]) // ROWS_A_CASE:05d}"


def convict_rows(days: Mapping[str, str], forms: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """The rows of the convicted: case -> its day, and case -> the forms of its victims; one row a person, case and form.

    Worked out from the cases alone, without a draw, so that it moves nothing else of the sample.
    """
    rows: list[tuple[str, ...]] = []
    for case, day in sorted(days.items()):
        number = int(case.removeprefix("AF"))
        convicts = [f"CP1{number // CASES_OF_A_CONVICT:05d}"] + ([] if number % CASES_WITH_TWO else [f"CP2{number:05d}"])
        rows += [(case, convict, day, form) for convict in convicts for form in forms[case]]
    return [(f"CD-{at:06d}", *row) for at, row in enumerate(rows, start=1)]


def _write(report: Report, record: str, rng: Random) -> Cells:
    return {
        "numero_ligne": record,
        "numero_affaire": case_number(record),
        "numero_personne": f"PP{report.person.number:06d}",
        "date_decision": report.registered.strftime("%d.%m.%Y"),
        "nom": report.family or "",
        "prenom": report.given or "",
        "date_naissance": full_date(report.birth, "%d.%m.%Y"),
        "sexe": {"woman": "V", "man": "M", "trans_or_nonconforming": "X"}.get(report.gender or "", "?"),
        "nationalite": alpha_3(report.citizenship) if report.citizenship else "",
        "forme_exploitation": label("exploitation_form", report.forms[0], "fr") if report.forms else "?",
        "statut": rng.choice(("définitif", "définitif", "provisoire", "?")),
    }


LAYOUT = Layout(
    partner="be-court",
    share=1200,
    headers=HEADERS,
    record_header="numero_ligne",
    write=_write,
    separator=";",
    defects=(
        Defect("join_missing", {"numero_affaire": "AF99999"}),
        Defect("category_unknown", {"forme_exploitation": "Autre prévention"}),
        Defect("dates_contradict", {"date_naissance": "02.02.2020", "date_decision": "14.03.2017"}),
    ),
)
