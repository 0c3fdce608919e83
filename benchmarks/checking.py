"""What checking a partner's file costs: processor time beside DuckDB's own reading of the same file, and peak memory.

    python benchmarks/checking.py [--rows 1000000] [--gigabytes 1 4]

Writes invented files of twenty columns into a temporary folder, runs each measure in a child process of its own, and prints
a table. Processor time is user and system time of the child; memory is its largest resident set.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random

PARTNER = """
name: benchmark
title: A partner invented to measure checking
language: fr
agreement: none
simulated: true
files:
  - name: dossiers
    unit: victim
    format: {separator: ";"}
    missing: {"": unknown, "N/C": not_collected, "?": unknown}
    columns:
      Dossier: {field: source_record_id}
      Affaire: {field: source_case_id}
      Date d'enregistrement: {field: registration_date, date_format: "%d/%m/%Y"}
      Date de naissance: {field: birth_date, date_format: "%d/%m/%Y"}
      Prénom: {field: given_name}
      Nom: {field: family_name}
      Sexe: {field: gender_code}
      Âge: {field: age_years}
      Nationalité: {field: citizenship_code}
      Pays d'exploitation: {field: exploitation_country_code}
      Région: {field: exploitation_region}
      Formes d'exploitation:
        {field: exploitation_codes, separator: ",", lookup: {Travail forcé: forced_labour, Exploitation sexuelle: sexual_exploitation}}
      Téléphone: {field: phone}
      Pièce d'identité: {field: document_number}
      Travail: {field: forced_labour_code}
      Sexuelle: {field: sexual_exploitation_code}
      Autre: {field: other_exploitation_code}
      Récit: {field: narrative}
      Courriel: {field: email}
    ignored: {Agent: internal}
