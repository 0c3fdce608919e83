"""it-tokens: an Italian network that sends keyed tokens of each person, and no name.

Here: its columns, words and defects. Never here: how a token is made (`linkage.private`).
"""

from __future__ import annotations

from random import Random

from sample_data.layouts.words import band, iso, said
from sample_data.reports import Report
from sample_data.sheets import Cells, Defect, Layout

ROUND = "sample"
"""The linkage round whose key the network has."""
ROUND_SALT = b""
"""None, so that the same master makes the same sample; a round of living persons has a random one."""
BANDS = ("0-8", "9-17", "18-20", "21-23", "24-26", "27-29", "30-38", "39-47", "48+")
FORMS = {
    "sexual_exploitation": ("sfruttamento sessuale",),
    "forced_labour": ("sfruttamento lavorativo", "caporalato"),
    "forced_begging": ("accattonaggio",),
    "forced_criminality": ("economie illegali",),
    "forced_marriage": ("matrimonio forzato",),
    "servitude": ("servitù domestica",),
    "child_labour": ("lavoro minorile",),
    "organ_removal": ("prelievo di organi",),
}
HEADERS = ("codice", "data_segnalazione", "gettone", "sesso", "fascia_eta", "cittadinanza", "forme", "regione_ente")


def _write(report: Report, record: str, rng: Random) -> Cells:
    return {
        "codice": record,
        "data_segnalazione": iso(report.registered),
        "gettone": report.token or "",
        "sesso": {"woman": "F", "man": "M", "trans_or_nonconforming": "T"}.get(report.gender or "", "n.d."),
        "fascia_eta": band(report.age(), BANDS) or "n.d.",
        "cittadinanza": report.citizenship or "n.d.",
        "forme": said(FORMS, report.forms, "|", rng) or "n.d.",
        "regione_ente": rng.choice(("Piemonte", "Lazio", "Puglia", "Sicilia")),
    }


LAYOUT = Layout(
    partner="it-tokens",
    share=1200,
    headers=HEADERS,
    record_header="codice",
    write=_write,
    defects=(
        Defect("date_out_of_range", {"data_segnalazione": "1887-04-01"}),
        Defect("required_missing", {"data_segnalazione": ""}),
        Defect("category_unknown", {"fascia_eta": "adulto?"}),
    ),
)
