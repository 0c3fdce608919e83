"""Batches that must be refused whole: one for each blocking problem of the catalogue.

Here: small files, each wrong in one way, with canary persons in them. Never here: wrong rows in a batch that is otherwise sound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from sample_data.canaries import canary_persons
from sample_data.layouts import court, hotline, shelter, tokens
from sample_data.reports import write_down
from sample_data.sheets import Cells, Layout, Line, csv_file

OTHER_HEADERS = ("kolumna 1", "kolumna 2", "kolumna 3")


@dataclass(frozen=True)
class RefusedBatch:
    """A batch, the partner it is sent as, and the problem for which it must be refused; `files` belong together."""

    code: str
    partner: str
    files: tuple[Path, ...]


def refused_batches(folder: Path) -> tuple[RefusedBatch, ...]:
    """Write `folder/<code>/<partner>/...` and return what stands there, one batch a blocking problem."""
    repeated = (*shelter.HEADERS[:-1], shelter.HEADERS[2])
    without_date = tuple(header for header in tokens.HEADERS if header != "data_segnalazione")
    cases = replace(court.LAYOUT, headers=court.CASE_HEADERS)
    contents = (
        ("file_empty", "en-harbour-ngo", "empty.csv", b""),
        ("file_unreadable", "htcds-caseworks", "cases.xlsx", b"PK\x03\x04 no workbook"),
        ("header_not_found", "es-linea-ayuda", "calls.csv", _text(hotline.LAYOUT, OTHER_HEADERS)),
        ("file_of_another_partner", "fr-police", "register.csv", _text(tokens.LAYOUT, tokens.HEADERS)),
        ("file_missing", "be-court", "2025/cases.csv", _text(cases, court.CASE_HEADERS)),
        ("column_required_missing", "it-tokens", "reports.csv", _text(tokens.LAYOUT, without_date)),
        ("column_repeated", "ar-shelter", "residents.csv", _text(shelter.LAYOUT, repeated)),
    )
    return tuple(_write(folder, *content) for content in contents)


def _text(layout: Layout, headers: tuple[str, ...]) -> bytes:
    """A file of the canary persons under these headers; a header the layout does not know repeats the family name."""
    rng = Random(0)
    lines: list[Line] = []
    for index, person in enumerate(canary_persons(first_number=1), start=1):
        report = write_down(person, rng, native_script=layout.native_script > 0)
        cells: Cells = layout.write(report, f"R-{index:06d}", rng)
        lines.append(Line(tuple(cells.get(header, report.family or "") for header in headers)))
    return csv_file(layout, lines, headers=headers).payload


def _write(folder: Path, code: str, partner: str, name: str, payload: bytes) -> RefusedBatch:
    place = folder / code / partner / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(payload)
    return RefusedBatch(code, partner, (place,))