"""
HEADERS = (
    "Dossier;Affaire;Date d'enregistrement;Date de naissance;Prénom;Nom;Sexe;Âge;Nationalité;Pays d'exploitation;Région;"
    "Formes d'exploitation;Téléphone;Pièce d'identité;Travail;Sexuelle;Autre;Récit;Courriel;Agent"
)
GIVEN, FAMILY = ("Amina", "Élodie", "José", "Mirela", "Tèrza", "Óscar"), ("Nguérin", "Da Costa", "Ibáñez", "Korolev", "Öz", "Sall")
COUNTRIES = ("France", "Roumanie", "Nigéria", "Viêt Nam", "Brésil", "Bulgarie", "Népal", "Sénégal", "N/C", "")
REGIONS = ("Île-de-France", "Rhône-Alpes", "Provence", "Hauts-de-France", "Nouvelle-Aquitaine", "")
FORMS = ("Travail forcé", "Exploitation sexuelle", "Travail forcé, Exploitation sexuelle", "N/C")
RECIT = "la personne déclare avoir été recrutée près de chez elle puis conduite en ville où son passeport fut gardé"
BLOCK = 20_000


@dataclass(frozen=True)
class Cost:
    """What one child process took."""

    seconds: float  # user and system
    megabytes: float  # largest resident set


def blocks(seed: int) -> Iterator[list[str]]:
    """Rows without their number, `BLOCK` at a time; a few blocks come again and again, since every number is new."""
    chance = Random(seed)
    made = [[_row(chance) for _ in range(BLOCK)] for _ in range(4)]
    return iter(cycle(made))


def _row(chance: Random) -> str:
    born, registered = chance.randint(1960, 2004), chance.randint(2018, 2024)
    # Both dates on one day of the year, so that the age is exact.
    day, month = chance.randint(1, 28), chance.randint(1, 12)
    cells = (
        f"AF-{chance.randint(1, 400_000)}",
        f"{day:02}/{month:02}/{registered}",
        f"{day:02}/{month:02}/{born}",
        chance.choice(GIVEN),
        chance.choice(FAMILY),
        chance.choice(("Femme", "Homme", "femme", "?")),
        str(registered - born),
        chance.choice(COUNTRIES),
        chance.choice(COUNTRIES),
        chance.choice(REGIONS),
        chance.choice(FORMS),
        f"06{chance.randint(0, 99_999_999):08}",
        f"{chance.randint(10, 99)}AB{chance.randint(10_000, 99_999)}",
        *(chance.choice(("Oui", "Non", "")) for _ in range(3)),
        " ".join(chance.choices(RECIT.split(), k=12)),
        f"personne{chance.randint(1, 999_999)}@example.org",
        chance.choice(("A", "B")),
    )
    return ";".join(cells)


def write_file(path: Path, *, rows: int | None = None, size: int | None = None) -> int:
    """Write a file of so many rows, or of at least so many bytes; how many rows it has."""
    written = 0
    with path.open("w", encoding="utf-8", newline="") as sink:
        sink.write(HEADERS + "\n")
        for block in blocks(seed=7):
            kept = block if rows is None else block[: rows - written]
            sink.write("".join(f"D{number:09};{row}\n" for number, row in enumerate(kept, start=written)))
            written += len(kept)
            if written == rows or (size is not None and sink.tell() >= size):
                return written
    return written


def check(path: Path, specification: Path) -> None:
    """What the check command does, without words for a reader."""
    from ingest.validation.checking import check_batch
    from schemas.partner import load_partner

    found = check_batch([path], load_partner(specification))
    sys.stdout.write(f"{found.ledger.received} {found.ledger.accepted}\n")


def read_by_duckdb(path: Path, sink: Path) -> None:
    """The same file, every cell as text, into Parquet."""
    import duckdb

    duckdb.execute(f"copy (from read_csv('{path}', all_varchar=true, delim=';')) to '{sink}'").fetchall()


def cost_of(*arguments: str) -> Cost:
    """Run this script in a child and measure it; the child's own failure ends the benchmark."""
    child = subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        raise SystemExit(f"the measure {arguments[0]} failed")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def table(folder: Path, rows: int, gigabytes: list[float]) -> Iterator[str]:
    """The lines of the table, each as soon as it is measured."""
    specification, file = folder / "benchmark.yml", folder / "file.csv"
    specification.write_text(PARTNER, encoding="utf-8")
    write_file(file, rows=rows)
    duck = cost_of("duckdb", str(file), str(folder / "file.parquet"))
    ours = cost_of("check", str(file), str(specification))
    yield "| file | what | CPU s | times DuckDB | peak MB |\n|---|---|---|---|---|\n"
    megabytes = file.stat().st_size / 1e6
    yield f"| {rows:,} rows x 20, {megabytes:.0f} MB | DuckDB, all text into Parquet | {duck.seconds:.1f} | 1.0 | {duck.megabytes:.0f} |\n"
    ratio = ours.seconds / duck.seconds
    yield f"| the same | read, map, validate, ledger | {ours.seconds:.1f} | {ratio:.1f} | {ours.megabytes:.0f} |\n"
    for size in gigabytes:
        count = write_file(file, size=int(size * 1e9))
        ours = cost_of("check", str(file), str(specification))
        yield f"| {size:g} GB, {count:,} rows | read, map, validate, ledger | {ours.seconds:.1f} | | {ours.megabytes:.0f} |\n"


def main() -> None:
    """The table, or one measure when the script calls itself."""
    if sys.argv[1:2] == ["check"]:
        check(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["duckdb"]:
        read_by_duckdb(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        parser = argparse.ArgumentParser()
        parser.add_argument("--rows", type=int, default=1_000_000)
        parser.add_argument("--gigabytes", type=float, nargs="*", default=[1.0])
        chosen = parser.parse_args()
        with tempfile.TemporaryDirectory() as folder:
            for line in table(Path(folder), chosen.rows, chosen.gigabytes):
                sys.stdout.write(line)
                sys.stdout.flush()


if __name__ == "__main__":
    main()
