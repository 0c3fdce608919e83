"""Write an inbox of invented batches, and beside it the truth about them.

Here: who is reported where, and the folders. Never here: a partner's layout, or anything that reads the inbox.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from sample_data.canaries import HOMES, UNKNOWN_COLUMN_CELL, canary_persons, canary_record, canary_values
from sample_data.layouts import caseworks, court, ctdc, harbour, hotline, police, shelter, tokens
from sample_data.persons import InventedPerson, draw_forms, draw_person
from sample_data.reports import Report, write_down
from sample_data.sheets import Layout, Line, WrittenFile, csv_file, sound_line, with_defects, xlsx_file
from sample_data.world import Lottery, NamePool, name_pools, world

LAYOUTS: tuple[Layout, ...] = (
    harbour.LAYOUT,
    police.LAYOUT,
    hotline.LAYOUT,
    shelter.LAYOUT,
    caseworks.LAYOUT,
    court.LAYOUT,
    tokens.LAYOUT,
    ctdc.LAYOUT_2020,
    ctdc.LAYOUT_2024,
)
UNLINKABLE = (ctdc.LAYOUT_2020.partner, ctdc.LAYOUT_2024.partner)
"""Flat files without names: their persons are reported nowhere else, since nobody could tell."""
SHARES = sum(layout.share for layout in LAYOUTS)
TIMES_REPORTED = Lottery.of({"1": 64, "2": 24, "3": 9, "4": 3})
"""How many reports a person has, over all partners that name persons."""
COURT_FORMS = Lottery.of({"1": 55, "2": 33, "3": 12})
"""How many forms of exploitation a conviction names for one victim: that many rows."""


@dataclass(frozen=True)
class GeneratedSummary:
    """What was written: reports about persons, the persons, incident rows, planted problems, files and bytes."""

    reports: int
    persons: int
    incidents: int
    planted: int
    files: int
    size: int


@dataclass(frozen=True)
class Batch:
    """One partner's lines for one file, in a place of the inbox."""

    partner: str
    place: str
    written: WrittenFile
    lines: Sequence[Line]


def generate(folder: Path, *, reports: int = 20_000, seed: int = 7, linkage_key: bytes) -> GeneratedSummary:
    """Write `inbox/<partner>/...`, `truth.csv`, `canaries.json` and `broken.csv` under the folder; the same bytes for the same arguments.

    `reports` is how many sound reports about persons there are (200 at least); planted rows and court cases come on top, and under
    about 1,000 reports they weigh so much that batches miss the share of accepted rows that their partner files expect.
    `linkage_key` is the master secret of linkage, 32 bytes or more: the network with tokens has the key of the round `sample` from it.
    Raises `ValueError` below 200.
    """
    if reports < 200:
        raise ValueError("at least 200 reports, so that every partner has some")
    rng = Random(seed)
    by_partner = _reports_by_partner(reports, rng, name_pools(seed))
    by_partner[tokens.LAYOUT.partner] = _with_tokens(by_partner[tokens.LAYOUT.partner], linkage_key)
    batches = [batch for layout in LAYOUTS for batch in _batches(layout, by_partner[layout.partner], rng)]
    for batch in batches:
        place = folder / "inbox" / batch.partner / batch.place
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(batch.written.payload)
    _write_csv(folder / "truth.csv", ("partner_code", "source_record_id", "person"), _truth(batches))
    _write_csv(folder / "broken.csv", ("partner_code", "file", "row_number", "code"), _broken(batches))
    (folder / "canaries.json").write_text(json.dumps(canary_values(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    written = [report for about in by_partner.values() for report in about]
    return GeneratedSummary(
        reports=len(written),
        persons=len({report.person.number for report in written}),
        incidents=sum(len(batch.lines) for batch in batches if batch.place.endswith("cases.csv")),
        planted=sum(len(batch.written.placed) for batch in batches),
        files=len(batches),
        size=sum(len(batch.written.payload) for batch in batches),
    )


def _reports_by_partner(reports: int, rng: Random, pools: dict[str, NamePool]) -> dict[str, list[Report]]:
    """Every partner's reports in the order of registration, as many as its share says."""
    quota = {layout.partner: reports * layout.share // SHARES for layout in LAYOUTS}
    quota[LAYOUTS[0].partner] += reports - sum(quota.values())
    found: dict[str, list[Report]] = {layout.partner: [] for layout in LAYOUTS}
    others = Lottery.of({partner: rows for partner, rows in quota.items() if partner not in UNLINKABLE})
    number = 0
    for person, home in zip(canary_persons(first_number=1), HOMES, strict=True):
        for layout in (LAYOUTS[0], _layout(home)) if home != LAYOUTS[0].partner else (LAYOUTS[0],):
            found[layout.partner] += _about(person, layout, rng)
        number = person.number
    for home in _slots(quota, found, rng):
        if len(found[home]) >= quota[home]:
            continue
        number += 1
        person = draw_person(number, home, pools, rng)
        for partner in _partners_of(home, others, rng):
            room = quota[partner] - len(found[partner])
            found[partner] += _about(person, _layout(partner), rng)[: max(room, 0)]
    return {partner: sorted(about, key=lambda report: report.registered) for partner, about in found.items()}


def _slots(quota: dict[str, int], found: dict[str, list[Report]], rng: Random) -> list[str]:
    """A home partner for each person to come, shuffled; more than needed, since others fill a partner's quota too."""
    slots = [partner for partner, rows in quota.items() for _ in range(rows - len(found[partner]))]
    rng.shuffle(slots)
    return slots


def _partners_of(home: str, others: Lottery, rng: Random) -> list[str]:
    """The partners that report one person: the home, and now and then others; the same partner may report twice."""
    if home in UNLINKABLE:
        return [home]
    return [home] + [others.draw(rng) for _ in range(int(TIMES_REPORTED.draw(rng)) - 1)]


def _about(person: InventedPerson, layout: Layout, rng: Random) -> list[Report]:
    """The partner's reports about the person: one, or at the court one a form of exploitation."""
    language = rng.choice(layout.languages) if layout.languages else None
    native = person.is_canary or rng.random() < layout.native_script
    report = write_down(person, rng, native_script=native and layout.native_script > 0, narrative_language=language)
    if layout.partner != court.LAYOUT.partner or not report.forms:
        return [report]
    forms = dict.fromkeys(report.forms)
    for _ in range(int(COURT_FORMS.draw(rng)) - 1):
        forms |= dict.fromkeys(draw_forms(rng))
    return [replace(report, forms=(form,)) for form in forms]


def _with_tokens(reports: list[Report], master: bytes) -> list[Report]:
    import polars as pl

    from linkage.private.rounds import round_key
    from linkage.private.tokens import person_tokens

    known = {
        "given_name": [report.given for report in reports],
        "family_name": [report.family for report in reports],
        "birth_date": [report.birth for report in reports],
        "gender_code": [report.gender for report in reports],
        "citizenship_code": [report.citizenship for report in reports],
        "document_number": [report.document for report in reports],
        "phone": [report.phone for report in reports],
    }
    frame = pl.DataFrame(known, schema=dict.fromkeys(known, pl.String))
    made = person_tokens(frame, tokens.ROUND, round_key(master, tokens.ROUND, tokens.ROUND_SALT))
    return [replace(report, token=token) for report, token in zip(reports, made, strict=True)]


def _batches(layout: Layout, reports: Sequence[Report], rng: Random) -> list[Batch]:
    if layout.partner == harbour.LAYOUT.partner:
        return _harbour_batches(layout, reports, rng)
    lines = with_defects(layout, _lines(layout, reports, rng), rng)
    if layout.partner == caseworks.LAYOUT.partner:
        written = xlsx_file(layout, lines, sheet=caseworks.SHEET, date_headers=caseworks.DATE_HEADERS)
        return [Batch(layout.partner, "cases-2015-2024.xlsx", written, lines)]
    if layout.partner == court.LAYOUT.partner:
        cases = _court_cases(lines, rng)
        persons = Batch(layout.partner, "2015-2024/persons.csv", csv_file(layout, lines), lines)
        convicts = _court_convicts(lines)
        return [
            Batch(layout.partner, "2015-2024/cases.csv", csv_file(cases.layout, cases.lines), cases.lines),
            Batch(layout.partner, "2015-2024/convicts.csv", csv_file(convicts.layout, convicts.lines), convicts.lines),
            persons,
        ]
    return [Batch(layout.partner, f"{layout.partner}-2015-2024.csv", csv_file(layout, lines), lines)]


def _harbour_batches(layout: Layout, reports: Sequence[Report], rng: Random) -> list[Batch]:
    """Two batches: the years before, and a later year from a system that lost a column and grew another."""
    lines = _lines(layout, reports, rng)
    is_later = [report.registered.year >= harbour.LATER_YEAR for report in reports]
    early = with_defects(layout, [line for line, later in zip(lines, is_later, strict=True) if not later], rng)
    lost = layout.headers.index(harbour.LOST_COLUMN)
    late = [
        replace(line, cells=(*line.cells[:lost], *line.cells[lost + 1 :], UNKNOWN_COLUMN_CELL if index % 50 == 0 else ""))
        for index, line in enumerate(line for line, later in zip(lines, is_later, strict=True) if later)
    ]
    headers = (*(header for header in layout.headers if header != harbour.LOST_COLUMN), harbour.NEW_COLUMN)
    written = csv_file(replace(layout, preamble=None), late, headers=headers)
    return [
        Batch(layout.partner, "harbour-2015-2023.csv", csv_file(layout, early), early),
        Batch(layout.partner, "harbour-2024.csv", harbour.with_column_problems(written), late),
    ]


def _lines(layout: Layout, reports: Sequence[Report], rng: Random) -> list[Line]:
    """A row a report. Where rows have no number, no two are alike: nobody could tell such rows from a double entry."""
    prefix = "".join(part[0] for part in layout.partner.split("-")).upper()
    lines: list[Line] = []
    seen: set[tuple[str, ...]] = set()
    for index, report in enumerate(reports, start=1):
        # The court numbers its cases from its rows, so a canary keeps a plain number there.
        is_canary = report.person.is_canary and layout.partner != court.LAYOUT.partner
        record = f"{prefix}-{canary_record(report.person.number) if is_canary else f'{index:06d}'}"
        line = sound_line(layout, report, record, rng)
        while layout.record_header is None and line.cells in seen:
            line = sound_line(layout, replace(report, means=(), forms=draw_forms(rng)), record, rng)
        seen.add(line.cells)
        lines.append(line if layout.record_header else replace(line, record="|".join(line.cells)))
    return lines


@dataclass(frozen=True)
class _Companion:
    layout: Layout
    lines: list[Line]


def _court_cases(lines: Sequence[Line], rng: Random) -> _Companion:
    """The companion file of the court: each case that a sound row names."""
    at, day = court.HEADERS.index("numero_affaire"), court.HEADERS.index("date_decision")
    days = {line.cells[at]: line.cells[day] for line in lines if line.code is None}
    layout = replace(court.LAYOUT, headers=court.CASE_HEADERS, defects=(), record_header="numero_affaire")
    rows = [(case, days[case], rng.choice(world().regions["BE"]), "433quinquies") for case in sorted(days)]
    return _Companion(layout, [Line(row) for row in rows])


def _court_convicts(lines: Sequence[Line]) -> _Companion:
    """The other companion file: who was convicted in each case, of the forms of exploitation of its victims."""
    at, day, form = (court.HEADERS.index(name) for name in ("numero_affaire", "date_decision", "forme_exploitation"))
    sound = [line.cells for line in lines if line.code is None]
    days = {cells[at]: cells[day] for cells in sound}
    forms = {case: list(dict.fromkeys(cells[form] for cells in sound if cells[at] == case)) for case in days}
    layout = replace(court.LAYOUT, headers=court.CONVICT_HEADERS, defects=(), record_header="numero_condamnation")
    return _Companion(layout, [Line(row) for row in court.convict_rows(days, forms)])


def _layout(partner: str) -> Layout:
    return next(layout for layout in LAYOUTS if layout.partner == partner)


def _truth(batches: Iterable[Batch]) -> list[tuple[str, str, str]]:
    return [
        (batch.partner, line.record, str(line.person))
        for batch in batches
        for line in batch.lines
        if line.record is not None and line.person is not None
    ]


def _broken(batches: Iterable[Batch]) -> list[tuple[str, str, str, str]]:
    return [
        (batch.partner, batch.place, "" if placed.row_number is None else str(placed.row_number), placed.code)
        for batch in batches
        for placed in batch.written.placed
    ]


def _write_csv(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([headers, *rows])
    path.write_text(written.getvalue(), encoding="utf-8")
